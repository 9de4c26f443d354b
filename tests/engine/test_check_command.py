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


def test_a_draft_is_named_and_is_no_fault(check):
    result = check("--no-clips")
    assert result.exit_code == 0
    assert "mai is a draft that no caller is offered; 0 of its texts are missing" in result.output


def test_a_members_own_affairs_need_a_flow_for_members(check, tmp_path):
    folder = shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows")
    path = folder / "claim_status.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("for: member\n", ""), encoding="utf-8")
    result = check(folder, "--no-clips")
    assert result.exit_code == 1
    assert "flows/claim_status.yaml:14:3: steps.look_up: 'latest_claim' is about a member's own affairs." in result.output
    assert all(line.endswith("[flow:for-member]") for line in result.output.splitlines())


def test_faulty_keywords_are_named_alone_with_their_places(check, tmp_path):
    folder = shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows")
    (folder / "keywords.tsv").write_text("intent\tform\nclaim\tdabi\nregister\tdaabi\nhelp\n", encoding="utf-8")
    result = check(folder, "--no-clips")
    assert [line.partition(": ")[0] for line in result.output.splitlines()] == ["flows/keywords.tsv:3:10", "flows/keywords.tsv:4:5"]


def test_one_flow_is_checked_beside_those_of_its_folder(check, tmp_path):
    folder = shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows")
    assert check(folder / "claim_status.yaml").output == "claim_status: all is well.\n"
    (folder / "language.yaml").write_text("flow: language\n", encoding="utf-8")
    result = check(folder / "claim_status.yaml")
    assert (result.exit_code, "other files" in result.output) == (0, True)
    result = check(folder / "language.yaml")
    assert result.exit_code == 1
    assert {line.partition(":")[0] for line in result.output.splitlines()} == {"flows/language.yaml"}


def test_one_flow_that_stands_alone_is_checked_beside_ours(check, tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(
        'flow: prices\ntitle: {ne: मूल्य, en: prices}\nstart: told\nsteps:\n  told: {end: {ne: "एक", en: "One."}}\n', encoding="utf-8"
    )
    assert check(path, "--no-clips").output == "prices: all is well.\n"
    assert "ne/prices/told-1: there is no clip." in check(path).output
    path.write_text(path.read_text(encoding="utf-8").replace("start: told", "start: tld"), encoding="utf-8")
    result = check(path)
    assert (result.exit_code, result.output.startswith(f"{tmp_path.name}/prices.yaml:3:8: ")) == (1, True)
    (tmp_path / "notes.md").touch()
    assert check(tmp_path / "notes.md").exit_code == 2


def test_a_step_that_no_way_leads_to_is_a_warning(check, tmp_path):
    folder = shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows")
    with (folder / "goodbye.yaml").open("a", encoding="utf-8") as flow:
        flow.write("\n  alone: {end: {}}\n")
    result = check(folder, "--no-clips")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("warning: flows/goodbye.yaml:")
    assert "steps.alone: no way leads to this step. [flow:unreachable]\n" in result.output
    assert check(folder, "--no-clips", "--strict").exit_code == 1
