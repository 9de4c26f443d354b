"""`menu`: one key chooses the way on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from gateway.core.events import AnswerGiven, Input
from gateway.engine.definition import Move, Prompt, Step, Way
from gateway.engine.reading import Fields
from gateway.engine.steps.listening import Question, answer_of, option_of, shared_key
from gateway.engine.turn import Turn

KEY = "key"  # the name of the answer in facts


@dataclass(frozen=True, slots=True)
class Menu(Step):
    """Says what can be chosen and waits for one key: `AnswerGiven`, or `AnswerMissed`. By SMS the key's number is texted.

    ```yaml
    options:
      menu:
        prompt: {ne: "दाबी बुझ्न, दुई थिच्नुहोस्।", en: "To ask about a claim, press two."}
        sms: {ne: "२ दाबी", en: "2 claim"}
        more: {ne: "दाबी बुझ्न, दुई। भाषा फेर्न, सात।", en: "For a claim, two. To change language, seven."}
        keys: {2: claim_status, 7: language}
      on_give_up: goodbye
    ```
    """

    kind: ClassVar[str] = "menu"
    listens: ClassVar[bool] = True

    question: Question
    keys: Mapping[str, str]

    @classmethod
    def read(cls, fields: Fields) -> Menu:
        interruptible = fields.flag("barge_in", default=True)
        inside = fields.inside("menu")
        prompt = inside.prompt("prompt", interruptible=interruptible)
        more = inside.prompt_or_none("more", None, suffix="more", interruptible=interruptible)
        keys = {key: inside.target_of(node) for key, node in inside.by_key("keys").items()}
        inside.close()
        return cls(Question.read(fields, prompt, more), keys)

    def enter(self, turn: Turn) -> Move:
        return self.question.ask(turn, turn.keys(1))

    def answer(self, turn: Turn, event: Input) -> Move:
        answer = answer_of(event)
        if answer is None:
            return self.question.missed(turn, "silence", turn.keys(1))
        target = self.keys.get(option_of(answer)) or shared_key(turn, answer)
        if target is None or turn.is_shut(target):
            return self.question.missed(turn, "wrong", turn.keys(1))
        turn.tell(AnswerGiven(turn.flow.name, turn.step_name, KEY, option_of(answer)))
        return target

    def prompts(self) -> Iterator[Prompt]:
        return self.question.prompts()

    def ways(self) -> Iterator[Way]:
        yield from (Way(key, target) for key, target in self.keys.items())
        yield self.question.given_up()
