"""Members from a table and into one: what an organiser has in a spreadsheet, as CSV.

A row is one member with one phone. The same row again changes nothing; a row that cannot be read is refused with its line and reason,
and the others go in.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from gateway.core import money, phone
from gateway.services.installation import ORGANISATION
from gateway.store import members, phones

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.members import MemberRow

COLUMNS = ("name", "phone", "language", "trade", "place", "usual_instalment", "private", "preferred_medium", "script")
REQUIRED = ("name", "phone")
YES = frozenset({"yes", "y", "1", "true", "हो"})
NO = frozenset({"", "no", "n", "0", "false", "होइन"})
LONGEST_NAME = 200
E164 = re.compile(r"\+[0-9]{6,15}")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one line of the file: `added`, `known`, or `refused` and why."""

    number: int
    outcome: str
    reason: str = ""


class Refused(ValueError):  # noqa: N818  # the name of what happens to the row
    """A row that cannot be taken, with the reason."""


def read_members(gateway: Gateway, file: IO[str], *, dry_run: bool) -> Iterator[Line]:
    """Take the rows of a CSV file with a heading, one transaction for each; raise Refused when the heading itself is wrong."""
    rows = csv.DictReader(file)
    heading = [name.strip().lower() for name in rows.fieldnames or ()]
    missing = [name for name in REQUIRED if name not in heading]
    surplus = [name for name in heading if name not in COLUMNS]
    if missing or surplus or len(set(heading)) < len(heading):
        wanted = ", ".join(COLUMNS)
        raise Refused(
            f"The heading must name each column once: {wanted} ({' and '.join(REQUIRED)} at least). It reads: {', '.join(heading)}."
        )
    rows.fieldnames = heading
    for row in rows:
        try:
            outcome = _take(gateway, row, dry_run=dry_run)
            yield Line(rows.line_num, outcome)
        except Refused as refused:
            yield Line(rows.line_num, "refused", str(refused))


def _take(gateway: Gateway, row: dict[str, str | None], *, dry_run: bool) -> str:
    if None in row or None in row.values():
        raise Refused("the row has more or fewer cells than the heading")
    cells = {name: (value or "").strip() for name, value in row.items()}
    number = phone.parse(cells["phone"])
    if number is None:
        raise Refused("the phone number cannot be read")
    details = _details(gateway, cells)
    now = gateway.clock()
    with gateway.database.read() as db:
        caller = members.caller(db, gateway.seal.index(number))
        names = members.names(db, gateway.seal, [member.id for member in caller.members]) if caller else {}
    if details["name"] in names.values():
        return "known"
    if not dry_run:
        with gateway.database.write() as db:
            member_id = gateway.new_id()
            membership = members.new_number(db, ORGANISATION, int(gateway.new_id(), 16))
            members.add(db, gateway.seal, members.NewMember(member_id, ORGANISATION, membership, **details), now)  # type: ignore[arg-type]  # by name
            members.attach_phone(db, member_id, phones.find_or_create(db, gateway.seal, number, now))
    return "added"


def _details(gateway: Gateway, cells: dict[str, str]) -> dict[str, object]:
    """The fields of a member, each read by its own rule."""
    if not 0 < len(cells["name"]) <= LONGEST_NAME:
        raise Refused(f"the name must have 1 to {LONGEST_NAME} characters")
    language = cells.get("language") or gateway.settings.language
    if language not in gateway.catalogue.languages:
        raise Refused(f"the language must be one of {', '.join(gateway.catalogue.languages)}")
    script = cells.get("script") or None
    if script not in {None, "devanagari", "romanised"}:
        raise Refused("script must be devanagari or romanised")
    medium = cells.get("preferred_medium") or "voice"
    if medium not in {"voice", "sms"}:
        raise Refused("preferred_medium must be voice or sms")
    private = cells.get("private", "").lower()
    if private not in YES | NO:
        raise Refused("private must be yes or no")
    instalment = cells.get("usual_instalment", "")
    amount = money.parse(instalment) if instalment else None
    if instalment and amount is None:
        raise Refused("usual_instalment must be an amount in rupees")
    return {
        "name": cells["name"],
        "language": language,
        "script": script,
        "preferred_medium": medium,
        "private": private in YES,
        "usual_instalment": amount,
        "trade": cells.get("trade") or None,
        "place": cells.get("place") or None,
        "consented_at": gateway.clock(),
        "consent_how": "paper",
        "consent_wording": "import",
    }


def write_members(gateway: Gateway, file: IO[str]) -> int:
    """Write all members as CSV, phones as the provider needs them, cells safe to open in a spreadsheet; return how many."""
    table = csv.writer(file)
    table.writerow(("number", *COLUMNS))
    count = 0
    for page in _pages(gateway):
        with gateway.database.read() as db:
            phones_of = members.phones_of(db, [member.id for member in page])
            names = members.names(db, gateway.seal, list(phones_of))
            numbers = phones.open_many(db, gateway.seal, {phone_id for ids in phones_of.values() for phone_id in ids})
        for member in page:
            first = next(iter(phones_of[member.id]), None)
            table.writerow(_safe((member.number, *_cells(member, names[member.id], numbers.get(first, "") if first else ""))))
        count += len(page)
    return count


def _pages(gateway: Gateway) -> Iterator[list[MemberRow]]:
    after = ""
    while True:
        with gateway.database.read() as db:
            page = members.list_all(db, ORGANISATION, after, 500)
        if not page:
            return
        yield page
        after = page[-1].number


def _cells(member: MemberRow, name: str | None, number: str) -> Iterable[str]:
    instalment = "" if member.usual_instalment is None else f"{member.usual_instalment / 100:g}"
    private = "yes" if member.private else "no"
    cells = (name, number, member.language, member.trade, None, instalment, private, member.preferred_medium, member.script)
    return ("" if cell is None else cell for cell in cells)


def _safe(cells: Iterable[str]) -> list[str]:
    """A cell that a spreadsheet would take for a formula begins with an apostrophe; E.164 numbers stay as they are."""
    return [f"'{cell}" if cell.startswith(FORMULA) and not E164.fullmatch(cell) else cell for cell in cells]
