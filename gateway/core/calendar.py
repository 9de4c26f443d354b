"""The Nepali calendar and clock. Instants are stored in UTC; people hear Bikram Sambat dates and Nepal time.

The lengths of months are published year by year, not computed: 2070 to 2083 agree in five independent packages on every day. Add a
year here when the calendar committee has published it.

>>> to_bs(date(2026, 11, 21))
BsDate(year=2083, month=8, day=5)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import NoReturn

from gateway.core.digits import fold_digits
from gateway.errors import GatewayError

NEPAL = timezone(timedelta(hours=5, minutes=45), "NPT")  # no daylight saving
MONTHS_IN_ENGLISH = "Baishakh Jestha Asar Shrawan Bhadra Ashwin Kartik Mangsir Poush Magh Falgun Chaitra".split()

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
DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
MOMENT = re.compile(r"(?P<day>[0-9-]{8,10})[ T](?P<time>[0-9]{1,2}:[0-9]{2})")
HOUR = re.compile(r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?")
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
    """The Gregorian day of a Bikram Sambat date; raises `calendar:no-day`, and `calendar:outside` beyond the table.

    >>> from_bs(BsDate(2083, 8, 5)).isoformat()
    '2026-11-21'
    """
    index, written = day.year - FIRST_YEAR, f"{day.year}-{day.month:02}-{day.day:02}"
    if not 0 <= index < len(MONTH_LENGTHS):
        raise _outside(written)
    if not 1 <= day.month <= 12 or not 1 <= day.day <= MONTH_LENGTHS[index][day.month - 1]:
        raise GatewayError("calendar:no-day", date=written)
    years = sum(map(sum, MONTH_LENGTHS[:index]))
    return FIRST_DAY + timedelta(days=years + sum(MONTH_LENGTHS[index][: day.month - 1]) + day.day - 1)


def moment(written: str) -> datetime:
    """A day and an hour as they are said in Nepal: `2026-12-01 11:00`, or the Bikram Sambat day, `2083-08-15 11:00`, in any digits.

    GatewayErrors `calendar:moment` for anything else, `calendar:no-day`, `calendar:outside`.

    >>> moment("2026-12-01 11:00").isoformat(), moment("२०८३-०८-१५ ११:००").isoformat()
    ('2026-12-01T11:00:00+05:45', '2026-12-01T11:00:00+05:45')
    """
    parts = MOMENT.fullmatch(fold_digits(written).strip())
    if parts is None:
        raise GatewayError("calendar:moment", written=written)
    try:
        return datetime.combine(day_of(parts["day"]), time.fromisoformat(parts["time"].zfill(5)), NEPAL)
    except ValueError:
        raise GatewayError("calendar:moment", written=written) from None


def day_of(written: str) -> date:
    """A day, Gregorian or Bikram Sambat, as its year tells. GatewayErrors `calendar:moment`, `calendar:no-day`, `calendar:outside`.

    >>> day_of("2083-08-15"), day_of("2026-12-01")
    (datetime.date(2026, 12, 1), datetime.date(2026, 12, 1))
    """
    parts = DAY.fullmatch(fold_digits(written).strip())
    if parts is None:
        raise GatewayError("calendar:moment", written=written)
    year, month, day = map(int, parts.groups())
    if year >= FIRST_YEAR:
        return from_bs(BsDate(year, month, day))
    try:
        return date(year, month, day)
    except ValueError:
        raise GatewayError("calendar:moment", written=written) from None


def hour_of(written: str) -> time:
    """An hour of the day: `8`, `8:30`, in any digits. GatewayError `calendar:hour`.

    >>> hour_of("८"), hour_of("08:30")
    (datetime.time(8, 0), datetime.time(8, 30))
    """
    parts = HOUR.fullmatch(fold_digits(written).strip())
    try:
        return time(int(parts["hour"]), int(parts["minute"] or 0)) if parts else _no_hour(written)
    except ValueError:
        return _no_hour(written)


def _no_hour(written: str) -> NoReturn:
    raise GatewayError("calendar:hour", written=written) from None


def midnight(instant: datetime) -> datetime:
    """The beginning of its day in Nepal.

    >>> midnight(datetime(2026, 11, 21, 20, tzinfo=NEPAL)).isoformat()
    '2026-11-21T00:00:00+05:45'
    """
    return datetime.combine(instant.astimezone(NEPAL).date(), time(), NEPAL)


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
