"""Notices: meetings and trainings with their RSVPs and who came, and news."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    update,
)

from gateway.store.database import Connection
from gateway.store.heard import SHARED, reached
from gateway.store.models import (
    Instant,
    approvals,
    attendances,
    broadcasts,
    deliveries,
    members,
    notices,
    rsvps,
    saying_clips,
    sayings,
)
from gateway.store.rows import columns, insert_into, values

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

GATHERINGS = ("meeting", "training")
HEARD = ("accepted", "sent", "delivered", "read", "unknown")  # as far as we know: what went out and did not fail


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Something to be told. Meetings and trainings have `starts_at`, and a place: `place` (a phrase) or `place_saying_id`.

    News has `phrase` or `saying_id`; to a gathering these say what else is to be known of it.
    """

    id: str
    organisation_id: str
    kind: str
    phrase: str | None
    place: str | None
    starts_at: datetime | None
    published_at: datetime
    over_at: datetime | None
    place_saying_id: str | None = None
    saying_id: str | None = None
    moved_at: datetime | None = None
    cancelled_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Rsvp:
    """A member's answer to a notice: `yes` or `no`."""

    notice_id: str
    member_id: str
    answer: str


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for the next gathering, None for a stranger; `after_id` is the one that she heard before."""

    organisation_id: str
    now: datetime
    member_id: str | None = None
    after_id: str | None = None


# --- what a caller hears -----------------------------------------------------------------------------------------------------------

_ENDS = func.coalesce(notices.c.over_at, notices.c.starts_at, type_=Instant())
_TOLD = and_(
    notices.c.organisation_id == bindparam("organisation_id"),
    notices.c.published_at <= bindparam("now"),
    or_(_ENDS.is_(None), bindparam("now") < _ENDS),
)
_SAID_YES = exists(
    select(literal(1)).where(rsvps.c.notice_id == notices.c.id, rsvps.c.member_id == bindparam("member_id"), rsvps.c.answer == "yes")
)
_after = bindparam("after_id", type_=String)
_previous = notices.alias()
_START_OF_PREVIOUS = select(_previous.c.starts_at).where(_previous.c.id == _after).scalar_subquery()
_ROWS = select(*columns(notices, NoticeRow))
_NEXT = (
    _ROWS.where(
        _TOLD,
        notices.c.kind.in_(GATHERINGS),
        or_(notices.c.cancelled_at.is_(None), _SAID_YES),
        or_(
            _after == "",
            notices.c.starts_at > _START_OF_PREVIOUS,
            and_(notices.c.starts_at == _START_OF_PREVIOUS, notices.c.id > _after),
        ),
    )
    .order_by(notices.c.starts_at, notices.c.id)
    .limit(1)
)
_NEWS = (
    _ROWS.where(_TOLD, notices.c.kind == "news", notices.c.cancelled_at.is_(None))
    .order_by(notices.c.published_at.desc(), notices.c.id)
    .limit(1)
)
_GET = _ROWS.where(notices.c.id == bindparam("wanted"))
_PUBLISH = insert(notices)
_RSVP = insert_into(rsvps)
_RSVP = _RSVP.on_conflict_do_update(
    index_elements=["notice_id", "member_id"], set_={"answer": _RSVP.excluded.answer, "at": _RSVP.excluded.at}
)
_ANSWER = select(rsvps.c.answer, rsvps.c.at).where(rsvps.c.notice_id == bindparam("wanted"), rsvps.c.member_id == bindparam("of_member"))
_RUNG_FOR = select(deliveries.c.member_id).where(deliveries.c.id == bindparam("delivery"))
_SAID = (
    select(sayings.c.texts, saying_clips.c.language, saying_clips.c.clip)
    .outerjoin(saying_clips, saying_clips.c.saying_id == sayings.c.id)
    .where(sayings.c.id == bindparam("wanted"))
    .order_by(saying_clips.c.language)
)


def next_after(db: Connection, asking: Asking) -> NoticeRow | None:
    """The next meeting or training that is not over. One that was cancelled is told to those who had said yes."""
    asked = values(asking) | {"after_id": asking.after_id or ""}
    row = db.execute(_NEXT, asked).first()
    return NoticeRow(*row) if row else None


def news(db: Connection, organisation_id: str, now: datetime) -> NoticeRow | None:
    """The newest item of news."""
    row = db.execute(_NEWS, {"organisation_id": organisation_id, "now": now}).first()
    return NoticeRow(*row) if row else None


def publish(db: Connection, notice: NoticeRow) -> None:
    """Let a notice be told from `published_at` on."""
    db.execute(_PUBLISH, values(notice))


def get(db: Connection, notice_id: str) -> NoticeRow | None:
    """One notice."""
    row = db.execute(_GET, {"wanted": notice_id}).first()
    return NoticeRow(*row) if row else None


def rsvp(db: Connection, rsvp: Rsvp, now: datetime) -> None:
    """Keep a member's answer; the last one counts."""
    db.execute(_RSVP, {**values(rsvp), "at": now})


