"""The typed reading of a flow file. A step kind takes its keys from `Fields`; every fault is noted with its place and reading goes on.

What the checks need later (which step was named where, which slot stands in which text) is noted in a `Draft` on the way, so that the
steps themselves carry no places.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self, TypeVar

from gateway.engine import wording
from gateway.engine.definition import ActionSpec, Defaults, Flow, Lesson, Prompt, Slot, Texts, Translation
from gateway.engine.document import Node
from gateway.engine.expressions import Condition, parse
from gateway.engine.wording import FORMATS
from gateway.errors import GatewayError
from gateway.language import speech
from gateway.language.keywords import Choices

NAME = re.compile(r"[a-z][a-z0-9_]*")
WHOLE = re.compile(r"[0-9]{1,9}")
KEYS = frozenset("0123456789")
LARGEST = 999_999_999  # of any whole number in a flow file: what nine digits hold

Word = TypeVar("Word", bound=str)


def hint(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest one there is, or nothing.

    >>> hint("prcies", ["claims", "prices"])
    " Did you mean 'prices'?"
    """
    nearest = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that stands somewhere in a step, and where."""

    step: str
    name: str
    node: Node


@dataclass(frozen=True, slots=True)
class SlotMention:
    """A slot in a text that is spoken, or in one that is only ever sent as a message."""

    step: str
    slot: Slot
    node: Node
    spoken: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """What is read before the flows: the defaults with their languages, the phrases, the actions that there are, the translations.

    `used` collects the names of prompts that a translation has a text for.
    """

    defaults: Defaults
    phrases: Mapping[str, Texts]
    actions: Mapping[str, ActionSpec]
    translations: Mapping[str, Translation] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that callers are offered: each text must be there in all of them."""
        return self.defaults.languages

    @property
    def all_languages(self) -> tuple[str, ...]:
        return (*self.defaults.languages, *self.defaults.drafts)

    def translated(self, prompt: str, kind: str) -> dict[str, Node]:
        """The texts of a prompt that stand in `flows/translations`: language -> text."""
        self.used.add(prompt)
        found = {language: translation.wording(prompt, kind) for language, translation in self.translations.items()}
        return {language: node for language, node in found.items() if node is not None}

    def phrases_in(self, language: str) -> Mapping[str, str]:
        plain = speech.plain_language(language)
        return {name: texts.get(language, texts[plain]) for name, texts in self.phrases.items() if plain in texts}


@dataclass(slots=True)
class Draft:
    """One file while it is read: the faults so far, what is only odd (`warnings`), and the names that its steps mention."""

    name: str
    file: str
    shared: Shared
    faults: list[GatewayError] = field(default_factory=list)
    warnings: list[GatewayError] = field(default_factory=list)
    targets: list[Mention] = field(default_factory=list)
    calls: list[Mention] = field(default_factory=list)
    slots: list[SlotMention] = field(default_factory=list)
    conditions: list[Mention] = field(default_factory=list)
    keywords: list[Node] = field(default_factory=list)
    intents: list[Node] = field(default_factory=list)
    actions: set[str] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)
    step_nodes: Mapping[str, Node] = field(default_factory=dict)
    flow: Flow | None = None
    lesson: Lesson | None = None


