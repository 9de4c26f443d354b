"""The ledger for organisers: note, confirm, question, reverse, and how far a member has come. Nothing is ever edited.

Each change is one transaction with its row of the audit log; whoever comes second to the same entry is told what became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from gateway.core import money, reference
from gateway.core.calendar import month_of
from gateway.core.dues import Due
from gateway.core.ids import number_of
from gateway.core.schemes import is_month, month_after
from gateway.errors import GatewayError
from gateway.services import access, schemes
from gateway.services.access import Actor, Permission
from gateway.services.schemes import SchemeStanding
from gateway.store import contributions, enrolments, members
from gateway.store import schemes as scheme_rows
from gateway.store.contributions import EntryRow as Entry
from gateway.store.contributions import Filter, Page, Word
from gateway.store.database import Conflict

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

__all__ = [
    "SAME_REPORT_WINDOW", "Entry", "Report", "Standing", "Word", "check_waiting", "confirm", "decisions", "find", "get", "match", "note",
    "of_member", "page", "question", "reverse", "standing", "standing_of",
]  # fmt: skip

SAME_REPORT_WINDOW = timedelta(days=1)  # the same amount for the same month within a day is asked about, not swallowed
WAITS_TOO_LONG = timedelta(days=14)  # after which an entry that nobody looked at becomes a task
MOST_TASKS = 500  # of one look
MOST_RACES = 5
LONGEST_AHEAD = 12  # months that somebody may pay in advance
LONGEST_RECEIPT = 40

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Report:
    """A payment as it is reported: `amount` paisa, `month` None for this one, `scheme` a code, None for the one that she pays into.

    `id`, where it is given, was drawn when the form was shown: sent twice, it notes once.
    """

    amount: int
    month: str | None = None
    scheme: str | None = None
    receipt: str | None = None
    note: str | None = None
    again: bool = False
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a member has come. `total` is what she paid by our entries: `confirmed` is final, `noted` still to be checked.

    The months and the next due are those of her schemes together (`schemes`); without a scheme there are none.
    """

    total: int
    confirmed: int
    noted: int
    months_paid: tuple[str, ...]
    months_open: tuple[str, ...]
    next_due: Due | None
    government_awaited: int
    schemes: tuple[SchemeStanding, ...]


# --- adding ------------------------------------------------------------------------------------------------------------------------


def note(gateway: Gateway, actor: Actor, member_id: str, report: Report) -> Entry:
    """Note a payment of a member.

    GatewayErrors: `member:unknown`, `contribution:amount`, `contribution:range`, `contribution:month`, `scheme:unknown`,
    `receipt:already`, and unless the report says `again`, `contribution:already` where the same was noted within a day.
    """
    actor.require(Permission.NOTE_CONTRIBUTIONS)
    return _again_if_beaten(lambda: _note(gateway, actor, member_id, report, "member"))


def match(gateway: Gateway, actor: Actor, member_id: str, report: Report) -> Entry:
    """Enter what the government paid for a member, as its statement says: at once final, and no longer awaited.

    GatewayErrors as of `note`, and `contribution:not-awaited` for more than is awaited for her, this scheme and this month.
    """
    actor.require(Permission.CHECK_CONTRIBUTIONS)
    return _again_if_beaten(lambda: _note(gateway, actor, member_id, report, "government"))


