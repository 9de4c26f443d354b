"""The Nepali calendar and clock. Instants are stored in UTC; people hear Bikram Sambat dates and Nepal time.

The lengths of months are published year by year, not computed: 2070 to 2083 agree in five independent packages on every day. Add a
year here when the calendar committee has published it.

>>> to_bs(date(2026, 11, 21))
BsDate(year=2083, month=8, day=5)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from gateway.core.digits import fold_digits
from gateway.errors import GatewayError

NEPAL = timezone(timedelta(hours=5, minutes=45), "NPT")  # no daylight saving

FIRST_YEAR = 2070
FIRST_DAY = date(2013, 4, 14)  # 1 Baishakh 2070

MONTH_LENGTHS: tuple[tuple[int, ...], ...] = (
    (31, 31, 31, 32, 31, 31, 29, 30, 30, 29, 30, 30),  # 2070
    (31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30),
    (31, 32, 31, 32, 31, 30, 30, 29, 30, 29, 30, 30),
    (31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31),
    (31, 31, 31, 32, 31, 31, 30, 29, 30, 29, 30, 30),
    (31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30),
    (31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 30),
    (31, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31),
    (31, 31, 31, 32, 31, 31, 30, 29, 30, 29, 30, 30),
    (31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30),
    (31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 30),  # 2080
    (31, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31),
    (31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30),
    (31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30),  # 2083
)
LAST_YEAR = FIRST_YEAR + len(MONTH_LENGTHS) - 1


@dataclass(frozen=True, slots=True, order=True)
class BsDate:
    """A day of the Bikram Sambat calendar; months 1 (Baishakh) to 12 (Chait)."""

    year: int
    month: int
    day: int


def to_bs(day: date) -> BsDate:
    """The Bikram Sambat date of a Gregorian day; raises `calendar:outside` where the table does not reach."""
    left = (day - FIRST_DAY).days
    if left >= 0:
        for year, lengths in enumerate(MONTH_LENGTHS, start=FIRST_YEAR):
            if left >= sum(lengths):
                left -= sum(lengths)
                continue
            for month, length in enumerate(lengths, start=1):
                if left < length:
                    return BsDate(year, month, left + 1)
                left -= length
    raise _outside(day.isoformat())


def from_bs(day: BsDate) -> date:
    """The Gregorian day of a Bikram Sambat date; raises `calendar:outside` for days that the table does not have.

    >>> from_bs(BsDate(2083, 8, 5)).isoformat()
    '2026-11-21'
    """
    index = day.year - FIRST_YEAR
    if not 0 <= index < len(MONTH_LENGTHS) or not 1 <= day.month <= 12 or not 1 <= day.day <= MONTH_LENGTHS[index][day.month - 1]:
        raise _outside(f"{day.year}-{day.month:02}-{day.day:02}")
    years = sum(map(sum, MONTH_LENGTHS[:index]))
    return FIRST_DAY + timedelta(days=years + sum(MONTH_LENGTHS[index][: day.month - 1]) + day.day - 1)


def day_of(text: str) -> date:
    """A day as somebody writes it, year first: of the Nepali calendar where the year is one of the table, else of the Gregorian.

    >>> day_of("2083-08-13") == day_of("2026-11-29") == date(2026, 11, 29)
    True

    GatewayErrors `calendar:unreadable`, and `calendar:outside` for a day that the table does not have.
    """
    found = re.fullmatch(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})", fold_digits(text).strip())
    if found is None:
        raise GatewayError("calendar:unreadable", date=text)
    year, month, day = (int(part) for part in found.groups())
    if year >= FIRST_YEAR:
        return from_bs(BsDate(year, month, day))
    try:
        return date(year, month, day)
    except ValueError:
        raise GatewayError("calendar:unreadable", date=text) from None


def month_of(instant: datetime) -> str:
    """The Bikram Sambat month in Nepal at an instant (aware), as contributions are filed.

    >>> from datetime import UTC
    >>> month_of(datetime(2026, 11, 21, 3, 0, tzinfo=UTC))
    '2083-08'
    """
    today = to_bs(instant.astimezone(NEPAL).date())
    return f"{today.year}-{today.month:02}"


def _outside(day: str) -> GatewayError:
    return GatewayError("calendar:outside", date=day, first=FIRST_YEAR, last=LAST_YEAR)
