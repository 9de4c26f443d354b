"""Somleng needs no code: another account of the kind `twilio`. Our documents hold nothing that it does not read, and whole calls go over a
fake one, both ways.

What it reads stands in its source: for calls
https://github.com/somleng/somleng-switch/blob/develop/components/app/app/workflows/execute_twiml.rb, the `execute_*.rb` beside it and the
verbs in `models/twiml/`, for texts https://github.com/somleng/somleng/blob/develop/app/workflows/execute_messaging_twiml.rb.
"""

from __future__ import annotations

import io
import re
import time
import wave
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
import pytest
from calls.conftest import BASE_URL, Installation
from channels.test_docs import checked
from fakes.phone import Call, parse, through
from fakes.somleng import AUTH_TOKEN, FakeSomleng, SomlengPhone
from fakes.twilio import Sent

from gateway.config import PACKAGE_ROOT
from gateway.core.events import CallRejected, CallTransferred, Fact, KeysAwaited, PromptSpoken, RecordingAwaited, TransferAwaited, Wait
from gateway.core.jobs import CallBack, FetchRecording, SendReply
from gateway.providers.base import AnswerContext
from gateway.providers.twilio import render
from gateway.services import recordings, send, track

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
    yield render.render_call((CallRejected(),), None, AnswerContext(0, BASE), "/somleng")


def test_our_documents_hold_only_what_somleng_reads():
    used: set[str] = set()
    for written in documents():
        document = defusedxml.ElementTree.fromstring(written.encode())
        assert document.tag == "Response"
        for verb in document.iter():
            used.add(verb.tag)
            _check(verb)
    assert used >= set(READ)


def _check(verb: Element) -> None:
    if verb.tag == "Response":
        return
    assert set(verb.attrib) <= READ[verb.tag], verb.tag
    assert {inside.tag for inside in verb} <= NESTED.get(verb.tag, set()), verb.tag
    assert all(re.fullmatch("[0-9]+", verb.get(name, "1")) for name in ("timeout", "numDigits", "maxLength")), "it reads whole numbers"
    if verb.tag == "Gather":  # its library wants one of them, and takes a finish key that is none for #
        assert verb.get("numDigits") or verb.get("finishOnKey")
        assert re.fullmatch("[0-9*#]?", verb.get("finishOnKey", ""))
    if verb.tag in {"Redirect", "Play", "Number"}:
        assert verb.text


PAGE = (PACKAGE_ROOT / "docs" / "somleng.md").read_text(encoding="utf-8")
SITA, STRANGER = "+9779720000001", "+9779841000001"
RUNG = "+97714000001"  # our number that calls back
FILE = """
providers:
  somleng: {{kind: twilio, api_base_url: "{url}", account_sid: "{account}", auth_token: "{token}"}}
  other: {{kind: twilio, api_base_url: "{url}", account_sid: "{account}", auth_token: "the token of another account"}}
channels:
  main: {{provider: somleng, number: "+97714000000", carries: [voice, sms], calls_per_second: 1000, messages_per_second: 1000}}
  rung: {{provider: somleng, number: "+97714000001", carries: [voice], missed_calls: true}}
  twin: {{provider: other, number: "+97714000000", carries: [voice, sms]}}
"""


def test_the_example_of_the_page_is_right(tmp_path: Path):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert checked(tmp_path, example) == []


@dataclass
class Line:
    """An installation behind a Somleng."""

    here: Installation
    somleng: FakeSomleng

    def phone(self, number: str, **more: object) -> SomlengPhone:
        client = through(self.here.client, BASE_URL)
        return SomlengPhone(BASE_URL, self.somleng.account_sid, AUTH_TOKEN, number, **client, **more)

    def ring(self, number: str, **more: object) -> Call:
        return self.phone(number, **more).ring("/somleng/voice")

    def hang_up(self, call: Call) -> None:
        call.hang_up("/somleng/status/calls")

    def work(self) -> None:
        """What the clock and the workers do."""
        for job in track.sweep(self.here.gateway):
            match job:
                case CallBack():
                    send.call_back(self.here.gateway)
                case SendReply():
                    send.send_reply(self.here.gateway, job.delivery_id)
                case FetchRecording():
                    recordings.fetch(self.here.gateway, job.recording_id)

    def placed(self) -> list[Sent]:
        """All calls that we placed, in order, once the workers have had their turn."""
        self.work()
        return [sent for sent in self.somleng.ledger if sent.callback]

    def pick_up(self, sent: Sent) -> Call:
        phone = self.phone(sent.to)
        return phone.go_on(sent.url, sent.sid, {"From": sent.sender, "To": sent.to, "Direction": "outbound-api"})

    def report(self, sent: Sent, status: str, seconds: int | None = None) -> int:
        """Somleng's one word about a call of ours: that it is over."""
        body, headers = self.somleng.report(sent, status, seconds)
        return self.here.client.post(sent.callback.removeprefix(BASE_URL), data=body, headers=headers).status_code


@pytest.fixture
def line(installation_of: Callable[..., Installation], database_url: str, tmp_path: Path) -> Iterator[Line]:
    with FakeSomleng() as somleng:
        (tmp_path / "channels.yaml").write_text(
            FILE.format(url=somleng.url, account=somleng.account_sid, token=AUTH_TOKEN), encoding="utf-8"
        )
        yield Line(installation_of(database_url, GATEWAY_NUMBER=""), somleng)


def sound() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 2, 8000, 0, "NONE", ""))
        wav.writeframes(bytes(2 * 8000))
    return file.getvalue()


