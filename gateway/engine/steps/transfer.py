"""`transfer`: to a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from gateway.core.events import CallTransferred, Input, TransferAwaited, TransferEnded
from gateway.engine.definition import Move, Prompt, Step, Way
from gateway.engine.reading import Fields
from gateway.engine.steps.do import ways_of
from gateway.engine.turn import Turn

RING_SECONDS = 25  # about six rings; longer feels like being forgotten
OUTCOMES = frozenset({"answered", "unanswered"})


@dataclass(frozen=True, slots=True)
class Transfer(Step):
    """Says something and puts the call through to a person: one `CallTransferred`. By SMS, or without a person's number: unanswered.

    ```yaml
    person_now:
      transfer: {ne: "दिदीसँग जोड्दै छु, एकछिन पर्खनुहोस्।", en: "Connecting you to didi, please wait a moment."}
      next: {answered: goodbye, unanswered: call_back}
    ```
    """

    kind: ClassVar[str] = "transfer"

    prompt: Prompt
    next: str | Mapping[str, str]

    @classmethod
    def read(cls, fields: Fields) -> Transfer:
        return cls(fields.prompt("transfer"), fields.outcomes(OUTCOMES))

    def enter(self, turn: Turn) -> Move:
        number = turn.setting.person_number
        if not turn.by_voice or not number:
            return self._way("unanswered")
        turn.say(self.prompt)
        turn.tell(CallTransferred(number, RING_SECONDS))
        return TransferAwaited()

    def answer(self, _turn: Turn, event: Input) -> Move:
        answered = isinstance(event, TransferEnded) and event.answered
        return self._way("answered" if answered else "unanswered")

    def _way(self, outcome: str) -> str:
        return self.next if isinstance(self.next, str) else self.next[outcome]

    def prompts(self) -> Iterator[Prompt]:
        yield self.prompt

    def ways(self) -> Iterator[Way]:
        return ways_of(self.next)
