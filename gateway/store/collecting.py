"""Collectors who report for their groups by phone: who is one, and who is in her group."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, select

from gateway.store.database import Connection
from gateway.store.members import IS_HERE
from gateway.store.models import members, users
from gateway.store.prepared import Prepared

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


def collector(db: Connection, member_id: str) -> str | None:
    """As which user this member collects; None where she does not."""
    user_id: str | None = _COLLECTOR.scalar(db, {"member_id": member_id})
    return user_id


def of_group(db: Connection, user_id: str, numbers: Collection[str]) -> dict[str, str]:
    """The ids of those members of a collector's group who have these membership numbers."""
    rows = db.execute(_OF_GROUP, {"user_id": user_id, "numbers": list(numbers)})
    return {row.number: row.id for row in rows}
