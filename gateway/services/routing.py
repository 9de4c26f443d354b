"""Which of our channels takes a text or a call: the routes of channels.yaml, looked at when a row is claimed.

So a channel that is held, or whose day is full, is passed over for the next one of its route, and a row that a channel definitely refused
goes on behind it (`deliveries.way`). What may or may not have gone out is never sent by another one. Without channels.yaml a row keeps
the channel that it was written with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from gateway.core import phone
from gateway.core.calendar import NEPAL as NEPAL_TIME
from gateway.core.calendar import midnight
from gateway.store import channels

if TYPE_CHECKING:
    from gateway.channels import ChannelEntry, Purpose, RouteEntry, Ways
    from gateway.core.events import Medium
    from gateway.services.context import Gateway
    from gateway.store.claiming import Chosen, Claimed, Outcome
    from gateway.store.database import Connection

NEPAL = "+977"


@dataclass(frozen=True, slots=True)
class Router:
    """The ways out of one organisation: `ours` are its channels by name, in the order of the file."""

    routes: tuple[RouteEntry, ...]
    ours: Mapping[str, ChannelEntry]

    def ways(self, medium: Medium, purpose: Purpose, e164: str) -> tuple[str, ...]:
        """The channels that may take it to this number, the best first; empty where none does."""
        return self._first(medium, purpose, phone.operator(e164), e164)

    def planned(self, medium: Medium, purpose: Purpose, operator: str) -> tuple[str, ...]:
        """The same for people of whom the operator is known, as in a plan: "" is any in Nepal."""
        return self._first(medium, purpose, operator, "" if operator == phone.ABROAD else NEPAL)

    def has_routes(self, medium: Medium) -> bool:
        """Whether any route says over which channels a medium goes."""
        return any(route.medium == medium for route in self.routes)

    def _first(self, medium: Medium, purpose: Purpose, operator: str, number: str) -> tuple[str, ...]:
        """Of the first route that fits; where there are none for this medium, all that carry it."""
        of_medium = [route for route in self.routes if route.medium == medium]
        for route in of_medium:
            fits = route.purpose in {None, purpose} and route.operator in {None, operator}
            if fits and (route.country is None or number.startswith(route.country)):
                return tuple(name for name in route.channels if name in self.ours)
        return () if of_medium else tuple(name for name, channel in self.ours.items() if medium in channel.carries)


def router(gateway: Gateway, organisation_id: str) -> Router | None:
    """The ways out of an organisation; None without channels.yaml."""
    if gateway.ways is None:
        return None
    ours = {name: channel for name, channel in gateway.ways.channels.items() if channel.organisation == organisation_id}
    return Router(gateway.ways.routes, ours)


class Standing(NamedTuple):
    """How a channel stands in a run: in how many seconds it has a turn (0: now), and whether its provider is away."""

    free_in: float
    away: bool


@dataclass(slots=True)
class Paths:
    """Over which channel the rows of a run go: chosen when they are claimed, counted where a channel may only send so much a day."""

    gateway: Gateway
    ways: Ways
    _routers: dict[str, Router] = field(default_factory=dict)
    _day: str = ""
    _room: dict[str, int] = field(default_factory=dict)  # what the limited channels may still send today

    def carrying(self, medium: Medium) -> list[str]:
        """All channels that carry a medium."""
        return [name for name, channel in self.ways.channels.items() if medium in channel.carries]

    def candidates(self, row: Claimed) -> tuple[str, ...]:
        """The channels of its route, the best first. An answer goes first over the channel on which she asked, and so does a call back
        where no route says over which calls go."""
        channel = self.ways.channels.get(row.channel_id)
        if channel is None:
            return ()
        known = self._routers.get(channel.organisation) or router(self.gateway, channel.organisation)
        assert known is not None  # noqa: S101  # there is a channels.yaml
        self._routers[channel.organisation] = known
        is_reply = row.sealed_body is not None
        purpose: Purpose = "call_back" if row.call_back_id else "reply" if is_reply else "broadcast"
        found = known.ways(row.medium, purpose, self.gateway.seal.open(row.sealed))
        hers_first = is_reply or (purpose == "call_back" and not known.has_routes(row.medium))
        if hers_first and row.medium in channel.carries:
            return (row.channel_id, *(name for name in found if name != row.channel_id))
        return found

    def choice(self, db: Connection, now: datetime, standing: Callable[[str, Medium], Standing]) -> Callable[[Claimed], Chosen]:
        """What `claiming.claim_page` asks for each row, in the transaction of the claim."""
        self._day = now.astimezone(NEPAL_TIME).date().isoformat()
        limits = {name: channel.messages_per_day for name, channel in self.ways.channels.items() if channel.messages_per_day}
        sent = channels.sent_on(db, limits, self._day) if limits else {}
        self._room = {name: limit - sent.get(name, 0) for name, limit in limits.items()}
        stands = cache(standing)  # each is asked once for a page

        def choose(row: Claimed) -> Chosen:
            candidates = self.candidates(row)
            if not candidates:
                return row.channel_id  # no route takes it: what claimed it says so
            waits = [midnight(now) + timedelta(days=1)]
            for name in candidates[row.way :]:
                if row.medium == "sms" and self._room.get(name, 1) <= 0:
                    continue
                found = stands(name, row.medium)
                if found.free_in == 0:
                    if name in self._room and row.medium == "sms":
                        self._room[name] -= 1
                    return name
                waits.append(now + timedelta(seconds=found.free_in))
                if not found.away:  # it is only busy: what it costs less than the next is worth a wait
                    break
            return min(waits)

        return choose

    def further(self, row: Claimed) -> int:
        """How many channels of its route are behind it when the one that it went over refuses; 0: that was the last."""
        found = self.candidates(row)
        behind = found.index(row.channel_id) + 1 if row.channel_id in found else len(found)
        return behind - row.way if behind < len(found) else 0

    def count(self, db: Connection, rows: Sequence[Claimed], now: datetime) -> None:
        """These were claimed: they count on this day, so that two workers cannot both take what is left of it."""
        self._day = now.astimezone(NEPAL_TIME).date().isoformat()
        for name, number in Counter(row.channel_id for row in rows if row.medium == "sms" and row.channel_id in self._room).items():
            channels.count(db, name, self._day, number)

    def give_back(self, db: Connection, rows: Sequence[Claimed], outcomes: Sequence[Outcome]) -> None:
        """Of those that were claimed, what was not sent counts no more."""
        unsent = {outcome.id for outcome in outcomes if outcome.unspent or outcome.state == "suppressed"}
        over = Counter(row.channel_id for row in rows if row.id in unsent and row.medium == "sms" and row.channel_id in self._room)
        for name, number in over.items():
            channels.count(db, name, self._day, -number)


def paths_of(gateway: Gateway) -> Paths | None:
    """The paths of a run; None without channels.yaml."""
    return Paths(gateway, gateway.ways) if gateway.ways else None
