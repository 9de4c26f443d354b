"""The ledger of contributions: entries are added and never changed. What became of an entry is read from what was added after it.

An entry is *noted*; an organiser's decision makes it *questioned* or *confirmed*; an entry of the negative amount that names it makes it
*reversed*, and is a *reversal* itself. A reversed entry and its reversal add up to nothing, so every sum is a plain sum.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, case, exists, func, insert, literal, or_, select, tuple_, update

from gateway.store.database import Connection
from gateway.store.members import IS_HERE
from gateway.store.models import contribution_decisions, contributions, members, schemes, tasks
from gateway.store.prepared import Prepared
from gateway.store.rows import insert_into, values
from gateway.store.scope import Scope, sees

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

CHECK = "check_contribution"  # the task of whoever must look at an entry


@dataclass(frozen=True, slots=True)
class NewContribution:
    """An entry: `amount` paisa, for the Bikram Sambat `month` as `2083-08`. One that reverses another has its negative amount.

    `sealed_note` comes from `Seal.seal`; `receipt` is the number of a paper receipt or of a row of an imported file.
    """

    id: str
    organisation_id: str
    member_id: str
    amount: int
    month: str
    reference: str
    noted_by: str
    payer: str = "member"
    scheme_id: str | None = None
    receipt: str | None = None
    reverses: str | None = None
    sealed_note: bytes | None = None


class EntryRow(NamedTuple):
    """An entry with what became of it. `scheme` is the scheme's code, `member` the membership number."""

    id: str
    member_id: str
    amount: int
    month: str
    payer: str
    scheme_id: str | None
    scheme: str | None
    state: str
    reference: str
    reverses: str | None
    receipt: str | None
    noted_by: str
    noted_at: datetime
    member: str
    note: str | None


class Decision(NamedTuple):
    """An organiser's word on an entry."""

    contribution_id: str
    state: str
    by: str
    sealed_note: bytes | None


class Word(NamedTuple):
    """The same as it is read."""

    state: str
    by: str
    at: datetime
    note: str | None


class Sums(NamedTuple):
    """What counts, in paisa, by how sure it is: still to be looked at, questioned, final."""

    noted: int = 0
    questioned: int = 0
    confirmed: int = 0

    @property
    def total(self) -> int:
        return self.noted + self.questioned + self.confirmed


_reversal = contributions.alias("reversal")
_IS_REVERSED = exists(select(literal(1)).where(_reversal.c.reverses == contributions.c.id).correlate(contributions))


def _decided(state: str) -> ColumnElement[bool]:
    decision = contribution_decisions
    return exists(select(literal(1)).where(decision.c.contribution_id == contributions.c.id, decision.c.state == state))


_CONFIRMED, _QUESTIONED = _decided("confirmed"), _decided("questioned")
_STANDS = contributions.c.reverses.is_(None) & ~_IS_REVERSED
STATE_IS: Mapping[str, ColumnElement[bool]] = {
    "noted": _STANDS & ~_CONFIRMED & ~_QUESTIONED,
    "questioned": _STANDS & ~_CONFIRMED & _QUESTIONED,
    "confirmed": _STANDS & _CONFIRMED,
    "reversed": _IS_REVERSED,
    "reversal": contributions.c.reverses.is_not(None),
}
STATE = case(
    (contributions.c.reverses.is_not(None), "reversal"),
    (_IS_REVERSED, "reversed"),
    (_CONFIRMED, "confirmed"),
    (_QUESTIONED, "questioned"),
    else_="noted",
)

# --- adding ------------------------------------------------------------------------------------------------------------------------

_NOTE = Prepared(insert(contributions))
_DECIDE = insert(contribution_decisions)
# Of two who write about one member at once, the second waits. It leaves those alone who only point at her row.
_HOLD = select(members.c.id).where(members.c.id == bindparam("member_id")).with_for_update(key_share=True)
_HOLD_ENTRY = select(contributions.c.id).where(contributions.c.id == bindparam("contribution_id")).with_for_update()


