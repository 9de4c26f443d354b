"""How long each prompt is by itself, beside what a caller can bear: menus, their options, questions, information."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.engine.definition import Flow, Fragment, Prompt, Slot, Step
from gateway.engine.steps.ask import Ask
from gateway.engine.steps.confirm import Confirm
from gateway.engine.steps.menu import Menu
from gateway.engine.steps.record import Record
from gateway.language import speech
from gateway.transcripts.budget import Walker

MENU, QUESTION, INFORMATION, OPTION, OPTIONS = 25.0, 12.0, 20.0, 4.5, 5
PHRASE = 3.0  # seconds of the longest name or paper; longer phrases are sentences and are measured by themselves

# What stands in a slot while a prompt is measured: none of them is short.
USUAL: dict[str, object] = {
    "number": 27,
    "digits": "481526379",
    "money": 12_345_00,
    "date": "2026-11-28",
    "month": "2083-08",
    "weekday": "2026-11-28",
    "time": "2026-11-28T08:30+05:45",
}


@dataclass(frozen=True, slots=True)
class Length:
    """One measure of one prompt in a language, and its limit: seconds, or (`what` "options") a count."""

    prompt: str
    language: str
    what: str
    value: float
    limit: float

    @property
    def over(self) -> bool:
        return round(self.value, 1) > self.limit


def measure(walker: Walker, language: str) -> Iterator[Length]:
    """Every prompt of every flow, once, and the phrases that are told as news or messages."""
    catalogue = walker.stage.gateway.catalogue
    seen: set[str] = set()
    for flow in catalogue.flows.values():
        for prompt, step in _prompts(flow):
            if prompt.name not in seen and prompt.pieces:
                seen.add(prompt.name)
                yield from _of_prompt(walker, language, prompt, step)
    for name in catalogue.phrases:
        yield Length(f"phrase/{name}", language, "information", walker.clips.seconds(language, f"phrase/{name}"), INFORMATION)


def _prompts(flow: Flow) -> Iterator[tuple[Prompt, Step]]:
    for step in flow.steps.values():
        for prompt in step.prompts():
            yield prompt, step


def _of_prompt(walker: Walker, language: str, prompt: Prompt, step: Step) -> Iterator[Length]:
    seconds = sum(_seconds(walker, language, piece) for piece in prompt.pieces[language])
    options = list(_options(walker, language, prompt))
    if isinstance(step, Menu) and len(step.keys) > 2:
        yield Length(prompt.name, language, "menu", seconds, MENU)
    else:
        asks = isinstance(step, (Menu, Ask, Record, Confirm))
        yield Length(prompt.name, language, "question" if asks else "information", seconds, QUESTION if asks else INFORMATION)
    if options and isinstance(step, (Menu, Ask)):
        yield Length(prompt.name, language, "options", len(options), OPTIONS)
        yield Length(prompt.name, language, "longest option", max(options), OPTION)


def _seconds(walker: Walker, language: str, piece: Fragment | Slot) -> float:
    if isinstance(piece, Fragment):
        return walker.clips.seconds(language, piece.clip) if piece.clip else 0.0
    if piece.format not in USUAL:
        return PHRASE
    return walker.clips.prompt_seconds(language, speech.speak(language, piece.format, USUAL[piece.format]))


def _options(walker: Walker, language: str, prompt: Prompt) -> Iterator[float]:
    """The seconds of each sentence that names a key at its end."""
    words = speech.vocabulary(language)
    keys = {word for clip, word in words.items() if re.fullmatch(r"digit/[0-9]", clip)}
    for piece in prompt.pieces[language]:
        if not isinstance(piece, Fragment) or not piece.clip:
            continue
        began = 0.0
        for sentence, end in walker.sentence_ends(language, piece.clip):
            if keys & set(re.findall(r"[^\s।.,?!]+", sentence)[-2:]):
                yield end - began
            began = end
