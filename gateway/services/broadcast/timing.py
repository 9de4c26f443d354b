"""When a broadcast goes out: from its start on, at the pace of its channel, outside quiet hours and rest days, each in her own hour where
that is wished."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.core import consent
from gateway.core.calendar import NEPAL
from gateway.services.broadcast.expanding import due
from gateway.store import rest_days

if TYPE_CHECKING:
    from gateway.services.broadcast.draft import Draft
    from gateway.services.tariff import Tariff
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
    free: dict[str, datetime] = {}
    found = []
    for (since, medium), number in sorted(_waiting(draft, counted, days, now).items()):
        begins = max(since, free.get(medium, since))
        each = tariff.seconds_each(medium, counted.reached)
        free[medium] = days.after(begins, number * each)
        room = int(days.between(begins, draft.expires_at) / each) if draft.expires_at else number
        found.append(Wave(medium, number, begins, free[medium], max(0, number - room)))
    return found


def _waiting(draft: Draft, counted: Counted, days: Days, now: datetime) -> Counter[tuple[datetime, str]]:
    """How many wait for which medium from when on."""
    at, first = due(draft, now, days.open_at), max(now, draft.starts_at or now)
    waiting: Counter[tuple[datetime, str]] = Counter()
    for (medium, hour), number in counted.hours.items():
        since = at.by_hour.get(-1 if hour is None else hour) or at.otherwise.get(medium) or first
        waiting[days.open_at(since), medium] += number
    return waiting
