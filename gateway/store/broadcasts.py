"""An organiser's message to many: its state, how far it has come, and when nothing of it is owed any more.

Its deliveries are written by `audience`, and sent by way of `deliveries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from gateway.core.audience import Audience
from gateway.store.deliveries import CLOSED, MISSED, UNRESOLVED, UNSETTLED
from gateway.store.models import (
    Instant,
    approvals,
    broadcasts,
    channels,
    deliveries,
    member_phones,
    members,
    organisations,
    phones,
)
from gateway.store.rows import columns, insert_into, values

TEST = "test"  # the purpose of what an organiser sends to a phone of her own


@dataclass(frozen=True, slots=True)
class NewBroadcast:
    """A draft, in the words of `gateway.services.broadcast.Draft`."""

    id: str
    organisation_id: str
    channel_id: str
    title: str
    purpose: str
    notice_id: str | None
    again_of: str | None
    medium: str
    texts: Mapping[str, str]
    phrase: str | None
    saying_id: str | None
    flow: str | None
    audience: Audience
    starts_at: datetime | None
    best_hour: bool
    expires_at: datetime | None
    heads_up: bool
    tries: int
    gap_hours: int | None
    life_safety_by: str | None
    on_ambiguous: str
    budget: int | None
    created_by: str


@dataclass(frozen=True, slots=True)
class Broadcast(NewBroadcast):
    """A broadcast with its channel: `sender` is our number, `pace` messages or calls a second; `planned` what its plan said."""

    provider: str
    sender: str
    pace: float
    planned: Mapping[str, Any] | None
    state: str
    reason: str | None
    expanded_to: str | None
    expanded: bool
    created_at: datetime
    approved_at: datetime | None
    finished_at: datetime | None


_CREATE = insert_into(broadcasts).on_conflict_do_nothing(index_elements=["id"]).returning(broadcasts.c.id)


def create(db: Connection, new: NewBroadcast, now: datetime) -> bool:
    """Write a draft; False where one of this id is there."""
    written = values(new) | {"audience": new.audience.as_json()}
    return db.execute(_CREATE, written | {"state": "draft", "expanded": False, "created_at": now}).first() is not None


_REWRITE = update(broadcasts).where(broadcasts.c.id == bindparam("broadcast"), broadcasts.c.state == "draft")
_AGREE_NO_MORE = delete(approvals).where(approvals.c.broadcast_id == bindparam("broadcast"))


def rewrite(db: Connection, new: NewBroadcast) -> bool:
    """Write a draft anew, which nobody has approved then; False where it is none any more. Who wrote it last has written it."""
    written = values(new) | {"audience": new.audience.as_json(), "planned": None}
    kept = {name: value for name, value in written.items() if name not in {"id", "organisation_id"}}
    if db.execute(_REWRITE.values(kept), {"broadcast": new.id}).rowcount != 1:
        return False
    db.execute(_AGREE_NO_MORE, {"broadcast": new.id})
    return True


_ALL = select(
    broadcasts,
    channels.c.provider,
    channels.c.address.label("sender"),
    channels.c.messages_per_second,
    channels.c.calls_per_second,
).join(channels, channels.c.id == broadcasts.c.channel_id)
_BY_ID = _ALL.where(broadcasts.c.id == bindparam("broadcast"))
_LATEST = (
    _ALL.where(broadcasts.c.organisation_id == bindparam("organisation"), broadcasts.c.purpose != TEST)
    .order_by(broadcasts.c.created_at.desc(), broadcasts.c.id.desc())
    .limit(bindparam("count"))
)
_behind = broadcasts.alias("behind")
_ITS_DATE = select(_behind.c.created_at).where(_behind.c.id == bindparam("behind")).scalar_subquery()
_LATEST_BEHIND = _LATEST.where(
    or_(broadcasts.c.created_at < _ITS_DATE, and_(broadcasts.c.created_at == _ITS_DATE, broadcasts.c.id < bindparam("behind")))
)


def load(db: Connection, broadcast_id: str) -> Broadcast | None:
    """One broadcast, or None."""
    row = db.execute(_BY_ID, {"broadcast": broadcast_id}).first()
    return _broadcast(row) if row else None


def latest(db: Connection, organisation_id: str, count: int, after: str = "") -> list[Broadcast]:
    """The newest broadcasts of an organisation first, those behind the one with this id, without what was sent to try it."""
    asked = {"organisation": organisation_id, "count": count}
    rows = db.execute(_LATEST_BEHIND, asked | {"behind": after}) if after else db.execute(_LATEST, asked)
    return [_broadcast(row) for row in rows]


class Planned(NamedTuple):
    """A draft that waits for people to approve it: by whom it was planned, and what its plan said once one of them did."""

    id: str
    title: str
    created_by: str
    created_at: datetime
    planned: Mapping[str, Any] | None


def drafts(db: Connection, organisation_id: str, first: int) -> tuple[int, list[Planned]]:
    """How many drafts of an organisation wait, and the first of them, the oldest first; without what was sent to try it."""
    waiting = (broadcasts.c.organisation_id == organisation_id, broadcasts.c.state == "draft", broadcasts.c.purpose != TEST)
    numbered = select(*columns(broadcasts, Planned), func.count().over()).where(*waiting)
    rows = db.execute(numbered.order_by(broadcasts.c.created_at, broadcasts.c.id).limit(first)).all()
    return (rows[0][-1] if rows else 0), [Planned(*row[:-1]) for row in rows]


class Undecided(NamedTuple):
    """A broadcast with deliveries of which nobody can tell whether they went out: a person decides."""

    id: str
    title: str
    deliveries: int


def undecided(db: Connection, organisation_id: str) -> list[Undecided]:
    """Those broadcasts of an organisation, the newest first."""
    query = (
        select(broadcasts.c.id, broadcasts.c.title, func.count())
        .join(deliveries, deliveries.c.broadcast_id == broadcasts.c.id)
        .where(broadcasts.c.organisation_id == organisation_id, deliveries.c.state == "unknown", deliveries.c.error == UNRESOLVED)
        .group_by(broadcasts.c.id, broadcasts.c.title, broadcasts.c.created_at)
        .order_by(broadcasts.c.created_at.desc())
    )
    return [Undecided(*row) for row in db.execute(query)]


def _broadcast(row: Row[Any]) -> Broadcast:
    kept = row._mapping  # noqa: SLF001  # SQLAlchemy's public name
    values = {each.name: kept[each.name] for each in fields(Broadcast) if each.name not in {"pace", "audience"}}
    return Broadcast(
        **values,
        audience=Audience.from_json(kept["audience"]),
        pace=row.messages_per_second if row.medium == "sms" else row.calls_per_second,
    )


# --- the state ---------------------------------------------------------------------------------------------------------------------

_MOVE = (
    update(broadcasts)
    .where(broadcasts.c.id == bindparam("broadcast"), broadcasts.c.state.in_(bindparam("before", expanding=True)))
    .values(state=bindparam("to"), reason=bindparam("why"))
)
_APPROVE = _MOVE.values(approved_at=bindparam("now"), texts=bindparam("words"), planned=bindparam("plan"))
_CANCEL = _MOVE.values(finished_at=bindparam("now"))
_KEEP_PLAN = update(broadcasts).where(broadcasts.c.id == bindparam("broadcast")).values(planned=bindparam("plan"))
_REOPEN = _MOVE.values(finished_at=None)


@dataclass(frozen=True, slots=True)
class Approved:
    """What was approved: the texts as they go out, and the plan (`planned` of the table)."""

    texts: Mapping[str, str]
    planned: Mapping[str, Any]


def approve(db: Connection, broadcast_id: str, approved: Approved, now: datetime) -> bool:
    """Draft to approved. This and the next five say whether they changed anything: a second click changes nothing."""
    values = {"broadcast": broadcast_id, "before": ("draft",), "to": "approved", "why": None, "now": now}
    return db.execute(_APPROVE, values | {"words": approved.texts, "plan": approved.planned}).rowcount == 1


def begin(db: Connection, broadcast_id: str) -> bool:
    """Approved to sending, when its first deliveries are written."""
    return _move(db, broadcast_id, ("approved",), "sending")


def pause(db: Connection, broadcast_id: str, reason: str | None = None) -> bool:
    """Stop sending until somebody resumes it; `reason` is a code where it pauses itself."""
    return _move(db, broadcast_id, ("approved", "sending"), "paused", reason)


_ASK_ANEW = (
    update(deliveries)
    .where(deliveries.c.broadcast_id == bindparam("broadcast"), deliveries.c.state == "queued", deliveries.c.refused_by.is_not(None))
    .values(refused_by=None)
)


def resume(db: Connection, broadcast_id: str) -> bool:
    """Go on after a pause. What refused our account may have been put right, so all channels are asked again."""
    if not _move(db, broadcast_id, ("paused",), "sending"):
        return False
    db.execute(_ASK_ANEW, {"broadcast": broadcast_id})
    return True


def cancel(db: Connection, broadcast_id: str, now: datetime) -> bool:
    """Send nothing more of it, for ever."""
    before = ("draft", "approved", "sending", "paused")
    return db.execute(_CANCEL, {"broadcast": broadcast_id, "before": before, "to": "cancelled", "why": None, "now": now}).rowcount == 1


def reopen(db: Connection, broadcast_id: str) -> bool:
    """Finished to sending, when something of it is owed again."""
    return db.execute(_REOPEN, {"broadcast": broadcast_id, "before": ("finished",), "to": "sending", "why": None}).rowcount == 1


def _move(db: Connection, broadcast_id: str, before: tuple[str, ...], to: str, why: str | None = None) -> bool:
    return db.execute(_MOVE, {"broadcast": broadcast_id, "before": before, "to": to, "why": why}).rowcount == 1


def keep_plan(db: Connection, broadcast_id: str, approved: Approved) -> None:
    """Keep what the first of two people saw when she approved it."""
    db.execute(_KEEP_PLAN, {"broadcast": broadcast_id, "plan": approved.planned})


_AGREE = insert_into(approvals).on_conflict_do_nothing(index_elements=["broadcast_id", "by"]).returning(approvals.c.by)
_AGREED = select(approvals.c.by).where(approvals.c.broadcast_id == bindparam("broadcast")).order_by(approvals.c.at, approvals.c.by)


def agree(db: Connection, broadcast_id: str, by: str, now: datetime) -> bool:
    """Somebody agrees that it goes out; False where she did before."""
    return db.execute(_AGREE, {"broadcast_id": broadcast_id, "by": by, "at": now}).first() is not None


def agreed(db: Connection, broadcast_id: str) -> tuple[str, ...]:
    """Who agreed, the first first."""
    return tuple(db.execute(_AGREED, {"broadcast": broadcast_id}).scalars())


_GAP = (
    select(func.coalesce(broadcasts.c.gap_hours, organisations.c.gap_hours))
    .join(organisations, organisations.c.id == broadcasts.c.organisation_id)
    .where(broadcasts.c.id == bindparam("broadcast"), broadcasts.c.life_safety_by.is_(None))
)
_EARLIER = (
    select(broadcasts.c.id)
    .where(
        broadcasts.c.organisation_id == bindparam("organisation"),
        broadcasts.c.state == "sending",
        broadcasts.c.created_at < bindparam("written"),
        or_(broadcasts.c.starts_at.is_(None), broadcasts.c.starts_at <= bindparam("now")),
        or_(broadcasts.c.expires_at.is_(None), broadcasts.c.expires_at > bindparam("now")),
    )
    .order_by(broadcasts.c.created_at)
)


def gap(db: Connection, broadcast: Broadcast) -> timedelta:
    """How long ago another broadcast must have told a phone before this one may: none at all where lives depend on it."""
    return timedelta(hours=db.execute(_GAP, {"broadcast": broadcast.id}).scalar() or 0)


def earlier(db: Connection, broadcast: Broadcast, now: datetime) -> list[str]:
    """The broadcasts of the same organisation that are being sent and were written before this one."""
    asked = {"organisation": broadcast.organisation_id, "written": broadcast.created_at, "now": now}
    return list(db.execute(_EARLIER, asked).scalars())


_EXPANDED_TO = select(broadcasts.c.expanded_to).where(broadcasts.c.id == bindparam("broadcast"))


def expanded_to(db: Connection, broadcast_id: str) -> str:
    """The last member whose delivery is written; "" before the first."""
    return db.execute(_EXPANDED_TO, {"broadcast": broadcast_id}).scalar() or ""


_UNEXPANDED = (
    select(broadcasts.c.id)
    .where(broadcasts.c.state.in_(("approved", "sending")), ~broadcasts.c.expanded)
    .order_by(broadcasts.c.approved_at)
)


def unexpanded(db: Connection) -> list[str]:
    """Approved broadcasts whose deliveries are not all written."""
    return list(db.execute(_UNEXPANDED).scalars())


# --- what a plan asks for ----------------------------------------------------------------------------------------------------------


# A row that was cancelled before it went out costs nothing; else what the plan said is what may come on the bill.
_GONE_OUT = (
    select(func.sum(deliveries.c.price))
    .where(deliveries.c.broadcast_id == broadcasts.c.id, deliveries.c.state.not_in(("queued", "suppressed")))
    .correlate(broadcasts)
    .scalar_subquery()
)
_COSTS = case((broadcasts.c.state == "cancelled", func.coalesce(_GONE_OUT, 0)), else_=broadcasts.c.planned["price"].as_integer())
_OF_MONTH = select(func.coalesce(func.sum(_COSTS), 0)).where(
    broadcasts.c.organisation_id == bindparam("organisation"),
    broadcasts.c.approved_at.is_not(None),
    broadcasts.c.planned["month"].as_string() == bindparam("month"),
)


def planned_in(db: Connection, organisation_id: str, month: str) -> int:
    """Paisa that the organisation's approved broadcasts cost which begin in this month."""
    return int(db.execute(_OF_MONTH, {"organisation": organisation_id, "month": month}).scalar_one())


