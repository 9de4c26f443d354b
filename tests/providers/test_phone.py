"""The telephone of the tests is itself tested: it hears, counts and refuses as a real line does."""

from __future__ import annotations

import io
import wave

import pytest
from fakes.phone import BEEP, BETWEEN_KEYS, REACTION, Phone, TwimlError

from gateway.core.events import CallTransferred, ConversationEnded, KeysAwaited, PromptSpoken, RecordingAwaited, TransferAwaited
from gateway.providers.base import AnswerContext, WebhookRequest
from gateway.providers.twilio import Twilio

BASE = "https://h.example"
PROVIDER = Twilio(account_sid="AC" + "a" * 32, auth_token="t" * 32, api_base_url="https://api.twilio.com", public_base_url=BASE)
SECONDS = {"silence/500": 0.5, "silence/3000": 3.0}


def wav(seconds: float) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\0\0" * int(8000 * seconds))
    return buffer.getvalue()


class Script:
    """A gateway that says what it was told to say, step by step, and keeps what it heard. Each clip lasts two seconds."""

    def __init__(self, *answers):
        self.answers = answers
        self.heard = []

    def post(self, url, form, headers):
        path = url.removeprefix(BASE)
        fields = PROVIDER.verify(WebhookRequest(path, headers, list(form.items())))
        step = int(path.rsplit("/", 1)[1]) if path[-1].isdigit() and "deliveries" not in path else 0
        self.heard.append(PROVIDER.parse_call(fields, step).input)
        answer = self.answers[step]
        return 200, answer if isinstance(answer, str) else PROVIDER.render_call(*answer, AnswerContext(step + 1, BASE))

    def get(self, url):
        name = url.removeprefix(f"{BASE}/audio/").removesuffix(".wav")
        return (404, b"") if "missing" in name else (200, b"<html>" if "broken" in name else wav(SECONDS.get(name, 2.0)))

    def phone(self, **more) -> Phone:
        return Phone(BASE, PROVIDER.account_sid, PROVIDER.auth_token, "+9779841234567", post=self.post, get=self.get, **more)


def said(*clips, interruptible=True):
    return PromptSpoken("f/s", "ne", clips, "", interruptible)


END = ([said("bye")], None)


def test_a_whole_call_is_heard_and_timed():
    script = Script(([said("a", "b")], KeysAwaited(1)), ([said("c")], KeysAwaited(4)), END)
    call = script.phone().ring()
    assert (call.waits_for, call.heard) == ("Gather", ["ne/a", "ne/b"])
    call.press("2")
    assert call.seconds == 4 + REACTION
    call.press("1234")
    assert call.over
    assert call.heard == ["ne/a", "ne/b", "ne/c", "ne/bye"]
    assert call.seconds == pytest.approx(4 + REACTION + (0.5 + 2 + 3) + REACTION + 3 * BETWEEN_KEYS + 0.5 + 2)
    assert call.keys == 5
    assert [event.digits for event in script.heard[1:]] == ["2", "1234"]


def test_a_key_cuts_short_what_it_may():
    script = Script(([said("a", interruptible=False), said("b", "c", "d")], KeysAwaited(1)), END)
    call = script.phone().ring()
    call.press("1", at=2.5)
    assert call.heard == ["ne/a", "ne/b", "ne/c", "ne/bye"]
    assert call.seconds == 2 + 2.5 + 0.5 + 2


def test_a_key_before_that_is_lost():
    script = Script(([said("a", interruptible=False), said("b")], KeysAwaited(1)), END)
    script.phone().ring().press("1", at=-1)
    assert type(script.heard[1]).__name__ == "SilenceHeard"


def test_silence_lasts_as_long_as_she_is_given():
    script = Script(([said("a")], KeysAwaited(None, 8, 5)), END)
    call = script.phone().ring().wait()
    assert call.over
    assert call.seconds == 2 + 8 + 0.5 + 2


