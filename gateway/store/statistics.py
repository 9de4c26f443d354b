"""Counts for statistics: grouped by the database, on SQLite and PostgreSQL alike. Small counts are withheld further up.

Each function takes names of groups (`MEMBER_GROUPS`, ...) and gives rows of their values with what was counted; None stands for unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, func, literal, or_, select, true

from gateway.store.broadcasts import TEST
from gateway.store.database import Connection
from gateway.store.heard import picked_up
from gateway.store.models import (
    broadcasts,
    calls,
    channels,
    claim_events,
    claims,
    contribution_decisions,
    contributions,
    deliveries,
    members,
    messages,
    notices,
    organisations,
    rsvps,
    schemes,
)
from gateway.store.scope import Scope, sees

Month = tuple[str, datetime, datetime]  # a Bikram Sambat month: its name, its beginning, and the next one's


@dataclass(frozen=True, slots=True)
class Narrow:
    """What is counted: of a place (its code) and all in it, of a trade, of these months (None: all there are), and what was paid into a
    scheme (its code).

    `year` is the present one of the common era, by which ages are reckoned.
    """

    year: int
    place: str | None = None
    trade: str | None = None
    months: Sequence[Month] | None = None
    scheme: str | None = None


class Counted(NamedTuple):
    """One group: its values, how many things were counted, how many people they are of, and paisa where money was counted."""

    keys: tuple[Any, ...]
    number: int
    people: int
    paisa: int = 0


class Stay(NamedTuple):
    """A state that a claim went into, and when."""

    claim_id: str
    member_id: str
    state: str
    at: datetime


@contextmanager
def patience(db: Connection) -> Iterator[None]:
    """Let statements take up to a minute. Elsewhere PostgreSQL ends them after 4 s, since a caller waits for the answer."""
    if db.dialect.name != "postgresql":
        yield
        return
    db.exec_driver_sql("SET statement_timeout = '60s'")
    try:
        yield
    finally:
        db.exec_driver_sql("RESET statement_timeout")


# --- groups ------------------------------------------------------------------------------------------------------------------------


AGES = (15, 25, 35, 45, 55, 65)  # each age band begins with one of these, the first with 0


def _place(length: int) -> ColumnElement[str | None]:
    """The province (1 character), district (4) or local level (7) of a member, as far as her place is known."""
    return case((func.length(members.c.place) >= length, func.substr(members.c.place, 1, length)), else_=None)


def _age(year: int) -> ColumnElement[str | None]:
    """The first year of age of her band: she has had this year's birthday or will have it."""
    born = members.c.birth_year
    bands = [(born > year - first, str(first_of_band)) for first_of_band, first in zip((0, *AGES), AGES, strict=False)]
    return case((born.is_(None), None), *bands, else_=str(AGES[-1]))


MemberGroup = Callable[[int], ColumnElement[Any]]
MEMBER_GROUPS: Mapping[str, MemberGroup] = {
    "trade": lambda _: members.c.trade,
    "province": lambda _: _place(1),
    "district": lambda _: _place(4),
    "municipality": lambda _: _place(7),
    "sex": lambda _: members.c.sex,
    "age": _age,
    "language": lambda _: members.c.language,
    "role": lambda _: members.c.household_role,
    "state": lambda _: members.c.state,
}

_reversal = contributions.alias("reversal")
_decision = contribution_decisions.alias("decision")


def _decided(state: str) -> ColumnElement[bool]:
    return exists().where(_decision.c.contribution_id == contributions.c.id, _decision.c.state == state)


_is_reversed = exists().where(_reversal.c.reverses == contributions.c.id)
CONTRIBUTION_GROUPS: Mapping[str, ColumnElement[Any]] = {
    "month": contributions.c.month,
    "scheme": schemes.c.code,
    "payer": contributions.c.payer,
    "state": case((_is_reversed, "reversed"), (_decided("confirmed"), "confirmed"), (_decided("questioned"), "questioned"), else_="noted"),
}
CLAIM_GROUPS: Mapping[str, ColumnElement[Any]] = {"kind": claims.c.kind, "state": claims.c.state}


def _of_members(narrow: Narrow) -> list[ColumnElement[bool]]:
    """The conditions on members of a place and a trade."""
    conditions: list[ColumnElement[bool]] = []
    if narrow.place is not None:
        conditions.append(or_(members.c.place == narrow.place, members.c.place.startswith(f"{narrow.place}-", autoescape=True)))
    if narrow.trade is not None:
        conditions.append(members.c.trade == narrow.trade)
    return conditions