_SENT_SINCE = (
    select(literal(1))
    .where(
        broadcasts.c.organisation_id == bindparam("organisation"),
        broadcasts.c.approved_at.is_not(None),
        or_(broadcasts.c.finished_at.is_(None), broadcasts.c.finished_at > bindparam("since")),
    )
    .limit(1)
)
_TOLD_SINCE = (
    select(func.count(phones.c.id.distinct()), func.max(phones.c.told_at))
    .join(member_phones, member_phones.c.phone_id == phones.c.id)
    .join(members, members.c.id == member_phones.c.member_id)
    .where(
        members.c.organisation_id == bindparam("organisation"),
        members.c.state == "active",
        member_phones.c.stale_at.is_(None),
        phones.c.told_at > bindparam("since"),
    )
)


def told_since(db: Connection, organisation_id: str, since: datetime) -> tuple[int, datetime | None]:
    """How many phones of the organisation's members a broadcast went to since then, and when the last one did."""
    when = {"organisation": organisation_id, "since": since}
    if db.execute(_SENT_SINCE, when).first() is None:
        return 0, None  # without a look at all the phones
    count, last = db.execute(_TOLD_SINCE, when).one()
    return count, last


# --- the whole of a broadcast ------------------------------------------------------------------------------------------------------

_SUPPRESS = (
    update(deliveries)
    .where(
        deliveries.c.state == "queued",
        deliveries.c.broadcast_id.in_(select(broadcasts.c.id).where(broadcasts.c.state == "cancelled")),
    )
    .values(state="suppressed", error="broadcast:cancelled", updated_at=bindparam("now"))
)


