"""A transcript file into lines that can be played. The grammar is told in docs/transcripts.md; every fault has its line and a remedy.

A member hears where her claim stands:
  - caller +9779720000001 calls
  - hears: welcome/later_call
  - hears: main_menu/member
  - caller presses 2
  - hears: "Good news. Your claim has passed. You will get {claim.amount:money}."
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gateway.engine import document, loader
from gateway.engine.document import Node
from gateway.errors import GatewayError

ACTOR = re.compile(r"(?:the )?(?:caller|she)\b ?|(?P<number>\+[0-9]{6,15})\b ?|(?P<withheld>with a withheld number) ?")


class Form(NamedTuple):
    """How a line of one kind is written: what follows its verb, and an example for whoever wrote it otherwise."""

    rest: re.Pattern[str]
    example: str


def _form(rest: str, example: str) -> Form:
    return Form(re.compile(rest, re.DOTALL), example)


# What stands before anybody does something; then what she does; then what comes of it. The verb is what the line begins with.
SETTINGS: Mapping[str, Form] = {
    "at": _form(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", "at: 2026-11-22 21:00"),
    "given": _form(r".+", 'given: "+9779720000004 is a member"'),
}
DEEDS: Mapping[str, Form] = {
    "calls": _form(r"", "caller +9779720000001 calls"),
    "picks up": _form(
        r"(?:flow )?[a-z][a-z0-9_]*|saying .+",
        "caller +9779720000001 picks up: message_signatures (or: flow notices, or: saying The office is closed.)",
    ),
    "presses": _form(r"[0-9*# ]+", "presses 2"),
    "waits": _form(r"", "waits"),
    "says nothing": _form(r"", "says nothing"),
    "says": _form(r"for [0-9]{1,3} seconds?", "says for 4 seconds"),
    "talks to the person": _form(r"", "talks to the person"),
    "nobody answers": _form(r"", "nobody answers"),
    "hangs up": _form(r"", "hangs up"),
    "texts": _form(r".+", 'texts: "yogdan 500"'),
    "after": _form(r"[0-9]{1,5} (?:second|minute|hour|day)s?", "after 2 minutes"),
}
OUTCOMES: Mapping[str, Form] = {
    "hears": _form(r".+", 'hears: "Thank you. Namaste."'),
    "is put through": _form(r"", "is put through"),
    "gets nothing": _form(r"", "gets nothing"),
    "gets": _form(r".+", 'gets: "All right, we will call you."'),
    "leaves a task": _form(r"[a-z_]+", "leaves a task: call_back"),
    "the call ends": _form(r"", "the call ends"),
}
FORMS: Mapping[str, Form] = {**SETTINGS, **DEEDS, **OUTCOMES}
VERBS = sorted(FORMS, key=len, reverse=True)  # the longest first: `says nothing` before `says`


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `number` is the caller's where the line names her, "" where she withholds it, None where the caller stays the same."""

    verb: str
    value: str
    number: str | None
    place: str

    def __str__(self) -> str:
        return f"{self.verb}: {self.value}" if self.value else self.verb


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation as it was written down."""

    title: str
    place: str
    entries: tuple[Entry, ...]


def read_folder(folder: Path) -> list[Transcript]:
    """The transcripts of all files of a folder. Raises an ExceptionGroup of GatewayErrors `transcript:*` and `flow:*`."""
    transcripts: list[Transcript] = []
    faults: list[GatewayError] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            transcripts += read_file(path)
        except ExceptionGroup as group:
            faults += [fault for fault in group.exceptions if isinstance(fault, GatewayError)]
    if faults:
        raise ExceptionGroup("the transcripts are faulty", faults)
    return transcripts


def read_file(path: Path) -> list[Transcript]:
    """The transcripts of one file; raises as `read_folder` does."""
    file = f"{path.parent.name}/{path.name}"
    try:
        source = loader.read_text(path, path.parent)
    except (OSError, ValueError) as error:
        fault = GatewayError("flow:unreadable", where=f"{file}:1:1", reason=str(error))
        raise ExceptionGroup("the transcripts are faulty", [fault]) from None
    return parse(source, file)


def parse(source: str, file: str) -> list[Transcript]:
    """The transcripts in a text; `file` is its name in messages. Raises as `read_folder` does."""
    faults: list[GatewayError] = []
    try:
        root = document.parse(source, file)
    except GatewayError as fault:
        raise ExceptionGroup("the transcripts are faulty", [fault]) from None
    conversations = root.value if isinstance(root.value, dict) else {}
    transcripts = [_transcript(title, node, faults) for title, node in conversations.items()]
    if faults:
        raise ExceptionGroup("the transcripts are faulty", faults)
    return transcripts


def lines_of(title: str, node: Node) -> tuple[Entry, ...]:
    """The lines of one conversation, wherever they are written down; raises as `read_folder` does."""
    faults: list[GatewayError] = []
    transcript = _transcript(title, node, faults)
    if faults:
        raise ExceptionGroup("the lines are faulty", faults)
    return transcript.entries


def _transcript(title: str, node: Node, faults: list[GatewayError]) -> Transcript:
    if not isinstance(node.value, list) or not node.value:
        faults.append(GatewayError("transcript:shape", where=node.key_place, title=title))
        return Transcript(title, node.key_place, ())
    entries: list[Entry] = []
    for item in node.value:
        try:
            entries.append(_entry(item))
        except GatewayError as fault:
            faults.append(fault)
    if len(entries) == len(node.value):  # what is missing is told first
        faults += _order(entries)
    return Transcript(title, node.key_place, tuple(entries))


def _entry(node: Node) -> Entry:
    """A line: a sentence, or a verb and, after a colon, what it is about."""
    if isinstance(node.value, str):
        said, value = node.value.strip(), None
    elif isinstance(node.value, dict) and len(node.value) == 1:
        [(said, inside)] = node.value.items()
        if not isinstance(inside.value, str):
            raise GatewayError("transcript:line", where=inside.place, hint="")
        value = inside.value.strip()
    else:
        raise GatewayError("transcript:line", where=node.place, hint="")
    number, rest = _actor(said)
    verb = next((verb for verb in VERBS if rest == verb or rest.startswith((f"{verb} ", f"{verb}:"))), None)
    if verb is None:
        near = difflib.get_close_matches(" ".join(rest.split()[:2]) or said, VERBS, n=1, cutoff=0.5)
        example = FORMS[near[0]].example if near else ""
        raise GatewayError("transcript:unknown-line", where=node.place, line=said, hint=f" Did you mean `{example}`?" if near else "")
    about = rest[len(verb) :].lstrip(": ").strip() if value is None else f"{rest[len(verb) :].strip()} {value}".strip()
    if not FORMS[verb].rest.fullmatch(about):
        raise GatewayError("transcript:malformed", where=node.place, verb=verb, example=FORMS[verb].example)
    return Entry(verb, about, number, node.place)


def _actor(said: str) -> tuple[str | None, str]:
    """Who does it, and the rest of the line."""
    number: str | None = None
    while found := ACTOR.match(said):
        if found["number"] or found["withheld"]:
            number = found["number"] or ""
        said = said[found.end() :]
    return number, said


def _order(entries: list[Entry]) -> list[GatewayError]:
    """What is set stands first; what comes of something stands after it; the first caller is named."""
    faults: list[GatewayError] = []
    begun, known = False, False
    for entry in entries:
        known = known or entry.number is not None
        if entry.verb in SETTINGS and begun:
            faults.append(GatewayError("transcript:too-late", where=entry.place, line=str(entry)))
        if entry.verb in OUTCOMES and not begun:
            faults.append(GatewayError("transcript:too-early", where=entry.place, line=str(entry)))
        if entry.verb in DEEDS and entry.verb != "after" and not known:
            faults.append(GatewayError("transcript:nobody", where=entry.place))
            known = True
        begun = begun or entry.verb in DEEDS
    return faults