def _note(gateway: Gateway, actor: Actor, member_id: str, report: Report, payer: str) -> Entry:
    now = gateway.clock()
    month = report.month or month_of(now)
    if not 0 < report.amount <= money.LARGEST:
        raise GatewayError("contribution:amount", value=report.amount)
    if payer == "member" and not money.PLAUSIBLE[0] <= report.amount <= money.PLAUSIBLE[1]:
        least, most = map(money.rupees, money.PLAUSIBLE)
        raise GatewayError("contribution:range", amount=money.rupees(report.amount), least=least, most=most)
    if not is_month(month) or month > month_after(month_of(now), LONGEST_AHEAD):
        raise GatewayError("contribution:month", value=month)
    with gateway.database.write() as db:
        if not contributions.is_here(db, actor.scope, member_id):
            raise GatewayError("member:unknown", number=member_id)
        contributions.hold(db, member_id)
        if report.id and (known := contributions.get(db, gateway.seal, actor.scope, report.id)):
            return known
        _refuse_known(db, actor, member_id, replace(report, month=month, again=report.again or payer == "government"), now)
        scheme_id = _scheme_id(db, actor, member_id, report.scheme, month)
        if payer == "government":
            _refuse_not_awaited(gateway, db, member_id, scheme_id, replace(report, month=month))
        new = contributions.NewContribution(
            id=report.id or gateway.new_id(),
            organisation_id=actor.organisation_id,
            member_id=member_id,
            amount=report.amount,
            month=month,
            reference=new_reference(gateway),
            noted_by=actor.name,
            payer=payer,
            scheme_id=scheme_id,
            receipt=report.receipt[:LONGEST_RECEIPT] if report.receipt else None,
            sealed_note=gateway.seal.seal(report.note) if report.note else None,
        )
        contributions.note(db, new, now)
        if payer == "government":
            contributions.decide(db, contributions.Decision(new.id, "confirmed", actor.name, None), now)
        access.note(gateway, db, actor, "note_contribution", f"contribution:{new.id}", member=member_id, payer=payer)
        return _entry(gateway, db, actor, new.id)


def _refuse_known(db: Connection, actor: Actor, member_id: str, report: Report, now: datetime) -> None:
    if report.receipt and (known := contributions.with_receipt(db, actor.organisation_id, report.receipt[:LONGEST_RECEIPT])):
        raise GatewayError("receipt:already", receipt=report.receipt, reference=known)
    if report.again or report.month is None:
        return
    same = contributions.recent_same(db, member_id, report.amount, report.month, now - SAME_REPORT_WINDOW)
    if same is not None:
        raise GatewayError("contribution:already", amount=money.rupees(report.amount), month=report.month, reference=same)


def _refuse_not_awaited(gateway: Gateway, db: Connection, member_id: str, scheme_id: str | None, report: Report) -> None:
    code = next((row.code for row in enrolments.of_member(db, member_id) if row.scheme_id == scheme_id), None)
    awaited = schemes.awaited_by_month(db, member_id, code, schemes.today_of(gateway)) if code else {}
    if report.amount > awaited.get(report.month or "", 0):
        known = ", ".join(f"{money.rupees(amount)} for {month}" for month, amount in awaited.items())
        member = members.get(db, member_id)
        raise GatewayError(
            "contribution:not-awaited",
            amount=money.rupees(report.amount),
            month=report.month,
            scheme=code or report.scheme or "no scheme",
            awaited=known or "nothing",
            number=member.number if member else member_id,
        )


def _scheme_id(db: Connection, actor: Actor, member_id: str, code: str | None, month: str) -> str | None:
    if code is None:
        return schemes.paying_into(enrolments.of_member(db, member_id), month)
    scheme = scheme_rows.by_code(db, actor.organisation_id, code)
    if scheme is None:
        raise GatewayError("scheme:unknown", scheme=code)
    return scheme.id


def new_reference(gateway: Gateway) -> str:
    """A number for an entry that can be said and keyed: nine digits or fewer, the last one checking the others."""
    return reference.with_check_digit(number_of(gateway.new_id()) % 10**8)


# --- deciding ----------------------------------------------------------------------------------------------------------------------


def confirm(gateway: Gateway, actor: Actor, contribution_id: str, note: str | None = None) -> Entry:
    """Make an entry final. GatewayErrors `contribution:unknown`, and `contribution:changed` where it is that, or reversed, already."""
    actor.require(Permission.CHECK_CONTRIBUTIONS)
    return _decide(gateway, actor, contribution_id, "confirmed", note)


def question(gateway: Gateway, actor: Actor, contribution_id: str, note: str | None = None) -> Entry:
    """Doubt an entry that was noted: a task to clear it up is opened. GatewayErrors as of `confirm`."""
    actor.require(Permission.CHECK_CONTRIBUTIONS)
    return _decide(gateway, actor, contribution_id, "questioned", note)


