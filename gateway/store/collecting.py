"""Collectors who report for their groups by phone: who is one, and who is in her group."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from gateway.store.database import Connection
from gateway.store.members import IS_HERE
from gateway.store.models import members, users
from gateway.store.prepared import Prepared
from gateway.store.rows import insert_into

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

_COLLECTOR = Prepared(
    select(users.c.id)
    .join(members, members.c.user_id == users.c.id)
    .where(
        members.c.id == bindparam("member_id"),
        members.c.organisation_id == users.c.organisation_id,
        users.c.role == "collector",
        users.c.state == "active",
    )
)
_OF_GROUP = select(members.c.number, members.c.id).where(
    members.c.collector_id == bindparam("user_id"),
    members.c.number.in_(bindparam("numbers", expanding=True)),
    IS_HERE,
)


@dataclass(frozen=True, slots=True)
class Appointment:
    """That a member collects, as the user `user_id`, and that another is in her group."""

    user_id: str
    organisation_id: str
    collector: str
    member_id: str


_APPOINT = insert_into(users).on_conflict_do_nothing()
_IS_USER = update(members).where(members.c.id == bindparam("of_member")).values(user_id=bindparam("user"))
_JOIN = update(members).where(members.c.id == bindparam("of_member")).values(collector_id=bindparam("user"))


def appoint(db: Connection, seal: Seal, appointment: Appointment, now: datetime) -> None:
    """Let a member collect for another one; her name as a user is her membership."""
    user = {"id": appointment.user_id, "organisation_id": appointment.organisation_id, "role": "collector", "state": "active"}
    db.execute(_APPOINT, {**user, "sealed_name": seal.seal(appointment.collector), "created_at": now})
    db.execute(_IS_USER, {"of_member": appointment.collector, "user": appointment.user_id})
    db.execute(_JOIN, {"of_member": appointment.member_id, "user": appointment.user_id})


def collector(db: Connection, member_id: str) -> str | None:
    """As which user this member collects; None where she does not."""
    user_id: str | None = _COLLECTOR.scalar(db, {"member_id": member_id})
    return user_id


def of_group(db: Connection, user_id: str, numbers: Collection[str]) -> dict[str, str]:
    """The ids of those members of a collector's group who have these membership numbers."""
    rows = db.execute(_OF_GROUP, {"user_id": user_id, "numbers": list(numbers)})
    return {row.number: row.id for row in rows}
