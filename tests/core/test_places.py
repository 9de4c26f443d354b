"""The table of Nepal's places is whole, and each code leads to one place."""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.core import places
from gateway.errors import GatewayError


def test_there_are_as_many_places_as_nepal_has() -> None:
    counted = Counter(place.kind for place in places.everywhere())
    assert counted == {
        "province": 7,
        "district": 77,
        "metropolitan": 6,
        "sub-metropolitan": 11,
        "municipality": 276,
        "rural municipality": 460,
    }
    assert sum(place.wards for place in places.everywhere()) == 6_743


def test_districts_stand_in_their_provinces() -> None:
    assert [len(places.children(province.code)) for province in places.children()] == [14, 8, 13, 11, 12, 10, 9]


def test_each_code_is_the_parents_code_and_two_digits() -> None:
    for place in places.everywhere():
        above = places.parent(place.code)
        assert above is None or (places.is_place(above) and place in places.children(above))
        assert place.name_ne
        assert place.name_en.isascii()
        assert all(char == " " or not (char.isdigit() or char.isspace()) for char in place.name_ne + place.name_en)


def test_codes_and_names_are_their_own() -> None:
    assert len({place.code for place in places.everywhere()}) == 837
    for district in (place for place in places.everywhere() if place.kind == "district"):
        for names in zip(*((level.name_ne, level.name_en) for level in places.children(district.code)), strict=True):
            assert len(set(names)) == len(names)


def test_wards_are_counted_from_one() -> None:
    wards = places.children("3-27-06")
    assert [ward.code for ward in (wards[0], wards[-1])] == ["3-27-06-01", "3-27-06-32"]
    assert wards[4].name_ne == "काठमाडौँ-५"


@pytest.mark.parametrize(
    "code", ["", "8", "3-01", "3-27-99", "3-27-06-00", "3-27-06-33", "3-27-06-5", "3-27-06-०५", "3-27-06-05-01", "03-27", " 3", "3-", "-"]
)
def test_what_is_no_place_is_named_so(code: str) -> None:
    assert not places.is_place(code)
    with pytest.raises(GatewayError, match="place:unknown"):
        places.find(code)
