"""Browsers in which somebody is signed in: what is stored of one opens nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from gateway.store.database import Connection
from gateway.store.models import users, visits


class Visitor(NamedTuple):
    """Somebody who is signed in; her role and state are those of this moment. `proved_at` None: her second step is still to be done.
    `confirmed_at`: when she last gave her password in this browser."""

    id: str
    user_id: str
    organisation_id: str
    role: str
    language: str | None
    seen_at: datetime
    proved_at: datetime | None
    confirmed_at: datetime
    has_second_step: bool


class NewVisit(NamedTuple):
    """A browser in which somebody signed in; `digest` is the SHA-256 of the secret in its cookie."""

    id: str
    user_id: str
    digest: bytes
    created_at: datetime
    seen_at: datetime
    proved_at: datetime | None
    confirmed_at: datetime
    expires_at: datetime
    device: str


class Seen(NamedTuple):
    """A browser in which she is signed in, as she is shown it; `device` by which she knows it again."""

    id: str
    device: str
    created_at: datetime
    seen_at: datetime


_ADD = insert(visits)
_THAT_HOLD = visits.c.ended_at.is_(None)
_VISITOR = (
    select(
        *(visits.c.id, users.c.id, users.c.organisation_id, users.c.role, users.c.language),
        *(visits.c.seen_at, visits.c.proved_at, visits.c.confirmed_at, users.c.sealed_totp.is_not(None)),
    )
    .join(users, users.c.id == visits.c.user_id)
    .where(visits.c.digest == bindparam("digest"), _THAT_HOLD, visits.c.expires_at > bindparam("now"), users.c.state == "active")
)
_OF_USER = visits.c.user_id == bindparam("of_user")
_SEE = update(visits).where(visits.c.id == bindparam("visit_id")).values(seen_at=bindparam("now"))
_CONFIRM = update(visits).where(visits.c.id == bindparam("visit_id")).values(confirmed_at=bindparam("now"))
_RENEW = (
    update(visits)
    .where(visits.c.id == bindparam("visit_id"), _THAT_HOLD)
    .values(digest=bindparam("new_digest"), proved_at=bindparam("now"), seen_at=bindparam("now"))
)
_SEEN = (
    select(visits.c.id, visits.c.device, visits.c.created_at, visits.c.seen_at)
    .where(_OF_USER, _THAT_HOLD, visits.c.expires_at > bindparam("now"), visits.c.seen_at > bindparam("since"))
    .order_by(visits.c.seen_at.desc(), visits.c.id)
)
_END = update(visits).where(_THAT_HOLD).values(ended_at=bindparam("now"))
_END_ONE = _END.where(_OF_USER, visits.c.id == bindparam("visit_id"))
_END_WITH = _END.where(visits.c.digest == bindparam("old_digest"))
_END_ALL = _END.where(_OF_USER, visits.c.id != bindparam("but"))


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


def confirm(db: Connection, visit_id: str, now: datetime) -> None:
    """She gave her password once more."""
    db.execute(_CONFIRM, {"visit_id": visit_id, "now": now})


def renew(db: Connection, visit_id: str, digest: bytes, now: datetime) -> None:
    """Let the visit have another secret, and all of it be proved; the one before opens nothing any more."""
    db.execute(_RENEW, {"visit_id": visit_id, "new_digest": digest, "now": now})


def of_user(db: Connection, user_id: str, now: datetime, since: datetime) -> list[Seen]:
    """Where she is signed in and was seen since; the latest first."""
    return [Seen(*row) for row in db.execute(_SEEN, {"of_user": user_id, "now": now, "since": since})]


def end(db: Connection, user_id: str, visit_id: str, now: datetime) -> bool:
    """She signs out in this browser; False where it is none of hers that holds."""
    return db.execute(_END_ONE, {"of_user": user_id, "visit_id": visit_id, "now": now}).rowcount == 1


def end_with(db: Connection, digest: bytes, now: datetime) -> None:
    """Whoever came with this secret does not come back."""
    db.execute(_END_WITH, {"old_digest": digest, "now": now})


def end_all(db: Connection, user_id: str, now: datetime, but: str = "") -> int:
    """She is signed out everywhere, or everywhere but in one visit; in how many browsers she was."""
    return db.execute(_END_ALL, {"of_user": user_id, "now": now, "but": but}).rowcount
