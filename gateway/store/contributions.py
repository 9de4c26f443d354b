"""Contributions: reported payments. They are noted until an organiser confirms them, and a reversed one counts for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select

from gateway.store.database import Connection
from gateway.store.models import contributions
from gateway.store.prepared import Prepared
from gateway.store.rows import values


@dataclass(frozen=True, slots=True)
class NewContribution:
    """A report of a payment: `amount` paisa, for the Bikram Sambat `month` as `2083-08`."""

    id: str
    organisation_id: str
    member_id: str
    amount: int
    month: str
    reference: str
    noted_by: str


_NOTE = Prepared(insert(contributions))
_COUNTED = contributions.c.member_id == bindparam("member_id")
_TOTAL = Prepared(select(func.coalesce(func.sum(contributions.c.amount), 0)).where(_COUNTED))
_LAST_MONTH = Prepared(select(func.max(contributions.c.month)).where(_COUNTED))
_RECENT_SAME = Prepared(
    select(contributions.c.reference)
    .where(
        _COUNTED,
        contributions.c.amount == bindparam("amount"),
        contributions.c.month == bindparam("month"),
        contributions.c.noted_at >= bindparam("since"),
    )
    .order_by(contributions.c.noted_at.desc())
    .limit(1)
)
_SINCE = select(contributions.c.amount).where(_COUNTED, contributions.c.noted_at >= bindparam("since")).order_by(contributions.c.noted_at)


def note(db: Connection, contribution: NewContribution, now: datetime) -> None:
    """Note a reported payment."""
    _NOTE.write(db, {**values(contribution), "noted_at": now})


def total(db: Connection, member_id: str) -> int:
    """All that she has reported, in paisa."""
    return int(_TOTAL.scalar(db, {"member_id": member_id}))


def last_month(db: Connection, member_id: str) -> str | None:
    """The latest month that she has paid for, as `2083-08`."""
    month: str | None = _LAST_MONTH.scalar(db, {"member_id": member_id})
    return month


def recent_same(db: Connection, member_id: str, amount: int, month: str, since: datetime) -> str | None:
    """The reference of a report of the same amount for the same month since then: perhaps she is telling us twice."""
    reference: str | None = _RECENT_SAME.scalar(db, {"member_id": member_id, "amount": amount, "month": month, "since": since})
    return reference


def reported_since(db: Connection, member_id: str, since: datetime) -> list[int]:
    """The amounts that she has reported since then, the oldest first, in paisa."""
    return list(db.execute(_SINCE, {"member_id": member_id, "since": since}).scalars())
