"""Files that were handed in at the console: what is to be done with each, and how far that is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from gateway.store.database import Connection
from gateway.store.models import uploads
from gateway.store.rows import columns, insert_into, values
from gateway.store.scope import Scope

WAITING = ("trying", "taking")  # states in which a worker has something to do
MOST = 50


@dataclass(frozen=True, slots=True)
class NewUpload:
    """A file of `kind` that `user_id` handed in."""

    id: str
    organisation_id: str
    user_id: str
    kind: str
    shared_phones: bool


class UploadRow(NamedTuple):
    """A file and how far it is: `share` in hundredths, counts of rows."""

    id: str
    organisation_id: str
    user_id: str
    kind: str
    shared_phones: bool
    state: str
    import_id: str | None
    share: int
    added: int
    changed: int
    known: int
    refused: int
    sealed_report: bytes | None
    created_at: datetime
    updated_at: datetime


class Counts(NamedTuple):
    """How far a file is."""

    share: int
    added: int
    changed: int
    known: int
    refused: int


_ADD = insert_into(uploads).on_conflict_do_nothing(index_elements=["id"])
_UPLOADS = select(*columns(uploads, UploadRow))
_ONE = _UPLOADS.where(uploads.c.id == bindparam("wanted"))
_MOVE = update(uploads).where(uploads.c.id == bindparam("of_upload"), uploads.c.state.in_(bindparam("before", expanding=True)))
_SET_STATE = _MOVE.values(state=bindparam("to"), updated_at=bindparam("now"))
_REPORT = _MOVE.values(state=bindparam("to"), sealed_report=bindparam("report"), updated_at=bindparam("now"))
_COUNT = _MOVE.values(
    {name: bindparam(f"new_{name}") for name in Counts._fields} | {"import_id": bindparam("of_import"), "updated_at": bindparam("now")}
)


def add(db: Connection, new: NewUpload, now: datetime) -> bool:
    """Write a file down that is to be tried out; False where it is there already."""
    return db.execute(_ADD, {**values(new), "state": "trying", "created_at": now, "updated_at": now}).rowcount == 1


def get(db: Connection, upload_id: str) -> UploadRow | None:
    """The file of this id, of any organisation: for the worker."""
    row = db.execute(_ONE, {"wanted": upload_id}).first()
    return UploadRow(*row) if row else None


def seen(db: Connection, scope: Scope, upload_id: str) -> UploadRow | None:
    """The file of this id of the organisation."""
    found = get(db, upload_id)
    return found if found and found.organisation_id == scope.organisation_id else None


def latest(db: Connection, scope: Scope) -> list[UploadRow]:
    """The organisation's newest files."""
    hers = _UPLOADS.where(uploads.c.organisation_id == scope.organisation_id)
    return [UploadRow(*row) for row in db.execute(hers.order_by(uploads.c.created_at.desc(), uploads.c.id.desc()).limit(MOST))]


def move(db: Connection, upload_id: str, before: Collection[str], to: str, now: datetime) -> bool:
    """Let a file be in another state; False where it is in none of those `before`."""
    return db.execute(_SET_STATE, {"of_upload": upload_id, "before": list(before), "to": to, "now": now}).rowcount == 1


def report(db: Connection, found: UploadRow, to: str, sealed: bytes | None, now: datetime) -> bool:
    """Keep what was found in a file that is as it was; False where somebody cancelled it."""
    row = {"of_upload": found.id, "before": [found.state], "to": to, "report": sealed, "now": now}
    return db.execute(_REPORT, row).rowcount == 1


def count(db: Connection, found: UploadRow, at: Counts, import_id: str | None, now: datetime) -> bool:
    """Note how far it is; False where somebody cancelled it."""
    new = {f"new_{name}": value for name, value in at._asdict().items()}
    return db.execute(_COUNT, {"of_upload": found.id, "before": [found.state], "of_import": import_id, "now": now, **new}).rowcount == 1


def waiting(db: Connection) -> list[str]:
    """Files of every organisation with which a worker has something to do."""
    return list(db.execute(select(uploads.c.id).where(uploads.c.state.in_(WAITING)).order_by(uploads.c.id).limit(MOST)).scalars())


def forgotten(db: Connection, before: datetime) -> list[str]:
    """Files that were tried out before then, and nobody wanted."""
    old = select(uploads.c.id).where(uploads.c.state == "tried", uploads.c.updated_at < before)
    return list(db.execute(old.limit(MOST)).scalars())
