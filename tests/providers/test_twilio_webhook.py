"""Twilio's signature, held against Twilio's own validator; forms and the events they become; the dictionaries of statuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from gateway.core import statuses
from gateway.core.events import CallAnswered, DigitsPressed, MessageReceived, RecordingMade, SilenceHeard, TransferEnded
from gateway.errors import GatewayError
from gateway.providers.base import WebhookRequest
from gateway.providers.faults import SendFault
from gateway.providers.twilio import Twilio, webhook

ACCOUNT, TOKEN, BASE = "AC" + "a" * 32, "token-of-the-tests", "https://aawaj.example.org"
CALL, MESSAGE, RECORDING = "CA" + "1" * 32, "SM" + "2" * 32, "RE" + "3" * 32
FORM = {"AccountSid": ACCOUNT, "CallSid": CALL, "From": "+9779841234567", "To": "+97714000000", "Digits": "2"}
UUID = "5f3b7c1e-8a2d-4c5e-9f00-1234567890ab"


def twilio(token: str = TOKEN, base: str = BASE) -> Twilio:
    return Twilio(account_sid=ACCOUNT, auth_token=token, api_base_url="https://api.twilio.com", public_base_url=base)


def signed(url: str, form=None, token: str = TOKEN) -> str:
    return RequestValidator(token).compute_signature(url, FORM if form is None else form)


def request(signature: str | None, path: str = "/twilio/voice", form=None) -> WebhookRequest:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    return WebhookRequest(path, headers, list(form.items()) if isinstance(form, dict) else form or list(FORM.items()))


def code(call) -> str:
    with pytest.raises(GatewayError) as caught:
        call()
    return caught.value.code


# --- the signature ---------------------------------------------------------------------------------------------------------------------


def test_a_signed_request_gives_its_form():
    assert twilio().verify(request(signed(f"{BASE}/twilio/voice"))) == FORM


@pytest.mark.parametrize(
    "path",
    ["/twilio/voice?", "/twilio/voice?a=%C3%A9&b=%2F%7E%22%7B", "/twilio/voice/3?x=1&x=2", "/twilio/%E0%A4%A8", "/a//b/../c?d=e%20f+g"],
)
def test_the_raw_path_and_query_are_signed_as_they_came(path):
    url = BASE + path
    signature = signed(url.removesuffix("?"))
    assert RequestValidator(TOKEN).validate(url, FORM, signature)
    assert twilio().verify(request(signature, path)) == FORM


@pytest.mark.parametrize(
    ("base", "signed_base", "accepted"),
    [
        ("https://h.example", "https://h.example:443", True),
        ("https://h.example:443", "https://h.example", True),
        ("http://127.0.0.1", "http://127.0.0.1:80", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("https://h.example", "https://h.example:8443", False),
        ("https://h.example", "http://h.example", False),
        ("https://h.example", "https://evil.example", False),
        ("https://h.example/below", "https://h.example/below", True),
        ("https://h.example/below", "https://h.example", False),
    ],
)
def test_the_port_may_be_signed_or_not(base, signed_base, accepted):
    signature = signed(f"{signed_base}/twilio/voice")
    assert RequestValidator(TOKEN).validate(f"{base}/twilio/voice", FORM, signature) is accepted
    if accepted:
        twilio(base=base).verify(request(signature))
    else:
        assert code(lambda: twilio(base=base).verify(request(signature))) == "webhook:forged"


@pytest.mark.parametrize("signature", [None, "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "नमस्ते", "\udc80"])
def test_a_missing_or_wrong_signature_is_forged(signature):
    assert code(lambda: twilio().verify(request(signature))) == "webhook:forged"


def test_an_empty_token_accepts_nothing():
    signature = signed(f"{BASE}/twilio/voice", token="")
    assert RequestValidator("").validate(f"{BASE}/twilio/voice", FORM, signature)  # what the library does
    assert code(lambda: twilio(token="").verify(request(signature))) == "webhook:forged"


def test_another_accounts_token_is_forged():
    assert code(lambda: twilio().verify(request(signed(f"{BASE}/twilio/voice", token="other")))) == "webhook:forged"


def test_a_changed_field_is_forged():
    signature = signed(f"{BASE}/twilio/voice")
    assert code(lambda: twilio().verify(request(signature, form={**FORM, "From": "+9779800000000"}))) == "webhook:forged"


def test_unknown_fields_are_signed_and_kept():
    form = {**FORM, "RawDlrDoneDate": "2611211200", "X": ""}
    assert twilio().verify(request(signed(f"{BASE}/twilio/voice", form), form=form)) == form


def test_another_account_is_refused_though_its_signature_is_right():
    form = {**FORM, "AccountSid": "AC" + "b" * 32}
    assert code(lambda: twilio().verify(request(signed(f"{BASE}/twilio/voice", form), form=form))) == "webhook:foreign-account"


def test_a_json_body_comes_as_an_empty_form_and_is_refused():
    body = json.dumps(FORM)
    url = f"{BASE}/twilio/voice?bodySHA256={RequestValidator(TOKEN).compute_hash(body)}"
    empty = WebhookRequest(url.removeprefix(BASE), {"X-Twilio-Signature": signed(url, {})}, [])
    assert code(lambda: twilio().verify(empty)) == "webhook:malformed"


def test_a_field_that_is_given_twice_is_malformed_when_signed_and_forged_when_not():
    twice = [*FORM.items(), ("From", "+9779800000000")]
    text = f"{BASE}/twilio/voice" + "".join(name + value for name, value in sorted(twice))
    signature = RequestValidator(TOKEN).compute_signature(text, {})
    with pytest.raises(GatewayError, match="From") as caught:
        twilio().verify(request(signature, form=twice))
    assert caught.value.code == "webhook:malformed"
    assert code(lambda: twilio().verify(request("x", form=twice))) == "webhook:forged"
    same = [*FORM.items(), ("From", FORM["From"])]  # the library takes this for one From
    assert code(lambda: twilio().verify(request(signed(f"{BASE}/twilio/voice"), form=same))) == "webhook:malformed"


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@given(
    st.dictionaries(names, st.text(st.characters(codec="utf-8"), max_size=20), max_size=12),
    st.sampled_from([BASE, f"{BASE}:443", f"{BASE}:8443"]),
)
@example({"a": "b", "B": "c", "é": "न"}, BASE)
def test_the_check_agrees_with_twilios_validator(fields, signed_base):
    form = {**fields, "AccountSid": ACCOUNT}
    signature = signed(f"{signed_base}/twilio/voice?q=%C3%A9", form)
    wanted = RequestValidator(TOKEN).validate(f"{BASE}/twilio/voice?q=%C3%A9", form, signature)
    try:
        accepted = twilio().verify(request(signature, "/twilio/voice?q=%C3%A9", form)) == form
    except GatewayError:
        accepted = False
    assert accepted is wanted


# --- forms become events ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({}, SilenceHeard()),
        ({"Digits": ""}, SilenceHeard()),
        ({"Digits": "2"}, DigitsPressed("2")),
        ({"Digits": "0123"}, DigitsPressed("0123")),
        ({"Digits": "#"}, DigitsPressed("#")),
        ({"Digits": "**"}, DigitsPressed("**")),
        ({"Digits": "9" * 50}, DigitsPressed("9" * 50)),
        *[({"Digits": wrong}, DigitsPressed("*")) for wrong in ("A", "1a", "१", "１", "²", "1\n", " 1", "w1", "9" * 65, "<1>")],
        ({"RecordingSid": RECORDING, "RecordingDuration": "4", "Digits": "1"}, RecordingMade(RECORDING, 4, "1")),
        ({"RecordingSid": RECORDING, "RecordingDuration": "0", "Digits": "0"}, RecordingMade(RECORDING, 0, "0")),
        ({"RecordingSid": RECORDING, "RecordingDuration": "4", "Digits": "hangup"}, RecordingMade(RECORDING, 4)),
        ({"RecordingSid": RECORDING, "RecordingDuration": "0"}, RecordingMade(RECORDING, 0)),
        ({"RecordingSid": RECORDING, "RecordingDuration": "-1"}, RecordingMade(RECORDING, 0)),
        ({"RecordingSid": UUID, "RecordingDuration": "12"}, RecordingMade(UUID, 12)),
        ({"RecordingSid": "../../Messages/SM1", "RecordingDuration": "4"}, RecordingMade("", 0)),
        ({"RecordingUrl": "http://169.254.169.254/", "RecordingDuration": "4"}, RecordingMade("", 0)),
        ({"DialCallStatus": "completed"}, TransferEnded(answered=True)),
        ({"DialCallStatus": "answered"}, TransferEnded(answered=True)),
        ({"DialCallStatus": "no-answer", "Digits": "1"}, TransferEnded(answered=False)),
        ({"DialCallStatus": "busy"}, TransferEnded(answered=False)),
    ],
)
def test_what_a_form_says_becomes_an_event(fields, event):
    form = {name: value for name, value in FORM.items() if name != "Digits"} | fields
    inbound = twilio().parse_call(form, 3)
    assert (inbound.provider, inbound.external_id, inbound.step, inbound.medium) == ("twilio", CALL, 3, "voice")
    assert (inbound.sender, inbound.recipient, inbound.input) == ("+9779841234567", "+97714000000", event)


def test_the_first_request_of_a_call_is_its_beginning():
    assert twilio().parse_call(FORM, 0).input == CallAnswered()


def test_in_a_call_that_we_placed_she_is_the_one_who_was_called():
    inbound = twilio().parse_call({**FORM, "From": "+97714000000", "To": "+9779841234567", "Direction": "outbound-api"}, 0)
    assert (inbound.sender, inbound.recipient) == ("+9779841234567", "+97714000000")


@pytest.mark.parametrize(
    "number", ["", "anonymous", "Restricted", "+266696687", "+7378742833", "+86282452253", "client:bob", "sip:x@y", "+97712345"]
)
def test_a_withheld_number_is_nobody(number):
    assert twilio().parse_call({**FORM, "From": number}, 0).sender is None
    assert twilio().parse_message({"MessageSid": MESSAGE, "From": number}).sender is None


def test_a_text_becomes_an_event():
    inbound = twilio().parse_message({"MessageSid": MESSAGE, "From": "00977 984-1234567", "To": "32100", "Body": "योगदान ५००"})
    assert (inbound.external_id, inbound.step, inbound.medium, inbound.sender) == (MESSAGE, 0, "sms", "+9779841234567")
    assert (inbound.recipient, inbound.input) == ("32100", MessageReceived("योगदान ५००"))


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (None, ""),
        ("", ""),
        ("a\0b", "a\ufffdb"),
        ("x" * 1600, "x" * 1600),
        ("x" * 60_000, "x" * 1600),
        ("x" * 1598 + "की", "x" * 1598 + "की"),
        ("x" * 1599 + "की", "x" * 1599),
        ("👩‍👩‍👧" * 400, "👩‍👩‍👧" * 320),
        ("a" + "\u0301" * 3000, "a" + "\u0301" * 1599),
        ("%ED%A0%80", "%ED%A0%80"),
    ],
)
def test_a_text_is_kept_whole_letters_at_a_time(body, kept):
    form = {"MessageSid": MESSAGE, "From": "+9779841234567"} | ({} if body is None else {"Body": body})
    assert twilio().parse_message(form).input == MessageReceived(kept)


@pytest.mark.parametrize(
    "sid", [None, "", "SM1", CALL, "RE" + "1" * 32, "x" * 65, "x" * 10_000, f"{MESSAGE}\n", "SM/../../../etc", "१" * 20]
)
def test_a_text_without_a_readable_id_is_malformed(sid):
    form = {"From": "+9779841234567", "Body": "hi"} | ({} if sid is None else {"MessageSid": sid})
    assert code(lambda: twilio().parse_message(form)) == "webhook:malformed"
    assert code(lambda: twilio().parse_status("sms", {**form, "MessageStatus": "sent"})) == "webhook:malformed"


@pytest.mark.parametrize("sid", [MESSAGE, "MM" + "f" * 32, UUID])
def test_the_ids_of_twilio_and_of_somleng_are_taken(sid):
    assert twilio().parse_message({"MessageSid": sid}).external_id == sid


def test_a_call_without_a_readable_id_is_malformed():
    assert code(lambda: twilio().parse_call({**FORM, "CallSid": MESSAGE}, 1)) == "webhook:malformed"


# --- statuses --------------------------------------------------------------------------------------------------------------------------


def test_every_status_is_one_that_we_know():
    assert set(webhook.MESSAGE_STATUS.values()) <= set(statuses.DELIVERY)
    assert set(webhook.CALL_STATUS.values()) <= set(statuses.CALL)


def test_every_status_that_twilio_publishes_for_what_we_send_has_a_meaning(twilio_openapi):
    schemas = twilio_openapi["components"]["schemas"]
    assert set(schemas["message_enum_status"]["enum"]) - set(webhook.MESSAGE_STATUS) == {"receiving", "received"}
    assert set(schemas["call_enum_status"]["enum"]) <= set(webhook.CALL_STATUS)


@pytest.mark.parametrize("word", [*webhook.MESSAGE_STATUS])
def test_a_texts_status_is_reported(word):
    report = twilio().parse_status("sms", {"MessageSid": MESSAGE, "MessageStatus": word})
    assert (report.provider, report.external_id, report.status, report.error) == ("twilio", MESSAGE, webhook.MESSAGE_STATUS[word], None)


@pytest.mark.parametrize(
    ("written", "seconds"), [("12", 12), ("0", 0), ("-1", None), ("abc", None), ("99999999", None), ("१२", None), ("", None)]
)
def test_a_calls_status_is_reported_with_its_seconds(written, seconds):
    report = twilio().parse_status("voice", {"CallSid": CALL, "CallStatus": "completed", "CallDuration": written})
    assert (report.status, report.seconds) == ("completed", seconds)


@pytest.mark.parametrize(("written", "error"), [("21610", "21610"), ("abc", "abc"), ("-1", "-1"), ("", None), ("9" * 40, "9" * 16)])
def test_an_error_code_is_kept_as_text(written, error):
    assert twilio().parse_status("sms", {"MessageSid": MESSAGE, "MessageStatus": "undelivered", "ErrorCode": written}).error == error


@pytest.mark.parametrize("word", ["banana", "", "received", "Delivered"])
def test_an_unknown_status_says_nothing(word):
    assert twilio().parse_status("sms", {"MessageSid": MESSAGE, "MessageStatus": word}) is None
    assert twilio().parse_status("voice", {"CallSid": CALL, "CallStatus": word}) is None


def test_the_token_never_shows():
    assert TOKEN not in repr(twilio())
    with pytest.raises(GatewayError) as caught:
        twilio().verify(request("x"))
    assert TOKEN not in str(caught.value)
    assert FORM["From"] not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "by"), [("human", "human"), ("machine_start", "machine"), ("fax", "machine"), ("unknown", None), ("", None)]
)
def test_who_answered_is_reported_apart_from_the_status(written, by):
    report = twilio().parse_status("voice", {"CallSid": CALL, "AnsweredBy": written, "MachineDetectionDuration": "2400"})
    assert (report.status, report.answered_by) == ("answered", by)
    ended = twilio().parse_status("voice", {"CallSid": CALL, "AnsweredBy": written, "CallStatus": "completed"})
    assert (ended.status, ended.answered_by) == ("completed", by)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("Sun, 22 Nov 2026 06:15:00 +0000", datetime(2026, 11, 22, 6, 15, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 06:15:00 -0000", datetime(2026, 11, 22, 6, 15, tzinfo=UTC)),  # so writes Somleng
        ("Sun, 22 Nov 2026 06:15:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_when_it_happened_is_taken_with_its_zone_alone(written, at):
    assert twilio().parse_status("voice", {"CallSid": CALL, "CallStatus": "ringing", "Timestamp": written}).at == at


def test_a_code_that_means_something_is_reported_with_its_meaning():
    form = {"MessageSid": MESSAGE, "MessageStatus": "undelivered"}
    assert twilio().parse_status("sms", {**form, "ErrorCode": "30005"}).fault is SendFault.BAD_NUMBER
    assert twilio().parse_status("sms", {**form, "ErrorCode": "30003"}).fault is None
