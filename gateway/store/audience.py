"""Who hears of a broadcast, who does not and why, and the writing of its deliveries.

Of a member's phones the first that has not stopped us and takes what is sent. Of the members who share a phone the first by id gets it,
and the others have a row that says so: the rows of a broadcast are its audience. Everything goes in batches by member id, so that no
statement holds the database for long; `expanded_to` moves in the same transaction as the rows, so a crash loses no member and doubles
none.

The audience is as it was at the approval as far as rows tell: who came later is none of it, and what went to a phone later does not
count. What has no history may differ until her batch is written: her trade, place, language, groups and lists, a claim that moved, a
payment, an answer to a notice, a phone that stopped us or is somebody else's now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from gateway.core.phone import LINE
from gateway.store.broadcasts import Broadcast
from gateway.store.deliveries import hers
from gateway.store.heard import SHARED
from gateway.store.members import IS_HERE
from gateway.store.models import Instant, broadcasts, deliveries, member_phones, members, phones
from gateway.store.questions import answered
from gateway.store.whom import Target, Told, chosen, on_list, told_lately

__all__ = ["Counted", "Due", "Expansion", "Sharer", "Target", "Told", "count", "sample", "sharing", "sharing_many"]

KEY = ("medium", "language", "operator")
Key = tuple[str, str, str]
UNKNOWN = "other"  # the operator of a phone of which none was written down
REACHED = "reached"
WINDOWS = 4  # of a sample


@dataclass(frozen=True, slots=True)
class Counted:
    """`reached` counts the deliveries that go out, by (medium, language, operator of the phone); `hours` by (medium, her own best hour).

    `left_out` counts by reason: no-consent, no-phone, stopped, no-text (nothing in her language), no-mobile (there is only a text, and her
    phone is a line), on-list (one of `but_lists`), told-lately (`not_told_for`), shared-phone (she is told with whom it goes out to).
    """

    reached: Mapping[Key, int]
    left_out: Mapping[str, int]
    hours: Mapping[tuple[str, int | None], int]


@dataclass(frozen=True, slots=True)
class Due:
    """Before when a delivery does not go out: of a member with a best hour by that hour, of any other by its medium. None is at once."""

    by_hour: Mapping[int, datetime] = field(default_factory=dict)
    otherwise: Mapping[str, datetime | None] = field(default_factory=dict)


_NEXT: Select[str] = (
    select(members.c.id)
    .where(members.c.organisation_id == bindparam("organisation"), members.c.id > bindparam("after"))
    .order_by(members.c.id)
    .limit(bindparam("count"))
)
_EVERYBODY = select(func.count()).where(members.c.organisation_id == bindparam("organisation"))
_BEFORE = (
    select(members.c.id)
    .where(members.c.organisation_id == bindparam("organisation"))
    .order_by(members.c.id)
    .offset(bindparam("skipped"))
    .limit(1)
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


class _Ways:
    """By which ways a member can be told: the texts and clips of her language, and her phones."""

    def __init__(self, member: FromClause, told: Told) -> None:
        self._member, self._told = member, told
        romanised = {code.partition("_")[0]: code for code in told.texts if code.endswith("_latn")}
        hers = [((member.c.script == "romanised") & (member.c.language == language), literal(code)) for language, code in romanised.items()]
        self.text = case(*hers, else_=member.c.language) if hers else member.c.language  # under which key she finds what she reads
        self.reads = self.text.in_(told.texts)
        self.hears = member.c.language.in_(told.spoken)
        self.wants_text = and_(self.reads, or_(member.c.preferred_medium == "sms", ~self.hears)) if told.spoken else self.reads

    @property
    def phone_id(self) -> ColumnElement[Any]:
        """The phone by which she is told, for a text one that takes texts; NULL where there is none."""
        called = case((self.hears, self._first_phone()))
        if not self._told.texts:
            return called
        texted = self._first_phone(func.coalesce(phones.c.operator, UNKNOWN) != LINE)
        if not self._told.spoken:
            return case((self.reads, texted))
        return case((self.wants_text, func.coalesce(texted, called)), else_=called)

    def _first_phone(self, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return (
            select(func.min(member_phones.c.phone_id))
            .join(phones, phones.c.id == member_phones.c.phone_id)
            .where(member_phones.c.member_id == self._member.c.id, member_phones.c.stale_at.is_(None), phones.c.stopped_at.is_(None))
            .where(*conditions)
            .correlate(self._member)
            .scalar_subquery()
        )


def _belongs(member: FromClause, target: Target) -> list[ColumnElement[bool]]:
    of_organisation = member.c.organisation_id == target.organisation_id
    return [of_organisation, member.c.state == "active", member.c.created_at <= target.as_of, *chosen(member, target)]


def _left_off(member: FromClause, target: Target) -> ColumnElement[bool]:
    lists = target.audience.but_lists
    return on_list(member, lists) if lists else literal(False)


def _picked(target: Target) -> CTE:
    """The members of a range, each with the phone by which she can be told.

    Materialised, else a planner would look for the phone anew wherever it is named.
    """
    member = members.alias("picking")
    ways = _Ways(member, target.told)
    return (
        select(
            *(member.c[name] for name in ("id", "language", "best_hour", "consented_at")),
            ways.text.label("text"),
            ways.wants_text.label("wants_text"),
            or_(ways.reads, ways.hears).label("understands"),
            _left_off(member, target).label("left_off"),
            ways.phone_id.label("phone_id"),
        )
        .where(member.c.id > bindparam("after"), member.c.id <= bindparam("last"), *_belongs(member, target))
        .cte("picked", nesting=True)
        .prefix_with("MATERIALIZED")
    )


def _told_now(picked: CTE) -> tuple[ColumnElement[str], ColumnElement[str], ColumnElement[str]]:
    """By which medium, in what language and at which operator she is told, where `phones` is joined to the picked."""
    operator = func.coalesce(phones.c.operator, UNKNOWN)
    by_text = and_(picked.c.wants_text, operator != LINE)
    return case((by_text, "sms"), else_="voice"), case((by_text, picked.c.text), else_=picked.c.language), operator


def _told_lately(target: Target) -> ColumnElement[bool]:
    days = target.audience.not_told_for
    return told_lately(days, target.as_of) if days is not None else literal(False)


def _shares(picked: CTE, target: Target, broadcast_id: str | None) -> ColumnElement[bool]:
    """Whether it goes to her phone for somebody before her: of those before this range their rows tell it, of the others who they are."""
    # She stands behind a LIMIT, else PostgreSQL would find her by whatever else is asked of her, where it knows nothing of the tables.
    link = member_phones.alias("link")
    other = select(members).where(members.c.id == link.c.member_id).limit(1).correlate(link).subquery("other")
    would = [*_belongs(other, target), other.c.consented_at.is_not(None), ~_left_off(other, target)]
    its_phone = _Ways(other, target.told).phone_id == link.c.phone_id
    gets_it: ColumnElement[bool] = answered(select(other.c.id).where(*would, its_phone).correlate(link))
    if broadcast_id is not None:
        row = deliveries.alias("row")
        of_hers = and_(row.c.broadcast_id == broadcast_id, row.c.member_id == link.c.member_id, row.c.phone_id == link.c.phone_id)
        has_row = answered(select(row.c.id).where(of_hers, row.c.latest).correlate(link))
        gets_it = case((link.c.member_id <= bindparam("after"), has_row), else_=gets_it)
    before_her = and_(link.c.phone_id == picked.c.phone_id, link.c.member_id < picked.c.id)
    return answered(select(link.c.member_id).where(before_her, gets_it).correlate(picked))


def count(db: Connection, target: Target, members_at_once: int) -> Counted:
    """Who would get a broadcast, and who not and why."""
    return _tally(db, target, _ranges(db, target.organisation_id, members_at_once))


def sample(db: Connection, target: Target, most: int) -> tuple[Counted, float]:
    """The same of at most so many of an organisation's members, and what share of all they are; 1.0: it is exact.

    They stand in windows that are spread evenly over all, since those who came at one time are often from one place.
    """
    everybody = db.execute(_EVERYBODY, {"organisation": target.organisation_id}).scalar_one()
    if everybody <= most:
        return count(db, target, most), 1.0
    return _tally(db, target, _windows(db, target.organisation_id, everybody, most // WINDOWS)), most / everybody


def _windows(db: Connection, organisation_id: str, everybody: int, size: int) -> Iterator[tuple[str, str]]:
    for window in range(WINDOWS):
        skipped = everybody * window // WINDOWS
        after = db.execute(_BEFORE, {"organisation": organisation_id, "skipped": skipped - 1}).scalar() if skipped else ""
        last = _last_of_next(db, organisation_id, after or "", size)
        if last is not None:
            yield after or "", last


def _tally(db: Connection, target: Target, ranges: Iterable[tuple[str, str]]) -> Counted:
    picked = _picked(target)
    link, phone = member_phones.alias("any_phone"), phones.alias("open_phone")
    hers = select(literal(1)).where(link.c.member_id == picked.c.id, link.c.stale_at.is_(None)).limit(1).correlate(picked)
    taking = hers.join(phone, phone.c.id == link.c.phone_id).where(phone.c.stopped_at.is_(None))
    why_no_phone = case(  # LIMIT and not EXISTS, for which PostgreSQL would read the phones of everybody
        (hers.scalar_subquery().is_(None), "no-phone"),
        (taking.scalar_subquery().is_(None), "stopped"),
        (~picked.c.understands, "no-text"),
        else_="no-mobile",
    )
    why = case(
        (picked.c.consented_at.is_(None), "no-consent"),
        (picked.c.phone_id.is_(None), why_no_phone),
        (picked.c.left_off, "on-list"),
        (_told_lately(target), "told-lately"),
        (_shares(picked, target, None), "shared-phone"),
        else_=literal(REACHED),
    )
    each = (
        select(why.label("why"), *(column.label(name) for name, column in zip(KEY, _told_now(picked), strict=True)), picked.c.best_hour)
        .join_from(picked, phones, phones.c.id == picked.c.phone_id, isouter=True)
        .cte("each")
        .prefix_with("MATERIALIZED")
    )
    grouped = select(each, func.count().label("members")).group_by(*each.c)
    reached, left_out, hours = Counter[Key](), Counter[str](), Counter[tuple[str, int | None]]()
    for after, last in ranges:
        for row in db.execute(grouped, {"after": after, "last": last}):
            if row.why == REACHED:
                reached[row.medium, row.language, row.operator] += row.members
                hours[row.medium, row.best_hour] += row.members
            else:
                left_out[row.why] += row.members
    return Counted(dict(reached), dict(left_out), dict(hours))


# --- the deliveries ----------------------------------------------------------------------------------------------------------------


class Expansion:
    """Writes the deliveries of one approved broadcast. `prices` is what one delivery costs, in paisa; operator "" is every other."""

    def __init__(self, broadcast: Broadcast, told: Told, prices: Mapping[Key, int], due: Due) -> None:
        self._broadcast = broadcast
        as_of = broadcast.approved_at or broadcast.created_at
        target = Target(broadcast.organisation_id, broadcast.audience, told, as_of)
        self._insert = _insert_range(broadcast, target, prices, due)

    def write_batch(self, db: Connection, members_at_once: int, now: datetime) -> int | None:
        """Write the rows of the next members, and return how many; None when there are no more, another process writes, or it stopped."""
        so_far = db.execute(_PROGRESS, {"broadcast": self._broadcast.id}).scalar()
        last = _last_of_next(db, self._broadcast.organisation_id, so_far or "", members_at_once)
        reached = {"broadcast": self._broadcast.id, "was": so_far, "last": last or so_far, "done": last is None}
        if db.execute(_REACH, reached).rowcount == 0 or last is None:
            return None
        return db.execute(self._insert, {"after": so_far or "", "last": last, "now": now}).rowcount


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


def _insert_range(broadcast: Broadcast, target: Target, prices: Mapping[Key, int], due: Due) -> Insert:
    picked = _picked(target)
    medium, language, operator = _told_now(picked)
    hears = (
        select(
            picked,
            medium.label("medium"),
            language.label("to"),
            operator.label("operator"),
            _shares(picked, target, broadcast.id).label("shares"),
        )
        .join_from(picked, phones, phones.c.id == picked.c.phone_id)
        .where(picked.c.consented_at.is_not(None), ~picked.c.left_off, ~func.coalesce(_told_lately(target), literal(False)))
        .cte("hears", nesting=True)
        .prefix_with("MATERIALIZED")
    )
    goes_out = ~hears.c.shares
    values: dict[str, ColumnElement[Any]] = {
        "broadcast_id": literal(broadcast.id),
        "channel_id": literal(broadcast.channel_id),
        "member_id": hears.c.id,
        "phone_id": hears.c.phone_id,
        "medium": hears.c.medium,
        "language": hears.c.to,
        "state": case((goes_out, "queued"), else_="suppressed"),
        "error": case((hears.c.shares, SHARED)),
        "not_before": case((goes_out, _not_before(hears, due))),
        "price": case((goes_out, _price(hears, prices))),
        "updated_at": bindparam("now", type_=Instant()),
    }
    # The WITH stands in a subquery: of a statement that begins with it, Python's SQLite does not tell how many rows it wrote.
    rows = select(*(value.label(name) for name, value in values.items())).subquery("rows")
    writing = insert(deliveries).from_select(list(values), select(rows).order_by(rows.c.member_id))
    return writing.execution_options(preserve_rowcount=True)


def _price(hears: CTE, prices: Mapping[Key, int]) -> ColumnElement[Any]:
    named = sorted(prices.items(), key=lambda priced: not priced[0][2])  # "", every other operator, behind those with a name
    ways = [
        (
            and_(hears.c.medium == medium, hears.c.to == language, *([hears.c.operator == operator] if operator else [])),
            literal(paisa, Integer),
        )
        for (medium, language, operator), paisa in named
    ]
    return case(*ways) if ways else null().cast(Integer)


def _not_before(hears: CTE, due: Due) -> ColumnElement[Any]:
    ways = [(hears.c.best_hour == hour, literal(at, Instant())) for hour, at in due.by_hour.items()]
    ways += [(hears.c.medium == medium, literal(at, Instant())) for medium, at in due.otherwise.items() if at]
    return case(*ways) if ways else null().cast(Instant())


# --- who is told together ----------------------------------------------------------------------------------------------------------


class Sharer(NamedTuple):
    """One of those for whom a delivery is; her name stands sealed, or is a recording."""

    member_id: str
    name_clip: str | None
    sealed_name: bytes | None
    private: bool


_theirs = deliveries.alias("theirs")
_SHARING = (
    select(deliveries.c.id, members.c.id, members.c.name_clip, members.c.sealed_name, members.c.private)
    .select_from(deliveries)
    .join(member_phones, and_(member_phones.c.phone_id == deliveries.c.phone_id, member_phones.c.stale_at.is_(None)))
    .join(members, and_(members.c.id == member_phones.c.member_id, IS_HERE))
    .where(deliveries.c.id.in_(bindparam("rows", expanding=True)), deliveries.c.broadcast_id.is_not(None))
    .where(
        exists(
            select(literal(1)).where(
                _theirs.c.broadcast_id == deliveries.c.broadcast_id,
                _theirs.c.member_id == members.c.id,
                _theirs.c.latest,
                _theirs.c.phone_id == deliveries.c.phone_id,
                or_(_theirs.c.error == SHARED, _theirs.c.member_id == deliveries.c.member_id),
            )
        )
    )
    .order_by(deliveries.c.id, members.c.id)
)


_other_phones = member_phones.alias("of_another")
_ADDRESSED = (
    select(deliveries.c.id, members.c.sealed_name, members.c.number)
    .join(members, members.c.id == deliveries.c.member_id)
    .where(
        deliveries.c.id.in_(bindparam("rows", expanding=True)),
        ~members.c.private,
        hers(deliveries),
        ~exists(
            select(literal(1)).where(
                _other_phones.c.phone_id == deliveries.c.phone_id,
                _other_phones.c.member_id != deliveries.c.member_id,
                _other_phones.c.stale_at.is_(None),
            )
        ),
    )
)


def addressed(db: Connection, delivery_ids: Collection[int]) -> dict[int, tuple[bytes | None, str]]:
    """Whom a text may name, at most some hundreds at once: by delivery the sealed name and the number of a member who has the phone
    for herself and did not ask for privacy; nobody else."""
    return {row.id: (row.sealed_name, row.number) for row in db.execute(_ADDRESSED, {"rows": list(delivery_ids)})}


def sharing(db: Connection, delivery_id: int) -> list[Sharer]:
    """Who is told by this delivery of a broadcast, by id: her whose row it is, and those of the audience who share her phone."""
    return sharing_many(db, [delivery_id]).get(delivery_id, [])


def sharing_many(db: Connection, delivery_ids: Collection[int]) -> dict[int, list[Sharer]]:
    """The same of many deliveries, at most some hundreds at once."""
    found: dict[int, list[Sharer]] = {}
    for delivery_id, *sharer in db.execute(_SHARING, {"rows": list(delivery_ids)}):
        found.setdefault(delivery_id, []).append(Sharer(*sharer))
    return found
