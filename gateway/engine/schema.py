"""The JSON Schema of a flow file, for editors that complete and check while somebody types.

It is not written down anywhere: each kind of step reads its keys here as it does from a file, from a `Probe` that notes what is asked
for. `gateway check` knows far more (names, ways, languages); the schema knows the keys and the shapes of their values.
"""

# ruff: noqa: ARG002 - the Probe has the signatures of Fields

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Self

from gateway.engine.answers import UNDERSTAND
from gateway.engine.definition import ActionSpec, Prompt
from gateway.engine.document import Node
from gateway.engine.loader import AUDIENCES, NO_DEFAULTS
from gateway.engine.reading import LARGEST, Draft, Fields, Shared, Word
from gateway.engine.steps import KINDS
from gateway.language import speech
from gateway.language.keywords import Choices

Schema = dict[str, Any]

# YAML that an editor reads has numbers and booleans; for us every value is the text that stands there.
TEXT: Schema = {"type": ["string", "number", "boolean"]}
NAME: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
FLAG: Schema = {"enum": ["yes", "no", "true", "false", True, False]}
TARGET: Schema = {"type": "string", "description": "A step of this flow, a flow, or `repeat`."}
PROMPT: Schema = {"$ref": "#/$defs/prompt"}
NOTHING = Prompt("", {}, {})


def flow_schema() -> Schema:
    """The schema of one file of the folder `flows`."""
    texts = dict.fromkeys((*speech.LANGUAGES, *speech.SCRIPTS), TEXT)
    prompt = {"type": "object", "properties": texts, "additionalProperties": False}
    words = {"type": "array", "items": TEXT}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A flow of Aawaj",
        "description": "See docs/flow-language.md. `gateway check` finds what a schema cannot.",
        "type": "object",
        "properties": {
            "flow": NAME,
            "title": PROMPT,
            "intents": words,
            "keywords": words,
            "for": {"enum": list(AUDIENCES)},
            "private": FLAG,
            "when": TEXT,
            "changes": FLAG,
            "survey": FLAG,
            "start": TARGET,
            "steps": {
                "type": "object",
                "propertyNames": {"pattern": NAME["pattern"]},
                "additionalProperties": {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in KINDS]},
            },
        },
        "required": ["flow", "title", "start", "steps"],
        "additionalProperties": False,
        "$defs": {"prompt": prompt, **{kind: step_schema(kind) for kind in KINDS}},
    }


def step_schema(kind: str) -> Schema:
    """The schema of one kind of step: every key that a step of the kind may have, those required that every one must have."""
    most_words = len(UNDERSTAND) + 1
    readings = [_read(kind, everything=everything, word=word) for everything in (True, False) for word in range(most_words)]
    doc = inspect.getdoc(getattr(KINDS[kind], "__self__", None)) or ""
    return {"description": doc.partition("\n")[0].strip(), **_merged([reading.schema() for reading in readings])}


def _read(kind: str, *, everything: bool, word: int) -> Probe:
    any_action = {"": ActionSpec("", frozenset(), frozenset())}
    probe = Probe(Node({}, "", ""), Draft("schema", "schema.yaml", Shared(NO_DEFAULTS, {}, any_action)), kind)
    probe.known, probe.word = Keys(everything=everything), word
    KINDS[kind](probe)
    return probe


def _merged(schemas: Sequence[Schema]) -> Schema:
    """One schema of what several readings asked for."""
    properties: dict[str, Schema] = {}
    for schema in schemas:
        for key, value in schema["properties"].items():
            known = properties.get(key)
            properties[key] = _merged([known, value]) if known and "properties" in value else value
    required = [key for key in properties if all(key in schema["required"] for schema in schemas)]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


