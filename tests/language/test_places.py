"""A place is found however its name is written."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.core.places import everywhere
from gateway.language.places import near, search


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("काठमाडौँ महानगरपालिका", "3-27-06"),
        ("काठमाडौं", "3-27-06"),
        ("Kathmandu ward no 5", "3-27-06-05"),
        ("Chandragiri-१५", "3-27-02-15"),
        ("बूढानीलकन्ठ", "3-27-01"),
        ("pokhara lekhnath", "4-40-04"),
        ("annapurna myagdi", "4-43-01"),
        ("अन्नपूर्ण कास्की", "4-40-01"),
        ("Lumbini Province", "5"),
        ("chitawan jilla", "3-35"),
        ("3-27-06-05", "3-27-06-05"),
    ],
)
def test_a_place_is_found_in_either_script(text: str, code: str) -> None:
    assert code in [place.code for place in search(text)]


@pytest.mark.parametrize("text", ["", "  ", "वडा ५", "qqqq", "-", "\0", "9" * 400, "नगरपालिका"])
def test_words_that_name_no_place_find_none(text: str) -> None:
    assert search(text) == []


def test_every_place_is_found_by_each_of_its_names() -> None:
    for place in everywhere():
        for name in (place.name_ne, place.name_en, *place.also):
            assert place in search(name, most=50), (name, place)


def test_what_is_no_place_is_refused_plainly_with_the_names_most_like_it():
    answer = CliRunner().invoke(main, ["places", "lele"])
    assert answer.exit_code == 1
    assert answer.stderr.startswith("No province, district or municipality is called 'lele'. The names most like it: Mellekh, ")
    assert near("!") == []
