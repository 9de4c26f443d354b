"""Receipts: what was answered to each request of a provider. A repeat gets the same answer and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, literal, select
from sqlalchemy.exc import IntegrityError

from gateway.store.database import AlreadyReceived, Connection
from gateway.store.flow_sessions import COLUMNS, SessionRow
from gateway.store.models import flow_sessions, receipts
from gateway.store.rows import insert_into, values


@dataclass(frozen=True, slots=True)
class Receipt:
    """One answered request: of a call, its id and the step; of a message, its id and 0."""

    provider: str
    external_id: str
    step: int
    answer: str
    at: datetime


_FIND = select(receipts.c.answer).where(
    receipts.c.provider == bindparam("provider"),
    receipts.c.external_id == bindparam("external_id"),
    receipts.c.step == bindparam("step"),
)
_INSERT = insert_into(receipts)
_one_row = select(literal(1).label("one")).subquery("one_row")  # so that there is a row where there is no conversation yet
_LOAD = select(_FIND.scalar_subquery(), *COLUMNS).select_from(
    _one_row.outerjoin(
        flow_sessions,
        and_(flow_sessions.c.provider == bindparam("provider"), flow_sessions.c.external_id == bindparam("external_id")),
    )
)


def find(db: Connection, provider: str, external_id: str, step: int) -> str | None:
    """The answer that this request got, if it came before."""
    return db.execute(_FIND, {"provider": provider, "external_id": external_id, "step": step}).scalar()


def insert(db: Connection, receipt: Receipt) -> None:
    """Keep an answer; raise AlreadyReceived where the same request was answered meanwhile."""
    try:
        db.execute(_INSERT, values(receipt))
    except IntegrityError as error:
        raise AlreadyReceived from error


def load_with_receipt(db: Connection, provider: str, external_id: str, step: int) -> tuple[SessionRow | None, str | None]:
    """The conversation of a call, and the answer that this very request got if it came before: in one statement."""
    answer, *row = db.execute(_LOAD, {"provider": provider, "external_id": external_id, "step": step}).one()
    return (SessionRow(*row) if row[0] is not None else None), answer
