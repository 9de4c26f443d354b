"""How long what is said lasts, and how many messages what is written takes: the limits of what a caller can bear.

What holds values is measured with long ones, which stand in `SAMPLES`. Seconds are those of the clips. A limit that is passed for sure is
a fault; one that is passed by an estimate is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core import calendar, sms
from gateway.engine import wording
from gateway.engine.definition import Catalogue, Fragment, Prompt, Slot, Step
from gateway.engine.places import Places
from gateway.engine.sent import sent_prompts
from gateway.engine.steps.ask import Ask
from gateway.engine.steps.confirm import Confirm
from gateway.engine.steps.menu import Menu
from gateway.engine.steps.record import Record
from gateway.engine.steps.transfer import Transfer
from gateway.engine.steps.whose import Whose
from gateway.errors import GatewayError
from gateway.language import speech

if TYPE_CHECKING:
    from gateway.audio.catalogue import ClipCatalogue

MOST_OPTIONS = 5  # of one menu
OPTION_SECONDS, MENU_SECONDS, QUESTION_SECONDS, TOLD_SECONDS = 4.5, 25.0, 12.0, 20.0
MOST_SEGMENTS = 1
ANSWER_SECONDS = 3.0  # from the end of a question to the answer

# For each format, values of which the longest counts: a member's larger sums, long months and days, a reference number.
SAMPLES: Mapping[str, tuple[object, ...]] = {
    "number": (30,),
    "digits": ("481526379",),
    "money": (12_345_00,),
    "date": tuple(calendar.from_bs(calendar.BsDate(2083, month, 28)).isoformat() for month in range(1, 13)),
    "month": tuple(f"2083-{month:02}" for month in range(1, 13)),
    "weekday": tuple(f"2026-11-{day}" for day in range(10, 17)),
    "time": ("2026-11-26T08:00+05:45", "2026-11-26T13:45+05:45"),
    "text": ("104212",),
}
# An option is measured with values of every day, since a longer one makes it longer for whoever has it alone.
USUAL: Mapping[str, tuple[object, ...]] = {**SAMPLES, "money": (300_00,)}
WORDS = frozenset({wording.PHRASE, wording.SAYING})  # an organisation's own words stand where phrases do, and are measured as those are
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
SENTENCE_END = re.compile(r"(?<=[।.!?])\s*")


@dataclass(frozen=True, slots=True)
class Finding:
    """A limit that is passed: the fault with its place, and whether it is only likely."""

    fault: GatewayError
    warning: bool = False


def findings(catalogue: Catalogue, folder: Path, clips: ClipCatalogue | None) -> list[Finding]:
    """Everything in a folder of flows that is too long, or odd; without clips, only what can be told without them. In the order of the
    files."""
    measure = _Measure(catalogue, Places(folder), clips)
    odd = (Finding(warning, warning=True) for warning in catalogue.warnings)
    found = [*odd, *measure.menus(), *measure.messages(), *(measure.spoken() if clips else ())]
    return sorted(found, key=lambda finding: _order(finding.fault))


def flow_seconds(catalogue: Catalogue, folder: Path, clips: ClipCatalogue, flow: str, language: str) -> float:
    """How long a call with this flow lasts at most for who goes through it once: the longest way from its start, each question asked
    once and answered. What is said of one person is measured with `SAMPLES`; a way into another flow ends there."""
    measure = _Measure(catalogue, Places(folder), clips)
    steps, start = catalogue.flows[flow].steps, catalogue.flows[flow].start
    longest: dict[str, float] = {}

    def walk(name: str, passed: frozenset[str]) -> float:
        if name not in steps or name in passed:
            return 0.0
        if name not in longest:
            step = steps[name]
            longest[name] = measure.step_seconds(step, language) + max(
                (walk(way.target, passed | {name}) for way in step.ways()), default=0.0
            )
        return longest[name]

    return walk(start, frozenset())


def _order(fault: GatewayError) -> tuple[str, int, int, str]:
    file, line, column = fault.where.rsplit(":", 2)
    return file, int(line), int(column), fault.sentence


@dataclass(frozen=True, slots=True)
class _Measure:
    catalogue: Catalogue
    places: Places
    clips: ClipCatalogue | None

    # --- by voice

    def menus(self) -> Iterator[Finding]:
        """Menus that name too many keys, and options that take too long."""
        for menu, prompt in self._prompts_of(Menu):
            for language in self._offered(prompt.pieces):
                options = self._options(menu, prompt, language)
                keys = {key for named, _ in options for key in named}
                if len(keys) > MOST_OPTIONS:
                    yield self._finding("flow:many-options", prompt, language, options=len(keys), most=MOST_OPTIONS)
                for named, seconds in options:
                    if seconds > OPTION_SECONDS * len(named):
                        yield self._finding(
                            "flow:long-option", prompt, language, likely=True, key=named[0], seconds=f"{seconds:.1f}", most=OPTION_SECONDS
                        )

    def spoken(self) -> Iterator[Finding]:
        """Prompts that last too long: menus, other questions, and what is told."""
        limits = {prompt.name: (MENU_SECONDS, "a menu") for _, prompt in self._prompts_of(Menu)}
        limits |= {prompt.name: (QUESTION_SECONDS, "a question") for _, prompt in self._prompts_of(Ask, Confirm, Record, Transfer, Whose)}
        for prompt in self.catalogue.prompts():
            most, what = limits.get(prompt.name, (TOLD_SECONDS, "what is told"))
            for language in self._offered(prompt.pieces):
                seconds = sum(self._seconds(piece, language) for piece in prompt.pieces[language])
                if seconds > most:
                    yield self._finding("flow:long-prompt", prompt, language, seconds=f"{seconds:.1f}", what=what, most=most)
        for name in self.catalogue.phrases:
            for language in self.catalogue.languages:
                seconds = self._clip_seconds(language, f"phrase/{name}")
                if seconds > TOLD_SECONDS:
                    where = self.places.phrase(name, language)
                    values = {"seconds": f"{seconds:.1f}", "what": "what is told", "most": TOLD_SECONDS}
                    yield Finding(GatewayError("flow:long-prompt", where=where, path=f"phrases.{name}.{language}", **values))

    def _offered(self, by_language: Mapping[str, object]) -> list[str]:
        """The languages of a prompt that callers are offered: a draft may still be too long."""
        return [language for language in by_language if language in self.catalogue.languages]

    def _prompts_of(self, *kinds: type) -> Iterator[tuple[object, Prompt]]:
        defaults = {prompt.name for prompt in (*self.catalogue.defaults.on_silence, *self.catalogue.defaults.on_wrong)}
        for flow in self.catalogue.flows.values():
            for step in flow.steps.values():
                if isinstance(step, kinds):
                    question = getattr(step, "question", None)
                    gentle = {prompt.name for prompt in (*question.on_silence, *question.on_wrong)} if question else set()
                    yield from ((step, prompt) for prompt in step.prompts() if prompt.name not in defaults | gentle)

    def _options(self, menu: object, prompt: Prompt, language: str) -> list[tuple[list[str], float]]:
        """The sentences that name a key of the menu: those keys, and the seconds, a clip's words taken to be evenly spread."""
        keys = {*(menu.keys if isinstance(menu, Menu) else ()), *self.catalogue.defaults.keys}
        words = {
            word: key
            for key in sorted(keys)
            for word in (speech.vocabulary(language)[f"digit/{key}"].casefold(), key, key.translate(DEVANAGARI))
        }
        options: list[tuple[list[str], float]] = []
        seconds = 0.0
        for piece in prompt.pieces[language]:
            text = piece.text if isinstance(piece, Fragment) else ""
            lasts = self._seconds(piece, language, USUAL)
            seconds += 0.0 if text else lasts
            for sentence in filter(None, SENTENCE_END.split(text)):
                seconds += lasts * len(sentence) / len(text)
                named = [words[word] for word in re.findall(r"[^\s।.,!?]+", sentence.casefold()) if word in words]
                if named:
                    options.append((named, seconds))
                if SENTENCE_END.search(sentence):
                    seconds = 0.0
        return options

    def _seconds(self, piece: Fragment | Slot, language: str, samples: Mapping[str, tuple[object, ...]] = SAMPLES) -> float:
        if isinstance(piece, Fragment):
            return self._clip_seconds(language, piece.clip)
        if piece.format in WORDS:
            return max((self._clip_seconds(language, f"phrase/{name}") for name in self._words(piece, language)), default=0.0)
        spoken = (speech.speak(language, piece.format, value) for value in samples.get(piece.format, ()) if piece.format in speech.FORMATS)
        return max((sum(self._clip_seconds(language, clip) for clip in clips) for clips in spoken), default=0.0)

    def step_seconds(self, step: Step, language: str) -> float:
        """What a step says the first time, and the time for an answer where it waits for one."""
        said = list(step.prompts())[: 1 if step.listens else None]  # the others are said again, or after a miss
        seconds = sum(self._seconds(piece, language) for prompt in said for piece in prompt.pieces.get(language, ()))
        return seconds + (step.longest if isinstance(step, Record) else ANSWER_SECONDS if step.listens else 0.0)

    def _clip_seconds(self, language: str, clip: str) -> float:
        """Nothing where there is no clip: that is named elsewhere."""
        known = self.clips.manifests.get(language, {}) if self.clips else {}
        return known[clip].seconds if clip in known else 0.0

    # --- by SMS

    def messages(self) -> Iterator[Finding]:
        """Wordings that take more than one message, with the character that made them so dear."""
        for prompt in sent_prompts(self.catalogue):
            for language in self._offered(prompt.sms):
                counted = sms.segments("".join(self._written(piece, language) for piece in prompt.sms[language]).strip())
                if counted.count > MOST_SEGMENTS:
                    culprit = f", because of {counted.culprit!r}" if counted.culprit else ""
                    room = 70 if counted.culprit else 160
                    where = self.places.prompt(prompt, language, written=True)
                    values = {"segments": counted.count, "units": counted.units, "most": room, "culprit": culprit}
                    yield Finding(GatewayError("flow:long-message", where=where, path=f"{prompt.name} ({language})", **values))

    def _written(self, piece: str | Slot, language: str) -> str:
        if isinstance(piece, str):
            return piece
        if piece.format in {wording.CLIP, wording.SAYING}:
            return ""  # a recording is heard, not read; an organisation's own words are measured when they are written
        if piece.format in WORDS:
            return max(self._words(piece, language).values(), key=len, default="")
        if piece.format == wording.TEXT:
            return str(SAMPLES[wording.TEXT][0])
        return max((speech.write(language, piece.format, value) for value in SAMPLES[piece.format]), key=len)

    # --- both

    def _words(self, slot: Slot, language: str) -> Mapping[str, str]:
        """The phrases that may stand within a sentence, in this slot: those that are none themselves, and names where a name stands."""
        named = slot == wording.ITS_NAME
        texts = {name: texts[language] for name, texts in self.catalogue.phrases.items() if wording.is_name(name) == named}
        return {name: text for name, text in texts.items() if not SENTENCE_END.search(text)}

    def _finding(self, code: str, prompt: Prompt, language: str, *, likely: bool = False, **values: object) -> Finding:
        where = self.places.prompt(prompt, language)
        return Finding(GatewayError(code, where=where, path=f"{prompt.name} ({language})", **values), likely)
