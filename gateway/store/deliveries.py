"""What we owe to each person, and the state machine by which nothing of it is lost or silently sent twice.

    queued --claim--> sending --(fence, then the request)--> accepted | failed | suppressed
                         |                                \\-> queued again (definitely not sent) | unknown (nobody can tell)
                         \\--lease over--> unknown --callback, or the provider is asked--> accepted ... | queued (by policy)

A claim is committed before the request and its result after it, so that a crash leaves a row that says what may have happened.
`ever_unknown` is never taken back: only such a row can have reached somebody twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    and_,
    bindparam,
    case,
    exists,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from gateway.core import consent
from gateway.core.events import Medium
from gateway.core.statuses import DELIVERY
from gateway.store.models import UNDECIDED, broadcasts, call_backs, channels, deliveries, member_phones, members, phones

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

# A try that ended and did not reach her, whatever comes after it: the provider said so, a machine answered, or she hung up at once.
# A call that was picked up stays `delivered`; that she did not hear it is told by the rest.
MISSED = and_(
    text(UNDECIDED),
    or_(
        deliveries.c.state.in_(("undelivered", "failed")),
        and_(deliveries.c.state == "delivered", deliveries.c.answered_at.is_(None)),
    ),
)

UNRESOLVED = "send:unresolved"  # an unknown row that callbacks and provider left unclear; a person decides
CLOSED = "send:closed"  # she decided that it is not sent again


def hers(row: FromClause) -> ColumnElement[bool]:
    """Whether the phone of a row of `deliveries` (or of an alias of it) is still that of its member."""
    return exists(
        select(literal(1))
        .where(
            member_phones.c.member_id == row.c.member_id,
            member_phones.c.phone_id == row.c.phone_id,
            member_phones.c.stale_at.is_(None),
        )
        .correlate(row)
    )


MAY_BE_TOLD = and_(members.c.state == "active", members.c.consented_at.is_not(None))


CONFIRMS_STOP = 0  # the round of the one reply that goes out after her STOP: it tells her that it worked


@dataclass(frozen=True, slots=True)
class NewReply:
    """A text that belongs to a conversation and goes out by itself; `by_day`: nobody asked for it now, so it does not go out at night."""

    channel_id: str
    phone_id: int
    member_id: str | None
    language: str
    body: str
    not_before: datetime | None = None
    by_day: bool = False
    round: int = 1


@dataclass(frozen=True, slots=True)
class Doubt:
    """A row about which the provider must be asked. `body` is the text that went out, or None for a call; `external_id` None where
    nobody knows whether the provider took it."""

    id: int
    external_id: str | None
    provider: str
    sender: str
    sealed: bytes
    medium: Medium
    body: str | None
    state: str
    resend: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A step forward of one row, as a provider told it. `status` is one of `statuses.DELIVERY`; the rest tells of a call when it rang,
    how long it lasted, and whether a `human` or a `machine` answered."""

    status: str
    external_id: str
    error: str | None = None
    seconds: int | None = None
    rang_at: datetime | None = None
    answered_by: str | None = None


# --- replies -----------------------------------------------------------------------------------------------------------------------

_OWE_REPLY = insert(deliveries).returning(deliveries.c.id)


def owe_reply(db: Connection, seal: Seal, reply: NewReply, now: datetime) -> int:
    """Write a reply that is to be sent; the id is for the job."""
    values = asdict(reply) | {"broadcast_id": None, "medium": "sms", "state": "queued", "updated_at": now}
    return int(db.execute(_OWE_REPLY, values | {"sealed_body": seal.seal(values.pop("body"))}).scalar_one())


IS_REPLY = deliveries.c.broadcast_id.is_(None)
BY_THIS_HOUR = or_(~deliveries.c.by_day, bindparam("daylight", type_=Boolean))
_DUE = or_(deliveries.c.not_before.is_(None), deliveries.c.not_before <= bindparam("now"))
_REPLIES_DUE = (
    select(deliveries.c.id)
    .where(IS_REPLY, deliveries.c.state == "queued", deliveries.c.medium == "sms", _DUE, BY_THIS_HOUR)
    .order_by(deliveries.c.id)
    .limit(bindparam("count"))
)
_CALL_BACK_DUE = select(exists(select(literal(1)).where(IS_REPLY, deliveries.c.state == "queued", deliveries.c.medium == "voice", _DUE)))


