"""What happened with a member, the newest first: one query by key for each kind of row, each only as long as the page.

A phone that others have as well is not hers alone: a call from it is hers where she said who she is, a text never.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, literal, null, or_, select

from gateway.store.concerning import HER, HER_CHANNELS, OWN_PHONES, PHONES, from_her_phones
from gateway.store.database import Connection
from gateway.store.heard import reached
from gateway.store.members import IS_HERE
from gateway.store.models import (
    audit,
    broadcasts,
    calls,
    claim_events,
    claims,
    contribution_decisions,
    contributions,
    deliveries,
    flow_sessions,
    member_phones,
    members,
    messages,
    phones,
    tasks,
)
from gateway.store.scope import Scope, sees

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


class Happening(NamedTuple):
    """Something that happened with her. `key` tells it from others of its source at the same instant.

    `what` is the state, direction or action; `by` who did it; `amount` paisa; `about` the id of the record to look at (of a call, of its
    conversation); `title` its number or name; `detail` seconds of a call, JSON of a change.
    """

    source: str
    at: datetime
    key: str | int
    what: str
    by: str | None
    amount: int | None
    about: str | None
    title: str | None
    detail: str | int | None


class Mark(NamedTuple):
    """A happening behind which a page begins."""

    at: datetime
    source: str
    key: str | int


@dataclass(frozen=True, slots=True)
class _Source:
    """Rows of one kind: the columns of a `Happening` without its source, of which the first two give their order."""

    at: ColumnElement[datetime]
    key: ColumnElement[Any]
    query: Select[Any]


def _source(query: Select[Any]) -> _Source:
    at, key, *_ = query.selected_columns
    return _Source(at, key, query)


_of_call = (flow_sessions.c.provider == calls.c.provider, flow_sessions.c.external_id == calls.c.external_id)
_session_member = select(flow_sessions.c.member_id).where(*_of_call)
_session = select(flow_sessions.c.id).where(*_of_call)
_all_her_phones = select(member_phones.c.phone_id).where(member_phones.c.member_id == HER)

# In the order in which they stand where they happened at the same instant.
SOURCES: Mapping[str, _Source] = {
    "change": _source(
        select(audit.c.at, audit.c.id, audit.c.action, audit.c.actor, null(), null(), null(), audit.c.detail).where(
            audit.c.subject == literal("member:") + HER, audit.c.action.not_like("see\\_%", escape="\\")
        )
    ),
    "decision": _source(
        select(
            *(contribution_decisions.c[name] for name in ("at", "id", "state", "by")),
            contributions.c.amount,
            contributions.c.id,
            contributions.c.reference,
            contributions.c.month,
        )
        .join(contributions, contributions.c.id == contribution_decisions.c.contribution_id)
        .where(contributions.c.member_id == HER)
    ),
    "contribution": _source(
        select(
            contributions.c.noted_at,
            contributions.c.id,
            func.coalesce(contributions.c.reverses, ""),
            contributions.c.noted_by,
            contributions.c.amount,
            contributions.c.id,
            contributions.c.reference,
            contributions.c.month,
        ).where(contributions.c.member_id == HER)
    ),
    "claim": _source(
        select(*(claim_events.c[name] for name in ("at", "id", "state", "by", "amount")), claims.c.id, claims.c.number, claims.c.kind)
        .join(claims, claims.c.id == claim_events.c.claim_id)
        .where(claims.c.member_id == HER)
    ),
    "broadcast": _source(
        select(
            deliveries.c.updated_at,
            deliveries.c.id,
            deliveries.c.state,
            null(),
            reached(deliveries),
            broadcasts.c.id,
            broadcasts.c.title,
            deliveries.c.medium,
        )
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast_id)
        .where(deliveries.c.phone_id.in_(_all_her_phones), deliveries.c.member_id == HER, deliveries.c.latest, deliveries.c.round > 0)
    ),
    "text": _source(
        select(messages.c.at, messages.c.id, messages.c.direction, null(), null(), null(), null(), null()).where(from_her_phones(messages))
    ),
    "call": _source(
        select(
            *(calls.c[name] for name in ("started_at", "id", "direction")),
            null(),
            null(),
            _session.scalar_subquery(),
            calls.c.status,
            calls.c.seconds,
        ).where(
            calls.c.phone_id.in_(PHONES),
            calls.c.channel_id.in_(HER_CHANNELS),
            or_(
                _session_member.scalar_subquery() == HER,
                and_(calls.c.phone_id.in_(OWN_PHONES), _session_member.scalar_subquery().is_(None)),
            ),
        )
    ),
}
ORDER = {name: place for place, name in enumerate(SOURCES)}


def page(db: Connection, member_id: str, wanted: Collection[str], before: Mark | None, limit: int) -> list[Happening]:
    """So many happenings of these sources behind a mark, the newest first: a statement for each source."""
    found: list[Happening] = []
    for name in SOURCES:
        if name in wanted:
            source = SOURCES[name]
            query = source.query.where(*_behind(name, source, before)).order_by(source.at.desc(), source.key.desc()).limit(limit)
            found += [Happening(name, *row) for row in db.execute(query, {"her": member_id})]
    in_turn = sorted(found, key=lambda each: (each.at, -ORDER[each.source]), reverse=True)  # stable: each source is in order already
    return in_turn[:limit]


def _behind(name: str, source: _Source, mark: Mark | None) -> list[ColumnElement[bool]]:
    if mark is None:
        return []
    if ORDER[name] < ORDER[mark.source]:
        return [source.at < mark.at]
    if ORDER[name] > ORDER[mark.source]:
        return [source.at <= mark.at]
    return [or_(source.at < mark.at, and_(source.at == mark.at, source.key < mark.key))]


class Phone(NamedTuple):
    """A phone of hers: since when STOP holds on it, since when somebody else is said to have it, whether others of us share it."""

    number: str
    stopped_at: datetime | None
    stale_at: datetime | None
    shared: bool


_other = member_phones.alias("other")
_SHARED = (
    select(_other.c.member_id)
    .join(members, members.c.id == _other.c.member_id)
    .where(_other.c.phone_id == member_phones.c.phone_id, _other.c.member_id != HER, _other.c.stale_at.is_(None), IS_HERE)
    .correlate(member_phones)
    .exists()
)
_HER_PHONES = (
    select(phones.c.sealed, phones.c.stopped_at, member_phones.c.stale_at, _SHARED)
    .join(phones, phones.c.id == member_phones.c.phone_id)
    .where(member_phones.c.member_id == HER, phones.c.sealed.is_not(None))
    .order_by(member_phones.c.stale_at.is_not(None), member_phones.c.phone_id)
)


def phones_of(db: Connection, seal: Seal, member_id: str) -> list[Phone]:
    """All her phones, those that are hers no more at the end."""
    return [Phone(seal.open(row[0]), row[1], row[2], bool(row[3])) for row in db.execute(_HER_PHONES, {"her": member_id})]


class OpenTask(NamedTuple):
    """A task about her that nobody has done yet."""

    id: str
    kind: str
    created_at: datetime


def tasks_of(db: Connection, scope: Scope, member_id: str) -> list[OpenTask]:
    """The open tasks about her, the oldest first."""
    query = select(tasks.c.id, tasks.c.kind, tasks.c.created_at).where(
        sees(scope, tasks), tasks.c.state == "open", tasks.c.member_id == member_id
    )
    return [OpenTask(*row) for row in db.execute(query.order_by(tasks.c.created_at))]
