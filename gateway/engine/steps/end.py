"""`end`: the flow is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from gateway.engine.definition import Move, Prompt, Step
from gateway.engine.reading import Fields
from gateway.engine.turn import Turn


@dataclass(frozen=True, slots=True)
class End(Step):
    """Says goodbye, if there is anything to say, and ends the flow. A flow that was entered by `go` or as the gate goes back.

    ```yaml
    done:
      end: {ne: "धन्यवाद। नमस्ते।", en: "Thank you. Goodbye."}
    back:
      end: {}
    ```
    """

    kind: ClassVar[str] = "end"

    prompt: Prompt | None

    @classmethod
    def read(cls, fields: Fields) -> End:
        fields.taken.add("end")
        silent = fields.known["end"].value in ({}, "")
        return cls(None if silent else fields.prompt("end"))

    def enter(self, turn: Turn) -> Move:
        if self.prompt is not None:
            turn.say(self.prompt)
        return None

    def prompts(self) -> Iterator[Prompt]:
        if self.prompt is not None:
            yield self.prompt
