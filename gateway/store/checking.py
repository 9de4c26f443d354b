"""A day's entries of the ledger, for whoever checks them against the money that came."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Select, func, select

from gateway.store.contributions import STATE, STATE_IS
from gateway.store.database import Connection
from gateway.store.models import contributions, members, schemes
from gateway.store.scope import Scope, sees

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

MOST = 1_000  # entries of a day that are shown; twice as many members hardly pay one organisation on one day


class Span(NamedTuple):
    """From a moment until before another."""

    since: datetime
    until: datetime


class Noted(NamedTuple):
    """An entry of a day. `twin` is the reference of another that counts, of the same member, amount and month; None: there is none."""

    id: str
    member_id: str
    number: str
    name: str | None
    collector_id: str | None
    amount: int
    month: str
    scheme: str | None
    reference: str
    receipt: str | None
    noted_by: str
    noted_at: datetime
    state: str
    twin: str | None


_twin = contributions.alias("twin")
_undone = contributions.alias("undone")
_TWIN = (
    select(func.min(_twin.c.reference))
    .where(
        _twin.c.member_id == contributions.c.member_id,
        _twin.c.month == contributions.c.month,
        _twin.c.amount == contributions.c.amount,
        _twin.c.payer == contributions.c.payer,
        _twin.c.id != contributions.c.id,
        ~select(_undone.c.id).where(_undone.c.reverses == _twin.c.id).correlate(_twin).exists(),
    )
    .correlate(contributions)
    .scalar_subquery()
)
_ENTRIES: Select[Any] = (
    select(
        contributions.c.id,
        contributions.c.member_id,
        members.c.number,
        members.c.sealed_name,
        members.c.collector_id,
        *(contributions.c[name] for name in ("amount", "month")),
        schemes.c.code,
        *(contributions.c[name] for name in ("reference", "receipt", "noted_by", "noted_at")),
        STATE.label("state"),
        _TWIN.label("twin"),
    )
    .select_from(contributions)
    .join(members, members.c.id == contributions.c.member_id)
    .outerjoin(schemes, schemes.c.id == contributions.c.scheme_id)
    .where(contributions.c.payer == "member", contributions.c.reverses.is_(None))
    .order_by(members.c.number, contributions.c.month, contributions.c.amount, contributions.c.noted_at, contributions.c.id)
)


def of_day(db: Connection, seal: Seal, scope: Scope, day: Span) -> list[Noted]:
    """The entries that were noted in this time, those of a member beside each other; reversed ones too, reversals not."""
    within = (contributions.c.noted_at >= day.since, contributions.c.noted_at < day.until)
    query = _ENTRIES.where(sees(scope, contributions), *within).limit(MOST)
    rows = db.execute(query).all()
    return [Noted(*row)._replace(name=seal.open(row.sealed_name) if row.sealed_name else None) for row in rows]


def nearest_waiting(db: Connection, scope: Scope, day: Span) -> tuple[datetime | None, datetime | None]:
    """When an entry that still waits was noted last before this time, and first after it."""
    waits = (
        select(contributions.c.noted_at).where(sees(scope, contributions), contributions.c.payer == "member", STATE_IS["noted"]).limit(1)
    )
    before = db.execute(waits.where(contributions.c.noted_at < day.since).order_by(contributions.c.noted_at.desc())).scalar()
    after = db.execute(waits.where(contributions.c.noted_at >= day.until).order_by(contributions.c.noted_at)).scalar()
    return before, after
