"""Claims: requests for a benefit, the papers they need, and where they stand. Each move is an event that stays.

What a conversation asks takes the caller's own member id; what organisers ask goes through a `Scope`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, case, delete, exists, func, insert, literal_column, or_, select, update

from gateway.core import reference
from gateway.core.claims import APPEAL, LONGEST, PAPERS, SETTLED
from gateway.store.database import Connection
from gateway.store.models import claim_events, claim_papers, claims, members, organisations, tasks
from gateway.store.prepared import Prepared
from gateway.store.rows import columns, insert_into, values
from gateway.store.scope import Scope, sees

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

# --- what a conversation asks ------------------------------------------------------------------------------------------------------

MOST_TOLD = 10  # claims of one member that a call knows of


class ClaimRow(NamedTuple):
    """A claim as she may hear of it. `amount` is paisa, once approved; `reason` and `missing` are phrases.

    `missing` is for the state paper_missing alone: until then nobody asked for them. `appealed`: she asked for another look, and nobody
    has decided since.
    """

    id: str
    number: str
    state: str
    amount: int | None
    reason: str | None
    review_until: datetime | None
    paid_at: datetime | None
    version: int
    appealed: bool
    is_news: bool
    missing: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether something is still to come of it."""
        return self.appealed or self.state not in SETTLED


_TOLD = ("id", "number", "state", "amount", "reason", "review_until", "paid_at", "version", "appealed", "changed_at", "heard_at")
# In letters and not as parameters, so that the partial index of open tasks serves.
_open_appeal = (tasks.c.kind == literal_column(f"'{APPEAL}'")) & (tasks.c.state == literal_column("'open'"))
_appealed = exists().where(tasks.c.claim_id == claims.c.id, _open_appeal).label("appealed")
_own = (
    select(*(_appealed if name == _appealed.name else claims.c[name] for name in _TOLD))
    .where(claims.c.member_id == bindparam("member_id"))
    .order_by(claims.c.changed_at.desc(), claims.c.id.desc())
    .limit(MOST_TOLD)
    .subquery("own")
)
_RECENT = Prepared(
    select(*(_own.c[name] for name in _TOLD), claim_papers.c.paper)
    .select_from(_own)
    .outerjoin(
        claim_papers,
        (claim_papers.c.claim_id == _own.c.id) & (_own.c.state == "paper_missing") & claim_papers.c.received_at.is_(None),
    )
    .order_by(_own.c.changed_at.desc(), _own.c.id.desc(), claim_papers.c.position)
)
_HEARD = (
    update(claims)
    .where(claims.c.id == bindparam("claim_id"), claims.c.version == bindparam("told"))
    .values(heard_at=bindparam("now", type_=claims.c.heard_at.type))
)


def recent(db: Connection, member_id: str) -> list[ClaimRow]:
    """Her claims, that which changed last first: one statement."""
    found: dict[str, ClaimRow] = {}
    for *told, changed_at, heard_at, paper in _RECENT.rows(db, {"member_id": member_id}):
        claim_id, missing = told[0], (paper,) if paper else ()
        if claim_id in found:
            found[claim_id] = found[claim_id]._replace(missing=found[claim_id].missing + missing)
        else:
            found[claim_id] = ClaimRow._make((*told, heard_at is None or heard_at < changed_at, missing))
    return list(found.values())


def heard(db: Connection, claim_id: str, version: int, now: datetime) -> None:
    """She was told where it stands, unless it moved on meanwhile."""
    db.execute(_HEARD, {"claim_id": claim_id, "told": version, "now": now})


# --- what organisers ask -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """A claim as it is kept; the note is sealed."""

    id: str
    organisation_id: str
    member_id: str
    number: str
    kind: str
    state: str
    amount: int | None
    reason: str | None
    review_until: datetime | None
    paid_at: datetime | None
    insurer_reference: str | None
    sealed_note: bytes | None
    opened_at: datetime
    changed_at: datetime
    version: int
    heard_at: datetime | None


