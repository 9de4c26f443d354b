"""What we owe to each person, and the state machine by which nothing of it is lost or silently sent twice.

    queued --claim--> sending --(fence, then the request)--> accepted | failed | suppressed
                         |                                \\-> queued again (definitely not sent) | unknown (nobody can tell)
                         \\--lease over--> unknown --callback, or the provider is asked--> accepted ... | queued (by policy)

A claim is committed before the request and its result after it, so that a crash leaves a row that says what may have happened.
`ever_unknown` is never taken back: only such a row can have reached somebody twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    update,
)

from gateway.core import consent
from gateway.core.events import Medium
from gateway.core.statuses import DELIVERY
from gateway.store.heard import SHARED
from gateway.store.models import UNDECIDED, broadcasts, channels, deliveries, member_phones, members, phones
from gateway.store.questions import answered

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


@dataclass(frozen=True, slots=True)
class Claim:
    """Who claims: `token` of the worker, `now`, and until when the rows are hers."""

    token: str
    now: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Stream:
    """What of a broadcast goes by one medium. Where another broadcast has told a phone, `gap` must have passed since, and before
    a call some minutes.

    `earlier` are broadcasts that were written before this one and are being sent as well: they go first to who gets both.
    """

    broadcast_id: str
    medium: Medium
    gap: timedelta = timedelta(0)
    earlier: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that a worker owns. `sealed` is the phone; `stopped` says that STOP came from it; a reply has a `sealed_body`.

    `round` 0 is the text that comes before a call.
    """

    id: int
    phone_id: int
    sealed: bytes
    stopped: bool
    medium: Medium
    language: str
    sealed_body: bytes | None
    attempt: int
    channel_id: str
    round: int = 1


