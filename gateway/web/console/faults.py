"""What went wrong, as a sentence of the page: the catalogue's words in its language, and the values in them as a page shows values.

The command line says the same sentences with commands and codes; what the console says instead stands in `translations`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from gateway.errors import CATALOGUE, GatewayError
from gateway.services.statistics.words import VALUES, pick
from gateway.web.console import showing, words

# Values that are codes, by the area of the fault and their name in it, and what they are codes of; in reasons by their name alone.
CODES: Mapping[tuple[str, str], str] = {
    ("claim", "state"): "claim",
    ("claim", "wanted"): "claim",
    ("claim", "possible"): "claim",
    ("claim", "kind"): "kind",
    ("contribution", "state"): "contribution",
    ("contribution", "wanted"): "contribution",
    ("broadcast", "state"): "broadcast",
    ("broadcast", "language"): "language",
    ("saying", "language"): "language",
    ("", "claim_old"): "claim",
    ("", "claim_new"): "claim",
}
WRITTEN = frozenset(
    {"value", "written", "id", "file", "part", "slot", "path", "date"}
)  # by somebody, or a name of the machine: stays as it is
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?")
MONTH = re.compile(r"20[5-9]\d-\d{2}")
FIGURES = re.compile(r"[\d.,:/ -]+")
LEFT_OUT = re.compile(r"(\d+) (.+)")  # how many, and why they are left out
LEFT_OUT_NEXT = re.compile(r", (?=\d)")


class Quoted(str):
    """A value that stands in quotation marks where a sentence quotes it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"“{self}”"


def sentence(error: GatewayError) -> str:
    """What a fault says, in the page's language."""
    area = error.code.partition(":")[0]
    values = {name: Quoted(_shown(area, name, str(value))) for name, value in error.values.items()}
    return words.gettext(CATALOGUE[error.code].sentence).format(**values)


def reason(text: str) -> str:
    """What a service says of a row or a cell, in the page's language."""
    return words.reason(text, _in_reason)


def _in_reason(name: str, value: str) -> str:
    return _shown("", name, value)


def _shown(area: str, name: str, value: str) -> str:
    if kind := CODES.get((area, name)):
        return ", ".join(_called(kind, code) for code in value.split(", "))
    if name in WRITTEN:
        return value
    if name == "left_out":
        return ", ".join(_left_out(part) for part in LEFT_OUT_NEXT.split(value))
    return _figures(value) or reason(value)


def _figures(value: str) -> str:
    """A day, a month, an hour or a number; nothing of what has words."""
    if MOMENT.fullmatch(value):
        return _moment(value)
    if MONTH.fullmatch(value):
        return showing.month(value)
    return showing.digits(value) if FIGURES.fullmatch(value) else ""


def _called(kind: str, code: str) -> str:
    """What a code is called within a sentence."""
    both = VALUES[kind].get(code)
    if both is None:
        return words.gettext("Nepali in Latin letters") if kind == "language" and code.endswith("_latn") else reason(code)
    called = pick(both, words.language())
    return called if kind == "language" else called[0].lower() + called[1:]


def _moment(value: str) -> str:
    """A day, and its hour; what only looks like one keeps its figures."""
    written, _, hour = value.partition(" ")
    try:
        there = date.fromisoformat(written)
    except ValueError:
        return showing.digits(value)
    said = (showing.bikram_sambat(there) if words.language() == "ne" else "") or showing.common_era(there)
    return f"{said} {showing.digits(hour)}".strip()


def _left_out(part: str) -> str:
    """ "3 no phone" as the plan calls it."""
    counted = LEFT_OUT.fullmatch(part)
    both = next((both for both in VALUES["left_out"].values() if counted and both[1] == counted[2]), None)
    if counted is None or both is None:
        return reason(part)
    return f"{showing.digits(counted[1])} {pick(both, words.language())}"


FILTERS: Mapping[str, Callable[..., object]] = {"sentence": sentence, "reason": reason}
