"""Lists of members whom an organiser named one by one, or by a file, to write to them or to leave them out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from gateway.store.database import Connection
from gateway.store.models import broadcasts, member_list_entries, member_lists, members
from gateway.store.prepared import Prepared
from gateway.store.rows import insert_into
from gateway.store.scope import Scope, sees


class ListRow(NamedTuple):
    """A list and how many are on it."""

    id: str
    title: str
    members: int
    by: str
    created_at: datetime


class NewList(NamedTuple):
    """A list that may be there already, under its title."""

    id: str
    organisation_id: str
    title: str
    by: str


_BEGIN = insert_into(member_lists).on_conflict_do_nothing(index_elements=["organisation_id", "title"])
_ADD = Prepared(insert_into(member_list_entries).on_conflict_do_nothing(index_elements=["list_id", "member_id"]))
_REMOVE = delete(member_list_entries).where(
    member_list_entries.c.list_id == bindparam("of_list"), member_list_entries.c.member_id.in_(bindparam("ids", expanding=True))
)
_EMPTY = delete(member_list_entries).where(member_list_entries.c.list_id == bindparam("of_list"))
_DELETE = delete(member_lists).where(member_lists.c.id == bindparam("of_list"))
_MANY = select(func.count()).where(member_list_entries.c.list_id == member_lists.c.id).correlate(member_lists).scalar_subquery()
_ROW = [member_lists.c.id, member_lists.c.title, _MANY, member_lists.c.by, member_lists.c.created_at]
_NAMED_BY = select(broadcasts.c.title, broadcasts.c.audience).where(broadcasts.c.state.in_(("draft", "approved", "sending", "paused")))


def begin(db: Connection, new: NewList, now: datetime) -> str:
    """The id of the list with this title; it is written down where it is not there."""
    db.execute(_BEGIN, {**new._asdict(), "created_at": now})
    same = (member_lists.c.organisation_id == new.organisation_id) & (member_lists.c.title == new.title)
    return str(db.execute(select(member_lists.c.id).where(same)).scalar_one())


def find(db: Connection, scope: Scope, named: str) -> ListRow | None:
    """The list of this id or title."""
    row = db.execute(select(*_ROW).where(sees(scope, member_lists), (member_lists.c.id == named) | (member_lists.c.title == named))).first()
    return ListRow(*row) if row else None


def list_all(db: Connection, scope: Scope) -> list[ListRow]:
    """The lists of an organisation by title."""
    rows = db.execute(select(*_ROW).where(sees(scope, member_lists)).order_by(member_lists.c.title))
    return [ListRow(*row) for row in rows]


def add(db: Connection, list_id: str, member_ids: Collection[str]) -> int:
    """Write members on a list; how many of them were not on it."""
    return _ADD.write_all(db, [{"list_id": list_id, "member_id": each} for each in member_ids]) if member_ids else 0


def remove(db: Connection, list_id: str, member_ids: Collection[str]) -> int:
    """Strike members off a list; how many of them were on it."""
    return db.execute(_REMOVE, {"of_list": list_id, "ids": list(member_ids)}).rowcount if member_ids else 0


def drop(db: Connection, list_id: str) -> None:
    """Take a list away."""
    for statement in (_EMPTY, _DELETE):
        db.execute(statement, {"of_list": list_id})


def page(db: Connection, scope: Scope, list_id: str, after: str, limit: int) -> list[tuple[str, str]]:
    """The ids and membership numbers of those on a list, by number (as text) behind the number `after`; "" for the first page."""
    query = (
        select(members.c.id, members.c.number)
        .join(member_list_entries, member_list_entries.c.member_id == members.c.id)
        .where(member_list_entries.c.list_id == list_id, members.c.number > after, sees(scope, members))
        .order_by(members.c.number)
        .limit(limit)
    )
    return [(row.id, row.number) for row in db.execute(query)]


def needed_by(db: Connection, scope: Scope, list_id: str) -> str | None:
    """The title of a broadcast that is not over and goes to this list, or not to it."""
    chosen = db.execute(_NAMED_BY.where(sees(scope, broadcasts)))
    return next((title for title, kept in chosen if list_id in {*kept.get("lists", ()), *kept.get("but_lists", ())}), None)
