"""Testimonies: members' own words for others to hear, with what each agreed to. Only what somebody kept leaves the organisation."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.services import access, studio
from gateway.services.access import Permission
from gateway.services.exports import PAGE, Pages, Rows, write_rows
from gateway.store import testimonies
from gateway.store.testimonies import Testimony

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

__all__ = ["Testimony", "bundle", "export", "keep", "list_all", "listen", "page", "show", "withdraw", "write_down"]

LONGEST_WORDS = 5_000  # characters: 90 seconds are far fewer
COLUMNS = ("testimony", "date", "language", "name", "words", "recording")


def list_all(gateway: Gateway, actor: Actor) -> list[Testimony]:
    """All testimonies of the actor's organisation."""
    actor.require(Permission.SEE_TESTIMONIES)
    found = list(_all(gateway, actor))
    with gateway.database.write() as db:
        access.note(gateway, db, actor, Permission.SEE_TESTIMONIES, "testimonies", count=len(found))
    return found


def page(gateway: Gateway, actor: Actor, after: str = "", limit: int = PAGE) -> list[Testimony]:
    """The testimonies of the actor's organisation by id, those behind `after` ("" for the first page)."""
    actor.require(Permission.SEE_TESTIMONIES)
    with gateway.database.read() as db:
        found = testimonies.page(db, gateway.seal, actor.organisation_id, after, limit)
    with gateway.database.write() as db:
        access.note(gateway, db, actor, Permission.SEE_TESTIMONIES, "testimonies", count=len(found))
    return found


def show(gateway: Gateway, actor: Actor, testimony_id: str) -> Testimony:
    """One testimony. GatewayError `testimony:unknown`."""
    actor.require(Permission.SEE_TESTIMONIES)
    found = _own(gateway, actor, testimony_id)
    with gateway.database.write() as db:
        access.note(gateway, db, actor, Permission.SEE_TESTIMONIES, f"testimony:{testimony_id}")
    return found


def listen(gateway: Gateway, actor: Actor, testimony_id: str) -> Path:
    """The file of a recording. GatewayErrors `testimony:unknown`, `testimony:not-there`."""
    actor.require(Permission.SEE_TESTIMONIES)
    found = _own(gateway, actor, testimony_id)
    if found.file is None:
        raise GatewayError("testimony:not-there")
    with gateway.database.write() as db:
        access.note(gateway, db, actor, Permission.SEE_TESTIMONIES, f"testimony:{testimony_id}")
    return gateway.settings.data_dir / found.file


def write_down(gateway: Gateway, actor: Actor, testimony_id: str, words: str) -> None:
    """Keep what she said as a text. GatewayErrors `testimony:unknown`, `testimony:words`, `testimony:decided`."""
    actor.require(Permission.SEE_TESTIMONIES)
    cleaned = " ".join(words.split())
    if not cleaned or len(cleaned) > LONGEST_WORDS:
        raise GatewayError("testimony:words", most=LONGEST_WORDS)
    found = _own(gateway, actor, testimony_id)
    with gateway.database.write() as db:
        if not testimonies.write_down(db, gateway.seal, found.id, cleaned):
            raise GatewayError("testimony:decided", state="withdrawn")
        access.note(gateway, db, actor, "write_down_testimony", f"testimony:{found.id}")


def keep(gateway: Gateway, actor: Actor, testimony_id: str) -> None:
    """Let it be exported, as far as she agreed. GatewayErrors `testimony:unknown`, `testimony:not-there`, `testimony:decided`."""
    _decide(gateway, actor, testimony_id, "kept")


def withdraw(gateway: Gateway, actor: Actor, testimony_id: str) -> None:
    """She wants it back: her voice is deleted. GatewayErrors `testimony:unknown`, `testimony:decided`."""
    found = _decide(gateway, actor, testimony_id, "withdrawn")
    for file in filter(None, (found.file, f"{studio.FOLDER}/{found.recording_id}.wav")):
        (gateway.settings.data_dir / file).unlink(missing_ok=True)


def export(gateway: Gateway, actor: Actor, path: Path) -> int:
    """Write those that were kept to a file, CSV or XLSX, and their recordings beside it; how many there are. Named is who agreed to it."""
    actor.require(Permission.SEE_TESTIMONIES)
    actor.require(Permission.EXPORT)
    kept = [one for one in _all(gateway, actor) if one.state == "kept"]
    count = write_rows(gateway, actor, "testimonies", path, Rows(COLUMNS, _pages(kept)))
    for one in kept:
        if one.file is not None:
            shutil.copyfile(gateway.settings.data_dir / one.file, path.with_name(_recording(one)))
    return count


def bundle(gateway: Gateway, actor: Actor, path: Path) -> int:
    """What `export` writes as one ZIP that only its owner can read, with the words as a workbook; how many there are."""
    with tempfile.TemporaryDirectory(prefix="aawaj-", dir=path.parent) as folder:
        count = export(gateway, actor, Path(folder) / "testimonies.xlsx")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw, zipfile.ZipFile(raw, "w") as file:
            for each in sorted(Path(folder).iterdir()):
                file.write(each, each.name)
    return count


def _pages(kept: list[Testimony]) -> Pages:
    for one in kept:
        recording = _recording(one) if one.file else None
        row = {"testimony": one.id, "date": one.created_at, "language": one.language, "name": one.name, "words": one.words}
        yield 1, (row | {"recording": recording},)


def _recording(testimony: Testimony) -> str:
    return f"{testimony.id}.wav"


def _decide(gateway: Gateway, actor: Actor, testimony_id: str, state: str) -> Testimony:
    actor.require(Permission.SEE_TESTIMONIES)
    found = _own(gateway, actor, testimony_id)
    if state == "kept" and found.state == "waiting" and found.file is None:
        raise GatewayError("testimony:not-there")
    with gateway.database.write() as db:
        if not testimonies.decide(db, found, state, actor.name, gateway.clock()):
            raise GatewayError("testimony:decided", state=found.state)
        access.note(gateway, db, actor, f"testimony_{state}", f"testimony:{found.id}")
    return found


def _own(gateway: Gateway, actor: Actor, testimony_id: str) -> Testimony:
    with gateway.database.read() as db:
        found = testimonies.get(db, gateway.seal, actor.organisation_id, testimony_id)
    if found is None:
        raise GatewayError("testimony:unknown", id=testimony_id)
    return found


def _all(gateway: Gateway, actor: Actor) -> Iterator[Testimony]:
    after = ""
    while True:
        with gateway.database.read() as db:
            page = testimonies.page(db, gateway.seal, actor.organisation_id, after, PAGE)
        if not page:
            return
        yield from page
        after = page[-1].id
