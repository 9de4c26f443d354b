"""Members' own recorded names, by which those who share a phone are told apart: files below the data directory, named by nobody's guess."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.audio import naming, wav
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Actor, Permission
from gateway.services.callers import NAMES
from gateway.store import people, recordings
from gateway.store.people import Person

if TYPE_CHECKING:
    from gateway.audio.wav import Sound
    from gateway.services.context import Gateway


def file_of(gateway: Gateway, clip: str) -> Path:
    """The WAV file (8 kHz) of a recorded name, `members.name_clip`."""
    return gateway.settings.data_dir / NAMES / f"{clip}.wav"


def cut_out(gateway: Gateway, recording_id: str | None) -> str | None:
    """Keep the name that is said in a recording of a registration; None where it has not come, or nothing can be heard in it."""
    with gateway.database.read() as db:
        row = recordings.get(db, recording_id) if recording_id else None
    if row is None or row.file is None:
        return None
    with suppress(GatewayError):
        return _kept(gateway, naming.of_registration(gateway.settings.data_dir / row.file))
    return None


def discard(gateway: Gateway, clip: str | None) -> None:
    """Nobody's name any more."""
    if clip:
        file_of(gateway, clip).unlink(missing_ok=True)


def replace(gateway: Gateway, actor: Actor, member_id: str, recording: Path) -> Person:
    """Take a recording in any common format as her name. GatewayErrors `member:unknown`, `audio:...`."""
    actor.require(Permission.CHANGE_MEMBERS)
    clip = _kept(gateway, naming.of_file(recording))
    with gateway.database.write() as db:
        before = people.set_voice(db, actor.scope, member_id, clip)
        person = people.get(db, gateway.seal, actor.scope, member_id)
        if person is not None:
            access.note(gateway, db, actor, Permission.CHANGE_MEMBERS, f"member:{member_id}", fields=["voice"])
    if person is None:
        discard(gateway, clip)
        raise GatewayError("member:unknown", number=member_id)
    discard(gateway, before)
    return person


def _kept(gateway: Gateway, sound: Sound) -> str:
    clip = gateway.new_id()
    wav.write(file_of(gateway, clip), sound)
    return clip
