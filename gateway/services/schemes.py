"""Schemes that members pay into, who pays into which, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from gateway.core import schemes as core
from gateway.core.calendar import NEPAL, month_of
from gateway.core.dues import Payment, Standing, standing
from gateway.core.schemes import Rate, SchemeFile
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Actor, Permission
from gateway.store import contributions, enrolments, members, schemes
from gateway.store.database import Conflict

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection
    from gateway.store.enrolments import EnrolmentRow
    from gateway.store.schemes import SchemeRow


@dataclass(frozen=True, slots=True)
class Scheme:
    """What members pay into, with its rates by their months."""

    code: str
    title: Mapping[str, str]
    schedule: str
    seasons: tuple[int, ...]
    rates: tuple[Rate, ...]
    last_month: str | None = None  # of one that was closed


@dataclass(frozen=True, slots=True)
class SchemeStanding:
    """How far a member has come in one scheme; the amounts are paisa, see `gateway.core.dues.Standing`."""

    code: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Plan:
    """How a member is to pay into a scheme: from a month on, where she wants by a schedule or an instalment of her own."""

    code: str
    from_month: str
    schedule: str | None = None
    instalment: int | None = None


# --- for organisers ----------------------------------------------------------------------------------------------------------------


def list_all(gateway: Gateway, actor: Actor) -> list[Scheme]:
    """The organisation's schemes. They tell nothing of anybody, so that no view is written down."""
    actor.require(Permission.SEE_CONTRIBUTIONS)
    with gateway.database.read() as db:
        return [_scheme(db, row) for row in schemes.list_all(db, actor.organisation_id)]


def add(gateway: Gateway, actor: Actor, scheme: SchemeFile) -> Scheme:
    """Take a scheme, or new rates of one that is there. GatewayError `scheme:changed` where its schedule is another."""
    actor.require(Permission.MANAGE_SCHEMES)
    with gateway.database.write() as db:
        known = schemes.by_code(db, actor.organisation_id, scheme.code)
        scheme_id = known.id if known else gateway.new_id()
        if known is None:
            schemes.add(db, scheme_id, actor.organisation_id, scheme, gateway.clock())
        elif (known.schedule, tuple(known.seasons)) != (scheme.schedule, scheme.seasons):
            raise GatewayError("scheme:changed", scheme=scheme.code)
        schemes.set_rates(db, scheme_id, scheme.rates)
        access.note(gateway, db, actor, "manage_schemes", f"scheme:{scheme.code}", rates=[rate.from_month for rate in scheme.rates])
        return _scheme(db, _found(db, actor, scheme.code))


def get(gateway: Gateway, actor: Actor, code: str) -> Scheme:
    """One scheme. GatewayError `scheme:unknown`."""
    actor.require(Permission.SEE_CONTRIBUTIONS)
    with gateway.database.read() as db:
        return _scheme(db, _found(db, actor, code))


def close(gateway: Gateway, actor: Actor, code: str, last: str) -> None:
    """Let nothing be due in a scheme after the month `last`: nobody joins it, and for all who pay into it, it ends then.

    What was paid stays, and what is open until then stays due. GatewayErrors `scheme:unknown`, `contribution:month`; `scheme:closed`
    where it was closed before.
    """
    actor.require(Permission.MANAGE_SCHEMES)
    if not core.is_month(last):
        raise GatewayError("contribution:month", where="last", value=last)
    with gateway.database.write() as db:
        scheme = _found(db, actor, code)
        if scheme.last_month is not None:
            raise GatewayError("scheme:closed", scheme=code, month=scheme.last_month)
        schemes.close(db, scheme.id, last)
        access.note(gateway, db, actor, "close_scheme", f"scheme:{code}", month=last)


def shipped() -> list[SchemeFile]:
    """The schemes of gateway/data/schemes, to take as they are or to copy."""
    found = sorted(files("gateway").joinpath("data/schemes").iterdir(), key=lambda file: file.name)
    return [core.read(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader), file.name) for file in found]  # noqa: S506  # makes texts


