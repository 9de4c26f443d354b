"""When somebody is rung again whom a call did not reach: at another hour of the day, in hours when people can listen.

>>> from datetime import UTC
>>> noon = datetime(2026, 11, 22, 6, 15, tzinfo=UTC)  # in Nepal
>>> second = again([noon], noon, Hours())
>>> f"{second:%d. %H:%M}", f"{again([noon, second], second, Hours()):%d. %H:%M}"
('22. 14:00', '23. 18:00')
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gateway.core import consent
from gateway.core.calendar import NEPAL

LISTENING = range(11, 19)  # hours in Nepal in which most women can listen, where we do not know her own
OPEN = range(consent.OPENS.hour, consent.CLOSES.hour)
AROUND_BEST = 1  # hours before and after her own
APART = timedelta(hours=2)  # at least, between two calls of a day,
A_DAY = 2  # and so many in a day at most
AFTER_BUSY = timedelta(minutes=10)  # she is at her phone
LIFE_SAFETY = timedelta(hours=1)  # where lives depend on it, at night too


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody may be rung: `best` is her own hour in Nepal, `rest_days` are festivals, `life_safety` knows neither night nor rest."""

    best: int | None = None
    rest_days: frozenset[date] = frozenset()
    life_safety: bool = False


def again(rang: Sequence[datetime], now: datetime, hours: Hours, *, soon: bool = False) -> datetime:
    """When to ring once more, in Nepal time, not before `now`. `rang` is when the calls so far rang, at least one, in order; `soon`: the
    last one found her phone busy."""
    before = [each.astimezone(NEPAL) for each in rang]
    last, here = before[-1], now.astimezone(NEPAL)
    if hours.life_safety:
        return max(last + (AFTER_BUSY if soon else LIFE_SAFETY), here)
    if soon and _is_open(at := max(last + AFTER_BUSY, here), hours):
        return at
    used = {each.hour for each in before}
    wanted = _wanted(hours.best, used)
    earliest = max(last + APART, here)
    day = earliest.date()
    if sum(each.date() == day for each in before) < A_DAY and day not in hours.rest_days:
        today = [hour for hour in wanted if _at(day, hour, last) >= earliest]
        if today:
            return _at(day, today[0] if hours.best is None else _nearest(today, hours.best), last)
    hour = _farthest(wanted, used) if hours.best is None else _nearest(wanted, hours.best)
    return _at(_next_day(day, hours), hour, last)


def first(now: datetime, hours: Hours) -> datetime:
    """When to ring somebody first whom a text did not reach, in Nepal time: now, where people can listen."""
    here = now.astimezone(NEPAL)
    wanted = _wanted(hours.best, ())
    if hours.life_safety or (here.hour in wanted and here.date() not in hours.rest_days):
        return here
    later = [hour for hour in wanted if hour > here.hour]
    if later and here.date() not in hours.rest_days:
        return _at(here.date(), later[0], here)
    return _at(_next_day(here.date(), hours), wanted[0], here)


def text(now: datetime, hours: Hours) -> datetime:
    """When a text may go out, in Nepal time: now, but for the night and rest days."""
    here = now.astimezone(NEPAL) if hours.life_safety else consent.opens_at(now)
    while not hours.life_safety and here.date() in hours.rest_days:
        here = datetime.combine(here.date() + timedelta(days=1), consent.OPENS, NEPAL)
    return here


def _wanted(best: int | None, used: Collection[int]) -> list[int]:
    """The hours from which to choose, in order: around her own, else when most can listen, else any; used ones where all are used."""
    around = range(best - AROUND_BEST, best + AROUND_BEST + 1) if best is not None else LISTENING
    for hours in (around, LISTENING, OPEN):
        left = [hour for hour in hours if hour in OPEN and hour not in used]
        if left:
            return left
    return list(LISTENING)


def _nearest(wanted: Iterable[int], best: int) -> int:
    return min(wanted, key=lambda hour: abs(hour - best))


def _farthest(wanted: Iterable[int], used: Collection[int]) -> int:
    """Another part of the day than those that were tried."""
    return max(wanted, key=lambda hour: min(abs(hour - other) for other in used))


def _at(day: date, hour: int, like: datetime) -> datetime:
    # The minute stays: those who were rung one after another are rung again one after another.
    return datetime.combine(day, time(hour, like.minute, like.second), NEPAL)


def _next_day(day: date, hours: Hours) -> date:
    day += timedelta(days=1)
    while day in hours.rest_days:
        day += timedelta(days=1)
    return day


def _is_open(at: datetime, hours: Hours) -> bool:
    return not consent.quiet(at) and at.date() not in hours.rest_days
