"""How callers get through the flows, added up by day once a conversation is over: counts of steps, of nobody.

A conversation is counted once: whoever sets its `counted` writes its numbers in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, func, not_, select, true, update

from gateway.store.database import Connection
from gateway.store.flow_sessions import COLUMNS, SessionRow, opened
from gateway.store.models import OPEN, UNCOUNTED, channels, flow_sessions, session_events, step_counts
from gateway.store.rows import insert_into

if TYPE_CHECKING:
    from gateway.store.scope import Scope
    from gateway.store.secrets import Seal

WHOLE = ""  # the step under which the numbers of a whole flow stand
TOLD = ("StepEntered", "AnswerMissed", "ConversationEnded")  # the events from which the counts are made


class Over(NamedTuple):
    """A conversation that is over and not yet counted."""

    id: str
    organisation_id: str
    medium: str


class Event(NamedTuple):
    """What happened in it. `detail` is the JSON of the log."""

    session_id: str
    version: int
    kind: str
    flow: str | None
    step: str | None
    detail: str | None
    at: datetime


class Count(NamedTuple):
    """The numbers of a step (or of a whole flow: WHOLE) on one day in Nepal, or over several. How often it was reached, how often nothing
    and how often a wrong key was pressed there, how many ended the conversation there and how many were sent on after too many misses."""

    flow: str
    step: str
    medium: str
    day: str
    reached: int
    silent: int
    wrong: int
    hung_up: int
    gave_up: int


NUMBERS = ("reached", "silent", "wrong", "hung_up", "gave_up")

_OVER = (
    select(flow_sessions.c.id, channels.c.organisation_id, flow_sessions.c.medium)
    .join(channels, channels.c.id == flow_sessions.c.channel_id)
    .where(UNCOUNTED)
    .order_by(flow_sessions.c.created_at)
    .limit(bindparam("most"))
)
_TAKE = (
    update(flow_sessions)
    .where(flow_sessions.c.id.in_(bindparam("ids", expanding=True)), not_(flow_sessions.c.open), not_(flow_sessions.c.counted))
    .values(counted=true())
    .returning(flow_sessions.c.id)
)
_EVENTS = (
    select(*(session_events.c[name] for name in Event._fields))
    .where(session_events.c.session_id.in_(bindparam("ids", expanding=True)), session_events.c.kind.in_(TOLD))
    .order_by(session_events.c.session_id, session_events.c.id)
)
_NEW = insert_into(step_counts)
_ADD = _NEW.on_conflict_do_update(
    index_elements=["organisation_id", "day", "flow", "step", "medium"],
    set_={name: step_counts.c[name] + _NEW.excluded[name] for name in NUMBERS},
)
_SUMS = [func.sum(step_counts.c[name]) for name in NUMBERS]
_SINCE = (step_counts.c.organisation_id == bindparam("organisation"), step_counts.c.day >= bindparam("since"))
_GROUPS = (step_counts.c.flow, step_counts.c.step, step_counts.c.medium)
_OF_FLOW = select(*_GROUPS, *_SUMS).where(*_SINCE, step_counts.c.flow == bindparam("flow_name")).group_by(*_GROUPS)
_WHOLE = select(*_GROUPS, *_SUMS).where(*_SINCE, step_counts.c.step == WHOLE).group_by(*_GROUPS)
_UNDER_WAY = (
    select(*COLUMNS)
    .join(channels, channels.c.id == flow_sessions.c.channel_id)
    .where(OPEN, channels.c.organisation_id == bindparam("organisation"))
    .limit(bindparam("most"))
)


def over(db: Connection, most: int) -> list[Over]:
    """The oldest conversations that are over and not yet counted."""
    return [Over(*row) for row in db.execute(_OVER, {"most": most})]


def take(db: Connection, ids: Sequence[str]) -> set[str]:
    """Mark them as counted; those that nobody else marked meanwhile, which are now this transaction's to count."""
    return set(db.execute(_TAKE, {"ids": list(ids)}).scalars())


def events(db: Connection, ids: Iterable[str]) -> list[Event]:
    """What happened in these conversations, one after the other, each from its beginning."""
    return [Event(*row) for row in db.execute(_EVENTS, {"ids": list(ids)})]


def add(db: Connection, organisation_id: str, counts: Iterable[Count]) -> None:
    """Add to what is known of these days. In the order of their keys, so that two who add at once do not wait for one another for ever."""
    rows = [{"organisation_id": organisation_id, **count._asdict()} for count in sorted(counts)]
    if rows:
        db.execute(_ADD, rows)


def of_flow(db: Connection, scope: Scope, flow: str, since: str) -> list[Count]:
    """The numbers of a flow and of each of its steps, from this day on (`2026-11-22`)."""
    found = db.execute(_OF_FLOW, {"organisation": scope.organisation_id, "since": since, "flow_name": flow})
    return [_summed(row, since) for row in found]


def of_all(db: Connection, scope: Scope, since: str) -> list[Count]:
    """The numbers of whole flows, from this day on."""
    return [_summed(row, since) for row in db.execute(_WHOLE, {"organisation": scope.organisation_id, "since": since})]


def under_way(db: Connection, seal: Seal, scope: Scope, most: int) -> list[SessionRow]:
    """Conversations that are not over."""
    return [opened(seal, row) for row in db.execute(_UNDER_WAY, {"organisation": scope.organisation_id, "most": most})]


def _summed(row: Sequence[object], since: str) -> Count:
    flow, step, medium, *numbers = row
    return Count(str(flow), str(step), str(medium), since, *(int(str(number)) for number in numbers))
