"""Recordings: what callers said after the tone. The row is written in the call; the sound is fetched from the provider afterwards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, insert, select, update

from gateway.store.database import Connection
from gateway.store.models import recordings, takes, tasks
from gateway.store.rows import columns, values


@dataclass(frozen=True, slots=True)
class NewRecording:
    """A recording as the provider named it."""

    id: str
    session_id: str
    provider: str
    external_id: str
    seconds: int


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A recording and how far it has come: `pending`, `kept` (then `file` is below the data directory) or `lost`."""

    id: str
    provider: str
    external_id: str
    state: str
    tries: int
    file: str | None
    created_at: datetime


_KEEP = insert(recordings)
_ROWS = select(*columns(recordings, RecordingRow))
_GET = _ROWS.where(recordings.c.id == bindparam("recording_id"))
_BY_EXTERNAL_ID = select(recordings.c.id).where(
    recordings.c.provider == bindparam("provider"), recordings.c.external_id == bindparam("external_id")
)
_PENDING = _ROWS.where(recordings.c.state == "pending").order_by(recordings.c.created_at).limit(bindparam("limit"))
_THIS = (recordings.c.id == bindparam("recording_id")) & (recordings.c.state == "pending")
_KEPT = update(recordings).where(_THIS).values(state="kept", file=bindparam("new_file"))
_MISSED = (
    update(recordings)
    .where(_THIS)
    .values(
        tries=recordings.c.tries + 1,
        state=case((recordings.c.tries + 1 >= bindparam("most"), "lost"), else_="pending"),
    )
)

_ABOUT = recordings.c.id.in_(select(tasks.c.recording_id).where(tasks.c.member_id == bindparam("of_member")))
_FILES_ABOUT = select(recordings.c.file).where(_ABOUT, recordings.c.file.is_not(None))
_FORGET = update(recordings).where(_ABOUT).values(state="lost", file=None)

_UNHEARD = select(recordings.c.id).where(
    recordings.c.session_id == bindparam("session_id"),
    ~select(tasks.c.id).where(tasks.c.recording_id == recordings.c.id).exists(),
    ~select(takes.c.recording_id).where(takes.c.recording_id == recordings.c.id).exists(),
)


def keep(db: Connection, recording: NewRecording, now: datetime) -> None:
    """Write down a recording that must be fetched."""
    db.execute(_KEEP, {**values(recording), "state": "pending", "created_at": now})


def get(db: Connection, recording_id: str) -> RecordingRow | None:
    """The recording of this id."""
    row = db.execute(_GET, {"recording_id": recording_id}).first()
    return RecordingRow(*row) if row else None


def files(db: Connection, recording_ids: Collection[str]) -> dict[str, str]:
    """Where the sound of these recordings lies below the data directory, of those that have come."""
    kept = select(recordings.c.id, recordings.c.file).where(recordings.c.id.in_(recording_ids), recordings.c.file.is_not(None))
    return {row.id: row.file for row in db.execute(kept)}


def unheard(db: Connection, session_id: str) -> list[str]:
    """The ids of a conversation's recordings that no task and no clip names: nobody would ever hear them."""
    return list(db.execute(_UNHEARD, {"session_id": session_id}).scalars())


def by_external_id(db: Connection, provider: str, external_id: str) -> str | None:
    """The id of the recording that a provider knows by this name."""
    return db.execute(_BY_EXTERNAL_ID, {"provider": provider, "external_id": external_id}).scalar()


def pending(db: Connection, limit: int) -> list[RecordingRow]:
    """Recordings that are still to be fetched, the oldest first."""
    return [RecordingRow(*row) for row in db.execute(_PENDING, {"limit": limit})]


def kept(db: Connection, recording_id: str, file: str) -> bool:
    """The sound is in this file; False where another worker had it first."""
    return db.execute(_KEPT, {"recording_id": recording_id, "new_file": file}).rowcount == 1


def missed(db: Connection, recording_id: str, most_tries: int) -> None:
    """The provider did not give it; after so many tries it is lost."""
    db.execute(_MISSED, {"recording_id": recording_id, "most": most_tries})


def forget(db: Connection, member_id: str) -> list[str]:
    """Keep no recording that a task about this member names; their files, which the caller deletes."""
    files = list(db.execute(_FILES_ABOUT, {"of_member": member_id}).scalars())
    db.execute(_FORGET, {"of_member": member_id})
    return files
