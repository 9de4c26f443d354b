"""Organisations: whose members, notices and broadcasts these are."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from gateway.store.database import Connection
from gateway.store.models import organisations
from gateway.store.rows import insert_into

_ENSURE = insert_into(organisations)
_ENSURE = _ENSURE.on_conflict_do_update(index_elements=["id"], set_={"name": _ENSURE.excluded.name})
_EXISTS = select(organisations.c.id).where(organisations.c.id == bindparam("id"))


def ensure(db: Connection, organisation_id: str, name: str) -> None:
    """Have this organisation, under this name."""
    db.execute(_ENSURE, {"id": organisation_id, "name": name})


def exists(db: Connection, organisation_id: str) -> bool:
    """Whether this organisation has been written; in a new database none has."""
    return db.execute(_EXISTS, {"id": organisation_id}).first() is not None
