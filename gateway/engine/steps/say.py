"""`say`: to say something and go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from gateway.core.events import TextPromised
from gateway.engine.definition import Move, Prompt, Step, Way
from gateway.engine.reading import Fields
from gateway.engine.turn import Turn


@dataclass(frozen=True, slots=True)
class Say(Step):
    """Says something and goes on: one `PromptSpoken`. On a call, `text` is promised as a message besides: one `TextPromised`.

    ```yaml
    noted:
      say: {ne: "टिप्यौँ।", en: "Noted."}
      sms: {ne: "{amount:money} टिप्यौँ।", en: "{amount:money} noted."}
      text: {ne: "{amount:money} टिप्यौँ।", en: "{amount:money} noted."}
      barge_in: "no"
      next: again
    ```
    """

    kind: ClassVar[str] = "say"

    prompt: Prompt
    text: Prompt | None
    next: str

    @classmethod
    def read(cls, fields: Fields) -> Say:
        interruptible = fields.flag("barge_in", default=True)
        text = fields.message("text") if "text" in fields.known else None
        return cls(fields.prompt("say", interruptible=interruptible), text, fields.target())

    def enter(self, turn: Turn) -> Move:
        turn.say(self.prompt)
        if self.text is not None and turn.by_voice:
            turn.tell(TextPromised(turn.written(self.text)))
        return self.next

    def prompts(self) -> Iterator[Prompt]:
        yield self.prompt
        if self.text is not None:
            yield self.text

    def ways(self) -> Iterator[Way]:
        yield Way("", self.next)
