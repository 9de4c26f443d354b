"""Facts and the exact TwiML they become; an XML parser and Twilio's own library as oracles."""

from __future__ import annotations

import time

import defusedxml.ElementTree
import pytest
from fakes import phone
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from gateway.core.events import (
    CallRejected,
    CallTransferred,
    ConversationEnded,
    KeysAwaited,
    PromptSpoken,
    RecordingAwaited,
    StepEntered,
    TextPromised,
    TransferAwaited,
)
from gateway.providers.base import AnswerContext
from gateway.providers.twilio.render import LARGEST, escape, refusal, render_call, render_message

BASE = "https://h.example"
FIRST, LATER = AnswerContext(1, BASE), AnswerContext(4, BASE)
HEAD, TAIL = '<?xml version="1.0" encoding="UTF-8"?><Response>', "</Response>"
BREATH = f"<Play>{BASE}/audio/silence/500.wav</Play>"


def said(*clips, interruptible=True, text="text"):
    return PromptSpoken("flow/step", "ne", clips, text, interruptible)


def play(*clips):
    return "".join(f"<Play>{BASE}/audio/ne/{clip}.wav</Play>" for clip in clips)


def gather(inside, attributes, step=1):
    url = f"{BASE}/twilio/voice/{step}"
    return f'<Gather action="{url}" method="POST" {attributes}>{inside}</Gather><Redirect method="POST">{url}</Redirect>'


SILENCE_3 = f"<Play>{BASE}/audio/silence/3000.wav</Play>"
ONE = 'timeout="8" numDigits="1" finishOnKey=""'

ESCAPED = "&lt;Dial&gt;+1900&lt;/Dial&gt; &amp; &quot;x&quot;"

TABLE = {
    "a menu": ([said("a", "b")], KeysAwaited(1), FIRST, gather(play("a", "b"), ONE)),
    "a menu after a key": ([said("a")], KeysAwaited(1), LATER, gather(BREATH + play("a"), ONE, 4)),
    "several prompts": ([said("a"), StepEntered("f", "s"), said("b")], KeysAwaited(1), FIRST, gather(play("a", "b"), ONE)),
    "a PIN": (
        [said("a")],
        KeysAwaited(4),
        FIRST,
        gather(play("a") + SILENCE_3, 'timeout="5" numDigits="4" finishOnKey="#"'),
    ),
    "an amount": ([said("a")], KeysAwaited(None), FIRST, gather(play("a") + SILENCE_3, 'timeout="5" finishOnKey="#"')),
    "no more time for the first key": ([said("a")], KeysAwaited(None, 4, 5), FIRST, gather(play("a"), 'timeout="5" finishOnKey="#"')),
    "much more time for the first key": (
        [said("a")],
        KeysAwaited(None, 12, 5),
        FIRST,
        gather(play("a") + SILENCE_3 * 2 + BREATH * 2, 'timeout="5" finishOnKey="#"'),
    ),
    "a prompt that must be heard out": (
        [said("a"), said("b", interruptible=False), said("c")],
        KeysAwaited(1),
        LATER,
        BREATH + play("a", "b") + gather(play("c"), ONE, 4),
    ),
    "nothing that may be cut short": ([said("a", interruptible=False)], KeysAwaited(1), FIRST, play("a") + gather("", ONE)),
    "no prompt": ([], KeysAwaited(1), LATER, gather("", ONE, 4)),
    "a recording": (
        [said("a")],
        RecordingAwaited(30),
        FIRST,
        play("a") + f'<Record action="{BASE}/twilio/voice/1" method="POST" maxLength="30" timeout="4" finishOnKey="1" playBeep="true" '
        f'recordingStatusCallback="{BASE}/twilio/status/recordings" recordingStatusCallbackMethod="POST"/>'
        f'<Redirect method="POST">{BASE}/twilio/voice/1</Redirect>',
    ),
    "a transfer": (
        [said("a"), CallTransferred("+97714000001", 25)],
        TransferAwaited(),
        AnswerContext(1, BASE, "+97714000000"),
        play("a") + f'<Dial action="{BASE}/twilio/voice/1" method="POST" timeout="25" callerId="+97714000000">'
        "<Number>+97714000001</Number></Dial>",
    ),
    "the end": ([said("a"), TextPromised("नमस्ते"), ConversationEnded()], None, LATER, BREATH + play("a") + "<Hangup/>"),
    "the end without a word": ([ConversationEnded()], None, LATER, "<Hangup/>"),
    "a prompt without clips": (
        [said(text='<Dial>+1900</Dial> & "x"\x00')],
        None,
        FIRST,
        f"<Say>{ESCAPED}</Say><Hangup/>",
    ),
    "a prompt without anything": ([said(text="")], None, FIRST, "<Hangup/>"),
}


@pytest.mark.parametrize("case", TABLE)
def test_facts_become_exactly_this(case):
    facts, wait, context, wanted = TABLE[case]
    document = render_call(facts, wait, context)
    assert document == f"{HEAD}{wanted}{TAIL}"
    for verb in phone.parse(document):
        phone.check(verb)


def same(ours: str, theirs: object) -> bool:
    mine, reference = defusedxml.ElementTree.fromstring(ours.encode()), defusedxml.ElementTree.fromstring(str(theirs).encode())
    return [(e.tag, e.attrib, e.text or "") for e in mine.iter()] == [(e.tag, e.attrib, e.text or "") for e in reference.iter()]


