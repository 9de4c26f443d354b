"""Numbers as people and providers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.phone import local, mask, may_call, parse

KAMALA = "+9779841234567"


@pytest.mark.parametrize(
    "raw",
    [
        *("9841234567", "+9779841234567", "9779841234567", "+977-984-1234567", "00977-9841234567", "0977 9841234567", "09841234567"),
        *(
            "+977 (0)9841234567",
            "(984) 123.4567",
            " 9841234567 ",
            "९८४१२३४५६७",
            "+९७७ ९८४१२३४५६७",
            "９８４１２３４５６７",
            "＋9779841234567",
        ),
        *("\u202a+977 984\u20111234567\u202c", "984\u00a0123\u00a04567", "98४1२3४567"),
    ],
)
def test_one_number_in_many_forms_is_one_person(raw):
    assert parse(raw) == KAMALA


@pytest.mark.parametrize(
    "raw",
    [
        *("", " ", "anonymous", "Restricted", "+266696687", "+7378742833", "+2562533", "+8566696", "+86282452253", "client:bob", "sip:x@y"),
        *("984123456", "98412345678", "+97712345", "31001", "100", "1234", "98412x4567", "+", "++9779841234567", "9841234567,9841234568"),
        *("98412345²7", "tel:+9779841234567", "9" * 40, "+979", "\n", "0"),
    ],
)
def test_what_cannot_be_answered_is_no_number(raw):
    assert parse(raw) is None


def test_a_mobile_number_that_no_operator_was_given_is_taken():
    assert parse("9720000001") == "+9779720000001"
    assert parse("+9779891234567") == "+9779891234567"


def test_a_number_of_another_country_needs_its_code():
    assert parse("+91 98765 43210") == "+919876543210"
    assert parse("9876543210", country="IN") == "+919876543210"
    assert parse("+9779841234567", country="IN") == KAMALA


def test_a_landline_is_a_number():
    assert parse("01-4123456") == "+97714123456"


@pytest.mark.parametrize(
    ("number", "allowed"),
    [
        *((KAMALA, True), ("+97714123456", True), ("+9779720000001", True)),
        *(("+919876543210", False), ("+881612345678", False), ("+979123456789", False), ("+97716600112345", False), ("nonsense", False)),
    ],
)
def test_only_ordinary_lines_of_allowed_countries_are_called(number, allowed):
    assert may_call(number) is allowed


def test_another_country_can_be_allowed():
    assert may_call("+919876543210", frozenset({"IN"}))
    assert not may_call(KAMALA, frozenset({"IN"}))


def test_a_log_shows_two_digits():
    assert mask(KAMALA) == "…67"


def test_people_here_write_ten_digits():
    assert local(KAMALA) == "9841234567"


@given(st.text())
def test_any_text_is_a_number_or_none(raw):
    number = parse(raw)
    assert number is None or parse(number) == number
