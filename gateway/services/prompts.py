"""The prompts for those who record them: what callers hear in each language, how far its recording has come, and taking recordings in.

All organisations of an installation use the same clips. Whoever manages prompts may record; which recording is heard is decided by
somebody of the organisation that runs the installation, who may use her own at once: nothing is lost by it, since the one before is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gateway.audio import coverage, script, taking, wav
from gateway.audio.catalogue import Clip, checksum, clip_file, open_clips
from gateway.audio.numbers import read_numbers
from gateway.audio.script import Line
from gateway.engine.definition import Fragment
from gateway.errors import GatewayError
from gateway.services import access, studio
from gateway.services.access import Actor, Permission
from gateway.services.installation import ORGANISATION
from gateway.store import takes, users
from gateway.store.takes import NewTake, TakeRow

if TYPE_CHECKING:
    from gateway.engine.definition import Catalogue
    from gateway.services.context import Gateway

State = Literal["missing", "placeholder", "stale", "damaged", "loud", "quiet", "pause", "recorded"]
STATES: tuple[State, ...] = ("missing", "placeholder", "stale", "loud", "quiet", "pause", "damaged", "recorded")
TO_RECORD, WAITING = "to_record", "waiting"  # what can be asked for besides a state: without a good recording; with one to decide about
MOST_SHOWN = 10  # recordings of a clip that can be gone back to


@dataclass(frozen=True, slots=True)
class Prompt:
    """One clip of a language as the recording script has it, the state of its recording, and whether one waits for a decision.

    `pause`: there is a long silence in it. `group` of its line is its flow, or one of the script's own. `before` and `after` of the line
    are the words around it in the sentence.
    """

    language: str
    clip: str
    line: Line
    state: State
    waits: bool

    @property
    def is_to_record(self) -> bool:
        """Whether somebody should sit down at the microphone for it."""
        return self.state != "recorded" and not self.waits


@dataclass(frozen=True, slots=True)
class Take:
    """A recording of a clip that somebody made. `by` is her name, None where it came by phone or from a folder."""

    row: TakeRow
    by: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """How far a flow has come, or the phrases, or the numbers: clips that it needs, and how many of them have a good recording."""

    group: str
    needed: int
    recorded: int


@dataclass(frozen=True, slots=True)
class Language:
    """How far a language has come. `following` is the first clip to be recorded; `is_draft`: callers are not offered it yet."""

    code: str
    is_draft: bool
    parts: tuple[Part, ...]
    waiting: int
    following: str | None

    @property
    def needed(self) -> int:
        return sum(part.needed for part in self.parts)

    @property
    def recorded(self) -> int:
        return sum(part.recorded for part in self.parts)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which prompts of a language to show: one flow's, those in a state (also TO_RECORD, WAITING), those with these words."""

    group: str = ""
    state: str = ""
    words: str = ""

    def __bool__(self) -> bool:
        return bool(self.group or self.state or self.words)

    def fits(self, prompt: Prompt) -> bool:
        """Whether a prompt is one of them. Words are looked for in its text, its meaning, its name and its number."""
        is_state = {TO_RECORD: prompt.is_to_record, WAITING: prompt.waits}.get(self.state, prompt.state == self.state)
        line = prompt.line
        told = f"{line.text}\n{line.gloss}\n{prompt.clip}\n{line.number}".casefold()
        return (not self.group or line.group == self.group) and (not self.state or is_state) and self.words.casefold().strip() in told


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is needed to record one prompt: where it is said (flow, step), what was recorded, and its neighbours in the script.

    `seen` is a mark of its text and its clip as they are now, to be handed back with a recording.
    """

    prompt: Prompt
    steps: tuple[tuple[str, str], ...]
    waiting: Take | None
    earlier: tuple[Take, ...]
    before: str | None
    after: str | None
    following: str | None
    seen: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of a clip in a file of any common format. `seen` is the mark of the sheet that she read from; `at_once`: she would
    have callers hear it without another pair of ears."""

    language: str
    clip: str
    path: Path
    seen: str
    at_once: bool


def languages(gateway: Gateway, actor: Actor) -> list[Language]:
    """How far each language has come, in the order of the flows; drafts last."""
    actor.require(Permission.MANAGE_PROMPTS)
    drafts = gateway.catalogue.defaults.drafts
    return [_language(code, _all(gateway, actor, code), is_draft=code in drafts) for code in (*gateway.catalogue.languages, *drafts)]


def page(gateway: Gateway, actor: Actor, language: str, wanted: Wanted) -> list[Prompt]:
    """The prompts of a language that fit, in the order of the script. GatewayError `prompt:unknown` for a language that nobody speaks."""
    actor.require(Permission.MANAGE_PROMPTS)
    return [prompt for prompt in _all(gateway, actor, language) if wanted.fits(prompt)]


