"""Amounts as members type them and as we write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.money import LARGEST, group, parse, rupees


@pytest.mark.parametrize(
    ("typed", "paisa"),
    [
        *(("500", 50_000), ("1,000", 100_000), ("१,००,०००", 10_000_000), ("100,000", 10_000_000), ("५०.५", 5_050), ("0.50", 50)),
        *(("Rs 500", 50_000), ("rs.500", 50_000), ("रु ५००", 50_000), ("500/-", 50_000), ("५०० रुपैयाँ", 50_000), ("５００", 50_000)),
        *((" 7 ", 700), ("007", 700), ("1,00,00,00,000", LARGEST)),
    ],
)
def test_an_amount_is_read(typed, paisa):
    assert parse(typed) == paisa


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1e3",
        "-5",
        "0",
        "०",
        "0.00",
        "99999999999999999999",
        "1000000001",
        "1,00",
        "1,0000",
        "1.234",
        "5 0",
        "½",
        "5²",
        "+5",
        "0x10",
        "1_000",
        "५a",
    ],
)
def test_what_is_no_amount_is_refused(typed):
    assert parse(typed) is None


@given(st.integers(min_value=1, max_value=LARGEST))
def test_what_we_write_is_what_we_read(paisa):
    assert parse(rupees(paisa)) == paisa


@given(st.integers(min_value=0, max_value=10**12))
def test_groups_are_pairs_before_the_last_three(number):
    *pairs, last = group(number).split(",")
    assert int("".join([*pairs, last])) == number
    assert len(last) == 3 or not pairs
    assert all(len(pair) == 2 for pair in pairs[1:])


def test_a_debt_keeps_its_sign():
    assert rupees(-5050) == "-50.50"
