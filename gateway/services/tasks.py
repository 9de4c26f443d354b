"""What a person of the organisation must do: whom to call back, whose name to write down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.services.installation import ORGANISATION
from gateway.store import members, phones, recordings, tasks

if TYPE_CHECKING:
    from gateway.services.context import Gateway

MOST_SHOWN = 200  # of the oldest


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task with what its doer needs: the number to ring, the member's number, what to listen to; None where there is none."""

    id: str
    kind: str
    since: datetime
    phone: str | None
    member: str | None
    recording: Path | None


def list_open(gateway: Gateway) -> list[OpenTask]:
    """The open tasks, the oldest first."""
    with gateway.database.read() as db:
        rows = tasks.list_open(db, ORGANISATION, MOST_SHOWN)
        numbers = phones.open_many(db, gateway.seal, {row.phone_id for row in rows if row.phone_id is not None})
        found = []
        for row in rows:
            member = members.get(db, row.member_id) if row.member_id else None
            recording = recordings.get(db, row.recording_id) if row.recording_id else None
            file = gateway.settings.data_dir / recording.file if recording and recording.file else None
            phone = numbers[row.phone_id] if row.phone_id is not None else None
            found.append(OpenTask(row.id, row.kind, row.created_at, phone, member.number if member else None, file))
    return found


def finish(gateway: Gateway, task_id: str) -> None:
    """Tick a task off; GatewayError `task:unknown` where it is not open."""
    with gateway.database.write() as db:
        if not tasks.done(db, task_id, gateway.clock()):
            raise GatewayError("task:unknown", id=task_id)
