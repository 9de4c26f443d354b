"""What is kept no longer: the rows that are past their time, found without a lock and taken away some hundred at a time.

How long each is kept, and why, stands in `gateway.services.retention`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, false, func, or_, select, tuple_, update

from gateway.store.database import Connection
from gateway.store.models import (
    call_backs,
    callbacks,
    calls,
    deliveries,
    flow_sessions,
    idempotency_keys,
    import_refusals,
    imports,
    invitations,
    member_phones,
    messages,
    phones,
    receipts,
    recordings,
    session_events,
    sign_in_tries,
    studio_tries,
    survey_answers,
    takes,
    tasks,
    testimonies,
    uploads,
    visits,
)

Key = tuple[Any, ...]
Before = datetime

OVER = ("delivered", "undelivered", "failed", "suppressed", "read", "accepted", "sent")  # nothing more is done for such a delivery


@dataclass(frozen=True, slots=True)
class Purge:
    """Which rows of a table are past their time, and what is taken away: the columns of `emptied`, else the row."""

    table: Table
    is_due: Callable[[Before], ColumnElement[bool]]
    emptied: tuple[str, ...] = ()


def _is_orphan(before: Before) -> ColumnElement[bool]:
    known = exists().where(deliveries.c.external_id == callbacks.c.external_id)
    return (callbacks.c.at < before) & callbacks.c.delivery_id.is_(None) & ~known


def _is_heard(before: Before) -> ColumnElement[bool]:
    """Written down, and nobody needs to listen again; what belongs to a clip goes with the clip."""
    wanted = exists().where(tasks.c.recording_id == recordings.c.id, or_(tasks.c.state == "open", tasks.c.done_at >= before))
    used = (exists().where(table.c.recording_id == recordings.c.id) for table in (takes, survey_answers, testimonies))
    return and_(recordings.c.created_at < before, ~wanted, *(~each for each in used))


def _is_decided(before: Before) -> ColumnElement[bool]:
    return (takes.c.created_at < before) & (takes.c.state != "waiting") & or_(takes.c.decided_at.is_(None), takes.c.decided_at < before)


def _is_over(before: Before) -> ColumnElement[bool]:
    wanted = exists().where(tasks.c.session_id == flow_sessions.c.id, tasks.c.state == "open")
    heard = exists().where(recordings.c.session_id == flow_sessions.c.id)
    return (flow_sessions.c.open == false()) & (flow_sessions.c.updated_at < before) & ~wanted & ~heard


def _is_forgotten(before: Before) -> ColumnElement[bool]:
    """A number that is nobody's of ours, and from which and to which nothing went since."""

    def used(table: Table, since: ColumnElement[bool]) -> Select[Any]:
        return select(table.c.phone_id).where(since, table.c.phone_id.is_not(None))

    uses = (
        select(member_phones.c.phone_id),
        used(messages, messages.c.at >= before),
        used(calls, calls.c.started_at >= before),
        used(call_backs, call_backs.c.rang_at >= before),
        used(deliveries, deliveries.c.updated_at >= before),
        used(tasks, tasks.c.state == "open"),
        used(flow_sessions, flow_sessions.c.updated_at >= before),
    )
    unused = [phones.c.id.not_in(use) for use in uses]
    return phones.c.sealed.is_not(None) & phones.c.stopped_at.is_(None) & (phones.c.created_at < before) & _all(unused)


def _is_called_back(before: Before) -> ColumnElement[bool]:
    tried = exists().where(deliveries.c.call_back_id == call_backs.c.id)
    return (call_backs.c.rang_at < before) & call_backs.c.ended_at.is_not(None) & ~tried