def test_an_open_answer_ends_with_silence_or_the_hash_key():
    for keys, more in (("500", 5), ("500#", 0)):
        script = Script(([said("a")], KeysAwaited(None)), END)
        call = script.phone().ring().press(keys)
        assert script.heard[1].digits == "500"
        assert call.seconds == 2 + 3 + REACTION + 2 * BETWEEN_KEYS + more + 0.5 + 2


def test_a_wrong_key_arrives_as_it_is():
    script = Script(([said("a")], KeysAwaited(1)), END)
    script.phone().ring().press("#")
    assert script.heard[1].digits == "#"


def test_speech_is_recorded_after_the_tone():
    script = Script(([said("a")], RecordingAwaited(30)), END)
    call = script.phone().ring().speak(4, finish="1")
    assert (script.heard[1].seconds, call.seconds) == (4, 2 + BEEP + 4 + 0.5 + 2)
    for spoken, kept in ((4, 4), (90, 30)):
        script = Script(([said("a")], RecordingAwaited(30)), END)
        script.phone().ring().speak(spoken)
        assert script.heard[1].seconds == kept


def test_no_speech_at_all_is_silence():
    script = Script(([said("a")], RecordingAwaited(30)), END)
    script.phone().ring().speak(0)
    assert type(script.heard[1]).__name__ == "SilenceHeard"


def test_a_call_is_put_through():
    for answered in (True, False):
        script = Script(([said("a"), CallTransferred("+97714000001", 20)], TransferAwaited()), END)
        call = script.phone().ring().transfer(answered=answered)
        assert (call.dialled, script.heard[1].answered) == (["+97714000001"], answered)


def test_a_call_from_us_is_picked_up():
    script = Script(([ConversationEnded()], None))
    call = script.phone().pick_up(12)
    assert call.over
    assert call.requests[0][0] == "/twilio/voice/deliveries/12"


def test_hanging_up_ends_the_call():
    call = Script(([said("a")], KeysAwaited(1))).phone().ring()
    call.hang_up()
    with pytest.raises(TwimlError, match="over"):
        call.press("1")


def test_the_last_request_can_be_repeated():
    script = Script(([said("a")], KeysAwaited(1)), END)
    call = script.phone().ring().press("1")
    assert call.repeat() == call.twiml
    assert len(script.heard) == 3


def test_each_request_may_be_posted_twice():
    script = Script(([said("a")], KeysAwaited(1)), END)
    script.phone(double=True).ring().press("1")
    assert len(script.heard) == 4


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("<Response><Pause/></Response>", "Pause"),
        ('<Response><Gather action="/x" method="POST" input="dtmf"/></Response>', "input"),
        ('<Response><Gather action="/x"/></Response>', "method"),
        ('<Response><Gather action="/x" method="POST"><Hangup/></Gather></Response>', "belong"),
        (f"<Response><Play>{BASE}/audio/ne/missing.wav</Play></Response>", "404"),
        (f"<Response><Play>{BASE}/audio/ne/broken.wav</Play></Response>", "WAV"),
        ("<Response><Play>https://evil.example/a.wav</Play></Response>", "elsewhere"),
        ("<Response><Say>a & b</Say></Response>", "XML"),
        ("\n<Response/>", "blank"),
        ("<Hello/>", "Hello"),
        ("<Response>" + "<Hangup/>" * 8000 + "</Response>", "64 kB"),
        (f"<Response><Redirect>{BASE}/twilio/voice/0</Redirect></Response>", "circles"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><Response>&b;</Response>', "Entit"),
    ],
)
def test_what_a_provider_would_refuse_fails_the_test(answer, complaint):
    with pytest.raises((TwimlError, ValueError), match=complaint):
        Script(answer).phone().ring()


def test_two_answers_to_one_request_fail_the_test():
    answers = iter(["<Response/>", "<Response><Hangup/></Response>"])
    phone = Script().phone(double=True)
    phone.post = lambda *_: (200, next(answers))
    with pytest.raises(TwimlError, match="differently"):
        phone.ring()
