"""The report: one page on who the members are and what they ask for, to be handed over in a meeting with a ministry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gateway.core.calendar import NEPAL, to_bs
from gateway.core.money import PAISA_PER_RUPEE
from gateway.core.places import find
from gateway.errors import GatewayError
from gateway.language import speech
from gateway.services import access, statistics
from gateway.services.statistics import Filters, Table, Value
from gateway.services.statistics.words import VALUES, pick
from gateway.services.statistics.writing import digits, shown
from gateway.store.statistics import organisation_name

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

TEXTS = ("title", "lead", "ask_title", "ask")
ENGLISH_MONTHS = "January February March April May June July August September October November December".split()
NEPALI_MONTHS = "जनवरी फेब्रुअरी मार्च अप्रिल मे जुन जुलाई अगस्ट सेप्टेम्बर अक्टोबर नोभेम्बर डिसेम्बर".split()

# The parts of the report, in order: a heading, and the tables below it. Where it is about one place, its own parts are shown.
PARTS = (
    ("who", ("members-by-sex", "members-by-language", "members-by-age")),
    ("work", ("members-by-trade", "members-by-province")),
    ("paid", ("contributions-by-month", "contributions-by-state", "contributions-by-scheme")),
    ("claims", ("claims-by-kind", "claims-by-days", "claims-by-state")),
)
INSIDE = {"province": "members-by-district", "district": "members-by-municipality"}
WHY_NE = """५ जनाभन्दा कमको सङ्ख्याले कसैको निजी कुरा खोल्न सक्छ। त्यसैले त्यस्ता सङ्ख्या, र जोड–घटाउ गरेर त्यो निकाल्न सकिने अरू
सङ्ख्या, “नदेखाइएको” लेखिएको छ। शून्य भने देखाइएको छ।"""
WHY_EN = """A count of fewer than 5 people could tell of somebody in particular. Such counts read “withheld”, and so do others from
which they could be worked out by adding and subtracting. Zero is shown."""
HEADINGS: Mapping[str, tuple[str, str]] = {
    "who": ("हामी को हौँ", "Who we are"),
    "work": ("के काम गर्छौँ, कहाँ", "What we do, and where"),
    "paid": ("कति जम्मा गर्‍यौँ", "What we put aside"),
    "claims": ("कति दाबी, कति दिन", "What we claim, and how long we wait"),
    "members": ("सदस्य", "members"),
    "women": ("महिला", "women"),
    "put_aside": ("रुपैयाँ जम्मा", "rupees put aside"),
    "claims_made": ("दाबी", "claims"),
    "withheld": ("किन केही सङ्ख्या छैनन्", "Why some numbers are missing"),
    "why": (WHY_NE, WHY_EN),
    "source": ("तथ्याङ्क: {organisation} को आफ्नै अभिलेख, {date} सम्म।", "Source: the records of {organisation} as of {date}."),
    "nepal": ("नेपाल", "Nepal"),
    "some": ("केही", "Some"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the large numbers at the top."""

    number: str
    label: str


def report(gateway: Gateway, actor: Actor, *, language: str = "ne", place: str | None = None) -> str:
    """The page as HTML that needs nothing else; written down as one look. GatewayError `report:text` where flows/report.yaml is faulty."""
    filters = Filters(place=place)
    texts = _texts(gateway.settings.flows_dir / "report.yaml", language)
    parts = [(heading, _names(names, place)) for heading, names in PARTS]
    names = list(dict.fromkeys([*(name for _, several in parts for name in several), "contributions-by-payer"]))
    tables = dict(zip(names, statistics.count(gateway, actor, names, filters, language=language), strict=True))
    with gateway.database.write() as db:
        name = organisation_name(db, actor.scope)
        access.note(gateway, db, actor, "see_statistics", "statistics:report", **filters.named())
    words = {key: pick(both, language) for key, both in HEADINGS.items()}
    where = find(place).title(language) if place else words["nepal"]
    dates = _dates(gateway.clock(), language)
    members = _total(tables["members-by-sex"], 1)
    slots = {"organisation": name, "place": where, "date": dates[0]}
    slots["members"] = words["some"] if members is None else shown(members, "count", language)
    return (
        _environment()
        .get_template("report.html")
        .render(
            language=language,
            words=words,
            texts={key: _filled(text, slots) for key, text in texts.items()},
            organisation=name,
            place=where,
            figures=_figures(tables, words, language),
            parts=[(words[heading], [_shown(tables[each]) for each in several]) for heading, several in parts],
            dates=dates,
            source=_filled(words["source"], slots),
        )
    )


