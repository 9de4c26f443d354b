"""What flows may do about members' own words for others to hear."""

from __future__ import annotations

from typing import Literal

from gateway.core.events import ClipRecorded, TestimonyGiven
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.services.actions.named import action, member_of
from gateway.services.context import Gateway

CLIP = "testimony"  # as what the recording is noted, so that she can hear it; it never becomes a clip


def _agreed(call: ActionCall, consent: str) -> ActionResult:
    return ActionResult("done", {"testimony.consent": consent, "testimony.wording": f"{call.flow}@{call.flow_hash[:12]}"})


@action("done", "testimony.consent testimony.wording", of_member=True)
def agree_named(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Others may hear what she will say, and her name."""
    return _agreed(call, "named")


@action("done", "testimony.consent testimony.wording", of_member=True)
def agree_unnamed(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Others may hear what she will say, without her name."""
    return _agreed(call, "unnamed")


@action("done", of_member=True)
def note_testimony(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """The recording `take` is one of her testimony: she may hear it, and it counts for nothing until she keeps it."""
    return ActionResult("done", facts=(ClipRecorded(str(call.values["take"]), call.session.language, CLIP, ""),))


@action("done", of_member=True)
def keep_testimony(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She wants others to hear the recording `take`, as far as she agreed."""
    consent: Literal["named", "unnamed"] = "named" if call.values["testimony.consent"] == "named" else "unnamed"
    given = TestimonyGiven(
        testimony_id=call.new_id(),
        member_id=member_of(call).id,
        recording_id=str(call.values["take"]),
        consent=consent,
        wording=str(call.values["testimony.wording"]),
        language=call.session.language,
    )
    return ActionResult("done", facts=(given,))
