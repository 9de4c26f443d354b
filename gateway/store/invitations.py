"""Links with which a user chooses her password: what is stored of one opens nothing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, insert, or_, select, update

from gateway.store.database import Connection
from gateway.store.models import invitations, users

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


class NewInvitation(NamedTuple):
    """A link; `digest` is the SHA-256 of its secret."""

    id: str
    user_id: str
    digest: bytes
    made_by: str
    created_at: datetime
    expires_at: datetime


class Invited(NamedTuple):
    """Whose link it is."""

    id: str
    user_id: str
    organisation_id: str
    role: str
    name: str
    sign_in: str


_ADD = insert(invitations)
_HOLDS = invitations.c.used_at.is_(None)
_INVITED = (
    select(invitations.c.id, users.c.id, users.c.organisation_id, users.c.role, users.c.sealed_name, users.c.sealed_sign_in)
    .join(users, users.c.id == invitations.c.user_id)
    .where(
        invitations.c.digest == bindparam("digest"),
        _HOLDS,
        invitations.c.expires_at > bindparam("now"),
        users.c.state == "active",
        users.c.sealed_sign_in.is_not(None),
    )
)
_USE = update(invitations).where(invitations.c.id == bindparam("invitation_id"), _HOLDS).values(used_at=bindparam("now"))
_END = update(invitations).where(_HOLDS).values(used_at=bindparam("now"))
_END_OF = _END.where(invitations.c.user_id == bindparam("of_user"))
_END_BY = _END.where(or_(invitations.c.user_id == bindparam("of_user"), invitations.c.made_by == "user:" + bindparam("of_user")))


def add(db: Connection, new: NewInvitation) -> None:
    """Make a link; those that she had before open nothing any more."""
    end_of(db, new.user_id, new.created_at)
    db.execute(_ADD, new._asdict())


def invited(db: Connection, seal: Seal, digest: bytes, now: datetime) -> Invited | None:
    """Whose link this is; None where there is none that holds."""
    row = db.execute(_INVITED, {"digest": digest, "now": now}).first()
    return Invited(*row[:4], seal.open(row[4]), seal.open(row[5])) if row else None


def use(db: Connection, invitation_id: str, now: datetime) -> bool:
    """Use a link up; False where somebody was faster."""
    return db.execute(_USE, {"invitation_id": invitation_id, "now": now}).rowcount == 1


def end_of(db: Connection, user_id: str, now: datetime) -> None:
    """Her links open nothing any more."""
    db.execute(_END_OF, {"of_user": user_id, "now": now})


def end_by(db: Connection, user_id: str, now: datetime) -> None:
    """Neither hers nor those that she made for others open anything any more."""
    db.execute(_END_BY, {"of_user": user_id, "now": now})