def enrol(gateway: Gateway, actor: Actor, member_id: str, plan: Plan) -> None:
    """Let a member pay into a scheme. GatewayErrors `member:unknown`, `scheme:unknown`, `enrolment:already`, `contribution:month`."""
    actor.require(Permission.CHECK_CONTRIBUTIONS)
    if not core.is_month(plan.from_month):
        raise GatewayError("contribution:month", value=plan.from_month)
    if plan.schedule is not None and plan.schedule not in core.SCHEDULES:
        raise GatewayError("scheme:invalid", key="schedule", wanted=f"one of {', '.join(core.SCHEDULES)}")
    if plan.instalment is not None and plan.instalment <= 0:
        raise GatewayError("contribution:amount", value=plan.instalment)
    try:
        with gateway.database.write() as db:
            number = _number(db, actor, member_id)
            contributions.hold(db, member_id)
            scheme = _found(db, actor, plan.code)
            if scheme.last_month is not None and plan.from_month > scheme.last_month:
                raise GatewayError("scheme:closed", scheme=plan.code, month=scheme.last_month)
            if plan.schedule == "seasonal" and not scheme.seasons:
                raise GatewayError("scheme:invalid", key="schedule", wanted="another one: the scheme names no seasons")
            running = [row for row in enrolments.of_member(db, member_id) if row.scheme_id == scheme.id]
            if any(row.until_month is None or row.until_month >= plan.from_month for row in running):
                raise GatewayError("enrolment:already", number=number, scheme=plan.code)
            new = enrolments.NewEnrolment(gateway.new_id(), member_id, scheme.id, plan.from_month, plan.schedule, plan.instalment)
            enrolments.add(db, new)
            access.note(gateway, db, actor, "enrol", f"member:{member_id}", scheme=plan.code, month=plan.from_month)
    except Conflict:
        raise GatewayError("enrolment:already", number=number, scheme=plan.code) from None


def skip(gateway: Gateway, actor: Actor, member_id: str, code: str, month: str) -> bool:
    """Let nothing be due from a member in a month; False where it was skipped already."""
    actor.require(Permission.CHECK_CONTRIBUTIONS)
    if not core.is_month(month):
        raise GatewayError("contribution:month", value=month)
    with gateway.database.write() as db:
        enrolment = _enrolment(db, actor, member_id, code, month)
        skipped = enrolments.skip(db, enrolments.Skip(enrolment.id, month, actor.name), gateway.clock())
        access.note(gateway, db, actor, "skip", f"member:{member_id}", scheme=code, month=month)
    return skipped


def end(gateway: Gateway, actor: Actor, member_id: str, code: str, last: str) -> None:
    """Let a member's paying into a scheme end with the month `last`."""
    actor.require(Permission.CHECK_CONTRIBUTIONS)
    if not core.is_month(last):
        raise GatewayError("contribution:month", value=last)
    with gateway.database.write() as db:
        enrolment = _enrolment(db, actor, member_id, code, last)
        if not enrolments.end(db, enrolment.id, last):
            raise GatewayError("enrolment:unknown", number=_number(db, actor, member_id), scheme=code)
        access.note(gateway, db, actor, "end_enrolment", f"member:{member_id}", scheme=code, month=last)


def _scheme(db: Connection, row: SchemeRow) -> Scheme:
    return Scheme(row.code, row.title, row.schedule, tuple(row.seasons), tuple(schemes.rates(db, row.id)), row.last_month)


def _found(db: Connection, actor: Actor, code: str) -> SchemeRow:
    scheme = schemes.by_code(db, actor.organisation_id, code)
    if scheme is None:
        raise GatewayError("scheme:unknown", scheme=code)
    return scheme


