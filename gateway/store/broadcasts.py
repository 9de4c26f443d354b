"""An organiser's message to many: its state, how far it has come, and when nothing of it is owed any more.

Its deliveries are written by `audience`, and sent by way of `deliveries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, exists, false, func, insert, or_, select, text, update

from gateway.core.audience import Audience
from gateway.store.deliveries import CLOSED, DUE, UNRESOLVED, UNSETTLED
from gateway.store.models import Instant, broadcasts, channels, deliveries, members

SHARED = "send:shared-phone"  # the error of a row whose phone is told for somebody else who has it too
HEARD_SECONDS = 10  # our name and the beginning of what is said: who hangs up sooner has not heard it
_told = deliveries.alias("told")


@dataclass(frozen=True, slots=True)
class NewBroadcast:
    """A draft, in the words of `gateway.services.broadcast.Draft`; `audience` is `Audience.as_json()`."""

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
    audience: Mapping[str, Any]
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
class Broadcast:
    """A broadcast with its channel: `sender` is our number, `pace` messages or calls a second; `planned` what its plan said."""

    id: str
    organisation_id: str
    channel_id: str
    provider: str
    sender: str
    pace: int
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
    planned: Mapping[str, Any] | None
    state: str
    reason: str | None
    created_by: str
    expanded_to: str | None
    expanded: bool
    created_at: datetime
    approved_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallContent:
    """What a broadcast tells one phone: a phrase, a saying, a flow, or what a notice says; `language` is hers.

    `purpose` is that of the broadcast; `machine`: an answering machine picked up; `answered`: she pressed a key, or wrote back; `at` is
    when we last heard of the delivery.
    """

    broadcast_id: str
    delivery_id: int
    phrase: str | None
    saying_id: str | None
    flow: str | None
    notice_id: str | None
    language: str
    purpose: str
    machine: bool
    answered: bool
    at: datetime


_CREATE = insert(broadcasts)


def create(db: Connection, new: NewBroadcast, now: datetime) -> None:
    """Write a draft."""
    values = {name: getattr(new, name) for name in NewBroadcast.__slots__}
    db.execute(_CREATE, values | {"state": "draft", "expanded": False, "created_at": now})


_ALL = select(
    broadcasts,
    channels.c.provider,
    channels.c.address.label("sender"),
    channels.c.messages_per_second,
    channels.c.calls_per_second,
).join(channels, channels.c.id == broadcasts.c.channel_id)
_BY_ID = _ALL.where(broadcasts.c.id == bindparam("broadcast"))
_LATEST = (
    _ALL.where(broadcasts.c.organisation_id == bindparam("organisation")).order_by(broadcasts.c.created_at.desc()).limit(bindparam("count"))
)


def load(db: Connection, broadcast_id: str) -> Broadcast | None:
    """One broadcast, or None."""
    row = db.execute(_BY_ID, {"broadcast": broadcast_id}).first()
    return _broadcast(row) if row else None


def latest(db: Connection, organisation_id: str, count: int) -> list[Broadcast]:
    """The newest broadcasts of an organisation first."""
    return [_broadcast(row) for row in db.execute(_LATEST, {"organisation": organisation_id, "count": count})]


def _broadcast(row: Row[Any]) -> Broadcast:
    kept = row._mapping  # noqa: SLF001  # SQLAlchemy's public name
    values = {name: kept[name] for name in Broadcast.__slots__ if name not in {"pace", "audience"}}
    return Broadcast(
        **values,
        audience=Audience.from_json(kept["audience"]),
        pace=row.messages_per_second if row.medium == "sms" else row.calls_per_second,
    )


# --- what it tells one phone -------------------------------------------------------------------------------------------------------

_CONTENT = select(
    deliveries.c.broadcast_id,
    deliveries.c.id,
    broadcasts.c.phrase,
    broadcasts.c.saying_id,
    broadcasts.c.flow,
    broadcasts.c.notice_id,
    deliveries.c.language,
    broadcasts.c.purpose,
    func.coalesce(deliveries.c.answered_by == "machine", false()),
    deliveries.c.answered_at.is_not(None),
    deliveries.c.updated_at,
).join(broadcasts, broadcasts.c.id == deliveries.c.broadcast_id)
_CONTENT_OF_CALL = _CONTENT.where(deliveries.c.id == bindparam("row"), deliveries.c.medium == "voice")
_LATELY_TOLD = (
    _CONTENT.where(
        deliveries.c.phone_id == bindparam("phone"),
        broadcasts.c.organisation_id == bindparam("organisation"),
        deliveries.c.updated_at >= bindparam("since"),
    )
    .order_by(deliveries.c.id.desc())
    .limit(1)
)
_TEXTED = _LATELY_TOLD.where(deliveries.c.medium == "sms", deliveries.c.state.in_(("accepted", "sent", "delivered", "read", "unknown")))
_UNHEARD = or_(  # `queued` again: she will be rung once more
    deliveries.c.state.in_(("undelivered", "failed")),
    and_(deliveries.c.state == "queued", deliveries.c.round > 1),
    and_(deliveries.c.state == "delivered", or_(deliveries.c.answered_by == "machine", deliveries.c.seconds < HEARD_SECONDS)),
)
_RUNG = _LATELY_TOLD.with_only_columns(*_CONTENT.selected_columns, _UNHEARD.label("unheard")).where(
    deliveries.c.medium == "voice",
    deliveries.c.latest,
    deliveries.c.state != "suppressed",
    broadcasts.c.state != "cancelled",
    or_(broadcasts.c.expires_at.is_(None), broadcasts.c.expires_at > bindparam("now")),
)


def content_of_call(db: Connection, delivery_id: int) -> CallContent | None:
    """What to say when the call of this delivery is picked up; None where the delivery is no call of a broadcast."""
    row = db.execute(_CONTENT_OF_CALL, {"row": delivery_id}).first()
    return CallContent(*row) if row else None


@dataclass(frozen=True, slots=True)
class Of:
    """A phone, and the organisation of which it was told something since then."""

    phone_id: int
    organisation_id: str
    since: datetime

    def parameters(self) -> dict[str, object]:
        return {"phone": self.phone_id, "organisation": self.organisation_id, "since": self.since}


def last_texted(db: Connection, of: Of) -> CallContent | None:
    """What the latest broadcast by text told this phone."""
    row = db.execute(_TEXTED, of.parameters()).first()
    return CallContent(*row) if row else None


def missed_call(db: Connection, of: Of, now: datetime) -> CallContent | None:
    """What the latest call of a broadcast would have told this phone, where nobody has heard or answered it."""
    row = db.execute(_RUNG, of.parameters() | {"now": now}).first()
    if row is None or not row.unheard:
        return None
    content = CallContent(*row[:-1])
    return None if content.answered else content


_OF_CALL = (
    select(members.c.name_clip)
    .join(deliveries, deliveries.c.member_id == members.c.id)
    .where(
        deliveries.c.broadcast_id == bindparam("broadcast"),
        deliveries.c.phone_id.in_(select(_told.c.phone_id).where(_told.c.id == bindparam("row"))),
        or_(deliveries.c.id == bindparam("row"), deliveries.c.error == SHARED),
        members.c.name_clip.is_not(None),
        ~members.c.private,
    )
    .order_by(members.c.created_at, members.c.id)
    .limit(bindparam("most"))
)


def names_of_call(db: Connection, content: CallContent, most: int) -> list[str]:
    """The recorded names (`members.name_clip`) of those whom a call is for, who all have this phone; not of who asked for privacy."""
    return list(db.execute(_OF_CALL, {"broadcast": content.broadcast_id, "row": content.delivery_id, "most": most}).scalars())


_ANSWERED = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), deliveries.c.answered_at.is_(None))
    .values(answered_at=bindparam("now"), state=case((deliveries.c.state == "queued", "delivered"), else_=deliveries.c.state))
)


def answered(db: Connection, delivery_id: int, now: datetime) -> None:
    """She answered. Who calls back before she is rung again has heard it, and is not rung."""
    db.execute(_ANSWERED, {"row": delivery_id, "now": now})


# --- the state ---------------------------------------------------------------------------------------------------------------------

_MOVE = (
    update(broadcasts)
    .where(broadcasts.c.id == bindparam("broadcast"), broadcasts.c.state.in_(bindparam("before", expanding=True)))
    .values(state=bindparam("to"), reason=bindparam("why"))
)
_APPROVE = _MOVE.values(approved_at=bindparam("now"))
_CANCEL = _MOVE.values(finished_at=bindparam("now"))
_REOPEN = _MOVE.values(finished_at=None)


def approve(db: Connection, broadcast_id: str, now: datetime) -> bool:
    """Draft to approved. This and the next five say whether they changed anything: a second click changes nothing."""
    values = {"broadcast": broadcast_id, "before": ("draft",), "to": "approved", "why": None, "now": now}
    return db.execute(_APPROVE, values).rowcount == 1


def begin(db: Connection, broadcast_id: str) -> bool:
    """Approved to sending, when its first deliveries are written."""
    return _move(db, broadcast_id, ("approved",), "sending")


def pause(db: Connection, broadcast_id: str, reason: str | None = None) -> bool:
    """Stop sending until somebody resumes it; `reason` is a code where it pauses itself."""
    return _move(db, broadcast_id, ("approved", "sending"), "paused", reason)


def resume(db: Connection, broadcast_id: str) -> bool:
    """Go on after a pause."""
    return _move(db, broadcast_id, ("paused",), "sending")


def cancel(db: Connection, broadcast_id: str, now: datetime) -> bool:
    """Send nothing more of it, for ever."""
    before = ("draft", "approved", "sending", "paused")
    return db.execute(_CANCEL, {"broadcast": broadcast_id, "before": before, "to": "cancelled", "why": None, "now": now}).rowcount == 1


def reopen(db: Connection, broadcast_id: str) -> bool:
    """Finished to sending, when something of it is owed again."""
    return db.execute(_REOPEN, {"broadcast": broadcast_id, "before": ("finished",), "to": "sending", "why": None}).rowcount == 1


def _move(db: Connection, broadcast_id: str, before: tuple[str, ...], to: str, why: str | None = None) -> bool:
    return db.execute(_MOVE, {"broadcast": broadcast_id, "before": before, "to": to, "why": why}).rowcount == 1


_UNEXPANDED = (
    select(broadcasts.c.id)
    .where(broadcasts.c.state.in_(("approved", "sending")), ~broadcasts.c.expanded)
    .order_by(broadcasts.c.approved_at)
)


def unexpanded(db: Connection) -> list[str]:
    """Approved broadcasts whose deliveries are not all written."""
    return list(db.execute(_UNEXPANDED).scalars())


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
    """How many deliveries are in each state. `flagged` may have arrived twice; `held` of the unknown wait for a person, `closed` of them
    are left as they are."""

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
    .where(deliveries.c.broadcast_id == bindparam("broadcast"))
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


_WITH_DUE = (
    select(broadcasts.c.id)
    .where(
        broadcasts.c.state == "sending",
        exists(select(deliveries.c.id).where(deliveries.c.broadcast_id == broadcasts.c.id, DUE)),
    )
    .order_by(broadcasts.c.approved_at)
)


_WITH_DUE_BY_NIGHT = _WITH_DUE.where(broadcasts.c.life_safety_by.is_not(None))


def with_due(db: Connection, now: datetime, *, by_night: bool) -> list[str]:
    """Broadcasts that are being sent and have a row whose time has come, the earliest approved first; by night, those for life safety."""
    return list(db.execute(_WITH_DUE_BY_NIGHT if by_night else _WITH_DUE, {"now": now}).scalars())


_OWED: ColumnElement[bool] = or_(deliveries.c.state.in_(("queued", "sending")), UNSETTLED)

_FINISH = (
    update(broadcasts)
    .where(
        broadcasts.c.state == "sending",
        broadcasts.c.expanded,
        ~exists(select(deliveries.c.id).where(deliveries.c.broadcast_id == broadcasts.c.id, _OWED)),
    )
    .values(state="finished", finished_at=bindparam("now", type_=Instant()))
)


def finish(db: Connection, now: datetime) -> int:
    """Mark the broadcasts of which nothing is owed any more. Rows that wait for a person do not hold them open."""
    return db.execute(_FINISH, {"now": now}).rowcount
