"""Who hears of a broadcast, who does not and why, and the writing of its deliveries.

One delivery for each member and for each phone: of a member's phones the first that has not stopped us, and of the members who share
that phone the first by id. Everything goes in batches by member id, so that no statement holds the database for long; `expanded_to`
moves in the same transaction as the rows, so a crash loses no member and doubles none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Integer,
    Select,
    Subquery,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from gateway.core.audience import Audience
from gateway.store.broadcasts import Broadcast
from gateway.store.models import broadcasts, deliveries, member_phones, members, phones


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a broadcast is for: an organisation, whom of its members, and the languages it has."""

    organisation_id: str
    audience: Audience
    languages: Sequence[str]

    def parameters(self) -> dict[str, str]:
        return {"organisation": self.organisation_id}


@dataclass(frozen=True, slots=True)
class Counted:
    """`reached` counts members by language; `left_out` by reason: stopped, no-phone, no-consent, no-text, shared-phone."""

    reached: Mapping[str, int]
    left_out: Mapping[str, int]


_NEXT: Select[str] = (
    select(members.c.id)
    .where(members.c.organisation_id == bindparam("organisation"), members.c.id > bindparam("after"))
    .order_by(members.c.id)
    .limit(bindparam("count"))
)
_LAST_OF_NEXT = select(func.max(_NEXT.subquery().c.id))


def _last_of_next(db: Connection, organisation_id: str, after: str, count: int) -> str | None:
    return db.execute(_LAST_OF_NEXT, {"organisation": organisation_id, "after": after, "count": count}).scalar()


def _ranges(db: Connection, organisation_id: str, count: int) -> Iterator[tuple[str, str]]:
    after = ""
    while (last := _last_of_next(db, organisation_id, after, count)) is not None:
        yield after, last
        after = last


# --- the questions -----------------------------------------------------------------------------------------------------------------


def _chosen_phone(member: FromClause) -> ColumnElement[int]:
    link, phone = member_phones.alias(), phones.alias()
    return (
        select(func.min(link.c.phone_id))
        .join(phone, phone.c.id == link.c.phone_id)
        .where(link.c.member_id == member.c.id, link.c.stale_at.is_(None), phone.c.stopped_at.is_(None))
        .correlate(member)
        .scalar_subquery()
    )


def _belongs(member: FromClause, target: Target) -> list[ColumnElement[bool]]:
    filters = [member.c.trade.in_(target.audience.trades)] if target.audience.trades else []
    filters += [member.c.language.in_(target.audience.languages)] if target.audience.languages else []
    return [member.c.organisation_id == bindparam("organisation"), member.c.state == "active", *filters]


def _may_hear(member: FromClause, target: Target) -> list[ColumnElement[bool]]:
    return [*_belongs(member, target), member.c.consented_at.is_not(None), _written(member, target).in_(target.languages)]


def _written(member: FromClause, target: Target) -> ColumnElement[str]:
    """Under which key of the texts a member finds hers: her language, or its romanised form where she chose it and there is one."""
    romanised = {code.partition("_")[0]: code for code in target.languages if code.endswith("_latn")}
    ways = [((member.c.script == "romanised") & (member.c.language == language), literal(code)) for language, code in romanised.items()]
    return case(*ways, else_=member.c.language) if ways else member.c.language


def _picked(member: FromClause, target: Target, conditions: list[ColumnElement[bool]]) -> Subquery:
    in_range = (member.c.id > bindparam("after"), member.c.id <= bindparam("last"))
    return (
        select(member.c.id, _written(member, target).label("language"), member.c.consented_at, _chosen_phone(member).label("phone_id"))
        .where(*in_range, *conditions)
        .subquery("picked")
    )


def _served_by_another(picked: Subquery, target: Target) -> ColumnElement[bool]:
    # Two questions inside each other and not a join: a planner that knows nothing of the tables would begin a join with all members.
    link, other = member_phones.alias(), members.alias("other")
    hears_it_there = exists(
        select(literal(1)).where(other.c.id == link.c.member_id, *_may_hear(other, target), _chosen_phone(other) == link.c.phone_id)
    )
    return exists(
        select(literal(1)).where(link.c.phone_id == picked.c.phone_id, link.c.member_id < picked.c.id, hears_it_there).correlate(picked)
    )


