"""How conversations move between flows: the gate, strangers, versions, and what is never kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.conversation import CALLERS, FLOWS, MAYA, SPECS, Conversation, event_of, lines_of, load_flows, load_story

from gateway.core.events import BroadcastAnswered, ConversationEnded, DigitsPressed, PromptSpoken
from gateway.engine import interpreter
from gateway.engine.definition import KNOWN_NAMES
from gateway.engine.interpreter import MAX_STEPS_PER_SPRINT
from gateway.engine.loader import parse_flow
from gateway.engine.turn import BUILT_IN


@pytest.fixture
def catalogue(tmp_path):
    return load_flows(tmp_path)


def said(sprint):
    return [fact.text for fact in sprint.facts if isinstance(fact, PromptSpoken)]


def test_a_member_who_asked_for_privacy_proves_who_she_is_and_then_hears_it(catalogue):
    lines = Conversation(catalogue, CALLERS["private"]).play(["press 1111", "press 4826"], flow="money")
    assert lines == [
        "says: PIN? [pin/ask-1]",
        "waits for 4 keys",
        "> press 1111",
        "says: PIN? [pin/ask-1]",
        "waits for 4 keys",
        "> press 4826",
        "knows her as maya",
        "says: Private. [money/secret-1]",
        "over",
    ]


def test_a_member_who_did_not_ask_for_privacy_needs_no_pin(catalogue):
    assert said(Conversation(catalogue).start("money")) == ["Private."]


def test_on_a_shared_phone_the_pin_says_who_is_speaking(tmp_path):
    flow = """
flow: mine
title: {ne: a, en: a}
for: member
start: hello
steps:
  hello: {say: {ne: a, en: Hello.}, sms: {ne: a, en: "{member.number}"}, text: {ne: a, en: "For {member.number}"}, next: bye}
  bye: {end: {}}
"""
    conversation = Conversation(load_flows(tmp_path, mine=flow), CALLERS["shared"])
    waiting = conversation.start("mine")
    assert said(waiting) == ["PIN?"]
    heard = conversation.resume(waiting, DigitsPressed("0123"))
    assert "will text: For 1003" in lines_of(heard)
    assert (heard.session.member_id, heard.session.verified) == ("gita", True)


def test_a_gate_that_ends_without_proof_opens_nothing(tmp_path):
    gate = "flow: pin\ntitle: {ne: a, en: a}\nstart: bye\nsteps: {bye: {end: {}}}\n"
    conversation = Conversation(load_flows(tmp_path, pin=gate), CALLERS["private"])
    assert said(conversation.start("money")) == ["We will call you."]


def test_a_stranger_at_a_flow_for_members_is_led_to_register_and_a_member_there_to_the_start(catalogue):
    assert said(Conversation(catalogue, CALLERS["stranger"]).start("money")) == ["Welcome."]
    assert said(Conversation(catalogue).start("register")) == ["One."]


def test_a_pin_is_in_no_session_and_no_fact(catalogue):
    conversation = Conversation(catalogue, CALLERS["private"])
    waiting = conversation.start("money")
    for pin in ("9753", "4826"):
        sprint = conversation.resume(waiting, DigitsPressed(pin))
        assert pin not in sprint.session.to_json()
        assert pin not in repr(sprint.facts)


def test_a_wait_for_a_pin_is_known_as_secret(catalogue):
    conversation = Conversation(catalogue, CALLERS["private"])
    assert interpreter.awaits_secret(catalogue, conversation.start("money").session.to_json())
    assert not interpreter.awaits_secret(catalogue, conversation.start("main_menu").session.to_json())


def test_values_are_left_behind_when_another_flow_begins(tmp_path):
    steps = {
        "amount": {"ask": {"prompt": {"ne": "a", "en": "How much?"}, "kind": "number", "name": "amount"}, "next": "main_menu"},
    }
    conversation = Conversation(load_story(tmp_path, steps))
    sprint = conversation.resume(conversation.start(), DigitsPressed("12"))
    assert sprint.session.frames[-1].values == {}


def test_what_a_conversation_was_opened_with_can_be_said_and_decided_on(tmp_path):
    steps = {
        "first": {"branch": [{"when": "texted.number > 10", "next": "tell"}, {"next": "bye"}]},
        "tell": {"say": {"ne": "a", "en": "{texted.number:number}"}, "next": "bye"},
        "bye": {"end": {}},
    }
    conversation = Conversation(load_story(tmp_path, steps))
    assert said(conversation.start(medium="sms", texted__number=500)) == ["500"]
    assert said(conversation.start(medium="sms")) == []


def changed(catalogue):
    """The catalogue after somebody edited the PIN flow; without its older version."""
    text = FLOWS["pin"].replace("PIN?", "Your secret?")
    return replace(catalogue, flows={**catalogue.flows, "pin": parse_flow(text, "flows/pin.yaml", SPECS, catalogue)})


def test_a_conversation_goes_on_in_the_version_that_it_began_with(catalogue):
    waiting = Conversation(catalogue, CALLERS["private"]).start("money")
    old = catalogue.flows["pin"]
    edited = changed(catalogue).keeping({old.hash: parse_flow(old.source, "pin.yaml", SPECS, catalogue)})
    sprint = Conversation(edited, CALLERS["private"]).resume(waiting, event_of("silence"))
    assert said(sprint) == ["We heard nothing.", "PIN?"]


def test_a_conversation_whose_version_is_lost_begins_again(catalogue):
    waiting = Conversation(catalogue, CALLERS["private"]).start("money")
    sprint = Conversation(changed(catalogue), CALLERS["private"]).resume(waiting, event_of("silence"))
    assert said(sprint) == ["One."]
    assert sprint.session.frames[-1].flow == "main_menu"


def test_a_conversation_that_is_over_begins_again(catalogue):
    over = Conversation(catalogue).start("give_up")
    assert over.wait is None
    assert isinstance(over.facts[-1], ConversationEnded)
    assert said(Conversation(catalogue).resume(over, event_of("text hello"))) == ["One."]


def test_flows_that_call_each_other_for_ever_end_in_giving_up(tmp_path):
    steps = {
        "more": {"menu": {"prompt": {"ne": "a", "en": "Deeper?"}, "keys": {"1": "deeper"}}},
        "deeper": {"go": "story", "next": "bye"},
        "bye": {"end": {}},
    }
    conversation = Conversation(load_story(tmp_path, steps))
    sprint = conversation.start()
    for _ in range(20):
        if sprint.wait is None:
            break
        sprint = conversation.resume(sprint, DigitsPressed("1"))
    assert said(sprint) == ["We will call you."]


def test_a_circle_that_the_checks_did_not_see_is_cut(catalogue):
    """A flow for members that is also the strangers' flow sends a stranger to itself; `check` refuses it, the limit stops it."""
    circle = replace(catalogue, defaults=replace(catalogue.defaults, strangers="money"))
    sprint = Conversation(circle, CALLERS["stranger"]).start("money")
    assert said(sprint) == ["We will call you."]
    assert len(sprint.facts) < MAX_STEPS_PER_SPRINT


