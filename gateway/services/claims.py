"""Claims, as organisers take them up and decide about them. Each change is an event with who and when; she hears of it on her next call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from gateway.core import claims as rules
from gateway.core.ids import number_of
from gateway.errors import GatewayError
from gateway.services import access, claim_moves, telling
from gateway.services.access import Actor, Permission
from gateway.services.claim_moves import Move
from gateway.store import claims, members, sweeps, tasks
from gateway.store.claims import StoredClaim, StoredEvent, Wanted
from gateway.store.database import Conflict

if TYPE_CHECKING:
    from gateway.core.jobs import Job
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

__all__ = ["Claim", "Event", "Move", "Opening", "Paper"]

OVERDUE = "claim_overdue"  # the kind of a task
OVERDUE_EVERY = timedelta(hours=1)
MOST_OVERDUE = 500  # tasks of one state and organisation in one sweep
MOST_SHOWN = 500  # claims of one page
LONGEST_REFERENCE = 40  # characters
TRIES_FOR_A_NUMBER = 5


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that a claim needs (a phrase of flows/phrases.yaml), and when it came; None: it is missing."""

    name: str
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as an organiser sees it. `amount` is paisa; `days_in_state` whole days since it came into its state; `member` her number,
    `name` hers where somebody wrote it down; `overdue`: it has rested too long; `heard_at` when she was last told where it stands."""

    id: str
    member_id: str
    member: str
    number: str
    kind: str
    state: str
    amount: int | None
    reason: str | None
    review_until: datetime | None
    paid_at: datetime | None
    insurer_reference: str | None
    papers: tuple[Paper, ...]
    days_in_state: int
    opened_at: datetime
    changed_at: datetime
    version: int
    note: str | None
    name: str | None = None
    overdue: bool = False
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One move of a claim: to which state, with what amount or reason, by whom, when."""

    state: str
    by: str
    at: datetime
    note: str | None
    amount: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Opening:
    """A claim that is handed in. `task_id` is the call-back from which it came, which it ticks off.

    `again`: it is another one, though one of this kind is open for her.
    """

    kind: str
    note: str | None = None
    insurer_reference: str | None = None
    task_id: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """A claim was in this state since then, for so many days; `until` None: it is there now."""

    state: str
    since: datetime
    until: datetime | None
    days: int


