"""The audit log: who saw and did what. Each row's hash covers the row before it, so that nothing can be changed unnoticed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, insert, select, type_coerce
from sqlalchemy.types import NullType

from gateway.store.database import Connection
from gateway.store.models import audit

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

BEGINNING = bytes(32)  # stands for the hash before the first row
CHAIN_LOCK = 208_309  # any number, the same in every process: one of them appends, the others wait


class Entry(NamedTuple):
    """What somebody did or saw. `detail` is JSON."""

    organisation_id: str
    actor: str
    action: str
    subject: str
    detail: str


class Row(NamedTuple):
    """A row of the log with its place in the chain."""

    number: int
    entry: Entry
    at: datetime
    hash: bytes


class Filter(NamedTuple):
    """Which rows to show: all that is None does not matter."""

    actor: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None  # before this instant

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        wanted = ((audit.c.actor, self.actor), (audit.c.subject, self.subject))
        chosen = [column == value for column, value in wanted if value is not None]
        chosen += [audit.c.at >= self.since] if self.since is not None else []
        return chosen + ([audit.c.at < self.until] if self.until is not None else [])


NEVER = datetime.min.replace(tzinfo=UTC)
FIRST = -(2**63)  # below any number that a row can have
PAGE = 1000  # rows

_ENTRY = [audit.c[name] for name in Entry._fields]
_ALL = select(audit.c.id, *_ENTRY, type_coerce(audit.c.at, NullType()).label("at"), audit.c.hash).order_by(audit.c.id)
_ROWS = _ALL.limit(bindparam("limit"))
_NEWEST = _ROWS.order_by(None).order_by(audit.c.id.desc())
_BEHIND = _ROWS.where(audit.c.id > bindparam("after"))
_LAST = select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)
_LATEST = select(func.max(audit.c.at)).where(audit.c.subject == bindparam("subject"))
_WITH_ACTION = _ALL.where(audit.c.action == bindparam("action"))
_APPEND = insert(audit)


def append(db: Connection, seal: Seal, entry: Entry, now: datetime) -> None:
    """Write a row behind the last one, inside the caller's write transaction; others that append wait until it ends."""
    lock(db)
    number, before = last(db) or (0, BEGINNING)
    link = seal.link(before, chained(number + 1, entry, now))
    db.execute(_APPEND, {**entry._asdict(), "id": number + 1, "at": now, "hash": link})


def lock(db: Connection) -> None:
    """Let nobody else append until this transaction ends. On SQLite nobody else writes anyway."""
    if db.dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(CHAIN_LOCK)))


def chained(number: int, entry: Entry, at: datetime) -> bytes:
    """The bytes of a row that its hash covers: JSON, so that no two rows have the same."""
    return json.dumps([number, *entry, at.isoformat()], default=repr).encode()


def last(db: Connection) -> tuple[int, bytes] | None:
    """The number and the hash of the last row; None in an empty log."""
    row = db.execute(_LAST).first()
    return (row.id, _link(row.hash)) if row else None


def walk(db: Connection) -> Iterator[Row]:
    """All rows by number, a page at a time, so that a log of any length takes no memory."""
    after = FIRST
    while rows := page_behind(db, after, PAGE):
        yield from rows
        after = rows[-1].number


def page_behind(db: Connection, number: int, limit: int = 1) -> list[Row]:
    """The rows behind this number, of all organisations."""
    return [_row(found) for found in db.execute(_BEHIND, {"after": number, "limit": limit})]


def page(db: Connection, organisation_id: str, after: int, limit: int, wanted: Filter) -> list[Row]:
    """An organisation's rows behind the number `after`, the oldest first."""
    query = _BEHIND.where(audit.c.organisation_id == organisation_id, *wanted.conditions)
    return [_row(found) for found in db.execute(query, {"after": after, "limit": limit})]


def newest(db: Connection, organisation_id: str, before: int, limit: int, wanted: Filter) -> list[Row]:
    """An organisation's rows before the number `before` (0: from the last one on), the newest first."""
    query = _NEWEST.where(audit.c.organisation_id == organisation_id, *wanted.conditions)
    query = query.where(audit.c.id < before) if before else query
    return [_row(found) for found in db.execute(query, {"limit": limit})]


def latest(db: Connection, subject: str) -> datetime | None:
    """When something about this subject was last written down."""
    return db.execute(_LATEST, {"subject": subject}).scalar()


def with_action(db: Connection, action: str) -> list[Row]:
    """All rows of one of the few actions that are rare: a change of keys, an erasure."""
    return [_row(found) for found in db.execute(_WITH_ACTION, {"action": action})]


def _row(found: Sequence[Any]) -> Row:
    number, *entry, at, link = found
    return Row(number, Entry(*entry), _instant(at), _link(link))


def _instant(value: object) -> datetime:
    """When a row says it was written; somebody may have put anything there, and no row has the instant that stands for that."""
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(f"{value}+00:00")
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return NEVER


def _link(value: object) -> bytes:
    """The hash of a row; SQLite lets somebody put there what is none, and no row has the one that stands for that."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""
