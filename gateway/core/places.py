"""Nepal's places: 7 provinces, 77 districts, 753 local levels and their 6,743 wards, each with a code that stays.

A code tells where a place lies: province 3, district 3-27, municipality 3-27-06, ward 3-27-06-05. They stand in
`gateway/data/places.csv`; where that comes from, and where its sources differ, says docs/places.md.

>>> find("3-27-06").name_en, find("3-27-06-05").name_ne
('Kathmandu', 'काठमाडौँ-५')
>>> parent("3-27-06-05"), parent("3"), is_place("3-27-06-33")
('3-27-06', None, False)
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from gateway.errors import GatewayError

LOCAL_LEVELS = ("metropolitan", "sub-metropolitan", "municipality", "rural municipality")
KINDS = ("province", "district", *LOCAL_LEVELS, "ward")

# What stands behind a name where the place is called in full.
TITLES: Mapping[str, Mapping[str, str]] = {
    "province": {"ne": "प्रदेश", "en": "Province"},
    "district": {"ne": "जिल्ला", "en": "District"},
    "metropolitan": {"ne": "महानगरपालिका", "en": "Metropolitan City"},
    "sub-metropolitan": {"ne": "उपमहानगरपालिका", "en": "Sub-Metropolitan City"},
    "municipality": {"ne": "नगरपालिका", "en": "Municipality"},
    "rural municipality": {"ne": "गाउँपालिका", "en": "Rural Municipality"},
}
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")


@dataclass(frozen=True, slots=True)
class Place:
    """A place of Nepal. `wards` is the number of wards of a local level, else 0; `also` are older names and other spellings."""

    code: str
    kind: str  # of KINDS
    name_ne: str
    name_en: str
    wards: int = 0
    also: tuple[str, ...] = ()

    def name(self, language: str) -> str:
        """The name alone, in Nepali or, for every other language, in English."""
        return self.name_ne if language == "ne" else self.name_en

    def title(self, language: str) -> str:
        """The name with what the place is.

        >>> find("3-27-06").title("ne"), find("3-27").title("en"), find("3-27-06-05").title("en")
        ('काठमाडौँ महानगरपालिका', 'Kathmandu District', 'Kathmandu-5')
        """
        titles = TITLES.get(self.kind)
        return f"{self.name(language)} {titles['ne' if language == 'ne' else 'en']}" if titles else self.name(language)


@cache
def _table() -> Mapping[str, Place]:
    """Everything but the wards, which are counted rather than listed, in the order of the codes."""
    text = files("gateway").joinpath("data/places.csv").read_text(encoding="utf-8")
    return {row["code"]: _place(row) for row in csv.DictReader(text.splitlines())}


def _place(row: Mapping[str, str]) -> Place:
    also = tuple(filter(None, row["also"].split(";")))
    return Place(row["code"], row["kind"], row["name_ne"], row["name_en"], int(row["wards"] or 0), also)


def find(code: str) -> Place:
    """The place with this code; GatewayError `place:unknown`."""
    known = _table().get(code)
    if known is not None:
        return known
    above, _, number = code.rpartition("-")
    level = _table().get(above)
    if level is None or not _is_ward(number, level.wards):
        raise GatewayError("place:unknown", place=code)
    ward = str(int(number))
    return Place(code, "ward", f"{level.name_ne}-{ward.translate(DEVANAGARI)}", f"{level.name_en}-{ward}")


def is_place(code: str) -> bool:
    """Whether there is a place with this code, written exactly so."""
    if code in _table():
        return True
    above, _, number = code.rpartition("-")
    level = _table().get(above)
    return level is not None and _is_ward(number, level.wards)


def parent(code: str) -> str | None:
    """The code of the place in which this one lies; None for a province."""
    return code.rpartition("-")[0] or None


def children(code: str = "") -> list[Place]:
    """The places directly inside this one, by code; the provinces where none is named."""
    if not code:
        return [place for place in _table().values() if place.kind == "province"]
    level = find(code)
    if level.wards:
        return [find(f"{code}-{ward:02}") for ward in range(1, level.wards + 1)]
    return [place for place in _table().values() if parent(place.code) == code]


def everywhere() -> tuple[Place, ...]:
    """Provinces, districts and local levels by code; not the wards."""
    return tuple(_table().values())


def above(code: str, level: str) -> str | None:
    """The code of the province, district or municipality in which a place lies; None where it is known less exactly than that.

    >>> above("3-27-06-05", "district"), above("3", "district")
    ('3-27', None)
    """
    parts = code.split("-")
    wanted = ("province", "district", "municipality").index(level) + 1
    return "-".join(parts[:wanted]) if len(parts) >= wanted else None


def _is_ward(number: str, wards: int) -> bool:
    """Two ASCII digits, from 01 on: a code has one spelling, or the same place would be counted twice."""
    return len(number) == 2 and number.isascii() and number.isdigit() and 1 <= int(number) <= wards
