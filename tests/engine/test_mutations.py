"""The flows that we ship, damaged in many ways: each is explained, with its place, or is a flow that can be played, drawn, measured.

An example takes a fifth of a second, so there are few in each run; set MUTATIONS for more.
"""

from __future__ import annotations

import json
import os
import random
import re
import tempfile
import time
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from fakes.line import CALLERS, Line, caller
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cli import main
from gateway.config import PACKAGE_ROOT
from gateway.core.events import DigitsPressed, MessageReceived, RecordingMade, SilenceHeard, TransferEnded
from gateway.engine.diagram import draw
from gateway.engine.loader import load
from gateway.errors import GatewayError
from gateway.services import lengths
from gateway.services.actions import SPECS

EXAMPLES = int(os.environ.get("MUTATIONS", "15"))
FLOWS = PACKAGE_ROOT / "flows"
SHIPPED = {
    path.relative_to(FLOWS).as_posix(): path.read_bytes() for path in sorted([*FLOWS.iterdir(), *FLOWS.glob("lessons/*")]) if path.is_file()
}
FILES = sorted(name for name in SHIPPED if name.endswith(".yaml"))
PLACE = re.compile(r"flows/(lessons/)?[a-z_.-]+:[1-9][0-9]*:[1-9][0-9]*")
EVENTS = [
    *map(DigitsPressed, ["0", "1", "2", "8", "9", "4826", "1" * 30, "#"]),
    SilenceHeard(),
    RecordingMade("RE1", 5),
    MessageReceived("1"),
    MessageReceived("x" * 2000),
    TransferEnded(answered=False),
]
SNIPPETS = [
    *(
        "{",
        "}",
        "[",
        "]",
        "&a",
        "*a",
        "!!python/object:x",
        "|",
        ">",
        "- ",
        ": ",
        "? ",
        "#",
        "---\n",
        "\t",
        "\x00",
        "\ufeff",
        "\ud7ff",
        "{{",
        "{x}",
    ),
    *(
        "{claim.amount:money}",
        "next: repeat",
        "steps:",
        "end: {}",
        "keys: {1: who}",
        '"\\ud800"',
        "0x",
        "~",
        "null",
        "<<: {}",
        "९",
        "🙂",
        "%YAML 9.9",
    ),
]


def lay_out(folder: Path) -> None:
    """The shipped files in a folder of their own."""
    (folder / "lessons").mkdir(parents=True)
    for name, content in SHIPPED.items():
        (folder / name).write_bytes(content)


def explained(fault: Exception) -> None:
    assert isinstance(fault, GatewayError), repr(fault)
    assert PLACE.fullmatch(fault.where), fault.where
    assert fault.code.startswith("flow:")


def judge(folder: Path, seed: int) -> bool:
    """Load a folder, and use all of what could be loaded; whether it could."""
    try:
        catalogue = load(folder, SPECS)
    except ExceptionGroup as faults:
        for fault in faults.exceptions:
            explained(fault)
        return False
    lengths.findings(catalogue, folder, None)
    chance = random.Random(seed)
    for flow in catalogue.flows.values():
        draw(flow, catalogue.languages[0], catalogue.defaults)
        line = Line(catalogue, caller(chance.choice(sorted(CALLERS)), "ne"), chance.choice(["voice", "sms"]), {"verify_pin": ["wrong"]})
        line.open(flow.name, {"broadcast.message": "news_c177"})
        for _ in range(6):
            if line.wait is None:
                break
            line.hear(chance.choice(EVENTS))
    return True