def count(db: Connection, target: Target, members_at_once: int) -> Counted:
    """Who would get a broadcast, and who not and why."""
    member = members.alias("picking")
    picked = _picked(member, target, _belongs(member, target))
    why = case(
        (picked.c.consented_at.is_(None), "no-consent"),
        (~exists(select(literal(1)).where(member_phones.c.member_id == picked.c.id, member_phones.c.stale_at.is_(None))), "no-phone"),
        (picked.c.phone_id.is_(None), "stopped"),
        (picked.c.language.not_in(target.languages), "no-text"),
        (_served_by_another(picked, target), "shared-phone"),
        else_=literal("reached"),
    )
    reasons = select(picked.c.language, why.label("why")).subquery()
    grouped = select(reasons.c.language, reasons.c.why, func.count()).group_by(reasons.c.language, reasons.c.why)
    reached: dict[str, int] = {}
    left_out: dict[str, int] = {}
    for after, last in _ranges(db, target.organisation_id, members_at_once):
        for language, reason, number in db.execute(grouped, target.parameters() | {"after": after, "last": last}):
            counted, key = (reached, language) if reason == "reached" else (left_out, reason)
            counted[key] = counted.get(key, 0) + number
    return Counted(reached, left_out)


# --- the deliveries ----------------------------------------------------------------------------------------------------------------


class Expansion:
    """Writes the deliveries of one broadcast. `prices` is the price of one delivery in each language that it has, in paisa."""

    def __init__(self, broadcast: Broadcast, prices: Mapping[str, int]) -> None:
        self._broadcast = broadcast
        self._target = Target(broadcast.organisation_id, broadcast.audience, sorted(prices))
        self._insert = _insert_range(broadcast, self._target, prices)

    def write_batch(self, db: Connection, members_at_once: int, now: datetime) -> bool:
        """Write the deliveries of the next members; False when there are no more, when another process writes them, or when it stopped."""
        so_far = db.execute(_PROGRESS, {"broadcast": self._broadcast.id}).scalar()
        last = _last_of_next(db, self._target.organisation_id, so_far or "", members_at_once)
        reached = {"broadcast": self._broadcast.id, "was": so_far, "last": last or so_far, "done": last is None}
        if db.execute(_REACH, reached).rowcount == 0 or last is None:
            return False
        db.execute(self._insert, self._target.parameters() | {"after": so_far or "", "last": last, "now": now})
        return True


_PROGRESS = select(broadcasts.c.expanded_to).where(broadcasts.c.id == bindparam("broadcast"))

_REACH = (
    update(broadcasts)
    .where(
        broadcasts.c.id == bindparam("broadcast"),
        broadcasts.c.expanded_to.is_not_distinct_from(bindparam("was", type_=broadcasts.c.expanded_to.type)),
        ~broadcasts.c.expanded,
        broadcasts.c.state.in_(("approved", "sending")),
    )
    .values(expanded_to=bindparam("last"), expanded=bindparam("done"))
)


def _insert_range(broadcast: Broadcast, target: Target, prices: Mapping[str, int]) -> Insert:
    member = members.alias("picking")
    picked = _picked(member, target, _may_hear(member, target))
    values: dict[str, ColumnElement[Any]] = {
        "broadcast_id": literal(broadcast.id),
        "channel_id": literal(broadcast.channel_id),
        "member_id": picked.c.id,
        "phone_id": picked.c.phone_id,
        "medium": literal(broadcast.medium),
        "language": picked.c.language,
        "state": literal("queued"),
        "price": case(prices, value=picked.c.language, else_=null()).cast(Integer),
        "updated_at": bindparam("now", type_=deliveries.c.updated_at.type),
    }
    chosen = select(*values.values()).where(picked.c.phone_id.is_not(None), ~_served_by_another(picked, target)).order_by(picked.c.id)
    return insert(deliveries).from_select(list(values), chosen)