def _belonging(table: FromClause, narrow: Narrow) -> ColumnElement[bool]:
    """The condition on rows of members who are of that place and trade."""
    conditions = _of_members(narrow)
    return table.c.member_id.in_(select(members.c.id).where(*conditions)) if conditions else true()


def _during(instant: ColumnElement[datetime | None], narrow: Narrow) -> ColumnElement[bool]:
    if narrow.months is None:
        return true()
    return (instant >= narrow.months[0][1]) & (instant < narrow.months[-1][2]) if narrow.months else ~true()


# --- members -----------------------------------------------------------------------------------------------------------------------


def count_members(db: Connection, scope: Scope, groups: Sequence[str], narrow: Narrow) -> list[Counted]:
    """Members by these groups: those who are here, and all there ever were where they are grouped by their state."""
    return _count_members(db, sees(scope, members), groups, narrow)


def count_members_everywhere(db: Connection, groups: Sequence[str], narrow: Narrow) -> list[Counted]:
    """The same over all organisations of this installation: the one count that a scope does not limit."""
    return _count_members(db, true(), groups, narrow)


def _count_members(db: Connection, whose: ColumnElement[bool], groups: Sequence[str], narrow: Narrow) -> list[Counted]:
    values = [MEMBER_GROUPS[name](narrow.year).label(f"group_{name}") for name in groups]
    statement = select(*values, func.count()).where(whose, *_of_members(narrow), _during(members.c.created_at, narrow))
    if "state" not in groups:
        statement = statement.where(members.c.state.in_(("pending", "active")))
    return [Counted(tuple(keys), count, count) for *keys, count in db.execute(statement.group_by(*values))]


def count_organisations(db: Connection) -> int:
    """How many organisations share this installation."""
    return db.execute(select(func.count()).select_from(organisations)).scalar_one()


def organisation_name(db: Connection, scope: Scope) -> str:
    """What the organisation is called."""
    name: str = db.execute(select(organisations.c.name).where(organisations.c.id == scope.organisation_id)).scalar_one()
    return name


# --- contributions -----------------------------------------------------------------------------------------------------------------


def count_contributions(db: Connection, scope: Scope, groups: Sequence[str], narrow: Narrow) -> list[Counted]:
    """Entries of the ledger by these groups. An entry that takes another back is not counted, and nor is the one taken back, unless
    they are grouped by state."""
    values = [CONTRIBUTION_GROUPS[name].label(f"group_{name}") for name in groups]
    people = func.count(contributions.c.member_id.distinct())
    statement = select(*values, func.count(), people, func.coalesce(func.sum(contributions.c.amount), 0)).where(
        sees(scope, contributions), contributions.c.reverses.is_(None), _belonging(contributions, narrow)
    )
    if narrow.scheme is not None:
        of_code = select(schemes.c.id).where(schemes.c.organisation_id == scope.organisation_id, schemes.c.code == narrow.scheme)
        statement = statement.where(contributions.c.scheme_id.in_(of_code))
    if "scheme" in groups:
        statement = statement.select_from(contributions.outerjoin(schemes, schemes.c.id == contributions.c.scheme_id))
    if "state" not in groups:
        statement = statement.where(~_is_reversed)
    if narrow.months is not None:
        statement = statement.where(contributions.c.month.in_([name for name, _, _ in narrow.months]))
    return [Counted(tuple(keys), count, few, int(paisa)) for *keys, count, few, paisa in db.execute(statement.group_by(*values))]


def scheme_titles(db: Connection, scope: Scope) -> dict[str, Mapping[str, str]]:
    """Code -> title in each language, of the organisation's schemes."""
    rows = db.execute(select(schemes.c.code, schemes.c.title).where(schemes.c.organisation_id == scope.organisation_id))
    return {code: title for code, title in rows}  # noqa: C416  # rows are no pairs to mypy


# --- claims ------------------------------------------------------------------------------------------------------------------------


