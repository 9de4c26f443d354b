"""What a person of the organisation must do: whom to call back, whose name to write down."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core import consent
from gateway.core.calendar import NEPAL
from gateway.core.jobs import SendReply
from gateway.core.statuses import TASK_KINDS
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Actor, Permission
from gateway.services.claim_moves import check_note
from gateway.store import claims, contributions, deliveries, members, messages, phones, reach, recordings, tasks

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection
    from gateway.store.tasks import TaskRow

MOST_SHOWN = 200  # of the oldest
CALL_BACK, WRITTEN, NAME, PHONE = "call_back", "check_messages", "write_down_name", "check_phone"  # kinds
WORDS_BEFORE = timedelta(days=1)  # texts so long before a task may be what it is about
MOST_WORDS = 3  # texts beside a task
MOST_READ = 300  # texts of all tasks of a page
LONGEST_ANSWER = 300  # characters: two texts of Devanagari, and some more

# When she is tried again who was not reached.
LATER, TOMORROW = "later", "tomorrow"
SOON = timedelta(hours=2)
MORNING = time(9)


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task with what its doer needs: the number to ring, the member's number, what to listen to; None where there is none.

    `said` is the name that she texted, to be written down properly; `claim` the number of the claim that it is about, `reference` that of
    the contribution; `had` the membership numbers of those whose phone it was, until somebody said otherwise. `flow` is what she was
    doing when it was written down, `words` what came from her phone by text, the newest first; `tries` did not reach her.
    """

    id: str
    kind: str
    since: datetime
    phone: str | None
    member: str | None
    said: str | None
    recording: Path | None
    claim_id: str | None
    contribution_id: str | None
    claim: str | None = None
    reference: str | None = None
    had: tuple[str, ...] = ()
    member_id: str | None = None
    name: str | None = None
    unwritten: bool = False  # she is to be written down: not yet a member in full
    flow: str | None = None
    words: tuple[tuple[datetime, str], ...] = ()
    tries: int = 0
    again_at: datetime | None = None
    note: str | None = None
    done_at: datetime | None = None
    done_by: str | None = None


# --- looking -----------------------------------------------------------------------------------------------------------------------


def list_open(gateway: Gateway, actor: Actor) -> list[OpenTask]:
    """The open tasks that the actor may do, the oldest first."""
    actor.require(Permission.DO_TASKS)
    with gateway.database.read() as db:
        rows = [row for row in tasks.list_open(db, actor.scope, MOST_SHOWN) if actor.may(TASK_KINDS[row.kind])]
        found = told(gateway, db, actor, rows)
    _seen(gateway, actor, found)
    return found


def page(gateway: Gateway, actor: Actor, after: str, limit: int, kind: str | None = None) -> list[OpenTask]:
    """The open tasks that the actor may do, of one kind where it is named, behind the one with the id `after`."""
    actor.require(Permission.DO_TASKS)
    with gateway.database.read() as db:
        kinds = [each for each in may_do(actor) if kind in {None, each}]
        found = told(gateway, db, actor, tasks.page_open(db, actor.scope, kinds, after, min(limit, MOST_SHOWN)))
    _seen(gateway, actor, found)
    return found


def get(gateway: Gateway, actor: Actor, task_id: str) -> OpenTask:
    """One task, open or done. GatewayErrors `task:unknown`, `access:denied`."""
    actor.require(Permission.DO_TASKS)
    with gateway.database.write() as db:
        found = told(gateway, db, actor, [_known(db, actor, task_id)])[0]
        access.note(gateway, db, actor, "see_tasks", f"task:{task_id}")
    return found


def listen(gateway: Gateway, actor: Actor, task_id: str) -> Path:
    """The file of what she said. GatewayErrors `task:unknown`, `task:no-recording`, `access:denied`."""
    actor.require(Permission.DO_TASKS)
    with gateway.database.write() as db:
        row = _known(db, actor, task_id)
        files = recordings.files(db, [row.recording_id]) if row.recording_id else {}
        if not files or not (gateway.settings.data_dir / files[str(row.recording_id)]).is_file():
            raise GatewayError("task:no-recording")
        access.note(gateway, db, actor, "hear_recording", f"task:{task_id}")
    return gateway.settings.data_dir / files[str(row.recording_id)]


