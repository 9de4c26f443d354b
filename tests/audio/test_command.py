"""`gateway prompts` as it is typed."""

from __future__ import annotations

import csv
import io
import shutil

import pytest
from click.testing import CliRunner
from fakes.sounds import words

from gateway import config
from gateway.audio import wav
from gateway.cli import main


@pytest.fixture
def audio(tmp_path):
    shutil.copytree(config.PACKAGE_ROOT / "audio_prompts", tmp_path / "audio")
    return tmp_path / "audio"


def prompts(audio, *words_typed):
    return CliRunner().invoke(main, ["prompts", "--audio", str(audio), *map(str, words_typed)])


def script(audio, language="ne"):
    return list(csv.DictReader(io.StringIO(prompts(audio, "script", language).output)))


def test_check_ends_with_0_when_every_clip_is_there_and_with_1_when_one_is_not(audio):
    assert prompts(audio, "check").exit_code == 0
    (audio / "ne" / "goodbye" / "say_goodbye-1.wav").unlink()
    result = prompts(audio, "check")
    assert result.exit_code == 1
    assert result.output.startswith("ne/goodbye/say_goodbye-1.wav: ")
    assert "Run `gateway prompts build`." in result.output


def test_list_tells_how_far_each_language_is_and_which_are_drafts(audio):
    lines = prompts(audio, "list").output.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["en", "mai", "ne"]
    assert "draft, all texts there" in lines[2]
    [line] = [line for line in prompts(audio, "list", "ne").output.splitlines() if "goodbye/" in line]
    number, clip, state, _seconds, text = line.split("\t")
    assert (len(number), clip, state, text) == (5, "goodbye/say_goodbye-1", "placeholder", "धन्यवाद। नमस्ते।")


def test_a_language_that_nobody_speaks_is_named(audio):
    result = prompts(audio, "script", "fr")
    assert (result.exit_code, "Known are ne, en, mai" in result.output) == (1, True)


def test_recordings_are_taken_in_and_stay_through_a_build(audio, tmp_path):
    studio = tmp_path / "studio"
    wav.write(studio / "goodbye" / "say_goodbye-1.wav", words(44100, 9000))
    wav.write(studio / "welcome" / "later_cal-1.wav", words(44100, 9000))
    result = prompts(audio, "import", "ne", studio)
    assert result.exit_code == 1
    assert "taken: ne/goodbye/say_goodbye-1" in result.output
    assert "welcome/later_cal-1.wav is not the name of a clip in ne. Did you mean welcome/later_call-1?" in result.output
    assert result.output.endswith("1 taken, 1 refused\n")
    assert prompts(audio, "build").exit_code == 0
    assert "goodbye/say_goodbye-1\trecorded" in prompts(audio, "list", "ne").output


def test_the_script_begins_where_a_call_begins_and_ends_with_numbers_and_words(audio):
    lines = script(audio)
    groups = list(dict.fromkeys(line["group"] for line in lines))
    assert groups[:2] == ["welcome", "register"]
    assert groups[-2:] == ["phrases", "numbers and words"]
    assert len(lines) == len({line["number"] for line in lines})


def test_the_script_says_what_comes_before_and_after_and_what_it_means(audio):
    line = {line["file"]: line for line in script(audio)}
    piece = line["claim_status/review_until-1.wav"]
    assert (piece["place"], piece["after"]) == ("middle", "{claim.days} दिनभित्र खबर गर्छौँ।")
    assert piece["gloss"] == "We are looking at your claim. We will tell you within {claim.days} days."
    assert line["claim_status/review_until-2.wav"]["place"] == "final"
    assert line["number/42.wav"]["gloss"] == "42"
    assert line["phrase/organisation.wav"]["place"] == "middle"


def test_the_printed_script_is_one_file_that_needs_nothing_else(audio, tmp_path):
    page = tmp_path / "script.html"
    assert prompts(audio, "script", "mai", "--out", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "size: A4" in text
    assert "धन्यवाद। प्रणाम।" in text
    assert "http" not in text
    assert "<script" not in text


def test_a_script_for_a_spreadsheet_has_the_mark_that_makes_it_read_devanagari(audio, tmp_path):
    prompts(audio, "script", "ne", "--out", tmp_path / "script.csv")
    assert (tmp_path / "script.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_number_stays_with_its_clip(audio):
    before = {line["file"]: line["number"] for line in script(audio)}
    lines = (audio / "numbers.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (audio / "numbers.tsv").write_text("".join(line for line in lines if "\tgoodbye/" not in line), encoding="utf-8")
    after = {line["file"]: line["number"] for line in script(audio)}
    changed = {file for file, number in after.items() if number != before[file]}
    assert changed == {"goodbye/say_goodbye-1.wav"}
    assert after["goodbye/say_goodbye-1.wav"] not in before.values()
