"""What flows may do about claims."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core import calendar
from gateway.core.claims import APPEAL, MOST_PAPERS, STATES
from gateway.core.events import ClaimHeard, TaskOpened
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.services.actions.named import action, member_of
from gateway.services.context import Gateway
from gateway.store import claims
from gateway.store.claims import ClaimRow

OUTCOMES = " ".join(("none", *STATES))
PAPERS = ("claim.paper", *(f"claim.paper_{place}" for place in range(2, MOST_PAPERS + 1)))
NAMES = (
    "claim.id",
    "claim.number",
    "claim.amount",
    *PAPERS,
    "claim.days",
    "claim.paid_on",
    "claim.reason",
    "claim.appealed",
    "claim.another",
)
PROVIDED = " ".join(NAMES)


@action("none hidden told", "claim.news")
def claim_news(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whether a claim changed since she heard of it: `told` only where the phone is hers alone and she asks for no PIN."""
    caller = call.caller
    who = (caller.member,) if caller.member else caller.sharing
    if not who:
        return ActionResult("none")
    with gateway.database.read() as db:
        if not any(row.is_news for member in who for row in claims.recent(db, member.id)):
            return ActionResult("none")
    if caller.member is None or caller.member.private:
        return ActionResult("hidden")
    return ActionResult("told", {"claim.news": True})


@action(OUTCOMES, PROVIDED, of_member=True)
def latest_claim(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Where her claim stands: that with the latest news, or asked again in the same conversation the same one."""
    return _told(gateway, call, onward=0)


@action(OUTCOMES, PROVIDED, of_member=True)
def another_claim(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Where her next claim stands; behind the last one comes the first."""
    return _told(gateway, call, onward=1)


@action("done", of_member=True)
def appeal_claim(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She wants that a claim which was not approved is looked at again: somebody must call her."""
    fact = TaskOpened(call.new_id(), APPEAL, member_of(call).id, claim_id=str(call.values["claim.id"]))
    return ActionResult("done", facts=(fact,))


def _told(gateway: Gateway, call: ActionCall, onward: int) -> ActionResult:
    at_hand = call.values.get("claim.id")
    member = member_of(call)
    with gateway.database.read() as db:
        recent = claims.recent(db, member.id)
    told = [row for row in recent if row.is_open or row.is_news or row.id in {recent[0].id, at_hand}]
    if not told:
        return ActionResult("none")
    row = _chosen(told, at_hand, onward)
    in_full = call.session.medium == "voice" or not (member.private or call.caller.sharing)  # see `quietly` in the flow
    facts = (ClaimHeard(row.id, row.version),) if row.is_news and in_full else ()
    return ActionResult(row.state, _values(call, row, another=len(told) > 1), facts)


def _chosen(told: Sequence[ClaimRow], at_hand: object, onward: int) -> ClaimRow:
    for place, row in enumerate(told):
        if row.id == at_hand:
            return told[(place + onward) % len(told)]
    return next((row for row in told if row.is_news), told[0])


def _values(call: ActionCall, row: ClaimRow, *, another: bool) -> dict[str, object]:
    """What a flow may say of a claim. What the one before it had and this one has not is taken away."""
    values: dict[str, object] = {name: None for name in NAMES if call.values.get(name) is not None}
    values |= {"claim.id": row.id, "claim.number": row.number}
    if row.amount is not None:
        values["claim.amount"] = row.amount
    if row.reason is not None:
        values["claim.reason"] = row.reason
    values |= zip(PAPERS, row.missing, strict=False)
    if row.review_until is not None and row.review_until > call.now:
        days = row.review_until.astimezone(calendar.NEPAL).date() - call.now.astimezone(calendar.NEPAL).date()
        values["claim.days"] = max(1, days.days)
    if row.paid_at is not None:
        values["claim.paid_on"] = row.paid_at.astimezone(calendar.NEPAL).date().isoformat()
    if row.appealed:
        values["claim.appealed"] = True
    if another:
        values["claim.another"] = True
    return values
