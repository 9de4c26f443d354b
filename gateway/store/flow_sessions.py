"""Conversations: where each caller stands in a flow, and the log of how she came there.

`version` is the lock: a step reads it, computes without any lock, and writes only where it is still the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, false, select, update

from gateway.store.database import Connection
from gateway.store.models import OPEN, OPEN_TEXT, calls, flow_sessions, session_events
from gateway.store.prepared import Prepared
from gateway.store.rows import columns, insert_into

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


class SessionRow(NamedTuple):
    """A conversation. `external_id` is the call's id at the provider, or that of the text which opened it; `state` the engine's JSON,
    which is sealed at rest: an answer in it may be a name."""

    id: str
    provider: str
    external_id: str
    channel_id: str
    phone_id: int | None
    member_id: str | None
    medium: str
    version: int
    state: str
    open: bool
    updated_at: datetime


class LogRow(NamedTuple):
    """One thing that happened in a conversation. `detail` is JSON and never holds a PIN, a number or a name."""

    session_id: str
    version: int
    kind: str
    flow: str | None
    step: str | None
    detail: str | None
    at: datetime


COLUMNS = columns(flow_sessions, SessionRow)
_STATE = SessionRow._fields.index("state")

_LOAD = select(*COLUMNS).where(flow_sessions.c.provider == bindparam("provider"), flow_sessions.c.external_id == bindparam("external_id"))
_GET = select(*COLUMNS).where(flow_sessions.c.id == bindparam("session_id"))
_INSERT = Prepared(insert_into(flow_sessions))
_ADVANCE = Prepared(
    update(flow_sessions)
    .where(flow_sessions.c.id == bindparam("session_id"), flow_sessions.c.version == bindparam("expected_version"))
    .values(
        version=bindparam("new_version"),
        state=bindparam("new_state"),
        open=bindparam("still_open"),
        phone_id=bindparam("phone"),
        member_id=bindparam("member"),
        updated_at=bindparam("now"),
    )
)
_LOAD_OPEN_TEXT = select(*COLUMNS).where(
    flow_sessions.c.channel_id == bindparam("channel_id"), flow_sessions.c.phone_id == bindparam("phone_id"), OPEN_TEXT
)
_CLOSE = (
    update(flow_sessions)
    .where(flow_sessions.c.id == bindparam("session_id"), flow_sessions.c.version == bindparam("expected_version"))
    .values(open=false(), updated_at=bindparam("now"))
)
_CLOSE_NAMED = (
    update(flow_sessions)
    .where(
        flow_sessions.c.provider == bindparam("of_provider"),
        flow_sessions.c.external_id == bindparam("of_call"),
        OPEN,
    )
    .values(open=false(), updated_at=bindparam("now"))
)
_IDLE = (
    OPEN,
    flow_sessions.c.medium == bindparam("of_medium"),
    flow_sessions.c.created_at < bindparam("older_than"),
    flow_sessions.c.updated_at < bindparam("older_than"),
)
_CLOSE_IDLE = update(flow_sessions).where(*_IDLE).values(open=false())
_IDLE_ROWS = select(*COLUMNS).where(*_IDLE).limit(bindparam("limit"))
_LOG = Prepared(insert_into(session_events))
_OF_SESSION = session_events.c.session_id == bindparam("session_id")
_EVENTS = select(*columns(session_events, LogRow)).where(_OF_SESSION).order_by(session_events.c.id)
_CALLS_OF = (
    select(flow_sessions.c.id, flow_sessions.c.created_at)
    .join(calls, (calls.c.provider == flow_sessions.c.provider) & (calls.c.external_id == flow_sessions.c.external_id))
    .where(calls.c.phone_id == bindparam("phone_id"))
    .order_by(calls.c.id.desc())
    .limit(bindparam("limit"))
)


def opened(seal: Seal, row: Sequence[Any]) -> SessionRow:
    """A conversation from a row of `COLUMNS`."""
    return SessionRow(*row)._replace(state=seal.open(row[_STATE]))


def load(db: Connection, seal: Seal, provider: str, external_id: str) -> SessionRow | None:
    """The conversation under this name at the provider."""
    row = db.execute(_LOAD, {"provider": provider, "external_id": external_id}).first()
    return opened(seal, row) if row else None


def get(db: Connection, seal: Seal, session_id: str) -> SessionRow | None:
    """The conversation with this id."""
    row = db.execute(_GET, {"session_id": session_id}).first()
    return opened(seal, row) if row else None


def insert(db: Connection, seal: Seal, row: SessionRow) -> None:
    """Write a conversation that begins; where another worker began it first, the transaction ends in Conflict."""
    _INSERT.write(db, {**row._asdict(), "state": seal.seal(row.state), "created_at": row.updated_at})


def advance(db: Connection, seal: Seal, row: SessionRow, expected_version: int) -> bool:
    """Write a conversation as it is after a step; False, and nothing written, where another worker was faster."""
    written = _ADVANCE.write(
        db,
        {
            "session_id": row.id,
            "expected_version": expected_version,
            "new_version": row.version,
            "new_state": seal.seal(row.state),
            "still_open": row.open,
            "phone": row.phone_id,
            "member": row.member_id,
            "now": row.updated_at,
        },
    )
    return written == 1


def load_open_text(db: Connection, seal: Seal, channel_id: str, phone_id: int) -> SessionRow | None:
    """The conversation by SMS that is open between one of our numbers and a phone; there is at most one."""
    row = db.execute(_LOAD_OPEN_TEXT, {"channel_id": channel_id, "phone_id": phone_id}).first()
    return opened(seal, row) if row else None


def close(db: Connection, session_id: str, expected_version: int, now: datetime) -> bool:
    """Close a conversation that another one replaces; False, and nothing written, where another worker was faster."""
    written = db.execute(_CLOSE, {"session_id": session_id, "expected_version": expected_version, "now": now})
    return written.rowcount == 1


def close_named(db: Connection, provider: str, external_id: str, now: datetime) -> None:
    """Close the conversation of a call that is over, if there was one."""
    db.execute(_CLOSE_NAMED, {"of_provider": provider, "of_call": external_id, "now": now})


def close_idle(db: Connection, medium: str, older_than: datetime) -> int:
    """Close the conversations of a medium in which nothing happened since then; return how many."""
    return db.execute(_CLOSE_IDLE, {"of_medium": medium, "older_than": older_than}).rowcount


def idle(db: Connection, seal: Seal, medium: str, older_than: datetime, limit: int) -> list[SessionRow]:
    """Some of those conversations, still open."""
    return [opened(seal, row) for row in db.execute(_IDLE_ROWS, {"of_medium": medium, "older_than": older_than, "limit": limit})]


def log(db: Connection, rows: Sequence[LogRow]) -> None:
    """Write what happened, all rows in one statement; at least one."""
    _LOG.write_all(db, [row._asdict() for row in rows])


def events(db: Connection, session_id: str) -> list[LogRow]:
    """What happened in a conversation, in order."""
    return [LogRow(*row) for row in db.execute(_EVENTS, {"session_id": session_id})]


def calls_of(db: Connection, phone_id: int, limit: int) -> list[tuple[str, datetime]]:
    """The conversations of the last calls of a phone, the latest first, each with when it began."""
    return [(row.id, row.created_at) for row in db.execute(_CALLS_OF, {"phone_id": phone_id, "limit": limit})]
