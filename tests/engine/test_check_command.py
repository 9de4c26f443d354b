"""`gateway check`: its words and its exit codes."""

from __future__ import annotations

import shutil

import pytest
from click.testing import CliRunner
from fakes.conversation import write_flows

from gateway.cli import main
from gateway.config import PACKAGE_ROOT


@pytest.fixture
def check():
    return lambda *arguments: CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_the_flows_that_we_ship_are_sound(check):
    result = check(PACKAGE_ROOT / "flows", "--no-clips")
    assert (result.exit_code, result.output.endswith("all is well.\n")) == (0, True), result.output


def test_faults_are_printed_with_their_places(check, tmp_path):
    result = check(write_flows(tmp_path, {"story": "flow: story\n"}), "--no-clips")
    assert result.exit_code == 1
    assert "flows/story.yaml:1:1: the file: the key 'title' is missing. [flow:missing-key]" in result.output.splitlines()


def test_clips_that_are_missing_are_a_fault(check, tmp_path):
    result = check(PACKAGE_ROOT / "flows", "--audio", tmp_path)
    assert result.exit_code == 1
    assert "ne/number/7" in result.output


def test_a_folder_that_is_not_there_is_wrong_usage(check, tmp_path):
    assert check(tmp_path / "nowhere").exit_code == 2


def test_faulty_keywords_are_named_alone_with_their_places(check, tmp_path):
    folder = shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows")
    (folder / "keywords.tsv").write_text("intent\tform\nclaim\tdabi\nregister\tdaabi\nhelp\n", encoding="utf-8")
    result = check(folder, "--no-clips")
    assert [line.partition(": ")[0] for line in result.output.splitlines()] == ["flows/keywords.tsv:3:10", "flows/keywords.tsv:4:5"]
