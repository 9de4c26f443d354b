"""Browsers in which somebody is signed in: what is stored of one opens nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from gateway.store.database import Connection
from gateway.store.models import users, visits


class Visitor(NamedTuple):
    """Somebody who is signed in; her role and state are those of this moment. `proved_at` None: her second step is still to be done."""

    id: str
    user_id: str
    organisation_id: str
    role: str
    language: str | None
    seen_at: datetime
    proved_at: datetime | None


class NewVisit(NamedTuple):
    """A browser in which somebody signed in; `digest` is the SHA-256 of the secret in its cookie."""

    id: str
    user_id: str
    digest: bytes
    created_at: datetime
    seen_at: datetime
    proved_at: datetime | None
    expires_at: datetime


_ADD = insert(visits)
_THAT_HOLD = visits.c.ended_at.is_(None)
_VISITOR = (
    select(visits.c.id, users.c.id, users.c.organisation_id, users.c.role, users.c.language, visits.c.seen_at, visits.c.proved_at)
    .join(users, users.c.id == visits.c.user_id)
    .where(visits.c.digest == bindparam("digest"), _THAT_HOLD, visits.c.expires_at > bindparam("now"), users.c.state == "active")
)
_SEE = update(visits).where(visits.c.id == bindparam("visit_id")).values(seen_at=bindparam("now"))
_END = update(visits).where(visits.c.id == bindparam("visit_id"), _THAT_HOLD).values(ended_at=bindparam("now"))
_END_ALL = update(visits).where(visits.c.user_id == bindparam("of_user"), _THAT_HOLD).values(ended_at=bindparam("now"))


def add(db: Connection, new: NewVisit) -> None:
    """Somebody signed in."""
    db.execute(_ADD, new._asdict())


def visitor(db: Connection, digest: bytes, now: datetime) -> Visitor | None:
    """Who comes with this secret; None where the visit is over, or she may not work here any more."""
    row = db.execute(_VISITOR, {"digest": digest, "now": now}).first()
    return Visitor(*row) if row else None


def see(db: Connection, visit_id: str, now: datetime) -> None:
    """She is still there."""
    db.execute(_SEE, {"visit_id": visit_id, "now": now})


def end(db: Connection, visit_id: str, now: datetime) -> None:
    """She signs out in this browser."""
    db.execute(_END, {"visit_id": visit_id, "now": now})


def end_all(db: Connection, user_id: str, now: datetime) -> int:
    """She is signed out everywhere; in how many browsers she was."""
    return db.execute(_END_ALL, {"of_user": user_id, "now": now}).rowcount