def may_do(actor: Actor) -> list[str]:
    """The kinds of tasks that her role allows her to do."""
    return [kind for kind, permission in TASK_KINDS.items() if actor.may(permission)] if actor.may(Permission.DO_TASKS) else []


def open_task(db: Connection, actor: Actor, task_id: str) -> TaskRow:
    """The open task of this id, if the actor may do it; GatewayErrors `task:unknown`, `access:denied`."""
    task = tasks.get_open(db, actor.scope, task_id)
    if task is None:
        raise GatewayError("task:unknown", id=task_id)
    actor.require(TASK_KINDS[task.kind])
    return task


def _known(db: Connection, actor: Actor, task_id: str) -> TaskRow:
    row = tasks.get(db, actor.scope, task_id)
    if row is None:
        raise GatewayError("task:unknown", id=task_id)
    actor.require(TASK_KINDS[row.kind])
    return row


def _seen(gateway: Gateway, actor: Actor, found: Sequence[OpenTask]) -> None:
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "see_tasks", "tasks", tasks=[task.id for task in found])


# --- doing -------------------------------------------------------------------------------------------------------------------------


def finish(gateway: Gateway, actor: Actor, task_id: str, note: str | None = None) -> None:
    """Tick a task off, with a note where there is something to keep; GatewayError `task:unknown` where it is not open, `claim:note`."""
    actor.require(Permission.DO_TASKS)
    check_note(note)
    with gateway.database.write() as db:
        _done(gateway, db, actor, open_task(db, actor, task_id), note)


def postpone(gateway: Gateway, actor: Actor, task_id: str, when: str, note: str | None = None) -> datetime:
    """She was not reached: it is due again in two hours (`LATER`) or tomorrow morning; when. GatewayErrors as of `finish`."""
    actor.require(Permission.DO_TASKS)
    check_note(note)
    here = gateway.clock().astimezone(NEPAL)
    tomorrow = datetime.combine(here.date() + timedelta(days=1), MORNING, NEPAL)
    again_at = here + SOON if when == LATER and not consent.quiet(here + SOON) else tomorrow
    with gateway.database.write() as db:
        open_task(db, actor, task_id)
        if not tasks.not_reached(db, actor.scope, task_id, again_at, gateway.seal.seal(note) if note else None):
            raise GatewayError("task:unknown", id=task_id)
        access.note(gateway, db, actor, Permission.DO_TASKS, f"task:{task_id}", reached=False)
    return again_at


def answer(gateway: Gateway, actor: Actor, task_id: str, words: str) -> None:
    """Answer whoever wrote by text, which ticks the task off; at night it goes out in the morning.

    GatewayErrors `task:unknown`, `task:answer`, `task:no-phone`, `task:stopped`.
    """
    actor.require(Permission.DO_TASKS)
    body = " ".join(words.split())
    if not body or len(body) > LONGEST_ANSWER:
        raise GatewayError("task:answer", where="words", most=LONGEST_ANSWER)
    now = gateway.clock()
    with gateway.database.write() as db:
        row = open_task(db, actor, task_id)
        channel = reach.channel_of(db, actor.organisation_id)
        if row.phone_id is None or channel is None or not phones.open_many(db, gateway.seal, [row.phone_id]):
            raise GatewayError("task:no-phone")
        if phones.has_stopped(db, row.phone_id):
            raise GatewayError("task:stopped")
        opens = consent.opens_at(now) if consent.quiet(now) else None
        reply = deliveries.NewReply(channel.id, row.phone_id, row.member_id, gateway.settings.language, body, opens, by_day=True)
        owed = deliveries.owe_reply(db, gateway.seal, reply, now)
        _done(gateway, db, actor, row, None, answered=True)
    gateway.enqueue([] if opens else [SendReply(owed)])


