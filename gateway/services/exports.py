"""Members, contributions and claims into files: CSV or XLSX, page by page, which can be imported again and then change nothing.

Names are typed by strangers, so no cell is ever a formula: in CSV what a spreadsheet could take for one gets an apostrophe in front,
which the import takes away again; in XLSX every cell is a text. Phones and plain amounts stay as they are.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gateway.core.calendar import NEPAL
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.imports.reading import FORMULA
from gateway.store import tables

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

PAGE = 500  # rows
PLAIN = re.compile(r"\+[0-9]{6,15}|-?[0-9]+(?:\.[0-9]+)?")  # a phone, an amount
MAY_BE_FORMULA = re.compile(f"'*{FORMULA}")
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # XML has no way to say them
LONGEST_CELL = 32_767  # characters, of XLSX

MEMBER_COLUMNS = (
    *("number", "name", "phone", "village", "language", "script", "trade", "place", "sex", "birth_year", "household_role"),
    *("usual_instalment", "private", "preferred_medium", "best_hour", "reminders", "state", "consented_on", "consent_how"),
    "consent_wording",
)


Pages = Iterator[tuple[int, Iterable[Mapping[str, object]]]]  # how many records each page has, and its rows


@dataclass(frozen=True, slots=True)
class Rows:
    """What is written: the columns, and pages of rows by them."""

    columns: Sequence[str]
    pages: Pages


class Sheet(Protocol):
    """A file that rows are written to."""

    def write(self, cells: Iterable[str]) -> None:
        """Write one row."""

    def close(self) -> None:
        """Write what is left."""


def write(gateway: Gateway, actor: Actor, kind: str, path: Path) -> int:
    """Write all records of a kind to a file that only its owner can read; how many there are.

    The name tells the form: `.csv` or `.xlsx`. The file appears when it is whole. GatewayErrors `import:kind`, `export:form`.
    """
    if kind not in KINDS:
        actor.require(Permission.EXPORT)
        raise GatewayError("import:kind", kind=kind, known=", ".join(KINDS))
    columns, pages = KINDS[kind]
    return write_rows(gateway, actor, kind, path, Rows(columns, pages(gateway, actor)))


def write_rows(gateway: Gateway, actor: Actor, subject: str, path: Path, rows: Rows) -> int:
    """Write these rows as `write` does; how many records there are. `subject` is what the audit log says of it."""
    actor.require(Permission.EXPORT)
    if path.suffix.lower() not in FORMS:
        raise GatewayError("export:form", forms=" or ".join(FORMS))
    unfinished = path.with_name(f".{path.name}.{gateway.new_id()[:12]}")
    count = 0
    try:
        sheet = FORMS[path.suffix.lower()](unfinished)
        sheet.write(rows.columns)
        for records, page in rows.pages:
            count += records
            for row in page:
                sheet.write(_shown(row.get(name)) for name in rows.columns)
        sheet.close()
        with gateway.database.write() as db:
            access.note(gateway, db, actor, "export", subject, count=count)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


class _Text:
    """CSV in UTF-8 with the mark by which spreadsheets know it."""

    def __init__(self, path: Path) -> None:
        self._stream = os.fdopen(_private(path), "w", encoding="utf-8-sig", errors="replace", newline="")
        self._writer = csv.writer(self._stream)

    def write(self, cells: Iterable[str]) -> None:
        self._writer.writerow([_escaped(cell) for cell in cells])

    def close(self) -> None:
        self._stream.close()


def _escaped(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> _escaped("=1+1"), _escaped("+9779841234567"), _escaped("-300.50"), _escaped("'=1")
    ("'=1+1", '+9779841234567', '-300.50', "''=1")
    """
    return f"'{cell}" if MAY_BE_FORMULA.match(cell) and not PLAIN.fullmatch(cell) else cell


class _Workbook:
    """XLSX, written row by row."""

    def __init__(self, path: Path) -> None:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell

        os.close(_private(path))
        self._path, self._cell = path, WriteOnlyCell
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet()

    def write(self, cells: Iterable[str]) -> None:
        self._sheet.append([self._text(cell) for cell in cells])

    def _text(self, value: str) -> object:
        cell = self._cell(self._sheet, UNPRINTABLE.sub(_instead, value)[:LONGEST_CELL])
        cell.data_type = "s"  # openpyxl takes =... for a formula
        return cell

    def close(self) -> None:
        self._book.save(self._path)


FORMS: Mapping[str, Callable[[Path], Sheet]] = {".csv": _Text, ".xlsx": _Workbook}


def _instead(found: re.Match[str]) -> str:
    """A blank for what parts words, nothing for the others: so are names cleaned (`gateway.core.people.clean`)."""
    return " " if found[0].isspace() else ""


def _shown(value: object) -> str:
    """A value as the import reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(NEPAL):%Y-%m-%d}"
    return str(value)


def in_rupees(paisa: int | None) -> str | None:
    """Rupees without grouping, as spreadsheets count with them."""
    if paisa is None:
        return None
    sign, (whole, rest) = "-" if paisa < 0 else "", divmod(abs(paisa), 100)
    return f"{sign}{whole}.{rest:02}" if rest else f"{sign}{whole}"


def _members(gateway: Gateway, actor: Actor) -> Pages:
    """Members by number, each with a row for each of her phones."""
    after = ""
    while True:
        with gateway.database.read() as db:
            page = tables.members_behind(db, gateway.seal, actor.scope, after, PAGE)
        if not page:
            return
        for row in page:
            row |= {"usual_instalment": in_rupees(row["usual_instalment"]), "consented_on": row["consented_at"]}
        yield len(page), ({**row, "phone": phone} for row in page for phone in row["phones"] or ("",))
        after = page[-1]["number"]


def _contributions(gateway: Gateway, actor: Actor) -> Pages:
    """Entries of the ledger by reference, reversed ones and those that reverse them too."""
    after = ""
    while True:
        with gateway.database.read() as db:
            page = tables.contributions_behind(db, gateway.seal, actor.scope, after, PAGE)
        if not page:
            return
        for row in page:
            row |= {"amount": in_rupees(row["amount"]), "state": _state(row)}
        yield len(page), page
        after = page[-1]["reference"]


def _state(row: Mapping[str, object]) -> str:
    """What decisions and reversals leave an entry as."""
    if row["reverses"]:
        return "reversal"
    return next((state for state in ("reversed", "confirmed", "questioned") if row[state]), "noted")


def _claims(gateway: Gateway, actor: Actor) -> Pages:
    """Claims by number, as they stand."""
    after = ""
    while True:
        with gateway.database.read() as db:
            page = tables.claims_behind(db, gateway.seal, actor.scope, after, PAGE)
        if not page:
            return
        after = page[-1]["number"]
        for row in page:
            row |= {
                "claim_number": row["number"],
                "number": row["member_number"],
                "amount": in_rupees(row["amount"]),
                "date": row["changed_at"],
            }
        yield len(page), page


CONTRIBUTION_COLUMNS = ("reference", "number", "amount", "month", "scheme", "payer", "receipt", "state", "note")
CLAIM_COLUMNS = (*("claim_number", "number", "insurer_reference", "kind", "state", "amount", "date", "review_until", "reason", "note"),)
KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[Gateway, Actor], Pages]]] = {
    "members": (MEMBER_COLUMNS, _members),
    "contributions": (CONTRIBUTION_COLUMNS, _contributions),
    "claims": (CLAIM_COLUMNS, _claims),
}
