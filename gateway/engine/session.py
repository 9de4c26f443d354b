"""Where somebody stands in a conversation: frozen, and JSON between one sprint and the next.

A frame names the flow's version, so that a conversation goes on in the file it began with. PINs are never part of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.core.events import KeysAwaited, Medium, RecordingAwaited, TransferAwaited, Wait

WAITS: Mapping[str, type[Wait]] = {"keys": KeysAwaited, "recording": RecordingAwaited, "transfer": TransferAwaited}
WAIT_NAMES: Mapping[type[Wait], str] = {kind: name for name, kind in WAITS.items()}

TO_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# The step of a frame whose flow waits until the caller has proved who she is; of one whose flow has yet to begin.
AT_THE_DOOR, TO_BEGIN = "", "*"


@dataclass(frozen=True, slots=True)
class Frame:
    """A position in one flow. `values` are what was answered and what actions found: texts, whole numbers, booleans, None."""

    flow: str
    hash: str
    step: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class FlowSession:
    """A conversation between two sprints. The last frame is where it stands, those before it are what it returns to.

    `version` counts the sprints so far, from 1. `missed` counts the misses of this wait. Without frames the conversation is over.
    `answered` says whether she answered anything since she came to the flow at the bottom.
    """

    id: str
    medium: Medium
    language: str
    frames: tuple[Frame, ...]
    version: int
    member_id: str | None
    verified: bool
    missed: int
    wait: Wait | None
    answered: bool = False

    def to_json(self) -> str:
        wait = self.wait
        document = {
            "id": self.id,
            "medium": self.medium,
            "language": self.language,
            "frames": [[frame.flow, frame.hash, frame.step, frame.values] for frame in self.frames],
            "version": self.version,
            "member_id": self.member_id,
            "verified": self.verified,
            "missed": self.missed,
            "answered": self.answered,
            "wait": wait and [WAIT_NAMES[type(wait)], {name: getattr(wait, name) for name in wait.__slots__}],
        }
        return TO_JSON(document)

    @staticmethod
    def from_json(text: str) -> FlowSession:
        """Read what `to_json` wrote."""
        document: dict[str, Any] = json.loads(text)
        document["frames"] = tuple(Frame(*frame) for frame in document["frames"])
        if document["wait"] is not None:
            name, fields = document["wait"]
            document["wait"] = WAITS[name](**fields)
        return FlowSession(**document)
