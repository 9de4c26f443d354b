"""Receipts: what was answered to each request of a provider. A repeat gets the same answer and changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from gateway.store.database import AlreadyReceived, Connection
from gateway.store.models import receipts
from gateway.store.prepared import Prepared
from gateway.store.rows import insert_into


class Receipt(NamedTuple):
    """One answered request: of a call, its id and the step; of a message, its id and 0."""

    provider: str
    external_id: str
    step: int
    answer: str
    at: datetime


FIND = select(receipts.c.answer).where(
    receipts.c.provider == bindparam("provider"),
    receipts.c.external_id == bindparam("external_id"),
    receipts.c.step == bindparam("step"),
)
_FIND = Prepared(FIND)
_INSERT = Prepared(insert_into(receipts))


def find(db: Connection, provider: str, external_id: str, step: int) -> str | None:
    """The answer that this request got, if it came before."""
    answer: str | None = _FIND.scalar(db, {"provider": provider, "external_id": external_id, "step": step})
    return answer


def insert(db: Connection, receipt: Receipt) -> None:
    """Keep an answer; raise AlreadyReceived where the same request was answered meanwhile."""
    try:
        _INSERT.write(db, receipt._asdict())
    except IntegrityError as error:
        raise AlreadyReceived from error
