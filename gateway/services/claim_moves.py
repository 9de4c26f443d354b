"""Moving a claim inside a transaction: what is allowed, what belongs to each state, and all that follows from a move.

`gateway.services.claims` are the verbs of organisers; whoever takes in an insurer's file uses `carry` on its own transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from gateway.core import claims as rules
from gateway.core.calendar import NEPAL
from gateway.core.money import LARGEST
from gateway.errors import GatewayError
from gateway.services import telling
from gateway.store import claims, tasks

if TYPE_CHECKING:
    from gateway.core.jobs import Job
    from gateway.services.context import Gateway
    from gateway.store.claims import StoredClaim
    from gateway.store.database import Connection

LONGEST_NOTE = 2000


LONGEST_REVIEW = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Move:
    """What somebody decides about a claim: its next state, and what belongs to that state.

    `approved` needs an amount in paisa; `paid` may name another and the day (today, where none is named); `refused` needs a reason of
    `gateway.core.claims.REASONS`; `review` may have an instant by which it is over; `paper_missing` may name the papers that are missing,
    and then these and no others are (else all that were not ticked off).
    """

    state: str
    amount: int | None = None
    reason: str | None = None
    review_until: datetime | None = None
    paid_on: date | None = None
    papers: Sequence[str] = ()
    note: str | None = None


BELONGS = {  # which fields of a move belong to which states
    "amount": {"approved", "paid"},
    "reason": {"refused"},
    "review_until": {"review"},
    "paid_on": {"paid"},
    "papers": {"paper_missing"},
}


def make(gateway: Gateway, db: Connection, by: str, stored: StoredClaim, wanted: Move) -> list[Job]:
    """Move a claim one step, as it was read in this transaction; GatewayError `claim:*` where that cannot be."""
    now = max(gateway.clock(), stored.changed_at)
    _check(stored, wanted, now)
    if wanted.papers:
        claims.ask_for(db, stored.id, wanted.papers)
    if wanted.state == "paper_missing" and not claims.count_missing(db, stored.id):
        raise GatewayError("claim:incomplete", state=wanted.state, what="the papers that are missing: all that were asked for have come")
    made = claims.Move(
        claim_id=stored.id,
        version=stored.version,
        state=wanted.state,
        by=by,
        amount=wanted.amount if wanted.amount is not None else _kept_amount(stored, wanted),
        reason=wanted.reason,
        review_until=wanted.review_until,
        paid_at=_paid_at(wanted.paid_on, now) if wanted.state == "paid" else None,
        note=wanted.note,
    )
    if not claims.move(db, gateway.seal, made, now):
        raise GatewayError("claim:changed", number=stored.number)
    tasks.close_about_claim(db, stored.id, by, now)
    return list(telling.owe_news(gateway, db, stored.organisation_id, stored.member_id))


def carry(gateway: Gateway, db: Connection, by: str, stored: StoredClaim, wanted: Move) -> list[Job]:
    """Move a claim to a state that lies further on, through those between: an insurer's file tells how it stands, not how it came there.

    Where it stands there already, nothing happens. An amount counts for the approval on the way too.
    """
    if stored.state == wanted.state:
        return []
    steps = rules.way(stored.state, wanted.state)
    if steps is None:
        raise _not_possible(stored, wanted.state)
    jobs: list[Job] = []
    for state in steps:
        passing = Move(state, amount=wanted.amount if state == "approved" else None)
        jobs += make(gateway, db, by, stored, wanted if state == wanted.state else passing)
        stored = replace(stored, state=state, amount=wanted.amount, version=stored.version + 1)
    return jobs


def _kept_amount(stored: StoredClaim, wanted: Move) -> int | None:
    return stored.amount if wanted.state == "paid" else None


def _paid_at(day: date | None, now: datetime) -> datetime:
    """Noon of the day in Nepal, so that it is that day wherever it is read."""
    today = now.astimezone(NEPAL).date()
    return now if day is None or day == today else datetime.combine(day, time(12), NEPAL)


def _not_possible(stored: StoredClaim, wanted: str) -> GatewayError:
    possible = ", ".join(rules.NEXT[stored.state]) or "nothing, since it is paid"
    return GatewayError("claim:not-possible", number=stored.number, state=stored.state, wanted=wanted, possible=possible)


def _check(stored: StoredClaim, wanted: Move, now: datetime) -> None:
    if wanted.state not in rules.NEXT[stored.state]:
        raise _not_possible(stored, wanted.state)
    for name, states in BELONGS.items():
        if getattr(wanted, name) not in (None, ()) and wanted.state not in states:
            raise GatewayError("claim:superfluous", state=wanted.state, what=name)
    if wanted.state == "approved" and wanted.amount is None:
        raise GatewayError("claim:incomplete", state="approved", what="an amount")
    if wanted.amount is not None and not 0 < wanted.amount <= LARGEST:
        raise GatewayError("claim:amount")
    if wanted.state == "refused" and wanted.reason not in rules.REASONS:
        raise GatewayError("claim:reason", reason=wanted.reason or "", known=", ".join(rules.REASONS))
    if wanted.review_until is not None and not now < wanted.review_until < now + LONGEST_REVIEW:
        raise GatewayError("claim:date", what="the review's end", bounds="ahead, within a hundred years")
    if wanted.paid_on is not None and not stored.opened_at.astimezone(NEPAL).date() <= wanted.paid_on <= now.astimezone(NEPAL).date():
        raise GatewayError("claim:date", what="the payment", bounds="between the day it was opened and today")
    check_note(wanted.note)
    _check_papers(wanted.papers)


def _check_papers(named: Sequence[str]) -> None:
    for paper in named:
        if paper not in rules.ALL_PAPERS:
            raise GatewayError("claim:paper", paper=paper, known=", ".join(rules.ALL_PAPERS))
    if len(named) > rules.MOST_PAPERS or len(set(named)) < len(named):
        raise GatewayError("claim:incomplete", state="paper_missing", what=f"at most {rules.MOST_PAPERS} papers, each named once")


def check_note(note: str | None) -> None:
    """GatewayError `claim:note` for one that is too long."""
    if note is not None and len(note) > LONGEST_NOTE:
        raise GatewayError("claim:note", most=LONGEST_NOTE)
