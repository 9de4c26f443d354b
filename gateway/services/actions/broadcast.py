"""What flows may do about broadcasts."""

from __future__ import annotations

from gateway.core.events import BroadcastAnswered, Fact, TaskOpened
from gateway.engine.definition import DELIVERY
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.services.actions.named import action
from gateway.services.context import Gateway


@action("done")
def keep_reply(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She wrote back to a broadcast, in her own words: somebody is to read it."""
    facts: list[Fact] = [TaskOpened(call.new_id(), "check_messages", call.member.id if call.member else None)]
    delivery_id = call.values.get(DELIVERY)
    if isinstance(delivery_id, int):
        facts.append(BroadcastAnswered(delivery_id))
    return ActionResult("done", facts=tuple(facts))
