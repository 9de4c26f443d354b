"""Tasks: what a person of the organisation must do, a call back or a name to write down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, or_, select, update

from gateway.store.database import Connection
from gateway.store.models import session_events, tasks
from gateway.store.rows import columns, insert_into, values
from gateway.store.scope import Scope, sees


@dataclass(frozen=True, slots=True)
class NewTask:
    """What is to be done (`kind` of `gateway.core.statuses.TASK_KINDS`) and for whom."""

    id: str
    organisation_id: str
    kind: str
    phone_id: int | None = None
    member_id: str | None = None
    session_id: str | None = None
    recording_id: str | None = None
    claim_id: str | None = None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task. `tries` that did not reach her, the next from `again_at` on; the note is sealed; `done_by` None while it is open."""

    id: str
    kind: str
    phone_id: int | None
    member_id: str | None
    session_id: str | None
    recording_id: str | None
    claim_id: str | None
    contribution_id: str | None
    created_at: datetime
    again_at: datetime | None = None
    tries: int = 0
    sealed_note: bytes | None = None
    done_at: datetime | None = None
    done_by: str | None = None


class DueTasks(NamedTuple):
    """Of one kind: how many are due, and the first few of them."""

    many: int
    first: list[TaskRow]


@dataclass(frozen=True, slots=True)
class ClaimOfTask:
    """The claim that an organiser opened because of a task of her organisation."""

    task_id: str
    of_organisation: str
    claim: str
    by: str


@dataclass(frozen=True, slots=True)
class AboutPhone:
    """The open tasks of one kind about a phone, and who did them."""

    of_organisation: str
    of_phone: int
    of_kind: str
    who: str


_OPEN = insert(tasks)
_OPEN_ONCE = insert_into(tasks).on_conflict_do_nothing().returning(tasks.c.id)
_TASKS = select(*columns(tasks, TaskRow))
_OPEN_TASKS = _TASKS.where(tasks.c.state == "open")
_DROP_OPEN = (
    update(tasks)
    .where(tasks.c.member_id == bindparam("of_member"), tasks.c.state == "open")
    .values(state="done", done_at=bindparam("now"), done_by=bindparam("who"))
)

_BECAME_CLAIM = (
    update(tasks)
    .where(tasks.c.id == bindparam("task_id"), tasks.c.organisation_id == bindparam("of_organisation"), tasks.c.state == "open")
    .values(state="done", done_at=bindparam("now"), done_by=bindparam("by"), claim_id=bindparam("claim"))
)
_CLOSE_ABOUT = (
    update(tasks)
    .where(tasks.c.claim_id == bindparam("of_claim"), tasks.c.state == "open")
    .values(state="done", done_at=bindparam("now"), done_by=bindparam("who"))
)
_CLOSE_ABOUT_PHONE = (
    update(tasks)
    .where(
        tasks.c.organisation_id == bindparam("of_organisation"),
        tasks.c.phone_id == bindparam("of_phone"),
        tasks.c.kind == bindparam("of_kind"),
        tasks.c.state == "open",
    )
    .values(state="done", done_at=bindparam("now"), done_by=bindparam("who"))
)

_COUNT_SINCE = (
    select(func.count())
    .select_from(tasks)
    .where(tasks.c.phone_id == bindparam("phone_id"), tasks.c.kind == bindparam("kind"), tasks.c.created_at >= bindparam("since"))
)

_CALL_BACKS = (
    select(tasks.c.id)
    .where(
        tasks.c.organisation_id == bindparam("organisation"),
        tasks.c.phone_id == bindparam("phone"),
        tasks.c.kind == "call_back",
        tasks.c.state == "open",
    )
    .limit(1)
)

_ADOPT = (
    update(tasks)
    .where(tasks.c.recording_id == bindparam("of_recording"), tasks.c.kind == bindparam("of_kind"), tasks.c.member_id.is_(None))
    .values(member_id=bindparam("of_member"))
)


def open_task(db: Connection, task: NewTask, now: datetime) -> None:
    """Write a task down."""
    db.execute(_OPEN, {**values(task), "state": "open", "created_at": now})


def open_once(db: Connection, task: NewTask, now: datetime) -> bool:
    """Write a task about a claim down; False where one of this kind is open about it."""
    return db.execute(_OPEN_ONCE, {**values(task), "state": "open", "created_at": now}).first() is not None


def close_about_claim(db: Connection, claim_id: str, by: str, now: datetime) -> None:
    """The claim moved: what was to be done about it has been done."""
    db.execute(_CLOSE_ABOUT, {"of_claim": claim_id, "who": by, "now": now})


def close_about_phone(db: Connection, about: AboutPhone, now: datetime) -> None:
    """What was to be looked at about this phone has been."""
    db.execute(_CLOSE_ABOUT_PHONE, {**values(about), "now": now})


def is_call_back_open(db: Connection, organisation_id: str, phone_id: int, since: datetime | None = None) -> bool:
    """Whether somebody of the organisation is to call this phone back already, and since then where that matters."""
    asked = _CALL_BACKS.where(tasks.c.created_at >= since) if since else _CALL_BACKS
    return db.execute(asked, {"organisation": organisation_id, "phone": phone_id}).first() is not None


