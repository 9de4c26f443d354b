"""What the sweep does not do each time: who comes first after a while does it, and the others leave it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from gateway.store.database import Connection
from gateway.store.models import sweeps
from gateway.store.rows import insert_into

_NOTE = insert_into(sweeps).values(name=bindparam("name"), at=bindparam("now"))
_TAKE = _NOTE.on_conflict_do_update(
    index_elements=["name"], set_={"at": _NOTE.excluded.at}, where=sweeps.c.at <= bindparam("before", type_=sweeps.c.at.type)
).returning(sweeps.c.name)


def my_turn(db: Connection, name: str, now: datetime, every: timedelta) -> bool:
    """Whether this part of the sweep is due; whoever is told so does it, and nobody else before `every` is over."""
    return db.execute(_TAKE, {"name": name, "now": now, "before": now - every}).first() is not None


def last(db: Connection, name: str) -> datetime | None:
    """When this part of the sweep was last done."""
    return db.execute(select(sweeps.c.at).where(sweeps.c.name == name)).scalar()