def call_back(gateway: Gateway, actor: Actor, task_id: str) -> None:
    """Somebody is to ring whoever wrote: a call-back in place of this task. GatewayErrors `task:unknown`, `task:no-phone`."""
    actor.require(Permission.DO_TASKS)
    with gateway.database.write() as db:
        row = open_task(db, actor, task_id)
        if row.phone_id is None:
            raise GatewayError("task:no-phone")
        _done(gateway, db, actor, row, None, becomes=CALL_BACK)
        new = tasks.NewTask(gateway.new_id(), actor.organisation_id, CALL_BACK, row.phone_id, row.member_id, row.session_id)
        tasks.open_task(db, new, gateway.clock())


def _done(gateway: Gateway, db: Connection, actor: Actor, task: TaskRow, note: str | None, **became: object) -> None:
    sealed = gateway.seal.seal(note) if note else None
    if not tasks.done(db, actor.scope, task.id, actor.name, gateway.clock(), sealed):
        raise GatewayError("task:unknown", id=task.id)
    access.note(gateway, db, actor, Permission.DO_TASKS, f"task:{task.id}", kind=task.kind, **became)


# --- what a task is about ----------------------------------------------------------------------------------------------------------


def told(gateway: Gateway, db: Connection, actor: Actor, rows: Sequence[TaskRow]) -> list[OpenTask]:
    """Tasks with what their doer needs, in as many statements for two hundred as for one. The caller notes who saw them."""
    if not rows:
        return []
    seal = gateway.seal
    known = members.briefly(db, seal, {row.member_id for row in rows if row.member_id})
    dialled = phones.open_many(db, seal, {row.phone_id for row in rows if row.phone_id is not None})
    files = recordings.files(db, {row.recording_id for row in rows if row.recording_id})
    claim_numbers = claims.numbers(db, actor.scope, {row.claim_id for row in rows if row.claim_id})
    references = contributions.references(db, actor.scope, {row.contribution_id for row in rows if row.contribution_id})
    had = phones.disowned(db, actor.scope, {row.phone_id for row in rows if row.phone_id is not None and row.kind == PHONE})
    flows = tasks.flows_of(db, {row.session_id for row in rows if row.session_id})
    words = _words(gateway, db, [row for row in rows if row.kind == WRITTEN])
    return [
        OpenTask(
            id=row.id,
            kind=row.kind,
            since=row.created_at,
            phone=dialled.get(row.phone_id) if row.phone_id is not None else None,
            member=member.number if member else None,
            said=member.name if member and row.kind == NAME and member.state == "pending" else None,
            recording=gateway.settings.data_dir / files[row.recording_id] if row.recording_id in files else None,
            claim_id=row.claim_id,
            contribution_id=row.contribution_id,
            claim=claim_numbers.get(row.claim_id or ""),
            reference=references.get(row.contribution_id or ""),
            had=tuple(had.get(row.phone_id or 0, ())) if row.kind == PHONE else (),
            member_id=member.id if member else None,
            name=member.name if member else None,
            unwritten=row.kind == NAME and member is not None and member.state == "pending",
            flow=flows.get(row.session_id or ""),
            words=tuple(words.get(row.id, ())),
            tries=row.tries,
            again_at=row.again_at,
            note=seal.open(row.sealed_note) if row.sealed_note else None,
            done_at=row.done_at,
            done_by=row.done_by,
        )
        for row in rows
        for member in (known.get(row.member_id or ""),)
    ]


def _words(gateway: Gateway, db: Connection, rows: Collection[TaskRow]) -> Mapping[str, list[tuple[datetime, str]]]:
    """What was written about these tasks: the last texts of each phone since shortly before its task."""
    phone_ids = {row.phone_id for row in rows if row.phone_id is not None}
    if not phone_ids:
        return {}
    since = min(row.created_at for row in rows) - WORDS_BEFORE
    came = messages.written_by(db, gateway.seal, phone_ids, since, MOST_READ)
    return {row.id: [(at, words) for phone_id, at, words in came if phone_id == row.phone_id][:MOST_WORDS] for row in rows}
