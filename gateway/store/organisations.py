"""Organisations: whose members, notices and broadcasts these are."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from gateway.store.database import Connection
from gateway.store.models import organisations
from gateway.store.rows import insert_into

_ENSURE = insert_into(organisations)
_ENSURE = _ENSURE.on_conflict_do_update(index_elements=["id"], set_={"name": _ENSURE.excluded.name})
_EXISTS = select(organisations.c.id).where(organisations.c.id == bindparam("id"))
_ADD = insert(organisations)
_LIST = select(organisations.c.id, organisations.c.name).order_by(organisations.c.id)


class Organisation(NamedTuple):
    """An organisation on this installation."""

    id: str
    name: str


def add(db: Connection, organisation_id: str, name: str) -> None:
    """Write a new organisation down; the transaction ends in Conflict where there is one of this id."""
    db.execute(_ADD, {"id": organisation_id, "name": name})


def list_all(db: Connection) -> list[Organisation]:
    """All organisations, by id."""
    return [Organisation(*row) for row in db.execute(_LIST)]


def ensure(db: Connection, organisation_id: str, name: str) -> None:
    """Have this organisation, under this name."""
    db.execute(_ENSURE, {"id": organisation_id, "name": name})


def exists(db: Connection, organisation_id: str) -> bool:
    """Whether this organisation has been written; in a new database none has."""
    return db.execute(_EXISTS, {"id": organisation_id}).first() is not None
