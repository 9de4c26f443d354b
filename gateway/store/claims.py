"""Claims: requests for a benefit and where they stand. A claim only moves forward, and each move is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, select, update

from gateway.core.statuses import CLAIM
from gateway.store.database import Connection
from gateway.store.models import claim_events, claim_papers, claims
from gateway.store.prepared import Prepared
from gateway.store.rows import insert_into, values


class ClaimRow(NamedTuple):
    """A claim as it stands. `amount` is paisa, once approved; `missing_paper` a phrase of flows/phrases.yaml."""

    id: str
    number: str
    kind: str
    state: str
    amount: int | None
    missing_paper: str | None
    review_until: datetime | None
    paid_at: datetime | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class NewClaim:
    """A claim that was handed in, by whom it was written down."""

    id: str
    organisation_id: str
    member_id: str
    number: str
    kind: str
    by: str


@dataclass(frozen=True, slots=True)
class ClaimMove:
    """One step of a claim: the new state and what comes with it; what is None stays as it was, but for the missing paper."""

    state: str
    by: str
    amount: int | None = None
    missing_paper: str | None = None
    review_until: datetime | None = None


_missing_paper = (
    select(claim_papers.c.paper)
    .where(claim_papers.c.claim_id == claims.c.id, claim_papers.c.received_at.is_(None))
    .order_by(claim_papers.c.position)
    .limit(1)
    .scalar_subquery()
    .label("missing_paper")
)
_LATEST = Prepared(
    select(*(_missing_paper if name == "missing_paper" else claims.c[name] for name in ClaimRow._fields))
    .where(claims.c.member_id == bindparam("member_id"))
    .order_by(claims.c.opened_at.desc(), claims.c.id.desc())
    .limit(1)
)
_OPEN = insert(claims)
_LOG = insert(claim_events)
_TICK_ALL = (
    update(claim_papers)
    .where(claim_papers.c.claim_id == bindparam("of_claim"), claim_papers.c.received_at.is_(None))
    .values(received_at=bindparam("now", type_=claim_papers.c.received_at.type), received_by=bindparam("by_whom"))
)
_MISS = insert_into(claim_papers).on_conflict_do_nothing(index_elements=["claim_id", "paper"])
_MOVE = (
    update(claims)
    .where(claims.c.id == bindparam("claim_id"), claims.c.state.in_(bindparam("earlier", expanding=True)))
    .values(
        state=bindparam("new_state"),
        changed_at=bindparam("now", type_=claims.c.changed_at.type),
        version=claims.c.version + 1,
        amount=func.coalesce(bindparam("new_amount", type_=claims.c.amount.type), claims.c.amount),
        review_until=func.coalesce(bindparam("until", type_=claims.c.review_until.type), claims.c.review_until),
        paid_at=func.coalesce(bindparam("paid", type_=claims.c.paid_at.type), claims.c.paid_at),
    )
)


def latest(db: Connection, member_id: str) -> ClaimRow | None:
    """The claim that she opened last."""
    row = _LATEST.first(db, {"member_id": member_id})
    return ClaimRow(*row) if row else None


def open_claim(db: Connection, claim: NewClaim, now: datetime) -> None:
    """Write down a claim that was handed in."""
    row = values(claim)
    by = row.pop("by")
    db.execute(_OPEN, {**row, "state": "received", "opened_at": now, "changed_at": now})
    db.execute(_LOG, {"claim_id": claim.id, "state": "received", "by": by, "at": now})


def move(db: Connection, claim_id: str, move: ClaimMove, now: datetime) -> bool:
    """Move a claim forward and keep who did it; False, and nothing written, where that is no step forward."""
    moved = db.execute(
        _MOVE,
        {
            "claim_id": claim_id,
            "earlier": [state for state, rank in CLAIM.items() if rank < CLAIM[move.state]],
            "new_state": move.state,
            "now": now,
            "new_amount": move.amount,
            "until": move.review_until,
            "paid": now if move.state == "paid" else None,
        },
    ).rowcount
    if moved:
        db.execute(_LOG, {"claim_id": claim_id, "state": move.state, "by": move.by, "at": now})
    if moved and move.missing_paper is None:
        db.execute(_TICK_ALL, {"of_claim": claim_id, "now": now, "by_whom": move.by})
    if moved and move.missing_paper is not None:
        db.execute(_MISS, {"claim_id": claim_id, "paper": move.missing_paper, "position": 0})
    return moved == 1
