"""What `gateway check` says of texts that are too long to hear, to keep in mind, or for one SMS."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.config import PACKAGE_ROOT
from gateway.engine.loader import load
from gateway.engine.places import Places
from gateway.language import speech
from gateway.services.actions import SPECS


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows"))


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE_ROOT / "audio_prompts", tmp_path / "clips"))


def check(flows: Path, *options: str) -> tuple[int, list[str]]:
    result = CliRunner().invoke(main, ["check", str(flows), *options])
    return result.exit_code, result.output.splitlines()


def change(flows: Path, name: str, old: str, new: str) -> int:
    """Change a file, and return the line where the change stands."""
    path = flows / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def lasts(clips: Path, language: str, clip: str, seconds: float) -> None:
    """Have the manifest say that a clip takes so long."""
    path = clips / language / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest[clip]["seconds"] = seconds
    path.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def test_the_flows_that_we_ship_pass_without_a_warning():
    result = CliRunner().invoke(main, ["check", "--strict"])
    assert (result.exit_code, result.output.endswith("in 2 languages: all is well.\n")) == (0, True), result.output


def test_a_menu_that_names_six_keys_is_faulty(flows: Path):
    line = change(
        flows, "main_menu", "To talk to a person, press zero.", "To change the language, press seven. To talk to a person, press zero."
    )
    code, [fault] = check(flows, "--no-clips")
    assert code == 1
    assert fault.startswith(f"flows/main_menu.yaml:{line}:13: main_menu/member (en): 6 keys are named;")
    assert fault.endswith("[flow:many-options]")


def test_keys_that_are_written_in_digits_count_as_well(flows: Path):
    change(flows, "main_menu", "To talk to a person, press zero.", "To change the language, press 7. To talk to a person, press zero.")
    assert [line.rsplit(" ", 1)[1] for line in check(flows, "--no-clips")[1]] == ["[flow:many-options]"]


def test_keys_are_counted_in_the_words_of_each_language(flows: Path):
    change(flows, "main_menu", "मान्छेसँग कुरा गर्न, जिरो थिच्नुहोस्।", "भाषा, सात। मान्छेसँग कुरा गर्न, जिरो थिच्नुहोस्।")
    assert [line.rsplit(" ", 1)[1] for line in check(flows, "--no-clips")[1]] == ["[flow:many-options]"]


@pytest.mark.parametrize(
    ("name", "old", "new", "culprit"),
    [
        ("help", "Send one word:", "Send one word – any:", "'–'"),
        ("help", "एउटा शब्द पठाउनुहोस्:", "यी मध्ये कुनै एउटा शब्द पठाउनुहोस्:", "'य'"),
        ("claim_status", "Good news: claim", "Very good news from all of us, dear sister: we are glad to tell you that your claim", None),
        ("defaults", "Sorry, we did not understand.", "Sorry — " + "we did not understand. " * 4, "'—'"),
    ],
)
def test_an_sms_of_two_segments_is_faulty_and_names_the_character(flows: Path, name: str, old: str, new: str, culprit: str | None):
    if culprit is None:
        new += " which you sent us last month with all the papers"
    line = change(flows, name, old, new)
    code, [fault] = check(flows, "--no-clips")
    assert (code, fault.split(":")[:2]) == (1, [f"flows/{name}.yaml", str(line)])
    assert re.search("this takes [23] SMS", fault)
    assert (f"because of {culprit}" in fault) if culprit else ("because of" not in fault)


def test_texts_that_are_never_sent_may_be_long(flows: Path):
    change(flows, "notices", "त्यसपछिको खबर सुन्न, एक थिच्नुहोस्।", "त्यसपछिको अर्को बैठक वा तालिमको खबर पनि सुन्न चाहनुहुन्छ भने, एक थिच्नुहोस्।")
    assert check(flows, "--no-clips")[0] == 0


def test_what_lasts_too_long_is_faulty(clips: Path):
    lasts(clips, "en", "contribution/other_amount-1", 12.1)
    lasts(clips, "ne", "goodbye/say_goodbye-1", 20.1)
    lasts(clips, "en", "phrase/trouble", 20.1)
    lasts(clips, "ne", "main_menu/member-1", 25.1)
    code, found = check(PACKAGE_ROOT / "flows", "--audio", str(clips))
    assert code == 1
    faults = [line.partition(": ")[2] for line in found if line.endswith("[flow:long-prompt]")]
    assert sorted(faults) == [
        "contribution/other_amount (en): this takes 12.1 s; a question takes at most 12.0 s. [flow:long-prompt]",
        "goodbye/say_goodbye (ne): this takes 20.1 s; what is told takes at most 20.0 s. [flow:long-prompt]",
        "main_menu/member (ne): this takes 25.1 s; a menu takes at most 25.0 s. [flow:long-prompt]",
        "phrases.trouble.en: this takes 20.1 s; what is told takes at most 20.0 s. [flow:long-prompt]",
    ]


def test_a_value_in_a_text_takes_its_time(clips: Path):
    lasts(clips, "en", "word/rupees", 19.0)
    assert any("claim_status/approved (en)" in line for line in check(PACKAGE_ROOT / "flows", "--audio", str(clips))[1])


def test_an_option_that_is_likely_too_long_is_a_warning_and_fails_only_when_that_is_asked(clips: Path):
    lasts(clips, "en", "main_menu/stranger-1", 20.0)
    code, found = check(PACKAGE_ROOT / "flows", "--audio", str(clips))
    assert code == 0
    assert found[0].startswith("warning: flows/main_menu.yaml:")
    assert {line.rsplit(" ", 1)[1] for line in found if line.startswith("warning:")} == {"[flow:long-option]"}
    assert check(PACKAGE_ROOT / "flows", "--audio", str(clips), "--strict")[0] == 1


def test_every_prompt_is_found_in_its_file():
    """The place of each text holds that text's first words."""
    catalogue = load(PACKAGE_ROOT / "flows", SPECS)
    places = Places(PACKAGE_ROOT / "flows")
    for prompt in catalogue.prompts():
        for language in (*catalogue.languages, *speech.SCRIPTS):  # a draft's texts may stand in a file of their own
            for written, pieces in ((False, prompt.pieces), (True, prompt.sms)):
                if language not in pieces:
                    continue
                file, line, column = places.prompt(prompt, language, written=written).rsplit(":", 2)
                text = (PACKAGE_ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1][int(column) - 1 :]
                first = pieces[language][0]
                words = first if isinstance(first, str) else getattr(first, "text", "")
                words = words.rstrip(": ")  # behind its title a lesson's message goes on
                assert text.lstrip('"').startswith((words[:12], "{")), (prompt.name, language, written, text)
