"""Claims from a file of an insurer: a row is one claim and where it stands.

A claim is found by our number or by the insurer's reference. A file moves it as `gateway.core.claims` allows, through the states that
the insurer left out; each is an event that stays. News that the claim has left behind, in a file that is older or comes again, changes
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from gateway.core import claims
from gateway.core.calendar import NEPAL
from gateway.core.ids import number_of
from gateway.services.imports import columns, whose
from gateway.services.imports.batches import Kind, Outcome, Setting
from gateway.services.imports.columns import Column, Refusal, Row, read_cells
from gateway.services.imports.tally import Tally
from gateway.services.imports.whose import Found, Whose
from gateway.store import bulk, bulk_records
from gateway.store.bulk_records import KnownClaim

if TYPE_CHECKING:
    from gateway.store.database import Connection

LONGEST_REVIEW = timedelta(days=366)

UNNUMBERED = "a row needs the insurer's reference or our number of the claim"
UNKNOWN = "there is no claim with this number; leave it empty for a new one"
NO_KIND = "a new claim needs its kind"
NO_AMOUNT = "an approved claim needs its amount"
NO_WAY = "a claim that is {old} does not become {new}"
FUTURE = "it lies in the future; dates are of the common era, not of Bikram Sambat"
ANOTHER = "the claim stands with another one"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


COLUMNS = (
    *whose.COLUMNS,
    Column("claim_number", "our number,claim no,दाबी नम्बर", "our number of the claim; empty for a new one", columns.membership_number),
    Column(
        "insurer_reference", "insurer reference,reference,policy claim no,बीमा सन्दर्भ", "the insurer's number of the claim", columns.code(40)
    ),
    Column("kind", "type,claim type,किसिम,दाबीको किसिम", _listed(claims.KINDS), columns.one_of(claims.KINDS)),
    Column(
        "state",
        "status,अवस्था",
        f"{_listed(claims.STATES)}; else `received`",
        columns.one_of(claims.STATES, settled="paid", rejected="refused", pending="review", registered="received"),
    ),
    Column("amount", "approved amount,rupees,रकम", "rupees that were approved", columns.amount),
    Column("date", "status date,मिति", "the day on which it came into this state; else today", columns.day),
    Column("review_until", "review date,समीक्षा मिति", "the day until which it is under review", columns.day),
    Column("paper", "missing paper,कागज", f"the paper that is missing: {_listed(claims.ALL_PAPERS)}", columns.one_of(claims.ALL_PAPERS)),
    Column("reason", "why,कारण", f"why it was not approved: {_listed(claims.REASONS)}", columns.one_of(claims.REASONS)),
    Column("note", "remark,remarks,कैफियत", "words for those who work on it", columns.note),
)


@dataclass(slots=True)
class ClaimEntry:
    """A row that was read."""

    row: int
    whose: Whose | None
    values: dict[str, Any]
    sealed_note: bytes | None
    seen: int = 0  # in a dry run: how often the file named this claim until here


class ClaimWriter:
    """Takes the rows of a file of claims."""

    recalls = False  # the database knows every claim by its number
    import_id: str | None = None

    def __init__(self, setting: Setting) -> None:
        self._setting, self._gateway = setting, setting.gateway
        self._organisation = setting.actor.organisation_id
        self._readers = KIND.readers
        self._tally = Tally() if setting.dry_run else None

    def prepare(self, row: Row) -> ClaimEntry | list[Refusal]:
        """Read a row."""
        values, refusals = read_cells(row, self._readers)
        today = self._gateway.clock().astimezone(NEPAL).date()
        for name, latest in (("date", today), ("review_until", today + LONGEST_REVIEW)):
            if isinstance(given := values.get(name), date) and given > latest:
                refusals.append(Refusal(row.number, name, FUTURE))
        if "claim_number" not in values and "insurer_reference" not in values and not refusals:
            refusals.append(Refusal(row.number, "insurer_reference", UNNUMBERED))
        if refusals:
            return refusals
        note = values.pop("note", None)
        who = whose.read(self._gateway.seal, values)
        return ClaimEntry(row.number, who, values, self._gateway.seal.seal(note) if isinstance(note, str) else None)

    def recall(self, db: Connection, entries: Sequence[ClaimEntry]) -> None:
        """Nothing is needed of them."""

    def take(self, db: Connection, entries: Sequence[ClaimEntry], now: datetime) -> list[Outcome]:
        """Decide about a batch of rows and write it."""
        found = Found(db, self._gateway.seal, self._organisation, [entry.whose for entry in entries if entry.whose])
        batch = _Batch(self, db, entries, now)
        outcomes = [batch.place(entry, found) for entry in entries]
        if not self._setting.dry_run:
            batch.write(db)
        return outcomes

    def seen_in_dry_run(self, entry: ClaimEntry) -> bool:
        """In a dry run: whether an earlier row of the file opened this claim. A real run finds that in the database."""
        if self._tally is not None and not entry.seen:
            entry.seen = self._tally.count(entry.values.get("insurer_reference"), entry.values.get("claim_number"))
        return entry.seen > 1

    @property
    def organisation(self) -> str:
        return self._organisation

    @property
    def by(self) -> str:
        """Who says what the file says."""
        return self._setting.actor.name

    def new_id(self) -> str:
        """The id of a new claim."""
        return self._gateway.new_id()

    def numbers(self, db: Connection, count: int) -> list[str]:
        """Free numbers of claims."""
        return bulk.free_numbers(db, self._organisation, bulk.Wanted("claims", count, number_of(self._gateway.new_id())))[0]


@dataclass(slots=True)
class _Claim:
    """A claim as it stands while a batch is decided about."""

    fields: dict[str, Any]  # of KnownClaim
    states: set[str]
    new: bool = False
    changed: bool = False
    sealed_note: bytes | None = None


class _Batch:
    """The claims that a batch of rows concerns."""

    def __init__(self, writer: ClaimWriter, db: Connection, entries: Sequence[ClaimEntry], now: datetime) -> None:
        self._writer, self._now = writer, now
        numbers, references = (
            {entry.values[key] for entry in entries if key in entry.values} for key in ("claim_number", "insurer_reference")
        )
        rows = {known.id: known for known in bulk_records.claims_by_key(db, writer.organisation, numbers, references)}
        states = bulk_records.states_of(db, rows)
        self._claims = [_Claim(known._asdict(), states.get(known.id, {known.state})) for known in rows.values()]
        self._by_number = {claim.fields["number"]: claim for claim in self._claims}
        self._by_reference = {claim.fields["insurer_reference"]: claim for claim in self._claims if claim.fields["insurer_reference"]}
        self._log: list[dict[str, Any]] = []
        self._asked: dict[str, str] = {}

    def place(self, entry: ClaimEntry, found: Found) -> Outcome:
        """Decide about one row."""
        values = entry.values
        claim = self._by_number.get(values.get("claim_number")) or self._by_reference.get(values.get("insurer_reference"))
        if claim is None and "claim_number" in values and "insurer_reference" not in values and "kind" not in values:
            return Outcome("refused", (Refusal(entry.row, "claim_number", UNKNOWN),))
        if entry.whose is None and claim is None:
            return Outcome("refused", (Refusal(entry.row, "number", whose.UNNAMED),))
        member_id = found.member_id(entry.row, entry.whose) if entry.whose else claim.fields["member_id"] if claim else ""
        if isinstance(member_id, Refusal):
            return Outcome("refused", (member_id,))
        return self._open(entry, member_id) if claim is None else self._compare(claim, entry, member_id)

    def _open(self, entry: ClaimEntry, member_id: str) -> Outcome:
        values = entry.values
        if "kind" not in values:
            return Outcome("refused", (Refusal(entry.row, "kind", NO_KIND),))
        fields = dict.fromkeys(KnownClaim._fields) | {
            "id": self._writer.new_id(),
            "member_id": member_id,
            "number": values.get("claim_number"),
            "kind": values["kind"],
            "state": "received",
            "insurer_reference": values.get("insurer_reference"),
            "changed_at": self._at(entry, None),
        }
        claim = _Claim(fields, set(), new=True, sealed_note=entry.sealed_note)
        if refusal := self._unpayable(claim, entry):
            return Outcome("refused", (refusal,))
        self._note(claim, "received")
        if values.get("state", "received") != "received":
            self._move(claim, entry, claims.way("received", values["state"]))
        self._claims.append(claim)
        if fields["number"]:
            self._by_number[fields["number"]] = claim
        if fields["insurer_reference"]:
            self._by_reference[fields["insurer_reference"]] = claim
        return Outcome("known" if self._writer.seen_in_dry_run(entry) else "added")

    def _compare(self, claim: _Claim, entry: ClaimEntry, member_id: str) -> Outcome:
        """What the row says of a claim that is known. An empty cell says nothing."""
        values, fields = entry.values, claim.fields
        changed: list[str] = []
        faults = [Refusal(entry.row, "number", ANOTHER)] if fields["member_id"] != member_id else []
        faults += [Refusal(entry.row, "kind", ANOTHER)] if values.get("kind", fields["kind"]) != fields["kind"] else []
        for column, name in (("insurer_reference", "insurer_reference"), ("claim_number", "number")):
            if values.get(column, fields[name]) != fields[name] and fields[name] is not None:
                faults.append(Refusal(entry.row, column, ANOTHER))
        if not faults and self._is_news(claim, entry):
            way = self._way(claim, entry)
            if way is None:
                faults.append(Refusal(entry.row, "state", NO_WAY.format(old=fields["state"], new=values["state"])))
            elif refusal := self._unpayable(claim, entry):
                faults.append(refusal)
            elif way:
                self._move(claim, entry, way)
                changed.append("state")
        elif not faults and values.get("state") == fields["state"] and fields["amount"] is not None:
            faults += [Refusal(entry.row, "amount", ANOTHER)] if values.get("amount", fields["amount"]) != fields["amount"] else []
        if faults:
            return Outcome("refused", tuple(faults))
        if fields["insurer_reference"] is None and "insurer_reference" in values:
            fields["insurer_reference"] = values["insurer_reference"]
            self._by_reference[values["insurer_reference"]] = claim
            changed.append("insurer_reference")
        claim.changed = claim.changed or bool(changed)
        return Outcome("changed" if changed else "known", tuple(Refusal(entry.row, name, "changed") for name in changed))

    def _is_news(self, claim: _Claim, entry: ClaimEntry) -> bool:
        """Whether the row says something that the claim has not behind it: a state it never was in, or a later day, or a later review."""
        values, state = entry.values, entry.values.get("state")
        if state is None:
            return False
        if state == claim.fields["state"]:
            until, known = values.get("review_until"), claim.fields["review_until"]
            return state == "review" and until is not None and (known is None or until > known.astimezone(NEPAL).date())
        day = values.get("date")
        return state not in claim.states or (day is not None and day > claim.fields["changed_at"].astimezone(NEPAL).date())

    @staticmethod
    def _way(claim: _Claim, entry: ClaimEntry) -> tuple[str, ...] | None:
        return claims.way(claim.fields["state"], entry.values["state"])

    def _unpayable(self, claim: _Claim, entry: ClaimEntry) -> Refusal | None:
        wanted = entry.values.get("state") in {"approved", "paid"}
        if wanted and "amount" not in entry.values and claim.fields["amount"] is None:
            return Refusal(entry.row, "amount", NO_AMOUNT)
        return None

    def _move(self, claim: _Claim, entry: ClaimEntry, way: tuple[str, ...] | None) -> None:
        """Let a claim go this way; what the row says belongs to its last state."""
        values, fields = entry.values, claim.fields
        for state in way or ():
            fields["state"] = state
            fields["changed_at"] = self._at(entry, fields["changed_at"])
            if state in {"approved", "paid"}:
                fields["amount"] = values.get("amount", fields["amount"])
            if state == "refused":
                fields["reason"] = values.get("reason")
            if state == "review":
                fields["review_until"] = _midnight(values["review_until"]) if "review_until" in values else None
            if state == "paid":
                fields["paid_at"] = fields["changed_at"]
            if state == "paper_missing" and "paper" in values:
                self._asked[fields["id"]] = values["paper"]
            self._note(claim, state)

    def _note(self, claim: _Claim, state: str) -> None:
        claim.states.add(state)
        fields = claim.fields
        self._log.append(
            {
                "claim_id": fields["id"],
                "state": state,
                "amount": fields["amount"] if state in {"approved", "paid"} else None,
                "reason": fields["reason"] if state == "refused" else None,
                "by": self._writer.by,
                "sealed_note": None,
                "at": fields["changed_at"],
            }
        )

    def _at(self, entry: ClaimEntry, not_before: datetime | None) -> datetime:
        """When it came into the state: the day of the row, within what is known already."""
        day = entry.values.get("date")
        at = self._now if day is None else min(_midnight(day), self._now)
        return at if not_before is None else max(at, not_before)

    def write(self, db: Connection) -> None:
        """Write what was decided."""
        new = [claim for claim in self._claims if claim.new]
        began = {event["claim_id"]: event["at"] for event in reversed(self._log)}
        unnumbered = [claim for claim in new if claim.fields["number"] is None]
        if unnumbered:
            for claim, number in zip(unnumbered, self._writer.numbers(db, len(unnumbered)), strict=True):
                claim.fields["number"] = number
        opened = [
            {
                **{name: value for name, value in claim.fields.items() if name != "version"},
                "organisation_id": self._writer.organisation,
                "sealed_note": claim.sealed_note,
                "opened_at": began[claim.fields["id"]],
            }
            for claim in new
        ]
        moved = [claim.fields for claim in self._claims if claim.changed and not claim.new]
        bulk_records.write_claims(db, opened, moved, self._log)
        bulk_records.ask_for(db, self._asked)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), NEPAL)


KIND = Kind("claims", COLUMNS, (("insurer_reference", "claim_number"),), ClaimWriter)