def is_call_back_due(db: Connection, now: datetime) -> bool:
    """Whether somebody who rang is to be called back now."""
    return not consent.quiet(now) and bool(db.execute(_CALL_BACK_DUE, {"now": now}).scalar())


def replies_due(db: Connection, now: datetime, count: int) -> list[int]:
    """Replies that have not gone out though their time has come."""
    return list(db.execute(_REPLIES_DUE, {"now": now, "count": count, "daylight": not consent.quiet(now)}).scalars())


_DROP_OWED = (
    update(deliveries)
    .where(deliveries.c.member_id == bindparam("of_member"), deliveries.c.state == "queued")
    .values(state="suppressed", error="send:left", updated_at=bindparam("now"))
)


def drop_owed(db: Connection, member_id: str, now: datetime) -> None:
    """Send nothing of what waits for this member: she has left."""
    db.execute(_DROP_OWED, {"of_member": member_id, "now": now})


# --- reports of the provider -------------------------------------------------------------------------------------------------------

_BEFORE: Mapping[str, tuple[str, ...]] = {
    status: tuple(state for state, rank in DELIVERY.items() if rank < DELIVERY[status]) for status in DELIVERY
}

_SAME_COPY = or_(deliveries.c.external_id.is_(None), deliveries.c.external_id == bindparam("external"))
_ADVANCE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), deliveries.c.state.in_(bindparam("before", expanding=True)), _SAME_COPY)
    .values(
        state=bindparam("to"),
        external_id=bindparam("external"),
        error=bindparam("why"),
        token=None,
        lease_until=None,
        updated_at=bindparam("now"),
    )
)


def _once_known(column: Column[Any], better: ColumnElement[bool], value: BindParameter[Any]) -> ColumnElement[Any]:
    return case((or_(column.is_(None), better), value), else_=column)


_RANG = bindparam("rang", type_=deliveries.c.rang_at.type)
_HEARD = bindparam("heard", type_=deliveries.c.seconds.type)
_BY = bindparam("by", type_=deliveries.c.answered_by.type)
# Reports come in any order, so what they tell beside the state is joined in a way that knows none: the earliest ring, the longest call.
_LEARN = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), _SAME_COPY)
    .values(
        rang_at=_once_known(deliveries.c.rang_at, deliveries.c.rang_at > _RANG, _RANG),
        seconds=_once_known(deliveries.c.seconds, deliveries.c.seconds < _HEARD, _HEARD),
        answered_by=_once_known(deliveries.c.answered_by, _BY == "machine", _BY),
    )
)


def advance(db: Connection, delivery_id: int, report: Report, now: datetime) -> bool:
    """Move a row forward to what the provider reports; False where that is no step forward, or is about another copy of it.

    What the report tells of a call besides is kept either way.
    """
    told = {"rang": report.rang_at, "heard": report.seconds, "by": report.answered_by}
    row = {"row": delivery_id, "external": report.external_id}
    if any(value is not None for value in told.values()):
        db.execute(_LEARN, row | told)
    values = {"to": report.status, "why": report.error, "now": now, "before": _BEFORE[report.status]}
    return db.execute(_ADVANCE, row | values).rowcount == 1


_BY_EXTERNAL_ID = (
    select(deliveries.c.id)
    .join(channels, channels.c.id == deliveries.c.channel_id)
    .where(deliveries.c.external_id == bindparam("external"), channels.c.provider == bindparam("from"))
)


def with_external_id(db: Connection, provider: str, external_id: str) -> int | None:
    """The delivery that the provider knows by this id."""
    return db.execute(_BY_EXTERNAL_ID, {"external": external_id, "from": provider}).scalar()


_OF_PROVIDER = (
    select(deliveries.c.id, deliveries.c.phone_id)
    .join(channels, channels.c.id == deliveries.c.channel_id)
    .where(channels.c.provider == bindparam("from"))
)
_TOLD_OF = {
    True: _OF_PROVIDER.where(deliveries.c.id == bindparam("row")),
    False: _OF_PROVIDER.where(deliveries.c.external_id == bindparam("external")),
}


