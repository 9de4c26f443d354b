"""The read-back of an `ask`: a step of its own, `<step>.confirm`, which the file writes inside its question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from gateway.core.events import AnswerGiven, DigitsPressed, Input
from gateway.engine.definition import Move, Prompt, Step, Way
from gateway.engine.steps.listening import Question, answer_of, option_of, shared_key
from gateway.engine.turn import Turn
from gateway.language.keywords import yes_or_no

YES, NO = "1", "2"


@dataclass(frozen=True, slots=True)
class Confirm(Step):
    """Reads an answer back and cannot be cut short: 1, or yes in a text, goes on with `AnswerGiven`; 2, or no, asks again."""

    kind: ClassVar[str] = "confirm"
    listens: ClassVar[bool] = True

    question: Question
    asked: str
    answer_name: str
    next: str

    @property
    def name(self) -> str:
        return f"{self.asked}.confirm"

    def enter(self, turn: Turn) -> Move:
        return self.question.ask(turn, turn.keys(1))

    def answer(self, turn: Turn, event: Input) -> Move:
        answer = answer_of(event)
        if answer is None:
            return self.question.missed(turn, "silence", turn.keys(1))
        agreed = self._agreed(event, answer)
        if agreed is None:
            return shared_key(turn, answer) or self.question.missed(turn, "wrong", turn.keys(1))
        if not agreed:
            return self.asked
        turn.tell(AnswerGiven(turn.flow.name, self.asked, self.answer_name, str(turn.values[self.answer_name])))
        return self.next

    @staticmethod
    def _agreed(event: Input, answer: str) -> bool | None:
        option = option_of(answer)
        if option in {YES, NO}:
            return option == YES
        return None if isinstance(event, DigitsPressed) else yes_or_no(answer)

    def prompts(self) -> Iterator[Prompt]:
        return self.question.prompts()

    def ways(self) -> Iterator[Way]:
        yield Way(YES, self.next)
        yield Way(NO, self.asked)
        yield self.question.given_up()
