"""Sayings: an organisation's own words, a message, a place, a piece of news, recorded from a file or by phone.

The files lie below the data directory under names that nobody can guess, and are replaced whole. What somebody has approved for sending
stays as it was approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.audio import taking, wav
from gateway.audio.numbers import SAYINGS
from gateway.core import reference
from gateway.errors import GatewayError
from gateway.language.speech import LANGUAGES
from gateway.services import access
from gateway.services.access import Actor, Permission
from gateway.store import sayings
from gateway.store.database import Conflict
from gateway.store.sayings import ClipRow, NewSaying, SayingRow

if TYPE_CHECKING:
    from gateway.audio.wav import Sound
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

FOLDER = "sayings"  # below the data directory, and below /audio/
LONGEST = 60.0  # seconds: nobody listens to more of a message
LONGEST_TEXT = 1000  # characters, which take about a minute to say
STUDIO = "studio"  # who recorded what was recorded by phone


@dataclass(frozen=True, slots=True)
class Saying:
    """Words and their recordings, by language: `texts`, `numbers` to key in the studio, `clips` (seconds of what is recorded)."""

    id: str
    number: int
    texts: Mapping[str, str]
    numbers: Mapping[str, str]
    clips: Mapping[str, float]


def create(gateway: Gateway, actor: Actor, texts: Mapping[str, str]) -> Saying:
    """Write down words to be recorded, {language: what is said}.

    GatewayErrors `saying:text`, `language:unknown`, `saying:numbers-spent`.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    cleaned = {language: " ".join(text.split()) for language, text in texts.items()}
    for language, text in cleaned.items():
        if language not in LANGUAGES:
            raise GatewayError("language:unknown", language=language, known=", ".join(LANGUAGES))
        if not text or len(text) > LONGEST_TEXT or not text.isprintable():
            raise GatewayError("saying:text", most=LONGEST_TEXT)
    if not cleaned:
        raise GatewayError("saying:text", most=LONGEST_TEXT)
    while True:
        with suppress(Conflict):  # somebody else was given that number meanwhile
            return _added(gateway, actor, cleaned)


def _added(gateway: Gateway, actor: Actor, texts: Mapping[str, str]) -> Saying:
    with gateway.database.write() as db:
        taken = sayings.taken(db)
        first = next(number for number in count(SAYINGS.start) if not taken & set(range(number, number + len(texts))))
        if first + len(texts) > SAYINGS.stop:
            raise GatewayError("saying:numbers-spent")
        new = NewSaying(gateway.new_id(), actor.organisation_id, first, texts, actor.name)
        sayings.add(db, new, gateway.clock())
        access.note(gateway, db, actor, "create_saying", f"saying:{new.id}", languages=sorted(texts))
    return _whole(SayingRow(new.id, new.organisation_id, first, texts, gateway.clock()), {})


def record(gateway: Gateway, actor: Actor, saying_id: str, language: str, path: Path) -> Saying:
    """Take a recording in any common format as these words in a language.

    GatewayErrors `saying:unknown`, `saying:language`, `saying:sent`, `saying:too-long`, `audio:...`.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    sound = taking.clean(path)
    _refuse_long(sound)
    clip = gateway.new_id()
    wav.write(file_of(gateway, clip), sound)
    try:
        with gateway.database.write() as db:
            row = _to_record(db, actor.organisation_id, saying_id, language)
            before = _put(gateway, db, ClipRow(row.id, language, clip, sound.seconds, actor.name))
            access.note(gateway, db, actor, "record_saying", f"saying:{row.id}", language=language)
    except BaseException:
        file_of(gateway, clip).unlink(missing_ok=True)
        raise
    if before is not None:
        file_of(gateway, before).unlink(missing_ok=True)
    return show(gateway, actor, saying_id)


def _put(gateway: Gateway, db: Connection, clip: ClipRow) -> str | None:
    """Keep the row of a recording; the clip that it replaces."""
    before = sayings.spoken(db, clip.saying_id, clip.language)
    sayings.put_clip(db, clip, gateway.clock())
    return before[0] if before else None


def _to_record(db: Connection, organisation_id: str, saying_id: str, language: str) -> SayingRow:
    row = _own(db, organisation_id, saying_id, to_change=True)
    if language not in row.texts:
        raise GatewayError("saying:language", language=language, known=", ".join(row.texts))
    if sayings.is_sent(db, saying_id):
        raise GatewayError("saying:sent")
    return row


def _refuse_long(sound: Sound) -> None:
    if sound.seconds > LONGEST:
        raise GatewayError("saying:too-long", seconds=round(sound.seconds), most=round(LONGEST))


def show(gateway: Gateway, actor: Actor, saying_id: str) -> Saying:
    """One saying of the actor's organisation. GatewayError `saying:unknown`."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        row = _own(db, actor.organisation_id, saying_id)
        return _whole(row, seconds(db, saying_id))


