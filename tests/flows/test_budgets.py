"""The shipped flows keep to what a caller who may not read can bear: seconds, keys, one SMS, words instead of digits.

The limits are those of the table of the usability budget; the clips in `audio_prompts` give the seconds.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from fakes.line import Line, caller

from gateway.core import sms
from gateway.core.events import DigitsPressed, KeysAwaited, MessageReceived, PromptSpoken, RecordingMade
from gateway.engine import wording
from gateway.engine.definition import Fragment
from gateway.engine.steps.ask import Ask
from gateway.engine.steps.menu import Menu
from gateway.engine.steps.record import Record
from gateway.language.speech import SCRIPTS

PAUSE = 0.5  # after a key
KEY = 1.0  # to find and press one
MENUS = {"main_menu/member": 25, "main_menu/member.more": 25, "main_menu/stranger": 25, "main_menu/stranger.more": 25}
ROUND = 12  # any other question
NEWS = 20  # a piece of information


def seconds_of(prompts, clips):
    return sum(clips.prompt_seconds(prompt.language, prompt.clips) for prompt in prompts)


def until_option(prompt, option, clips):
    """The seconds until an option of a menu has been said; a clip's words are taken to be evenly spread."""
    at = prompt.text.index(option) + len(option)
    return clips.prompt_seconds(prompt.language, prompt.clips) * at / len(prompt.text)


@pytest.fixture
def line(catalogue):
    def dial(kind, language="ne", **options):
        return Line(catalogue, caller(kind, language), **options)

    return dial


def test_every_clip_is_there_and_says_what_the_flow_says(catalogue, clips):
    assert clips.problems(catalogue.clips()) == []


def test_every_question_is_short(catalogue, clips):
    questions = [step for flow in catalogue.flows.values() for step in flow.steps.values() if isinstance(step, (Menu, Ask, Record))]
    too_long = {}
    for step in questions:
        for prompt in step.prompts():
            for language, pieces in prompt.pieces.items():
                spoken = sum(clips.seconds(language, piece.clip) for piece in pieces if isinstance(piece, Fragment) and piece.clip)
                if spoken > MENUS.get(prompt.name, ROUND):
                    too_long[prompt.name, language] = spoken
    assert too_long == {}


def test_no_piece_of_information_is_longer_than_people_listen(catalogue, clips):
    assert [clip for language in catalogue.languages for clip, entry in clips.manifests[language].items() if entry.seconds > NEWS + 5] == []
    news = [
        (language, name)
        for language in catalogue.languages
        for name in catalogue.phrases
        if clips.seconds(language, f"phrase/{name}") > NEWS
    ]
    assert news == []


@pytest.mark.parametrize(
    "case",
    [
        ("1", "एक थिच्नुहोस्।", "member", 20),
        ("2", "दुई थिच्नुहोस्।", "member", 20),
        ("3", "तीन थिच्नुहोस्।", "member", 25),
        ("3", "तीन थिच्नुहोस्।", "stranger", 25),
    ],
)
def test_one_key_brings_the_answer_soon(line, clips, case):
    key, option, kind, limit = case
    call = line(kind)
    call.open()
    *greeting, menu = call.prompts
    heard = seconds_of(greeting, clips) + until_option(menu, option, clips)
    call.hear(DigitsPressed(key))
    seconds = heard + KEY + PAUSE + seconds_of(call.prompts[:1], clips)
    assert seconds <= limit, seconds


def test_who_knows_the_key_has_her_claim_in_eight_seconds(line, clips):
    call = line("member")
    call.open()
    call.hear(DigitsPressed("2"))
    assert KEY + PAUSE + seconds_of(call.prompts[:1], clips) <= 8 + 1  # the placeholder voice is slower than a person's


def test_a_private_member_has_her_claim_in_thirty_seconds_and_five_keys(line, clips):
    call = line("private member")
    call.open()
    *greeting, menu = call.prompts
    seconds = seconds_of(greeting, clips) + until_option(menu, "दुई थिच्नुहोस्।", clips)
    call.hear(DigitsPressed("2"))
    seconds += KEY + PAUSE + seconds_of(call.prompts, clips)
    assert call.wait == KeysAwaited(4, 8, 5)
    call.hear(DigitsPressed("4826"))
    seconds += 4 * KEY + PAUSE + seconds_of(call.prompts[:1], clips)
    assert seconds <= 30, seconds