def damaged(content: bytes, draw_from: random.Random) -> bytes:
    """A file after a bad day: bytes lost, lines moved, keys renamed, something pasted into it."""
    text = content.decode()
    lines = text.splitlines(keepends=True)
    here = draw_from.randrange(len(text))
    match draw_from.randrange(8):
        case 0:
            return content[: draw_from.randrange(len(content))]
        case 1:
            return (text[:here] + draw_from.choice(SNIPPETS) + text[here:]).encode()
        case 2:
            del lines[draw_from.randrange(len(lines))]
        case 3:
            lines.insert(draw_from.randrange(len(lines)), draw_from.choice(lines))
        case 4:
            words = re.findall(r"[a-z_]+", text)
            return text.replace(draw_from.choice(words), draw_from.choice([*words, "repeat", "", "9"]), 1).encode()
        case 5:
            row = draw_from.randrange(len(lines))
            lines[row] = " " * draw_from.randrange(8) + lines[row].lstrip()
        case 6:
            return content[:here] + bytes([draw_from.randrange(256)]) + content[here + 1 :]
        case 7:
            return (text[:here] + text[here + draw_from.randrange(1, 40) :]).encode()
    return "".join(lines).encode()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_a_damaged_file_is_explained_or_still_a_flow(seed):
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "flows"
        lay_out(folder)
        for name in chance.sample(FILES, chance.randrange(1, 3)):
            (folder / name).write_bytes(damaged(SHIPPED[name], chance))
        judge(folder, seed)


def values(node, path=()):
    """Every place in a tree."""
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in items:
        yield from values(inner, (*path, key))


def replaced(node, path, value):
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = replaced(node[path[0]], path[1:], value)
    return copy


ODD = [
    "",
    "repeat",
    {},
    [],
    [[]],
    {"": ""},
    "9" * 40,
    "-1",
    "who",
    "goodbye",
    {"ne": "{a}", "en": "{b:money}"},
    ["x"],
    {"1": "x"},
    "\u202e",
    "a" * 5000,
]
TREES = {name: yaml.load(SHIPPED[name], yaml.BaseLoader) for name in FILES}  # noqa: S506 - builds texts, lists and mappings alone
PLACES = [(name, path) for name in FILES for path in values(TREES[name])]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(where=st.sampled_from(PLACES), odd=st.sampled_from(ODD), seed=st.integers(0, 1000))
def test_an_odd_value_anywhere_is_explained_or_still_a_flow(where, odd, seed):
    name, path = where
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "flows"
        lay_out(folder)
        (folder / name).write_text(json.dumps(replaced(TREES[name], path, odd), ensure_ascii=False), encoding="utf-8")
        judge(folder, seed)


HOSTILE = {
    "billion laughs": "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "deep lists": "a: " + "[" * 100_000,
    "deep maps": "".join(f"{' ' * depth}a:\n" for depth in range(3000)),
    "many keys": "{" + ",".join(f"k{number}: 1" for number in range(60_000)) + "}",
    "a long key": f"{'k' * 900_000}: 1",
    "long conditions": "flow: story\nsteps: {a: {branch: [{when: '" + "caller.new and " * 30_000 + "x', next: a}]}}",
    "a great many faults": "flow: story\nsteps:\n" + "".join(f"  S{number}: {{sy: 1}}\n" for number in range(6000)),
    "a ring of flows": "flow: story\ntitle: {ne: a, en: a}\nstart: a\nsteps: {a: {go: story, next: b}, b: {end: {}}}",
    "numbers without end": "flow: story\ntitle: {ne: a, en: a}\nstart: a\n"
    "steps: {a: {ask: {prompt: {ne: a, en: a}, kind: number, name: n, min: " + "9" * 100_000 + "}, next: a}}",
    "braces": "flow: story\ntitle: {ne: '" + "{" * 400_000 + "', en: a}",
    "combining marks": "flow: story\ntitle: {ne: क" + "्" * 300_000 + ", en: a}\nstart: a\nsteps: {a: {end: {}}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_judged_within_seconds(name, tmp_path):
    folder = tmp_path / "flows"
    lay_out(folder)
    (folder / "story.yaml").write_text(HOSTILE[name], encoding="utf-8")
    began = time.monotonic()
    result = CliRunner().invoke(main, ["check", str(folder), "--no-clips"])
    assert result.exit_code in {0, 1}, result.output[-500:]
    assert isinstance(result.exception, SystemExit | None)
    assert result.exit_code == 0 or "flows/story.yaml:" in result.output
    assert time.monotonic() - began < 30