def note(db: Connection, contribution: NewContribution, now: datetime) -> None:
    """Note an entry. Conflict where its reference or receipt is taken, or what it reverses is reversed already."""
    _NOTE.write(db, {**values(contribution), "noted_at": now})


def hold(db: Connection, member_id: str) -> None:
    """Let nobody else note for this member until the transaction ends, so that what was read of her entries stays true."""
    db.execute(_HOLD, {"member_id": member_id})


def hold_entry(db: Connection, contribution_id: str) -> None:
    """Let nobody else decide about this entry until the transaction ends."""
    db.execute(_HOLD_ENTRY, {"contribution_id": contribution_id})


def decide(db: Connection, decision: Decision, now: datetime) -> None:
    """Write an organiser's word down. Conflict where this was said of the entry before."""
    db.execute(_DECIDE, {**decision._asdict(), "at": now})


# --- what a conversation asks ------------------------------------------------------------------------------------------------------

_HERS = (contributions.c.member_id == bindparam("member_id")) & (contributions.c.payer == "member")
_TOTAL = Prepared(select(func.coalesce(func.sum(contributions.c.amount), 0)).where(_HERS))
_CONFIRMED_TOTAL = Prepared(select(func.coalesce(func.sum(contributions.c.amount), 0)).where(_HERS, STATE_IS["confirmed"]))
_LAST_MONTH = Prepared(select(func.max(contributions.c.month)).where(_HERS, _STANDS))
_RECENT_SAME = Prepared(
    select(contributions.c.reference)
    .where(
        _HERS,
        contributions.c.amount == bindparam("amount"),
        contributions.c.month == bindparam("month"),
        contributions.c.noted_at >= bindparam("since"),
        _STANDS,
    )
    .order_by(contributions.c.noted_at.desc())
    .limit(1)
)
_SINCE = (
    select(contributions.c.amount).where(_HERS, contributions.c.noted_at >= bindparam("since"), _STANDS).order_by(contributions.c.noted_at)
)
_PAID_IN = (
    select(contributions.c.scheme_id, contributions.c.payer, func.sum(contributions.c.amount))
    .where(contributions.c.member_id == bindparam("member_id"))
    .group_by(contributions.c.scheme_id, contributions.c.payer)
)

_MATCHED_IN = (
    select(contributions.c.scheme_id, contributions.c.month, func.sum(contributions.c.amount))
    .where(contributions.c.member_id == bindparam("member_id"), contributions.c.payer == "government")
    .group_by(contributions.c.scheme_id, contributions.c.month)
)


def total(db: Connection, member_id: str) -> int:
    """All that she has paid in by our entries, final or not, in paisa."""
    return int(_TOTAL.scalar(db, {"member_id": member_id}))


def confirmed(db: Connection, member_id: str) -> int:
    """What of it is final."""
    return int(_CONFIRMED_TOTAL.scalar(db, {"member_id": member_id}))


def last_month(db: Connection, member_id: str) -> str | None:
    """The latest month that she has paid for, as `2083-08`."""
    month: str | None = _LAST_MONTH.scalar(db, {"member_id": member_id})
    return month


def recent_same(db: Connection, member_id: str, amount: int, month: str, since: datetime) -> str | None:
    """The reference of a report of the same amount for the same month since then: perhaps she is telling us twice."""
    reference: str | None = _RECENT_SAME.scalar(db, {"member_id": member_id, "amount": amount, "month": month, "since": since})
    return reference


def reported_since(db: Connection, member_id: str, since: datetime) -> list[int]:
    """The amounts that she has reported since then, the oldest first, in paisa."""
    return list(db.execute(_SINCE, {"member_id": member_id, "since": since}).scalars())


def paid_in(db: Connection, member_id: str) -> dict[tuple[str | None, str], int]:
    """What was paid for her by (id of the scheme, payer), in paisa; reversed entries are nothing."""
    return {(scheme_id, payer): int(amount) for scheme_id, payer, amount in db.execute(_PAID_IN, {"member_id": member_id})}