class Fields:
    """The keys of one mapping. A kind of step takes those it knows; `close` names those that nobody took.

    Where a value is missing or wrong, a fault is noted and something harmless is returned: a file with a fault is never run.
    """

    def __init__(self, node: Node, draft: Draft, step: str = "") -> None:
        self.node = node
        self.draft = draft
        self.shared = draft.shared
        self.step = step
        self.taken: set[str] = set()
        self.known: Mapping[str, Node] = {}
        if isinstance(node.value, dict):
            self.known = node.value
        else:
            self.fault(node, "flow:shape", wanted="keys and their values")

    def fault(self, node: Node, code: str, *, at_key: bool = False, **values: object) -> None:
        self.draft.faults.append(node.fault(code, at_key=at_key, **values))

    def close(self) -> None:
        for key, node in self.known.items():
            if key not in self.taken:
                self.fault(node, "flow:unknown-key", at_key=True, name=key, hint=hint(key, self.taken))

    def take(self, key: str, *, required: bool = False) -> Node | None:
        self.taken.add(key)
        node = self.known.get(key)
        if node is None and required and isinstance(self.node.value, dict):
            self.fault(self.node, "flow:missing-key", name=key)
        return node

    # --- single values

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; required where there is no default."""
        node = self.take(key, required=default is None)
        return (default or "") if node is None else self.text_of(node)

    def text_of(self, node: Node) -> str:
        if not isinstance(node.value, str):
            self.fault(node, "flow:shape", wanted="a text")
            return ""
        if not node.value.strip():
            self.fault(node, "flow:empty")
        return node.value.strip()

    def name(self, key: str) -> str:
        """A name that slots and conditions can use later."""
        text = self.text(key)
        if text and not NAME.fullmatch(text):
            self.fault(self.known[key], "flow:invalid", value=text, wanted="a name: small letters a-z, digits and _")
        return text

    def one_of(self, key: str, allowed: Collection[Word], default: Word) -> Word:
        """One of a few words; without the key, the default."""
        node = self.take(key)
        text = default if node is None else self.text_of(node)
        for word in allowed:
            if word == text:
                return word
        if node is not None and text:
            self.fault(node, "flow:invalid", value=text, wanted=f"one of: {', '.join(allowed)}")
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        words = {"yes": True, "no": False, "true": True, "false": False}
        return words[self.one_of(key, words, "yes" if default else "no")]

    def whole(self, key: str, default: int, *, least: int = 0, most: int = LARGEST) -> int:
        """A whole number; without the key, the default."""
        number = self.whole_or_none(key, least=least, most=most)
        return default if number is None else number

    def whole_or_none(self, key: str, *, least: int = 0, most: int = LARGEST) -> int | None:
        """A whole number that may be left out."""
        node = self.take(key)
        if node is None:
            return None
        text = self.text_of(node)
        if not WHOLE.fullmatch(text) or not least <= int(text) <= most:
            wanted = f"a whole number, {least} or more" if most == LARGEST else f"a whole number from {least} to {most}"
            self.fault(node, "flow:invalid", value=text, wanted=wanted)
            return None
        return int(text)

    def condition(self, key: str) -> Condition | None:
        """A condition that may be left out."""
        node = self.take(key)
        if node is None:
            return None
        try:
            condition = parse(self.text_of(node))
        except ValueError as error:
            self.fault(node, "flow:condition", part=str(error))
            return None
        self.draft.conditions += [Mention(self.step, name, node) for name in sorted(condition.names)]
        return condition

    # --- structures

    def words(self, key: str) -> list[Node]:
        """A list of texts."""
        return [node for node in self.items(key) if self.text_of(node)]

    def items(self, key: str) -> list[Node]:
        """The items of a list; a single value counts as a list of one."""
        node = self.take(key)
        if node is None:
            return []
        return node.value if isinstance(node.value, list) else [node]

    def inside(self, key: str) -> Fields:
        """The keys of a mapping within this one; the caller closes it."""
        return self.within(self.take(key, required=True) or Node({}, self.node.place, self.node.path))

    def within(self, node: Node) -> Self:
        """The keys of a mapping that stands somewhere in this one."""
        return type(self)(node, self.draft, self.step)

    def branches(self, key: str) -> list[Node]:
        """A list of mappings; each is read `within` this one."""
        return self.items(key)

    def by_key(self, key: str) -> Mapping[str, Node]:
        """A mapping from telephone keys 0-9."""
        node = self.take(key, required=True)
        if node is None:
            return {}
        if not isinstance(node.value, dict) or not node.value:
            self.fault(node, "flow:shape", wanted="keys of the telephone and what each does")
            return {}
        for pressed, value in node.value.items():
            if pressed not in KEYS:
                self.fault(value, "flow:invalid", at_key=True, value=pressed, wanted="one key from 0 to 9")
        return node.value

    def choices(self, key: str, keys: Collection[str]) -> Choices:
        """Words that may be texted in place of the keys of a menu; the key may be left out."""
        words: dict[str, list[str]] = {}
        if self.take(key) is not None:
            inside = self.inside(key)
            for pressed, node in inside.known.items():
                words[pressed] = [str(word.value) for word in inside.words(pressed)]
                if pressed not in keys:
                    self.fault(node, "flow:invalid", at_key=True, value=pressed, wanted="a key of this menu")
        try:
            return Choices.of(words)
        except GatewayError as error:
            self.fault(self.known[key], "flow:words", fault=error.sentence)
            return Choices.of({})

    # --- names of steps and flows

    def target(self, key: str = "next") -> str:
        """Where the conversation goes from here."""
        self.taken.add(key)
        node = self.known.get(key)
        if node is None:
            self.fault(self.node, "flow:dead-end", name=key)
            return ""
        return self.target_of(node)

    def target_of(self, node: Node) -> str:
        name = self.text_of(node)
        self.draft.targets.append(Mention(self.step, name, node))
        return name

    def call(self, key: str) -> str:
        """A flow that is entered from here."""
        name = self.text(key)
        if name:
            self.draft.calls.append(Mention(self.step, name, self.known[key]))
        return name

    def outcomes(self, expected: frozenset[str]) -> str | Mapping[str, str]:
        """`next` after something that may come out in several ways: one target for all, or one for each."""
        node = self.known.get("next")
        if node is None or not isinstance(node.value, dict):
            return self.target()
        self.taken.add("next")
        for outcome, value in node.value.items():
            if outcome not in expected:
                self.fault(value, "flow:unknown-outcome", at_key=True, name=outcome, hint=hint(outcome, expected))
        if missing := sorted(expected - node.value.keys()):
            self.fault(node, "flow:missing-outcome", names=", ".join(missing))
        return {outcome: self.target_of(value) for outcome, value in node.value.items()}

    # --- what is said

    def title(self, key: str) -> Texts:
        """A text for organisers, without slots; a language with a file of translations needs none."""
        return self.texts(key, dict.fromkeys(self.shared.translations))

    def texts(self, key: str, translated: Mapping[str, Node | None] | None = None) -> Texts:
        """A text in every language, without slots. `translated` are those that stand elsewhere."""
        node = self.take(key, required=True)
        found = [] if node is None else self._languages(node, translated or {})
        for _, value in found:
            if brace := re.search(r"[{}].*", str(value.value)):
                self.fault(value, "flow:slot", slot=brace[0])
        return {language: self.text_of(value) for language, value in found}

    def prompt(self, key: str, sms: str | None = "sms", *, suffix: str = "", interruptible: bool = True) -> Prompt:
        """What is said: the wording under `key`, and under `sms` the one for messages where it differs."""
        node = self.take(key, required=True)
        shorter = self.take(sms) if sms else None
        if node is None:
            return Prompt("", {}, {})
        return self._prompt(node, shorter, suffix, interruptible=interruptible)

    def prompt_or_none(self, key: str, sms: str | None = "sms", *, suffix: str = "", interruptible: bool = True) -> Prompt | None:
        """The same where the key may be left out."""
        self.taken.add(key)
        return self.prompt(key, sms, suffix=suffix, interruptible=interruptible) if key in self.known else None

    def prompts(self, key: str, stem: str, *, required: bool = False) -> tuple[Prompt, ...]:
        """A list of prompts: `stem`1, `stem`2, ..."""
        node = self.take(key, required=required)
        if node is not None and node.value == []:
            self.fault(node, "flow:empty")
        return tuple(self._prompt(node, None, f"{stem}{number}") for number, node in enumerate(self.items(key), start=1))

    def message(self, key: str) -> Prompt:
        """A prompt that is only ever sent as a text."""
        node = self.take(key, required=True)
        name = self._prompt_name(key)
        return Prompt(name, {}, self._written(self._split(node, self.shared.translated(name, "say"), spoken=False)) if node else {})

    def _prompt(self, node: Node, shorter: Node | None, suffix: str, *, interruptible: bool = True) -> Prompt:
        name = self._prompt_name(suffix)
        spoken = self._split(node, self.shared.translated(name, "say"), spoken=True)
        written = self._split(shorter, self.shared.translated(name, "sms"), spoken=False) if shorter is not None else spoken
        pieces = {
            language: wording.for_voice(parts, name, self.shared.phrases_in(language))
            for language, parts in spoken.items()
            if language not in speech.SCRIPTS
        }
        return Prompt(name, pieces, self._written(written), interruptible)

    def _prompt_name(self, suffix: str) -> str:
        step = f"/{self.step}" if self.step else ""
        joint = "." if step else "/"
        return f"{self.draft.name}{step}{joint}{suffix}" if suffix else f"{self.draft.name}{step}"

    def _written(self, texts: Mapping[str, tuple[str | Slot, ...]]) -> dict[str, tuple[str | Slot, ...]]:
        return {language: wording.for_text(parts, self.shared.phrases_in(language)) for language, parts in texts.items()}

    def _split(self, node: Node, translated: Mapping[str, Node], *, spoken: bool) -> dict[str, tuple[str | Slot, ...]]:
        """The text of each language cut at its slots; the slots are noted for the checks."""
        parts: dict[str, tuple[str | Slot, ...]] = {}
        for language, value in self._languages(node, translated):
            try:
                parts[language] = wording.split(self.text_of(value))
            except ValueError as error:
                self.fault(value, "flow:slot", slot=str(error))
                continue
            for part in parts[language]:
                if isinstance(part, Slot) and not wording.is_phrase(part, self.shared.phrases):
                    self._note_slot(part, value, spoken=spoken and language not in speech.SCRIPTS)
        return parts

    def _note_slot(self, slot: Slot, node: Node, *, spoken: bool) -> None:
        if slot.format not in FORMATS:
            self.fault(node, "flow:unknown-format", name=slot.format, hint=hint(slot.format, FORMATS))
        self.draft.slots.append(SlotMention(self.step, slot, node, spoken))

    def _languages(self, node: Node, translated: Mapping[str, Node | None]) -> list[tuple[str, Node]]:
        """The text of each language: as it stands here, else as it is `translated` elsewhere (None: it may be missing)."""
        if not isinstance(node.value, dict):
            self.fault(node, "flow:shape", wanted=f"a text for each language: {', '.join(self.shared.languages)}")
            return []
        there = {*node.value, *translated}
        if missing := [language for language in self.shared.languages if language not in there]:
            self.fault(node, "flow:missing-language", names=", ".join(missing))
        known = self.shared.all_languages
        found: list[tuple[str, Node]] = []
        for language, value in node.value.items():
            if language in known or (language in speech.SCRIPTS and speech.plain_language(language) in known):
                found.append((language, value))
            else:
                self.fault(value, "flow:unknown-language", at_key=True, name=language, languages=", ".join(known))
        return found + [(language, value) for language, value in translated.items() if value is not None and language not in node.value]
