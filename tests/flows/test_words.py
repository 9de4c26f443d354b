"""What the shipped flows say: one SMS an answer, the action before the key, consent and amounts heard to the end."""

from __future__ import annotations

import re

import pytest

from gateway.core import sms
from gateway.transcripts import grammar
from gateway.transcripts.given import set_up
from gateway.transcripts.play import Player

SITA, MAYA, SHARED, STRANGER = "+9779720000001", "+9779720000002", "+9779720000003", "+9779841000001"
CLAIMS = ("received", "refused", "in review until 2026-12-20 10:00", "in review", "that misses doctors_letter", "approved for 12345")

CONVERSATIONS = [
    *([f"given: {SITA} has a claim {state}", f"caller {SITA} texts: dabi"] for state in (*CLAIMS, "paid for 12345 on 2026-11-10 10:00")),
    ["given: +9779720000004 is a member", "caller +9779720000004 texts: dabi", "texts: kista", "texts: '2'", "texts: '450'", "texts: '1'"],
    [f"given: {SITA} has paid 12000 today", f"caller {SITA} texts: kista", "texts: '1'"],
    [f"caller {SITA} texts: yogdan 12345", "texts: '1'", "texts: yogdan 12345", "texts: '2'"],
    [f"given: {SITA} pays 300 a month from 2082-01", f"caller {SITA} texts: kista", "texts: '1'"],
    [f"given: {SITA} has paid 1200 today, and it is final", f"caller {SITA} texts: kista"],
    [
        f"given: {SITA} collects for {MAYA}",
        f"caller {SITA} texts: yogdan 10024 1200",
        "texts: '1'",
        "texts: yogdan 10024 1200 10035 5 7777 9",
    ],
    [f"given: {SITA} collects for {MAYA}", f"caller {SITA} texts: योगदान १००२४ ३००", "texts: '१'", "texts: योगदान १००२४ ३०० १००३५ ५"],
    [f"caller {SITA} texts: baithak", "texts: '1'", "texts: baithak", "texts: '2'"],
    [f"caller {SITA} texts: bhasa", "texts: '1'"],
    [f"caller {SITA} texts: darta", f"caller {SITA} texts: hinsa", f"caller {SITA} texts: madat"],
    [f"caller {MAYA} texts: dabi", "texts: '4826'"],
    [f"caller {SHARED} texts: kista"],
    [f"caller {STRANGER} texts: darta", "texts: '1'", "texts: Sita from Lele", "texts: '2'"],
    [f"caller {STRANGER} texts: xyzzy", "texts: phon", "texts: baithak"],
    [f"caller {SITA} texts: STOP", "texts: START"],
]


@pytest.mark.parametrize("language", ["ne", "en"])
@pytest.mark.parametrize("lines", CONVERSATIONS, ids=lambda lines: lines[0])
def test_an_answer_by_sms_is_one_segment(stage, lines, language):
    source = "\n  - ".join(["Texts:", *lines])
    [transcript] = grammar.parse(source, "texts.yaml")
    scene = stage.scene(language=language)
    player, given = Player(scene), [entry for entry in transcript.entries if entry.verb == "given"]
    for entry in given:
        set_up(scene, entry)
    for entry in transcript.entries[len(given) :]:
        for outcome in player.perform(entry):
            counted = sms.segments(outcome.value)
            assert outcome.verb == "gets", outcome
            assert counted.count == 1, (outcome.value, counted)
            assert counted.encoding == "GSM-7" or re.search("[ऀ-ॿ]", outcome.value), (outcome.value, counted)


@pytest.mark.parametrize("language", ["ne", "en"])
def test_the_text_that_a_call_promises_is_one_segment(stage, language):
    [transcript] = grammar.parse(f"A call:\n  - caller {SITA} calls\n  - presses 1\n  - presses 1", "call.yaml")
    player = Player(stage.scene(language=language))
    promised = [outcome.value for entry in transcript.entries for outcome in player.perform(entry) if outcome.verb == "gets"]
    assert [sms.segments(text).count for text in promised] == [1]


@pytest.mark.parametrize(("number", "pin"), [(MAYA, "4826"), (SHARED, "7391")])
def test_no_text_is_promised_to_a_phone_that_others_read(stage, number, pin):
    source = f"A call:\n  - caller {number} calls\n  - presses 1\n  - presses {pin}\n  - presses 2\n  - presses 450\n  - presses 1"
    [transcript] = grammar.parse(source, "call.yaml")
    player = Player(stage.scene())
    came = [outcome for entry in transcript.entries for outcome in player.perform(entry)]
    assert any(outcome.said and outcome.said.prompt == "contribution/noted_in_private" for outcome in came)
    assert [outcome for outcome in came if outcome.verb == "gets"] == []


def test_consent_and_amounts_are_heard_to_the_end(catalogue):
    careful = {prompt.name for prompt in catalogue.prompts() if not prompt.interruptible}
    quietly = ("all_good_quietly", "some_good_quietly")
    collecting = {f"collecting/{step}" for step in ("all_good", "some_good", *quietly, "already", "amount.confirm")}
    of_voices = {f"testimony/{step}" for step in ("what_for", "consent", "sure_named", "sure_unnamed")}
    of_amounts = {
        "contribution/texted",
        "contribution/texted_quietly",
        "contribution/already",
        "contribution/already_quietly",
        "contribution/other_amount.confirm",
    }
    assert careful == collecting | of_voices | {"register/consent", "register/is_it_hers", *of_amounts}


def test_menus_name_the_action_before_the_key(catalogue):
    for name in ("member", "stranger"):
        [prompt, more] = list(catalogue.flows["main_menu"].steps[name].prompts())[:2]
        for said in (prompt, more):
            text = "".join(piece.text for piece in said.pieces["ne"])
            assert all(re.search(r", (एक|दुई|तीन|चार|पाँच|सात|जिरो)( थिच्नुहोस्)?$", option) for option in text.rstrip("।").split("। ")), text


def test_a_member_is_not_offered_registration_at_first(catalogue):
    for name, keys in (("member", ["एक", "दुई", "तीन", "चार", "जिरो"]), ("stranger", ["पाँच", "तीन", "जिरो"])):
        prompt = next(catalogue.flows["main_menu"].steps[name].prompts())
        assert re.findall(r"(\S+) थिच्नुहोस्", "".join(piece.text for piece in prompt.pieces["ne"])) == keys


def test_every_prompt_can_be_said_in_every_language(catalogue):
    for prompt in catalogue.prompts():
        for texts in (prompt.pieces, prompt.sms):
            assert not texts or set(texts) >= set(catalogue.languages), prompt.name


def test_every_clip_is_there_and_says_what_the_flow_says(catalogue, clips):
    assert clips.problems(catalogue.clips()) == []
