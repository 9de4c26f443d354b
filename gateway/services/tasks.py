"""What a person of the organisation must do: whom to call back, whose name to write down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.statuses import TASK_KINDS
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Actor, Permission
from gateway.store import claims, contributions, members, phones, recordings, tasks

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection
    from gateway.store.tasks import TaskRow

MOST_SHOWN = 200  # of the oldest


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task with what its doer needs: the number to ring, the member's number, what to listen to; None where there is none.

    `said` is the name that she texted, to be written down properly; `claim` the number of the claim that it is about, `reference` that of
    the contribution; `had` the membership numbers of those whose phone it was, until somebody said otherwise.
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


def list_open(gateway: Gateway, actor: Actor) -> list[OpenTask]:
    """The open tasks that the actor may do, the oldest first."""
    actor.require(Permission.DO_TASKS)
    with gateway.database.read() as db:
        rows = [row for row in tasks.list_open(db, actor.scope, MOST_SHOWN) if actor.may(TASK_KINDS[row.kind])]
        numbers = phones.open_many(db, gateway.seal, {row.phone_id for row in rows if row.phone_id is not None})
        named = {row.claim_id for row in rows if row.claim_id}, {row.contribution_id for row in rows if row.contribution_id}
        claim_numbers, references = claims.numbers(db, actor.scope, named[0]), contributions.references(db, actor.scope, named[1])
        had = phones.disowned(db, actor.scope, {row.phone_id for row in rows if row.phone_id is not None and row.kind == "check_phone"})
        found = [
            replace(
                _shown(gateway, db, row, numbers),
                claim=claim_numbers.get(row.claim_id or ""),
                reference=references.get(row.contribution_id or ""),
                had=tuple(had.get(row.phone_id or 0, ())) if row.kind == "check_phone" else (),
            )
            for row in rows
        ]
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "see_tasks", "tasks", tasks=[task.id for task in found])
    return found


def finish(gateway: Gateway, actor: Actor, task_id: str) -> None:
    """Tick a task off; GatewayError `task:unknown` where it is not open."""
    actor.require(Permission.DO_TASKS)
    with gateway.database.write() as db:
        task = open_task(db, actor, task_id)
        if not tasks.done(db, actor.scope, task_id, actor.name, gateway.clock()):
            raise GatewayError("task:unknown", id=task_id)
        access.note(gateway, db, actor, Permission.DO_TASKS, f"task:{task_id}", kind=task.kind)


def open_task(db: Connection, actor: Actor, task_id: str) -> TaskRow:
    """The open task of this id, if the actor may do it; GatewayErrors `task:unknown`, `access:denied`."""
    task = tasks.get_open(db, actor.scope, task_id)
    if task is None:
        raise GatewayError("task:unknown", id=task_id)
    actor.require(TASK_KINDS[task.kind])
    return task


def _shown(gateway: Gateway, db: Connection, task: TaskRow, numbers: dict[int, str]) -> OpenTask:
    member = members.get(db, task.member_id) if task.member_id else None
    unwritten = member is not None and member.state == "pending" and task.kind == "write_down_name"
    said = members.names(db, gateway.seal, [member.id])[member.id] if member and unwritten else None
    recording = recordings.get(db, task.recording_id) if task.recording_id else None
    return OpenTask(
        id=task.id,
        kind=task.kind,
        since=task.created_at,
        phone=numbers[task.phone_id] if task.phone_id is not None else None,
        member=member.number if member else None,
        said=said,
        recording=gateway.settings.data_dir / recording.file if recording and recording.file else None,
        claim_id=task.claim_id,
        contribution_id=task.contribution_id,
    )
