"""When a broadcast goes out: from its start on, at the pace of its channel, outside quiet hours and rest days, each in her own hour where
that is wished."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from gateway.core import consent
from gateway.core.calendar import NEPAL
from gateway.services.broadcast.expanding import due
from gateway.store import rest_days

if TYPE_CHECKING:
    from gateway.services.broadcast.draft import Draft
    from gateway.services.tariff import Spread, Tariff, Whom
    from gateway.store.audience import Counted
    from gateway.store.database import Connection


@dataclass(frozen=True, slots=True)
class Days:
    """When something may go out; what protects lives goes out at any time."""

    rest: frozenset[date]
    at_any_time: bool

    def open_at(self, instant: datetime) -> datetime:
        """The next instant at which sending may start, in Nepal time."""
        return instant.astimezone(NEPAL) if self.at_any_time else consent.opens_at(instant, self.rest)

    def after(self, begins: datetime, seconds: float) -> datetime:
        """When so many seconds of sending are over."""
        begins = self.open_at(begins)
        while not self.at_any_time:
            closes = datetime.combine(begins.date(), consent.CLOSES, NEPAL)
            room = (closes - begins).total_seconds()
            if seconds <= room:
                break
            seconds -= room
            begins = self.open_at(closes)
        return begins + timedelta(seconds=seconds)

    def nth(self, begins: datetime, number: int) -> datetime:
        """When sending may start on the so-manieth day after that of an instant."""
        for _ in range(number):
            begins = self.open_at(datetime.combine(begins.astimezone(NEPAL).date() + timedelta(days=1), time(), NEPAL))
        return begins

    def between(self, begins: datetime, end: datetime) -> float:
        """How many seconds of sending lie between two instants."""
        if self.at_any_time:
            return max(0.0, (end - begins).total_seconds())
        seconds, begins = 0.0, self.open_at(begins)
        while begins < end:
            closes = datetime.combine(begins.date(), consent.CLOSES, NEPAL)
            seconds += (min(closes, end) - begins).total_seconds()
            begins = self.open_at(closes)
        return seconds


@dataclass(frozen=True, slots=True)
class Wave:
    """Those who get it by one medium from one moment on, and when the last of them has got it; of calls, has been rung once.

    `missed` of them are not reached before it expires.
    """

    medium: str
    recipients: int
    begins: datetime
    ends: datetime
    missed: int


def days_of(db: Connection, organisation_id: str, draft: Draft) -> Days:
    """When this draft may go out."""
    return Days(frozenset() if draft.life_safety_by else rest_days.load(db, organisation_id), bool(draft.life_safety_by))


def waves(draft: Draft, counted: Counted, tariff: Tariff, days: Days, now: datetime) -> list[Wave]:
    """How it goes out if it is approved now, the earliest first. Nothing else is taken to use the channels."""
    waiting = _waiting(draft, counted, days, now)
    free: dict[str, datetime] = {}
    going = spread(draft, counted, tariff, days, now)
    rooms = {medium: Room(tariff.seconds_each(medium, going), days) for _, medium in waiting}
    if len(going.texts) > 1:
        rooms["sms"].texts = list(going.texts)
    found = []
    for (since, medium), number in sorted(waiting.items()):
        parts = rooms[medium].filled(max(since, free.get(medium, since)), number)
        free[medium] = parts[-1].ends
        missed = (
            sum(part.number - min(part.number, rooms[medium].until(part, draft.expires_at)) for part in parts) if draft.expires_at else 0
        )
        found.append(Wave(medium, number, parts[0].begins, parts[-1].ends, missed))
    return found


def spread(draft: Draft, counted: Counted, tariff: Tariff, days: Days, now: datetime) -> Spread:
    """Over which channels it goes if it is approved now, and on how many days."""
    whom: Counter[Whom] = Counter()
    for (medium, _, operator), number in counted.reached.items():
        whom[medium, operator] += number
    first = min((since for since, _ in _waiting(draft, counted, days, now)), default=now)
    return tariff.spread(whom, first.astimezone(NEPAL).date())


class Part(NamedTuple):
    """What goes out of a wave in one day."""

    number: int
    begins: datetime
    ends: datetime


@dataclass(slots=True)
class Room:
    """What goes out by a medium from day to day; of `texts` so many on its first day, on its second and so on."""

    each: float  # seconds for one of them
    days: Days
    texts: list[int] = field(default_factory=list)
    _left: dict[date, float] = field(default_factory=dict)

    def filled(self, begins: datetime, number: int) -> list[Part]:
        """When so many of them go out, from then on; the part of each day."""
        found: list[Part] = []
        while number:
            begins = self.days.open_at(begins)
            day = begins.date()
            if day not in self._left:
                self._left[day] = self.texts.pop(0) if self.texts else inf
            ends = begins
            if gone := int(min(number, self._left[day])):
                ends = self.days.after(begins, gone * self.each)
                found.append(Part(gone, begins, ends))
                self._left[day] -= gone
                number -= gone
            begins = max(ends, datetime.combine(day + timedelta(days=1), time(), NEPAL))
        return found

    def until(self, part: Part, end: datetime) -> int:
        """How many of a part go out before the end, at most."""
        return int(self.days.between(part.begins, end) / self.each) if self.each else part.number


def _waiting(draft: Draft, counted: Counted, days: Days, now: datetime) -> Counter[tuple[datetime, str]]:
    """How many wait for which medium from when on."""
    at, first = due(draft, now, days.open_at), max(now, draft.starts_at or now)
    waiting: Counter[tuple[datetime, str]] = Counter()
    for (medium, hour), number in counted.hours.items():
        since = at.by_hour.get(-1 if hour is None else hour) or at.otherwise.get(medium) or first
        waiting[days.open_at(since), medium] += number
    return waiting
