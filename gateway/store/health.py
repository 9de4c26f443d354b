"""How the database is, and what went through the channels: counts, and nothing of anybody."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Table, func, select, text

from gateway.store.database import MIGRATIONS, Connection
from gateway.store.models import callbacks, calls, deliveries, messages

NEWEST = 100_000  # rows that are counted at most: the rest of a very long day is not


class DatabaseSeen(NamedTuple):
    """The database: its kind and version, its bytes, the version of its tables and the newest that this program knows."""

    kind: str
    version: str
    size: int
    tables: str
    newest: str


class Traffic(NamedTuple):
    """So many of a channel's `deliveries`, `calls` or `messages`, the first of them at `oldest`: of a medium or direction, in a state (""
    where there is none)."""

    channel_id: str
    what: str
    way: str
    state: str
    many: int
    oldest: datetime | None


def database(db: Connection) -> DatabaseSeen:
    """How the database is."""
    kind = db.dialect.name
    if kind == "sqlite":
        version = db.execute(text("SELECT sqlite_version()")).scalar_one()
        size = db.execute(text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")).scalar_one()
    else:
        version = str(db.execute(text("SHOW server_version")).scalar_one()).partition(" ")[0]
        size = db.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    tables = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return DatabaseSeen(kind, str(version), int(size), str(tables), max(file.name[:4] for file in (MIGRATIONS / "versions").glob("0*.py")))


def traffic(db: Connection, since: datetime) -> list[Traffic]:
    """What went through all channels since then, of the newest `NEWEST` rows of each table: found by their ids, whatever their number."""
    counted = (
        ("deliveries", deliveries, deliveries.c.medium, deliveries.c.state, deliveries.c.updated_at),
        ("calls", calls, calls.c.direction, calls.c.status, calls.c.started_at),
        ("messages", messages, messages.c.direction, None, messages.c.at),
    )
    found: list[Traffic] = []
    for what, table, way, state, at in counted:
        groups = (table.c.channel_id, way) if state is None else (table.c.channel_id, way, state)
        query = select(*groups, func.count(), func.min(at)).where(table.c.id > _floor(table), at >= since).group_by(*groups)
        found += [Traffic(row[0], what, row[1], row[2] if state is not None else "", row[-2], row[-1]) for row in db.execute(query)]
    return found


def _floor(table: Table) -> object:
    newest = select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery()
    return newest - NEWEST


def last_callbacks(db: Connection) -> dict[str, datetime]:
    """When each provider last told us what became of something, of the newest `NEWEST` callbacks."""
    latest = select(callbacks.c.provider, func.max(callbacks.c.at)).where(callbacks.c.id > _floor(callbacks)).group_by(callbacks.c.provider)
    return {row[0]: row[1] for row in db.execute(latest)}
