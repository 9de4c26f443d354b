"""Testimonies: what members said for others to hear, and how far they agreed to that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from gateway.store.database import Connection
from gateway.store.models import members, recordings, takes, testimonies
from gateway.store.rows import values

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


@dataclass(frozen=True, slots=True)
class NewTestimony:
    """A recording that others may hear. `consent` is named or unnamed, `consent_wording` the prompt she agreed to and its version."""

    id: str
    organisation_id: str
    member_id: str
    recording_id: str
    consent: str
    consent_wording: str
    language: str


class Testimony(NamedTuple):
    """A testimony. `state` is waiting, kept or withdrawn; `name` is hers only where she agreed to be named; `file` lies below the data
    directory (None: it has not come yet, or is gone)."""

    id: str
    recording_id: str
    consent: str
    consent_wording: str
    language: str
    state: str
    created_at: datetime
    file: str | None
    name: str | None
    words: str | None


_KEEP = insert(testimonies)
_ROWS = (
    select(
        *(testimonies.c[name] for name in Testimony._fields[:7]),
        recordings.c.file,
        members.c.sealed_name,
        testimonies.c.sealed_words,
    )
    .join(members, members.c.id == testimonies.c.member_id)
    .outerjoin(recordings, recordings.c.id == testimonies.c.recording_id)
    .where(testimonies.c.organisation_id == bindparam("organisation_id"))
)
_GET = _ROWS.where(testimonies.c.id == bindparam("wanted"))
_PAGE = _ROWS.where(testimonies.c.id > bindparam("after")).order_by(testimonies.c.id).limit(bindparam("most"))
_THIS = testimonies.c.id == bindparam("wanted")
_WRITE_DOWN = update(testimonies).where(_THIS, testimonies.c.state != "withdrawn").values(sealed_words=bindparam("words"))
_DECIDE = (
    update(testimonies)
    .where(_THIS, testimonies.c.state.in_(bindparam("before", expanding=True)))
    .values(state=bindparam("to"), decided_at=bindparam("now"), decided_by=bindparam("by"))
)
_SILENCE = update(testimonies).where(_THIS).values(sealed_words=None)
_LOSE = update(recordings).where(recordings.c.id == bindparam("recording")).values(state="lost", file=None)
_DROP_TAKE = delete(takes).where(takes.c.recording_id == bindparam("recording"))


def keep(db: Connection, new: NewTestimony, now: datetime) -> None:
    """Write down a testimony; it waits for somebody to listen."""
    db.execute(_KEEP, values(new) | {"state": "waiting", "created_at": now})


def get(db: Connection, seal: Seal, organisation_id: str, testimony_id: str) -> Testimony | None:
    """One testimony of an organisation."""
    row = db.execute(_GET, {"organisation_id": organisation_id, "wanted": testimony_id}).first()
    return _opened(seal, row) if row else None


def count_waiting(db: Connection, organisation_id: str) -> int:
    """How many wait for somebody to listen."""
    of_ours = (testimonies.c.organisation_id == organisation_id) & (testimonies.c.state == "waiting")
    return db.execute(select(func.count()).select_from(testimonies).where(of_ours)).scalar_one()


def page(db: Connection, seal: Seal, organisation_id: str, after: str, most: int) -> list[Testimony]:
    """An organisation's testimonies by id, those behind `after` ("" for the first page)."""
    rows = db.execute(_PAGE, {"organisation_id": organisation_id, "after": after, "most": most})
    return [_opened(seal, row) for row in rows]


def _opened(seal: Seal, row: Sequence[Any]) -> Testimony:
    """A row of `_ROWS`; her name only where she agreed to it."""
    *known, sealed_name, sealed_words = row
    words = seal.open(sealed_words) if sealed_words is not None else None
    found = Testimony._make([*known, None, words])
    return found._replace(name=seal.open(sealed_name)) if found.consent == "named" and sealed_name is not None else found


def write_down(db: Connection, seal: Seal, testimony_id: str, words: str) -> bool:
    """Keep what she said as a text; False where it is withdrawn."""
    return db.execute(_WRITE_DOWN, {"wanted": testimony_id, "words": seal.seal(words)}).rowcount == 1


def decide(db: Connection, testimony: Testimony, state: str, by: str, now: datetime) -> bool:
    """Keep a testimony that waits, or withdraw one: then her voice and words are gone, and only that there was one stays."""
    before = ("waiting",) if state == "kept" else ("waiting", "kept")
    moved = {"wanted": testimony.id, "before": before, "to": state, "now": now, "by": by}
    if db.execute(_DECIDE, moved).rowcount != 1:
        return False
    if state == "withdrawn":
        db.execute(_SILENCE, {"wanted": testimony.id})
        db.execute(_DROP_TAKE, {"recording": testimony.recording_id})
        db.execute(_LOSE, {"recording": testimony.recording_id})
    return True
