"""The form of an action: a function that reads and decides, with the outcomes and slots that a flow file sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.engine.definition import ActionSpec
from gateway.engine.interpreter import ActionCall, ActionResult, MemberView
from gateway.services.context import Gateway


@dataclass(frozen=True, slots=True)
class NamedAction:
    """A function with the contract that flow files see."""

    spec: ActionSpec
    perform: Callable[[Gateway, ActionCall], ActionResult]


def action(
    outcomes: str, provides: str = "", *, of_member: bool = False
) -> Callable[[Callable[[Gateway, ActionCall], ActionResult]], NamedAction]:
    """Name a function's outcomes and the slots it fills, both as words separated by blanks; `of_member` where it needs to know her."""

    def wrap(perform: Callable[[Gateway, ActionCall], ActionResult]) -> NamedAction:
        spec = ActionSpec(perform.__name__, frozenset(outcomes.split()), frozenset(provides.split()), of_member)
        return NamedAction(spec, perform)

    return wrap


def member_of(call: ActionCall) -> MemberView:
    """The member who is speaking; a flow for members always knows her."""
    if call.member is None:
        raise LookupError("a flow for members reached an action without knowing the member")
    return call.member