xml_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30)
clip = st.from_regex(r"[a-z_]{1,12}/[a-z0-9.-]{1,12}", fullmatch=True)


@given(st.lists(clip, max_size=6), st.one_of(st.none(), st.integers(2, 12)), st.integers(1, 99))
def test_twilios_library_makes_the_same_of_a_question(clips, most, step):
    url = f"{BASE}/twilio/voice/{step}"
    response, extra = VoiceResponse(), {} if most is None else {"num_digits": most}
    inner = Gather(action=url, method="POST", timeout=5, finish_on_key="#", **extra)
    if clips and step > 1:
        inner.play(f"{BASE}/audio/silence/500.wav")
    for name in clips:
        inner.play(f"{BASE}/audio/ne/{name}.wav")
    inner.play(f"{BASE}/audio/silence/3000.wav")
    response.append(inner)
    response.redirect(url, method="POST")
    facts = [said(name) for name in clips]
    assert same(render_call(facts, KeysAwaited(most), AnswerContext(step, BASE)), response)


@given(xml_text.filter(bool))
def test_twilios_library_makes_the_same_of_words(text):
    voice, message = VoiceResponse(), MessagingResponse()
    voice.say(text)
    voice.hangup()
    message.message(text)
    assert same(render_call([said(text=text)], None, FIRST), voice)
    assert same(render_message(text), message)


@given(xml_text)
def test_twilios_library_makes_the_same_of_a_transfer(number):
    response, dial = VoiceResponse(), Dial(action=f"{BASE}/twilio/voice/1", method="POST", timeout=20)
    dial.number(number)
    response.append(dial)
    assert same(render_call([CallTransferred(number, 20)], TransferAwaited(), FIRST), response)


@given(st.text(st.characters(), max_size=200))
def test_any_text_at_all_makes_a_document_with_only_our_verbs(text):
    facts = [said(text, text=text), said(text=text), CallTransferred(text, 20)]
    documents = [render_message(text), render_call(facts, TransferAwaited(), LATER), render_call(facts, KeysAwaited(None), LATER)]
    documents.append(render_call(facts, RecordingAwaited(30, 4, text), AnswerContext(2, BASE + text)))
    verbs = {"Response", "Message", "Play", "Say", "Gather", "Redirect", "Record", "Dial", "Number", "Hangup"}
    for document in documents:
        assert {element.tag for element in defusedxml.ElementTree.fromstring(document.encode()).iter()} <= verbs


@pytest.mark.parametrize("text", ["<Dial>+1900…</Dial>", "]]><Hangup/>", "&lt;", "&#0;", "\ud800", "\ufffe\uffff", "\x00\x1b[31m", "a\rb"])
def test_hostile_words_are_only_words(text):
    message = defusedxml.ElementTree.fromstring(f"<a b={chr(34)}{escape(text)}{chr(34)}>{escape(text)}</a>")
    kept = "".join(char for char in text if char >= " " or char == "\r")
    kept = kept.replace("\ud800", "").replace("\ufffe", "").replace("\uffff", "")
    assert (message.text or "", message.get("b")) == (kept, kept)


def test_a_document_is_never_over_64_kilobytes():
    clips = tuple(f"claim_status/paid-{n}" for n in range(3000))
    for facts in ([said(*clips)], [said(*clips, interruptible=False), said("a")], [said(text="न" * 40_000)], [said(text='"' * 40_000)] * 3):
        document = render_call(facts, KeysAwaited(1), LATER)
        assert 20_000 < len(document.encode()) <= LARGEST
        assert phone.parse(document)[-1].tag == "Redirect"


def test_a_text_is_answered_with_another():
    assert render_message("नमस्ते।\n१ & २") == f"{HEAD}<Message>नमस्ते।\n१ &amp; २</Message>{TAIL}"


def test_nothing_to_say_is_an_empty_answer():
    assert render_message("") == f"{HEAD}{TAIL}"


def test_a_message_is_no_longer_than_twilio_takes():
    assert len(defusedxml.ElementTree.fromstring(render_message("x" * 5000).encode())[0].text) == 1600


def test_the_apology_needs_nothing_but_a_language():
    assert refusal(BASE, "ne") == f"{HEAD}{play('phrase/trouble')}<Hangup/>{TAIL}"


def test_rendering_costs_microseconds():
    amount = said("claim_status/paid-1", "number/25", "word/thousand", "number/3", "word/hundred", "word/rupees")
    facts = [amount, said("main_menu/options-1")]
    best = min(_seconds_of(lambda: render_call(facts, KeysAwaited(1), LATER)) for _ in range(7))
    theirs = min(_seconds_of(_with_the_library) for _ in range(7))
    assert best < theirs / 2  # a fifth on a quiet machine


def _with_the_library() -> str:
    response, inner = VoiceResponse(), Gather(action=BASE, method="POST", timeout=8, num_digits=1)
    for _ in range(8):
        inner.play(BASE)
    response.append(inner)
    response.redirect(BASE, method="POST")
    return str(response)


def _seconds_of(work, rounds: int = 200) -> float:
    began = time.perf_counter()
    for _ in range(rounds):
        work()
    return (time.perf_counter() - began) / rounds


def test_a_ring_that_is_called_back_is_not_picked_up_and_says_nothing_before() -> None:
    twilio = VoiceResponse()
    twilio.reject(reason="busy")
    assert same(render_call((CallRejected(),), None, FIRST), twilio)