def _names(names: tuple[str, ...], place: str | None) -> tuple[str, ...]:
    """The tables of a part; of one place, what lies inside it instead of the provinces."""
    inside = INSIDE.get(find(place).kind) if place else None
    if place and inside is None:
        return tuple(name for name in names if name != "members-by-province")
    return tuple(inside if inside and name == "members-by-province" else name for name in names)


def _texts(file: Path, language: str) -> Mapping[str, str]:
    """What the report says besides its numbers, in one language."""
    try:
        read = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506  # it makes texts, lists and mappings only
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise GatewayError("report:text", file=file.name, reason="it is not there, or no YAML.") from None
    texts = {}
    for name in TEXTS:
        text = read.get(name, {}) if isinstance(read, dict) else {}
        if not isinstance(text, dict) or not isinstance(text.get(language), str):
            raise GatewayError("report:text", file=file.name, reason=f"there is no {name} in {language}.")
        texts[name] = text[language]
    return texts


def _filled(text: str, slots: Mapping[str, str]) -> str:
    """The text with its slots filled; no other brace means anything."""
    for name, value in slots.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _figures(tables: Mapping[str, Table], words: Mapping[str, str], language: str) -> list[Figure]:
    """The large numbers: members, women among them, what was put aside, claims. One that is withheld is left out."""
    women = pick(VALUES["sex"]["female"], language)
    wanted = (
        ("members", _total(tables["members-by-sex"], 1), "count"),
        ("women", next((row[1] for row in tables["members-by-sex"].body if row[0] == women), 0), "count"),
        ("put_aside", _total(tables["contributions-by-payer"], 2), "money"),
        ("claims_made", _total(tables["claims-by-kind"], 1), "count"),
    )
    return [Figure(_rounded(value, form, language), words[label]) for label, value, form in wanted if value is not None]


def _total(table: Table, column: int) -> Value:
    return table.rows[-1][column] if table.rows else 0


def _rounded(value: Value, form: str, language: str) -> str:
    """Whole rupees: nobody reads paisa off a page held up in a meeting."""
    return shown(int(value) // PAISA_PER_RUPEE * PAISA_PER_RUPEE if form == "money" and value else value, form, language)


def _shown(table: Table) -> Mapping[str, object]:
    """A table as the page shows it: its picture, and its cells as they are read."""
    rows = [[shown(value, form, table.language) for value, form in zip(row, table.formats, strict=True)] for row in table.rows]
    hidden = [[value is None for value in row] for row in table.rows]
    # What as_svg gives is escaped there, and holds no script.
    plot = Markup(statistics.as_svg(table, heading=False))  # noqa: S704
    return {"table": table, "plot": plot, "rows": [list(zip(*both, strict=True)) for both in zip(rows, hidden, strict=True)]}


def _environment() -> Environment:
    loader = PackageLoader("gateway.services", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _dates(now: datetime, language: str) -> tuple[str, str]:
    """The day in Bikram Sambat and in the common era, the one first that the language is used to."""
    day = now.astimezone(NEPAL).date()
    there = to_bs(day)
    months = NEPALI_MONTHS if language == "ne" else ENGLISH_MONTHS
    common = digits(f"{day.day} {months[day.month - 1]} {day.year}", language)
    nepali_month = speech.write(language, "month", f"{there.year}-{there.month:02}")
    nepali = digits(f"{there.day} {nepali_month} {there.year}", language)
    return (f"वि.सं. {nepali}", f"ई.सं. {common}") if language == "ne" else (common, f"{nepali} BS")
