"""What an organiser chose (`gateway.core.audience.Audience`) as conditions on members.

Each is a question about one member, so that a million of them are asked about in ranges, in constant memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, FromClause, Table, and_, or_, select

from gateway.core import calendar
from gateway.core.audience import Audience
from gateway.store.contributions import STATE_IS
from gateway.store.heard import reached
from gateway.store.models import (
    broadcasts,
    claims,
    contributions,
    deliveries,
    enrolments,
    imports,
    member_list_entries,
    member_lists,
    notices,
    phones,
    rsvps,
    sayings,
    schemes,
    skips,
    users,
)
from gateway.store.notices import awaited
from gateway.store.questions import answered

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Told:
    """In which languages there is something to read, keys of a broadcast's texts (with scripts: ne, ne_latn), and something to hear.

    It alone decides the medium: a broadcast by text alone has nothing `spoken`, one by voice alone no `texts`.
    """

    texts: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a broadcast is for: whom of an organisation's members, as of when (who came later is none of them), told in what ways."""

    organisation_id: str
    audience: Audience
    told: Told
    as_of: datetime


def chosen(member: FromClause, target: Target) -> Iterator[Condition]:
    """That a row of `members` (or of an alias of it) is one of those who were chosen. Whom that leaves out, the two below say."""
    audience = target.audience
    for column, values in (("trade", audience.trades), ("language", audience.languages), ("collector_id", audience.collectors)):
        if values:
            yield member.c[column].in_(values)
    if audience.imports:
        yield member.c.import_id.in_(audience.imports)
    if audience.places:
        yield or_(*(or_(member.c.place == code, member.c.place.startswith(f"{code}-", autoescape=True)) for code in audience.places))
    if audience.lists:
        yield on_list(member, audience.lists)
    if audience.claims:
        yield answered(select(claims.c.id).where(claims.c.member_id == member.c.id, claims.c.state.in_(audience.claims)).correlate(member))
    if audience.notice_id is not None:
        yield _answered(member, audience.notice_id, audience.rsvp)
    if audience.not_reached_by is not None:
        yield _not_reached(member, audience.not_reached_by)
    yield from _paying(member, target)


def on_list(member: FromClause, lists: Collection[str]) -> Condition:
    """That she is on one of these lists."""
    entry = member_list_entries
    return answered(select(entry.c.list_id).where(entry.c.list_id.in_(lists), entry.c.member_id == member.c.id).correlate(member))


def told_lately(days: int, as_of: datetime) -> Condition:
    """That a broadcast went to a row of `phones` in the days before; what went there since does not count, nor can what it came after."""
    return and_(phones.c.told_at > as_of - timedelta(days=days), phones.c.told_at <= as_of)


def _answered(member: FromClause, notice_id: str, rsvp: str | None) -> Condition:
    if rsvp == "awaited":
        return awaited(member, notice_id)
    hers = select(rsvps.c.answer).where(rsvps.c.notice_id == notice_id, rsvps.c.member_id == member.c.id).correlate(member)
    return ~answered(hers) if rsvp == "none" else answered(hers.where(rsvps.c.answer == rsvp))


def _not_reached(member: FromClause, broadcast_id: str) -> Condition:
    before = deliveries.alias("before")
    hers = and_(before.c.broadcast_id == broadcast_id, before.c.member_id == member.c.id, before.c.latest)
    return answered(select(before.c.id).where(hers, ~reached(before)).correlate(member))


def _paying(member: FromClause, target: Target) -> Iterator[Condition]:
    """Enrolled in a scheme, now or in the month that is asked about; and whether she paid for that month.

    An entry for the month that is noted or confirmed counts, of whatever amount; how far payments reach beyond their month, `core.dues`
    alone knows. Of one who pays into two schemes and for the month into one, `paid` is true and `open` as well.
    """
    audience = target.audience
    if not audience.schemes and audience.contribution is None:
        return
    month = audience.month or calendar.month_of(target.as_of)
    wanted = select(schemes.c.id).where(schemes.c.organisation_id == target.organisation_id, schemes.c.code.in_(audience.schemes))
    runs = and_(enrolments.c.from_month <= month, or_(enrolments.c.until_month.is_(None), enrolments.c.until_month >= month))
    enrolled = select(enrolments.c.id).where(enrolments.c.member_id == member.c.id, runs).correlate(member)
    paid = select(contributions.c.id).where(
        contributions.c.member_id == member.c.id,
        contributions.c.month == month,
        contributions.c.payer == "member",
        ~or_(STATE_IS["questioned"], STATE_IS["reversed"], STATE_IS["reversal"]),  # not the others by OR: SQLite would look for those first
    )
    if audience.schemes:
        enrolled = enrolled.where(enrolments.c.scheme_id.in_(wanted))
        yield answered(enrolled)
    if audience.contribution == "paid":
        yield answered((paid.where(contributions.c.scheme_id.in_(wanted)) if audience.schemes else paid).correlate(member))
    elif audience.contribution == "open":
        into_it = or_(contributions.c.scheme_id == enrolments.c.scheme_id, contributions.c.scheme_id.is_(None))
        skipped = select(skips.c.by).where(skips.c.enrolment_id == enrolments.c.id, skips.c.month == month).correlate(enrolments)
        yield answered(enrolled.where(~answered(skipped), ~answered(paid.where(into_it).correlate(member, enrolments))))


# --- what can be chosen ------------------------------------------------------------------------------------------------------------

_NAMED: Mapping[str, Table] = {
    "list": member_lists,
    "import": imports,
    "collector": users,
    "notice": notices,
    "broadcast": broadcasts,
    "saying": sayings,
}
MOST_NAMES = 1_000


def there(db: Connection, organisation_id: str, what: str, ids: Collection[str]) -> set[str]:
    """Which of these ids an organisation has: of a list, import, collector, notice, broadcast or saying (`what`)."""
    table = _NAMED[what]
    return set(db.execute(select(table.c.id).where(table.c.organisation_id == organisation_id, table.c.id.in_(ids))).scalars())


def names(db: Connection, organisation_id: str, what: str) -> list[str]:
    """The ids that an organisation has."""
    table = _NAMED[what]
    return list(db.execute(select(table.c.id).where(table.c.organisation_id == organisation_id).limit(MOST_NAMES)).scalars())
