"""Which of our channels takes a text or a call: the routes of channels.yaml, looked at when a row is claimed.

So a channel that is held, or whose day is full, is passed over for the next one of its route, and a row that a channel definitely refused
goes on to the others (`deliveries.refused_by`). What may or may not have gone out is never sent by another one. Without channels.yaml an
organisation has the one channel of its own name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

from gateway.core import phone
from gateway.core.calendar import midnight
from gateway.errors import GatewayError
from gateway.store import channels
from gateway.store.claiming import Choice

if TYPE_CHECKING:
    from gateway.channels import ChannelEntry, Purpose, RouteEntry, Ways
    from gateway.core.events import Medium
    from gateway.services.context import Gateway
    from gateway.store.claiming import Chosen, Claimed
    from gateway.store.database import Connection

NEPAL = "+977"
LOOKED_AT_EVERY = timedelta(minutes=1)  # so often at most a row is looked at whose channels are all away, or whose turn is far off,
LOOKED_AT_A_SECOND = 500  # and no more of these
LIMITS_LOOKED_AT_EVERY = timedelta(hours=1)  # a day's limit may be raised


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
    """How a channel stands in a run: how many rows it takes now, how many of the others stay `at_hand`, since it takes them next; rows a
    second; in how many seconds it has a turn (0: now), and whether its provider is away, so that others take its place."""

    room: int
    at_hand: int
    pace: float
    free_in: float
    away: bool


@dataclass(slots=True)
class Paths:
    """Over which channel the rows of a run go: chosen when they are claimed, counted where a channel may only send so much a day."""

    gateway: Gateway
    ways: Ways
    limits: Mapping[str, int]
    _routers: dict[str, Router] = field(default_factory=dict)  # by organisation
    _removed: dict[str, str | None] = field(default_factory=dict)  # channels that the file names no more, and their organisations
    _taken_until: dict[tuple[str, Medium], datetime] = field(default_factory=dict)  # the last turn that a row was put off to
    put_off: int = 0  # rows that wait for a turn or for a channel: behind them there may be some that can go

    def carrying(self, organisation_id: str, medium: Medium) -> list[str]:
        """All channels of an organisation that carry a medium."""
        return [name for name, channel in self._router(organisation_id).ours.items() if medium in channel.carries]

    def candidates(self, row: Claimed) -> list[str]:
        """The channels of its route, the best first, without those that refused it. An answer goes first over the channel on which she
        asked, and so does a call back where no route says over which calls go. Empty where no route takes it."""
        organisation_id = self._organisation(row.channel_id)
        if organisation_id is None:
            return []
        ours = self._router(organisation_id)
        found = list(ours.ways(row.medium, cast("Purpose", row.purpose), self.gateway.seal.open(row.sealed)))
        asked_on = ours.ours.get(row.channel_id)
        hers_first = row.purpose == "reply" or (row.purpose == "call_back" and not ours.has_routes(row.medium))
        if hers_first and asked_on is not None and row.medium in asked_on.carries:
            found = [row.channel_id, *(name for name in found if name != row.channel_id)]
        refused = (row.refused_by or "").split()
        # Where the file has been changed since, all that it names now may have refused it: the last one is asked again, and fails it.
        return [name for name in found if name not in refused] or found[-1:]

    def choice(self, db: Connection, now: datetime, standing: Callable[[str, Medium], Standing]) -> Choice:
        """What `claiming.claim_page` asks for each row, in the transaction of the claim."""
        stands = cache(standing)  # each is asked once for a page
        left = cache(lambda: room(db, self.limits, now))
        chosen: Counter[str] = Counter()
        kept: Counter[str] = Counter()

        def keep(name: str, most: int) -> bool:
            kept[name] += 1
            return kept[name] <= most

        def choose(row: Claimed) -> Chosen:
            candidates = self.candidates(row)
            if not candidates:
                return row.channel_id  # what claimed it says that no route takes it
            away, looked_at = "", min(midnight(now) + timedelta(days=1), now + LIMITS_LOOKED_AT_EVERY)
            for name in candidates:
                is_limited = row.medium == "sms" and name in self.limits
                if is_limited and left()[name] <= chosen[name]:
                    continue
                found = stands(name, row.medium)
                if chosen[name] < found.room:
                    chosen[name] += 1
                    return name
                if not found.away:  # it is only busy: what it costs less than the next is worth a wait
                    return None if keep(name, found.at_hand) else self._turn(name, row.medium, found, now)
                away = away or name
                looked_at = min(looked_at, now + max(timedelta(seconds=found.free_in), LOOKED_AT_EVERY))
            if away and keep(away, 1):
                return None  # one stays, to try if it is back
            self.put_off += 1
            return looked_at

        return Choice(choose, self.limits)

    def _turn(self, channel_id: str, medium: Medium, found: Standing, now: datetime) -> datetime:
        """When a row is looked at again that others stand before: at its turn, or before, since until then its channel may have died."""
        before = self._taken_until.get((channel_id, medium), now)
        turn = max(before, now + timedelta(seconds=found.free_in)) + timedelta(seconds=1 / found.pace)
        self._taken_until[channel_id, medium] = turn
        self.put_off += 1
        rows = (turn - now).total_seconds() * found.pace
        return min(turn, now + max(LOOKED_AT_EVERY, timedelta(seconds=rows / LOOKED_AT_A_SECOND)))

    def further(self, row: Claimed) -> bool:
        """Whether its route has another channel when the one that it went over refuses."""
        refused = {row.channel_id, *(row.refused_by or "").split()}
        return any(name not in refused for name in self.candidates(row))

    def _router(self, organisation_id: str) -> Router:
        if organisation_id not in self._routers:
            found = router(self.gateway, organisation_id)
            assert found is not None  # noqa: S101  # there is a channels.yaml
            self._routers[organisation_id] = found
        return self._routers[organisation_id]

    def _organisation(self, channel_id: str) -> str | None:
        """Of a channel; rows may wait for one that the file names no more."""
        if channel_id in self.ways.channels:
            return self.ways.channels[channel_id].organisation
        if channel_id not in self._removed:
            with self.gateway.database.read() as db:
                channel = channels.get(db, channel_id)
            self._removed[channel_id] = channel.organisation_id if channel else None
        return self._removed[channel_id]


def paths_of(gateway: Gateway) -> Paths | None:
    """The paths of a run; None without channels.yaml. GatewayError `channels:not-written` where the file was changed since `migrate`."""
    if gateway.ways is None:
        return None
    with gateway.database.read() as db:
        written = {channel.id for channel in channels.every(db)}
    for name in gateway.ways.channels:
        if name not in written:
            raise GatewayError("channels:not-written", name=name)
    return Paths(gateway, gateway.ways, limits(gateway))


def own_channels(gateway: Gateway) -> dict[str, str]:
    """Without channels.yaml: by channel, the one over which its rows go. An organisation has the one of its own name, and those that an
    earlier file named send nothing any more; they are missing where their organisation has none."""
    with gateway.database.read() as db:
        every = channels.every(db)
    names = {channel.id for channel in every}
    return {channel.id: channel.organisation_id for channel in every if channel.organisation_id in names}


def limits(gateway: Gateway) -> dict[str, int]:
    """How many texts the channels may send in a day that have such a limit."""
    written = gateway.ways.channels if gateway.ways else {}
    return {name: channel.messages_per_day for name, channel in written.items() if channel.messages_per_day}


def room(db: Connection, limited: Mapping[str, int], now: datetime) -> dict[str, int]:
    """What these channels may still send today; until the end of the transaction nobody else takes of it."""
    if not limited:
        return {}
    channels.lock(db, limited)
    sent = channels.counted(db, limited, midnight(now).date().isoformat())
    return {name: limit - sent.get(name, 0) for name, limit in limited.items()}
