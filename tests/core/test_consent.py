"""When we may be heard from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.calendar import NEPAL
from gateway.core.consent import held_by_night, office_open, opens_at, quiet

SATURDAY = 21  # of November 2026


def nepal(hour: int, minute: int = 0, day: int = SATURDAY) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=NEPAL)


@pytest.mark.parametrize(
    ("now", "silent"), [(nepal(7, 59), True), (nepal(8), False), (nepal(19, 59), False), (nepal(20), True), (nepal(0), True)]
)
def test_nights_are_quiet(now, silent):
    assert quiet(now) is silent
    assert quiet(now.astimezone(UTC)) is silent


def test_sending_starts_again_at_eight():
    assert opens_at(nepal(23)) == nepal(8, day=SATURDAY + 1)
    assert opens_at(nepal(3)) == nepal(8)
    assert opens_at(nepal(12)) == nepal(12)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)))  # noqa: DTZ001
def test_the_next_opening_is_never_quiet_nor_past(now):
    assert not quiet(opens_at(now))
    assert opens_at(now) >= now


def test_only_an_alert_that_protects_lives_passes_the_night():
    assert held_by_night(nepal(22), life_safety=False)
    assert not held_by_night(nepal(22), life_safety=True)
    assert not held_by_night(nepal(12), life_safety=False)


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (nepal(12), False),
        (nepal(10, day=22), True),
        (nepal(9, 59, day=22), False),
        (nepal(16, 59, day=20), True),
        (nepal(17, day=20), False),
    ],
)
def test_the_office_is_open_from_sunday_to_friday(now, is_open):
    assert office_open(now) is is_open