def test_the_usual_instalment_takes_two_keys(line):
    call = line("member")
    call.open()
    call.hear(DigitsPressed("1"))
    call.hear(DigitsPressed("1"))
    assert call.asked[-1] == "note_contribution"


def test_registering_takes_less_than_two_minutes(line, clips):
    call = line("first call")
    call.open()
    *greeting, menu = call.prompts
    seconds = seconds_of(greeting, clips) + until_option(menu, "पाँच थिच्नुहोस्।", clips) + KEY
    for event in (DigitsPressed("5"), DigitsPressed("1"), RecordingMade("RE1", 8), DigitsPressed("1")):
        call.hear(event)
        seconds += PAUSE + seconds_of(call.prompts, clips) + KEY
    assert call.wait is None
    assert seconds + 8 <= 120, seconds


def test_our_own_calls_say_who_is_calling_within_three_seconds(line, clips):
    call = line("member")
    call.open("broadcast", {"broadcast.message": "message_signatures"})
    assert seconds_of(call.prompts[:1], clips) <= 3
    assert "आवाज सञ्जाल" in call.prompts[0].text


def test_consent_and_amounts_are_heard_to_the_end(catalogue):
    careful = {prompt.name for prompt in catalogue.prompts() if not prompt.interruptible}
    assert careful == {"register/consent", "contribution/texted", "contribution/already", "contribution/other_amount.confirm"}


# --- SMS ---------------------------------------------------------------------------------------------------------------------------

WRITTEN = ["ne", "ne_latn", "en"]
WORST = {
    "claim.number": "104212",
    "claim.amount": 1234550,
    "claim.paper": "citizenship_copy",
    "claim.days": 30,
    "claim.paid_on": "2026-11-10",
    "contribution.total": 12345600,
    "contribution.month": "2083-08",
    "contribution.usual": 100000,
    "contribution.amount": 1234500,
    "contribution.reference": "481526379",
    "amount": 1234550,
    "notice.kind_phrase": "meeting_word",
    "notice.date": "2026-11-18T12:30+05:45",
    "notice.place": "community_hall",
}


@pytest.mark.parametrize("script", WRITTEN)
def test_every_message_is_one_segment_in_every_script(catalogue, script):
    """A question also after "we did not understand". A text that only a call says has no romanised wording."""
    questions = {step.question.prompt.name for flow in catalogue.flows.values() for step in flow.steps.values() if step.listens}
    sorry = wording.write(catalogue.defaults.sms_help, script, WORST.get, catalogue.phrases)
    messages = [prompt for prompt in catalogue.prompts() if "ne_latn" in prompt.sms]
    assert len(messages) > 50
    for prompt in messages:
        text = wording.write(prompt, script, WORST.get, catalogue.phrases)
        for sent in (text, f"{sorry}\n{text}") if prompt.name in questions else (text,):
            counted = sms.segments(sent)
            assert counted.count == 1, f"{prompt.name}: {counted.units} places, first outside GSM-7: {counted.culprit!r}: {sent}"
            if script != "ne" and prompt.name != "language/choose":
                assert counted.encoding == "GSM-7", f"{prompt.name}: {counted.culprit!r} makes it Unicode: {sent}"


