"""The audit log: who saw and did what. Each row's hash covers the row before it, so that nothing can be changed unnoticed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, insert, select

from gateway.store.database import Connection
from gateway.store.models import audit

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

BEGINNING = bytes(32)  # stands for the hash before the first row
CHAIN_LOCK = 208_309  # any number, the same in every process: one of them appends, the others wait


class Entry(NamedTuple):
    """What somebody did or saw. `detail` is JSON."""

    organisation_id: str
    actor: str
    action: str
    subject: str
    detail: str


_LAST = select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)
_APPEND = insert(audit)


def append(db: Connection, seal: Seal, entry: Entry, now: datetime) -> None:
    """Write a row behind the last one, inside the caller's write transaction; others that append wait until it ends."""
    if db.dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(CHAIN_LOCK)))
    last = db.execute(_LAST).first()
    number, before = (last.id + 1, last.hash) if last else (1, BEGINNING)
    link = seal.link(before, chained(number, entry, now))
    db.execute(_APPEND, {**entry._asdict(), "id": number, "at": now, "hash": link})


def chained(number: int, entry: Entry, at: datetime) -> bytes:
    """The bytes of a row that its hash covers."""
    return "\0".join((str(number), *entry, at.astimezone(UTC).isoformat())).encode()