@dataclass(frozen=True, slots=True)
class Story:
    """A claim with all that became of it: the states that it went through, its moves, and in which language she hears of it.

    `appealed`: she asked for another look, and nobody has decided since.
    """

    claim: Claim
    stays: tuple[Stay, ...]
    events: tuple[Event, ...]
    language: str
    appealed: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many claims are in each state, and how many rested too long."""

    of_state: Mapping[str, int]
    overdue: int


# --- looking -----------------------------------------------------------------------------------------------------------------------


def get(gateway: Gateway, actor: Actor, claim_id: str) -> Claim:
    """One claim; GatewayError `claim:unknown`."""
    actor.require(Permission.SEE_CLAIMS)
    with gateway.database.write() as db:
        stored = _stored(db, actor, claim_id)
        access.note(gateway, db, actor, Permission.SEE_CLAIMS, f"claim:{stored.id}")
        return _seen(gateway, db, [stored])[0]


def by_number(gateway: Gateway, actor: Actor, number: str) -> Claim:
    """The claim with this number; GatewayError `claim:unknown`."""
    actor.require(Permission.SEE_CLAIMS)
    with gateway.database.read() as db:
        stored = claims.by_number(db, actor.scope, number)
    if stored is None:
        raise GatewayError("claim:unknown", claim=number)
    return get(gateway, actor, stored.id)


def of_member(gateway: Gateway, actor: Actor, member_id: str) -> list[Claim]:
    """All claims of one member, the latest first; GatewayError `member:unknown`."""
    actor.require(Permission.SEE_CLAIMS)
    with gateway.database.write() as db:
        if not claims.has_member(db, actor.scope, member_id):
            raise GatewayError("member:unknown", number=member_id)
        found = _seen(gateway, db, claims.page(db, actor.scope, Wanted(limit=MOST_SHOWN, member_id=member_id)))
        access.note(gateway, db, actor, Permission.SEE_CLAIMS, f"member:{member_id}", count=len(found))
    return sorted(found, key=lambda claim: (claim.opened_at, claim.id), reverse=True)


def story(gateway: Gateway, actor: Actor, claim_id: str) -> Story:
    """A claim with its whole story; GatewayError `claim:unknown`."""
    actor.require(Permission.SEE_CLAIMS)
    with gateway.database.write() as db:
        stored = _stored(db, actor, claim_id)
        claim = _seen(gateway, db, [stored])[0]
        rows = claims.events(db, [stored.id])
        member = members.briefly(db, gateway.seal, [stored.member_id])[stored.member_id]
        appealed = claims.is_appealed(db, stored.id)
        access.note(gateway, db, actor, Permission.SEE_CLAIMS, f"claim:{stored.id}", events=True)
    return Story(claim, _stays(rows, gateway.clock()), _made(gateway, rows), member.language, appealed)


def counts(gateway: Gateway, actor: Actor) -> Counts:
    """How many claims are where: no claim is named, so that nothing is noted."""
    actor.require(Permission.SEE_CLAIMS)
    with gateway.database.read() as db:
        return Counts(claims.counts(db, actor.scope), claims.count_overdue(db, actor.scope, gateway.clock()))


def page(  # noqa: PLR0913  # the form of all lists: whose, from where, how many, and what is asked for
    gateway: Gateway,
    actor: Actor,
    after: str,
    limit: int,
    *,
    state: str | None = None,
    kind: str | None = None,
    overdue: bool = False,
) -> list[Claim]:
    """Claims by id, those behind `after` ("" for the first page), of one state and kind where they are named, or only the overdue."""
    actor.require(Permission.SEE_CLAIMS)
    with gateway.database.write() as db:
        wanted = Wanted(after, min(limit, MOST_SHOWN), state, kind, overdue_at=gateway.clock() if overdue else None)
        found = claims.page(db, actor.scope, wanted)
        access.note(gateway, db, actor, Permission.SEE_CLAIMS, "claims", count=len(found), state=state, kind=kind)
        return _seen(gateway, db, found)


def events(gateway: Gateway, actor: Actor, claim_id: str) -> list[Event]:
    """All moves of a claim in order; GatewayError `claim:unknown`."""
    actor.require(Permission.SEE_CLAIMS)
    with gateway.database.write() as db:
        stored = _stored(db, actor, claim_id)
        access.note(gateway, db, actor, Permission.SEE_CLAIMS, f"claim:{stored.id}", events=True)
        rows = claims.events(db, [stored.id])
    return list(_made(gateway, rows))


def days_in_each_state(gateway: Gateway, actor: Actor, claim_id: str) -> dict[str, float]:
    """Days that a claim spent in each state until now, as its events tell."""
    moves = [(event.state, event.at) for event in events(gateway, actor, claim_id)]
    return rules.days_in_each(moves, max(gateway.clock(), moves[-1][1]))


# --- opening -----------------------------------------------------------------------------------------------------------------------


def open_claim(  # noqa: PLR0913, PLR0917  # as every verb: gateway and actor, then what it is about
    gateway: Gateway, actor: Actor, member_id: str, kind: str, note: str | None = None, insurer_reference: str | None = None
) -> Claim:
    """Take up a member's claim, with the papers that its kind needs."""
    return take_up(gateway, actor, member_id, Opening(kind, note, insurer_reference))


def take_up(gateway: Gateway, actor: Actor, member_id: str, opening: Opening) -> Claim:
    """Take up a claim. GatewayError `member:unknown`, `task:unknown`, `claim:kind`, `claim:already` (the insurer's reference).

    Unless the opening says `again`, `claim:open-already` where one of this kind is open for her.
    """
    actor.require(Permission.MOVE_CLAIMS)
    check_opening(opening)
    for _ in range(TRIES_FOR_A_NUMBER):
        try:
            return _take_up(gateway, actor, member_id, opening)
        except Conflict:  # somebody took the number, or just now the reference
            continue
    raise GatewayError("receive:busy")


def member_numbered(gateway: Gateway, actor: Actor, number: str) -> str:
    """The id of the member with this membership number; GatewayError `member:unknown`."""
    actor.require(Permission.MOVE_CLAIMS)
    with gateway.database.read() as db:
        member = members.by_number(db, actor.organisation_id, number)
        if member is None or not claims.has_member(db, actor.scope, member.id):
            raise GatewayError("member:unknown", number=number)
    return member.id


