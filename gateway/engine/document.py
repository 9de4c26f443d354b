"""YAML text into a tree of texts, each of which knows its file, line, column and path.

Nothing is guessed: every scalar stays the text that was written (`no`, `0123` and `12:30` too). What a flow file never needs and an
attacker does (anchors, tags, several documents, endless nesting) is refused. The tree is built from the parser's events without
recursion, so that no input can exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import yaml

from gateway.errors import GatewayError

MAX_BYTES = 1_000_000  # looked at before parsing: PyYAML reads some 100 kB a second
MAX_DEPTH = 50
MAX_VALUES = 20_000  # ten times the largest flow file that a person would want to read

FAST: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # in C, seven times as fast, where PyYAML was built with it

# Characters that neither XML nor a phone's screen can hold. YAML's escapes ("\ud800") can make them.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file: a text, a mapping or a list. `place` is `flows/x.yaml:14:7`, `path` is `steps.main.menu`."""

    value: str | dict[str, Node] | list[Node]
    place: str
    path: str
    key_place: str = ""

    def fault(self, code: str, *, at_key: bool = False, **values: object) -> GatewayError:
        """A fault of this value, or (`at_key`) of the key before it."""
        return GatewayError(code, where=self.key_place if at_key else self.place, path=self.path or "the file", **values)


@dataclass(slots=True)
class _Open:
    """A mapping or list that the parser is still inside of."""

    node: Node
    key: str | None = None
    key_place: str = ""


@dataclass(slots=True)
class _Builder:
    file: str
    open: list[_Open] = field(default_factory=list)
    root: Node | None = None
    values: int = 0

    def place(self, event: yaml.Event) -> str:
        mark = event.start_mark
        return f"{self.file}:{mark.line + 1}:{mark.column + 1}" if mark else f"{self.file}:1:1"

    def refuse(self, event: yaml.Event, reason: str) -> GatewayError:
        return GatewayError("flow:yaml", where=self.place(event), reason=reason)

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise self.refuse(event, "there is a second document; keep one flow in one file")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self.refuse(event, "anchors and aliases (& and *) are not allowed; write the value out")
        if getattr(event, "tag", None) is not None:
            raise self.refuse(event, "tags (!) are not allowed; write the value alone, in quotes if it begins with !")
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.open.pop()
        elif isinstance(event, yaml.ScalarEvent):
            self.take_text(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self.open.append(_Open(self.add(event, {})))
        elif isinstance(event, yaml.SequenceStartEvent):
            self.open.append(_Open(self.add(event, [])))
        if len(self.open) > MAX_DEPTH:
            raise self.refuse(event, f"values are nested more than {MAX_DEPTH} deep")

    def take_text(self, event: yaml.ScalarEvent) -> None:
        if UNWRITABLE.search(event.value):
            raise self.refuse(event, "the text holds a control character or half a character")
        inside = self.open[-1] if self.open else None
        if inside is None or isinstance(inside.node.value, list) or inside.key is not None:
            self.add(event, event.value)
            return
        if event.value in inside.node.value:
            raise self.refuse(event, f"the key {event.value!r} stands here twice")
        inside.key, inside.key_place = event.value, self.place(event)

    def add(self, event: yaml.Event, value: str | dict[str, Node] | list[Node]) -> Node:
        """Put a value where the parser is: as the document, an item of a list, or behind the key just read."""
        self.values += 1
        if self.values > MAX_VALUES:
            raise self.refuse(event, f"the file has more than {MAX_VALUES} values; divide it")
        place = self.place(event)
        if not self.open:
            self.root = Node(value, place, "", place)
            return self.root
        inside = self.open[-1]
        siblings = inside.node.value
        prefix = f"{inside.node.path}." if inside.node.path else ""
        if isinstance(siblings, list):
            node = Node(value, place, f"{prefix}{len(siblings) + 1}", place)
            siblings.append(node)
            return node
        if inside.key is None or isinstance(siblings, str):
            raise self.refuse(event, "a key must be a plain word")
        node = Node(value, place, f"{prefix}{inside.key}", inside.key_place)
        siblings[inside.key] = node
        inside.key = None
        return node


def parse(source: str, file: str) -> Node:
    """The document in `source`; `file` is the name for messages. Raises GatewayError `flow:yaml` at the first thing refused."""
    with suppress(GatewayError, yaml.YAMLError, ValueError, OverflowError):
        return _built(source, file, FAST)
    try:  # the slow parser knows the places and the names of faults
        return _built(source, file, yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else f"{file}:1:1"
        raise GatewayError("flow:yaml", where=place, reason=error.problem or "this is not YAML") from None
    except yaml.reader.ReaderError as error:
        line = source.count("\n", 0, error.position) + 1
        reason = f"the character U+{ord(source[error.position]):04X} is not allowed"
        raise GatewayError("flow:yaml", where=f"{file}:{line}:1", reason=reason) from None
    except (ValueError, OverflowError):  # an escape or a version number out of range
        raise GatewayError("flow:yaml", where=f"{file}:1:1", reason="a number or an escape in it is out of range") from None


def _built(source: str, file: str, loader: type[yaml.BaseLoader]) -> Node:
    builder = _Builder(file)
    events: Iterator[yaml.Event] = yaml.parse(source.removeprefix("\ufeff"), Loader=loader)
    for event in events:
        builder.take(event)
    if builder.root is None or not isinstance(builder.root.value, Mapping):
        raise GatewayError("flow:yaml", where=f"{file}:1:1", reason="the file must hold keys and their values")
    return builder.root
