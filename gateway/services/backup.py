"""Copies of all that an installation would miss: its database and what was recorded. Never the key, which opens them: it lies elsewhere.

A backup is a folder of its own, which has its last name only when it is whole. The database is copied as it is at one moment, while calls
go on; recordings that come later are not in it, and no row of it names them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.core.calendar import NEPAL
from gateway.errors import GatewayError
from gateway.services import access, callers, recordings, sayings, studio
from gateway.services.audit import GATEWAY
from gateway.store import audit, dumps
from gateway.store.database import upgrade

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.services.context import Gateway

SUBJECT, ACTION = "backup", "back_up"
TOO_OLD = timedelta(days=2)  # it is made every day, and once it may fail
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
MANIFEST = "backup.json"
CLIPS = "clips"  # of `GATEWAY_AUDIO_DIR`: what was recorded of the prompts
VOICES = (recordings.FOLDER, callers.NAMES, sayings.FOLDER, studio.FOLDER)  # below the data directory


@dataclass(frozen=True, slots=True)
class LastBackup:
    """When the last backup was finished; None: never. `too_old`: somebody should look why."""

    at: datetime | None
    too_old: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is whole: its folder, how many files are in it, and their bytes."""

    folder: Path
    files: int
    size: int


def last(gateway: Gateway) -> LastBackup:
    """The last backup. Who only tries the gateway, with no provider, need not have one."""
    with gateway.database.read() as db:
        at = audit.latest(db, SUBJECT)
    if at is None:
        return LastBackup(None, not gateway.settings.uses_simulator)
    return LastBackup(at, gateway.clock() - at > TOO_OLD)


def stamp(gateway: Gateway, **detail: object) -> None:
    """Note that a backup was finished, by this program or by another."""
    with gateway.database.write() as db:
        access.note(gateway, db, GATEWAY, ACTION, SUBJECT, **detail)


def make(gateway: Gateway, into: Path) -> Made:
    """Copy everything into a new folder below `into`, and note that it was done.

    GatewayErrors `backup:no-program`, `backup:failed`, `database:unavailable`; OSError where the disk is full.
    """
    now = gateway.clock().astimezone(NEPAL)
    whole = into / f"aawaj-{now:%Y-%m-%d-%H%M%S}"
    unfinished = whole.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700, parents=True)
    try:
        kind = gateway.database.kind
        database = unfinished / DATABASE[kind]
        if kind == "sqlite":
            gateway.database.copy_to(database)
        else:
            dumps.dump(gateway.settings.database_url, database)
        files = [database, *_copies(gateway.settings, unfinished)]
        told = {"made_at": now.isoformat(), "version": __version__, "database": kind, "files": {}}
        told["files"] = {str(file.relative_to(unfinished)): _digest(file) for file in files}
        (unfinished / MANIFEST).write_text(json.dumps(told, indent=1), encoding="utf-8")
        unfinished.rename(whole)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    made = Made(whole, len(files), sum((whole / name).stat().st_size for name in told["files"]))
    stamp(gateway, files=made.files, bytes=made.size)
    return made


def _places(settings: Settings) -> Mapping[str, Path]:
    """What is copied beside the database: the folder in the backup, and here."""
    return {CLIPS: settings.audio_dir, **{name: settings.data_dir / name for name in VOICES}}


def _copies(settings: Settings, into: Path) -> Iterator[Path]:
    for name, folder in _places(settings).items():
        for file in sorted(folder.rglob("*")):
            copy = into / name / file.relative_to(folder)
            if file.suffix == ".part" or not file.is_file():
                continue
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                shutil.copy2(file, copy)
            except FileNotFoundError:  # taken away just now, since it is kept no longer
                continue
            yield copy


def restore(settings: Settings, folder: Path) -> int:
    """Put a backup in place, and bring its tables to this version; how many files it had. Nobody may run the gateway meanwhile.

    GatewayErrors `backup:none`, `backup:damaged`, `backup:other-database`, `backup:in-the-way`, `backup:no-program`, `backup:failed`.
    """
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise GatewayError("backup:none", folder=folder) from None
    for name, digest in told["files"].items():
        if not (folder / name).is_file() or _digest(folder / name) != digest:
            raise GatewayError("backup:damaged", file=folder / name)
    is_sqlite = settings.database_url.startswith("sqlite:")
    if is_sqlite != (told["database"] == "sqlite"):
        raise GatewayError("backup:other-database", kind=told["database"])
    _restore_database(settings, folder / DATABASE[told["database"]])
    for name, place in _places(settings).items():
        if (folder / name).is_dir():
            shutil.copytree(folder / name, place, dirs_exist_ok=True)
    upgrade(settings.database_url)
    return len(told["files"])


def _restore_database(settings: Settings, copy: Path) -> None:
    if copy.name != DATABASE["sqlite"]:
        dumps.restore(settings.database_url, copy)
        return
    file = Path(settings.database_url.removeprefix("sqlite:///"))
    for each in (file, file.with_name(f"{file.name}-wal")):
        if each.exists():
            raise GatewayError("backup:in-the-way", file=each)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(copy, file)
    file.chmod(0o600)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
