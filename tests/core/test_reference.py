"""Numbers that check themselves."""

from __future__ import annotations

import pytest

from gateway.core.reference import is_valid, with_check_digit


def test_every_single_error_and_every_swap_of_neighbours_is_noticed():
    for number in range(0, 100_000, 37):
        text = with_check_digit(number)
        assert is_valid(text)
        for place, digit in enumerate(text):
            assert not any(is_valid(text[:place] + other + text[place + 1 :]) for other in "0123456789" if other != digit)
            swapped = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
            assert swapped == text or not is_valid(swapped)


@pytest.mark.parametrize("text", ["", "0", "5", "12a", " 5724", "५७२४", "５７２４", "-5724", "5724\n", "²²"])
def test_what_is_no_number_is_not_valid(text):
    assert not is_valid(text)
