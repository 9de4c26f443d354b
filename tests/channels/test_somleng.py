"""Somleng needs no code: another account of the kind `twilio`. Our documents hold nothing that it does not read, and a whole signed call
goes over it.

What it reads stands in its source: for calls https://github.com/somleng/somleng-switch/blob/develop/components/app/app/models/execute_twiml.rb
and the verbs in `models/twiml/` beside it, for texts
https://github.com/somleng/somleng/blob/develop/app/workflows/execute_messaging_twiml.rb.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
import pytest
from channels.test_file import SECRETS, WHOLE
from fakes.phone import Phone, through
from sqlalchemy import text

from gateway.core.events import CallTransferred, Fact, KeysAwaited, PromptSpoken, RecordingAwaited, TransferAwaited, Wait
from gateway.providers.base import AnswerContext
from gateway.providers.twilio import render
from gateway.services import installation
from gateway.services.context import Gateway
from gateway.web.app import create_app

BASE = "https://gateway.example"
READ: Mapping[str, set[str]] = {
    "Play": {"loop"},
    "Say": {"loop", "voice", "language"},
    "Gather": {"action", "method", "timeout", "numDigits", "finishOnKey", "actionOnEmptyResult"},
    "Redirect": {"method"},
    "Dial": {"action", "method", "callerId", "timeout"},
    "Number": set(),
    "Record": {
        "action",
        "method",
        "maxLength",
        "timeout",
        "finishOnKey",
        "playBeep",
        "recordingStatusCallback",
        "recordingStatusCallbackMethod",
    },
    "Reject": {"reason"},
    "Hangup": set(),
    "Message": {"to", "from", "action", "method"},
}
NESTED = {"Gather": {"Say", "Play"}, "Dial": {"Number", "Sip"}}


def documents() -> Iterator[str]:
    """Every kind of document that we can make: each wait, with prompts that have clips or only words and that may be cut short or not."""
    waits: list[Wait | None] = [
        KeysAwaited(1),
        KeysAwaited(None),
        KeysAwaited(6),
        RecordingAwaited(30, 4, "#"),
        TransferAwaited(),
        None,
    ]
    for wait, clips, interruptible, step in product(waits, ((), ("silence/500", "word/thousand")), (True, False), (1, 3)):
        facts: list[Fact] = [PromptSpoken("a/b", "ne", clips, "नमस्ते", interruptible), PromptSpoken("a/c", "ne", (), "फेरि")]
        facts += [CallTransferred("+97714000000", 20)] if isinstance(wait, TransferAwaited) else []
        yield render.render_call(facts, wait, AnswerContext(step, BASE), "/somleng")
    yield render.refusal(BASE, "ne")
    yield render.render_message("नमस्ते")
    yield render.render_message("")


def test_our_documents_hold_only_what_somleng_reads():
    used: set[str] = set()
    for written in documents():
        document = defusedxml.ElementTree.fromstring(written.encode())
        assert document.tag == "Response"
        for verb in document.iter():
            used.add(verb.tag)
            _check(verb)
    assert used >= set(READ) - {"Reject"}


def _check(verb: Element) -> None:
    if verb.tag == "Response":
        return
    assert set(verb.attrib) <= READ[verb.tag], verb.tag
    assert {inside.tag for inside in verb} <= NESTED.get(verb.tag, set()), verb.tag


@pytest.fixture
def somleng(gateway_of: Callable[..., Gateway]) -> Gateway:
    gateway = gateway_of(WHOLE, SECRETS | {"SOMLENG_SID": str(uuid.UUID(int=7))})  # its ids are UUIDs
    installation.prepare(gateway)
    return gateway


def test_a_whole_signed_call_goes_over_somleng(somleng: Gateway):
    client = create_app(somleng).test_client()
    phone = Phone(BASE, str(uuid.UUID(int=7)), SECRETS["SOMLENG_TOKEN"], "+9779841234567", **through(client, BASE))
    call = phone.ring("/somleng/voice", sid=str(uuid.uuid4()))
    assert call.waits_for == "Gather"
    call.press("9")
    assert {path for path, _ in call.requests[1:]} == {f"{BASE}/somleng/voice/1"}
    call.hang_up("/somleng/status/calls")
    with somleng.database.read() as db:
        kept = db.execute(text("SELECT channel_id, direction, status FROM calls")).all()
    assert [tuple(row) for row in kept] == [("landline", "in", "completed")]


def test_a_call_signed_for_another_account_is_refused(somleng: Gateway):
    client = create_app(somleng).test_client()
    stranger = Phone(BASE, str(uuid.UUID(int=7)), SECRETS["TWILIO_TOKEN"], "+9779841234567", **through(client, BASE))
    with pytest.raises(AssertionError, match="403"):
        stranger.ring("/somleng/voice", sid=str(uuid.uuid4()))