def page(gateway: Gateway, actor: Actor, after: int = 0, limit: int = 100) -> list[Saying]:
    """The sayings of the actor's organisation by number, those behind the number `after`."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        rows = sayings.page(db, actor.organisation_id, after, limit)
        recorded: dict[str, dict[str, float]] = {}
        for clip in sayings.clips(db, [row.id for row in rows]):
            recorded.setdefault(clip.saying_id, {})[clip.language] = clip.seconds
    return [_whole(row, recorded.get(row.id, {})) for row in rows]


@dataclass(frozen=True, slots=True)
class Used:
    """What says some words: broadcasts by id and title, the ids of notices, how many entries of the directory.

    `sent`: somebody has approved them for sending, so that they stay as they are.
    """

    broadcasts: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]
    services: int
    sent: bool


def used_by(gateway: Gateway, actor: Actor, saying_id: str) -> Used:
    """Where a saying of the actor's organisation is said. GatewayError `saying:unknown`."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        _own(db, actor.organisation_id, saying_id)
        said, told, listed = sayings.used_by(db, saying_id)
        return Used(tuple(said), tuple(told), listed, sayings.is_sent(db, saying_id))


def remove(gateway: Gateway, actor: Actor, saying_id: str) -> None:
    """Take words away that nothing says. GatewayErrors `saying:unknown`, `saying:used`."""
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.write() as db:
        _own(db, actor.organisation_id, saying_id, to_change=True)
        if sayings.is_used(db, saying_id):
            raise GatewayError("saying:used")
        clips = sayings.remove(db, saying_id)
        access.note(gateway, db, actor, "remove_saying", f"saying:{saying_id}")
    for clip in clips:
        file_of(gateway, clip).unlink(missing_ok=True)


def recorded_file(gateway: Gateway, actor: Actor, saying_id: str, language: str) -> Path:
    """The WAV file of a saying, to listen to. GatewayErrors `saying:unknown`, `saying:not-recorded`."""
    show(gateway, actor, saying_id)
    with gateway.database.read() as db:
        found = sayings.spoken(db, saying_id, language)
    if found is None:
        raise GatewayError("saying:not-recorded", language=language)
    return file_of(gateway, found[0])


def _own(db: Connection, organisation_id: str, saying_id: str, *, to_change: bool = False) -> SayingRow:
    row = sayings.get(db, saying_id, to_change=to_change)
    if row is None or row.organisation_id != organisation_id:
        raise GatewayError("saying:unknown", id=saying_id)
    return row


def _whole(row: SayingRow, clips: Mapping[str, float]) -> Saying:
    return Saying(row.id, row.number, row.texts, _numbers(row), clips)


# --- for calls ---------------------------------------------------------------------------------------------------------------------


def value(gateway: Gateway, saying_id: str, language: str) -> str | None:
    """What a slot `{x:saying}` takes: the clip by its full name, a blank, the words. None where it is not recorded in this language."""
    with gateway.database.read() as db:
        found = sayings.spoken(db, saying_id, language)
    return f"/{FOLDER}/{found[0]} {found[1]}" if found else None


def seconds(db: Connection, saying_id: str) -> dict[str, float]:
    """How long a saying takes in each language in which it is recorded."""
    return {clip.language: clip.seconds for clip in sayings.clips(db, [saying_id])}


def file_of(gateway: Gateway, clip: str) -> Path:
    """The WAV file (8 kHz) of a recording."""
    return gateway.settings.data_dir / FOLDER / f"{clip}.wav"


# --- recorded by phone -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToRecord:
    """A saying in one language that can be recorded by phone. `clip` is its recording so far by its full name, if there is one."""

    saying_id: str
    language: str
    text: str
    clip: str | None


def at_number(gateway: Gateway, organisation_id: str, number: str) -> ToRecord | None:
    """What the organisation records under a number that was keyed; None where it is nobody's, another's, or must stay as it is."""
    if not reference.is_valid(number) or int(number) // 10 not in SAYINGS:
        return None
    with gateway.database.read() as db:
        row = sayings.at_number(db, int(number) // 10)
        if row is None or row.organisation_id != organisation_id or sayings.is_sent(db, row.id):
            return None
        language = next(code for code, keyed in _numbers(row).items() if keyed == number)
        found = sayings.spoken(db, row.id, language)
    return ToRecord(row.id, language, row.texts[language], f"/{FOLDER}/{found[0]}" if found else None)


def _numbers(row: SayingRow) -> dict[str, str]:
    """The number of each language, with its check digit."""
    return {language: reference.with_check_digit(row.number + place) for place, language in enumerate(sorted(row.texts))}


def keep_take(gateway: Gateway, db: Connection, saying_id: str, language: str, file: Path) -> None:
    """Make a recording that was made by phone the one that is heard, in the transaction that keeps it.

    What may be changed no longer stays as it is.
    """
    row = sayings.get(db, saying_id, to_change=True)
    if row is None or language not in row.texts or sayings.is_sent(db, saying_id):
        return
    clip, sound = gateway.new_id(), wav.read(file)
    wav.write(file_of(gateway, clip), sound)
    if before := _put(gateway, db, ClipRow(saying_id, language, clip, sound.seconds, STUDIO)):
        file_of(gateway, before).unlink(missing_ok=True)