def told_of(db: Connection, provider: str, delivery_id: int | None, external_id: str) -> tuple[int, int] | None:
    """The delivery, with its phone, of which a provider tells: by our id where it has it, else by its own. None where it is not there,
    or went over another provider since."""
    found = db.execute(_TOLD_OF[delivery_id is not None], {"from": provider, "row": delivery_id, "external": external_id}).first()
    return (found.id, found.phone_id) if found else None


_STATE_OF = select(deliveries.c.state, deliveries.c.error).where(deliveries.c.id == bindparam("row"))


def state_of(db: Connection, delivery_id: int) -> tuple[str, str | None]:
    """The state of a delivery, and the error behind it."""
    row = db.execute(_STATE_OF, {"row": delivery_id}).one()
    return row.state, row.error


_UNDER_WAY = (
    select(channels.c.provider, deliveries.c.external_id)
    .join(channels, channels.c.id == deliveries.c.channel_id)
    .where(
        deliveries.c.id == bindparam("row"),
        deliveries.c.medium == "voice",
        deliveries.c.state.in_(("accepted", "sent")),
        deliveries.c.external_id.is_not(None),
    )
)


def under_way(db: Connection, delivery_id: int) -> tuple[str, str] | None:
    """Of a call of ours that is not over, the provider and the call's id there."""
    row = db.execute(_UNDER_WAY, {"row": delivery_id}).first()
    return (row.provider, row.external_id) if row else None


# --- doubts ------------------------------------------------------------------------------------------------------------------------

_EXPIRE = (
    update(deliveries)
    .where(deliveries.c.state == "sending", deliveries.c.lease_until < bindparam("now"))
    .values(state="unknown", ever_unknown=True, error="send:lease-over", updated_at=bindparam("now"))
)


def expire_leases(db: Connection, now: datetime) -> int:
    """Rows whose worker died or froze become unknown: whether they were sent, nobody here can tell. Returns how many."""
    return db.execute(_EXPIRE, {"now": now}).rowcount


UNSETTLED = and_(
    deliveries.c.state == "unknown", deliveries.c.error.is_distinct_from(UNRESOLVED), deliveries.c.error.is_distinct_from(CLOSED)
)

_DOUBT = (
    select(
        deliveries.c.id,
        deliveries.c.external_id,
        channels.c.provider,
        channels.c.address,
        phones.c.sealed,
        deliveries.c.medium,
        deliveries.c.sealed_body,
        deliveries.c.state,
        or_(
            and_(broadcasts.c.on_ambiguous == "resend", broadcasts.c.state.in_(("sending", "paused"))),
            and_(call_backs.c.id.is_not(None), call_backs.c.ended_at.is_(None)),  # better rung twice than never
        ).label("resend"),
        deliveries.c.updated_at,
        deliveries.c.language,
        broadcasts.c.texts,
    )
    .join(phones, phones.c.id == deliveries.c.phone_id)
    .join(channels, channels.c.id == deliveries.c.channel_id)
    .outerjoin(broadcasts, broadcasts.c.id == deliveries.c.broadcast_id)
    .outerjoin(call_backs, call_backs.c.id == deliveries.c.call_back_id)
    .where(
        or_(
            deliveries.c.updated_at <= bindparam("before"),
            and_(deliveries.c.call_back_id.is_not(None), deliveries.c.updated_at <= bindparam("sooner")),
        ),
        phones.c.sealed.is_not(None),  # None: her number was erased
    )
    .order_by(deliveries.c.id)
    .limit(bindparam("count"))
)
_UNKNOWN = _DOUBT.where(UNSETTLED)
_SILENT = _DOUBT.where(
    deliveries.c.medium == "voice",
    deliveries.c.state.in_(("accepted", "sent")),
    deliveries.c.updated_at > bindparam("not_older"),
    deliveries.c.error.is_distinct_from(UNRESOLVED),
)
_SILENT_CALLS = (
    _SILENT.where(deliveries.c.broadcast_id.in_(select(broadcasts.c.id).where(broadcasts.c.medium != "sms"))),
    _SILENT.where(deliveries.c.call_back_id.in_(select(call_backs.c.id).where(call_backs.c.ended_at.is_(None)))),
)


def unknown(db: Connection, seal: Seal, before: datetime, sooner: datetime, count: int) -> list[Doubt]:
    """Rows that may or may not have been sent, untouched since `before`, or since `sooner` where somebody waits for our call."""
    return [_doubt(seal, row) for row in db.execute(_UNKNOWN, {"before": before, "sooner": sooner, "count": count})]