def matched_in(db: Connection, member_id: str) -> dict[tuple[str | None, str], int]:
    """What the government paid for her by (id of the scheme, month), in paisa; reversed entries are nothing."""
    return {(scheme_id, month): int(amount) for scheme_id, month, amount in db.execute(_MATCHED_IN, {"member_id": member_id})}


# --- what organisers ask -----------------------------------------------------------------------------------------------------------

_ENTRY: Select[Any] = (
    select(
        *(contributions.c[name] for name in ("id", "member_id", "amount", "month", "payer", "scheme_id")),
        schemes.c.code,
        STATE.label("state"),
        *(contributions.c[name] for name in ("reference", "reverses", "receipt", "noted_by", "noted_at")),
        members.c.number.label("member"),
        contributions.c.sealed_note,
    )
    .select_from(contributions)
    .join(members, members.c.id == contributions.c.member_id)
    .outerjoin(schemes, schemes.c.id == contributions.c.scheme_id)
)


def _read(db: Connection, seal: Seal, query: Select[Any], parameters: Mapping[str, object]) -> list[EntryRow]:
    rows = db.execute(query, parameters).all()
    return [EntryRow(*row)._replace(note=seal.open(row.sealed_note) if row.sealed_note else None) for row in rows]


def get(db: Connection, seal: Seal, scope: Scope, contribution_id: str) -> EntryRow | None:
    """An entry that this scope may see."""
    query = _ENTRY.where(contributions.c.id == bindparam("wanted"), sees(scope, contributions))
    return next(iter(_read(db, seal, query, {"wanted": contribution_id})), None)


_DECISIONS = (
    select(*(contribution_decisions.c[name] for name in ("state", "by", "at", "sealed_note")))
    .where(contribution_decisions.c.contribution_id == bindparam("of_entry"))
    .order_by(contribution_decisions.c.id)
)


def decisions(db: Connection, seal: Seal, contribution_id: str) -> list[Word]:
    """What was said of an entry, in order."""
    rows = db.execute(_DECISIONS, {"of_entry": contribution_id})
    return [Word(row.state, row.by, row.at, seal.open(row.sealed_note) if row.sealed_note else None) for row in rows]


def id_of(db: Connection, scope: Scope, reference: str) -> str | None:
    """The id of the entry with this reference."""
    query = select(contributions.c.id).where(contributions.c.reference == bindparam("wanted"), sees(scope, contributions))
    return db.execute(query, {"wanted": reference}).scalar()


def references(db: Connection, scope: Scope, contribution_ids: Collection[str]) -> dict[str, str]:
    """The references of these entries, as far as they are in scope."""
    query = select(contributions.c.id, contributions.c.reference).where(
        contributions.c.id.in_(contribution_ids), sees(scope, contributions)
    )
    return {row.id: row.reference for row in db.execute(query)}


class Filter(NamedTuple):
    """Which entries: of one member, in one state, for one month. None: all."""

    member_id: str | None = None
    state: str | None = None
    month: str | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        named = {"member_id": self.member_id, "month": self.month}
        chosen = [contributions.c[name] == value for name, value in named.items() if value is not None]
        return chosen + ([STATE_IS[self.state]] if self.state else [])


class Page(NamedTuple):
    """A page: at most `limit` entries behind the one with the id `after`, "" for the first page."""

    after: str
    limit: int


def page(db: Connection, seal: Seal, scope: Scope, which: Filter, page: Page) -> list[EntryRow]:
    """Entries in the order in which they were noted."""
    query = _ENTRY.where(sees(scope, contributions), *which.conditions).order_by(contributions.c.noted_at, contributions.c.id)
    if page.after:
        place = contributions.alias("place")
        noted_at = select(place.c.noted_at).where(place.c.id == page.after).scalar_subquery()
        query = query.where(tuple_(contributions.c.noted_at, contributions.c.id) > tuple_(noted_at, literal(page.after)))
    return _read(db, seal, query.limit(page.limit), {})


def count(db: Connection, scope: Scope, which: Filter) -> int:
    """How many entries these are."""
    return db.execute(select(func.count()).select_from(contributions).where(sees(scope, contributions), *which.conditions)).scalar_one()


