"""`ask`: an answer that is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from gateway.core.events import AnswerGiven, DigitsPressed, Input, KeysAwaited
from gateway.core.money import PAISA_PER_RUPEE
from gateway.engine.answers import MOST_DIGITS, UNDERSTAND, Limits
from gateway.engine.definition import Move, Prompt, Step, Texts, Way
from gateway.engine.reading import Fields
from gateway.engine.steps.confirm import Confirm
from gateway.engine.steps.listening import Question, answer_of, option_of, shared_key
from gateway.engine.turn import Turn
from gateway.language.keywords import Choices, number_word
from gateway.language.skeleton import skeleton

SECRET = "pin"  # noqa: S105 - the kind of answer that is passed to the next action of this sprint and never kept


@dataclass(frozen=True, slots=True)
class Ask(Step):
    """Asks for digits, a number, money, a date, a phone, a PIN, a choice or a text, and keeps it under `name`: `AnswerGiven`.

    With `confirm` the answer is read back, and 2 asks again. A PIN goes to the next `do` and is forgotten. One of `keys`, pressed alone,
    leads elsewhere where it can be no answer.

    ```yaml
    amount:
      ask:
        prompt: {ne: "कति रुपैयाँ तिर्नुभयो?", en: "How many rupees did you pay?"}
        kind: money
        name: amount
        min: 10
        max: 100000
        confirm: {ne: "{amount:money}, हो? हो भने, एक।", en: "{amount:money}, yes? If yes, one."}
      next: note
    ```
    """

    kind: ClassVar[str] = "ask"
    listens: ClassVar[bool] = True

    question: Question
    answers: str
    name: str
    limits: Limits
    confirm: Confirm | None
    next: str
    words: Choices
    keys: Mapping[str, str]

    @classmethod
    def read(cls, fields: Fields) -> Ask:
        interruptible = fields.flag("barge_in", default=True)
        inside = fields.inside("ask")
        prompt = inside.prompt("prompt", interruptible=interruptible)
        inside.take("kind", required=True)
        answers, name = inside.one_of("kind", UNDERSTAND, "digits"), inside.name("name")
        limits = _limits(inside, answers)
        keys = {key: inside.target_of(node) for key, node in inside.by_key("keys").items()} if "keys" in inside.known else {}
        read_back = inside.prompt_or_none("confirm", "confirm_sms", suffix="confirm", interruptible=False)
        inside.close()
        question, following = Question.read(fields, prompt), fields.target()
        if answers != SECRET:
            fields.draft.answers.add(name)
        elif read_back:
            fields.fault(inside.known["confirm"], "flow:secret")
        confirm = None
        if read_back:  # a wrong key there is no wrong answer
            again = replace(question, prompt=read_back, on_wrong=fields.shared.defaults.on_wrong, own_wrong=False)
            confirm = Confirm(again, fields.step, name, following)
        return cls(question, answers, name, limits, confirm, following, _words(limits, fields.shared.phrases), keys)

    def enter(self, turn: Turn) -> Move:
        return self.question.ask(turn, self._wait(turn))

    def answer(self, turn: Turn, event: Input) -> Move:
        answer = answer_of(event)
        if answer is None:
            return self.question.missed(turn, "silence", self._wait(turn))
        value = self._understood(turn, event, answer)
        if self.answers == SECRET and value is None and len(answer) > 1 and answer.isascii() and answer.isdecimal():
            value = answer[:MOST_DIGITS]  # too short or too long: a try like any other, and counted as one
        if value is None:
            return self.keys.get(option_of(answer)) or shared_key(turn, answer) or self.question.missed(turn, "wrong", self._wait(turn))
        if self.answers == SECRET:
            turn.secrets[self.name] = str(value)
            return self.next
        turn.keep({self.name: value})
        if self.confirm is not None:
            return self.confirm.name
        turn.tell(AnswerGiven(turn.flow.name, turn.step_name, self.name, str(value)))
        return self.next

    def _understood(self, turn: Turn, event: Input, answer: str) -> object:
        if isinstance(event, DigitsPressed):
            if self.answers == "text":
                return None  # keys spell no words
            if len(answer) > 1:
                answer = answer.removesuffix("#")  # many are used to ending a number with it
        elif self.answers == "choice":
            answer = self.words.find(answer) or number_word(answer) or option_of(answer)
        return UNDERSTAND[self.answers](answer, self.limits, turn.setting.now)

    def _wait(self, turn: Turn) -> KeysAwaited:
        return turn.keys(1 if self.answers == "choice" else self.limits.length)

    def prompts(self) -> Iterator[Prompt]:
        return self.question.prompts()

    def ways(self) -> Iterator[Way]:
        yield Way("", self.confirm.name if self.confirm else self.next)
        yield from (Way(key, target) for key, target in self.keys.items())
        yield self.question.given_up()


def _words(limits: Limits, phrases: Mapping[str, Texts]) -> Choices:
    """What may be texted for each choice: the words of the phrase that has its name, together and one by one."""
    words: dict[str, list[str]] = {}
    known: set[str] = set()
    for key, name in limits.choices.items():
        texts = phrases.get(name, {}).values()
        forms = {skeleton(form): form for text in texts for form in (text, *text.split()) if len(skeleton(form)) > 2}
        words[key] = [form for bones, form in forms.items() if bones not in known]
        known |= forms.keys()
    return Choices.of(words)


def _limits(inside: Fields, answers: str) -> Limits:
    """What the answer may be, as the file says; money is written in rupees there and counted in paisa here."""
    scale = PAISA_PER_RUPEE if answers == "money" else 1
    least, most = inside.whole_or_none("min"), inside.whole_or_none("max")
    choices: dict[str, str] = {}
    if answers == "choice":
        choices = {key: inside.text_of(node) for key, node in inside.by_key("choices").items()}
    return Limits(
        length=inside.whole_or_none("length", least=1, most=MOST_DIGITS),
        least=None if least is None else least * scale,
        most=None if most is None else most * scale,
        choices=choices,
    )
