"""`record`: her own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from gateway.core.digits import fold_digits
from gateway.core.events import AnswerGiven, Input, KeysAwaited, MessageReceived, RecordingAwaited, RecordingKept, RecordingMade
from gateway.engine.answers import LONGEST_TEXT
from gateway.engine.definition import Move, Prompt, Step, Way
from gateway.engine.reading import Fields
from gateway.engine.steps.listening import Question, shared_key
from gateway.engine.turn import Turn

SPOKEN = "1"  # the key that says: that was all
LONGEST = 60  # seconds, where the flow says nothing
MOST_SECONDS = 300  # of one recording, whatever the flow says


@dataclass(frozen=True, slots=True)
class Record(Step):
    """Records what she says after the tone: one `RecordingKept`; the value is the recording's id. By SMS the text is the answer.

    The key 1 ends it, as silence does; the keys that work everywhere lead where they always lead.

    ```yaml
    name:
      record:
        prompt: {ne: "टुँ आवाज आएपछि, आफ्नो नाम भन्नुहोस्।", en: "After the tone, say your name."}
        sms: {ne: "आफ्नो नाम पठाउनुहोस्।", en: "Send your name."}
        name: introduction
        longest: 30
      next: thanks
    ```
    """

    kind: ClassVar[str] = "record"
    listens: ClassVar[bool] = True

    question: Question
    name: str
    longest: int
    next: str

    @classmethod
    def read(cls, fields: Fields) -> Record:
        inside = fields.inside("record")
        prompt = inside.prompt("prompt")
        name = inside.name("name")
        longest = inside.whole("longest", LONGEST, least=1, most=MOST_SECONDS)
        inside.close()
        fields.draft.answers.add(name)
        return cls(Question.read(fields, prompt), name, longest, fields.target())

    def enter(self, turn: Turn) -> Move:
        return self.question.ask(turn, self._wait(turn))

    def answer(self, turn: Turn, event: Input) -> Move:
        if isinstance(event, RecordingMade) and (target := turn.catalogue.defaults.keys.get(event.key)):
            return target  # what was recorded until then is left with the provider: she wanted something else
        if isinstance(event, RecordingMade) and event.seconds > 0:
            recording_id = turn.setting.new_id()
            turn.keep({self.name: recording_id})
            turn.tell(RecordingKept(recording_id, event.external_id, event.seconds))
            return self.next
        if isinstance(event, MessageReceived) and event.text.strip():
            return self._texted(turn, event.text.strip())
        return self.question.missed(turn, "silence", self._wait(turn))

    def _texted(self, turn: Turn, text: str) -> Move:
        if target := shared_key(turn, fold_digits(text)):
            return target
        text = text[:LONGEST_TEXT]
        turn.keep({self.name: text})
        turn.tell(AnswerGiven(turn.flow.name, turn.step_name, self.name, text))
        return self.next

    def _wait(self, turn: Turn) -> RecordingAwaited | KeysAwaited:
        finish_keys = "".join(sorted({SPOKEN, *turn.catalogue.defaults.keys}))
        return RecordingAwaited(self.longest, finish_keys=finish_keys) if turn.by_voice else turn.keys(None)

    def prompts(self) -> Iterator[Prompt]:
        return self.question.prompts()

    def ways(self) -> Iterator[Way]:
        yield Way("", self.next)
        yield self.question.given_up()