MAY_BECOME = {"questioned": ("noted",), "confirmed": ("noted", "questioned"), "reversed": ("noted", "questioned", "confirmed")}


REMEDIES = {("confirmed", "questioned"): " It is final: to take it back, reverse it."}


def _decide(gateway: Gateway, actor: Actor, contribution_id: str, state: str, note: str | None) -> Entry:
    now = gateway.clock()
    sealed = gateway.seal.seal(note) if note else None
    with gateway.database.write() as db:
        entry = _held(gateway, db, actor, contribution_id, state)
        contributions.decide(db, contributions.Decision(entry.id, state, actor.name, sealed), now)
        if state == "questioned":
            contributions.open_check(db, gateway.new_id(), contributions.Unchecked(entry.id, actor.organisation_id, entry.member_id), now)
        else:
            contributions.close_checks(db, entry.id, actor.name, now)
        access.note(gateway, db, actor, "check_contribution", f"contribution:{entry.id}", member=entry.member_id, state=state)
        return _entry(gateway, db, actor, entry.id)


def reverse(gateway: Gateway, actor: Actor, contribution_id: str, note: str | None = None) -> Entry:
    """Take an entry back by one of the negative amount, which is returned. It cannot be taken back twice, whoever tries at once.

    GatewayErrors as of `confirm`, and `contribution:reason` for an empty note.
    """
    actor.require(Permission.CHECK_CONTRIBUTIONS)
    if note is not None and not note.strip():
        raise GatewayError("contribution:reason")
    return _again_if_beaten(lambda: _reverse(gateway, actor, contribution_id, note))


def _reverse(gateway: Gateway, actor: Actor, contribution_id: str, note: str | None) -> Entry:
    now = gateway.clock()
    with gateway.database.write() as db:
        entry = _held(gateway, db, actor, contribution_id, "reversed")
        new = contributions.NewContribution(
            id=gateway.new_id(),
            organisation_id=actor.organisation_id,
            member_id=entry.member_id,
            amount=-entry.amount,
            month=entry.month,
            reference=new_reference(gateway),
            noted_by=actor.name,
            payer=entry.payer,
            scheme_id=entry.scheme_id,
            reverses=entry.id,
            sealed_note=gateway.seal.seal(note) if note else None,
        )
        contributions.note(db, new, now)
        contributions.close_checks(db, entry.id, actor.name, now)
        access.note(gateway, db, actor, "check_contribution", f"contribution:{entry.id}", member=entry.member_id, state="reversed")
        return _entry(gateway, db, actor, new.id)


def _held(gateway: Gateway, db: Connection, actor: Actor, contribution_id: str, wanted: str) -> Entry:
    """The entry, which nobody else may decide about until this transaction ends, if it may become that."""
    contributions.hold_entry(db, contribution_id)
    entry = _entry(gateway, db, actor, contribution_id)
    if entry.state not in MAY_BECOME[wanted]:
        remedy = REMEDIES.get((entry.state, wanted), "")
        raise GatewayError("contribution:changed", reference=entry.reference, state=entry.state, wanted=wanted, remedy=remedy)
    return entry


def _entry(gateway: Gateway, db: Connection, actor: Actor, contribution_id: str) -> Entry:
    entry = contributions.get(db, gateway.seal, actor.scope, contribution_id)
    if entry is None:
        raise GatewayError("contribution:unknown", reference=contribution_id)
    return entry


def _again_if_beaten(attempt: Callable[[], Result]) -> Result:
    """Somebody else took the reference, or was faster with the entry: read again, decide again."""
    for _ in range(MOST_RACES):
        try:
            return attempt()
        except Conflict:
            continue
    raise GatewayError("receive:busy")


# --- seeing ------------------------------------------------------------------------------------------------------------------------


def get(gateway: Gateway, actor: Actor, contribution_id: str) -> Entry:
    """One entry. GatewayError `contribution:unknown`."""
    actor.require(Permission.SEE_CONTRIBUTIONS)
    with gateway.database.read() as db:
        entry = _entry(gateway, db, actor, contribution_id)
    _viewed(gateway, actor, f"contribution:{entry.id}", member=entry.member_id)
    return entry