def test_a_stranger_registers_and_her_voice_is_fetched_from_where_it_is_kept(line: Line):
    call = line.ring(STRANGER).press("5").press("1").speak(4).press("2")
    line.hang_up(call)
    assert line.here.rows("SELECT state, trade FROM members WHERE length(id) = 32") == [("pending", "craft")]
    (recording,) = [form["RecordingUrl"].rsplit("/", 1)[1] for _, form in call.requests if "RecordingUrl" in form]
    line.work()
    assert line.here.rows("SELECT state FROM recordings") == [("pending",)]  # it is not ready yet
    line.somleng.recordings[recording] = sound()
    line.here.clock.move(minutes=10)
    line.work()
    assert line.here.rows("SELECT state FROM recordings") == [("kept",)]


def test_a_member_hears_her_claim_and_notes_what_she_paid(line: Line):
    call = line.ring(SITA).press("2")
    assert "ne/claim_status/approved-1" in call.heard
    line.hang_up(call)
    line.hang_up(line.ring(SITA).press("1").press("1"))
    assert line.here.rows("SELECT amount FROM contributions WHERE noted_by = 'voice'") == [(300_00,)]
    assert line.here.rows("SELECT direction, status FROM calls") == [("in", "completed")] * 2
    assert line.phone(SITA).text("dabi", "/somleng/sms") != []


def test_silence_ends_with_a_promise_and_never_goes_round_in_circles(line: Line):
    call = line.ring(STRANGER)
    while not call.over:
        call.wait()
    assert call.seconds < 120


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("keys", ["", "5", "51", "2", "1", "12", "6", "0"])
def test_whoever_hangs_up_anywhere_leaves_nothing_open(line: Line, keys: str, early: bool):
    """Somleng tells nothing of a recording that she broke off, and of a call only its end; where keys are awaited when she hangs up, it
    may still follow the Redirect behind them, before that or after."""
    call = line.ring(SITA if keys[:1] in {"1", "2"} else STRANGER)
    for key in keys:
        call.press(key)
    behind = [verb.text for verb in parse(call.twiml) if verb.tag == "Redirect" and call.waits_for == "Gather"]
    for path in behind[:early]:
        call.phone.send(path, call.form)
    line.hang_up(call)
    for path in behind:
        assert parse(call.phone.send(path, call.form)) is not None
    assert line.here.rows("SELECT count(*) FROM flow_sessions WHERE open") == [(0,)]
    assert line.here.rows("SELECT status FROM calls") == [("completed",)]


def test_she_rings_is_rejected_and_called_back(line: Line):
    call = line.ring(SITA, gateway_number=RUNG)
    assert (call.rejected, call.heard) == (True, [])
    line.here.clock.move(seconds=6)
    (placed,) = line.placed()
    assert (placed.to, placed.sender) == (SITA, RUNG)
    answered = line.pick_up(placed).press("2")
    assert "ne/claim_status/approved-1" in answered.heard
    assert line.report(placed, "completed", 41) == 204
    assert line.here.rows("SELECT state, seconds FROM deliveries") == [("delivered", 41)]
    assert line.here.rows("SELECT outcome FROM call_backs") == [("answered",)]


def test_a_call_of_which_only_the_end_is_reported_is_tried_again(line: Line):
    line.ring(SITA, gateway_number=RUNG)
    line.here.clock.move(seconds=6)
    (placed,) = line.placed()
    assert line.report(placed, "busy") == 204
    assert line.here.rows("SELECT state, error FROM deliveries WHERE round = 1") == [("undelivered", "busy")]
    line.here.clock.move(minutes=3)
    assert len(line.placed()) == 2


def test_a_call_whose_answer_was_lost_is_found_and_not_placed_again(line: Line):
    line.somleng.numbers = {SITA: iter(["reset_after"])}
    for number in (SITA, STRANGER):  # the newest call of the account is another's
        line.ring(number, gateway_number=RUNG)
    line.here.clock.move(seconds=6)
    assert {sent.to for sent in line.placed()} == {SITA, STRANGER}
    assert sorted(line.here.rows("SELECT state FROM deliveries")) == [("accepted",), ("unknown",)]
    line.here.clock.move(minutes=2)
    line.work()
    named = line.here.rows("SELECT id, external_id FROM deliveries")
    assert sorted(named) == sorted((int(sent.url.rsplit("/", 1)[1]), sent.sid) for sent in line.placed())


def test_a_call_whose_request_was_lost_is_placed_again_though_she_rang_herself(line: Line):
    line.somleng.numbers = {SITA: iter(["reset_before"])}
    ring = line.ring(SITA, gateway_number=RUNG)
    line.somleng.ledger.append(Sent("call", ring.sid, RUNG, SITA, "", "", "", time.time()))  # it lists whatever the account has
    line.here.clock.move(seconds=6)
    assert line.placed() == []
    line.here.clock.move(minutes=2)
    line.work()
    (placed,) = line.placed()
    assert line.here.rows("SELECT state, external_id FROM deliveries") == [("accepted", placed.sid)]


def test_what_one_account_signed_is_refused_at_anothers_address(line: Line):
    phone = line.phone(SITA)
    for path in ("/other/voice", "/other/voice/1", "/other/voice/deliveries/1", "/other/status/calls", "/other/sms"):
        with pytest.raises(AssertionError, match="403"):
            phone.send(path, {"CallSid": phone.new_sid("CA"), "From": SITA, "To": "+97714000000"})
    assert line.here.rows("SELECT count(*) FROM calls") == [(0,)]


def test_one_number_at_two_accounts_is_told_apart_by_who_asks(line: Line):
    line.hang_up(line.ring(SITA))
    assert line.here.rows("SELECT channel_id FROM calls") == [("main",)]