def check_opening(opening: Opening) -> None:
    """GatewayError `claim:*` for what cannot be opened."""
    if opening.kind not in rules.KINDS:
        raise GatewayError("claim:kind", kind=opening.kind, known=", ".join(rules.KINDS))
    reference = opening.insurer_reference
    if reference is not None and not (reference.strip() and len(reference) <= LONGEST_REFERENCE):
        raise GatewayError("claim:reference")
    claim_moves.check_note(opening.note)


def _take_up(gateway: Gateway, actor: Actor, member_id: str, opening: Opening) -> Claim:
    now, claim_id, seed = gateway.clock(), gateway.new_id(), number_of(gateway.new_id())
    with gateway.database.write() as db:
        if not claims.has_member(db, actor.scope, member_id):
            raise GatewayError("member:unknown", number=member_id)
        if opening.insurer_reference and (known := claims.by_reference(db, actor.scope, opening.insurer_reference)):
            raise GatewayError("claim:already", reference=opening.insurer_reference, number=known.number)
        if not opening.again and (other := claims.open_of(db, member_id, opening.kind)):
            raise GatewayError("claim:open-already", kind=opening.kind, number=other)
        new = claims.NewClaim(
            id=claim_id,
            organisation_id=actor.organisation_id,
            member_id=member_id,
            number=claims.new_numbers(db, actor.organisation_id, seed)[0],
            kind=opening.kind,
            by=actor.name,
            note=opening.note,
            insurer_reference=opening.insurer_reference,
        )
        claims.open_claim(db, gateway.seal, new, now)
        if opening.task_id is not None:
            task = tasks.ClaimOfTask(opening.task_id, actor.organisation_id, claim_id, actor.name)
            if not tasks.became_claim(db, task, now):
                raise GatewayError("task:unknown", id=opening.task_id)
        access.note(gateway, db, actor, Permission.MOVE_CLAIMS, f"claim:{claim_id}", member=member_id, state="received", kind=opening.kind)
        jobs = telling.owe_news(gateway, db, actor.organisation_id, member_id)
        claim = _seen(gateway, db, [_stored(db, actor, claim_id)])[0]
    gateway.enqueue(jobs)
    return claim


# --- moving ------------------------------------------------------------------------------------------------------------------------


def move(gateway: Gateway, actor: Actor, claim_id: str, version: int, wanted: Move) -> Claim:
    """Move a claim. GatewayError `claim:changed` where somebody changed it since `version`, `claim:not-possible` and its like."""
    actor.require(Permission.MOVE_CLAIMS)
    with gateway.database.write() as db:
        stored = _stored(db, actor, claim_id)
        if stored.version != version:
            raise GatewayError("claim:changed", number=stored.number)
        jobs = claim_moves.make(gateway, db, actor.name, stored, wanted)
        access.note(gateway, db, actor, Permission.MOVE_CLAIMS, f"claim:{stored.id}", before=stored.state, state=wanted.state)
        claim = _seen(gateway, db, [_stored(db, actor, claim_id)])[0]
    gateway.enqueue(jobs)
    return claim


def tick(gateway: Gateway, actor: Actor, claim_id: str, paper: str) -> Claim:
    """Tick a paper off that came in; with the last one that was missing, the claim goes on to the review by itself."""
    return _paper(gateway, actor, claim_id, paper, came=True)


def untick(gateway: Gateway, actor: Actor, claim_id: str, paper: str) -> Claim:
    """Take a tick back: the paper did not come after all. The claim stays where it is."""
    return _paper(gateway, actor, claim_id, paper, came=False)


def _paper(gateway: Gateway, actor: Actor, claim_id: str, paper: str, *, came: bool) -> Claim:
    actor.require(Permission.MOVE_CLAIMS)
    jobs: list[Job] = []
    with gateway.database.write() as db:
        claims.touch(db, _stored(db, actor, claim_id).id)  # whoever ticks at the same moment waits, and then counts what is missing
        stored = _stored(db, actor, claim_id)
        known = [row.paper for row in claims.papers(db, [stored.id])]
        if paper not in known:
            raise GatewayError("claim:paper", paper=paper, known=", ".join(known))
        if came:
            claims.tick(db, stored.id, paper, actor.name, gateway.clock())
            if stored.state in {"received", "paper_missing"} and not claims.count_missing(db, stored.id):
                jobs = claim_moves.make(gateway, db, actor.name, stored, Move("review"))
        else:
            claims.untick(db, stored.id, paper)
        access.note(gateway, db, actor, Permission.MOVE_CLAIMS, f"claim:{stored.id}", paper=paper, came=came)
        claim = _seen(gateway, db, [_stored(db, actor, claim_id)])[0]
    gateway.enqueue(jobs)
    return claim