class StoredEvent(NamedTuple):
    """A move of a claim: to which state, with what, by whom and when."""

    claim_id: str
    state: str
    amount: int | None
    reason: str | None
    by: str
    sealed_note: bytes | None
    at: datetime


class StoredPaper(NamedTuple):
    """A paper that a claim needs, and when it came (None: it is missing)."""

    claim_id: str
    paper: str
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which claims a page lists: those behind `after` (an id, "" for the first page), of this state, kind or member where one is named.

    `overdue_at`: only those that by this instant have rested too long.
    """

    after: str = ""
    limit: int = 100
    state: str | None = None
    kind: str | None = None
    member_id: str | None = None
    overdue_at: datetime | None = None


_CLAIMS = select(*columns(claims, StoredClaim))
_EVENTS = (
    select(*columns(claim_events, StoredEvent))
    .where(claim_events.c.claim_id.in_(bindparam("ids", expanding=True)))
    .order_by(claim_events.c.id)
)
_PAPERS_OF = (
    select(*columns(claim_papers, StoredPaper))
    .where(claim_papers.c.claim_id.in_(bindparam("ids", expanding=True)))
    .order_by(claim_papers.c.claim_id, claim_papers.c.position)
)


def _first(db: Connection, question: Select[Any]) -> StoredClaim | None:
    row = db.execute(question).first()
    return StoredClaim(*row) if row else None


def get(db: Connection, scope: Scope, claim_id: str) -> StoredClaim | None:
    """The claim of this id, in the scope of whoever asks."""
    return _first(db, _CLAIMS.where(sees(scope, claims), claims.c.id == claim_id))


def by_number(db: Connection, scope: Scope, number: str) -> StoredClaim | None:
    """The claim with this number."""
    return _first(db, _CLAIMS.where(sees(scope, claims), claims.c.number == number))


def by_reference(db: Connection, scope: Scope, insurer_reference: str) -> StoredClaim | None:
    """The claim that the insurer knows under this reference."""
    return _first(db, _CLAIMS.where(sees(scope, claims), claims.c.insurer_reference == insurer_reference))


def page(db: Connection, scope: Scope, wanted: Wanted) -> list[StoredClaim]:
    """A page of claims by id."""
    question = _CLAIMS.where(sees(scope, claims), claims.c.id > wanted.after).order_by(claims.c.id).limit(wanted.limit)
    for name in ("state", "kind", "member_id"):
        if (value := getattr(wanted, name)) is not None:
            question = question.where(claims.c[name] == value)
    if wanted.overdue_at is not None:
        question = question.where(_overdue(wanted.overdue_at))
    return [StoredClaim(*row) for row in db.execute(question)]


def _overdue(now: datetime) -> ColumnElement[bool]:
    """Whether a claim has rested too long, as `gateway.core.claims.rested_too_long` says of one."""
    resting = (
        (claims.c.state == state) & claims.c.review_until.is_(None) & (claims.c.changed_at < now - timedelta(days=days))
        for state, days in LONGEST.items()
    )
    return or_(*resting, (claims.c.state == "review") & (claims.c.review_until < now))


def counts(db: Connection, scope: Scope) -> dict[str, int]:
    """How many claims are in each state."""
    query = select(claims.c.state, func.count()).where(sees(scope, claims)).group_by(claims.c.state)
    return {state: many for state, many in db.execute(query)}  # noqa: C416  # rows are no pairs to a reader


def count_overdue(db: Connection, scope: Scope, now: datetime) -> int:
    """How many claims have rested too long."""
    return db.execute(select(func.count()).select_from(claims).where(sees(scope, claims), _overdue(now))).scalar_one()


class Ready(NamedTuple):
    """A claim under review whose papers have all come: somebody can decide about it. `since` is when it last moved."""

    id: str
    member_id: str
    number: str
    kind: str
    since: datetime


_INCOMPLETE = exists().where(claim_papers.c.claim_id == claims.c.id, claim_papers.c.received_at.is_(None))


def ready(db: Connection, scope: Scope, now: datetime, first: int) -> tuple[int, list[Ready]]:
    """How many claims wait for a decision alone, and the first of them, the oldest first; not those that have rested too long."""
    wanted = (sees(scope, claims), claims.c.state == "review", ~_INCOMPLETE, ~_overdue(now))
    numbered = select(claims.c.id, claims.c.member_id, claims.c.number, claims.c.kind, claims.c.changed_at, func.count().over())
    rows = db.execute(numbered.where(*wanted).order_by(claims.c.changed_at, claims.c.id).limit(first)).all()
    return (rows[0][-1] if rows else 0), [Ready(*row[:-1]) for row in rows]


def is_appealed(db: Connection, claim_id: str) -> bool:
    """Whether she asked for another look, and nobody has decided since."""
    return db.execute(select(tasks.c.id).where(tasks.c.claim_id == claim_id, _open_appeal)).first() is not None


def events(db: Connection, claim_ids: Collection[str]) -> list[StoredEvent]:
    """All moves of these claims, at most some hundreds of claims at once, in the order in which they were made."""
    return [StoredEvent(*row) for row in db.execute(_EVENTS, {"ids": list(claim_ids)})]


def papers(db: Connection, claim_ids: Collection[str]) -> list[StoredPaper]:
    """The papers of these claims, in the order in which they are asked for."""
    return [StoredPaper(*row) for row in db.execute(_PAPERS_OF, {"ids": list(claim_ids)})]


def has_member(db: Connection, scope: Scope, member_id: str) -> bool:
    """Whether there is this member, in this scope, and her records are not erased."""
    question = select(members.c.id).where(sees(scope, members), members.c.id == member_id, members.c.state != "erased")
    return db.execute(question).first() is not None


# --- opening -----------------------------------------------------------------------------------------------------------------------

SCATTER = 7919  # a prime: numbers drawn from one seed lie far apart


@dataclass(frozen=True, slots=True)
class NewClaim:
    """A claim that was handed in, by whom it was written down; `number` comes from `new_numbers`."""

    id: str
    organisation_id: str
    member_id: str
    number: str
    kind: str
    by: str
    note: str | None = None
    insurer_reference: str | None = None


_TAKEN = select(claims.c.number).where(
    claims.c.organisation_id == bindparam("organisation_id"), claims.c.number.in_(bindparam("numbers", expanding=True))
)
_OPEN = insert(claims)
_LOG = insert(claim_events)
_NEED = insert(claim_papers)


def new_numbers(db: Connection, organisation_id: str, seed: int, count: int = 1) -> list[str]:
    """Free numbers of claims, at most some hundreds, the last digit checking the others; drawn from `seed`, any large random number.

    Between this and `open_claim` somebody else may take one: that transaction ends in Conflict.
    """
    for digits in range(5, 11):
        first, size = 10 ** (digits - 1), 9 * 10 ** (digits - 1)
        drawn = [reference.with_check_digit(first + (seed + step * SCATTER) % size) for step in range(count + 2)]
        taken = set(db.execute(_TAKEN, {"organisation_id": organisation_id, "numbers": drawn}).scalars())
        free = [number for number in drawn if number not in taken]
        if len(free) >= count:
            return free[:count]
    raise LookupError("no number of a claim is free")


def open_many(db: Connection, seal: Seal, new: Sequence[NewClaim], now: datetime) -> None:
    """Write down claims that were handed in, with the papers that their kinds need; Conflict where a number or reference is taken."""
    if not new:
        return
    rows = []
    for claim in new:
        row = values(claim) | {"sealed_note": _sealed(seal, claim.note)}
        del row["by"], row["note"]
        rows.append({**row, "state": "received", "opened_at": now, "changed_at": now})
    db.execute(_OPEN, rows)
    db.execute(_LOG, [{"claim_id": claim.id, "state": "received", "by": claim.by, "at": now} for claim in new])
    db.execute(
        _NEED,
        [{"claim_id": claim.id, "paper": paper, "position": place} for claim in new for place, paper in enumerate(PAPERS[claim.kind])],
    )


def open_claim(db: Connection, seal: Seal, claim: NewClaim, now: datetime) -> None:
    """Write down one claim that was handed in."""
    open_many(db, seal, [claim], now)


def numbers(db: Connection, scope: Scope, claim_ids: Collection[str]) -> dict[str, str]:
    """The numbers of these claims, as far as they are in scope."""
    query = select(claims.c.id, claims.c.number).where(claims.c.id.in_(claim_ids), sees(scope, claims))
    return {row.id: row.number for row in db.execute(query)}


_OPEN_OF = (
    select(claims.c.number)
    .where(claims.c.member_id == bindparam("of_member"), claims.c.kind == bindparam("of_kind"), claims.c.state.not_in(("paid", "refused")))
    .order_by(claims.c.opened_at.desc())
    .limit(1)
)


def open_of(db: Connection, member_id: str, kind: str) -> str | None:
    """The number of her claim of this kind that is neither paid nor refused; the latest, None where there is none."""
    return db.execute(_OPEN_OF, {"of_member": member_id, "of_kind": kind}).scalar()


# --- moving ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a claim: its new state with all that belongs to it, and by whom. Whether it is allowed, the caller has looked at."""

    claim_id: str
    version: int  # as it was read: somebody else may have moved it since
    state: str
    by: str
    amount: int | None = None
    reason: str | None = None
    review_until: datetime | None = None
    paid_at: datetime | None = None
    note: str | None = None


