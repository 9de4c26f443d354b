"""What flows may do about claims."""

from __future__ import annotations

from gateway.core import calendar
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.services.actions.named import action, member_of
from gateway.services.context import Gateway
from gateway.store import claims


@action(
    "none received paper_missing review approved paid refused",
    "claim.number claim.amount claim.paper claim.days claim.paid_on",
    of_member=True,
)
def latest_claim(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Where her latest claim stands."""
    with gateway.database.read() as db:
        claim = claims.latest(db, member_of(call).id)
    if claim is None:
        return ActionResult("none")
    values: dict[str, object] = {"claim.number": claim.number}
    if claim.amount is not None:
        values["claim.amount"] = claim.amount
    if claim.missing_paper is not None:
        values["claim.paper"] = claim.missing_paper
    if claim.review_until is not None:
        values["claim.days"] = max(1, (claim.review_until - call.now).days + 1)
    if claim.paid_at is not None:
        values["claim.paid_on"] = claim.paid_at.astimezone(calendar.NEPAL).date().isoformat()
    return ActionResult(claim.state, values)
