"""Headings and cells: how the columns of a file are called, and how each is read.

A reader takes the text of a cell and gives its value, or raises `Unfit` with a sentence that repeats nothing of the cell: refusals are
stored, and cells are personal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Self

from gateway.core import money, people, phone, places, reference
from gateway.core.calendar import MONTH_LENGTHS
from gateway.core.digits import fold_digits
from gateway.errors import GatewayError
from gateway.services.imports.reading import Table, fold

YES = frozenset({"yes", "y", "1", "true", "हो", "छ", "ho", "chha"})
NO = frozenset({"no", "n", "0", "false", "होइन", "छैन", "hoina", "chhaina"})
PLAIN_WORD = "[A-Za-z.'\u0901-\u0939\u093d-\u094d-]+"
PLAIN_NAME = re.compile(f"{PLAIN_WORD}(?: {PLAIN_WORD})*")  # most names: there is nothing in them to clean
LONGEST_TEXT = 200
LONGEST_NOTE = 2_000
SHOWN_HEADINGS = 20
SEVERAL = re.compile(r"[,;/&|\n]|\b(?:or|and|ra|wa)\b|\b(?:र|वा)\b", re.IGNORECASE)
SCIENTIFIC = re.compile(r"([0-9])\.([0-9]+)[eE]\+?0*([0-9]{1,2})")
FLOATED = re.compile(r"(\+?[0-9]+)\.0+")
LEAST_PHONE = 5  # digits
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
MONTH = re.compile(r"(20[0-9]{2})[-/. ]([0-9]{1,2})")
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T]00:00(?::00)?)?")
EARLIEST = date(1990, 1, 1)


class Unfit(ValueError):  # noqa: N818  # what the cell is
    """A cell that cannot be taken, with the reason."""


class Refusal(NamedTuple):
    """What is wrong with one cell of a row, or with the row (`column` is ""). It repeats nothing of the cell."""

    row: int
    column: str
    reason: str


class Row(NamedTuple):
    """A row of a file: its number there, and its cells by the names of our columns, those that hold something."""

    number: int
    cells: Mapping[str, str]
    fault: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, how else a heading may call it, what it holds (for docs/import.md), and how it is read."""

    name: str
    aliases: str  # with commas between
    holds: str
    read: Callable[[str], object]

    @property
    def headings(self) -> tuple[str, ...]:
        """All that a heading may be, folded."""
        return tuple(map(fold, (self.name, *self.aliases.split(","))))


class Repaired(str):
    """A phone in E.164 that was written in another way; `how` says in which."""

    __slots__ = ("how",)
    how: str

    def __new__(cls, e164: str, how: str) -> Self:
        made = super().__new__(cls, e164)
        made.how = how
        return made


def headed(table: Table, columns: Sequence[Column], required: Sequence[Collection[str]]) -> Iterator[Row]:
    """The rows behind the heading. Of each group in `required` one column must be there.

    Raises GatewayError `import:heading` where a heading is missing, unknown, double or empty, `import:empty` where there is nothing.
    """
    known = {heading: column.name for column in columns for heading in column.headings}
    rows = table.rows(known)
    first = next((row for row in rows if row.fault or any(map(str.strip, row.texts))), None)
    if first is None:
        raise GatewayError("import:empty")
    if first.fault:
        raise GatewayError("import:heading", reason=f"The heading cannot be read: {first.fault}.")
    names = _names(first.texts, known, [column.name for column in columns], required)

    def behind() -> Iterator[Row]:
        width = len(names)
        for number, texts, fault, at in rows:
            if fault:
                yield Row(number, {}, Refusal(number, names[at] if at is not None and at < width else "", fault))
                continue
            cells = {name: text for name, text in zip(names, map(str.strip, texts), strict=False) if text}
            if len(texts) == width or (table.ragged and not any(map(str.strip, texts[width:]))):
                if cells:
                    yield Row(number, cells)
            elif cells or any(map(str.strip, texts)):
                yield Row(number, {}, Refusal(number, "", f"the row has {len(texts)} cells, and the heading {width}"))

    return behind()


def _names(texts: Sequence[str], known: Mapping[str, str], wanted: Sequence[str], required: Sequence[Collection[str]]) -> list[str]:
    """The names of our columns in the order of the heading."""
    faults: list[str] = []
    names = [known.get(fold(text), "") for text in texts]
    empty = [str(place) for place, text in enumerate(texts, start=1) if not fold(text)]
    unknown = [f"{text.strip()[:40]!r}" for text, name in zip(texts, names, strict=True) if not name and fold(text)]
    twice = sorted({name for name in names if name and names.count(name) > 1}) if len(names) <= LONGEST_TEXT else []
    missing = [" or ".join(group) for group in required if not set(group) & set(names)]
    if empty:
        faults.append(f"Nothing stands above column {_listed(empty)}.")
    if unknown:
        faults.append(f"Nobody knows the column {_listed(unknown)}.")
    if twice:
        faults.append(f"There is more than one column for {_listed(twice)}.")
    if missing:
        faults.append(f"There is no column {' and no column '.join(missing)}.")
    if faults:
        raise GatewayError("import:heading", reason=f"{' '.join(faults)} Known are {', '.join(wanted)}.")
    return names


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN_HEADINGS} more" if len(names) > SHOWN_HEADINGS else ""
    return ", ".join(names[:SHOWN_HEADINGS]) + more