def sums(db: Connection, scope: Scope, which: Filter = Filter(), payer: str = "member") -> Sums:  # noqa: B008 - a tuple never changes
    """What counts of these entries, by state."""
    query = (
        select(STATE.label("state"), func.sum(contributions.c.amount))
        .where(sees(scope, contributions), contributions.c.payer == payer, _STANDS, *which.conditions)
        .group_by("state")
    )
    return Sums(**{state: int(amount) for state, amount in db.execute(query)})


def sums_by_month(db: Connection, scope: Scope, member_id: str) -> dict[str, Sums]:
    """What counts of a member's own payments in each month that has any."""
    query = (
        select(contributions.c.month, STATE.label("state"), func.sum(contributions.c.amount))
        .where(sees(scope, contributions), contributions.c.member_id == member_id, contributions.c.payer == "member", _STANDS)
        .group_by(contributions.c.month, "state")
        .order_by(contributions.c.month)
    )
    found: dict[str, Sums] = {}
    for month, state, amount in db.execute(query):
        found[month] = found.get(month, Sums())._replace(**{state: int(amount)})
    return found


_RECEIPT = select(contributions.c.reference).where(
    contributions.c.organisation_id == bindparam("organisation_id"), contributions.c.receipt == bindparam("wanted")
)


def with_receipt(db: Connection, organisation_id: str, receipt: str) -> str | None:
    """The reference of the entry that has this receipt."""
    return db.execute(_RECEIPT, {"organisation_id": organisation_id, "wanted": receipt}).scalar()


def is_here(db: Connection, scope: Scope, member_id: str) -> bool:
    """Whether this scope may see a member of this id who has neither left nor been erased."""
    return db.execute(select(members.c.id).where(members.c.id == member_id, IS_HERE, sees(scope, members))).first() is not None


def is_member(db: Connection, scope: Scope, member_id: str) -> bool:
    """Whether this scope may see a member of this id."""
    return db.execute(select(members.c.id).where(members.c.id == member_id, sees(scope, members))).first() is not None


# --- what a person must look at ----------------------------------------------------------------------------------------------------

_OPEN_CHECK = insert_into(tasks).on_conflict_do_nothing()
_CLOSE_CHECKS = (
    update(tasks)
    .where(tasks.c.contribution_id == bindparam("of_contribution"), tasks.c.kind == CHECK, tasks.c.state == "open")
    .values(state="done", done_at=bindparam("now", type_=tasks.c.done_at.type), done_by=bindparam("by_whom"))
)
_WAITING = (
    select(contributions.c.id, contributions.c.organisation_id, contributions.c.member_id)
    .where(
        contributions.c.noted_at < bindparam("before"),
        or_(STATE_IS["noted"], STATE_IS["questioned"]),
        ~exists(select(literal(1)).where(tasks.c.contribution_id == contributions.c.id)),
    )
    .order_by(contributions.c.noted_at)
    .limit(bindparam("count"))
)


class Unchecked(NamedTuple):
    """An entry that somebody must look at."""

    id: str
    organisation_id: str
    member_id: str


def open_check(db: Connection, task_id: str, entry: Unchecked, now: datetime) -> None:
    """Open the task to look at an entry; where it is open already, nothing happens."""
    row = {"organisation_id": entry.organisation_id, "member_id": entry.member_id, "contribution_id": entry.id}
    db.execute(_OPEN_CHECK, {"id": task_id, "kind": CHECK, "state": "open", "created_at": now, **row})


def close_checks(db: Connection, contribution_id: str, by: str, now: datetime) -> None:
    """Whoever decided about an entry has looked at it."""
    db.execute(_CLOSE_CHECKS, {"of_contribution": contribution_id, "by_whom": by, "now": now})


def waiting(db: Connection, before: datetime, count: int) -> list[Unchecked]:
    """Entries noted before then of which nobody has been asked to look at, the oldest first; of every organisation."""
    return [Unchecked(*row) for row in db.execute(_WAITING, {"before": before, "count": count})]
