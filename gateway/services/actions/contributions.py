"""What flows may do about contributions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.core import calendar, reference
from gateway.core.events import ContributionNoted
from gateway.core.ids import number_of
from gateway.core.money import PLAUSIBLE
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.language import keywords
from gateway.services import collecting, schemes
from gateway.services import contributions as ledger
from gateway.services.actions.named import action, member_of
from gateway.services.collecting import Line, Refusal
from gateway.services.context import Gateway
from gateway.store import collecting as collectors
from gateway.store import contributions, enrolments
from gateway.store.database import Connection

Thing = TypeVar("Thing")

# How many of what is refused or noted are named in one text, the rest being counted: in Latin letters one SMS has room for more.
MOST_NAMED = 3
MOST_REFUSED, MOST_REFERENCES = 1, 2


@action(
    "some none",
    "contribution.total contribution.confirmed contribution.noted contribution.month contribution.this_month contribution.usual "
    "contribution.collects dues.running dues.paid dues.open dues.month dues.amount dues.awaited",
    of_member=True,
)
def contribution_balance(gateway: Gateway, call: ActionCall) -> ActionResult:
    """How much she has paid so far, what of it is final, the last month it covers, and in a scheme what is still due."""
    member = member_of(call)
    with gateway.database.read() as db:
        now = ledger.standing_of(gateway, db, member.id)
        month = contributions.last_month(db, member.id)
        collects = collectors.collector(db, member.id) is not None
    values: dict[str, object] = {
        "contribution.total": now.total,
        "contribution.confirmed": now.confirmed,
        "contribution.noted": now.noted,
        "contribution.this_month": calendar.month_of(call.now),
        "contribution.collects": collects,
        "dues.running": bool(now.schemes) and now.next_due is not None,
        "dues.paid": len(now.months_paid),
        "dues.open": len(now.months_open),
        "dues.awaited": now.government_awaited,
    }
    if now.next_due is not None:
        values |= {"dues.month": now.next_due.month, "dues.amount": now.next_due.amount}
    usual = member.usual_instalment or (now.next_due.amount if now.next_due else None)
    if usual is not None:
        values["contribution.usual"] = usual
    if month is None:
        return ActionResult("none", values)
    return ActionResult("some", {**values, "contribution.month": month})


@action("given refused none", "amount")
def texted_amount(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """The amount that stood beside the word in her text ("yogdan 500") as `amount`; `refused` where it can be none."""
    paisa = call.values.get("texted.amount")
    if paisa is None:
        return ActionResult("none")
    if isinstance(paisa, int) and PLAUSIBLE[0] <= paisa <= PLAUSIBLE[1]:
        return ActionResult("given", {"amount": paisa})
    return ActionResult("refused")


@action("done", "amount", of_member=True)
def usual_amount(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Her usual instalment as she was offered it, as `amount`."""
    usual = call.values.get("contribution.usual") or member_of(call).usual_instalment
    if usual is None:
        raise LookupError("a member without a usual instalment was offered it")
    return ActionResult("done", {"amount": usual})


def _noted(db: Connection, call: ActionCall, line: Line, *, by: str | None = None, again: bool = False) -> ContributionNoted:
    """A new entry for this month, in the scheme that she pays into."""
    month = calendar.month_of(call.now)
    return ContributionNoted(
        contribution_id=call.new_id(),
        member_id=line.member_id,
        amount=line.amount,
        month=month,
        reference=reference.with_check_digit(number_of(call.new_id()) % 10**8),
        scheme_id=schemes.paying_into(enrolments.of_member(db, line.member_id), month),
        noted_by=by,
        again=again,
    )


def _amount(call: ActionCall) -> int:
    amount = call.values["amount"]
    if not isinstance(amount, int):
        raise TypeError("an amount is a whole number of paisa")
    return amount


def _is_known(db: Connection, call: ActionCall, member_id: str) -> bool:
    since = call.now - ledger.SAME_REPORT_WINDOW
    return contributions.recent_same(db, member_id, _amount(call), calendar.month_of(call.now), since) is not None


def _note_own(gateway: Gateway, call: ActionCall, *, again: bool) -> ActionResult:
    member = member_of(call)
    with gateway.database.read() as db:
        if not again and _is_known(db, call, member.id):
            return ActionResult("already", {"contribution.amount": _amount(call)})
        fact = _noted(db, call, Line(member.number, member.id, _amount(call)), again=again)
    return ActionResult("noted", {"contribution.reference": fact.reference, "contribution.amount": fact.amount}, (fact,))