def show(gateway: Gateway, actor: Actor, language: str, clip: str) -> Sheet:
    """One prompt, to be recorded. GatewayError `prompt:unknown`."""
    actor.require(Permission.MANAGE_PROMPTS)
    prompts = _all(gateway, actor, language)
    place = next((n for n, prompt in enumerate(prompts) if prompt.clip == clip), None)
    if place is None:
        raise GatewayError("prompt:unknown")
    with gateway.database.read() as db:
        waiting = takes.waiting_for(db, language, clip)
        earlier = takes.history(db, language, clip, MOST_SHOWN)
    heard = _clips(gateway, language).get(clip)
    names = _names(gateway, actor)
    there = [_take(row, names) for row in earlier if _sees(actor, row) and studio.file_of(gateway, row.id).is_file()]
    return Sheet(
        prompt=prompts[place],
        steps=tuple(_steps(gateway.catalogue, language, clip)),
        waiting=_take(waiting, names) if waiting and _sees(actor, waiting) else None,
        earlier=tuple(take for take in there if heard is None or checksum(studio.file_of(gateway, take.row.id)) != heard.sha256),
        before=prompts[place - 1].clip if place else None,
        after=prompts[place + 1].clip if place + 1 < len(prompts) else None,
        following=_following([*prompts[place + 1 :], *prompts[:place]]),
        seen=_mark(prompts[place].line.text, heard),
    )


def waiting(gateway: Gateway, actor: Actor) -> list[Take]:
    """The recordings that wait for a decision and can be heard, the newest first."""
    actor.require(Permission.MANAGE_PROMPTS)
    with gateway.database.read() as db:
        rows = [row for row in takes.waiting(db) if row.sound == "ready" and _sees(actor, row) and not studio.is_of_saying(row)]
    names = _names(gateway, actor) if rows else {}
    return [_take(row, names) for row in rows]


def record(gateway: Gateway, actor: Actor, recording: Recording) -> Literal["used", "waiting", "overtaken"]:
    """Take a recording in: callers hear it from now on, or it waits for a decision.

    It waits as well (`overtaken`) where the clip or its text changed since she opened the sheet: nobody's work is lost. The same
    recording a second time changes nothing. GatewayErrors `prompt:unknown`, `audio:...`.
    """
    actor.require(Permission.MANAGE_PROMPTS)
    language, clip = recording.language, recording.clip
    text = _text(gateway, language, clip)
    take = NewTake(gateway.new_id(), actor.organisation_id, language, clip, text, actor.name)
    file = studio.file_of(gateway, take.id)
    wav.write(file, taking.clean(recording.path))
    heard = _clips(gateway, language).get(clip)
    if known := _known_as(gateway, take, heard):
        file.unlink()
        return known
    at_once = recording.at_once and _decides(actor)
    is_overtaken = recording.seen != _mark(text, heard)
    state = "approved" if at_once and not is_overtaken else "waiting"
    with gateway.database.write() as db:
        takes.add(db, take, state, gateway.clock())
        access.note(gateway, db, actor, "record_clip", f"clip:{language}/{clip}", state=state)
        row = takes.get(db, take.id)
    if state == "approved" and row is not None:
        studio.use(gateway, row)
        return "used"
    return "overtaken" if at_once else "waiting"


def use(gateway: Gateway, actor: Actor, take_id: str) -> TakeRow:
    """Let callers hear a recording that waits, or one from before. GatewayErrors `prompt:denied`, `prompt:conflict`, `prompt:unknown`."""
    actor.require(Permission.MANAGE_PROMPTS)
    if not _decides(actor):
        raise GatewayError("prompt:denied")
    take = _ready(gateway, actor, take_id)
    _text(gateway, take.language, take.clip)
    studio.use(gateway, take)
    with gateway.database.write() as db:
        if take.state != "approved" and not takes.decide(db, take, "approved", gateway.clock()):
            raise GatewayError("prompt:conflict")
        access.note(gateway, db, actor, "use_clip", f"clip:{take.language}/{take.clip}", take=take.id)
    return take


def reject(gateway: Gateway, actor: Actor, take_id: str) -> TakeRow:
    """Throw a recording that waits away. GatewayError `prompt:conflict`."""
    actor.require(Permission.MANAGE_PROMPTS)
    take = _ready(gateway, actor, take_id)
    with gateway.database.write() as db:
        if take.state != "waiting" or not takes.decide(db, take, "rejected", gateway.clock()):
            raise GatewayError("prompt:conflict")
        access.note(gateway, db, actor, "reject_clip", f"clip:{take.language}/{take.clip}", take=take.id)
    studio.file_of(gateway, take.id).unlink(missing_ok=True)
    return take


def clip_file_of(gateway: Gateway, actor: Actor, language: str, clip: str) -> Path:
    """The WAV file that callers hear. GatewayError `audio:unknown-clip`."""
    actor.require(Permission.MANAGE_PROMPTS)
    return open_clips(gateway.settings.audio_dir).path(language, clip)


def take_file(gateway: Gateway, actor: Actor, take_id: str) -> Path:
    """The WAV file of a recording. GatewayError `prompt:conflict`."""
    actor.require(Permission.MANAGE_PROMPTS)
    return studio.file_of(gateway, _ready(gateway, actor, take_id).id)


