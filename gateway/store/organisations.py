"""Organisations: whose members, notices and broadcasts these are."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from gateway.store.database import Connection
from gateway.store.models import organisations
from gateway.store.rows import columns, insert_into

_ENSURE = insert_into(organisations)
_ENSURE = _ENSURE.on_conflict_do_update(index_elements=["id"], set_={"name": _ENSURE.excluded.name})
_EXISTS = select(organisations.c.id).where(organisations.c.id == bindparam("id"))
_ADD = insert(organisations)
_LIST = select(organisations.c.id, organisations.c.name).order_by(organisations.c.id)


class Organisation(NamedTuple):
    """An organisation on this installation."""

    id: str
    name: str


class Sending(NamedTuple):
    """How an organisation sends. `two_persons_above` recipients, two people must approve (None: one is enough); `monthly_budget` is paisa
    (None: no limit); `gap_hours` lie at least between two broadcasts to one phone."""

    two_persons_above: int | None
    monthly_budget: int | None
    gap_hours: int


_SENDING = select(*columns(organisations, Sending)).where(organisations.c.id == bindparam("id"))
_SENDING_ALONE = _SENDING.with_for_update()
_SET_SENDING = (
    update(organisations)
    .where(organisations.c.id == bindparam("of_id"))
    .values({name: bindparam(f"new_{name}") for name in Sending._fields})
)


def sending(db: Connection, organisation_id: str, *, alone: bool = False) -> Sending:
    """How the organisation sends; `alone`, whoever else asks so waits until this transaction ends."""
    return Sending(*db.execute(_SENDING_ALONE if alone else _SENDING, {"id": organisation_id}).one())


def set_sending(db: Connection, organisation_id: str, new: Sending) -> None:
    """Let it send so from now on."""
    db.execute(_SET_SENDING, {"of_id": organisation_id} | {f"new_{name}": value for name, value in new._asdict().items()})


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