_NOW = bindparam("now", type_=claims.c.changed_at.type)
_MOVE = (
    update(claims)
    .where(claims.c.id == bindparam("claim_id"), claims.c.version == bindparam("read"))
    .values(
        state=bindparam("new_state"),
        amount=bindparam("new_amount"),
        reason=bindparam("new_reason"),
        review_until=bindparam("until"),
        paid_at=bindparam("paid"),
        changed_at=_NOW,
        # A call that is later by a moment may have told her what stood before: what comes now is news all the same.
        heard_at=case((claims.c.heard_at < _NOW, claims.c.heard_at), else_=None),
        version=claims.c.version + 1,
    )
)
_TOUCH = update(claims).where(claims.c.id == bindparam("claim_id")).values(version=claims.c.version + 1)
_THIS_PAPER = (claim_papers.c.claim_id == bindparam("of_claim")) & (claim_papers.c.paper == bindparam("of_paper"))
_TICK = (
    update(claim_papers)
    .where(_THIS_PAPER, claim_papers.c.received_at.is_(None))
    .values(received_at=bindparam("now"), received_by=bindparam("who"))
)
_UNTICK = update(claim_papers).where(_THIS_PAPER, claim_papers.c.received_at.is_not(None)).values(received_at=None, received_by=None)
_OTHERS_MISSING = delete(claim_papers).where(
    claim_papers.c.claim_id == bindparam("of_claim"),
    claim_papers.c.received_at.is_(None),
    claim_papers.c.paper.not_in(bindparam("named", expanding=True)),
)
_ASK = insert_into(claim_papers)
_ASK = _ASK.on_conflict_do_update(index_elements=["claim_id", "paper"], set_={"received_at": None, "received_by": None})
_MISSING = select(func.count()).where(claim_papers.c.claim_id == bindparam("of_claim"), claim_papers.c.received_at.is_(None))