_FACTS = len(fields(Claimed))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed row. `unspent` 1 gives the attempt back: nothing was tried; `doubt`: it may have been sent."""

    id: int
    state: str
    error: str | None = None
    external_id: str | None = None
    not_before: datetime | None = None
    unspent: int = 0
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """A row about which the provider must be asked. `body` is the text that went out, or None for a call."""

    id: int
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


_IS_REPLY = deliveries.c.broadcast_id.is_(None)
_BY_THIS_HOUR = or_(~deliveries.c.by_day, bindparam("daylight", type_=Boolean))
_REPLIES_DUE = (
    select(deliveries.c.id)
    .where(
        _IS_REPLY,
        deliveries.c.state == "queued",
        or_(deliveries.c.not_before.is_(None), deliveries.c.not_before <= bindparam("now")),
        _BY_THIS_HOUR,
    )
    .order_by(deliveries.c.id)
    .limit(bindparam("count"))
)


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


# --- claim and fence ---------------------------------------------------------------------------------------------------------------


BETWEEN_CALLS = timedelta(minutes=3)  # at the least, lest one call comes while she listens to another
AHEAD = timedelta(minutes=1)  # who claims may have looked at the clock before somebody else; what was told later still, is no time to go by
LOOKS = (100, 1000, 1000, 1000)  # rows that one claim looks at, further where the gap holds all that it saw

_OF_BROADCAST = deliveries.c.broadcast_id == bindparam("broadcast")
_BEING_SENT = exists(
    select(broadcasts.c.id).where(
        broadcasts.c.id == bindparam("broadcast"),
        broadcasts.c.state == "sending",
        or_(broadcasts.c.starts_at.is_(None), broadcasts.c.starts_at <= bindparam("now")),
        or_(broadcasts.c.expires_at.is_(None), broadcasts.c.expires_at > bindparam("now")),
    )
)

_earlier = deliveries.alias("earlier")
_EARLIER_DUE = and_(_earlier.c.state == "queued", or_(_earlier.c.not_before.is_(None), _earlier.c.not_before <= bindparam("now")))
_EARLIER = answered(
    select(_earlier.c.id)
    .where(
        _earlier.c.broadcast_id.in_(bindparam("earlier", expanding=True)),
        _earlier.c.member_id == deliveries.c.member_id,
        case((_EARLIER_DUE, True), else_=False),  # not by the index of what is queued: that may be everybody
    )
    .correlate(deliveries)
)


def _looks(earlier: ColumnElement[bool], *conditions: ColumnElement[bool]) -> tuple[Select[Any], Select[Any]]:
    """What is due: first the rows whose hour has come, then those that have none. Each is one range of the index."""
    # PostgreSQL's workers step over each other's rows and phones; on SQLite, where SKIP LOCKED is dropped, there is one writer at a time.
    # The phones are locked against writers alone: whoever refers to one, such as a new delivery, need not wait.
    look = (
        select(
            deliveries.c.id,
            deliveries.c.phone_id,
            phones.c.sealed,
            phones.c.stopped_at.is_not(None).label("stopped"),
            deliveries.c.medium,
            deliveries.c.language,
            deliveries.c.sealed_body,
            deliveries.c.attempt + 1,
            deliveries.c.channel_id,
            deliveries.c.round,
            phones.c.told_at,
            phones.c.told_by,
            earlier.label("earlier"),
        )
        .join(phones, phones.c.id == deliveries.c.phone_id)
        .where(deliveries.c.state == "queued", deliveries.c.medium == bindparam("by"), *conditions)
        .limit(bindparam("count"))
        .with_for_update(skip_locked=True, key_share=True, of=[deliveries, phones])
    )
    due = look.where(deliveries.c.not_before <= bindparam("now")).order_by(deliveries.c.not_before, deliveries.c.id)
    return due, look.where(deliveries.c.not_before.is_(None)).order_by(deliveries.c.id)


_LOOKS = {
    "first": _looks(false(), _OF_BROADCAST, _BEING_SENT),
    "later": _looks(_EARLIER, _OF_BROADCAST, _BEING_SENT),
    "reply": _looks(false(), _IS_REPLY, _BY_THIS_HOUR),
}

_TAKE = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("rows", expanding=True)))
    .values(
        state="sending",
        token=bindparam("holder"),
        lease_until=bindparam("until"),
        attempt=deliveries.c.attempt + 1,
        updated_at=bindparam("now"),
    )
)
_TELL = (
    update(phones)
    .where(phones.c.id.in_(bindparam("phones", expanding=True)))
    .values(told_at=bindparam("now"), told_by=bindparam("broadcast"))
)
_PUT_OFF = update(deliveries).where(deliveries.c.id == bindparam("row")).values(not_before=bindparam("due"))


def claim_page(db: Connection, stream: Stream | None, count: int, claim: Claim) -> list[Claimed]:
    """Take at most `count` due rows of a broadcast that is being sent, or (None) replies. Commit before the first request.

    The phones of a broadcast's rows are told from now on. A row whose phone another broadcast has told less than the gap ago is put off
    until that is over, and one that an earlier broadcast is about to tell for a whole gap; so none of them is looked at again and again.
    """
    kind = "reply" if stream is None else "later" if stream.earlier else "first"
    asked: dict[str, object] = {"now": claim.now, "by": "sms", "daylight": not consent.quiet(claim.now)}
    if stream is not None:
        asked = {"now": claim.now, "by": stream.medium, "broadcast": stream.broadcast_id}
        asked |= {"earlier": list(stream.earlier)} if stream.earlier else {}
    for most in LOOKS:
        seen = _look(db, kind, asked | {"count": max(count, most)})
        held = {row.id: due for row in seen if stream and (due := _held_until(row, stream, claim.now))}
        if held:
            db.execute(_PUT_OFF, [{"row": row, "due": due} for row, due in held.items()])
        free = [row for row in seen if row.id not in held][:count]
        if free or not seen:
            break
    if free:
        taken = {"rows": [row.id for row in free], "holder": claim.token, "until": claim.lease_until, "now": claim.now}
        db.execute(_TAKE, taken)
        if stream is not None:
            db.execute(_TELL, {"phones": [row.phone_id for row in free], "now": claim.now, "broadcast": stream.broadcast_id})
    return sorted((Claimed(*row[:_FACTS]) for row in free), key=attrgetter("id"))


def _look(db: Connection, kind: str, asked: dict[str, Any]) -> list[Row[Any]]:
    dated, undated = _LOOKS[kind]
    found = list(db.execute(dated, asked))
    if len(found) < asked["count"]:
        found += db.execute(undated, asked | {"count": asked["count"] - len(found)})
    return found


def _held_until(row: Row[Any], stream: Stream, now: datetime) -> datetime | None:
    """Until when a row waits for the sake of another broadcast; None where it may go."""
    gap = max(stream.gap, BETWEEN_CALLS) if stream.medium == "voice" else stream.gap
    told_at: datetime | None = row.told_at
    if gap and told_at is not None and row.told_by != stream.broadcast_id and now - gap < told_at <= now + AHEAD:
        return told_at + gap
    return now + stream.gap if row.earlier and stream.gap else None


_theirs = deliveries.alias("theirs")
# Of those who share a phone one has the row. It goes for the sake of another as well, who was to be told with her.
_FOR_ANOTHER = exists(
    select(literal(1))
    .select_from(_theirs)
    .join(members, members.c.id == _theirs.c.member_id)
    .where(
        _theirs.c.phone_id == deliveries.c.phone_id,
        _theirs.c.broadcast_id == deliveries.c.broadcast_id,
        _theirs.c.error == SHARED,
        MAY_BE_TOLD,
        hers(_theirs),
    )
    .correlate(deliveries)
)
_STOPPED = (phones.c.stopped_at.is_not(None), "send:stopped")
_BARRED = case(
    _STOPPED,
    (or_(deliveries.c.member_id.is_(None), and_(MAY_BE_TOLD, hers(deliveries)), _FOR_ANOTHER), null()),
    (~hers(deliveries), "send:not-hers"),
    (members.c.state != "active", "send:left"),
    else_="send:no-consent",
)


def _fence(barred: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
    # By the index, few rows are being sent at any moment; by the key alone, a page of scattered ids would read the table.
    return (
        select(deliveries.c.id, barred)
        .join(phones, phones.c.id == deliveries.c.phone_id)
        .where(
            *conditions,
            deliveries.c.state == "sending",
            deliveries.c.id.between(bindparam("first"), bindparam("last")),
            deliveries.c.token == bindparam("holder"),
            deliveries.c.lease_until > bindparam("until"),
        )
    )


_FENCE = {
    True: _fence(_BARRED, _OF_BROADCAST, _BEING_SENT).outerjoin(members, members.c.id == deliveries.c.member_id),
    False: _fence(case(_STOPPED), _IS_REPLY),
}


def fence(db: Connection, broadcast_id: str | None, rows: Sequence[Claimed], claim: Claim) -> dict[int, str | None]:
    """Of these rows, in order of id, those that are ours to send at this moment, each with the error for which it must not go out (None:
    it may). Its phone has stopped us; or of a broadcast: it is the member's no more, or she has left or agrees no more.

    A row is missing when its lease ends before `claim.lease_until`, when another worker has it, or when its broadcast was paused or
    cancelled, or is pointless by now.
    """
    of = {"broadcast": broadcast_id, "now": claim.now} if broadcast_id else {}
    mine = {"first": rows[0].id, "last": rows[-1].id, "holder": claim.token, "until": claim.lease_until}
    return {row[0]: row[1] for row in db.execute(_FENCE[bool(of)], of | mine)}


_KEEP_WORDS = update(deliveries).where(deliveries.c.id == bindparam("row")).values(sealed_body=bindparam("words"))


def keep_words(db: Connection, bodies: Mapping[int, bytes]) -> None:
    """Keep what these rows say, each sealed, where it differs from person to person; in the transaction of the claim."""
    if bodies:
        db.execute(_KEEP_WORDS, [{"row": row, "words": words} for row, words in bodies.items()])


# --- results -----------------------------------------------------------------------------------------------------------------------

# A late result still counts for a row that became unknown meanwhile: the token says that nobody else took it since.
_RECORD = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("row"),
        deliveries.c.token == bindparam("holder"),
        or_(deliveries.c.state == "sending", deliveries.c.state == "unknown"),
    )
    .values(
        state=bindparam("to"),
        external_id=func.coalesce(bindparam("external", type_=deliveries.c.external_id.type), deliveries.c.external_id),
        error=bindparam("why"),
        not_before=bindparam("due"),
        attempt=deliveries.c.attempt - bindparam("unspent"),
        ever_unknown=or_(deliveries.c.ever_unknown, bindparam("doubt", type_=Boolean)),
        token=None,
        lease_until=None,
        updated_at=bindparam("now"),
    )
)


def record(db: Connection, outcomes: Iterable[Outcome], token: str, now: datetime) -> None:
    """Write what became of a page. Rows that a callback has moved on meanwhile, or that another worker holds, stay as they are."""
    rows = [
        {
            "row": outcome.id,
            "holder": token,
            "to": outcome.state,
            "external": outcome.external_id,
            "why": outcome.error,
            "due": outcome.not_before,
            "unspent": outcome.unspent,
            "doubt": outcome.doubt,
            "now": now,
        }
        for outcome in outcomes
    ]
    if rows:
        db.execute(_RECORD, rows)


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


_PHONE_OF = select(deliveries.c.phone_id).where(deliveries.c.id == bindparam("row"))


def phone_of(db: Connection, delivery_id: int) -> int | None:
    """The phone of a delivery, or None where there is no such delivery."""
    return db.execute(_PHONE_OF, {"row": delivery_id}).scalar()


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
        channels.c.provider,
        channels.c.address,
        phones.c.sealed,
        deliveries.c.medium,
        deliveries.c.sealed_body,
        deliveries.c.state,
        and_(broadcasts.c.on_ambiguous == "resend", broadcasts.c.state.in_(("sending", "paused"))).label("resend"),
        deliveries.c.updated_at,
        deliveries.c.language,
        broadcasts.c.texts,
    )
    .join(phones, phones.c.id == deliveries.c.phone_id)
    .join(channels, channels.c.id == deliveries.c.channel_id)
    .outerjoin(broadcasts, broadcasts.c.id == deliveries.c.broadcast_id)
    .where(deliveries.c.updated_at <= bindparam("before"), phones.c.sealed.is_not(None))  # None: her number was erased
    .order_by(deliveries.c.id)
    .limit(bindparam("count"))
)
_UNKNOWN = _DOUBT.where(UNSETTLED)
_SILENT_CALLS = _DOUBT.where(
    deliveries.c.broadcast_id.in_(select(broadcasts.c.id).where(broadcasts.c.medium != "sms")),
    deliveries.c.medium == "voice",
    deliveries.c.state.in_(("accepted", "sent")),
    deliveries.c.updated_at > bindparam("not_older"),
    deliveries.c.error.is_distinct_from(UNRESOLVED),
)


def unknown(db: Connection, seal: Seal, before: datetime, count: int) -> list[Doubt]:
    """Rows that may or may not have been sent, untouched since `before`."""
    return [_doubt(seal, row) for row in db.execute(_UNKNOWN, {"before": before, "count": count})]


def silent_calls(db: Connection, seal: Seal, before: datetime, count: int) -> list[Doubt]:
    """Calls of the last days that the provider took, and of which nothing was heard since `before`, though they must be over."""
    parameters = {"before": before, "not_older": before - timedelta(days=2), "count": count}
    return [_doubt(seal, row) for row in db.execute(_SILENT_CALLS, parameters)]


def _doubt(seal: Seal, row: Row[Any]) -> Doubt:
    return Doubt(
        id=row.id,
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
    """The provider knows nothing of it: by the broadcast's policy send it again, or hold it for a person."""
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
