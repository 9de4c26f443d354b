"""When we may write to or ring somebody of our own accord: she has not stopped us, it is not night in Nepal, and no festival."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta

from gateway.core.calendar import NEPAL

OPENS = time(8)  # nothing goes out of our own accord before this, Nepal time
CLOSES = time(20)  # nor from this on

OFFICE_OPENS = time(10)
OFFICE_CLOSES = time(17)
SATURDAY = 5  # the weekly holiday; Monday is 0

NO_REST: frozenset[date] = frozenset()


def quiet(now: datetime, rest_days: AbstractSet[date] = NO_REST) -> bool:
    """Whether it is between 20:00 and 08:00 in Nepal, or one of the `rest_days` there. `now` is aware.

    >>> from datetime import UTC
    >>> quiet(datetime(2026, 11, 21, 14, 15, tzinfo=UTC))  # 20:00 in Kathmandu
    True
    """
    here = now.astimezone(NEPAL)
    return here.date() in rest_days or not OPENS <= here.time() < CLOSES


def opens_at(now: datetime, rest_days: AbstractSet[date] = NO_REST) -> datetime:
    """The next instant, in Nepal time, at which sending may start: `now` itself where it is not quiet."""
    here = now.astimezone(NEPAL)
    if not quiet(now, rest_days):
        return here
    day = here.date() if here.time() < OPENS else here.date() + timedelta(days=1)
    while day in rest_days:
        day += timedelta(days=1)
    return datetime.combine(day, OPENS, NEPAL)


def held_by_night(now: datetime, *, life_safety: bool, rest_days: AbstractSet[date] = NO_REST) -> bool:
    """Whether a broadcast waits for the next day on which it may go out. Alerts that protect lives, for which somebody answers by name,
    do not."""
    return quiet(now, rest_days) and not life_safety


def office_open(now: datetime) -> bool:
    """Whether somebody answers key 0 now: 10:00 to 17:00 in Nepal, Sunday to Friday."""
    here = now.astimezone(NEPAL)
    return here.weekday() != SATURDAY and OFFICE_OPENS <= here.time() < OFFICE_CLOSES
