"""`whose`: which of those who share the phone is calling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from gateway.core.events import Input
from gateway.engine.definition import ITS_KEY, MEANT, NAMED, Move, Prompt, Step, Way
from gateway.engine.reading import Fields
from gateway.engine.steps.listening import Question, answer_of, shared_key
from gateway.engine.turn import MemberView, Turn

MOST_NAMES = 7  # the keys 8, 9 and 0 mean the same everywhere


@dataclass(frozen=True, slots=True)
class Whose(Step):
    """Says a line for each member who shares the phone, her recorded name in it, and waits for the key of one: she is meant from here on
    (`meant.pin`, `meant.invited`), and has yet to prove it. It is passed in silence by SMS, which names nobody, on a phone that nobody
    shares, and where somebody's name is not recorded.

    ```yaml
    which:
      whose:
        prompt: {ne: "{whose.name:clip}, {whose.key:number} थिच्नुहोस्।", en: "{whose.name:clip}, press {whose.key:number}."}
      next: ask
    ```
    """

    kind: ClassVar[str] = "whose"

    question: Question
    next: str

    @classmethod
    def read(cls, fields: Fields) -> Whose:
        fields.draft.answers |= {NAMED, ITS_KEY}
        inside = fields.inside("whose")
        prompt = inside.prompt("prompt", None)
        inside.close()
        return cls(Question.read(fields, prompt), fields.target())

    def enter(self, turn: Turn) -> Move:
        turn.values.pop(MEANT, None)
        if not _named(turn):
            return self.next
        self._say(turn)
        return turn.keys(1)

    def answer(self, turn: Turn, event: Input) -> Move:
        answer, keys = answer_of(event), _named(turn)
        if answer in keys:
            turn.keep({MEANT: keys[answer].id})
            return self.next
        elsewhere = shared_key(turn, answer) if answer is not None else None
        return elsewhere or self.question.missed(turn, "silence" if answer is None else "wrong", turn.keys(1), self._say)

    def _say(self, turn: Turn) -> None:
        for key, member in _named(turn).items():
            turn.keep({NAMED: member.name_clip, ITS_KEY: int(key)})
            turn.say(self.question.prompt)
        turn.values.pop(NAMED, None)
        turn.values.pop(ITS_KEY, None)

    def prompts(self) -> Iterator[Prompt]:
        return self.question.prompts()

    def ways(self) -> Iterator[Way]:
        yield Way("", self.next)
        yield self.question.given_up()


def _named(turn: Turn) -> dict[str, MemberView]:
    """The members of the phone by their keys, in the order of their registration; nobody where not every name can be said."""
    sharing = turn.caller.sharing if turn.by_voice else ()
    if len(sharing) > MOST_NAMES or any(member.name_clip is None for member in sharing):
        return {}
    return {str(key): member for key, member in enumerate(sharing, start=1)}