# --- what rested too long ----------------------------------------------------------------------------------------------------------


def overdue(gateway: Gateway) -> int:
    """Open a task about each claim that rested too long, at most once an hour; how many. It is closed when the claim moves."""
    now, opened = gateway.clock(), 0
    with gateway.database.write() as db:
        if not sweeps.my_turn(db, OVERDUE, now, OVERDUE_EVERY):
            return 0
        for claim in claims.overdue(db, OVERDUE, now, MOST_OVERDUE):
            task = tasks.NewTask(gateway.new_id(), claim.organisation_id, OVERDUE, member_id=claim.member_id, claim_id=claim.id)
            opened += tasks.open_once(db, task, now)
    return opened


# --- what these share --------------------------------------------------------------------------------------------------------------


def _stored(db: Connection, actor: Actor, claim_id: str) -> StoredClaim:
    stored = claims.get(db, actor.scope, claim_id)
    if stored is None:
        raise GatewayError("claim:unknown", claim=claim_id)
    return stored


def _seen(gateway: Gateway, db: Connection, found: Sequence[StoredClaim]) -> list[Claim]:
    """Claims with their papers, their open notes and how long they rest."""
    ids, now = [stored.id for stored in found], gateway.clock()
    whose = members.briefly(db, gateway.seal, {stored.member_id for stored in found})
    papers: dict[str, list[Paper]] = {claim_id: [] for claim_id in ids}
    moves: dict[str, list[tuple[str, datetime]]] = {claim_id: [] for claim_id in ids}
    for claim_id, name, received_at in claims.papers(db, ids):
        papers[claim_id].append(Paper(name, received_at))
    for row in claims.events(db, ids):
        moves[row.claim_id].append((row.state, row.at))
    return [
        Claim(
            id=stored.id,
            member_id=stored.member_id,
            member=whose[stored.member_id].number,
            number=stored.number,
            kind=stored.kind,
            state=stored.state,
            amount=stored.amount,
            reason=stored.reason,
            review_until=stored.review_until,
            paid_at=stored.paid_at,
            insurer_reference=stored.insurer_reference,
            papers=tuple(papers[stored.id]),
            days_in_state=max((now - _since(moves[stored.id])).days, 0),
            opened_at=stored.opened_at,
            changed_at=stored.changed_at,
            version=stored.version,
            note=_opened(gateway, stored.sealed_note),
            name=whose[stored.member_id].name,
            overdue=rules.rested_too_long(stored.state, _since(moves[stored.id]), stored.review_until, now),
            heard_at=stored.heard_at,
        )
        for stored in found
    ]


def _since(moves: Sequence[tuple[str, datetime]]) -> datetime:
    """When a claim came into the state in which it is: the first of its last moves to the same state."""
    runs = [[at for _, at in run] for _, run in groupby(moves, key=lambda made: made[0])]
    return runs[-1][0]


def _stays(rows: Sequence[StoredEvent], now: datetime) -> tuple[Stay, ...]:
    """The states that a claim went through; a settled one ages no more."""
    runs = [next(run) for _, run in groupby(rows, key=lambda row: row.state)]
    ends: list[datetime | None] = [*(row.at for row in runs[1:]), None]
    return tuple(
        Stay(row.state, row.at, until, ((until or (row.at if row.state in rules.SETTLED else now)) - row.at).days)
        for row, until in zip(runs, ends, strict=True)
    )


def _made(gateway: Gateway, rows: Sequence[StoredEvent]) -> tuple[Event, ...]:
    return tuple(Event(row.state, row.by, row.at, _opened(gateway, row.sealed_note), row.amount, row.reason) for row in rows)


def _opened(gateway: Gateway, sealed: bytes | None) -> str | None:
    return gateway.seal.open(sealed) if sealed else None
