"""What a person of the organisation must do."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from gateway.core.roles import Permission
from gateway.services import members, tasks
from gateway.web.api.members import Member, Said
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Given, Text

routes = Routes("tasks")


class Task(Given):
    id: str
    kind: str
    since: datetime
    phone: str | None = Field(description="whom to ring")
    member: str | None = Field(description="her membership number")
    said: str | None = Field(description="the name that she texted")
    recording: bool = Field(description="there is something to listen to")
    claim_id: str | None
    contribution_id: str | None


class Tasks(Given):
    items: list[Task]


class Name(Said):
    name: Text


@routes.get("/tasks", Permission.DO_TASKS)
def list_(call: Call) -> Tasks:
    """List the open tasks, the oldest first: at most 200."""
    found = tasks.list_open(call.gateway, call.actor)
    return Tasks(
        items=[
            Task(
                id=task.id,
                kind=task.kind,
                since=task.since,
                phone=task.phone,
                member=task.member,
                said=task.said,
                recording=task.recording is not None,
                claim_id=task.claim_id,
                contribution_id=task.contribution_id,
            )
            for task in found
        ]
    )


@routes.post("/tasks/{task_id}/done", Permission.DO_TASKS)
def done(call: Call, task_id: str) -> None:
    """Tick a task off."""
    tasks.finish(call.gateway, call.actor, task_id)


@routes.post("/tasks/{task_id}/write-down", Permission.CHANGE_MEMBERS)
def write_down(call: Call, task_id: str, body: Name) -> Member:
    """Write down the name that somebody spoke or texted: she becomes a member in full, and is told her number."""
    return Member.model_validate(members.write_down(call.gateway, call.actor, task_id, body.details()))