def move(db: Connection, seal: Seal, made: Move, now: datetime) -> bool:
    """Move a claim and keep who did it; False, and nothing written, where somebody else changed it since it was read."""
    parameters = {
        "claim_id": made.claim_id,
        "read": made.version,
        "new_state": made.state,
        "new_amount": made.amount,
        "new_reason": made.reason,
        "until": made.review_until,
        "paid": made.paid_at,
        "now": now,
    }
    if db.execute(_MOVE, parameters).rowcount == 0:
        return False
    event = {"claim_id": made.claim_id, "state": made.state, "amount": made.amount, "reason": made.reason, "by": made.by, "at": now}
    db.execute(_LOG, {**event, "sealed_note": _sealed(seal, made.note)})
    return True


def touch(db: Connection, claim_id: str) -> None:
    """Hold a claim until the transaction ends, and let whoever read it before know that something changed."""
    db.execute(_TOUCH, {"claim_id": claim_id})


def tick(db: Connection, claim_id: str, paper: str, by: str, now: datetime) -> bool:
    """A paper came in; False where it had come before, or is none that the claim needs."""
    return db.execute(_TICK, {"of_claim": claim_id, "of_paper": paper, "who": by, "now": now}).rowcount == 1


def untick(db: Connection, claim_id: str, paper: str) -> bool:
    """A paper that was ticked off did not come after all; False where it was missing anyway."""
    return db.execute(_UNTICK, {"of_claim": claim_id, "of_paper": paper}).rowcount == 1