CLAIM = {
    "claim.number": "104212",
    "claim.amount": 1234500,
    "claim.paper": "doctors_letter",
    "claim.days": 30,
    "claim.paid_on": "2026-11-10",
}
BALANCE = {"contribution.total": 1234500, "contribution.month": "2083-07", "contribution.usual": 30000}
FIRST_TEXTS = [
    *(
        ("member", "claim_status", {"latest_claim": [state, CLAIM]})
        for state in ("received", "paper_missing", "review", "approved", "paid", "refused")
    ),
    ("member", "claim_status", {"latest_claim": ["none"]}),
    ("member", "contribution", {"contribution_balance": ["some", BALANCE]}),
    ("member", "contribution", {"texted_amount": ["given", {"amount": 1234500}]}),
    ("member without usual instalment", "contribution", {"contribution_balance": ["none"]}),
    ("member", "notices", {}),
    ("stranger", "notices", {"next_notice": ["none"]}),
    ("member", "rights_news", {}),
    ("stranger", "register", {}),
    ("member", "register", {}),
    ("member", "language", {}),
    ("stranger", "person", {}),
    ("stranger", "help", {}),
    ("private member", "claim_status", {}),
    ("stranger", "main_menu", {}),
    ("member", "main_menu", {}),
]


@pytest.mark.parametrize("language", WRITTEN)
@pytest.mark.parametrize(("kind", "flow", "found"), FIRST_TEXTS)
def test_a_first_answer_by_sms_is_one_segment(line, kind, flow, found, language):
    conversation = line(kind, language, medium="sms", found=found)
    conversation.open(flow)
    counted = sms.segments(conversation.message)
    assert conversation.message
    assert counted.count == 1, (conversation.message, counted)
    assert counted.encoding == ("UCS-2" if language == "ne" else "GSM-7"), counted


@pytest.mark.parametrize("language", WRITTEN)
def test_registering_by_sms_costs_one_segment_an_answer(line, language):
    conversation = line("stranger", language, medium="sms")
    conversation.open("register")
    for text in ("1", "Sita, Lele", "2"):
        conversation.hear(MessageReceived(text))
        assert sms.segments(conversation.message).count == 1, conversation.message
    assert conversation.wait is None


@pytest.mark.parametrize("language", WRITTEN)
def test_the_promised_text_is_one_segment(line, language):
    call = line("member", language)
    call.open("contribution")
    call.hear(DigitsPressed("1"))
    [text] = call.promised
    assert sms.segments(text).count == 1


@pytest.mark.parametrize("kind", ["private member", "shared phone"])
def test_no_text_is_promised_to_a_phone_that_others_read(line, kind):
    call = line(kind)
    call.open("contribution")
    call.hear(DigitsPressed("4826"))
    call.hear(DigitsPressed("1"))
    assert call.asked[-1] == "note_contribution"
    assert call.promised == []


def test_messages_to_nobody_in_particular_fit_one_segment(catalogue):
    for name in ("stopped", "started"):
        for text in catalogue.phrases[name].values():
            assert sms.segments(text).count == 1, text


# --- words -------------------------------------------------------------------------------------------------------------------------


def test_menus_name_the_action_before_the_key(catalogue):
    for name in ("member", "stranger"):
        [prompt, more] = list(catalogue.flows["main_menu"].steps[name].prompts())[:2]
        for said in (prompt, more):
            text = "".join(piece.text for piece in said.pieces["ne"])
            assert all(re.search(r", (एक|दुई|तीन|चार|पाँच|सात|जिरो)( थिच्नुहोस्)?$", option) for option in text.rstrip("।").split("। ")), text


def test_a_member_is_not_offered_registration_at_first(line):
    for kind, keys in (("member", ["एक", "दुई", "तीन", "चार", "जिरो"]), ("stranger", ["पाँच", "तीन", "जिरो"])):
        call = line(kind)
        call.open("main_menu")
        assert re.findall(r"(\S+) थिच्नुहोस्", call.prompts[0].text) == keys


def test_every_prompt_can_be_said_in_every_language(catalogue):
    for prompt in catalogue.prompts():
        for texts in (prompt.pieces, prompt.sms):
            assert not texts or set(texts) - set(SCRIPTS) == set(catalogue.languages), prompt.name


def test_a_new_phone_is_told_how_it_works(line):
    call = line("first call")
    call.open()
    assert isinstance(call.facts[-1], PromptSpoken)
    assert "बोल्नु पर्दैन" in call.prompts[0].text
    later = replace(call, who=caller("stranger", "ne"))
    later.open()
    assert "बोल्नु पर्दैन" not in later.prompts[0].text
