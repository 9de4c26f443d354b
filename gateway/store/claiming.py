"""A worker's hold on deliveries: it claims a page and commits, looks at the fence before each request, and records what became of them.

The state machine stands in `gateway.store.deliveries`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
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
    update,
)

from gateway.core import consent
from gateway.core.calendar import midnight
from gateway.core.events import Medium
from gateway.store.deliveries import BY_THIS_HOUR, CONFIRMS_STOP, IS_REPLY, MAY_BE_TOLD, hers
from gateway.store.heard import SHARED
from gateway.store.models import broadcasts, call_backs, deliveries, members, phones
from gateway.store.questions import answered


@dataclass(frozen=True, slots=True)
class Claim:
    """Who claims: `token` of the worker, `now`, and until when the rows are hers."""

    token: str
    now: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Stream:
    """What of a broadcast goes by one medium; without a broadcast, what is owed to single persons.

    Where another broadcast has told a phone, `gap` must have passed since, and before a call some minutes.

    `earlier` are broadcasts that were written before this one and are being sent as well: they go first to who gets both.
    """

    broadcast_id: str | None
    medium: Medium
    gap: timedelta = timedelta(0)
    earlier: Sequence[str] = ()


REPLIES = Stream(None, "sms")
CALLS_BACK = Stream(None, "voice")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that a worker owns. `sealed` is the phone; `stopped` says that STOP came from it; a reply has a `sealed_body`.

    `round` 0 is the text that comes before a call. `refused_by` are the channels that definitely refused it, with spaces in between;
    `purpose` is one of `gateway.channels.Purpose`.
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
    refused_by: str | None = None
    purpose: str = "broadcast"


# Over which channel a row goes, or until when it waits for one; None: it stays where it is, since its turn comes soon.
Chosen = str | datetime | None

_FACTS = len(fields(Claimed))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed row. `unspent` 1 gives the attempt back: nothing was tried; `doubt`: it may have been sent;
    `refused`: this channel will never take it, and another of its route may.
    """

    id: int
    state: str
    error: str | None = None
    external_id: str | None = None
    not_before: datetime | None = None
    unspent: int = 0
    doubt: bool = False
    refused: bool = False


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


def _looks(purpose: ColumnElement[str], earlier: ColumnElement[bool], *conditions: ColumnElement[bool]) -> tuple[Select[Any], Select[Any]]:
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
            deliveries.c.refused_by,
            purpose.label("purpose"),
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


_OF_NO_BROADCAST = case((deliveries.c.call_back_id.is_not(None), "call_back"), (deliveries.c.by_day, "notice"), else_="reply")
_LOOKS = {
    "first": _looks(literal("broadcast"), false(), _OF_BROADCAST, _BEING_SENT),
    "later": _looks(literal("broadcast"), _EARLIER, _OF_BROADCAST, _BEING_SENT),
    "reply": _looks(_OF_NO_BROADCAST, false(), IS_REPLY, BY_THIS_HOUR),
}

_TAKE = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("rows", expanding=True)))
    .values(
        state="sending",
        token=bindparam("holder"),
        lease_until=bindparam("until"),
        attempt=deliveries.c.attempt + 1,
        channel_id=bindparam("over"),
        counted_on=bindparam("on"),
        updated_at=bindparam("now"),
    )
)
_TELL = (
    update(phones)
    .where(phones.c.id.in_(bindparam("phones", expanding=True)))
    .values(told_at=bindparam("now"), told_by=bindparam("broadcast"))
)
_PRICE = update(deliveries).where(deliveries.c.id == bindparam("row")).values(price=bindparam("paisa"))
_PUT_OFF = update(deliveries).where(deliveries.c.id == bindparam("row")).values(not_before=bindparam("due"))


@dataclass(frozen=True, slots=True)
class Choice:
    """Over which channel each row goes, and which channels are `limited` to so many texts a day, so that those over them are counted."""

    of: Callable[[Claimed], Chosen] = attrgetter("channel_id")
    limited: Container[str] = ()


AS_WRITTEN = Choice()


