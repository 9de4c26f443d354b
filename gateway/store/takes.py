"""Takes: recordings of clips, from the microphone until somebody approves or rejects them; those that were approved can be used again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, select, update

from gateway.store.database import Connection
from gateway.store.models import studio_tries, takes
from gateway.store.rows import columns, values


@dataclass(frozen=True, slots=True)
class NewTake:
    """A recording, the clip that it is one of, and what was to be read. One made by phone has the id of its recording.

    `made_by` is who recorded it in the console.
    """

    id: str
    organisation_id: str
    language: str
    clip: str
    text: str
    made_by: str | None = None


@dataclass(frozen=True, slots=True)
class TakeRow:
    """A take. `state`: made, waiting (she kept it), approved, rejected, or replaced by a later one; `sound`: pending, ready, silent."""

    id: str
    organisation_id: str
    language: str
    clip: str
    text: str
    state: str
    sound: str
    created_at: datetime
    made_by: str | None


_NOTE = insert(takes)
_ROWS = select(*columns(takes, TakeRow))
_GET = _ROWS.where(takes.c.id == bindparam("wanted"))
_WAITING = _ROWS.where(takes.c.state == "waiting").order_by(takes.c.created_at.desc())
_OF_CLIP = _WAITING.where(takes.c.language == bindparam("of_language"), takes.c.clip == bindparam("of_clip")).limit(1)
_HISTORY = (
    _ROWS.where(
        takes.c.language == bindparam("of_language"), takes.c.clip == bindparam("of_clip"), takes.c.state.in_(("approved", "replaced"))
    )
    .where(takes.c.sound == "ready")
    .order_by(takes.c.created_at.desc(), takes.c.id.desc())
    .limit(bindparam("most"))
)
_SOUND = update(takes).where(takes.c.id == bindparam("wanted")).values(sound=bindparam("new_sound"))
_DECIDE = (
    update(takes)
    .where(takes.c.id == bindparam("wanted"), takes.c.state == bindparam("from_state"))
    .values(state=bindparam("to_state"), decided_at=bindparam("now"))
)
_REPLACE = (
    update(takes)
    .where(
        takes.c.state == "waiting",
        takes.c.language == bindparam("of_language"),
        takes.c.clip == bindparam("of_clip"),
        takes.c.id != bindparam("wanted"),
    )
    .values(state="replaced", decided_at=bindparam("now"))
)
_TRY = insert(studio_tries)
_TRIES = select(func.count()).select_from(studio_tries).where(studio_tries.c.at > bindparam("since"))
_FORGET = delete(studio_tries).where(studio_tries.c.at <= bindparam("since"))
_FORGET_ALL = delete(studio_tries)


def note(db: Connection, take: NewTake, now: datetime) -> None:
    """Write down a take that was just made by phone; its recording stands in `recordings` already."""
    db.execute(_NOTE, {**values(take), "recording_id": take.id, "state": "made", "sound": "pending", "created_at": now, "decided_at": None})


def add(db: Connection, take: NewTake, state: str, now: datetime) -> None:
    """Write down a take that is here already; one that waits replaces whatever waited for the same clip."""
    decided = now if state == "approved" else None
    db.execute(_NOTE, {**values(take), "recording_id": None, "state": state, "sound": "ready", "created_at": now, "decided_at": decided})
    if state == "waiting":
        db.execute(_REPLACE, {"of_language": take.language, "of_clip": take.clip, "wanted": take.id, "now": now})


def get(db: Connection, take_id: str) -> TakeRow | None:
    """The take of this id, which is that of its recording where it was made by phone."""
    row = db.execute(_GET, {"wanted": take_id}).first()
    return TakeRow(*row) if row else None


def heard(db: Connection, recording_id: str, sound: str) -> None:
    """The recording has come: it is `ready`, or `silent`."""
    db.execute(_SOUND, {"wanted": recording_id, "new_sound": sound})


def keep(db: Connection, recording_id: str, now: datetime) -> None:
    """She is content with it: it waits, and whatever waited for the same clip before is replaced."""
    take = get(db, recording_id)
    if take is None or not decide(db, take, "waiting", now):
        return
    db.execute(_REPLACE, {"of_language": take.language, "of_clip": take.clip, "wanted": recording_id, "now": now})


def decide(db: Connection, take: TakeRow, state: str, now: datetime) -> bool:
    """Bring a take from the state that it was seen in to another; False where somebody else was faster."""
    change = {"wanted": take.id, "from_state": take.state, "to_state": state, "now": now}
    return db.execute(_DECIDE, change).rowcount == 1


def waiting(db: Connection) -> list[TakeRow]:
    """What waits for approval, the newest first."""
    return [TakeRow(*row) for row in db.execute(_WAITING)]


def waiting_for(db: Connection, language: str, clip: str) -> TakeRow | None:
    """What waits for approval for this clip."""
    row = db.execute(_OF_CLIP, {"of_language": language, "of_clip": clip}).first()
    return TakeRow(*row) if row else None


def history(db: Connection, language: str, clip: str, most: int) -> list[TakeRow]:
    """What was recorded for this clip before and can be used again, the newest first."""
    return [TakeRow(*row) for row in db.execute(_HISTORY, {"of_language": language, "of_clip": clip, "most": most})]


def count_try(db: Connection, now: datetime, within: timedelta) -> int:
    """Count one try of the studio's secret number, before it is looked at: how many there were in this time, with this one."""
    db.execute(_FORGET, {"since": now - within})
    db.execute(_TRY, {"at": now})
    return int(db.execute(_TRIES, {"since": now - within}).scalar_one())


def clear_tries(db: Connection) -> None:
    """The right number was keyed."""
    db.execute(_FORGET_ALL)