def answer_of(db: Connection, notice_id: str, member_id: str) -> tuple[str, datetime] | None:
    """What she answered, and when."""
    row = db.execute(_ANSWER, {"wanted": notice_id, "of_member": member_id}).first()
    return (row.answer, row.at) if row else None


def rung_for(db: Connection, delivery_id: int) -> str | None:
    """For whom a phone was rung or written to, where several have it."""
    return db.execute(_RUNG_FOR, {"delivery": delivery_id}).scalar()


def said(db: Connection, saying_id: str) -> tuple[Mapping[str, str], dict[str, str]]:
    """What an organisation's own words say, and the clips of them that there are, both by language."""
    rows = db.execute(_SAID, {"wanted": saying_id}).all()
    return (rows[0].texts if rows else {}), {row.language: row.clip for row in rows if row.clip}


# --- what organisers do ------------------------------------------------------------------------------------------------------------

_LIST = (
    _ROWS.where(notices.c.organisation_id == bindparam("organisation_id"), notices.c.id > bindparam("after"))
    .order_by(notices.c.id)
    .limit(bindparam("most"))
)
_CHANGE = update(notices).where(notices.c.id == bindparam("wanted"), notices.c.version == bindparam("before"))
_CHANGED = ("phrase", "place", "place_saying_id", "saying_id", "starts_at", "over_at", "moved_at", "cancelled_at")
_CHANGE = _CHANGE.values(**{name: bindparam(name, type_=notices.c[name].type) for name in _CHANGED}, version=notices.c.version + 1)
_HAS_SAYING = select(sayings.c.id).where(sayings.c.id == bindparam("wanted"), sayings.c.organisation_id == bindparam("organisation_id"))


def page(db: Connection, organisation_id: str, after: str, most: int) -> list[NoticeRow]:
    """An organisation's notices by id, those behind `after` ("" for the first page)."""
    return [NoticeRow(*row) for row in db.execute(_LIST, {"organisation_id": organisation_id, "after": after, "most": most})]


def change(db: Connection, notice: NoticeRow) -> bool:
    """Write a notice as it is now; False, and nothing written, where somebody changed it since `notice.version`."""
    wanted = {name: getattr(notice, name) for name in _CHANGED}
    return db.execute(_CHANGE, wanted | {"wanted": notice.id, "before": notice.version}).rowcount == 1


def has_saying(db: Connection, organisation_id: str, saying_id: str) -> bool:
    """Whether these words are the organisation's."""
    return db.execute(_HAS_SAYING, {"wanted": saying_id, "organisation_id": organisation_id}).first() is not None


