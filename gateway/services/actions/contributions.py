"""What flows may do about contributions."""

from __future__ import annotations

from datetime import timedelta

from gateway.core import calendar, reference
from gateway.core.events import (
    ContributionNoted,
)
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.services.actions.named import action, member_of
from gateway.services.context import Gateway
from gateway.store import contributions

SAME_REPORT_WINDOW = timedelta(days=1)  # the same amount for the same month within a day is asked about, not swallowed
PLAUSIBLE = (10_00, 1_00_000_00)  # paisa of one contribution; flows/contribution.yaml asks for the same


@action("some none", "contribution.total contribution.month contribution.this_month contribution.usual", of_member=True)
def contribution_balance(gateway: Gateway, call: ActionCall) -> ActionResult:
    """How much she has paid so far, and the last month it covers."""
    member = member_of(call)
    with gateway.database.read() as db:
        total = contributions.total(db, member.id)
        month = contributions.last_month(db, member.id)
    values: dict[str, object] = {"contribution.total": total, "contribution.this_month": calendar.month_of(call.now)}
    if member.usual_instalment is not None:
        values["contribution.usual"] = member.usual_instalment
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
    """Her usual instalment, as `amount`."""
    usual = member_of(call).usual_instalment
    if usual is None:
        raise LookupError("a member without a usual instalment was offered it")
    return ActionResult("done", {"amount": usual})


def _note(call: ActionCall, amount: int) -> ActionResult:
    contribution_id = call.new_id()
    number = reference.with_check_digit(int(call.new_id(), 16) % 10**8)
    fact = ContributionNoted(contribution_id, member_of(call).id, amount, calendar.month_of(call.now), number)
    return ActionResult("noted", {"contribution.reference": number, "contribution.amount": amount}, (fact,))


def _amount(call: ActionCall) -> int:
    amount = call.values["amount"]
    if not isinstance(amount, int):
        raise TypeError("an amount is a whole number of paisa")
    return amount


@action("noted already", "contribution.reference contribution.amount", of_member=True)
def note_contribution(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Note the `amount` that she answered or agreed to; the same report within a day is asked about first."""
    amount = _amount(call)
    since = call.now - SAME_REPORT_WINDOW
    with gateway.database.read() as db:
        if contributions.recent_same(db, member_of(call).id, amount, calendar.month_of(call.now), since):
            return ActionResult("already", {"contribution.amount": amount})
    return _note(call, amount)


@action("noted", "contribution.reference contribution.amount", of_member=True)
def note_contribution_again(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Note a second payment of the same amount, after she said that it is one."""
    return _note(call, _amount(call))
