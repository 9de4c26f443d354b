"""The studio: clips recorded by phone, heard in the same call, and used once an organiser has approved them.

Whoever knows GATEWAY_STUDIO_PIN may record; of the clips that all flows share, only what is approved with `gateway prompts approve` is
ever heard by other callers. An organisation's own sayings are used as soon as they are kept: nobody hears them before somebody has
approved what they are part of.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gateway.audio import taking, wav
from gateway.audio.catalogue import TAKES, checksum, clip_file, open_clips
from gateway.audio.numbers import read_numbers
from gateway.errors import GatewayError
from gateway.services import sayings
from gateway.services.installation import ORGANISATION
from gateway.store import takes

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection
    from gateway.store.takes import TakeRow

FOLDER = TAKES  # below the data directory, and below /audio/
MOST_KEPT = 20  # recordings of a clip that can be gone back to
MOST_TRIES = 20  # of the secret number within an hour, from all phones together: six digits last for years
WITHIN = timedelta(hours=1)
OF_SAYING = f"/{sayings.FOLDER}/"  # before a saying's id: the clip of its takes

Verdict = Literal["ok", "wrong", "locked"]


@dataclass(frozen=True, slots=True)
class StudioClip:
    """A clip or a saying that can be recorded: where it belongs, what is to be read, and the clip (by its full name) to hear so far."""

    language: str
    name: str
    text: str
    heard: str | None


def verify(gateway: Gateway, pin: str, now: datetime) -> Verdict:
    """Whether this is the studio's secret number. Both are hashed with the pepper, so that comparing them takes the same time always."""
    with gateway.database.write() as db:
        tries = takes.count_try(db, now, WITHIN)
    if tries > MOST_TRIES or not gateway.settings.studio_pin:
        return "locked"
    if not hmac.compare_digest(pin.encode(), gateway.settings.studio_pin.encode()):
        return "wrong"
    with gateway.database.write() as db:
        takes.clear_tries(db)
    return "ok"


def find(gateway: Gateway, organisation_id: str, number: str) -> StudioClip | None:
    """The clip with this number, if a flow still uses it, or the organisation's saying. A wrong check digit is nobody's number."""
    if saying := sayings.at_number(gateway, organisation_id, number):
        return StudioClip(saying.language, f"{OF_SAYING}{saying.saying_id}", saying.text, saying.clip)
    named = read_numbers(gateway.settings.audio_dir).by_number.get(number)
    if named is None:
        return None
    texts = {(language, clip): text for language, clip, text in gateway.catalogue.clips(drafts=True)}
    return StudioClip(*named, texts[named], _heard(gateway, *named)) if named in texts else None


def _heard(gateway: Gateway, language: str, name: str) -> str | None:
    try:
        open_clips(gateway.settings.audio_dir).path(language, name)
    except GatewayError:
        return None
    return f"/{language}/{name}"


def prepare(gateway: Gateway, recording_id: str, file: Path) -> None:
    """A recording has come from the provider: where it is one of a clip, clean it as an import would."""
    with gateway.database.read() as db:
        take = takes.get(db, recording_id)
    if take is None:
        return
    try:
        wav.write(file_of(gateway, take.id), taking.clean_call(file))
        sound = "ready"
    except GatewayError:
        sound = "silent"  # or no sound at all: she is asked to speak again
    with gateway.database.write() as db:
        takes.heard(db, recording_id, sound)
        _use(gateway, db, recording_id)


def keep(gateway: Gateway, db: Connection, recording_id: str, now: datetime) -> None:
    """She is content with a recording: one of a clip waits for approval, one of a saying is used as soon as it has come."""
    takes.keep(db, recording_id, now)
    _use(gateway, db, recording_id)


def _use(gateway: Gateway, db: Connection, recording_id: str) -> None:
    """Use what was recorded of a saying, once it is both kept and here: whichever of the two comes last finds it so."""
    take = takes.get(db, recording_id)
    if take is None or not is_of_saying(take) or (take.state, take.sound) != ("waiting", "ready"):
        return
    takes.decide(db, take, "approved", gateway.clock())
    sayings.keep_take(gateway, db, take.clip.removeprefix(OF_SAYING), take.language, file_of(gateway, take.id))