def claim_page(db: Connection, stream: Stream, count: int, claim: Claim, choice: Choice = AS_WRITTEN) -> list[Claimed]:
    """Take at most `count` due rows of a broadcast that is being sent, or of no broadcast. Commit before the first request.

    Each goes over the channel that `choice` names, and one for which it names an instant is put off until then. The phones of a broadcast's
    rows are told from now on. A row whose phone another broadcast has told less than the gap ago is put off until that is over, and one
    that an earlier broadcast is about to tell for a whole gap; so none of them is looked at again and again.
    """
    asked: dict[str, object] = {"now": claim.now, "by": stream.medium}
    if stream.broadcast_id is None:
        kind = "reply"
        asked |= {"daylight": not consent.quiet(claim.now)}
    else:
        kind = "later" if stream.earlier else "first"
        asked |= {"broadcast": stream.broadcast_id}
        asked |= {"earlier": list(stream.earlier)} if stream.earlier else {}
    taken: dict[int, Claimed] = {}
    met: set[int] = set()
    for most in LOOKS:
        seen = _look(db, kind, asked | {"count": max(count, most)})
        held = {row.id: due for row in seen if stream.broadcast_id and (due := _held_until(row, stream, claim.now))}
        free = [Claimed(*each[:_FACTS]) for each in seen if each.id not in held and each.id not in met]
        met.update(row.id for row in free)
        passed_over = _choose(free, count, choice, taken, held)
        if held:
            db.execute(_PUT_OFF, [{"row": row, "due": due} for row, due in held.items()])
        # Behind those of a slow channel there may be some for a fast one: one more look, which sees further, finds them.
        if not seen or (taken and (most > LOOKS[0] or not passed_over)):
            break
    _take(db, taken.values(), claim, choice)
    if taken and stream.broadcast_id is not None:
        db.execute(_TELL, {"phones": [row.phone_id for row in taken.values()], "now": claim.now, "broadcast": stream.broadcast_id})
    return sorted(taken.values(), key=attrgetter("id"))


def _choose(rows: Iterable[Claimed], count: int, choice: Choice, taken: dict[int, Claimed], held: dict[int, datetime]) -> bool:
    """Fill `taken` up to `count`, and `held` with what is put off; whether some have to wait and there is room yet."""
    passed_over = False
    for row in rows:
        if len(taken) == count:
            return False
        chosen = choice.of(row)
        if isinstance(chosen, str):
            taken[row.id] = row if chosen == row.channel_id else replace(row, channel_id=chosen)
            continue
        passed_over = True
        if chosen is not None:
            held[row.id] = chosen
    return passed_over and len(taken) < count


_BEGIN = insert(deliveries).returning(deliveries.c.id)


def begin(db: Connection, row: Claimed, claim: Claim, limited: Container[str]) -> int:
    """Write a row that belongs to no broadcast and that its writer sends herself, at once; its id."""
    values = {name: getattr(row, name) for name in ("phone_id", "medium", "language", "sealed_body", "channel_id", "attempt")}
    held = {"state": "sending", "token": claim.token, "lease_until": claim.lease_until, "updated_at": claim.now}
    counted = _day(claim) if row.medium == "sms" and row.channel_id in limited else None
    return int(db.execute(_BEGIN, values | held | {"counted_on": counted}).scalar_one())


def price(db: Connection, these: Mapping[int, Collection[int]]) -> None:
    """Write what rows cost that their claimer holds: by paisa, their ids."""
    if these:
        db.execute(_PRICE, [{"row": row, "paisa": paisa} for paisa, rows in these.items() for row in rows])


def _day(claim: Claim) -> str:
    return midnight(claim.now).date().isoformat()


def _take(db: Connection, rows: Collection[Claimed], claim: Claim, choice: Choice) -> None:
    for channel in sorted({row.channel_id for row in rows}):
        these = [row.id for row in rows if row.channel_id == channel]
        on = _day(claim) if channel in choice.limited else None
        db.execute(_TAKE, {"rows": these, "over": channel, "on": on, "holder": claim.token, "until": claim.lease_until, "now": claim.now})


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
# She was given up, or called back otherwise, while this try lay in a queue.
_ENDED = (
    exists(select(literal(1)).where(call_backs.c.id == deliveries.c.call_back_id, call_backs.c.ended_at.is_not(None))),
    "send:over",
)
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
    False: _fence(case((and_(_STOPPED[0], deliveries.c.round != CONFIRMS_STOP), _STOPPED[1]), _ENDED), IS_REPLY),
}


def fence(db: Connection, broadcast_id: str | None, rows: Sequence[Claimed], claim: Claim) -> dict[int, str | None]:
    """Of these rows, in order of id, those that are ours to send at this moment, each with the error for which it must not go out (None:
    it may). Its phone has stopped us; or a call back is over; or of a broadcast: it is the member's no more, or she has left or agrees
    no more.

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
        refused_by=case(
            (bindparam("refused", type_=Boolean), func.coalesce(deliveries.c.refused_by + " ", "") + deliveries.c.channel_id),
            else_=deliveries.c.refused_by,
        ),
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
            "refused": outcome.refused,
            "now": now,
        }
        for outcome in outcomes
    ]
    if rows:
        db.execute(_RECORD, rows)