def decisions(gateway: Gateway, actor: Actor, contribution_id: str) -> list[Word]:
    """What organisers said of an entry, in order, with their notes. GatewayError `contribution:unknown`."""
    actor.require(Permission.SEE_CONTRIBUTIONS)
    with gateway.database.read() as db:
        return contributions.decisions(db, gateway.seal, _entry(gateway, db, actor, contribution_id).id)


def find(gateway: Gateway, actor: Actor, wanted: str) -> str:
    """The id of the entry with this reference. GatewayError `contribution:unknown`."""
    actor.require(Permission.SEE_CONTRIBUTIONS)
    with gateway.database.read() as db:
        found = contributions.id_of(db, actor.scope, wanted)
    if found is None:
        raise GatewayError("contribution:unknown", reference=wanted)
    return found


def of_member(gateway: Gateway, actor: Actor, member_id: str, after: str, limit: int) -> list[Entry]:
    """A page of a member's entries in the order in which they were noted, behind the one with the id `after`."""
    actor.require(Permission.SEE_CONTRIBUTIONS)
    with gateway.database.read() as db:
        _seen(db, actor, member_id)
        found = contributions.page(db, gateway.seal, actor.scope, Filter(member_id), Page(after, limit))
    _viewed(gateway, actor, f"member:{member_id}", entries=len(found))
    return found


def page(  # noqa: PLR0913, PLR0917 - of a page, two say where and two say which
    gateway: Gateway, actor: Actor, after: str, limit: int, state: str | None = None, month: str | None = None
) -> list[Entry]:
    """A page of the organisation's entries, or of a collector's group, in one state or of one month; none in a state that is no state."""
    actor.require(Permission.SEE_CONTRIBUTIONS)
    if state is not None and state not in contributions.STATE_IS:
        return []
    with gateway.database.read() as db:
        found = contributions.page(db, gateway.seal, actor.scope, Filter(None, state, month), Page(after, limit))
    _viewed(gateway, actor, "contributions", entries=len(found), state=state, month=month)
    return found


def standing(gateway: Gateway, actor: Actor, member_id: str) -> Standing:
    """How far a member has come. GatewayError `member:unknown`."""
    actor.require(Permission.SEE_CONTRIBUTIONS)
    with gateway.database.read() as db:
        _seen(db, actor, member_id)
        found = standing_of(gateway, db, member_id)
    _viewed(gateway, actor, f"member:{member_id}")
    return found


def _seen(db: Connection, actor: Actor, member_id: str) -> None:
    if not contributions.is_member(db, actor.scope, member_id):
        raise GatewayError("member:unknown", number=member_id)


def _viewed(gateway: Gateway, actor: Actor, subject: str, **detail: object) -> None:
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "see_contributions", subject, **detail)


def standing_of(gateway: Gateway, db: Connection, member_id: str) -> Standing:
    """How far she has come, as she hears it herself."""
    total, confirmed = contributions.total(db, member_id), contributions.confirmed(db, member_id)
    into = schemes.standings(db, member_id, schemes.today_of(gateway))
    each = [one.standing for one in into]
    return Standing(
        total=total,
        confirmed=confirmed,
        noted=total - confirmed,
        months_paid=tuple(sorted({month for one in each for month in one.months_paid})),
        months_open=tuple(sorted({month for one in each for month in one.months_open})),
        next_due=min((one.next_due for one in each if one.next_due), key=lambda due: due.month, default=None),
        government_awaited=sum(one.government_awaited for one in each),
        schemes=tuple(into),
    )


# --- what waits too long -----------------------------------------------------------------------------------------------------------


def check_waiting(gateway: Gateway) -> int:
    """Open a task for each entry that nobody looked at for two weeks, once; how many there were."""
    now = gateway.clock()
    with gateway.database.write() as db:
        found = contributions.waiting(db, now - WAITS_TOO_LONG, MOST_TASKS)
        for entry in found:
            contributions.open_check(db, gateway.new_id(), entry, now)
    return len(found)