# --- who was told, who comes, who came ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """How many members were told of a notice by a broadcast, said yes, said no, came, came of those who had said yes, and were told and
    have not answered."""

    told: int
    yes: int
    no: int
    came: int
    came_of_yes: int
    silent: int


@dataclass(frozen=True, slots=True)
class Guest:
    """Who said that she will come, or came without a word. `name` is None until somebody wrote it down."""

    member_id: str
    number: str
    name: str | None
    private: bool
    answer: str | None  # yes | no
    came: bool


def _told(notice_id: ColumnElement[str]) -> ColumnElement[bool]:
    """That a row of `deliveries` told a member of a notice, as far as we know; with another on a shared phone, that one heard it."""
    about = deliveries.c.broadcast_id.in_(select(broadcasts.c.id).where(broadcasts.c.notice_id == notice_id))
    return and_(about, deliveries.c.latest, or_(deliveries.c.state.in_(HEARD), and_(deliveries.c.error == SHARED, reached(deliveries))))


def awaited(member: FromClause, notice_id: str) -> ColumnElement[bool]:
    """That a member (a row of `members` or an alias of it) is expected: she said yes, or was told and did not say no."""
    of_it = literal(notice_id)
    hers = select(rsvps.c.answer).where(rsvps.c.notice_id == of_it, rsvps.c.member_id == member.c.id).correlate(member).scalar_subquery()
    told = exists(select(literal(1)).where(deliveries.c.member_id == member.c.id, _told(of_it)).correlate(member))
    return case((hers.is_not(None), hers == "yes"), else_=told)


_wanted = bindparam("wanted", type_=String)
_YES = exists(
    select(literal(1)).where(
        rsvps.c.notice_id == attendances.c.notice_id, rsvps.c.member_id == attendances.c.member_id, rsvps.c.answer == "yes"
    )
)
_OF_RSVPS = select(func.count()).select_from(rsvps).where(rsvps.c.notice_id == _wanted)
_OF_CAME = select(func.count()).select_from(attendances).where(attendances.c.notice_id == _wanted)
_OF_TOLD = select(func.count(func.distinct(deliveries.c.member_id))).where(_told(_wanted))
_ANSWERED = exists(select(literal(1)).where(rsvps.c.notice_id == _wanted, rsvps.c.member_id == deliveries.c.member_id))
_COUNTS = select(
    _OF_TOLD.scalar_subquery(),
    _OF_RSVPS.where(rsvps.c.answer == "yes").scalar_subquery(),
    _OF_RSVPS.where(rsvps.c.answer == "no").scalar_subquery(),
    _OF_CAME.scalar_subquery(),
    _OF_CAME.where(_YES).scalar_subquery(),
    _OF_TOLD.where(~_ANSWERED).scalar_subquery(),
)
_CAME = insert_into(attendances).on_conflict_do_nothing()
_INVOLVED = union(
    select(rsvps.c.member_id).where(rsvps.c.notice_id == _wanted),
    select(attendances.c.member_id).where(attendances.c.notice_id == _wanted),
    select(deliveries.c.member_id).where(_told(_wanted), deliveries.c.member_id.is_not(None)),
).subquery()
_PEOPLE = (
    select(
        members.c.id,
        members.c.number,
        rsvps.c.answer,
        attendances.c.at.is_not(None).label("came"),
    )
    .join(_INVOLVED, _INVOLVED.c.member_id == members.c.id)
    .outerjoin(rsvps, and_(rsvps.c.member_id == members.c.id, rsvps.c.notice_id == _wanted))
    .outerjoin(attendances, and_(attendances.c.member_id == members.c.id, attendances.c.notice_id == _wanted))
    .where(members.c.number > bindparam("after"), members.c.state != "erased")
    .order_by(members.c.number)
    .limit(bindparam("most"))
)

_COMES = union(
    select(rsvps.c.member_id).where(rsvps.c.notice_id == _wanted, rsvps.c.answer == "yes"),
    select(attendances.c.member_id).where(attendances.c.notice_id == _wanted),
).subquery()
_GUESTS = (
    select(
        *(members.c[name] for name in ("id", "number", "sealed_name", "private")),
        rsvps.c.answer,
        attendances.c.at.is_not(None).label("came"),
    )
    .join(_COMES, _COMES.c.member_id == members.c.id)
    .outerjoin(rsvps, and_(rsvps.c.member_id == members.c.id, rsvps.c.notice_id == _wanted))
    .outerjoin(attendances, and_(attendances.c.member_id == members.c.id, attendances.c.notice_id == _wanted))
    .where(members.c.number > bindparam("after"), members.c.state != "erased")
    .order_by(members.c.number)
    .limit(bindparam("most"))
)
_DID_NOT_COME = delete(attendances).where(attendances.c.notice_id == _wanted, attendances.c.member_id == bindparam("of_member"))


def counts(db: Connection, notice_id: str) -> Counts:
    """What came of a notice, in one statement."""
    return Counts(*db.execute(_COUNTS, {"wanted": notice_id}).one())


def came(db: Connection, notice_id: str, member_ids: Collection[str], by: str, now: datetime) -> int:
    """Write down who came; how many were not written down before."""
    rows = [{"notice_id": notice_id, "member_id": member_id, "by": by, "at": now} for member_id in sorted(set(member_ids))]
    before = counts(db, notice_id).came
    if rows:
        db.execute(_CAME, rows)
    return counts(db, notice_id).came - before


def did_not_come(db: Connection, notice_id: str, member_id: str) -> bool:
    """Take back that somebody came; False where that was not written down."""
    return db.execute(_DID_NOT_COME, {"wanted": notice_id, "of_member": member_id}).rowcount == 1


def guests(db: Connection, seal: Seal, notice_id: str, after: str, most: int) -> list[Guest]:
    """Who said that she will come, and who came, by membership number, those behind `after`."""
    rows = db.execute(_GUESTS, {"wanted": notice_id, "after": after, "most": most})
    return [
        Guest(row.id, row.number, seal.open(row.sealed_name) if row.sealed_name else None, row.private, row.answer, bool(row.came))
        for row in rows
    ]


def people(db: Connection, notice_id: str, after: str, most: int) -> list[dict[str, object]]:
    """Who was told, answered or came, by membership number: `id`, `number`, `answer` (yes, no, None), `came`."""
    return [dict(row) for row in db.execute(_PEOPLE, {"wanted": notice_id, "after": after, "most": most}).mappings()]


# --- its broadcasts ----------------------------------------------------------------------------------------------------------------

_UNFINISHED = (
    select(broadcasts.c.id)
    .where(broadcasts.c.notice_id == _wanted, broadcasts.c.state.in_(("draft", "approved", "sending", "paused")))
    .order_by(broadcasts.c.id)
)
_IS_SAID = select(literal(1)).where(rsvps.c.notice_id == _wanted, rsvps.c.answer == "yes").limit(1)
_ANNOUNCED = (
    select(notices.c.id, func.min(broadcasts.c.approved_at))
    .join(broadcasts, broadcasts.c.notice_id == notices.c.id)
    .where(
        notices.c.kind.in_(GATHERINGS),
        notices.c.cancelled_at.is_(None),
        notices.c.starts_at > bindparam("now"),
        notices.c.starts_at < bindparam("until", type_=Instant()),
        broadcasts.c.purpose == "notice",
        broadcasts.c.approved_at.is_not(None),
    )
    .group_by(notices.c.id)
)
_FIRST = (
    select(broadcasts.c.id)
    .where(broadcasts.c.notice_id == _wanted, broadcasts.c.purpose == "notice", broadcasts.c.approved_at.is_not(None))
    .order_by(broadcasts.c.approved_at, broadcasts.c.id)
    .limit(1)
)
_AGREED = select(approvals.c.by).where(approvals.c.broadcast_id == _wanted).order_by(approvals.c.at, approvals.c.by)
_CHANGES = select(notices.c.id).where(or_(notices.c.moved_at > bindparam("since"), notices.c.cancelled_at > bindparam("since")))


def unfinished_broadcasts(db: Connection, notice_id: str) -> list[str]:
    """The broadcasts about a notice that are drafts or under way."""
    return list(db.execute(_UNFINISHED, {"wanted": notice_id}).scalars())


def anybody_comes(db: Connection, notice_id: str) -> bool:
    """Whether somebody said yes."""
    return db.execute(_IS_SAID, {"wanted": notice_id}).first() is not None


def announced(db: Connection, now: datetime, until: datetime) -> list[tuple[str, datetime]]:
    """The gatherings that begin between two instants and were told by a broadcast, each with when the first of these was approved."""
    return [(row[0], row[1]) for row in db.execute(_ANNOUNCED, {"now": now, "until": until})]


def first_broadcast(db: Connection, notice_id: str) -> str | None:
    """The broadcast by which a notice was told first."""
    return db.execute(_FIRST, {"wanted": notice_id}).scalar()


def agreed(db: Connection, broadcast_id: str) -> list[str]:
    """Who agreed that a broadcast goes out, the first first."""
    return list(db.execute(_AGREED, {"wanted": broadcast_id}).scalars())


def changed_since(db: Connection, since: datetime) -> list[str]:
    """The notices that were moved or cancelled since."""
    return list(db.execute(_CHANGES, {"since": since}).scalars())