def count_claims(db: Connection, scope: Scope, groups: Sequence[str], narrow: Narrow) -> list[Counted]:
    """Claims by these groups."""
    values = [CLAIM_GROUPS[name].label(f"group_{name}") for name in groups]
    statement = select(*values, func.count(), func.count(claims.c.member_id.distinct())).where(
        sees(scope, claims), _belonging(claims, narrow), _during(claims.c.opened_at, narrow)
    )
    return [Counted(tuple(keys), count, few) for *keys, count, few in db.execute(statement.group_by(*values))]


def stays(db: Connection, scope: Scope, narrow: Narrow) -> Iterator[Stay]:
    """Every state that each claim went into, claim by claim, in order."""
    statement = (
        select(claims.c.id, claims.c.member_id, claim_events.c.state, claim_events.c.at)
        .join(claim_events, claim_events.c.claim_id == claims.c.id)
        .where(sees(scope, claims), _belonging(claims, narrow), _during(claims.c.opened_at, narrow))
        .order_by(claims.c.id, claim_events.c.id)
    )
    return (Stay(*row) for row in db.execute(statement))


# --- what reached whom -------------------------------------------------------------------------------------------------------------


class Reached(NamedTuple):
    """People of one broadcast whose latest try is in one state: how many, and how long those listened who picked up themselves."""

    broadcast_id: str
    title: str
    medium: str
    state: str
    number: int
    listened: int
    seconds: int


def count_deliveries(db: Connection, scope: Scope, narrow: Narrow, most: int) -> list[Reached]:
    """Whom the newest broadcasts were for by state, the newest broadcast first; nobody twice, however often she was tried."""
    newest = (
        select(broadcasts.c.id, broadcasts.c.title, broadcasts.c.medium, broadcasts.c.created_at)
        .where(sees(scope, broadcasts), broadcasts.c.purpose != TEST, _during(broadcasts.c.created_at, narrow))
        .order_by(broadcasts.c.created_at.desc(), broadcasts.c.id)
        .limit(most)
        .subquery()
    )
    counted: Select[Any] = (
        select(
            newest.c.id,
            newest.c.title,
            newest.c.medium,
            deliveries.c.state,
            func.count(),
            func.count(case((picked_up(deliveries), 1))),
            func.coalesce(func.sum(case((picked_up(deliveries), deliveries.c.seconds))), 0),
        )
        .join(deliveries, and_(deliveries.c.broadcast_id == newest.c.id, deliveries.c.latest))
        .group_by(newest.c.id, newest.c.title, newest.c.medium, newest.c.created_at, deliveries.c.state)
        .order_by(newest.c.created_at.desc(), newest.c.id)
    )
    return [Reached(*row)._replace(seconds=int(row[-1])) for row in db.execute(counted)]


def count_rsvps(db: Connection, scope: Scope, narrow: Narrow, most: int) -> list[tuple[str, datetime, str | None, int]]:
    """The answers to the newest meetings and trainings: kind, when it is, answer, how many. None: nobody has answered."""
    newest = (
        select(notices.c.id, notices.c.kind, notices.c.starts_at)
        .where(sees(scope, notices), notices.c.kind != "news", _during(notices.c.published_at, narrow))
        .order_by(notices.c.starts_at.desc(), notices.c.id)
        .limit(most)
        .subquery()
    )
    counted = (
        select(newest.c.kind, newest.c.starts_at, rsvps.c.answer, func.count(rsvps.c.member_id))
        .select_from(newest.outerjoin(rsvps, rsvps.c.notice_id == newest.c.id))
        .group_by(newest.c.id, newest.c.kind, newest.c.starts_at, rsvps.c.answer)
        .order_by(newest.c.starts_at.desc(), newest.c.id)
    )
    return [(kind, starts_at, answer, count) for kind, starts_at, answer, count in db.execute(counted)]


def count_talks(db: Connection, scope: Scope, kind: str, months: Sequence[Month]) -> list[Counted]:
    """Calls or texts of these months (at least one) by month and direction (in, out); `people` are phones."""
    talks, at = (calls, calls.c.started_at) if kind == "calls" else (messages, messages.c.at)
    month = case(*((at < until, literal(name)) for name, _, until in months), else_=None).label("group_month")
    statement = (
        select(month, talks.c.direction, func.count(), func.count(talks.c.phone_id.distinct()))
        .join(channels, channels.c.id == talks.c.channel_id)
        .where(sees(scope, channels), at >= months[0][1], at < months[-1][2])
        .group_by(month, talks.c.direction)
    )
    return [Counted((name, direction), count, few) for name, direction, count, few in db.execute(statement)]
