"""Erasing a member: what tells who she is goes, sums and counts stay.

Who was erased is written down twice, by her id alone: in the audit log, and in a file of the data directory, which a restored copy of
the database does not take back. `again` erases all of them once more.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.services import studio
from gateway.services.access import Actor, Permission, note
from gateway.services.callers import NAMES
from gateway.store import audit, erasure
from gateway.store.scope import holds

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.erasure import Voice

ACTION = "erase"
FILE = "erased"  # in the data directory: an id a line


def erase(gateway: Gateway, actor: Actor, member_id: str) -> None:
    """Take away name, village, phones, PIN, voice, words and notes of a member; GatewayError `member:unknown`.

    Repeating it does no harm.
    """
    actor.require(Permission.ERASE_MEMBERS)
    with gateway.database.read() as db:
        if not holds(db, actor.scope, member_id):
            raise GatewayError("member:unknown", number=member_id)
        voice = erasure.voice(db, member_id)
    _remember(gateway, member_id)
    _silence(gateway, voice)  # first: a row without its file is found again, a file without its row never
    with gateway.database.write() as db:
        erasure.erase(db, gateway.seal, member_id, actor.name, gateway.clock())
        note(gateway, db, actor, ACTION, f"member:{member_id}")
    gateway.database.forget()


def again(gateway: Gateway, actor: Actor) -> list[str]:
    """Erase once more whoever was erased and is there again, as after a restore; their ids."""
    actor.require(Permission.ERASE_MEMBERS)
    with gateway.database.read() as db:
        known = [row.entry.subject.removeprefix("member:") for row in audit.with_action(db, ACTION)]
        wanted = dict.fromkeys([*known, *_remembered(gateway)])
        there = [member_id for member_id in wanted if holds(db, actor.scope, member_id) and not erasure.is_erased(db, member_id)]
    for member_id in there:
        erase(gateway, actor, member_id)
    return there


def _silence(gateway: Gateway, voice: Voice) -> None:
    folder = gateway.settings.data_dir
    files = [*voice.files, *(f"{studio.FOLDER}/{recording}.wav" for recording in voice.recordings)]
    if voice.name_clip:
        files.append(f"{NAMES}/{voice.name_clip}.wav")
    for file in files:
        (folder / file).unlink(missing_ok=True)


def _remember(gateway: Gateway, member_id: str) -> None:
    if member_id in _remembered(gateway):
        return
    gateway.settings.data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(gateway.settings.data_dir / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(f"{member_id}\n")
        file.flush()
        os.fsync(file.fileno())


def _remembered(gateway: Gateway) -> list[str]:
    try:
        return (gateway.settings.data_dir / FILE).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []
