"""What the studio's flow may do: clips that are recorded by phone."""

from __future__ import annotations

from gateway.core.events import (
    ClipKept,
    ClipRecorded,
)
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.services import studio
from gateway.services.actions.named import action
from gateway.services.context import Gateway


@action("ok wrong locked")
def verify_studio_pin(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whether the answer `pin` is the studio's; each try is counted before it is looked at."""
    return ActionResult(studio.verify(gateway, str(call.values.get("pin", "")), call.now))


@action("found new unknown", "studio.clip")
def find_clip(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The clip, or the saying, whose number is the answer `number`: `new` where there is none to hear yet."""
    clip = studio.find(gateway, call.caller.organisation_id, str(call.values["number"]))
    if clip is None:
        return ActionResult("unknown")
    return ActionResult("found" if clip.heard else "new", {"studio.clip": clip.heard})


@action("done")
def note_clip(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The recording `take` is one of the clip `number`."""
    clip = studio.find(gateway, call.caller.organisation_id, str(call.values["number"]))
    if clip is None:
        raise LookupError("a clip vanished while it was recorded")
    return ActionResult("done", facts=(ClipRecorded(str(call.values["take"]), clip.language, clip.name, clip.text),))


@action("ready waiting silent", "studio.recording")
def find_recording(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whether the recording `take` has come, cleaned as callers would hear it."""
    take = str(call.values["take"])
    sound = studio.sound_of(gateway, take)
    return ActionResult("ready", {"studio.recording": f"/{studio.FOLDER}/{take}"}) if sound == "ready" else ActionResult(sound)


@action("done")
def keep_clip(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She is content with the recording `take`: of a clip it waits for an organiser's approval, of a saying it is used."""
    return ActionResult("done", facts=(ClipKept(str(call.values["take"])),))
