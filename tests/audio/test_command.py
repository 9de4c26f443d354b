"""`gateway prompts` as it is typed."""

from __future__ import annotations

import shutil

import pytest
from click.testing import CliRunner
from fakes.sounds import words

from gateway import config
from gateway.audio import wav
from gateway.cli.prompts import command


@pytest.fixture
def audio(tmp_path):
    shutil.copytree(config.PACKAGE_ROOT / "audio_prompts", tmp_path / "audio")
    return tmp_path / "audio"


def prompts(audio, *words_typed):
    return CliRunner().invoke(command, ["--audio", str(audio), *map(str, words_typed)])


def test_check_ends_with_0_when_every_clip_is_there_and_with_1_when_one_is_not(audio):
    assert prompts(audio, "check").exit_code == 0
    (audio / "ne" / "goodbye" / "say_goodbye-1.wav").unlink()
    result = prompts(audio, "check")
    assert result.exit_code == 1
    assert result.output.startswith("ne/goodbye/say_goodbye-1: ")


def test_list_counts_each_language_and_gives_a_sheet_for_the_studio(audio):
    assert [line.split()[0] for line in prompts(audio, "list").output.splitlines()[1:]] == ["en", "ne"]
    [line] = [line for line in prompts(audio, "list", "ne").output.splitlines() if line.startswith("goodbye/")]
    assert line.split("\t")[1] == "placeholder"
    assert line.split("\t")[3] == "धन्यवाद। नमस्ते।"


def test_a_recording_is_taken_in_and_stays_through_a_build(audio, tmp_path):
    wav.write(tmp_path / "studio" / "goodbye" / "say_goodbye-1.wav", words(44100, 9000))
    assert prompts(audio, "take", "ne", tmp_path / "studio").output == "ne/goodbye/say_goodbye-1: recorded\n"
    assert prompts(audio, "build").exit_code == 0
    assert "goodbye/say_goodbye-1\trecorded" in prompts(audio, "list", "ne").output