def silent_calls(db: Connection, seal: Seal, before: datetime, count: int) -> list[Doubt]:
    """Calls of the last days that the provider took, and of which nothing was heard since `before`, though they must be over."""
    parameters = {"before": before, "sooner": before, "not_older": before - timedelta(days=2), "count": count}
    return [_doubt(seal, row) for silent in _SILENT_CALLS for row in db.execute(silent, parameters)]


def _doubt(seal: Seal, row: Row[Any]) -> Doubt:
    return Doubt(
        id=row.id,
        external_id=row.external_id,
        provider=row.provider,
        sender=row.address,
        sealed=row.sealed,
        medium=row.medium,
        body=_words(seal, row.sealed_body) or (row.texts or {}).get(row.language),
        state=row.state,
        resend=bool(row.resend),
        since=row.updated_at,
    )


_SETTLE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), deliveries.c.state == bindparam("from"))
    .values(state=bindparam("to"), error=bindparam("why"), not_before=None, token=None, lease_until=None, updated_at=bindparam("now"))
)


def leave_unresolved(db: Connection, doubt: Doubt, now: datetime) -> None:
    """The provider knows nothing of it: by the broadcast's policy, or because she waits for our call, send it again; else hold it for
    a person."""
    again = doubt.resend and doubt.state == "unknown"
    values = {"to": "queued", "why": None} if again else {"to": doubt.state, "why": UNRESOLVED}
    db.execute(_SETTLE, values | {"row": doubt.id, "from": doubt.state, "now": now})


_DECIDE = (
    update(deliveries)
    .where(
        deliveries.c.broadcast_id == bindparam("broadcast"),
        deliveries.c.latest,
        deliveries.c.state == "unknown",
        deliveries.c.error == UNRESOLVED,
    )
    .values(state=bindparam("to"), error=bindparam("why"), updated_at=bindparam("now"))
)


def decide(db: Connection, broadcast_id: str, now: datetime, *, resend: bool) -> int:
    """What a person decides about the rows that are held for her: send them again, or leave them as they are. Returns how many."""
    values = {"to": "queued", "why": None} if resend else {"to": "unknown", "why": CLOSED}
    return db.execute(_DECIDE, values | {"broadcast": broadcast_id, "now": now}).rowcount


# --- what one phone has got --------------------------------------------------------------------------------------------------------

_RINGING = (
    select(deliveries.c.id, deliveries.c.external_id)
    .where(deliveries.c.phone_id == bindparam("phone"), deliveries.c.medium == "voice", deliveries.c.state == "accepted")
    .order_by(deliveries.c.id.desc())
    .limit(1)
)


def ringing(db: Connection, phone_id: int) -> tuple[int, str] | None:
    """The latest call to this phone that the provider took and nobody picked up yet: the delivery, and the call's id at the provider."""
    row = db.execute(_RINGING, {"phone": phone_id}).first()
    return (row.id, row.external_id) if row else None


_SENT_TO = (
    select(deliveries.c.updated_at, deliveries.c.sealed_body, deliveries.c.language, broadcasts.c.texts)
    .outerjoin(broadcasts, broadcasts.c.id == deliveries.c.broadcast_id)
    .where(
        deliveries.c.phone_id == bindparam("phone"),
        deliveries.c.medium == "sms",
        deliveries.c.state.in_(("accepted", "sent", "delivered", "read")),
    )
)


def sent_to(db: Connection, seal: Seal, phone_id: int) -> list[tuple[datetime, str]]:
    """The texts that went to this phone, each with when we last heard of it."""
    rows = db.execute(_SENT_TO, {"phone": phone_id})
    return [(at, _words(seal, body) or (texts or {}).get(language, "")) for at, body, language, texts in rows]


_BODY = select(deliveries.c.sealed_body).where(deliveries.c.id == bindparam("row"))


def body(db: Connection, seal: Seal, delivery_id: int) -> str | None:
    """The words of a reply; None for a delivery of a broadcast, whose words stand there."""
    return _words(seal, db.execute(_BODY, {"row": delivery_id}).scalar())


def _words(seal: Seal, sealed_body: bytes | None) -> str | None:
    return seal.open(sealed_body) if sealed_body is not None else None
