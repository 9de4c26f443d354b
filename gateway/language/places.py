"""Finding a place of Nepal by its name as anybody writes it: in either script, with or without what it is, and a ward's number.

>>> [place.code for place in search("काठमाडौ महानगरपालिका ५")]
['3-27-06-05']
>>> [place.name_en for place in search("chandragiri")]
['Chandragiri']
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from rapidfuzz import fuzz

from gateway.core.digits import fold_digits
from gateway.core.places import TITLES, Place, everywhere, find, is_place
from gateway.language.skeleton import skeleton, words

MOST = 12
EXACT = 100
NEAR = 84  # of 100: names this alike are the same one, misspelt
WARD = re.compile(r"(?:^|\D)([0-9]{1,2})\D*$")
SPOKEN_TITLES = {
    "ward": ("वडा", "वडा नं", "ward", "ward no", "wada"),
    **{kind: tuple(titles.values()) for kind, titles in TITLES.items()},
    "palika": ("palika", "nagarpalika", "gaunpalika", "gaupalika", "mahanagarpalika", "upamahanagarpalika", "jilla", "pradesh"),
}


def search(text: str, most: int = MOST) -> list[Place]:
    """The places whose names are like this text, or that have it as their code, the likeliest first and the larger before the smaller.

    A number at the end is a ward's: "Chandragiri 5". A place in another one may be named with it: "Annapurna Kaski".
    """
    if is_place(text.strip()):
        return [find(text.strip())]
    asked = [word for word in words(text) if word not in _titles()]
    if not asked:
        return []
    found = sorted(((score, place) for place in everywhere() if (score := _likeness(asked, place)) >= NEAR), key=_order)
    exact = [place for score, place in found if score >= EXACT]
    best = exact or [place for _, place in found]
    numbered = WARD.search(fold_digits(text))
    inside = [f"{place.code}-{int(numbered[1]):02}" for place in best if place.wards] if numbered else []
    return ([find(code) for code in inside if is_place(code)] or best)[:most]


def near(text: str, most: int = 3) -> list[str]:
    """The English names that are the least unlike a text which names no place we know, the likeliest first: what may have been meant."""
    asked = [word for word in words(text) if word not in _titles()]
    if not asked:
        return []
    scored = sorted(((_likeness(asked, place), place) for place in everywhere()), key=_order)
    return list(dict.fromkeys(place.name_en for _, place in scored[: 2 * most]))[:most]


def _order(scored: tuple[float, Place]) -> tuple[float, int, str]:
    score, place = scored
    return -score, len(place.code), place.code


def _likeness(asked: list[str], place: Place) -> float:
    """How like a place's name, older names included, the words are: 0 to 100. Words that name where it lies count for it."""
    whole = _likest(asked, place)
    left = [word for word in asked if word not in _around(place.code)]
    return max(whole, _likest(left, place) + 0.5) if 0 < len(left) < len(asked) else whole


def _likest(asked: list[str], place: Place) -> float:
    wanted = " ".join(asked)
    return max(_alike(wanted, name) for name in _names()[place.code])


def _alike(wanted: str, name: str) -> float:
    if wanted == name:
        return EXACT
    if name.startswith(wanted) and len(wanted) >= 3:
        return 90 + 9 * len(wanted) / len(name)
    return min(99, fuzz.ratio(wanted, name))


@cache
def _names() -> Mapping[str, frozenset[str]]:
    """Code -> the skeletons of all names of the place, also written in one word."""
    names = {}
    for place in everywhere():
        skeletons = {skeleton(name) for name in (place.name_ne, place.name_en, *place.also)} - {""}
        names[place.code] = frozenset(skeletons | {name.replace(" ", "") for name in skeletons})
    return names


@cache
def _around(code: str) -> frozenset[str]:
    """The names of the places in which a place lies."""
    above = code.rpartition("-")[0]
    return frozenset({*_names()[above], *_around(above)}) if above else frozenset()


@cache
def _titles() -> frozenset[str]:
    return frozenset(word for titles in SPOKEN_TITLES.values() for title in titles for word in words(title))
