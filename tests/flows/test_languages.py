"""A language is one file of words, its texts and its clips: a draft is offered to nobody, and published as the docs say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fakes.line import Line, caller
from fakes.sounds import words

from gateway.audio.build import build
from gateway.audio.catalogue import open_clips
from gateway.config import PACKAGE_ROOT
from gateway.core import sms
from gateway.core.events import DigitsPressed
from gateway.engine.definition import Fragment
from gateway.engine.loader import load
from gateway.services.actions import SPECS

SHOWN = "मैथिलीक लेल, तीन दबाउ।"


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new), encoding="utf-8")


def publish(flows: Path) -> None:
    change(flows / "defaults.yaml", "drafts: [mai]", "drafts: []")
    change(flows / "language.yaml", "keys: {1: nepali, 2: english}", "keys: {1: nepali, 2: english, 3: maithili}")
    change(flows / "language.yaml", "For English, press two.", f"For English, press two. {SHOWN}")
    change(flows / "language.yaml", "  chosen:\n", "  maithili:\n    do: choose_maithili\n    next: chosen\n\n  chosen:\n")


def messages(flows: Path) -> list[str]:
    with pytest.raises(ExceptionGroup) as raised:
        load(flows, SPECS)
    return [str(fault) for fault in raised.value.exceptions]


def test_a_draft_is_complete_as_shipped_and_offered_to_nobody(catalogue):
    assert catalogue.defaults.drafts == ("mai",)
    assert "mai" not in catalogue.languages
    assert catalogue.missing_texts("mai") == []
    assert all(language != "mai" for language, _, _ in catalogue.clips())
    call = Line(catalogue, caller("member", "mai"))
    call.open()
    assert {prompt.language for prompt in call.prompts} == {"ne"}


def test_a_draft_has_the_same_slots_as_the_flow(catalogue):
    for prompt in catalogue.prompts():
        for texts in (prompt.pieces, prompt.sms):
            slots = {
                language: sorted(str(piece) for piece in pieces if not isinstance(piece, (Fragment, str)))
                for language, pieces in texts.items()
            }
            assert slots.get("mai") == slots.get("ne"), prompt.name


def test_each_draft_message_without_slots_is_one_segment(catalogue):
    for prompt in catalogue.prompts():
        pieces = prompt.sms["mai"]
        if prompt.pieces.get("mai") != pieces and all(isinstance(piece, str) for piece in pieces) and "studio/" not in prompt.name:
            spoken = "".join(piece.text for piece in prompt.pieces.get("mai", ()) if isinstance(piece, Fragment))
            text = "".join(pieces)
            assert text == spoken or sms.segments(text).count == 1, prompt.name


def test_a_text_that_a_draft_lacks_is_told_and_no_fault(flows):
    change(flows / "translations" / "mai.yaml", 'goodbye/say_goodbye: "धन्यवाद। प्रणाम।"', 'goodbye/say_goodby: "धन्यवाद। प्रणाम।"')
    change(flows / "translations" / "mai.yaml", '  other_work: "आन काज"\n', "")
    assert load(flows, SPECS).missing_texts("mai") == ["phrases: other_work", "goodbye/say_goodbye"]


def test_what_a_draft_has_is_checked(flows):
    path = flows / "translations" / "mai.yaml"
    change(path, "दावी देखि रहल छी। {claim.days:number} दिनक", "दावी देखि रहल छी। {claim.dasy:number} दिनक")
    change(path, "दावी {claim.number} देखि रहल छी। {claim.days:number} दिनक", "दावी {claim.number} देखि रहल छी। {claim.dasy:number} दिनक")
    change(path, "language: mai", "langauge: mai")
    unknown = "nothing in this flow provides 'claim.dasy', and it is no phrase. Did you mean 'claim.days'? [flow:unknown-slot]"
    assert sorted(message.partition(": ")[2] for message in messages(flows)) == [
        "langauge: there is no key 'langauge' here. Did you mean 'language'? [flow:unknown-key]",
        f"prompts.claim_status/review_until.say: {unknown}",
        f"prompts.claim_status/review_until.sms: {unknown}",
        "the file: the key 'language' is missing. [flow:missing-key]",
    ]


NOT_TRANSLATIONS = [
    "",
    "[]",
    "language: mai",
    "language: mai\nphrases: x\nprompts: []\n",
    "language: [mai]\nphrases: {}\nprompts: {a: {b: c}}\n",
]


@pytest.mark.parametrize("text", NOT_TRANSLATIONS)
def test_a_file_of_translations_that_is_none_is_explained(flows, text):
    (flows / "translations" / "mai.yaml").write_text(text, encoding="utf-8")
    assert all(message.startswith("flows/translations/mai.yaml:") for message in messages(flows))


def test_a_file_for_a_language_that_is_not_spoken_here_is_named(flows):
    shutil.copy(flows / "translations" / "mai.yaml", flows / "translations" / "bho.yaml")
    change(flows / "translations" / "bho.yaml", "language: mai", "language: bho")
    assert messages(flows) == [
        "flows/translations/bho.yaml:1:1: the file: there is no language 'bho' here, only ne, en, mai. [flow:unknown-language]"
    ]


def test_every_language_cannot_be_a_draft(flows):
    change(flows / "defaults.yaml", "drafts: [mai]", "drafts: [ne, en, mai]")
    assert "one language at least must not be a draft" in messages(flows)[0]


def test_an_incomplete_language_cannot_be_published(flows):
    publish(flows)
    change(flows / "translations" / "mai.yaml", '  give_up/promise: "', '  give_up/promises: "')
    [missing] = messages(flows)
    assert missing.startswith("flows/give_up.yaml:")
    assert "there is no text in mai" in missing


def test_a_leftover_text_of_a_published_language_is_named(flows):
    publish(flows)
    change(flows / "translations" / "mai.yaml", "prompts:\n", 'prompts:\n  goodbye/say_goodby: "प्रणाम।"\n')
    assert ["Did you mean 'goodbye/say_goodbye'?" in message for message in messages(flows)] == [True]


def test_publishing_takes_the_edits_that_the_docs_tell_and_no_code(flows, tmp_path):
    publish(flows)
    catalogue = load(flows, SPECS)
    audio = Path(shutil.copytree(PACKAGE_ROOT / "audio_prompts", tmp_path / "audio"))
    sound = words(8000, 5000)
    build(audio, catalogue.clips(), lambda _text: sound)
    clips = open_clips(audio)
    assert clips.problems(catalogue.clips()) == []
    call = Line(catalogue, caller("member", "ne"))
    call.open("language")
    assert call.prompts[-1].text.endswith(SHOWN)
    call.hear(DigitsPressed("3"))
    assert {prompt.language for prompt in call.prompts} == {"mai"}
    assert call.prompts[0].text == "आबसँ मैथिलीमे बाजब।"
    call.hear(DigitsPressed("2"))
    spoken = [f"{prompt.language}/{clip}" for prompt in call.prompts for clip in prompt.clips]
    assert all(clips.path(*clip.split("/", 1)).is_file() for clip in spoken)
    assert "पाँच हजार टाका" in " ".join(clips.clip("mai", clip.split("/", 1)[1]).text for clip in spoken)


def test_the_docs_tell_these_edits():
    page = (PACKAGE_ROOT / "docs" / "adding-a-language.md").read_text(encoding="utf-8")
    for line in ("keys: {1: nepali, 2: english, 3: maithili}", "do: choose_maithili", SHOWN, "drafts: [mai]"):
        assert line in page
