"""Bikram Sambat, every day of the table against two independent packages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import nepali_datetime
import pytest
import sambat

from gateway.core.calendar import FIRST_DAY, MONTH_LENGTHS, BsDate, from_bs, month_of, to_bs
from gateway.errors import GatewayError

DAYS = [FIRST_DAY + timedelta(days=index) for index in range(sum(map(sum, MONTH_LENGTHS)))]


def test_every_day_agrees_with_two_other_calendars():
    for day in DAYS:
        here = to_bs(day)
        there = nepali_datetime.date.from_datetime_date(day)
        elsewhere = sambat.date.from_gregorian(day)
        assert (here.year, here.month, here.day) == (there.year, there.month, there.day) == (elsewhere.year, elsewhere.month, elsewhere.day)
        assert from_bs(here) == day


@pytest.mark.parametrize("day", [FIRST_DAY - timedelta(days=1), DAYS[-1] + timedelta(days=1), date.min, date.max])
def test_a_day_outside_the_table_is_refused(day):
    with pytest.raises(GatewayError) as refused:
        to_bs(day)
    assert refused.value.code == "calendar:outside"


@pytest.mark.parametrize(
    "day", [BsDate(2069, 12, 1), BsDate(2084, 1, 1), BsDate(2083, 0, 1), BsDate(2083, 13, 1), BsDate(2083, 8, 30), BsDate(2083, 8, 0)]
)
def test_a_date_that_is_not_in_the_table_is_refused(day):
    with pytest.raises(GatewayError) as refused:
        from_bs(day)
    assert refused.value.code == ("calendar:no-day" if day.year == 2083 else "calendar:outside")


def test_a_month_begins_at_midnight_in_nepal():
    assert month_of(datetime(2026, 11, 16, 18, 14, 59, tzinfo=UTC)) == "2083-07"
    assert month_of(datetime(2026, 11, 16, 18, 15, tzinfo=UTC)) == "2083-08"
