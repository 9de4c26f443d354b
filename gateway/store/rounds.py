"""One try after another: what follows a call or text of a broadcast that did not reach somebody.

What became of a try stays as it is. What comes next is a row of its own, written in the transaction in which the old one is `settled` and
is the `latest` no more: so whoever dies in between leaves both undone, and of two that come at once the second finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from gateway.core.events import Medium
from gateway.core.phone import LINE
from gateway.core.statuses import DELIVERY
from gateway.store.broadcasts import reopen
from gateway.store.deliveries import MAY_BE_TOLD, MISSED, hers
from gateway.store.models import UNANNOUNCED, Instant, broadcasts, deliveries, members, phones
from gateway.store.questions import answered

AFTER_HEADS_UP = timedelta(minutes=10)  # from the text to the call, while it is remembered
LEFT = tuple(state for state in DELIVERY if state not in {"queued", "sending"})
UNTIL_TOLD = datetime.fromisoformat("9999-01-01T00:00:00+00:00")  # `not_before` of a call that waits for its text to leave


@dataclass(frozen=True, slots=True)
class Missed:
    """A try that did not reach her. `reachable`: she is a member who agreed, has this phone and has not stopped it. `calls` are when the
    calls to her rang, this one included, in order; `texted` says whether a text went to her."""

    id: int
    member_id: str
    phone_id: int
    channel_id: str
    round: int
    medium: Medium
    language: str
    state: str
    error: str | None
    price: int | None
    romanised: bool
    best_hour: int | None
    reachable: bool
    operator: str
    calls: tuple[datetime, ...]
    busy: int  # calls at the end of `calls` that found her phone busy, one after another
    texted: bool

    @property
    def takes_texts(self) -> bool:
        return self.operator != LINE


@dataclass(frozen=True, slots=True)
class NextTry:
    """What follows `after`. `price` is paisa, as planned."""

    after: Missed
    medium: Medium
    language: str
    not_before: datetime
    price: int | None


# --- what waits for a decision -----------------------------------------------------------------------------------------------------

_DECIDED_WHILE = broadcasts.c.state.in_(("sending", "finished"))  # while it is paused, it waits
_WITH_MISSED = select(broadcasts.c.id).where(
    _DECIDED_WHILE, broadcasts.c.id.in_(select(deliveries.c.broadcast_id).where(deliveries.c.broadcast_id.is_not(None), MISSED).distinct())
)
_IDS = (
    select(deliveries.c.id)
    .where(deliveries.c.broadcast_id == bindparam("broadcast"), MISSED)
    .order_by(deliveries.c.id)
    .limit(bindparam("count"))
)
_BROADCAST_OF = (
    select(broadcasts.c.id)
    .where(
        _DECIDED_WHILE, broadcasts.c.id.in_(select(deliveries.c.broadcast_id).where(deliveries.c.id == bindparam("delivery"), MISSED))
    )
)  # fmt: skip

_REACHABLE = and_(MAY_BE_TOLD, phones.c.stopped_at.is_(None), phones.c.sealed.is_not(None), hers(deliveries))
_OPERATOR = func.coalesce(phones.c.operator, "")
_RANG_AT = func.coalesce(deliveries.c.rang_at, deliveries.c.updated_at)
_MISSED = (
    select(
        *(deliveries.c[name] for name in Missed.__annotations__ if name in deliveries.c),
        (members.c.script == "romanised").label("romanised"),
        members.c.best_hour,
        _REACHABLE.label("reachable"),
        _OPERATOR.label("operator"),
    )
    .join(members, members.c.id == deliveries.c.member_id)
    .join(phones, phones.c.id == deliveries.c.phone_id)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(deliveries.c.id)
)
_TRIES = (
    select(deliveries.c.member_id, deliveries.c.medium, deliveries.c.error, _RANG_AT)
    .where(
        deliveries.c.broadcast_id == bindparam("broadcast"),
        deliveries.c.member_id.in_(bindparam("members", expanding=True)),
        deliveries.c.round > 0,
    )
    .order_by(deliveries.c.member_id, deliveries.c.round)
)


def with_missed(db: Connection) -> list[str]:
    """Broadcasts in which it is to be decided what comes after a try."""
    return list(db.execute(_WITH_MISSED).scalars())


def of_missed(db: Connection, delivery_id: int) -> str | None:
    """The broadcast of this try, if what comes after it is to be decided."""
    return db.execute(_BROADCAST_OF, {"delivery": delivery_id}).scalar()


def missed_ids(db: Connection, broadcast_id: str, count: int) -> list[int]:
    """The first tries of a broadcast after which something is to be decided."""
    return list(db.execute(_IDS, {"broadcast": broadcast_id, "count": count}).scalars())


def missed(db: Connection, broadcast_id: str, ids: Collection[int]) -> list[Missed]:
    """These tries, each with what was tried before for the same person."""
    rows = db.execute(_MISSED, {"ids": list(ids)}).all()
    tried: dict[str, list[tuple[str, str | None, datetime]]] = {}
    for member_id, medium, error, at in db.execute(_TRIES, {"broadcast": broadcast_id, "members": [row.member_id for row in rows]}):
        tried.setdefault(member_id, []).append((medium, error, at))
    return [_missed(row, tried[row.member_id]) for row in rows]


def _missed(row: Row[*tuple[Any, ...]], tried: Sequence[tuple[str, str | None, datetime]]) -> Missed:
    calls = [(error, at) for medium, error, at in tried if medium == "voice"]
    busy = next((number for number, (error, _) in enumerate(reversed(calls)) if error != "busy"), len(calls))
    texted = any(medium == "sms" for medium, *_ in tried)
    return Missed(**row._mapping, calls=tuple(at for _, at in calls), busy=busy, texted=texted)  # noqa: SLF001  # SQLAlchemy's public name


# --- what comes next ---------------------------------------------------------------------------------------------------------------

_STILL = (
    select(deliveries.c.id)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)), MISSED)
    .order_by(deliveries.c.id)
    .with_for_update(skip_locked=True)  # whoever else holds them decides the same
)
_SETTLE = update(deliveries).where(deliveries.c.id.in_(bindparam("ids", expanding=True))).values(settled=True)
_SUPERSEDE = _SETTLE.values(latest=False)
_INSERT = insert(deliveries)


def write(db: Connection, broadcast_id: str, decided: Mapping[int, NextTry | None], now: datetime) -> int:
    """Settle these tries, and write the rows of those after which something comes; the broadcast goes on, if it was finished.

    Those that were decided upon meanwhile stay as they are. Returns how many rows were written.
    """
    still = db.execute(_STILL, {"ids": list(decided)}).scalars().all()
    following = [following for row in still if (following := decided[row]) is not None]
    over = [row for row in still if decided[row] is None]
    if over:
        db.execute(_SETTLE, {"ids": over})
    if following:
        db.execute(_SUPERSEDE, {"ids": [each.after.id for each in following]})
        db.execute(_INSERT, [_row(broadcast_id, each, now) for each in following])
        reopen(db, broadcast_id)
    return len(following)


def _row(broadcast_id: str, following: NextTry, now: datetime) -> dict[str, object]:
    after = following.after
    return {
        "broadcast_id": broadcast_id,
        "channel_id": after.channel_id,
        "member_id": after.member_id,
        "phone_id": after.phone_id,
        "round": after.round + 1,
        "medium": following.medium,
        "language": following.language,
        "state": "queued",
        "not_before": following.not_before,
        "price": following.price,
        "updated_at": now,
    }


def _of_broadcasts(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return deliveries.c.broadcast_id.in_(select(broadcasts.c.id).where(*conditions))


def _page(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(deliveries.c.id).where(*conditions).limit(bindparam("count"))


_OF_CANCELLED = _page(MISSED, _of_broadcasts(broadcasts.c.state == "cancelled"))
_PAST = and_(broadcasts.c.expires_at <= bindparam("now", type_=Instant()), broadcasts.c.state.in_(("approved", "sending", "paused")))
_EXPIRED = _page(deliveries.c.state == "queued", _of_broadcasts(_PAST))
# What another process changes meanwhile must still fit. A statement of its own, so that no planner looks at each row for each of a page.
_EXPIRE = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)), deliveries.c.state == "queued")
    .values(state="suppressed", error="broadcast:expired", updated_at=bindparam("now"))
)


def settle_cancelled(db: Connection, count: int) -> int:
    """Nothing follows in a broadcast that was cancelled. Returns how many were settled, at most `count`."""
    ids = db.execute(_OF_CANCELLED, {"count": count}).scalars().all()
    return db.execute(_SETTLE, {"ids": ids}).rowcount if ids else 0


def expire(db: Connection, now: datetime, count: int) -> int:
    """Do not send any more what is pointless by now. Returns how many, at most `count`."""
    ids = db.execute(_EXPIRED, {"now": now, "count": count}).scalars().all()
    return db.execute(_EXPIRE, {"ids": ids, "now": now}).rowcount if ids else 0


# --- the text before the call ------------------------------------------------------------------------------------------------------

_FIRST_CALLS = and_(
    deliveries.c.broadcast_id == bindparam("broadcast"),
    deliveries.c.member_id > bindparam("after"),
    deliveries.c.round == 1,
    deliveries.c.medium == "voice",
    deliveries.c.state == "queued",
)
_announced = deliveries.alias("announced")
_ANNOUNCED = select(_announced.c.id).where(
    _announced.c.broadcast_id == deliveries.c.broadcast_id, _announced.c.member_id == deliveries.c.member_id, _announced.c.round == 0
)
_HOLD = update(deliveries).where(_FIRST_CALLS, answered(_ANNOUNCED.correlate(deliveries))).values(not_before=UNTIL_TOLD)


class HeadsUp(NamedTuple):
    """The text before a call: its words, sealed, and what it costs in paisa."""

    sealed_body: bytes
    price: int


def announce(db: Connection, broadcast_id: str, after: str, written: Mapping[str, HeadsUp], now: datetime) -> None:
    """Write a text before each call to the members behind `after`, in the transaction in which those calls were written. The text goes
    when the call would have; the call waits until it has left.

    `written` is the text in each language that it has, in its Latin form under `ne_latn`.
    """
    latin = {language.partition("_")[0]: language for language in written if language.endswith("_latn")}
    ways = [((members.c.script == "romanised") & (deliveries.c.language == spoken), literal(key)) for spoken, key in latin.items()]
    language = case(*ways, else_=deliveries.c.language) if ways else deliveries.c.language
    values = {
        **{name: deliveries.c[name] for name in ("broadcast_id", "channel_id", "member_id", "phone_id", "not_before")},
        "round": literal(0),
        "latest": literal(False),
        "medium": literal("sms", Text()),
        "language": language,
        "state": literal("queued", Text()),
        "sealed_body": case({each: literal(text.sealed_body) for each, text in written.items()}, value=language),
        "price": case({each: text.price for each, text in written.items()}, value=language),
        "updated_at": bindparam("now", type_=Instant()),
    }
    texts = (
        select(*values.values())
        .join(members, members.c.id == deliveries.c.member_id)
        .join(phones, phones.c.id == deliveries.c.phone_id)
        .where(_FIRST_CALLS, _OPERATOR != LINE, language.in_(written))
        .order_by(deliveries.c.id)
    )
    of = {"broadcast": broadcast_id, "after": after}
    db.execute(insert(deliveries).from_select(list(values), texts), of | {"now": now})
    db.execute(_HOLD, of)


_TOLD = (
    select(deliveries.c.id, deliveries.c.broadcast_id, deliveries.c.member_id)
    .where(
        text(UNANNOUNCED),
        deliveries.c.broadcast_id.in_(select(broadcasts.c.id).where(broadcasts.c.heads_up, broadcasts.c.state != "paused")),
        deliveries.c.state.in_(LEFT),
    )
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
_RELEASE = (
    update(deliveries)
    .where(
        deliveries.c.broadcast_id == bindparam("of_broadcast"),
        deliveries.c.member_id == bindparam("of_member"),
        deliveries.c.round == 1,
        deliveries.c.not_before == UNTIL_TOLD,
    )
    .values(not_before=bindparam("due", type_=Instant()))
)


def release(db: Connection, now: datetime, count: int) -> int:
    """Let the calls go whose text has left, or will not leave any more. Returns how many, at most `count`."""
    told = db.execute(_TOLD, {"count": count}).all()
    if told:
        due = now + AFTER_HEADS_UP
        db.execute(_RELEASE, [{"of_broadcast": row.broadcast_id, "of_member": row.member_id, "due": due} for row in told])
        db.execute(_SETTLE, {"ids": [row.id for row in told]})
    return len(told)