def test_a_language_that_we_do_not_speak_becomes_the_first_that_we_do(catalogue):
    caller = replace(CALLERS["stranger"], language="mai")
    assert Conversation(catalogue, caller).start("main_menu").session.language == "ne"


def test_each_sprint_counts_one_version_on(catalogue):
    conversation = Conversation(catalogue)
    first = conversation.start("main_menu")
    assert (first.session.version, conversation.resume(first, event_of("silence")).session.version) == (1, 2)


def test_every_name_that_flows_may_use_can_be_looked_up():
    assert set(BUILT_IN) == KNOWN_NAMES


def test_all_that_is_said_has_a_clip_to_be_made(catalogue):
    clips = {(language, clip): text for language, clip, text in catalogue.clips()}
    assert clips["en", "pin/ask-1"] == "PIN?"
    assert clips["ne", "phrase/hospital_bill"] == "अस्पतालको बिल"
    assert ("en", "number/7") in clips
    assert not any(clip.startswith("defaults/sms_help") for _, clip in clips)


def test_maya_is_still_private_after_her_pin(tmp_path):
    steps = {
        "prove": {"go": "pin", "next": "who"},
        "who": {"branch": [{"when": "member.private", "next": "hidden"}, {"next": "open"}]},
        "hidden": {"end": {"ne": "a", "en": "Hidden."}},
        "open": {"end": {"ne": "a", "en": "Open."}},
    }
    caller = replace(CALLERS["shared"], sharing=(*CALLERS["shared"].sharing, MAYA))
    conversation = Conversation(load_story(tmp_path, steps), caller)
    assert said(conversation.resume(conversation.start(), DigitsPressed("4826"))) == ["Hidden."]


ASKS = """
flow: asks
title: {ne: a, en: a}
start: how
steps:
  how:
    menu: {prompt: {ne: a, en: "One?"}, keys: {1: how}}
    on_give_up: bye
  bye: {end: {ne: a, en: "Bye."}}
"""


def test_flows_follow_the_first_one_each_through_its_own_door_and_with_the_same_values(tmp_path):
    tells = """
flow: tells
title: {ne: a, en: a}
start: hello
steps:
  hello: {say: {ne: "{broadcast.names:clip}", en: "For {broadcast.names:clip}."}, next: bye}
  bye: {end: {}}
"""
    conversation = Conversation(load_flows(tmp_path, tells=tells, asks=ASKS), CALLERS["private"])
    sprint = conversation.start("tells", then=("tells", "money", "asks"), broadcast__names="/names/a /names/b")
    names = "says: For [/names/a /names/b]. [tells/hello-1 /names/a /names/b]"
    assert lines_of(sprint) == [names, names, "says: PIN? [pin/ask-1]", "waits for 4 keys"]
    told = conversation.resume(sprint, DigitsPressed("4826"))
    assert lines_of(told)[1:] == ["says: Private. [money/secret-1]", "says: One? [asks/how-1]", "waits for 1 key"]


def test_a_broadcast_is_answered_by_the_first_key_that_means_something(tmp_path):
    conversation = Conversation(load_flows(tmp_path, asks=ASKS))
    sprint = conversation.start("asks", broadcast__delivery=7)
    answers = []
    for key in ("5", "1", "1"):
        sprint = conversation.resume(sprint, DigitsPressed(key))
        answers.append([fact for fact in sprint.facts if isinstance(fact, BroadcastAnswered)])
    assert answers == [[], [BroadcastAnswered(7)], []]


def test_what_answers_no_broadcast_says_nothing_of_one(tmp_path):
    conversation = Conversation(load_flows(tmp_path, asks=ASKS))
    sprint = conversation.resume(conversation.start("asks"), DigitsPressed("1"))
    assert not [fact for fact in sprint.facts if isinstance(fact, BroadcastAnswered)]
