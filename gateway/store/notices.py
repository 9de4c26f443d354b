"""Notices: meetings and trainings with their RSVPs, and news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, and_, bindparam, insert, or_, select

from gateway.store.database import Connection
from gateway.store.models import notices, rsvps
from gateway.store.rows import columns, insert_into, values


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Something to be told. Meetings and trainings have `place` and `starts_at`, news has `phrase`; both are names of phrases."""

    id: str
    organisation_id: str
    kind: str
    phrase: str | None
    place: str | None
    starts_at: datetime | None
    published_at: datetime
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rsvp:
    """A member's answer to a notice: `yes` or `no`."""

    notice_id: str
    member_id: str
    answer: str


_TOLD = and_(
    notices.c.organisation_id == bindparam("organisation_id"),
    notices.c.published_at <= bindparam("now"),
    or_(notices.c.over_at.is_(None), notices.c.over_at > bindparam("now")),
)
_after = bindparam("after_id", type_=String)
_previous = notices.alias()
_START_OF_PREVIOUS = select(_previous.c.starts_at).where(_previous.c.id == _after).scalar_subquery()
_NEXT = (
    select(*columns(notices, NoticeRow))
    .where(
        _TOLD,
        notices.c.kind.in_(("meeting", "training")),
        notices.c.starts_at > bindparam("now"),
        or_(
            _after == "",
            notices.c.starts_at > _START_OF_PREVIOUS,
            and_(notices.c.starts_at == _START_OF_PREVIOUS, notices.c.id > _after),
        ),
    )
    .order_by(notices.c.starts_at, notices.c.id)
    .limit(1)
)
_NEWS = select(notices.c.phrase).where(_TOLD, notices.c.kind == "news").order_by(notices.c.published_at.desc(), notices.c.id).limit(1)
_PUBLISH = insert(notices)
_RSVP = insert_into(rsvps)
_RSVP = _RSVP.on_conflict_do_update(
    index_elements=["notice_id", "member_id"], set_={"answer": _RSVP.excluded.answer, "at": _RSVP.excluded.at}
)


def next_after(db: Connection, organisation_id: str, now: datetime, after_id: str | None) -> NoticeRow | None:
    """The next meeting or training that has not begun; with `after_id`, the one that follows that notice."""
    row = db.execute(_NEXT, {"organisation_id": organisation_id, "now": now, "after_id": after_id or ""}).first()
    return NoticeRow(*row) if row else None


def news(db: Connection, organisation_id: str, now: datetime) -> str | None:
    """The newest item of news: the phrase to be said."""
    return db.execute(_NEWS, {"organisation_id": organisation_id, "now": now}).scalar()


def publish(db: Connection, notice: NoticeRow) -> None:
    """Let a notice be told from `published_at` on."""
    db.execute(_PUBLISH, values(notice))


def rsvp(db: Connection, rsvp: Rsvp, now: datetime) -> None:
    """Keep a member's answer; the last one counts."""
    db.execute(_RSVP, {**values(rsvp), "at": now})