def ask_for(db: Connection, claim_id: str, named: Sequence[str]) -> None:
    """These papers are missing and no others: what came stays ticked off, what is not asked for any more leaves the list."""
    db.execute(_OTHERS_MISSING, {"of_claim": claim_id, "named": list(named)})
    db.execute(_ASK, [{"claim_id": claim_id, "paper": paper, "position": place} for place, paper in enumerate(named)])


def count_missing(db: Connection, claim_id: str) -> int:
    """How many papers of a claim have not come."""
    return db.execute(_MISSING, {"of_claim": claim_id}).scalar_one()


# --- what rested too long ----------------------------------------------------------------------------------------------------------


class Overdue(NamedTuple):
    """A claim about which nothing happened for too long."""

    id: str
    organisation_id: str
    member_id: str


_LOOKED_AT = exists().where(tasks.c.claim_id == claims.c.id, tasks.c.kind == bindparam("kind"), tasks.c.state == "open")
_RESTING = (
    select(*columns(claims, Overdue))
    .where(
        claims.c.state == bindparam("in_state"),
        claims.c.organisation_id == bindparam("organisation_id"),
        claims.c.changed_at < bindparam("before"),
        claims.c.review_until.is_(None),
        ~_LOOKED_AT,
    )
    .order_by(claims.c.changed_at)
    .limit(bindparam("count"))
)
_DATE_PAST = (
    select(*columns(claims, Overdue))
    .where(
        claims.c.state == "review",
        claims.c.organisation_id == bindparam("organisation_id"),
        claims.c.review_until < bindparam("now", type_=claims.c.review_until.type),
        ~_LOOKED_AT,
    )
    .order_by(claims.c.review_until)
    .limit(bindparam("count"))
)
_ORGANISATIONS = select(organisations.c.id).order_by(organisations.c.id)


def overdue(db: Connection, task_kind: str, now: datetime, count: int) -> list[Overdue]:
    """Claims of all organisations that rested too long and about which no task of this kind is open, at most `count` of a state each."""
    found: list[Overdue] = []
    for organisation_id in db.execute(_ORGANISATIONS).scalars().all():
        common = {"organisation_id": organisation_id, "kind": task_kind, "count": count}
        for state, days in LONGEST.items():
            rows = db.execute(_RESTING, {**common, "in_state": state, "before": now - timedelta(days=days)})
            found += [Overdue(*row) for row in rows]
        found += [Overdue(*row) for row in db.execute(_DATE_PAST, {**common, "now": now})]
    return found


def _sealed(seal: Seal, note: str | None) -> bytes | None:
    return seal.seal(note) if note else None