class Keys(Mapping[str, Node]):
    """Stands for a file that has every key, or none but the one that is looked at."""

    def __init__(self, *, everything: bool) -> None:
        self.everything = everything

    def __getitem__(self, key: str) -> Node:
        return Node("x", "", key)

    def __contains__(self, key: object) -> bool:
        return self.everything

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Probe(Fields):
    """Notes which keys a kind of step reads, and as what; answers with something harmless, and with the `word`-th of several words."""

    def __init__(self, node: Node, draft: Draft, step: str = "") -> None:
        super().__init__(node, draft, step)
        self.known = Keys(everything=False)
        self.word = 0
        self.properties: dict[str, Schema] = {}
        self.inner: dict[str, Probe] = {}
        self.required: set[str] = set()

    def schema(self) -> Schema:
        properties = dict(self.properties)
        for key, probe in self.inner.items():
            properties[key] = {**properties[key], "items": probe.schema()} if key in properties else probe.schema()
        return {"type": "object", "properties": properties, "required": sorted(self.required), "additionalProperties": False}

    def note(self, key: str, value: Schema, *, required: bool = False) -> None:
        self.properties[key] = value
        if required:
            self.required.add(key)

    # --- as in Fields, and in its order

    def fault(self, node: Node, code: str, *, at_key: bool = False, **values: object) -> None:
        """There is no file that could have one."""

    def close(self) -> None:
        """There is no key that nobody took."""

    def take(self, key: str, *, required: bool = False) -> Node | None:
        self.note(key, self.properties.get(key, TEXT), required=required)
        return None

    def text(self, key: str, default: str | None = None) -> str:
        self.note(key, TEXT, required=default is None)
        return default or ""

    def name(self, key: str) -> str:
        self.note(key, NAME, required=True)
        return ""

    def one_of(self, key: str, allowed: Collection[Word], default: Word) -> Word:
        self.note(key, {"enum": list(allowed)})
        return [default, *allowed][self.word % (len(allowed) + 1)]

    def flag(self, key: str, *, default: bool) -> bool:
        self.note(key, {**FLAG, "default": default})
        return default

    def whole_or_none(self, key: str, *, least: int = 0, most: int = LARGEST) -> int | None:
        self.note(key, {"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, {"type": "string", "pattern": "^[0-9]{1,9}$"}]})
        return None

    def branches(self, key: str) -> list[Node]:
        self.note(key, {"type": "array", "minItems": 1}, required=True)
        return [Node({}, "", key)]

    def inside(self, key: str) -> Self:
        self.required.add(key)
        return self.within(Node({}, "", key))

    def within(self, node: Node) -> Self:
        probe = super().within(node)
        probe.known, probe.word = self.known, self.word
        self.inner[node.path] = probe
        return probe

    def by_key(self, key: str) -> Mapping[str, Node]:
        self.note(key, {"type": "object", "patternProperties": {"^[0-9]$": TEXT}, "additionalProperties": False, "minProperties": 1})
        self.required.add(key)
        return {}

    def choices(self, key: str, keys: Collection[str]) -> Choices:
        del keys
        words = {"type": "array", "items": TEXT, "minItems": 1}
        self.note(key, {"type": "object", "patternProperties": {"^[0-9]$": words}, "additionalProperties": False})
        return Choices.of({})

    def target(self, key: str = "next") -> str:
        self.note(key, TARGET, required=True)
        return ""

    def call(self, key: str) -> str:
        self.note(key, NAME, required=True)
        return ""

    def outcomes(self, expected: frozenset[str]) -> str | Mapping[str, str]:
        one_each: Schema = {"type": "object", "additionalProperties": TARGET, "minProperties": 1}
        if expected:
            one_each = {"type": "object", "properties": dict.fromkeys(sorted(expected), TARGET), "additionalProperties": False}
        self.note("next", {"oneOf": [TARGET, one_each]}, required=True)
        return ""

    def prompt(self, key: str, sms: str | None = "sms", *, suffix: str = "", interruptible: bool = True) -> Prompt:
        self.note(key, PROMPT, required=True)
        if sms:
            self.note(sms, PROMPT)
        return NOTHING

    def prompt_or_none(self, key: str, sms: str | None = "sms", *, suffix: str = "", interruptible: bool = True) -> Prompt | None:
        self.note(key, PROMPT)
        if sms:
            self.note(sms, PROMPT)
        return NOTHING

    def prompts(self, key: str, stem: str, *, required: bool = False) -> tuple[Prompt, ...]:
        self.note(key, {"oneOf": [PROMPT, {"type": "array", "items": PROMPT, "minItems": 1}]}, required=required)
        return ()

    def message(self, key: str) -> Prompt:
        self.note(key, PROMPT, required=True)
        return NOTHING
