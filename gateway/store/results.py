"""What came of a broadcast: its rows counted in one statement, and one by one for a file.

A person has a row for each try; the `latest` of them says what became of her, all of them together what it cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, and_, bindparam, case, exists, func, literal, or_, select

from gateway.store.heard import picked_up, reached
from gateway.store.models import Instant, broadcasts, deliveries, members, messages, phones, rsvps
from gateway.store.statistics import patience

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

AFTER_ALL = datetime.fromisoformat("9000-01-01T00:00:00+00:00")  # a row that is due later waits for something else, and not for an hour


class Group(NamedTuple):
    """Rows that are alike: how many, and of how many each of the following is true.

    `calls` a person picked up, and listened for `seconds` in all, in `half` of them to half of what is said at least, in `whole` to all;
    `sent` went out, `passed_on` of them since another channel had refused them; `price` is their paisa, `charged` millionths of
    `charged_in` for `priced` of them; `lately` moved since then; `last_due` is the latest hour for which one waits.
    """

    latest: bool
    round: int
    medium: str
    channel_id: str
    state: str
    error: str | None
    charged_in: str | None
    rows: int
    flagged: int
    reached: int
    answered: int
    calls: int
    seconds: int
    half: int
    whole: int
    sent: int
    passed_on: int
    price: int
    charged: int
    priced: int
    lately: int
    last_due: datetime | None


def _number(condition: ColumnElement[bool], value: ColumnElement[int] | int = 1) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, value), else_=0)), 0)


def went_out(row: FromClause) -> ColumnElement[bool]:
    """Whether something was sent that may cost something: what failed at the provider has an id there, what was refused has none.

    Nor has what she heard by ringing us back before this try (`told.answered`).
    """
    gone = row.c.state.in_(("accepted", "sent", "unknown", "undelivered", "read"))
    rang_back = and_(row.c.medium == "voice", row.c.answered_at.is_not(None), row.c.external_id.is_(None))
    at_provider = and_(row.c.state == "failed", row.c.external_id.is_not(None))
    return or_(gone, at_provider, and_(row.c.state == "delivered", ~rang_back))


_BY = tuple(deliveries.c[name] for name in ("latest", "round", "medium", "channel_id", "state", "error", "charged_in"))
_PICKED_UP = and_(deliveries.c.medium == "voice", picked_up(deliveries))


def tally(db: Connection, broadcast_id: str, long: Mapping[str, tuple[float, float]], since: datetime) -> list[Group]:
    """All rows of a broadcast in groups, some dozens at most. `long` says by language how many seconds of a call half and all of it are;
    without, `half` and `whole` are 0."""
    half, whole = (
        or_(*(and_(deliveries.c.language == language, deliveries.c.seconds >= parts[which]) for language, parts in sorted(long.items())))
        if long
        else literal(False)
        for which in (0, 1)
    )
    counted: Select[*tuple[Any, ...]] = (
        select(
            *_BY,
            func.count(),
            _number(deliveries.c.ever_unknown),
            _number(reached(deliveries)),
            _number(deliveries.c.answered_at.is_not(None)),
            _number(_PICKED_UP),
            _number(_PICKED_UP, deliveries.c.seconds),
            _number(and_(_PICKED_UP, half)),
            _number(and_(_PICKED_UP, whole)),
            _number(went_out(deliveries)),
            _number(and_(went_out(deliveries), deliveries.c.refused_by.is_not(None))),
            _number(went_out(deliveries), func.coalesce(deliveries.c.price, 0)),
            func.coalesce(func.sum(deliveries.c.charged), 0),
            func.count(deliveries.c.charged),
            _number(
                and_(deliveries.c.updated_at > bindparam("since", type_=Instant()), deliveries.c.state.not_in(("queued", "suppressed")))
            ),
            func.max(case((deliveries.c.not_before < bindparam("after_all", type_=Instant()), deliveries.c.not_before)), type_=Instant()),
        )
        .where(deliveries.c.broadcast_id == bindparam("broadcast"))
        .group_by(*_BY)
    )
    with patience(db):
        rows = db.execute(counted, {"broadcast": broadcast_id, "since": since, "after_all": AFTER_ALL}).all()
    return [Group._make((*row[: len(_BY)], *map(int, row[len(_BY) : -1]), row[-1])) for row in rows]


_REPLIES = select(func.count()).where(
    messages.c.delivery_id > 0,  # the few texts that answer something, whichever it is
    messages.c.direction == "in",
    exists(select(literal(1)).where(deliveries.c.id == messages.c.delivery_id, deliveries.c.broadcast_id == bindparam("broadcast"))),
)
_HERS = exists(
    select(literal(1)).where(
        deliveries.c.broadcast_id == bindparam("broadcast"), deliveries.c.member_id == rsvps.c.member_id, deliveries.c.latest
    )
)
_RSVPS = (
    select(rsvps.c.answer, func.count())
    .join(broadcasts, broadcasts.c.notice_id == rsvps.c.notice_id)
    .where(broadcasts.c.id == bindparam("broadcast"), _HERS)
    .group_by(rsvps.c.answer)
)


def replies(db: Connection, broadcast_id: str) -> int:
    """How many texts answered it."""
    return db.execute(_REPLIES, {"broadcast": broadcast_id}).scalar_one()


def answers(db: Connection, broadcast_id: str) -> dict[str, int]:
    """How those who were told answered to its notice, by answer."""
    return {answer: number for answer, number in db.execute(_RSVPS, {"broadcast": broadcast_id})}  # noqa: C416  # rows are no pairs to mypy


# --- one by one --------------------------------------------------------------------------------------------------------------------


class Recipient(NamedTuple):
    """What became of one person. `tries` are those that went out, `price` their paisa, `charged` millionths of `charged_in` for all;
    `channel_id` is over which her latest try went (None: it did not), `rsvp` her answer to the notice."""

    member_id: str
    number: str
    phone: str | None
    medium: str
    channel_id: str | None
    language: str
    state: str
    tries: int
    reached: bool
    flagged: bool
    answered_by: str | None
    seconds: int | None
    answered_at: datetime | None
    rsvp: str | None
    error: str | None
    price: int
    charged: int | None
    charged_in: str | None
    updated_at: datetime


_tried = deliveries.alias("tried")


def _of_all_tries(value: ColumnElement[int]) -> ColumnElement[int]:
    hers = and_(_tried.c.broadcast_id == deliveries.c.broadcast_id, _tried.c.member_id == deliveries.c.member_id)
    return select(value).where(hers).correlate(deliveries).scalar_subquery()


_RECIPIENTS = (
    select(
        deliveries.c.member_id,
        members.c.number,
        phones.c.sealed,
        deliveries.c.medium,
        case((went_out(deliveries), deliveries.c.channel_id)).label("channel_id"),
        *(deliveries.c[name] for name in ("language", "state")),
        (deliveries.c.round - case((went_out(deliveries), 0), else_=1)).label("tries"),
        reached(deliveries).label("reached"),
        _of_all_tries(func.max(case((_tried.c.ever_unknown, 1), else_=0))).label("flagged"),
        *(deliveries.c[name] for name in ("answered_by", "seconds", "answered_at")),
        rsvps.c.answer.label("rsvp"),
        deliveries.c.error,
        _of_all_tries(_number(went_out(_tried), func.coalesce(_tried.c.price, 0))).label("price"),
        _of_all_tries(func.sum(_tried.c.charged)).label("charged"),
        _of_all_tries(func.max(_tried.c.charged_in)).label("charged_in"),
        deliveries.c.updated_at,
    )
    .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast_id)
    .join(members, members.c.id == deliveries.c.member_id)
    .join(phones, phones.c.id == deliveries.c.phone_id)
    .outerjoin(rsvps, and_(rsvps.c.notice_id == broadcasts.c.notice_id, rsvps.c.member_id == deliveries.c.member_id))
    .where(deliveries.c.broadcast_id == bindparam("broadcast"), deliveries.c.member_id > bindparam("after"), deliveries.c.latest)
    .order_by(deliveries.c.member_id)
    .limit(bindparam("count"))
)


def recipients(db: Connection, seal: Seal | None, broadcast_id: str, after: str, count: int) -> list[Recipient]:
    """The next recipients by member id, those behind `after` ("": from the first); without `seal`, without their phones."""
    rows = db.execute(_RECIPIENTS, {"broadcast": broadcast_id, "after": after, "count": count})
    return [_recipient(seal, row) for row in rows]


def _recipient(seal: Seal | None, row: Row[*tuple[Any, ...]]) -> Recipient:
    phone = seal.open(row.sealed) if seal and row.sealed else None
    charged = None if row.charged is None else int(row.charged)
    return Recipient(*row)._replace(
        phone=phone, flagged=bool(row.flagged), reached=bool(row.reached), price=int(row.price), charged=charged
    )