@action("noted already", "contribution.reference contribution.amount", of_member=True)
def note_contribution(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Note the `amount` that she answered or agreed to; the same report within a day is asked about first."""
    return _note_own(gateway, call, again=False)


@action("noted", "contribution.reference contribution.amount", of_member=True)
def note_contribution_again(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Note a second payment of the same amount, after she said that it is one."""
    return _note_own(gateway, call, again=True)


# --- a collector for her group -----------------------------------------------------------------------------------------------------


@action("texted called no", "collect.count collect.sum", of_member=True)
def may_collect(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whether she collects for a group: `texted` where pairs of numbers and amounts stood in her text, `called` without."""
    if _collector(gateway, call) is None:
        return ActionResult("no")
    return ActionResult("texted" if call.values.get("texted.pairs") else "called", {"collect.count": 0, "collect.sum": 0})


@action("good none", "collect.count collect.sum collect.refused", of_member=True)
def read_pairs(gateway: Gateway, call: ActionCall) -> ActionResult:
    """What can be noted of the pairs in her text, and as a text why the rest cannot."""
    lines, refused = _sort_out(gateway, call)
    values = {
        "collect.count": len(lines),
        "collect.sum": sum(line.amount for line in lines),
        "collect.refused": _listed(
            refused, lambda one: f"{one.number} {_phrase(gateway, call, one.why)}", _room(gateway, call, MOST_REFUSED)
        ),
    }
    return ActionResult("good" if lines else "none", values)


@action("noted none", "collect.count collect.sum collect.references", of_member=True)
def note_pairs(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Note the pairs in her text that can be noted, each as an entry with its own reference."""
    lines, _ = _sort_out(gateway, call)
    with gateway.database.read() as db:
        facts = [_noted(db, call, line, by=_by(gateway, call)) for line in lines]
    told = list(zip(lines, facts, strict=True))
    values = {
        "collect.count": len(lines),
        "collect.sum": sum(line.amount for line in lines),
        "collect.references": _listed(told, lambda one: f"{one[0].number}: {one[1].reference}", _room(gateway, call, MOST_REFERENCES)),
    }
    return ActionResult("noted" if lines else "none", values, tuple(facts))


@action("found wrong_number not_in_group", "collect.member", of_member=True)
def find_in_group(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The member of her group whose membership number is the answer `number`."""
    number, user_id = str(call.values["number"]), _collector(gateway, call)
    if not reference.is_valid(number):
        return ActionResult("wrong_number")
    with gateway.database.read() as db:
        member_id = collectors.of_group(db, user_id, [number]).get(number) if user_id else None
    return ActionResult("found", {"collect.member": member_id}) if member_id else ActionResult("not_in_group")


@action("noted already", "collect.reference collect.count collect.sum", of_member=True)
def note_for_member(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Note the `amount` for the member that was found; the same within a day is asked about first."""
    return _note_for(gateway, call, again=False)


@action("noted", "collect.reference collect.count collect.sum", of_member=True)
def note_for_member_again(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Note a second payment of the same amount for the member that was found."""
    return _note_for(gateway, call, again=True)


def _note_for(gateway: Gateway, call: ActionCall, *, again: bool) -> ActionResult:
    member_id, number = str(call.values["collect.member"]), str(call.values["number"])
    with gateway.database.read() as db:
        if not again and _is_known(db, call, member_id):
            return ActionResult("already")
        fact = _noted(db, call, Line(number, member_id, _amount(call)), by=_by(gateway, call), again=again)
    count, whole = call.values.get("collect.count"), call.values.get("collect.sum")
    values = {
        "collect.reference": fact.reference,
        "collect.count": (count if isinstance(count, int) else 0) + 1,
        "collect.sum": (whole if isinstance(whole, int) else 0) + fact.amount,
    }
    return ActionResult("noted", values, (fact,))


def _collector(gateway: Gateway, call: ActionCall) -> str | None:
    with gateway.database.read() as db:
        return collectors.collector(db, member_of(call).id)


def _by(gateway: Gateway, call: ActionCall) -> str:
    user_id = _collector(gateway, call)
    if user_id is None:
        raise LookupError("somebody who collects for nobody reached an action for collectors")
    return f"user:{user_id}"


def _sort_out(gateway: Gateway, call: ActionCall) -> tuple[list[Line], list[Refusal]]:
    pairs = keywords.read_pairs(str(call.values.get("texted.pairs", "")))
    user_id = _collector(gateway, call)
    if user_id is None:
        return [], []
    with gateway.database.read() as db:
        return collecting.sort_out(db, user_id, pairs, call.now)


def _phrase(gateway: Gateway, call: ActionCall, name: str) -> str:
    return gateway.catalogue.phrase(name, call.session.language, romanised=call.caller.romanised)


def _room(gateway: Gateway, call: ActionCall, in_devanagari: int) -> int:
    return MOST_NAMED if _phrase(gateway, call, "noted_before").isascii() else in_devanagari


def _listed(things: Sequence[Thing], said: Callable[[Thing], str], most: int) -> str:
    """The first few of many, and how many more there are."""
    more = len(things) - most
    return ", ".join([*map(said, things[:most]), *([f"+{more}"] if more > 0 else [])])
