"""`menu`: one key chooses the way on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from gateway.core.events import AnswerGiven, Input, MessageReceived
from gateway.engine.definition import Move, Prompt, Step, Way
from gateway.engine.reading import Fields
from gateway.engine.steps.listening import Question, answer_of, option_of, shared_key
from gateway.engine.turn import Turn
from gateway.language.keywords import Choices, number_word

KEY = "key"  # the name of the answer in facts
PERSON = "0"  # the key that means the same everywhere


@dataclass(frozen=True, slots=True)
class Menu(Step):
    """Says what can be chosen and waits for one key: `AnswerGiven`, or `AnswerMissed`. By SMS the key's number
    is texted, or its word: one of `words`, or any word that opens the flow to which the key leads.

    ```yaml
    options:
      menu:
        prompt: {ne: "दाबी बुझ्न, दुई थिच्नुहोस्।", en: "To ask about a claim, press two."}
        sms: {ne: "२ दाबी", en: "2 claim"}
        more: {ne: "दाबी बुझ्न, दुई। भाषा फेर्न, सात।", en: "For a claim, two. To change language, seven."}
        keys: {2: claim_status, 7: language}
        words: {2: [paper]}
      on_give_up: goodbye
    ```
    """

    kind: ClassVar[str] = "menu"
    listens: ClassVar[bool] = True

    question: Question
    keys: Mapping[str, str]
    words: Choices

    @classmethod
    def read(cls, fields: Fields) -> Menu:
        interruptible = fields.flag("barge_in", default=True)
        inside = fields.inside("menu")
        prompt = inside.prompt("prompt", interruptible=interruptible)
        more = inside.prompt_or_none("more", None, suffix="more", interruptible=interruptible)
        nodes = inside.by_key("keys")
        keys = {key: inside.target_of(node) for key, node in nodes.items()}
        person = inside.shared.defaults.keys.get(PERSON)
        if person and keys.get(PERSON, person) != person:
            inside.fault(nodes[PERSON], "flow:person-key", at_key=True, target=person)
        words = inside.choices("words", keys)
        inside.close()
        return cls(Question.read(fields, prompt, more), keys, words)

    def enter(self, turn: Turn) -> Move:
        return self.question.ask(turn, turn.keys(1))

    def answer(self, turn: Turn, event: Input) -> Move:
        answer = answer_of(event)
        if answer is None:
            return self.question.missed(turn, "silence", turn.keys(1))
        option = option_of(answer)
        if isinstance(event, MessageReceived):
            option = self.named(answer) or self._of_flow(turn, answer) or option
        target = self.keys.get(option) or shared_key(turn, option)
        if target is None or turn.is_shut(target):
            return self.question.missed(turn, "wrong", turn.keys(1))
        turn.tell(AnswerGiven(turn.flow.name, turn.step_name, KEY, option))
        return target

    def named(self, text: str) -> str | None:
        """The key of this menu that a text names, by its number in digits or letters or by its word."""
        option = option_of(text)
        if option in self.keys:
            return option
        return self.words.find(text) or ((spelt := number_word(text)) and (spelt if spelt in self.keys else None))

    def _of_flow(self, turn: Turn, text: str) -> str | None:
        """The key that leads to the flow which this word opens."""
        intent = turn.catalogue.lexicon.match(text).intent
        flow = turn.catalogue.flow_of_intent(intent) if intent else None
        return next((key for key, target in self.keys.items() if flow is not None and target == flow), None)

    def prompts(self) -> Iterator[Prompt]:
        return self.question.prompts()

    def ways(self) -> Iterator[Way]:
        yield from (Way(key, target) for key, target in self.keys.items())
        yield self.question.given_up()