def _all(gateway: Gateway, actor: Actor, language: str) -> list[Prompt]:
    catalogue, folder = gateway.catalogue, gateway.settings.audio_dir
    if language not in (*catalogue.languages, *catalogue.defaults.drafts):
        raise GatewayError("prompt:unknown")
    manifest = _clips(gateway, language)
    numbers = {clip: number for (code, clip), number in read_numbers(folder).by_clip.items() if code == language}
    with gateway.database.read() as db:
        waits = {row.clip for row in takes.waiting(db) if row.language == language and _sees(actor, row)}
    lines = {line.file.removesuffix(".wav"): line for line in script.script(catalogue, language, numbers, manifest)}
    return [
        Prompt(language, clip, line, _state(clip_file(folder / language, clip), manifest.get(clip), line.text), clip in waits)
        for clip, line in lines.items()
    ]


def _state(path: Path, entry: Clip | None, text: str) -> State:
    if entry is None or not path.is_file():
        return "missing"
    if entry.text != text:
        return "stale"
    return "placeholder" if entry.source == "placeholder" else _sounds(path, entry.sha256)


@lru_cache(maxsize=8192)
def _sounds(path: Path, sha256: str) -> State:
    """What a listener would say of a recording; `sha256` is that of the manifest, so that a new recording is listened to anew."""
    try:
        sound = wav.read(path)
    except GatewayError:
        return "damaged"
    if sound.rate != wav.RATE or checksum(path) != sha256:
        return "damaged"
    faults = coverage.heard(sound)
    if faults.keys() & {"clipped", "loud"}:
        return "loud"
    if "uneven" in faults:
        return "loud" if coverage.decibels(wav.active_rms(sound.samples)) > coverage.LEVEL else "quiet"
    return "quiet" if "silent" in faults else "pause" if faults else "recorded"


def _language(code: str, prompts: list[Prompt], *, is_draft: bool) -> Language:
    parts = []
    for group, inside in groupby(prompts, lambda prompt: prompt.line.group):
        states = [prompt.state for prompt in inside]
        parts.append(Part(group, len(states), states.count("recorded")))
    return Language(code, is_draft, tuple(parts), sum(prompt.waits for prompt in prompts), _following(prompts))


def _following(prompts: list[Prompt]) -> str | None:
    return next((prompt.clip for prompt in prompts if prompt.is_to_record), None)


def _steps(catalogue: Catalogue, language: str, clip: str) -> Iterator[tuple[str, str]]:
    """Where a clip is said."""
    for name, flow in catalogue.flows.items():
        for step_name, step in flow.steps.items():
            pieces = (piece for prompt in step.prompts() for piece in prompt.pieces.get(language, ()))
            if any(isinstance(piece, Fragment) and piece.clip == clip for piece in pieces):
                yield name, step_name


def _clips(gateway: Gateway, language: str) -> Mapping[str, Clip]:
    return open_clips(gateway.settings.audio_dir).manifests.get(language, {})


def _text(gateway: Gateway, language: str, clip: str) -> str:
    for code, name, text in gateway.catalogue.clips(drafts=True):
        if (code, name) == (language, clip):
            return text
    raise GatewayError("prompt:unknown")


def _mark(text: str, heard: Clip | None) -> str:
    return hashlib.sha256(f"{text}\n{heard.sha256 if heard else ''}".encode()).hexdigest()[:16]


def _known_as(gateway: Gateway, take: NewTake, heard: Clip | None) -> Literal["used", "waiting"] | None:
    """What became of the very same recording, which somebody sent a second time."""
    mark = checksum(studio.file_of(gateway, take.id))
    if heard is not None and (heard.sha256, heard.text) == (mark, take.text):
        return "used"
    with gateway.database.read() as db:
        row = takes.waiting_for(db, take.language, take.clip)
    file = studio.file_of(gateway, row.id) if row else None
    return "waiting" if file and file.is_file() and checksum(file) == mark else None


def _ready(gateway: Gateway, actor: Actor, take_id: str) -> TakeRow:
    with gateway.database.read() as db:
        take = takes.get(db, take_id)
    there = take is not None and _sees(actor, take) and take.state in {"waiting", "approved", "replaced"}
    if take is None or not there or studio.is_of_saying(take) or not studio.file_of(gateway, take_id).is_file():
        raise GatewayError("prompt:conflict")
    return take


def _decides(actor: Actor) -> bool:
    return actor.organisation_id == ORGANISATION


def _sees(actor: Actor, take: TakeRow) -> bool:
    return _decides(actor) or take.organisation_id == actor.organisation_id


def _names(gateway: Gateway, actor: Actor) -> Mapping[str, str]:
    with gateway.database.read() as db:
        known = users.of_organisation(db, gateway.seal, actor.organisation_id)
    return {f"user:{each.id}": each.name for each in known}


def _take(row: TakeRow, names: Mapping[str, str]) -> Take:
    return Take(row, names.get(row.made_by or ""))
