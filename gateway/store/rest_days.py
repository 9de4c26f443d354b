"""Rest days: festivals on which an organisation sends nothing of its own accord. Days are those of Nepal."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select

from gateway.store.database import Connection
from gateway.store.models import rest_days
from gateway.store.rows import insert_into

_OF_ORGANISATION = rest_days.c.organisation_id == bindparam("organisation")
_DAYS = select(rest_days.c.day).where(_OF_ORGANISATION)
_LIST = select(rest_days.c.day, rest_days.c.title).where(_OF_ORGANISATION).order_by(rest_days.c.day)
_ADD = insert_into(rest_days)
_ADD = _ADD.on_conflict_do_update(index_elements=["organisation_id", "day"], set_={"title": _ADD.excluded.title})
_REMOVE = delete(rest_days).where(_OF_ORGANISATION, rest_days.c.day == bindparam("of_day"))


class RestDay(NamedTuple):
    """A day and why nothing goes out on it."""

    day: date
    title: str


def load(db: Connection, organisation_id: str) -> frozenset[date]:
    """The days alone, as `gateway.core.consent` takes them: read once for a run."""
    return frozenset(date.fromisoformat(day) for day in db.execute(_DAYS, {"organisation": organisation_id}).scalars())


def list_all(db: Connection, organisation_id: str) -> list[RestDay]:
    """All of them, the earliest first."""
    return [RestDay(date.fromisoformat(day), title) for day, title in db.execute(_LIST, {"organisation": organisation_id})]


def add(db: Connection, organisation_id: str, day: RestDay) -> None:
    """Send nothing on this day; one that is there gets the new title."""
    db.execute(_ADD, {"organisation_id": organisation_id, "day": day.day.isoformat(), "title": day.title})


def remove(db: Connection, organisation_id: str, day: date) -> bool:
    """Send on this day again; False where it was no rest day."""
    return db.execute(_REMOVE, {"organisation": organisation_id, "of_day": day.isoformat()}).rowcount == 1
