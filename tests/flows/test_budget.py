"""The usability budget: the shipped flows meet it, the walker counts as a caller would, and what is over the limit fails the command."""

from __future__ import annotations

import shutil
import wave

import pytest
from click.testing import CliRunner

from gateway.audio.sentences import sentence_ends
from gateway.cli import main
from gateway.config import PACKAGE_ROOT
from gateway.transcripts import budget, lengths

FLOWS, AUDIO = PACKAGE_ROOT / "flows", PACKAGE_ROOT / "audio_prompts"
TASKS = budget.read(FLOWS / "budget.yaml")


@pytest.fixture(scope="module")
def walker(stage, clips):
    return budget.Walker(stage, clips)


def sounded(*names):
    """The seconds of clips, from the files themselves."""
    total = 0.0
    for name in names:
        with wave.open(str(AUDIO / f"{name}.wav")) as file:
            total += file.getnframes() / file.getframerate()
    return total


@pytest.mark.parametrize("language", ["ne", "en"])
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.title)
def test_every_task_is_within_its_limits(walker, task, language):
    row = walker.row(task, language)
    assert row.over == (), row.costs


@pytest.mark.parametrize("language", ["ne", "en"])
def test_every_prompt_is_as_short_as_people_listen(walker, language):
    assert [length for length in lengths.measure(walker, language) if length.over] == []


def test_every_task_of_the_table_is_walked():
    limits = {task.title: task.limits for task in TASKS}
    assert limits["Claim status, not private"] == {"keys": 1, "answer": 20, "early": 8, "call": 60}
    assert limits["Claim status, private (PIN)"] == {"keys": 5, "answer": 30, "call": 75}
    assert limits["Contribution: hear the balance"] == {"keys": 1, "answer": 20, "call": 45}
    assert limits["Contribution: report the usual instalment"] == {"keys": 2, "call": 60}
    assert limits["Contribution: another amount"] == {"keys": 7, "call": 90}
    assert limits["Next meeting"] == {"keys": 1, "answer": 20, "call": 45}
    assert limits["Register, on the first call"] == {"keys": 4, "call": 120}


def test_a_walk_is_what_the_files_add_up_to(walker):
    row = walker.row(next(task for task in TASKS if task.title == "Claim status, not private"), "ne")
    greeting = sounded("ne/phrase/organisation_main", "ne/welcome/later_call-1")
    menu = AUDIO / "ne/main_menu/member-1.wav"
    option = sentence_ends(menu, walker.clips.clip("ne", "main_menu/member-1").text)[1]
    money = ("ne/number/5", "ne/word/thousand", "ne/word/rupees")
    answer = sounded("ne/claim_status/approved-1", *money, "ne/claim_status/approved-2")
    assert row.costs["answer"] == pytest.approx(greeting + option + 1.0 + 0.5 + answer, abs=0.01)
    assert row.costs["early"] == pytest.approx(1.0 + 0.5 + answer, abs=0.01)
    assert row.costs["call"] == pytest.approx(row.costs["answer"] + sounded("ne/phrase/hear_again"), abs=0.01)
    assert row.costs["keys"] == 1


def test_sentences_end_where_the_voice_pauses(clips):
    for language in ("ne", "en"):
        path, text = clips.path(language, "main_menu/member-1"), clips.clip(language, "main_menu/member-1").text
        ends = sentence_ends(path, text)
        lasts = [end - start for start, end in zip([0.0, *ends], ends, strict=False)]
        assert len(ends) == 5
        assert all(1.5 < seconds < 4.5 for seconds in lasts), lasts


def test_what_is_over_its_limit_fails_and_is_marked(tmp_path):
    flows = shutil.copytree(FLOWS, tmp_path / "flows")
    file = flows / "budget.yaml"
    text = file.read_text(encoding="utf-8").split("\n\n")[1].replace("answer: 20", "answer: 9")
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["budget", "--flows", str(flows), "--language", "ne"])
    assert result.exit_code == 1
    assert "!/ 9" in result.output
    assert "1 over the limit." in result.output


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("A task: {limits: {keys: 1}, lines: []}", "budget.yaml:1:1: 'A task' must have limits, answer and lines"),
        ("A task: {limits: {speed: 1}, answer: a/b, lines: []}", "budget.yaml:1:18: Limits are numbers"),
        ("A task: {limits: {keys: 1}, answer: a/b, lines: [caller +9779720000001 cals]}", "budget.yaml:1:50: Nobody can play"),
        ("A task: [", "budget.yaml:1:10: this is not YAML"),
    ],
)
def test_a_faulty_budget_is_named_with_its_place(tmp_path, source, fault):
    (tmp_path / "budget.yaml").write_text(source, encoding="utf-8")
    with pytest.raises(ExceptionGroup) as caught:
        budget.read(tmp_path / "budget.yaml")
    assert f"{tmp_path.name}/{fault}" in str(caught.value.exceptions[0])
