"""Contributions and claims by the hundred, as `gateway.store.bulk` does with members: what is known of a batch, and what goes in for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, delete, exists, func, insert, select, update

from gateway.core.claims import PAPERS
from gateway.store.database import Conflict, Connection
from gateway.store.models import claim_events, claim_papers, claims, contribution_decisions, contributions, schemes
from gateway.store.prepared import Prepared
from gateway.store.rows import insert_into


class KnownEntry(NamedTuple):
    """An entry of the ledger as a file is compared with it. `state` is what the decisions and reversals leave it as."""

    id: str
    member_id: str
    scheme_id: str | None
    amount: int
    month: str
    payer: str
    reference: str
    receipt: str | None
    state: str


class KnownClaim(NamedTuple):
    """A claim as a file is compared with it."""

    id: str
    member_id: str
    number: str
    kind: str
    state: str
    amount: int | None
    reason: str | None
    review_until: datetime | None
    paid_at: datetime | None
    insurer_reference: str | None
    changed_at: datetime
    version: int


_reversing = contributions.alias()


def _decided(state: str) -> ColumnElement[bool]:
    decision = contribution_decisions.c
    return exists().where(decision.contribution_id == contributions.c.id, decision.state == state)


_STATE = case(
    (contributions.c.reverses.is_not(None), "reversal"),
    (exists().where(_reversing.c.reverses == contributions.c.id), "reversed"),
    (_decided("confirmed"), "confirmed"),
    (_decided("questioned"), "questioned"),
    else_="noted",
).label("state")
_ENTRIES = select(*(_STATE if name == "state" else contributions.c[name] for name in KnownEntry._fields)).where(
    contributions.c.organisation_id == bindparam("organisation_id")
)
_BY_RECEIPT = _ENTRIES.where(contributions.c.receipt.in_(bindparam("keys", expanding=True)))
_BY_REFERENCE = _ENTRIES.where(contributions.c.reference.in_(bindparam("keys", expanding=True)))
_BY_CONTENT = _ENTRIES.where(
    contributions.c.member_id.in_(bindparam("member_ids", expanding=True)), contributions.c.month.in_(bindparam("months", expanding=True))
).order_by(contributions.c.noted_at, contributions.c.id)
_NOTE = Prepared(insert(contributions))
_DECIDE = Prepared(insert_into(contribution_decisions).on_conflict_do_nothing(index_elements=["contribution_id", "state"]))
_SCHEMES = select(schemes.c.code, schemes.c.id).where(schemes.c.organisation_id == bindparam("organisation_id"))

_CLAIMS = select(*(claims.c[name] for name in KnownClaim._fields)).where(claims.c.organisation_id == bindparam("organisation_id"))
_CLAIMS_BY_NUMBER = _CLAIMS.where(claims.c.number.in_(bindparam("keys", expanding=True)))
_CLAIMS_BY_REFERENCE = _CLAIMS.where(claims.c.insurer_reference.in_(bindparam("keys", expanding=True)))
_HISTORY = select(claim_events.c.claim_id, claim_events.c.state).where(claim_events.c.claim_id.in_(bindparam("ids", expanding=True)))
_OPEN = Prepared(insert(claims))
MOVED = ("state", "amount", "reason", "review_until", "paid_at", "insurer_reference", "changed_at")
_MOVE = Prepared(
    update(claims)
    .where(claims.c.id == bindparam("claim_id"), claims.c.version == bindparam("version_read"))
    .values({**{name: bindparam(f"new_{name}") for name in MOVED}, "version": claims.c.version + 1})
)
_LOG = Prepared(insert(claim_events))
_NEED = Prepared(insert_into(claim_papers).on_conflict_do_nothing(index_elements=["claim_id", "paper"]))
_NEED_NO_OTHER = delete(claim_papers).where(
    claim_papers.c.claim_id == bindparam("of_claim"), claim_papers.c.received_at.is_(None), claim_papers.c.paper != bindparam("named")
)
_LAST_PLACE = select(func.max(claim_papers.c.position)).where(claim_papers.c.claim_id == bindparam("of_claim"))


def schemes_of(db: Connection, organisation_id: str) -> dict[str, str]:
    """The ids of an organisation's schemes by their codes."""
    return {row.code: row.id for row in db.execute(_SCHEMES, {"organisation_id": organisation_id})}


