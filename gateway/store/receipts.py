"""Receipts: what was answered to each request of a provider, sealed. A repeat gets the same answer and changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from gateway.store.database import AlreadyReceived, Connection
from gateway.store.models import receipts
from gateway.store.models.columns import storable
from gateway.store.prepared import Prepared
from gateway.store.rows import insert_into

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


class Receipt(NamedTuple):
    """One answered request: of a call, its id and the step; of a message, its id and 0."""

    provider: str
    external_id: str
    step: int
    answer: str
    at: datetime


FIND = select(receipts.c.sealed_answer).where(
    receipts.c.provider == bindparam("provider"),
    receipts.c.external_id == bindparam("external_id"),
    receipts.c.step == bindparam("step"),
)
_OF_CALL = (
    select(receipts.c.step, receipts.c.sealed_answer, receipts.c.at)
    .where(receipts.c.provider == bindparam("provider"), receipts.c.external_id == bindparam("external_id"))
    .order_by(receipts.c.step)
)
_FIND = Prepared(FIND)
_LATEST = (
    select(receipts.c.external_id, receipts.c.at)
    .where(receipts.c.provider == bindparam("provider"), receipts.c.external_id.between(bindparam("lowest"), bindparam("highest")))
    .order_by(receipts.c.at.desc())
    .limit(1)
)
_INSERT = Prepared(insert_into(receipts))


def find(db: Connection, seal: Seal, request: tuple[str, str, int]) -> str | None:
    """The answer that this request (provider, external id, step) got, if it came before."""
    answer: bytes | None = _FIND.scalar(db, dict(zip(("provider", "external_id", "step"), request, strict=True)))
    return seal.open(bytes(answer)) if answer is not None else None


def of_call(db: Connection, seal: Seal, provider: str, external_id: str) -> list[Receipt]:
    """All answers of a call, in the order of its steps."""
    rows = db.execute(_OF_CALL, {"provider": provider, "external_id": external_id})
    return [Receipt(provider, external_id, step, seal.open(bytes(answer)), at) for step, answer, at in rows]


def latest(db: Connection, provider: str, words: str) -> tuple[str, datetime] | None:
    """The last answered request whose id is `words` and 16 hexadecimal digits, and when that was."""
    found = db.execute(_LATEST, {"provider": provider, "lowest": words + "0" * 16, "highest": words + "f" * 16}).first()
    return (found[0], found[1]) if found else None


def insert(db: Connection, seal: Seal, receipt: Receipt) -> None:
    """Keep an answer; raise AlreadyReceived where the same request was answered meanwhile."""
    provider, external_id, step, answer, at = receipt
    row = {"provider": provider, "external_id": external_id, "step": step, "sealed_answer": seal.seal(storable(answer)), "at": at}
    try:
        _INSERT.write(db, row)
    except IntegrityError as error:
        raise AlreadyReceived from error