def _number(db: Connection, actor: Actor, member_id: str) -> str:
    member = members.get(db, member_id) if contributions.is_member(db, actor.scope, member_id) else None
    if member is None:
        raise GatewayError("member:unknown", number=member_id)
    return member.number


def _enrolment(db: Connection, actor: Actor, member_id: str, code: str, month: str) -> EnrolmentRow:
    """Her enrolment in a scheme that holds in a month."""
    number = _number(db, actor, member_id)
    for row in enrolments.of_member(db, member_id):
        if row.code == code and row.from_month <= month and (row.until_month is None or month <= row.until_month):
            return row
    raise GatewayError("enrolment:unknown", number=number, scheme=code)


# --- for whoever asks how far she has come -----------------------------------------------------------------------------------------


def paying_into(rows: Iterable[EnrolmentRow], month: str) -> str | None:
    """The id of the one scheme into which a payment of this month goes; None where she pays into none, or into several."""
    running = {row.scheme_id for row in rows if row.from_month <= month and (row.until_month is None or month <= row.until_month)}
    return running.pop() if len(running) == 1 else None


def standings(db: Connection, member_id: str, today: date) -> list[SchemeStanding]:
    """How far she has come in each of her schemes. What was paid into none counts for the one that she joined first."""
    rows = enrolments.of_member(db, member_id)
    if not rows:
        return []
    paid = contributions.paid_in(db, member_id)
    found = []
    for scheme_id in dict.fromkeys(row.scheme_id for row in rows):
        own = {scheme_id, None} if scheme_id == rows[0].scheme_id else {scheme_id}
        payments = [Payment(amount, payer) for (into, payer), amount in paid.items() if into in own]
        found.append(_of_scheme(db, [row for row in rows if row.scheme_id == scheme_id], payments, today))
    return found


def _of_scheme(db: Connection, periods: list[EnrolmentRow], payments: list[Payment], today: date) -> SchemeStanding:
    """Of one scheme: what is left over in one period of her paying into it, the next one begins with."""
    rates = schemes.rates(db, periods[0].scheme_id)
    whole: Standing | None = None
    for period in periods:
        came = payments if whole is None else [Payment(whole.credit)]
        one = standing(period.plan, rates, enrolments.skipped(db, period.id), came, today)
        whole = one if whole is None else _joined(whole, one)
    if whole is None:
        raise LookupError("a scheme without an enrolment")
    return SchemeStanding(periods[0].code, whole)


def _joined(before: Standing, after: Standing) -> Standing:
    return Standing(
        paid=before.paid,
        allocated=before.allocated + after.allocated,
        credit=after.credit,
        balance=before.balance + after.balance - before.credit,
        months_paid=before.months_paid + after.months_paid,
        months_open=before.months_open + after.months_open,
        next_due=before.next_due or after.next_due,
        government_awaited=before.government_awaited + after.government_awaited,
        government_shares=before.government_shares + after.government_shares,
    )


def awaited_by_month(db: Connection, member_id: str, code: str, today: date) -> dict[str, int]:
    """What is still awaited from the government for each month that a member has paid in a scheme; nothing where she is not enrolled."""
    rows = enrolments.of_member(db, member_id)
    hers = next((one.standing for one in standings(db, member_id, today) if one.code == code), None)
    if hers is None:
        return {}
    scheme_id = next(row.scheme_id for row in rows if row.code == code)
    into = {scheme_id, None} if scheme_id == rows[0].scheme_id else {scheme_id}
    came = contributions.matched_in(db, member_id)
    awaited: dict[str, int] = {}
    for month, share in hers.government_shares:
        still = share - sum(came.get((one, month), 0) for one in into)
        if still > 0:
            awaited[month] = still
    return awaited


def today_of(gateway: Gateway) -> date:
    """The day in Nepal."""
    return gateway.clock().astimezone(NEPAL).date()


def this_month(gateway: Gateway) -> str:
    """The month in Nepal."""
    return month_of(gateway.clock())
