"""The directory of services: public offices with a number to call, each near a place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, or_, select, update

from gateway.store.database import Connection
from gateway.store.models import sayings, services
from gateway.store.rows import insert_into


class ServiceRow(NamedTuple):
    """An entry. `kind` is a phrase, `place` a code of core.places, `number` E.164 or dialled in Nepal alone, `names` a text by language."""

    id: str
    organisation_id: str
    kind: str
    place: str
    number: str
    names: Mapping[str, str]
    saying_id: str | None


_COLUMNS = [services.c[name] for name in ServiceRow._fields]
_OF = services.c.organisation_id == bindparam("of_organisation")
_IN_ORDER = (services.c.kind, services.c.place, services.c.number)
_LIST = select(*_COLUMNS).where(_OF).order_by(*_IN_ORDER)
_WITHIN = _LIST.where(
    or_(
        services.c.place == bindparam("of_place"),
        services.c.place.startswith(bindparam("inside"), autoescape=False),
        services.c.kind == bindparam("of_kind"),
    )
)
_ADD = insert_into(services).on_conflict_do_nothing(index_elements=["organisation_id", "kind", "place", "number"]).returning(services.c.id)
_IS = _OF & (services.c.kind == bindparam("of_kind")) & (services.c.place == bindparam("of_place"))
_IS &= services.c.number == bindparam("of_number")
_NAME = update(services).where(_IS).values(names=bindparam("called"), saying_id=bindparam("said"))
_SAYING = select(sayings.c.id).where(sayings.c.organisation_id == bindparam("of_organisation"), sayings.c.id == bindparam("of_id"))
_REMOVE = delete(services).where(_OF, services.c.id == bindparam("of_id"))


def list_all(db: Connection, organisation_id: str) -> list[ServiceRow]:
    """An organisation's entries by kind and place."""
    return [ServiceRow(*row) for row in db.execute(_LIST, {"of_organisation": organisation_id})]


def within(db: Connection, organisation_id: str, district: str, kind: str) -> list[ServiceRow]:
    """The entries of a district and of what lies in it, and those of one kind wherever they are."""
    asked = {"of_organisation": organisation_id, "of_place": district, "inside": f"{district}-", "of_kind": kind}
    return [ServiceRow(*row) for row in db.execute(_WITHIN, asked)]


def may_be_named(db: Connection, organisation_id: str, saying_id: str) -> bool:
    """Whether there are such recorded words of the organisation's own."""
    return db.execute(_SAYING, {"of_organisation": organisation_id, "of_id": saying_id}).first() is not None


def add(db: Connection, row: ServiceRow, now: datetime) -> bool:
    """Write an entry down; False where there is one of this kind, place and number already."""
    return db.execute(_ADD, {**row._asdict(), "names": dict(row.names), "created_at": now}).first() is not None


def name(db: Connection, row: ServiceRow) -> None:
    """Call the entry of this kind, place and number as this row does."""
    is_it = {"of_organisation": row.organisation_id, "of_kind": row.kind, "of_place": row.place, "of_number": row.number}
    db.execute(_NAME, {**is_it, "called": dict(row.names), "said": row.saying_id})


def remove(db: Connection, organisation_id: str, service_id: str) -> bool:
    """Take an entry away; whether it was there."""
    return db.execute(_REMOVE, {"of_organisation": organisation_id, "of_id": service_id}).rowcount > 0