def suppress_cancelled(db: Connection, now: datetime) -> int:
    """Settle the rows of cancelled broadcasts that were not sent yet. Returns how many."""
    return db.execute(_SUPPRESS, {"now": now}).rowcount


@dataclass(frozen=True, slots=True)
class Counts:
    """How many recipients are in each state, each by her latest try. `flagged` may have got it twice; `held` of the unknown wait for a
    person, `closed` of them are left as they are."""

    states: Mapping[str, int]
    flagged: int
    held: int
    closed: int

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def open(self) -> int:
        """Those that we still work on."""
        return sum(self.states.get(state, 0) for state in ("queued", "sending", "unknown")) - self.held - self.closed


def _unknown_by(error: str) -> ColumnElement[bool]:
    return and_(deliveries.c.state == "unknown", deliveries.c.error == error)


_COUNTS = (
    select(
        deliveries.c.state,
        func.count(),
        func.sum(case((deliveries.c.ever_unknown, 1), else_=0)),
        *(func.sum(case((_unknown_by(error), 1), else_=0)) for error in (UNRESOLVED, CLOSED)),
    )
    .where(deliveries.c.broadcast_id == bindparam("broadcast"), deliveries.c.latest)
    .group_by(deliveries.c.state)
)


def counts(db: Connection, broadcast_id: str) -> Counts:
    """Where the deliveries of a broadcast are, in one statement."""
    rows = db.execute(_COUNTS, {"broadcast": broadcast_id}).all()
    return Counts({row[0]: row[1] for row in rows}, *(sum(row[column] for row in rows) for column in (2, 3, 4)))