def became_claim(db: Connection, task: ClaimOfTask, now: datetime) -> bool:
    """A claim came of this task: tick it off and let it name the claim; False where it is not open."""
    return db.execute(_BECAME_CLAIM, {**values(task), "now": now}).rowcount == 1


def adopt(db: Connection, recording_id: str, kind: str, member_id: str) -> bool:
    """Give the task about a recording to the member that its speaker became; False where there is none without a member."""
    return db.execute(_ADOPT, {"of_recording": recording_id, "of_kind": kind, "of_member": member_id}).rowcount > 0


def count_since(db: Connection, phone_id: int, kind: str, since: datetime) -> int:
    """How many tasks of a kind were written down for a phone since then, open or done."""
    return db.execute(_COUNT_SINCE, {"phone_id": phone_id, "kind": kind, "since": since}).scalar_one()


def list_open(db: Connection, scope: Scope, limit: int) -> list[TaskRow]:
    """The open tasks in scope, the oldest first."""
    oldest = _OPEN_TASKS.where(sees(scope, tasks)).order_by(tasks.c.created_at, tasks.c.id).limit(limit)
    return [TaskRow(*row) for row in db.execute(oldest)]


def page_open(db: Connection, scope: Scope, kinds: Collection[str], after: str, limit: int) -> list[TaskRow]:
    """Open tasks of these kinds by id, which is the order in which they came, those behind `after` ("" for the first page)."""
    page = _OPEN_TASKS.where(sees(scope, tasks), tasks.c.kind.in_(kinds), tasks.c.id > after).order_by(tasks.c.id).limit(limit)
    return [TaskRow(*row) for row in db.execute(page)]


def due(db: Connection, scope: Scope, kinds: Collection[str], now: datetime, each: int) -> dict[str, DueTasks]:
    """By kind, how many open tasks are due now, and the `each` oldest of them: one statement, however many there are."""
    numbered = (
        select(
            *columns(tasks, TaskRow),
            func.row_number().over(partition_by=tasks.c.kind, order_by=(tasks.c.created_at, tasks.c.id)).label("place"),
            func.count().over(partition_by=tasks.c.kind).label("many"),
        )
        .where(
            sees(scope, tasks),
            tasks.c.state == "open",
            tasks.c.kind.in_(kinds),
            or_(tasks.c.again_at.is_(None), tasks.c.again_at <= now),
        )
        .subquery()
    )
    found: dict[str, DueTasks] = {}
    for *row, _place, many in db.execute(select(numbered).where(numbered.c.place <= each).order_by(numbered.c.place)):
        task = TaskRow(*row)
        found.setdefault(task.kind, DueTasks(many, [])).first.append(task)
    return found


def get(db: Connection, scope: Scope, task_id: str) -> TaskRow | None:
    """The task of this id, open or done."""
    row = db.execute(_TASKS.where(tasks.c.id == task_id, sees(scope, tasks))).first()
    return TaskRow(*row) if row else None


def flows_of(db: Connection, session_ids: Collection[str]) -> dict[str, str]:
    """In which flow each of these conversations was when its task was written down: that of its last step."""
    latest = (
        select(func.max(session_events.c.id))
        .where(session_events.c.session_id.in_(session_ids), session_events.c.flow.is_not(None))
        .group_by(session_events.c.session_id)
    )
    rows = db.execute(select(session_events.c.session_id, session_events.c.flow).where(session_events.c.id.in_(latest)))
    return {row.session_id: row.flow for row in rows}


def not_reached(db: Connection, scope: Scope, task_id: str, again_at: datetime, sealed_note: bytes | None) -> bool:
    """She was not reached: the task stays open, and is due again then; an earlier note stays where there is no other."""
    still = (tasks.c.id == task_id) & (tasks.c.state == "open") & sees(scope, tasks)
    values = {"again_at": again_at, "tries": tasks.c.tries + 1} | ({"sealed_note": sealed_note} if sealed_note else {})
    return db.execute(update(tasks).where(still).values(**values)).rowcount == 1


def get_open(db: Connection, scope: Scope, task_id: str) -> TaskRow | None:
    """The task of this id, if it is open."""
    row = db.execute(_OPEN_TASKS.where(tasks.c.id == task_id, sees(scope, tasks))).first()
    return TaskRow(*row) if row else None


def done(  # noqa: PLR0913, PLR0917  # by whom, when, and what is to be kept of it
    db: Connection, scope: Scope, task_id: str, by: str, now: datetime, sealed_note: bytes | None = None
) -> bool:
    """Tick a task off; False where somebody else did, or it is out of scope."""
    open_still = (tasks.c.id == task_id) & (tasks.c.state == "open") & sees(scope, tasks)
    noted = {"sealed_note": sealed_note} if sealed_note else {}
    return db.execute(update(tasks).where(open_still).values(state="done", done_at=now, done_by=by, **noted)).rowcount == 1


def drop_open(db: Connection, member_id: str, by: str, now: datetime) -> None:
    """Nothing is to be done about this member any more."""
    db.execute(_DROP_OPEN, {"of_member": member_id, "who": by, "now": now})
