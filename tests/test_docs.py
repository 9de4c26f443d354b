"""The page on the flow language is held against the code: every kind of step, every name and action, every example."""

from __future__ import annotations

import inspect
import re
import shutil
import textwrap
from pathlib import Path

import pytest

from gateway.engine import answers, document, expressions, interpreter, loader, reading
from gateway.engine.definition import KNOWN_NAMES, OPENING_NAMES
from gateway.engine.loader import load, parse_flow
from gateway.engine.steps import KINDS, listening, record
from gateway.engine.wording import FORMATS
from gateway.services import calls
from gateway.services.actions import SPECS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "flow-language.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)

# An example names steps that it does not show.
EXPECTED = {"flow:unknown-step"}


def examples():
    for kind in KINDS:
        section = PAGE.partition(f"\n### {kind}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
        yield pytest.param(kind, EXAMPLE.findall(section), id=f"docs: {kind}")
        docstring = inspect.getdoc(KINDS[kind].__self__) or ""
        yield pytest.param(kind, EXAMPLE.findall(docstring), id=f"docstring: {kind}")


@pytest.fixture(scope="module")
def catalogue():
    return load(ROOT / "flows", SPECS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_step_has_a_heading(kind):
    assert f"\n### {kind}\n" in PAGE


@pytest.mark.parametrize("name", sorted({*KNOWN_NAMES, *OPENING_NAMES, *FORMATS, *SPECS}))
def test_every_name_format_and_action_is_explained(name):
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", sorted(SPECS))
def test_what_an_action_comes_out_as_and_provides_is_explained(name):
    (row,) = [line for line in PAGE.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1]]
    _, _, _, outcomes, provides, _ = row.split("|")
    assert set(re.findall(r"\w+", outcomes)) == SPECS[name].outcomes
    assert set(re.findall(r"`([^`]+)`", provides)) == SPECS[name].provides


@pytest.mark.parametrize(("kind", "blocks"), list(examples()))
def test_the_examples_can_be_read(kind, blocks, catalogue):
    assert blocks, "no example"
    steps = textwrap.indent("".join(blocks), "  ")
    source = f"flow: example\ntitle: {{ne: a, en: a}}\nstart: {re.search(r'[a-z_]+', steps)[0]}\nsteps:\n{steps}"
    faults = []
    try:
        flow = parse_flow(source, "example.yaml", SPECS, catalogue)
        assert kind in {step.kind for step in flow.steps.values()}
    except ExceptionGroup as group:
        faults = group.exceptions
    assert [str(fault) for fault in faults if fault.code not in EXPECTED] == []


def test_the_whole_flow_on_top_of_the_page_can_be_read(catalogue):
    flow = parse_flow(EXAMPLE.findall(PAGE)[0], "claim_status.yaml", SPECS, catalogue)
    assert flow.keywords == ("dabi kaha",)


def test_the_defaults_on_the_page_can_be_read(tmp_path):
    folder = tmp_path / "flows"
    shutil.copytree(ROOT / "flows", folder)
    (folder / "defaults.yaml").write_text(
        PAGE.partition("## defaults.yaml")[2].partition("```yaml\n")[2].partition("```")[0], encoding="utf-8"
    )
    assert load(folder, SPECS).defaults.first_wait == 8


LIMITS = {
    "MAX_BYTES": document.MAX_BYTES // 1_000_000,
    "MAX_VALUES": document.MAX_VALUES,
    "MAX_DEPTH": document.MAX_DEPTH,
    "MAX_LENGTH": expressions.MAX_LENGTH,
    "LARGEST": reading.LARGEST,
    "MAX_STEPS_PER_SPRINT": interpreter.MAX_STEPS_PER_SPRINT,
    "MAX_CALLS": interpreter.MAX_CALLS,
    "MOST_RETRIES": listening.MOST_RETRIES,
    "LONGEST_WAIT": loader.LONGEST_WAIT,
    "MOST_DIGITS": answers.MOST_DIGITS,
    "LONGEST_TEXT": answers.LONGEST_TEXT,
    "MOST_SECONDS": record.MOST_SECONDS,
    "TEXT_IDLE": calls.TEXT_IDLE.total_seconds() // 60,
    "CALL_IDLE": calls.CALL_IDLE.total_seconds() // 3600,
    "GO_ON_WITHIN": calls.GO_ON_WITHIN.total_seconds() // 3600,
}


@pytest.mark.parametrize("name", LIMITS)
def test_every_hard_limit_is_told_with_its_value(name):
    (value,) = re.findall(rf"([0-9,]+)[a-zA-Z ]*\(`{name}`\)", PAGE.replace("nested 50 deep", "50 deep"))
    assert int(value.replace(",", "")) == LIMITS[name]