def analyse(db: Connection) -> None:
    """Tell PostgreSQL that the table grew: without it, a bulk load is read twenty times more slowly."""
    if db.dialect.name == "postgresql":
        db.execute(text("ANALYZE deliveries"))


def _waiting(hour: ColumnElement[bool]) -> ColumnElement[bool]:
    # With its medium, so that it is one range of the index for each and not all that waits for a later hour.
    return exists(
        select(deliveries.c.id).where(
            deliveries.c.broadcast_id == broadcasts.c.id, deliveries.c.state == "queued", deliveries.c.medium.in_(("sms", "voice")), hour
        )
    )


_WITH_DUE = (
    select(broadcasts.c.id)
    .where(
        broadcasts.c.state == "sending",
        or_(broadcasts.c.starts_at.is_(None), broadcasts.c.starts_at <= bindparam("now")),
        or_(broadcasts.c.expires_at.is_(None), broadcasts.c.expires_at > bindparam("now")),
        or_(_waiting(deliveries.c.not_before.is_(None)), _waiting(deliveries.c.not_before <= bindparam("now"))),
    )
    .order_by(broadcasts.c.approved_at)
)


_WITH_DUE_BY_NIGHT = _WITH_DUE.where(broadcasts.c.life_safety_by.is_not(None))


def with_due(db: Connection, now: datetime, *, by_night: bool) -> list[str]:
    """Broadcasts that are being sent and have a row whose time has come, the earliest approved first; by night, those for life safety."""
    return list(db.execute(_WITH_DUE_BY_NIGHT if by_night else _WITH_DUE, {"now": now}).scalars())


_OWED: ColumnElement[bool] = or_(deliveries.c.state.in_(("queued", "sending")), UNSETTLED)
_OF_IT = select(deliveries.c.id).where(deliveries.c.broadcast_id == broadcasts.c.id)

_FINISH = (
    update(broadcasts)
    .where(broadcasts.c.state == "sending", broadcasts.c.expanded, ~exists(_OF_IT.where(_OWED)), ~exists(_OF_IT.where(MISSED)))
    .values(state="finished", finished_at=bindparam("now", type_=Instant()))
)


def finish(db: Connection, now: datetime) -> int:
    """Mark the broadcasts of which nothing is owed any more, no further try either. Rows that wait for a person do not hold them open."""
    return db.execute(_FINISH, {"now": now}).rowcount
