"""Whom we owe a call because they rang and hung up. Each try of it is a row of `deliveries`, sent like a reply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, exists, func, insert, literal, or_, select, update
from sqlalchemy import text as sql

from gateway.store.database import Connection
from gateway.store.deliveries import CLOSED, UNRESOLVED
from gateway.store.models import CALLING_BACK, call_backs, deliveries, missed_call_days, phones
from gateway.store.rows import insert_into, values

TOO_LATE = "send:too-late"


@dataclass(frozen=True, slots=True)
class NewCallBack:
    """Somebody who rang `channel_id`; `prefix` is the keyed index of what her number begins with, `day` that of the ring in Nepal."""

    organisation_id: str
    channel_id: str
    phone_id: int
    prefix: bytes
    day: str
    rang_at: datetime


class Before(NamedTuple):
    """The last time that somebody is or was called back: `delivery_id` is its latest try, in `state` since `touched_at`."""

    id: int
    rang_at: datetime
    ended_at: datetime | None
    outcome: str | None
    delivery_id: int
    state: str
    touched_at: datetime


class Counts(NamedTuple):
    """How many are called back: to this number today, to numbers that begin alike lately, for this channel today."""

    number: int
    prefix: int
    channel: int


@dataclass(frozen=True, slots=True)
class Try:
    """One call of a call back."""

    call_back_id: int
    round: int
    channel_id: str
    phone_id: int
    language: str
    not_before: datetime


class Tried(NamedTuple):
    """A try that is over, or that waits though it is night. `sealed` is the phone's number, None where it was erased."""

    id: int
    call_back_id: int
    round: int
    channel_id: str
    phone_id: int
    sealed: bytes | None
    stopped: bool
    state: str
    error: str | None
    rang_at: datetime
    answered_by: str | None


_HERS = (
    select(
        call_backs.c.id,
        call_backs.c.rang_at,
        call_backs.c.ended_at,
        call_backs.c.outcome,
        deliveries.c.id,
        deliveries.c.state,
        deliveries.c.updated_at,
    )
    .join(deliveries, deliveries.c.call_back_id == call_backs.c.id)
    .where(call_backs.c.phone_id == bindparam("phone"), call_backs.c.organisation_id == bindparam("organisation"))
    .order_by(call_backs.c.id.desc(), deliveries.c.round.desc())
    .limit(1)
)
_OPEN = (
    insert_into(call_backs)
    .on_conflict_do_nothing(index_elements=["organisation_id", "phone_id"], index_where=sql(CALLING_BACK))
    .returning(call_backs.c.id)
)
_OF_CHANNEL = call_backs.c.channel_id == bindparam("channel")
_COUNTS = select(
    select(func.count())
    .where(call_backs.c.phone_id == bindparam("phone"), call_backs.c.day == bindparam("today"))
    .scalar_subquery(),
    select(func.count())
    .where(_OF_CHANNEL, call_backs.c.prefix == bindparam("alike"), call_backs.c.rang_at > bindparam("lately"))
    .scalar_subquery(),
    select(func.count()).where(_OF_CHANNEL, call_backs.c.day == bindparam("today")).scalar_subquery(),
)  # fmt: skip
_OWE = insert(deliveries).returning(deliveries.c.id)
_END = (
    update(call_backs)
    .where(call_backs.c.id == bindparam("call_back"), call_backs.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), outcome=bindparam("how"))
)
_HASTEN = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("row"),
        deliveries.c.state == "queued",
        deliveries.c.not_before > bindparam("now"),
    )
    .values(not_before=bindparam("now"))
)
_PUT_OFF = update(deliveries).where(deliveries.c.id == bindparam("row"), deliveries.c.state == "queued").values(not_before=bindparam("due"))
_SETTLE = update(deliveries).where(deliveries.c.id == bindparam("row"), deliveries.c.settled.is_(False)).values(settled=True)
_COUNT = insert_into(missed_call_days)
_COUNT = _COUNT.on_conflict_do_update(
    index_elements=["channel_id", "day", "became"], set_={"rings": missed_call_days.c.rings + _COUNT.excluded["rings"]}
)
_RINGS = select(missed_call_days.c.channel_id, missed_call_days.c.became, missed_call_days.c.rings).where(
    missed_call_days.c.day == bindparam("day"),
    missed_call_days.c.channel_id.in_(bindparam("these", expanding=True)),
    missed_call_days.c.rings > 0,
)

