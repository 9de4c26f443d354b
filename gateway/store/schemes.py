"""Schemes and their dated rates: what members of an organisation pay into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert, or_, select, update

from gateway.core.schemes import Rate, SchemeFile
from gateway.store.database import Connection
from gateway.store.models import enrolments, scheme_rates, schemes
from gateway.store.rows import insert_into


class SchemeRow(NamedTuple):
    """A scheme. `title` is a text for each language; `seasons` the months in which it is due, where it is seasonal; `last_month` the last
    one that is due, where it was closed."""

    id: str
    code: str
    title: Mapping[str, str]
    schedule: str
    seasons: Sequence[int]
    last_month: str | None


_COLUMNS = [schemes.c[name] for name in SchemeRow._fields]
_OF = schemes.c.organisation_id == bindparam("organisation_id")
_LIST = select(*_COLUMNS).where(_OF).order_by(schemes.c.code)
_BY_CODE = select(*_COLUMNS).where(_OF, schemes.c.code == bindparam("code"))
_GET = select(*_COLUMNS).where(schemes.c.id == bindparam("scheme_id"))
_ADD = insert(schemes)
_ADD_RATE = insert_into(scheme_rates)
_ADD_RATE = _ADD_RATE.on_conflict_do_update(
    index_elements=["scheme_id", "from_month"],
    set_={name: _ADD_RATE.excluded[name] for name in ("amount", "base", "member_share", "government_share", "source")},
)
_CLOSE = update(schemes).where(schemes.c.id == bindparam("wanted")).values(last_month=bindparam("last"))
_RUNS_ON = or_(enrolments.c.until_month.is_(None), enrolments.c.until_month > bindparam("last"))
_END_ALL = update(enrolments).where(enrolments.c.scheme_id == bindparam("wanted"), _RUNS_ON).values(until_month=bindparam("last"))
_RATES = (
    select(*(scheme_rates.c[name] for name in Rate.__dataclass_fields__))
    .where(scheme_rates.c.scheme_id == bindparam("scheme_id"))
    .order_by(scheme_rates.c.from_month)
)


def list_all(db: Connection, organisation_id: str) -> list[SchemeRow]:
    """An organisation's schemes by their codes."""
    return [SchemeRow(*row) for row in db.execute(_LIST, {"organisation_id": organisation_id})]


def by_code(db: Connection, organisation_id: str, code: str) -> SchemeRow | None:
    """The scheme of this code."""
    row = db.execute(_BY_CODE, {"organisation_id": organisation_id, "code": code}).first()
    return SchemeRow(*row) if row else None


def get(db: Connection, scheme_id: str) -> SchemeRow | None:
    """The scheme of this id."""
    row = db.execute(_GET, {"scheme_id": scheme_id}).first()
    return SchemeRow(*row) if row else None


def add(db: Connection, scheme_id: str, organisation_id: str, scheme: SchemeFile, now: datetime) -> None:
    """Write a new scheme down, without its rates. Conflict where its code is taken."""
    row = {"code": scheme.code, "title": dict(scheme.title), "schedule": scheme.schedule, "seasons": list(scheme.seasons)}
    db.execute(_ADD, {"id": scheme_id, "organisation_id": organisation_id, "created_at": now, **row})


def set_rates(db: Connection, scheme_id: str, rates: Sequence[Rate]) -> None:
    """Write rates; one that begins in the same month takes the place of the one before. Others stay."""
    rows = [{name: getattr(rate, name) for name in Rate.__dataclass_fields__} for rate in rates]
    db.execute(_ADD_RATE, [{"scheme_id": scheme_id, **row} for row in rows])


def close(db: Connection, scheme_id: str, last: str) -> None:
    """Let nothing be due in a scheme after this month: nobody joins, and who pays into it ends with it."""
    db.execute(_CLOSE, {"wanted": scheme_id, "last": last})
    db.execute(_END_ALL, {"wanted": scheme_id, "last": last})


def rates(db: Connection, scheme_id: str) -> list[Rate]:
    """A scheme's rates by their months."""
    return [Rate(*row) for row in db.execute(_RATES, {"scheme_id": scheme_id})]
