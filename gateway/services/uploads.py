"""Files that organisers hand in at the console: kept privately, tried out and then taken in by a worker, and deleted.

What a file waits for stands in its row, so a bell may be lost, ring twice, or find a worker that was killed: whoever comes next goes on
where it is. A page that looks only reads the row; no request waits for a file.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gateway.core.jobs import Job, TakeIn
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import access, imports
from gateway.services.access import Actor
from gateway.services.imports import Progress, Refusal
from gateway.store import imports as import_rows
from gateway.store import sweeps, uploads, users
from gateway.store.uploads import Counts, NewUpload, UploadRow

if TYPE_CHECKING:
    from collections.abc import Generator

    from gateway.services.context import Gateway

FOLDER = "uploads"  # in the data directory
SLICE = 20.0  # seconds of taking in, after which others have their turn at the worker
EVERY = 0.5  # seconds between two notes of how far a file is
MOST_SHOWN = 500  # refusals and notes of a trial
UNWANTED_AFTER = timedelta(days=1)
FORGET_EVERY = timedelta(hours=1)
OPEN = ("trying", "tried", "taking")


@dataclass(frozen=True, slots=True)
class Handed:
    """What an organiser hands in: `id` was drawn when the form was shown, so that sent twice it is one file."""

    id: str
    kind: str
    content: IO[bytes]
    shared_phones: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and how far it is. `share` is in hundredths; `fault` why it cannot be taken as a whole, None: it can.

    `state`: trying, tried (it waits for her word), taking, done, refused, cancelled. `refusals` and `notes` are those of the trial.
    """

    id: str
    kind: str
    state: str
    import_id: str | None
    share: int
    added: int
    changed: int
    known: int
    refused: int
    created_at: datetime
    fault: GatewayError | None = None
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Refusal, ...] = ()

    @property
    def is_under_way(self) -> bool:
        """Whether a worker has something to do with it."""
        return self.state in uploads.WAITING


# --- for organisers ----------------------------------------------------------------------------------------------------------------


def hand_in(gateway: Gateway, actor: Actor, handed: Handed) -> None:
    """Keep a file, and let it be tried out. GatewayErrors `import:kind`, `access:no-user` (a program uses the API)."""
    actor.require(Permission.IMPORT)
    if handed.kind not in imports.KINDS:
        raise GatewayError("import:kind", where="kind", kind=handed.kind, known=", ".join(imports.KINDS))
    if actor.user_id is None:
        raise GatewayError("access:no-user", user=actor.name, count=0)
    with gateway.database.read() as db:
        if uploads.get(db, handed.id) is not None:
            return
    _keep(_path(gateway, handed.id), handed.content)
    new = NewUpload(handed.id, actor.organisation_id, actor.user_id, handed.kind, handed.shared_phones)
    with gateway.database.write() as db:
        if uploads.add(db, new, gateway.clock()):
            access.note(gateway, db, actor, Permission.IMPORT, f"upload:{handed.id}", kind=handed.kind)
    gateway.enqueue([TakeIn(handed.id)])


def latest(gateway: Gateway, actor: Actor) -> list[Upload]:
    """The organisation's newest files."""
    actor.require(Permission.IMPORT)
    with gateway.database.read() as db:
        return [_shown(row) for row in uploads.latest(db, actor.scope)]


def get(gateway: Gateway, actor: Actor, upload_id: str) -> Upload:
    """A file with what its trial found; GatewayError `import:unknown`."""
    actor.require(Permission.IMPORT)
    row = _row(gateway, actor, upload_id)
    said = json.loads(gateway.seal.open(row.sealed_report)) if row.sealed_report else {}
    fault = said.get("fault")
    return _shown(
        row,
        GatewayError(fault["code"], where=fault["where"], **fault["values"]) if fault else None,
        tuple(Refusal(*each) for each in said.get("refusals", ())),
        tuple(Refusal(*each) for each in said.get("notes", ())),
    )


def take(gateway: Gateway, actor: Actor, upload_id: str) -> None:
    """Let a file that was tried out be taken in; a second word changes nothing. GatewayError `import:unknown`."""
    actor.require(Permission.IMPORT)
    row = _row(gateway, actor, upload_id)
    with gateway.database.write() as db:
        if uploads.move(db, upload_id, ("tried",), "taking", gateway.clock()):
            uploads.count(db, row._replace(state="taking"), Counts(0, 0, 0, 0, 0), None, gateway.clock())
            access.note(gateway, db, actor, Permission.IMPORT, f"upload:{upload_id}", wanted=True)
    gateway.enqueue([TakeIn(upload_id)])


def cancel(gateway: Gateway, actor: Actor, upload_id: str) -> None:
    """Let a file be, and delete it. What went in of it stays, and the same file goes on from there. GatewayError `import:unknown`."""
    actor.require(Permission.IMPORT)
    row = _row(gateway, actor, upload_id)
    with gateway.database.write() as db:
        moved = uploads.move(db, upload_id, OPEN, "cancelled", gateway.clock())
        if moved:
            access.note(gateway, db, actor, Permission.IMPORT, f"upload:{upload_id}", cancelled=True)
    if moved:
        _path(gateway, upload_id).unlink(missing_ok=True)
        if row.import_id:
            imports.cancel(gateway, actor, row.import_id)


# --- for the worker ----------------------------------------------------------------------------------------------------------------