def entries_by_key(db: Connection, organisation_id: str, receipts: Collection[str], references: Collection[str]) -> list[KnownEntry]:
    """The entries with these receipts, and those with these references."""
    found: list[KnownEntry] = []
    for query, keys in ((_BY_RECEIPT, receipts), (_BY_REFERENCE, references)):
        if keys:
            found += (KnownEntry(*row) for row in db.execute(query, {"organisation_id": organisation_id, "keys": list(keys)}))
    return found


def entries_of(db: Connection, organisation_id: str, member_ids: Collection[str], months: Collection[str]) -> list[KnownEntry]:
    """The entries of these members for these months, the oldest first."""
    if not member_ids:
        return []
    given = {"organisation_id": organisation_id, "member_ids": list(member_ids), "months": list(months)}
    return [KnownEntry(*row) for row in db.execute(_BY_CONTENT, given)]


def add_entries(db: Connection, entries: Sequence[Mapping[str, Any]], decisions: Sequence[Mapping[str, Any]]) -> None:
    """Add entries to the ledger, and what was decided about entries."""
    if entries:
        _NOTE.write_all(db, entries)
    if decisions:
        _DECIDE.write_all(db, decisions)


def claims_by_key(db: Connection, organisation_id: str, numbers: Collection[str], references: Collection[str]) -> list[KnownClaim]:
    """The claims with these numbers of ours, and those with these references of the insurer."""
    found: list[KnownClaim] = []
    for query, keys in ((_CLAIMS_BY_NUMBER, numbers), (_CLAIMS_BY_REFERENCE, references)):
        if keys:
            found += (KnownClaim(*row) for row in db.execute(query, {"organisation_id": organisation_id, "keys": list(keys)}))
    return found


def states_of(db: Connection, claim_ids: Collection[str]) -> dict[str, set[str]]:
    """The states in which these claims ever were."""
    found: dict[str, set[str]] = {}
    for claim_id, state in db.execute(_HISTORY, {"ids": list(claim_ids)}) if claim_ids else ():
        found.setdefault(claim_id, set()).add(state)
    return found


def write_claims(
    db: Connection, new: Sequence[Mapping[str, Any]], moved: Sequence[Mapping[str, Any]], log: Sequence[Mapping[str, Any]]
) -> None:
    """Open claims with the papers of their kinds, change others, and keep each move. Conflict where another was faster."""
    if new:
        _OPEN.write_all(db, new)
        needed = [(claim["id"], paper, place) for claim in new for place, paper in enumerate(PAPERS[claim["kind"]])]
        _NEED.write_all(db, [{"claim_id": claim_id, "paper": paper, "position": place} for claim_id, paper, place in needed])
    if moved:
        rows = [{"claim_id": row["id"], "version_read": row["version"], **{f"new_{name}": row[name] for name in MOVED}} for row in moved]
        if _MOVE.write_all(db, rows) != len(rows):
            raise Conflict
    if log:
        _LOG.write_all(db, log)


def ask_for(db: Connection, papers: Mapping[str, str]) -> None:
    """Let a paper be the one that a claim waits for, by the claim's id."""
    for claim_id, paper in papers.items():
        db.execute(_NEED_NO_OTHER, {"of_claim": claim_id, "named": paper})
        last: int | None = db.execute(_LAST_PLACE, {"of_claim": claim_id}).scalar()
        _NEED.write_all(db, [{"claim_id": claim_id, "paper": paper, "position": 0 if last is None else last + 1}])