def is_of_saying(take: TakeRow) -> bool:
    """Whether it is a recording of an organisation's own words, which nobody decides about."""
    return take.clip.startswith(OF_SAYING)


def sound_of(gateway: Gateway, recording_id: str) -> Literal["ready", "waiting", "silent"]:
    """Whether a recording can be heard."""
    with gateway.database.read() as db:
        take = takes.get(db, recording_id)
    if take is not None and take.sound == "silent":
        return "silent"
    return "ready" if take is not None and take.sound == "ready" else "waiting"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A recording that waits for approval, its clip's number, and the file to listen to (None: it has not come yet)."""

    number: str
    take: TakeRow
    file: Path | None


def waiting(gateway: Gateway) -> list[Waiting]:
    """What waits for approval, the newest first."""
    numbers = read_numbers(gateway.settings.audio_dir).by_clip
    with gateway.database.read() as db:
        rows = [row for row in takes.waiting(db) if not is_of_saying(row)]
    files = {row.id: file_of(gateway, row.id) for row in rows if row.sound == "ready"}
    return [Waiting(numbers.get((row.language, row.clip), "-"), row, files.get(row.id)) for row in rows]


def count_waiting(db: Connection) -> int:
    """How many recordings wait for approval."""
    return sum(not is_of_saying(row) for row in takes.waiting(db))


def approve(gateway: Gateway, number: str) -> TakeRow:
    """Make the recording that waits for this clip the one that callers hear.

    Raises GatewayError `studio:unknown-number`, `studio:nothing-waiting`, `studio:not-there`.
    """
    take = _waiting_for(gateway, number)
    if take.sound != "ready":
        raise GatewayError("studio:not-there", number=number)
    use(gateway, take)
    _decide(gateway, take, "approved", number)
    return take


def use(gateway: Gateway, take: TakeRow) -> None:
    """Let callers hear a recording that is here. The one that it replaces can be used again, whoever made it."""
    remember_clip(gateway, take.language, take.clip)
    taking.install(gateway.settings.audio_dir, take.language, take.clip, take.text, wav.read(file_of(gateway, take.id)))


def remember_clip(gateway: Gateway, language: str, clip: str) -> None:
    """Keep the recording that callers hear now as a take of its own, if it is none: one that was taken in from a folder."""
    entry = open_clips(gateway.settings.audio_dir).manifests.get(language, {}).get(clip)
    path = clip_file(gateway.settings.audio_dir / language, clip)
    if entry is None or entry.source != "recorded" or not path.is_file():
        return
    with gateway.database.read() as db:
        known = [file_of(gateway, take.id) for take in takes.history(db, language, clip, MOST_KEPT)]
    if any(file.is_file() and checksum(file) == entry.sha256 for file in known):
        return
    take = takes.NewTake(gateway.new_id(), ORGANISATION, language, clip, entry.text)
    wav.write(file_of(gateway, take.id), wav.read(path))
    with gateway.database.write() as db:
        takes.add(db, take, "approved", gateway.clock())


def reject(gateway: Gateway, number: str) -> TakeRow:
    """Throw the recording that waits for this clip away. Raises as `approve` does."""
    take = _waiting_for(gateway, number)
    _decide(gateway, take, "rejected", number)
    file_of(gateway, take.id).unlink(missing_ok=True)
    return take


def _waiting_for(gateway: Gateway, number: str) -> TakeRow:
    named = read_numbers(gateway.settings.audio_dir).by_number.get(number)
    if named is None:
        raise GatewayError("studio:unknown-number", number=number)
    with gateway.database.read() as db:
        take = takes.waiting_for(db, *named)
    if take is None:
        raise GatewayError("studio:nothing-waiting", number=number)
    return take


def _decide(gateway: Gateway, take: TakeRow, state: str, number: str) -> None:
    with gateway.database.write() as db:
        if not takes.decide(db, take, state, gateway.clock()):
            raise GatewayError("studio:nothing-waiting", number=number)


def file_of(gateway: Gateway, take_id: str) -> Path:
    """The WAV file (8 kHz) of a take."""
    return gateway.settings.data_dir / FOLDER / f"{take_id}.wav"