def go_on(gateway: Gateway, upload_id: str, *, stop: Callable[[], bool] = lambda: False) -> list[Job]:
    """Try a file out, or take it in, from where it is, until it is through or `stop()`, or for `SLICE` seconds; the job that goes on."""
    with import_rows.alone(gateway.database, upload_id, gateway.settings.data_dir) as is_alone:
        if not is_alone:
            return []
        with gateway.database.read() as db:
            row = uploads.get(db, upload_id)
        if row is None or row.state not in uploads.WAITING:
            return []
        try:
            actor = _actor(gateway, row)
            if row.state == "trying":
                return _try_out(gateway, actor, row, stop)
            return _take_in(gateway, actor, row, stop)
        except GatewayError as error:
            if error.retryable:
                raise
            fault = {"code": error.code, "where": error.where, "values": {name: str(value) for name, value in error.values.items()}}
            _end(gateway, row, "refused", {"fault": fault})
            return []


def due(gateway: Gateway) -> list[Job]:
    """The bells of files with which somebody has something to do."""
    with gateway.database.read() as db:
        return [TakeIn(upload_id) for upload_id in uploads.waiting(db)]


def forget(gateway: Gateway) -> None:
    """Delete files that were tried out a day ago and that nobody wanted."""
    now = gateway.clock()
    with gateway.database.write() as db:
        if not sweeps.my_turn(db, FOLDER, now, FORGET_EVERY):
            return
        unwanted = [each for each in uploads.forgotten(db, now - UNWANTED_AFTER) if uploads.move(db, each, ("tried",), "cancelled", now)]
    for upload_id in unwanted:
        _path(gateway, upload_id).unlink(missing_ok=True)


def _try_out(gateway: Gateway, actor: Actor, row: UploadRow, stop: Callable[[], bool]) -> list[Job]:
    """Say what would happen. A trial cannot be gone on with: it knows its rows by having read them."""
    refusals: list[Refusal] = []
    notes: list[Refusal] = []
    for at in _noted(gateway, actor, row, _progress(gateway, actor, row, dry_run=True)):
        refusals += at.refusals[: MOST_SHOWN - len(refusals)]
        notes += at.notes[: MOST_SHOWN - len(notes)]
        if stop():
            return [TakeIn(row.id)]
    _end(gateway, row, "tried", {"refusals": refusals, "notes": notes}, keeps_file=True)
    return []


def _take_in(gateway: Gateway, actor: Actor, row: UploadRow, stop: Callable[[], bool]) -> list[Job]:
    until = time.monotonic() + SLICE
    try:
        for _ in _noted(gateway, actor, row, _progress(gateway, actor, row, dry_run=False)):
            if stop() or time.monotonic() > until:
                return [TakeIn(row.id)]
    except GatewayError as error:
        if error.code != "import:finished" or row.import_id is None:
            raise  # else it was through when its worker was killed, or had to stop
    _end(gateway, row, "done", None)
    return []


def _progress(gateway: Gateway, actor: Actor, row: UploadRow, *, dry_run: bool) -> Generator[Progress]:
    """How far the file comes. One that was taken in before is compared anew, since its trial told what that would change."""
    path = _path(gateway, row.id)
    first = row.import_id is None
    found = imports.take_in(gateway, actor, row.kind, path, dry_run=dry_run, again=first, shared_phones=row.shared_phones)
    return (progress for progress in found)


def _noted(gateway: Gateway, actor: Actor, row: UploadRow, found: Generator[Progress]) -> Iterator[Progress]:
    """The progress, noted in the row; it ends where somebody cancelled the file."""
    last = 0.0
    with closing(found):
        for at in found:
            if at.share == 1 or at.row == 0 or time.monotonic() > last + EVERY:
                last = time.monotonic()
                counts = Counts(max(int(at.share * 100), row.share), at.added, at.changed, at.known, at.refused)
                with gateway.database.write() as db:
                    still_wanted = uploads.count(db, row, counts, at.import_id or None, gateway.clock())
                if not still_wanted:
                    if at.import_id:
                        imports.cancel(gateway, actor, at.import_id)
                    return
            yield at


def _end(gateway: Gateway, row: UploadRow, state: str, said: dict[str, Any] | None, *, keeps_file: bool = False) -> None:
    sealed = gateway.seal.seal(json.dumps(said)) if said else None
    with gateway.database.write() as db:
        uploads.report(db, row, state, sealed, gateway.clock())
    if not keeps_file:
        _path(gateway, row.id).unlink(missing_ok=True)


# --- what these share --------------------------------------------------------------------------------------------------------------


def _actor(gateway: Gateway, row: UploadRow) -> Actor:
    """Who handed it in, as she is now."""
    with gateway.database.read() as db:
        user = users.get(db, gateway.seal, row.organisation_id, row.user_id)
    if user is None or user.state != "active":
        raise GatewayError("access:no-user", user=row.user_id, count=0)
    return Actor(row.organisation_id, user.role, f"user:{user.id}", user.id)


def _row(gateway: Gateway, actor: Actor, upload_id: str) -> UploadRow:
    with gateway.database.read() as db:
        row = uploads.seen(db, actor.scope, upload_id)
    if row is None:
        raise GatewayError("import:unknown", id=upload_id)
    return row


def _shown(
    row: UploadRow, fault: GatewayError | None = None, refusals: tuple[Refusal, ...] = (), notes: tuple[Refusal, ...] = ()
) -> Upload:
    counts = (row.share, row.added, row.changed, row.known, row.refused)
    return Upload(row.id, row.kind, row.state, row.import_id, *counts, row.created_at, fault, refusals, notes)


def _path(gateway: Gateway, upload_id: str) -> Path:
    return gateway.settings.data_dir / FOLDER / upload_id


def _keep(path: Path, content: IO[bytes]) -> None:
    """Write a file that nobody else on the machine can read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file)
        file.flush()
        os.fsync(file.fileno())