def _all(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    first, *others = conditions
    for other in others:
        first &= other
    return first


PURGES: Mapping[str, Purge] = {
    "receipts": Purge(receipts, lambda before: receipts.c.at < before),
    "callbacks of nothing": Purge(callbacks, _is_orphan),
    "callbacks": Purge(callbacks, lambda before: callbacks.c.at < before),
    "words of messages": Purge(messages, lambda before: (messages.c.at < before) & messages.c.sealed_body.is_not(None), ("sealed_body",)),
    "messages": Purge(messages, lambda before: messages.c.at < before),
    "words of deliveries": Purge(
        deliveries,
        lambda before: (deliveries.c.updated_at < before) & deliveries.c.sealed_body.is_not(None) & deliveries.c.state.in_(OVER),
        ("sealed_body",),
    ),
    "replies": Purge(
        deliveries,
        lambda before: (deliveries.c.updated_at < before) & deliveries.c.broadcast_id.is_(None) & deliveries.c.state.in_(OVER),
    ),
    "call_backs": Purge(call_backs, _is_called_back),
    "calls": Purge(calls, lambda before: calls.c.started_at < before),
    "tasks": Purge(tasks, lambda before: (tasks.c.state == "done") & (tasks.c.done_at < before)),
    "takes": Purge(takes, _is_decided),
    "recordings": Purge(recordings, _is_heard),
    "conversations": Purge(flow_sessions, _is_over),
    "tries": Purge(studio_tries, lambda before: studio_tries.c.at < before),
    "answers": Purge(idempotency_keys, lambda before: idempotency_keys.c.at < before),
    "refusals": Purge(
        import_refusals, lambda before: import_refusals.c.import_id.in_(select(imports.c.id).where(imports.c.updated_at < before))
    ),
    "visits": Purge(visits, lambda before: (visits.c.expires_at < before) | (visits.c.ended_at < before)),
    "invitations": Purge(invitations, lambda before: (invitations.c.expires_at < before) | (invitations.c.used_at < before)),
    "tries to sign in": Purge(sign_in_tries, lambda before: sign_in_tries.c.last_at < before),
    "uploads": Purge(uploads, lambda before: uploads.c.updated_at < before),
    "numbers of strangers": Purge(phones, _is_forgotten, ("sealed", "blind_index", "language", "script", "broke_off")),
}


def count(db: Connection, name: str, before: Before) -> int:
    """How many rows are past their time."""
    purge = PURGES[name]
    return db.execute(select(func.count()).select_from(purge.table).where(purge.is_due(before))).scalar_one()


def due(db: Connection, name: str, before: Before, limit: int) -> list[Key]:
    """The keys of some of them."""
    purge = PURGES[name]
    return [tuple(row) for row in db.execute(select(*purge.table.primary_key.columns).where(purge.is_due(before)).limit(limit))]


def files(db: Connection, name: str, keys: Sequence[Key]) -> list[str]:
    """The files of these, where they are recordings, below the data directory."""
    if PURGES[name].table is not recordings:
        return []
    found = db.execute(select(recordings.c.file).where(recordings.c.id.in_([key[0] for key in keys]), recordings.c.file.is_not(None)))
    return [str(file) for file in found.scalars()]


def take_away(db: Connection, name: str, before: Before, keys: Sequence[Key]) -> int:
    """Take these away, as far as they are past their time still; what refers to them lets go first. How many."""
    purge = PURGES[name]
    key = list(purge.table.primary_key.columns)
    these = (tuple_(*key).in_(keys) if len(key) > 1 else key[0].in_([each[0] for each in keys])) & purge.is_due(before)
    if purge.emptied:
        return db.execute(update(purge.table).where(these).values(dict.fromkeys(purge.emptied))).rowcount
    ids = select(key[0]).where(these)
    if purge.table is flow_sessions:
        db.execute(update(tasks).where(tasks.c.session_id.in_(ids)).values(session_id=None))
        db.execute(delete(session_events).where(session_events.c.session_id.in_(ids)))
    if purge.table is recordings:
        db.execute(update(tasks).where(tasks.c.recording_id.in_(ids)).values(recording_id=None))
    return db.execute(delete(purge.table).where(these)).rowcount
