"""Ids stay as they are in a log, and sort by time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.bootstrap import unique_id
from gateway.core.ids import number_of, spelt
from gateway.logs import mask

numbers = st.integers(0, 2**128 - 1)


@given(numbers, numbers)
def test_an_id_survives_the_mask_of_logs_and_sorts_as_its_number(one, other):
    assert mask(f"api_failed {spelt(one)}") == f"api_failed {spelt(one)}"
    assert number_of(spelt(one)) == one
    assert (spelt(one) < spelt(other)) == (one < other)


def test_fresh_ids_are_letters_and_later_ones_sort_behind_by_the_millisecond():
    fresh = [unique_id() for _ in range(1000)]
    assert len(set(fresh)) == 1000
    assert all(len(each) == 32 and each.isalpha() and each.isascii() for each in fresh)
    assert [each[:12] for each in fresh] == sorted(each[:12] for each in fresh)