_TRIES = (
    select(
        deliveries.c.id,
        call_backs.c.id,
        deliveries.c.round,
        call_backs.c.channel_id,
        deliveries.c.phone_id,
        phones.c.sealed,
        phones.c.stopped_at.is_not(None),
        deliveries.c.state,
        deliveries.c.error,
        func.coalesce(deliveries.c.rang_at, deliveries.c.updated_at, type_=deliveries.c.rang_at.type),
        deliveries.c.answered_by,
    )
    .select_from(call_backs)
    .join(deliveries, deliveries.c.call_back_id == call_backs.c.id)
    .join(phones, phones.c.id == deliveries.c.phone_id)
    .where(call_backs.c.ended_at.is_(None), deliveries.c.settled.is_(False))
    .order_by(deliveries.c.id)
    .limit(bindparam("count"))
)
_IS_OVER = or_(
    deliveries.c.state.in_(("delivered", "undelivered", "failed", "suppressed", "read")),
    deliveries.c.error.in_((UNRESOLVED, CLOSED)),  # nobody can tell, and nobody will
)
_OVER = _TRIES.where(_IS_OVER)
_THIS_OVER = _OVER.where(deliveries.c.id == bindparam("row"))
_DUE = and_(deliveries.c.state == "queued", or_(deliveries.c.not_before.is_(None), deliveries.c.not_before <= bindparam("now")))
_WAITING = _TRIES.where(_DUE)
_later_try, _later = deliveries.alias("later_try"), call_backs.alias("later")
_BY_MACHINE = (
    select(deliveries.c.call_back_id)
    .where(
        deliveries.c.id == bindparam("row"),
        deliveries.c.answered_by == "machine",
        ~exists(select(literal(1)).where(_later_try.c.call_back_id == deliveries.c.call_back_id, _later_try.c.round > deliveries.c.round)),
    )
    .scalar_subquery()
)
_REOPEN = (
    update(call_backs)
    .where(
        call_backs.c.id == _BY_MACHINE,
        call_backs.c.outcome == "answered",
        ~exists(
            select(literal(1)).where(
                _later.c.phone_id == call_backs.c.phone_id,
                _later.c.organisation_id == call_backs.c.organisation_id,
                _later.c.id > call_backs.c.id,
            )
        ),
    )
    .values(ended_at=None, outcome=None)
)
_UNSETTLE = update(deliveries).where(deliveries.c.id == bindparam("row")).values(settled=False)
_EXPIRE = (
    update(deliveries)
    .where(
        deliveries.c.state == "queued",
        deliveries.c.call_back_id.in_(
            select(call_backs.c.id).where(call_backs.c.ended_at.is_(None), call_backs.c.rang_at < bindparam("before"))
        ),
    )
    .values(state="suppressed", error=TOO_LATE, updated_at=bindparam("now"))
)


def latest(db: Connection, organisation_id: str, phone_id: int) -> Before | None:
    """The last time that an organisation calls or called this phone back."""
    row = db.execute(_HERS, {"organisation": organisation_id, "phone": phone_id}).first()
    return Before(*row) if row else None


def counts(db: Connection, new: NewCallBack, lately: datetime) -> Counts:
    """How many there are already, for the caps."""
    asked = {"phone": new.phone_id, "today": new.day, "channel": new.channel_id, "alike": new.prefix, "lately": lately}
    return Counts(*db.execute(_COUNTS, asked).one())


def begin(db: Connection, new: NewCallBack) -> int | None:
    """Owe a call back; None where this phone is being called back already."""
    return db.execute(_OPEN, values(new)).scalar()


def owe(db: Connection, call: Try, now: datetime) -> int:
    """Write a try of it; the id is for the job."""
    row = values(call) | {"medium": "voice", "state": "queued", "by_day": True, "updated_at": now}
    return int(db.execute(_OWE, row).scalar_one())


def end(db: Connection, call_back_id: int, outcome: str, now: datetime) -> None:
    """It is over: `answered`, `missed`, `failed`, `dropped`, or `unclear`."""
    db.execute(_END, {"call_back": call_back_id, "how": outcome, "now": now})


def hasten(db: Connection, delivery_id: int, now: datetime) -> bool:
    """She rang once more: a try that waits for its hour waits no longer. False where it did not."""
    return db.execute(_HASTEN, {"row": delivery_id, "now": now}).rowcount == 1


def put_off(db: Connection, delivery_id: int, due: datetime) -> bool:
    """Let a try wait until then; False where it is being made."""
    return db.execute(_PUT_OFF, {"row": delivery_id, "due": due}).rowcount == 1


def settle(db: Connection, delivery_id: int) -> bool:
    """What comes after this try is being decided; False where another worker did."""
    return db.execute(_SETTLE, {"row": delivery_id}).rowcount == 1


def reopen(db: Connection, delivery_id: int) -> None:
    """It was a machine that picked up this try, of which we hear after the end: what comes after it is to be decided anew. Nothing where
    that was known, or she has rung again."""
    if db.execute(_REOPEN, {"row": delivery_id}).rowcount == 1:
        db.execute(_UNSETTLE, {"row": delivery_id})


def over(db: Connection, count: int, delivery_id: int | None = None) -> list[Tried]:
    """Tries that are over and after which it is not decided what comes; with an id, that one alone."""
    if delivery_id is None:
        return _tried(db.execute(_OVER, {"count": count}))
    return _tried(db.execute(_THIS_OVER, {"count": 1, "row": delivery_id}))


def waiting(db: Connection, now: datetime, count: int) -> list[Tried]:
    """Tries that are due and not made yet."""
    return _tried(db.execute(_WAITING, {"count": count, "now": now}))


def _tried(rows: Iterable[tuple[object, ...]]) -> list[Tried]:
    return [Tried._make(row) for row in rows]


def expire(db: Connection, before: datetime, now: datetime) -> None:
    """Make no more tries for who rang before then."""
    db.execute(_EXPIRE, {"before": before, "now": now})


def count(db: Connection, channel_id: str, day: str, became: str) -> None:
    """One more ring at a channel, and what became of it."""
    db.execute(_COUNT, {"channel_id": channel_id, "day": day, "became": became, "rings": 1})


def wait_to_count(db: Connection, channel_id: str, day: str) -> None:
    """From here to the end of the transaction nobody else is called back for this channel: `counts` stays true. Whoever waits here holds
    nothing that anybody needs who is further."""
    db.execute(_COUNT, {"channel_id": channel_id, "day": day, "became": "called", "rings": 0})


def rings_on(db: Connection, channel_ids: Iterable[str], day: str) -> dict[tuple[str, str], int]:
    """By channel and what became of them, the rings of a day in Nepal."""
    return {(channel, became): rings for channel, became, rings in db.execute(_RINGS, {"day": day, "these": list(channel_ids)})}
