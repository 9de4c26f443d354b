"""What one segment, or one begun minute, costs to whom, how fast it goes, and how much of it in a day: by the channels that would take
it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

from gateway.core import calendar
from gateway.core.events import MEDIA
from gateway.core.phone import ABROAD, EVERYBODY
from gateway.services import routing
from gateway.store import channels, prices
from gateway.store.prices import Prices

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel
    from gateway.store.database import Connection

Whom = tuple[str, str]  # by which medium, people of which operator


@dataclass(frozen=True, slots=True)
class Spread:
    """How something goes out: `over` which channel how many of whom, how many texts on each day on which texts go out, and to how many
    people none of our ways leads."""

    over: Mapping[Whom, Mapping[str, int]]
    texts: Sequence[int]
    nowhere: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices of the channels that would take something, the best first, by medium and operator; `otherwise` is for all that are not
    named. Of texts, a channel in `a_day` takes so many and no more, and on the day `today` what is `left` of that."""

    otherwise: Prices
    named: Mapping[Whom, Sequence[Prices]]
    today: date
    a_day: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)

    def of(self, medium: str, operator: str) -> int:
        """Paisa for one segment to, or one begun minute with, somebody of this operator, by the channel that is tried first."""
        return self._takers((medium, operator))[0].of(medium, operator)

    def over(self, channel_id: str, medium: str, operator: str) -> int:
        """The same by one of the channels; by one of no route, what `otherwise` costs."""
        takers = self._takers((medium, operator))
        return next((each for each in takers if each.channel.id == channel_id), self.otherwise).of(medium, operator)

    def operators(self, medium: str) -> list[str]:
        """The operators that have a price of their own, and "" for all others."""
        return sorted({operator for of, operator in self.named if of == medium} | set(self.otherwise.operators(medium)))

    def pace(self, medium: str, spread: Spread) -> float:
        """Texts, or calls begun, in a second: of all channels together that take some first."""
        used: dict[str, Channel] = {}
        for whom, over in spread.over.items():
            first = next((each.channel for each in self._takers(whom) if whom[0] == medium and over.get(each.channel.id)), None)
            used |= {first.id: first} if first else {}
        return sum(_pace(channel, medium) for channel in used.values()) or _pace(self.otherwise.channel, medium)

    def seconds_each(self, medium: str, spread: Spread) -> float:
        """Seconds for each of those who get it by a medium: each channel takes its own, and all are through when the slowest is."""
        owed: Counter[Channel] = Counter()
        known = {each.channel.id: each.channel for takers in (*self.named.values(), (self.otherwise,)) for each in takers}
        for (of, _), over in spread.over.items():
            if of == medium:
                owed.update({known[name]: number for name, number in over.items()})
        slowest = max((number / _pace(channel, medium) for channel, number in owed.items()), default=0.0)
        return slowest / owed.total() if owed.total() else 0.0

    def address(self, channel_id: str) -> str:
        """The number of a channel."""
        known = {self.otherwise.channel.id: self.otherwise.channel.address}
        return (known | {each.channel.id: each.channel.address for found in self.named.values() for each in found})[channel_id]

    def spread(self, whom: Mapping[Whom, int], first: date) -> Spread:
        """How it goes out from a day on to so many people of each operator: over the first channel, and where its day is full over the next
        one; what is over then waits for the next day."""
        over, texts, room = {each: Counter[str]() for each in whom}, list[int](), Counter(self.left if first == self.today else self.a_day)
        waiting, nowhere = Counter[Whom](), 0
        for each, number in whom.items():
            if self._is_nowhere(each):
                nowhere += number
            elif each[0] == "sms":
                waiting[each] = number
            else:
                over[each][self._takers(each)[0].channel.id] = number
        while waiting.total():
            texts.append(self._one_day(waiting, room, over))
            room = Counter(self.a_day)
        return Spread(over, texts, nowhere)

    def _is_nowhere(self, whom: Whom) -> bool:
        """Whether no route names them; of people abroad a route may name the country, which nobody knows here."""
        return whom[1] != ABROAD and whom in self.named and not self.named[whom]

    def _one_day(self, waiting: Counter[Whom], room: Counter[str], over: Mapping[Whom, Counter[str]]) -> int:
        """Let go out what a day has room for; how many."""
        gone = 0
        for whom in waiting:
            for each in self._takers(whom):
                name = each.channel.id
                number = min(waiting[whom], room[name]) if name in self.a_day else waiting[whom]
                room[name] -= number
                waiting[whom] -= number
                over[whom][name] += number
                gone += number
        return gone

    def _takers(self, whom: Whom) -> Sequence[Prices]:
        return self.named.get(whom) or (self.otherwise,)


def tariff(gateway: Gateway, db: Connection, channel: Channel, day: date) -> Tariff:
    """The prices of a day of Nepal; `channel` takes what no route names."""
    router, limits = routing.router(gateway, channel.organisation_id), routing.limits(gateway)
    listed: dict[str, Prices] = {channel.id: prices.on(db, channel, day)}
    named: dict[Whom, Sequence[Prices]] = {}
    for medium, operator in product(MEDIA, EVERYBODY) if router else ():
        names = router.planned(medium, "broadcast", operator) if router else ()
        for name in names:
            if name not in listed and (found := channels.get(db, name)):
                listed[name] = prices.on(db, found, day)
        named[medium, operator] = [listed[name] for name in names if name in listed]
    today = calendar.midnight(gateway.clock()).date()
    sent = channels.counted(db, limits, today.isoformat()) if limits else {}
    left = {name: max(0, limit - sent.get(name, 0)) for name, limit in limits.items()}
    return Tariff(listed[channel.id], named, today, limits, left)


@dataclass(frozen=True, slots=True)
class DayRoom:
    """How many texts of a broadcast may go out `today` still, and on any day after it."""

    today: int
    a_day: int


def day_room(gateway: Gateway, db: Connection, organisation_id: str) -> DayRoom | None:
    """Where each number by which a text of a broadcast may go has a limit a day; None where there is no limit."""
    router, limits = routing.router(gateway, organisation_id), routing.limits(gateway)
    over = {name for operator in EVERYBODY for name in router.planned("sms", "broadcast", operator)} if router else set()
    if not over or not over <= limits.keys():
        return None
    sent = channels.counted(db, over, calendar.midnight(gateway.clock()).date().isoformat())
    return DayRoom(sum(max(0, limits[name] - sent.get(name, 0)) for name in over), sum(limits[name] for name in over))


def _pace(channel: Channel, medium: str) -> float:
    return channel.messages_per_second if medium == "sms" else channel.calls_per_second
