"""What the steps that wait for an answer share: patience with silence and wrong keys, and the keys that work everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from gateway.core.digits import fold_digits
from gateway.core.events import AnswerMissed, DigitsPressed, Input, MessageReceived, Wait
from gateway.engine.definition import Move, Prompt, Way
from gateway.engine.reading import Fields
from gateway.engine.turn import Turn

PHONE_KEYS = frozenset("0123456789*#")
NOT_A_KEY = "?"  # stands for what no telephone sends (`A`, `१`, a blank): wrong everywhere
MOST_RETRIES = 10  # misses of one wait; more would keep a caller who is lost
GIVEN_UP = "no answer"  # the label of that way
AROUND_A_NUMBER = " .,।)(-"  # what people write around the number of an option: `1.`, `(2)`


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what happens when no answer comes: it is said again after each miss and given up after `retries` of them.

    `more` is said in place of the prompt at the last try: shorter, or with options that were left out before. `own_wrong`: the step
    itself says what is wrong with a wrong answer (an amount's range), by SMS too.
    """

    prompt: Prompt
    more: Prompt | None
    on_silence: tuple[Prompt, ...]
    on_wrong: tuple[Prompt, ...]
    on_give_up: str
    retries: int
    own_wrong: bool = False

    @classmethod
    def read(cls, fields: Fields, prompt: Prompt, more: Prompt | None = None) -> Question:
        """The question of a step, its patience as the step says, else as the defaults do."""
        defaults = fields.shared.defaults
        on_silence, on_wrong = fields.prompts("on_silence", "silence"), fields.prompts("on_wrong", "wrong")
        given_up = fields.target("on_give_up") if "on_give_up" in fields.known else ""
        fields.taken.add("on_give_up")
        return cls(
            prompt=prompt,
            more=more,
            on_silence=on_silence or defaults.on_silence,
            on_wrong=on_wrong or defaults.on_wrong,
            on_give_up=given_up or defaults.give_up,
            retries=fields.whole("retries", defaults.retries, least=1, most=MOST_RETRIES),
            own_wrong=bool(on_wrong),
        )

    def ask(self, turn: Turn, wait: Wait) -> Move:
        """Say the question and wait."""
        turn.say(self.prompt)
        return wait

    def missed(self, turn: Turn, reason: Literal["silence", "wrong"], wait: Wait, ask: Callable[[Turn], object] | None = None) -> Move:
        """No answer: say so gently and ask again (`ask`, where that is more than to say the prompt), or give up for now."""
        turn.missed += 1
        turn.tell(AnswerMissed(turn.flow.name, turn.step_name, reason))
        if turn.missed >= self.retries:
            return self.on_give_up
        if turn.by_voice:
            gentle = self.on_silence if reason == "silence" else self.on_wrong
            turn.say(gentle[min(turn.missed, len(gentle)) - 1])
            if ask is not None:
                ask(turn)
                return wait
            last = turn.missed == self.retries - 1
            turn.say(self.more if self.more and last else self.prompt)
        else:
            turn.say(self.on_wrong[0] if self.own_wrong and reason == "wrong" else turn.catalogue.defaults.sms_help)
            turn.say(self.prompt)
        return wait

    def prompts(self) -> Iterator[Prompt]:
        yield self.prompt
        if self.more is not None:
            yield self.more
        yield from self.on_silence
        yield from self.on_wrong

    def given_up(self) -> Way:
        """Where it goes on after the last miss."""
        return Way(GIVEN_UP, self.on_give_up)


def answer_of(event: Input) -> str | None:
    """What was pressed or written, digits as 0-9; None for silence."""
    if isinstance(event, DigitsPressed):
        pressed = event.digits
        return (pressed if PHONE_KEYS.issuperset(pressed) else NOT_A_KEY) or None
    if isinstance(event, MessageReceived):
        return fold_digits(event.text).strip()
    return None


def option_of(answer: str) -> str:
    """The number of an option in an answer: `(2)` and `2.` are 2."""
    return answer.strip(AROUND_A_NUMBER)


def shared_key(turn: Turn, answer: str) -> str | None:
    """Where a key leads that works everywhere (0 a person, 8 again, 9 the start)."""
    return turn.catalogue.defaults.keys.get(option_of(answer))