def read_cells(row: Row, readers: Mapping[str, Callable[[str], object]]) -> tuple[dict[str, object], list[Refusal]]:
    """The values of a row's cells, and what is wrong with those that have none."""
    values: dict[str, object] = {}
    refusals: list[Refusal] = []
    for name, text in row.cells.items():
        try:
            values[name] = readers[name](text)
        except Unfit as unfit:
            refusals.append(Refusal(row.number, name, str(unfit)))
    return values, refusals


# --- readers -----------------------------------------------------------------------------------------------------------------------


def name(text: str) -> str:
    """A name of a person or a village."""
    if len(text) <= people.LONGEST_NAME and PLAIN_NAME.fullmatch(text):
        return text
    cleaned = people.clean(text)
    if not people.is_name(cleaned):
        raise Unfit(f"a name has 1 to {people.LONGEST_NAME} characters")
    return cleaned


def note(text: str) -> str:
    """Free words."""
    if len(text) > LONGEST_NOTE:
        raise Unfit(f"it has more than {LONGEST_NOTE} characters")
    return people.clean(text)


def one_of(choices: Collection[str], **also: str) -> Callable[[str], str]:
    """A reader of one of these words, in any case, or of another word for it: `other="one"`."""
    meant = {choice: choice for choice in choices} | {fold(other): choice for other, choice in also.items()}
    meant |= {fold(choice): choice for choice in choices}

    def read(text: str) -> str:
        if (choice := meant.get(text) or meant.get(fold(text))) is None:
            raise Unfit(f"it must be one of {', '.join(choices)}")
        return choice

    return read


def yes_or_no(text: str) -> bool:
    """Yes or no, in English or Nepali."""
    word = fold_digits(text).casefold()
    if word not in YES and word not in NO:
        raise Unfit("it must be yes or no")
    return word in YES


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers of this range."""

    def read(text: str) -> int:
        digits = fold_digits(text).removesuffix(".0")
        if not digits.isascii() or not digits.isdecimal() or len(digits) > 9 or not least <= int(digits) <= most:
            raise Unfit(f"it must be a whole number from {least} to {most}")
        return int(digits)

    return read


def amount(text: str) -> int:
    """Rupees, as paisa."""
    if (paisa := money.parse(text)) is None:
        raise Unfit("it must be an amount in rupees, more than 0 and at most 100 crore, such as 300 or 1,250.50")
    return paisa


def membership_number(text: str) -> str:
    """One of our numbers, whose last digit checks the others."""
    digits = fold_digits(text).removeprefix("'").removesuffix(".0")
    if not reference.is_valid(digits) or len(digits) > 12:
        raise Unfit("the digits do not belong together: a figure is wrong or two are swapped")
    return digits


def code(most: int) -> Callable[[str], str]:
    """A reader of references that others gave: letters, digits, dashes and strokes."""

    def read(text: str) -> str:
        written = FLOATED.sub(r"\1", fold_digits(text))
        if not CODE.fullmatch(written) or len(written) > most:
            raise Unfit(f"it must be letters, digits, dashes and strokes, at most {most}")
        return written

    return read


def day(text: str) -> date:
    """A day as 2026-11-21, not before 1990."""
    written = fold_digits(text)
    if not ISO.fullmatch(written):
        raise Unfit("a date is written 2026-11-21, of the common era")
    try:
        found = date.fromisoformat(written[:10])
    except ValueError:
        raise Unfit("there is no such day") from None
    if found < EARLIEST:
        raise Unfit(f"it lies before {EARLIEST.year}")
    return found


def month(text: str) -> str:
    """A month of Bikram Sambat as 2083-08."""
    written = MONTH.fullmatch(fold_digits(text))
    if written is None or not 1 <= int(written[2]) <= len(MONTH_LENGTHS[0]) or not 2050 <= int(written[1]) <= 2099:
        raise Unfit("a month is written 2083-08, of Bikram Sambat")
    return f"{written[1]}-{int(written[2]):02}"


def place_code(text: str) -> str:
    """The code of a place."""
    if not places.is_place(text):
        raise Unfit("a place is a code such as 3-27-02-05; `gateway places` finds it")
    return text


def phone_number(text: str) -> str:
    """A phone in E.164; a `Repaired` one where a spreadsheet or a hand had changed it and it could be told how."""
    if phone.NEPALI_MOBILE.fullmatch(text):
        return f"+977{text[-10:]}" if len(text) in {10, 14} else Repaired(f"+977{text[-10:]}", "the + was lost")
    written, how = _unspoilt(fold_digits(text).removeprefix("'").strip())
    if sum(sum(char.isdecimal() for char in part) >= LEAST_PHONE for part in SEVERAL.split(written)) > 1:
        raise Unfit("there are several numbers in it; write each in a row of its own")
    e164 = phone.parse(written)
    if e164 is None:
        raise Unfit("the phone number cannot be read")
    if not phone.may_call(e164, frozenset({"NP"})) and e164.startswith("+977"):
        raise Unfit("nobody can be called at this number")
    return e164 if e164 == text else Repaired(e164, how or "it was written in another way")


def _unspoilt(written: str) -> tuple[str, str]:
    """What stood there before a spreadsheet took it for a number."""
    if floated := FLOATED.fullmatch(written):
        return floated[1], "it was written with a decimal point"
    if scientific := SCIENTIFIC.fullmatch(written):
        digits, places = scientific[2], int(scientific[3])
        if len(digits) == places:
            return scientific[1] + digits, "it was written as a power of ten"
        raise Unfit("a spreadsheet has shortened the number; give the column the format Text and write it again")
    return written, ""
