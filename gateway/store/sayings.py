"""Sayings: an organisation's own words, by language, and the recordings of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, literal, or_, select, union_all

from gateway.store.database import Connection
from gateway.store.models import broadcasts, notices, saying_clips, sayings, services
from gateway.store.rows import columns, insert_into, values


@dataclass(frozen=True, slots=True)
class NewSaying:
    """Words to be recorded; `texts` by language, `number` the first of as many as there are languages."""

    id: str
    organisation_id: str
    number: int
    texts: Mapping[str, str]
    created_by: str


@dataclass(frozen=True, slots=True)
class SayingRow:
    """A saying as it is kept."""

    id: str
    organisation_id: str
    number: int
    texts: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ClipRow:
    """The recording of a saying in one language; `clip` is its file's name without the ending, `by` whoever made it."""

    saying_id: str
    language: str
    clip: str
    seconds: float
    by: str


_ADD = insert(sayings)
_TAKEN = select(sayings.c.number, sayings.c.texts)
_ROWS = select(*columns(sayings, SayingRow))
_GET = _ROWS.where(sayings.c.id == bindparam("wanted"))
_PAGE = (
    _ROWS.where(sayings.c.organisation_id == bindparam("organisation"), sayings.c.number > bindparam("after"))
    .order_by(sayings.c.number)
    .limit(bindparam("count"))
)
_AT = _ROWS.where(sayings.c.number <= bindparam("spoken")).order_by(sayings.c.number.desc()).limit(1)
_CLIPS = select(*columns(saying_clips, ClipRow)).where(saying_clips.c.saying_id.in_(bindparam("wanted", expanding=True)))
_SPOKEN = (
    select(saying_clips.c.clip, sayings.c.texts)
    .join(sayings, sayings.c.id == saying_clips.c.saying_id)
    .where(saying_clips.c.saying_id == bindparam("wanted"), saying_clips.c.language == bindparam("of_language"))
)
_PUT = insert_into(saying_clips)
_PUT = _PUT.on_conflict_do_update(
    index_elements=["saying_id", "language"],
    set_={name: _PUT.excluded[name] for name in ("clip", "seconds", "by", "at")},
)
_SENT = select(literal(1)).where(broadcasts.c.saying_id == bindparam("wanted"), broadcasts.c.state.not_in(("draft", "cancelled"))).limit(1)
_USED = union_all(
    *(
        select(literal(1)).where(column == bindparam("wanted"))
        for column in (broadcasts.c.saying_id, notices.c.saying_id, notices.c.place_saying_id, services.c.saying_id)
    )
).limit(1)
_BROADCASTS_SAYING = (
    select(broadcasts.c.id, broadcasts.c.title)
    .where(broadcasts.c.saying_id == bindparam("wanted"), broadcasts.c.purpose != "test")
    .order_by(broadcasts.c.created_at.desc())
)
_NOTICES_SAYING = select(notices.c.id).where(
    or_(notices.c.saying_id == bindparam("wanted"), notices.c.place_saying_id == bindparam("wanted"))
)
_SERVICES_SAYING = select(func.count()).where(services.c.saying_id == bindparam("wanted"))
_LOCK = _GET.with_for_update()
_DROP_CLIPS = delete(saying_clips).where(saying_clips.c.saying_id == bindparam("wanted")).returning(saying_clips.c.clip)
_DROP = delete(sayings).where(sayings.c.id == bindparam("wanted"))


def add(db: Connection, saying: NewSaying, now: datetime) -> None:
    """Write down words; the transaction ends in Conflict where their number was given out meanwhile."""
    db.execute(_ADD, values(saying) | {"texts": dict(saying.texts), "created_at": now})


def taken(db: Connection) -> set[int]:
    """All numbers that are given out, of all organisations: of each saying one for each of its languages."""
    return {number + place for number, texts in db.execute(_TAKEN) for place in range(len(texts))}


def get(db: Connection, saying_id: str, *, to_change: bool = False) -> SayingRow | None:
    """One saying; `to_change` keeps others from changing it until the transaction ends."""
    row = db.execute(_LOCK if to_change else _GET, {"wanted": saying_id}).first()
    return SayingRow(*row) if row else None


def at_number(db: Connection, number: int) -> SayingRow | None:
    """The saying to one of whose languages this number belongs."""
    row = db.execute(_AT, {"spoken": number}).first()
    found = SayingRow(*row) if row else None
    return found if found is not None and number < found.number + len(found.texts) else None


def page(db: Connection, organisation_id: str, after: int, count: int) -> list[SayingRow]:
    """Sayings of an organisation by number, those behind `after` (0: from the first)."""
    return [SayingRow(*row) for row in db.execute(_PAGE, {"organisation": organisation_id, "after": after, "count": count})]


def clips(db: Connection, saying_ids: Iterable[str]) -> list[ClipRow]:
    """The recordings of these sayings, at most some hundreds of them at once."""
    return [ClipRow(*row) for row in db.execute(_CLIPS, {"wanted": list(saying_ids)})]


def spoken(db: Connection, saying_id: str, language: str) -> tuple[str, str] | None:
    """The clip of a saying in a language and what it says; None where it is not recorded."""
    row = db.execute(_SPOKEN, {"wanted": saying_id, "of_language": language}).first()
    return (row.clip, row.texts.get(language, "")) if row else None


def put_clip(db: Connection, clip: ClipRow, now: datetime) -> None:
    """Make this the recording of a saying in its language."""
    db.execute(_PUT, values(clip) | {"at": now})


def is_sent(db: Connection, saying_id: str) -> bool:
    """Whether somebody approved that these words go out, so that they must stay what they are."""
    return db.execute(_SENT, {"wanted": saying_id}).first() is not None


def is_used(db: Connection, saying_id: str) -> bool:
    """Whether a broadcast, a notice or an entry of the directory says it."""
    return db.execute(_USED, {"wanted": saying_id}).first() is not None


def used_by(db: Connection, saying_id: str) -> tuple[list[tuple[str, str]], list[str], int]:
    """The broadcasts that say it (ids and titles), the ids of the notices, and how many entries of the directory."""
    said = db.execute(_BROADCASTS_SAYING, {"wanted": saying_id}).all()
    told = db.execute(_NOTICES_SAYING, {"wanted": saying_id}).scalars()
    return [(row.id, row.title) for row in said], list(told), db.execute(_SERVICES_SAYING, {"wanted": saying_id}).scalar_one()


def remove(db: Connection, saying_id: str) -> list[str]:
    """Take a saying away; its clips are for whoever deletes the files."""
    gone = list(db.execute(_DROP_CLIPS, {"wanted": saying_id}).scalars())
    db.execute(_DROP, {"wanted": saying_id})
    return gone
