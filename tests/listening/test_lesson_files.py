"""Lessons as organisers write them: every fault is told where it stands, in one run; what is right becomes a flow and clips."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.config import PACKAGE_ROOT
from gateway.engine import document
from gateway.engine.loader import load, parse_flow
from gateway.engine.places import Places
from gateway.services.actions import SPECS

NEW = """\
lesson: house
title: {ne: "सफा घर", en: "A clean house"}
chapters:
  - {ne: "झ्याल खोल्नुहोस्।", en: "Open the window."}
check:
  - question: {ne: "हो?", en: "Yes?"}
    right: 1
    if_right: {ne: "ठीक।", en: "Right."}
    if_wrong: {ne: "हो।", en: "It is so."}
  - {question: {ne: "होइन?", en: "No?"}, right: 2, if_right: {ne: "ठीक।", en: "Right."}, if_wrong: {ne: "होइन।", en: "It is not."}}
"""
BROKEN = """\
lesson: hose
titel: {ne: "सफा घर", en: "A clean house"}
chapters:
  - {ne: "झ्याल खोल्नुहोस्।", en: "Open {the window."}
  - {ne: "सफा गर्नुहोस्।"}
check:
  - question: {ne: "हो?", en: "Yes?"}
    right: 3
    if_rigth: {ne: "ठीक।", en: "Right."}
    if_wrong: {ne: "हो।", en: "It is so."}
"""


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows"))


def faults(flows: Path) -> list[str]:
    with pytest.raises(ExceptionGroup) as raised:
        load(flows, SPECS)
    return [str(fault) for fault in raised.value.exceptions]


def test_the_lessons_that_we_ship_are_whole():
    catalogue = load(PACKAGE_ROOT / "flows", SPECS)
    assert list(catalogue.lessons) == ["posture", "rights"]
    assert [lesson.chapters for lesson in catalogue.lessons.values()] == [4, 5]
    assert all({"ne", "en"} <= lesson.title.keys() for lesson in catalogue.lessons.values())


def test_a_new_file_is_a_new_lesson_without_a_change_anywhere_else(flows: Path):
    (flows / "lessons" / "house.yaml").write_text(NEW, encoding="utf-8")
    catalogue = load(flows, SPECS)
    assert list(catalogue.lessons) == ["house", "posture", "rights"]
    clips = {(language, clip): text for language, clip, text in catalogue.clips()}
    assert clips["en", "house/chapter_1-1"] == "Open the window."
    assert clips["ne", "house/question_2-1"] == "होइन?"
    assert catalogue.flows["rights"].steps["after"].keys["2"] == "house"  # behind the last lesson comes the first
    assert catalogue.warnings == ()


def test_every_fault_of_a_lesson_is_told_in_one_run_where_it_stands(flows: Path):
    (flows / "lessons" / "house.yaml").write_text(BROKEN, encoding="utf-8")
    assert faults(flows) == [
        "flows/lessons/house.yaml:1:1: the file: the key 'title' is missing. [flow:missing-key]",
        "flows/lessons/house.yaml:1:9: lesson: the flow is called 'hose' and its file 'house'. Give both the same name. [flow:file-name]",
        "flows/lessons/house.yaml:2:1: titel: there is no key 'titel' here. Did you mean 'title'? [flow:unknown-key]",
        (
            "flows/lessons/house.yaml:4:35: chapters.1.en: 'Open {the window.' cannot be read. "
            "Braces hold a name, or a name, a colon and a format. [flow:slot]"
        ),
        "flows/lessons/house.yaml:5:5: chapters.2: there is no text in en. [flow:missing-language]",
        "flows/lessons/house.yaml:7:3: check: this must be a list of 2 questions. [flow:shape]",
        "flows/lessons/house.yaml:7:5: check.1: the key 'if_right' is missing. [flow:missing-key]",
        "flows/lessons/house.yaml:8:12: check.1.right: '3' must be one of: 1, 2. [flow:invalid]",
        "flows/lessons/house.yaml:9:5: check.1.if_rigth: there is no key 'if_rigth' here. Did you mean 'if_right'? [flow:unknown-key]",
    ]


@pytest.mark.parametrize(
    ("name", "reason"), [("pin", "A flow has this name."), ("lessons", "A flow has this name."), ("My-House", "Use small")]
)
def test_a_lesson_takes_no_name_that_is_taken(flows: Path, name: str, reason: str):
    (flows / "lessons" / f"{name}.yaml").write_text(NEW.replace("lesson: house", f"lesson: {name}"), encoding="utf-8")
    assert any(f"a lesson cannot be called {name!r}. {reason}" in fault for fault in faults(flows))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"lesson: [", b"- a\n- b\n", b"lesson: house\nchapters: x\ncheck: y\ntitle: z\n"])
def test_what_is_no_lesson_is_refused_with_its_name(flows: Path, content: bytes):
    (flows / "lessons" / "house.yaml").write_bytes(content)
    found = faults(flows)
    assert found
    assert all(fault.startswith("flows/lessons/house.yaml:") for fault in found)


def test_a_changed_lesson_has_stale_clips_and_another_version(flows: Path):
    before = load(flows, SPECS)
    path = flows / "lessons" / "posture.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("First light", "Look first at light"), encoding="utf-8")
    after = load(flows, SPECS)
    assert before.flows["posture"].hash != after.flows["posture"].hash
    assert before.flows["rights"].hash == after.flows["rights"].hash
    result = CliRunner().invoke(main, ["check", str(flows / "lessons" / "posture.yaml"), "--audio", str(PACKAGE_ROOT / "audio_prompts")])
    assert result.exit_code == 1
    assert "en/posture/chapter_1-1" in result.output
    assert "rights" not in result.output


def test_a_version_that_a_conversation_began_with_can_be_read_again():
    catalogue = load(PACKAGE_ROOT / "flows", SPECS)
    for name in ("posture", "rights", "lessons"):
        flow = catalogue.flows[name]
        again = parse_flow(flow.source, f"{name}.yaml", SPECS, catalogue)
        assert (again.hash, again.steps.keys()) == (flow.hash, flow.steps.keys())
        assert json.loads(flow.source)["flow"] == name


def test_a_text_of_a_lesson_is_found_again_in_its_file():
    catalogue = load(PACKAGE_ROOT / "flows", SPECS)
    places = Places(PACKAGE_ROOT / "flows")
    lines = (PACKAGE_ROOT / "flows" / "lessons" / "posture.yaml").read_text(encoding="utf-8").splitlines()
    for prompt in catalogue.prompts():
        step = prompt.name.removeprefix("posture/")
        if prompt.name.startswith("posture/") and step.partition("_")[0] in {"chapter", "question", "right", "wrong"}:
            file, line, column = places.prompt(prompt, "en").rsplit(":", 2)
            assert file == "flows/lessons/posture.yaml"
            said = document.parse(f"x: {lines[int(line) - 1][int(column) - 1 :].rstrip('}')}", "x").value["x"].value
            assert said == "".join(piece.text for piece in prompt.pieces["en"])


def test_a_lesson_by_itself_is_checked(flows: Path, tmp_path: Path):
    lone = tmp_path / "mine" / "house.yaml"
    lone.parent.mkdir()
    (flows / "lessons" / "house.yaml").write_text(NEW, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(flows / "lessons" / "house.yaml"), "--no-clips"])
    assert (result.exit_code, result.output) == (0, "lessons/house: all is well.\n")
