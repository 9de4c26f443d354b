"""Whose records somebody may see: the one place where a query is limited to an organisation, and a collector's to her group."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, FromClause, select

from gateway.store.database import Connection
from gateway.store.models import members


class Scope(NamedTuple):
    """An organisation's records, or of these only what concerns the members of one collector's group."""

    organisation_id: str
    collector_id: str | None = None


def sees(scope: Scope, table: FromClause) -> ColumnElement[bool]:
    """The condition on rows of `members`, or of a table with `organisation_id` and `member_id`, that this scope may see.

    A row that is out of scope is as if it were not there: look-ups return None, lists leave it out, updates touch nothing.
    """
    of_organisation: ColumnElement[bool] = table.c.organisation_id == scope.organisation_id
    if scope.collector_id is None:
        return of_organisation
    if table is members:
        return of_organisation & (members.c.collector_id == scope.collector_id)
    return of_organisation & table.c.member_id.in_(select(members.c.id).where(members.c.collector_id == scope.collector_id))


def holds(db: Connection, scope: Scope, member_id: str) -> bool:
    """Whether this scope may see the member with this id."""
    return db.execute(select(members.c.id).where(members.c.id == member_id, sees(scope, members))).first() is not None
