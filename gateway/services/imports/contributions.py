"""Contributions from a file: a row is one payment, and what an organisation's books say of it.

An entry is found by our reference or by the number of its receipt. A row with neither is the entry with the same content; of rows with
the same content the second is the second such entry, and so on, so that the same file again adds nothing and a member's own report and
the same line in the books are one entry. The ledger is only added to: a file may confirm an entry, and never change one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from gateway.core import statuses
from gateway.core.calendar import NEPAL, month_of
from gateway.core.ids import number_of
from gateway.errors import GatewayError
from gateway.services.imports import columns, whose
from gateway.services.imports.batches import Kind, Outcome, Setting
from gateway.services.imports.columns import Column, Refusal, Row, read_cells
from gateway.services.imports.tally import Tally
from gateway.services.imports.whose import Found, Whose
from gateway.store import bulk, bulk_records
from gateway.store.bulk_records import KnownEntry

if TYPE_CHECKING:
    from gateway.store.database import Connection

STATES = (*statuses.CONTRIBUTION, "reversal")
PAYERS = ("member", "government")
TO_BE_ADDED = {"noted", "questioned", "confirmed"}
FEWEST_DIGITS = 7  # of a reference without its check digit, as those that are spoken to members

DIFFERS = "it is entered with another one; reverse that entry first"
NOT_TWICE = "entries that reverse others are made with `gateway contributions reverse`"
NO_MONTH = "a row needs the month it is for, or the day it was paid"
FUTURE = "it lies in the future; dates are of the common era, not of Bikram Sambat"
ONE_PAYMENT = "the same amount for the same month is entered already; if it is one payment, reverse one of the two"
NO_SCHEME = "there is no such scheme; `gateway schemes list` shows them"


def _amount(text: str) -> int:
    """Rupees as paisa; less than nothing in an entry that reverses another."""
    return -columns.amount(text[1:]) if text.startswith(("-", "\N{MINUS SIGN}")) else columns.amount(text)


COLUMNS = (
    *whose.COLUMNS,
    Column("amount", "rupees,rs,npr,sum,रकम,रुपैयाँ", "rupees, such as `300` or `1,250.50`", _amount),
    Column("month", "for month,महिना", "the month it is for, of Bikram Sambat: `2083-08`", columns.month),
    Column("paid_on", "date,paid,payment date,मिति,भुक्तानी मिति", "the day it was paid, `2026-11-21`; stands for its month", columns.day),
    Column("scheme", "योजना", "the code of a scheme", columns.code(24)),
    Column("payer", "paid by,तिर्ने", "`member` or `government`", columns.one_of(PAYERS)),
    Column(
        "receipt", "receipt number,receipt no,bill,रसिद,रसिद नम्बर", "the number of the paper receipt; no two are the same", columns.code(40)
    ),
    Column("state", "status,अवस्था", "`noted` or `confirmed`: what the books say", columns.one_of(STATES, yes="confirmed")),
    Column("reference", "our reference,सन्दर्भ", "our own number of an entry, from an export", columns.membership_number),
    Column("note", "remark,remarks,कैफियत", "words for those who check it", columns.note),
)


@dataclass(slots=True)
class ContributionEntry:
    """A row that was read."""

    row: int
    whose: Whose
    values: dict[str, Any]
    sealed_note: bytes | None
    times: int = 0  # the how-manieth row of the file with this content; 0: not counted yet


class ContributionWriter:
    """Takes the rows of a file of contributions."""

    recalls = True  # how often the same content stood before
    import_id: str | None = None

    def __init__(self, setting: Setting) -> None:
        self._setting, self._gateway = setting, setting.gateway
        self._organisation = setting.actor.organisation_id
        self._readers = KIND.readers
        self._tally = Tally()
        with self._gateway.database.read() as db:
            self._schemes = bulk_records.schemes_of(db, self._organisation)

    def prepare(self, row: Row) -> ContributionEntry | list[Refusal]:
        """Read a row."""
        values, refusals = read_cells(row, self._readers)
        if refusals:
            return refusals
        who = whose.read(self._gateway.seal, values)
        for name, reason in (
            ("number", whose.UNNAMED if who is None else ""),
            ("amount", "" if "amount" in values else "there is no amount"),
        ):
            if reason:
                refusals.append(Refusal(row.number, name, reason))
        if (scheme := values.get("scheme")) is not None and scheme not in self._schemes:
            refusals.append(Refusal(row.number, "scheme", NO_SCHEME))
        try:
            values["month"] = values.get("month") or self._month(values.pop("paid_on", None))
        except columns.Unfit as unfit:
            refusals.append(Refusal(row.number, "paid_on", str(unfit)))
        if refusals or who is None:
            return refusals
        note = values.pop("note", None)
        values |= {"scheme_id": self._schemes.get(str(values.pop("scheme", ""))), "payer": values.get("payer", "member")}
        return ContributionEntry(row.number, who, values, self._gateway.seal.seal(note) if isinstance(note, str) else None)

    def _month(self, paid_on: object) -> str:
        if not isinstance(paid_on, date):
            raise columns.Unfit(NO_MONTH)
        if paid_on > self._gateway.clock().astimezone(NEPAL).date():
            raise columns.Unfit(FUTURE)
        try:
            return month_of(datetime.combine(paid_on, time(12), NEPAL))
        except GatewayError:
            raise columns.Unfit("it lies before the years of the Nepali calendar that are known here") from None

    def recall(self, db: Connection, entries: Sequence[ContributionEntry]) -> None:
        """Count what stood in these rows."""
        self._members(db, entries)

    def take(self, db: Connection, entries: Sequence[ContributionEntry], now: datetime) -> list[Outcome]:
        """Decide about a batch of rows and write it."""
        member_ids = self._members(db, entries)
        batch = _Batch(self, db, entries, member_ids)
        outcomes = [batch.place(entry, member_id) for entry, member_id in zip(entries, member_ids, strict=True)]
        if not self._setting.dry_run:
            batch.write(db, now)
        return outcomes

    def _members(self, db: Connection, entries: Sequence[ContributionEntry]) -> list[str | Refusal]:
        """Whose the rows are; each row of somebody is counted, once."""
        found = Found(db, self._gateway.seal, self._organisation, [entry.whose for entry in entries])
        member_ids = [found.member_id(entry.row, entry.whose) for entry in entries]
        for entry, member_id in zip(entries, member_ids, strict=True):
            if not entry.times and isinstance(member_id, str):
                entry.times = self._tally.count(*content(member_id, entry.values))
        return member_ids

    def seen_in_dry_run(self, entry: ContributionEntry) -> bool:
        """In a dry run: whether an earlier row of the file had this receipt. A real run finds that in the database."""
        receipt = entry.values.get("receipt")
        return self._setting.dry_run and receipt is not None and self._tally.count("receipt", receipt) > 1

    @property
    def organisation(self) -> str:
        return self._organisation

    def new_entry(self, entry: ContributionEntry, member_id: str) -> dict[str, Any]:
        """An entry that nobody knew; its reference may come later."""
        names = ("scheme_id", "amount", "month", "payer", "receipt", "reference")
        return {
            "id": self._gateway.new_id(),
            "organisation_id": self._organisation,
            "member_id": member_id,
            **{name: entry.values.get(name) for name in names},
            "noted_by": self._setting.actor.name,
            "sealed_note": entry.sealed_note,
        }

    def decision(self, contribution_id: str, state: str) -> dict[str, Any]:
        """What the file says of an entry."""
        return {"contribution_id": contribution_id, "state": state, "by": self._setting.actor.name}

    def references(self, db: Connection, count: int, besides: set[str]) -> list[str]:
        """Free references."""
        wanted = bulk.Wanted("contributions", count, number_of(self._gateway.new_id()), FEWEST_DIGITS)
        return bulk.free_numbers(db, self._organisation, wanted, besides)[0]


def content(member_id: str, values: dict[str, Any]) -> tuple[object, ...]:
    """What makes two rows the same payment where they have no receipts."""
    return member_id, values["scheme_id"], values["amount"], values["month"], values["payer"]


def _content(known: KnownEntry) -> tuple[object, ...]:
    return content(known.member_id, known._asdict())


class _Batch:
    """The entries that a batch of rows concerns."""

    def __init__(
        self, writer: ContributionWriter, db: Connection, entries: Sequence[ContributionEntry], member_ids: Sequence[str | Refusal]
    ) -> None:
        self._writer = writer
        receipts, references = ({entry.values[key] for entry in entries if key in entry.values} for key in ("receipt", "reference"))
        by_key = bulk_records.entries_by_key(db, writer.organisation, receipts, references)
        self._by_receipt = {known.receipt: known for known in by_key}
        self._by_reference = {known.reference: known for known in by_key}
        self._alike: dict[tuple[object, ...], list[KnownEntry]] = {}
        ids = {member_id for member_id in member_ids if isinstance(member_id, str)}
        for known in bulk_records.entries_of(db, writer.organisation, ids, {entry.values["month"] for entry in entries}):
            if known.state not in {"reversed", "reversal"}:
                self._alike.setdefault(_content(known), []).append(known)
        self._new: list[dict[str, Any]] = []
        self._decisions: list[dict[str, Any]] = []
        self._confirmed: set[str] = set()

    def place(self, entry: ContributionEntry, member_id: str | Refusal) -> Outcome:
        """Decide about one row."""
        if isinstance(member_id, Refusal):
            return Outcome("refused", (member_id,))
        known = self._known(entry, member_id)
        return self._add(entry, member_id) if known is None else self._compare(known, entry, member_id)

    def _known(self, entry: ContributionEntry, member_id: str) -> KnownEntry | None:
        values = entry.values
        if "reference" in values and (known := self._by_reference.get(values["reference"])):
            return known
        if "receipt" in values:
            return self._by_receipt.get(values["receipt"])
        if "reference" in values:
            return None
        alike = self._alike.get(content(member_id, values), [])
        return alike[entry.times - 1] if entry.times <= len(alike) else None

    def _add(self, entry: ContributionEntry, member_id: str) -> Outcome:
        values = entry.values
        state = values.get("state", "noted")
        if values["amount"] < 0 or state not in TO_BE_ADDED:
            return Outcome("refused", (Refusal(entry.row, "amount" if values["amount"] < 0 else "state", NOT_TWICE),))
        alike = self._alike.setdefault(content(member_id, values), [])
        notes = (Refusal(entry.row, "amount", ONE_PAYMENT),) if any(known.receipt is None for known in alike[entry.times - 1 :]) else ()
        row = self._writer.new_entry(entry, member_id)
        self._new.append(row)
        if state != "noted":
            self._decisions.append(self._writer.decision(row["id"], state))
        known = KnownEntry(**{name: row.get(name) for name in KnownEntry._fields if name != "state"}, state=state)  # type: ignore[arg-type]
        alike.append(known)
        if known.receipt is not None:
            self._by_receipt[known.receipt] = known
        if known.reference is not None:
            self._by_reference[known.reference] = known
        return Outcome("known" if self._writer.seen_in_dry_run(entry) else "added", notes)

    def _compare(self, known: KnownEntry, entry: ContributionEntry, member_id: str) -> Outcome:
        values = entry.values
        faults = [Refusal(entry.row, "number", DIFFERS)] if known.member_id != member_id else []
        faults += [Refusal(entry.row, name, DIFFERS) for name in ("amount", "month", "payer") if values[name] != getattr(known, name)]
        if values["scheme_id"] not in {None, known.scheme_id}:
            faults.append(Refusal(entry.row, "scheme", DIFFERS))
        if values.get("receipt", known.receipt) != known.receipt:
            faults.append(Refusal(entry.row, "receipt", DIFFERS))
        if faults:
            return Outcome("refused", tuple(faults))
        confirms = values.get("state") == "confirmed" and known.state in {"noted", "questioned"} and known.id not in self._confirmed
        if not confirms:
            return Outcome("known")
        self._confirmed.add(known.id)
        self._decisions.append(self._writer.decision(known.id, "confirmed"))
        return Outcome("changed", (Refusal(entry.row, "state", "changed"),))

    def write(self, db: Connection, now: datetime) -> None:
        """Write what was decided."""
        unnumbered = [row for row in self._new if row["reference"] is None]
        if unnumbered:
            drawn = self._writer.references(db, len(unnumbered), set(self._by_reference))
            for row, reference in zip(unnumbered, drawn, strict=True):
                row["reference"] = reference
        new = [{**row, "noted_at": now} for row in self._new]
        bulk_records.add_entries(db, new, [{**decision, "at": now} for decision in self._decisions])


KIND = Kind("contributions", COLUMNS, (whose.REQUIRED, ("amount",), ("month", "paid_on")), ContributionWriter)
