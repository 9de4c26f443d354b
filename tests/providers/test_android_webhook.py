"""What phones tell us: signatures with each part of the request changed in turn, and events as the records they become."""

from __future__ import annotations

import json

import jwt
import pytest
from android_sms_gateway import webhooks as theirs
from fakes.android import FakeHttpSms, FakeSmsGate, Sent

from gateway.core.events import MessageReceived
from gateway.errors import GatewayError
from gateway.providers.android import MissedCall, instant
from gateway.providers.base import Inbound, StatusReport, WebhookRequest
from gateway.providers.faults import SendFault
from gateway.providers.httpsms import HttpSms
from gateway.providers.smsgate import SmsGate

NOW = 1_768_457_700.0  # 2026-01-15 06:15 UTC
HERS = "+9779841234567"
ADDRESS = "https://h.example/drawer"
OURS = "aawaj-7-b52b3b8de1"


@pytest.fixture
def gate():
    return FakeSmsGate()


@pytest.fixture
def server():
    return FakeHttpSms()


def smsgate(gate: FakeSmsGate, now: float = NOW, **more: object) -> SmsGate:
    account = {"api_url": "https://x", "username": gate.username, "password": gate.password, "signing_key": gate.signing_key}
    return SmsGate(name="drawer", now=lambda: now, **account | more)


def httpsms(server: FakeHttpSms, now: float = NOW, **more: object) -> HttpSms:
    account = {"api_url": "https://x", "api_key": server.api_key, "signing_key": server.signing_key}
    return HttpSms(name="drawer", public_base_url="https://h.example", now=lambda: now, **account | more)


def asked(body: bytes, headers: dict[str, str]) -> WebhookRequest:
    return WebhookRequest("/drawer", headers, (), body=body)


def code_of(provider: SmsGate | HttpSms, body: bytes, headers: dict[str, str]) -> str:
    try:
        provider.verify(asked(body, headers))
    except GatewayError as error:
        return error.code
    return ""


# --- SMS Gate ---------------------------------------------------------------------------------------------------------------------


def test_the_published_vector_is_signed_and_nothing_else_is(gate):
    body, headers = gate.text(HERS, "दाबी", NOW)
    assert code_of(smsgate(gate), body, headers) == ""
    changed = {
        "the body": (body.replace("दाबी".encode(), "दाबि".encode()), headers),
        "no signature": (body, {**headers, "X-Signature": ""}),
        "another signature": (body, {**headers, "X-Signature": headers["X-Signature"][:-1] + "é"}),
        "another time": (body, {**headers, "X-Timestamp": str(int(NOW) + 1)}),
        "no time": (body, {**headers, "X-Timestamp": ""}),
        "a time that moved into the body": (body + headers["X-Timestamp"].encode(), {**headers, "X-Timestamp": ""}),
        "another key": (body, FakeSmsGate.sign(type("Other", (), {"signing_key": "other"})(), body, NOW)),
    }
    assert {what: code_of(smsgate(gate), *request) for what, request in changed.items()} == dict.fromkeys(changed, "webhook:forged")


def test_an_empty_key_signs_nothing(gate):
    gate.signing_key = ""
    body, headers = gate.text(HERS, "dabi", NOW)
    assert code_of(smsgate(gate), body, headers) == "webhook:forged"


@pytest.mark.parametrize(("later", "code"), [(-301, "webhook:forged"), (-299, ""), (299, ""), (301, "webhook:forged")])
def test_a_replay_is_refused_after_five_minutes(gate, later, code):
    body, headers = gate.text(HERS, "dabi", NOW)
    assert code_of(smsgate(gate, NOW + later), body, headers) == code


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"\xff", b'{"id": 1, "id": 2}', b"[" * 60_000, b'{"payload": {"a": 1, "a": 1}}'])
def test_what_is_signed_and_no_event_is_malformed(gate, body):
    try:
        headers = gate.sign(body, NOW)
    except UnicodeDecodeError:
        return  # the app writes none
    assert code_of(smsgate(gate), body, headers) == "webhook:malformed"


def test_a_text_becomes_a_record_that_every_repeat_shares(gate):
    provider = smsgate(gate)
    first = provider.parse_message(provider.verify(asked(*gate.text("९८४१२३४५६७", "दाबी", NOW))))
    assert first == Inbound("drawer", first.external_id, 0, "sms", HERS, "", MessageReceived("दाबी"))
    again = provider.parse_message(provider.verify(asked(*gate.text("९८४१२३४५६७", "दाबी", NOW, event_id="another-webhook"))))
    assert again == first, "the same text, told under another id"
    later = provider.parse_message(provider.verify(asked(*gate.text("९८४१२३४५६७", "दाबी", NOW + 1))))
    assert later.external_id != first.external_id, "she wrote the same again"


def test_texts_of_companies_have_no_sender(gate):
    provider = smsgate(gate)
    assert provider.parse_message(provider.verify(asked(*gate.text("NTC_OFFER", "Recharge now", NOW)))).sender is None


def test_the_fake_writes_events_as_the_apps_own_library_reads_them(gate):
    """The official Python client is the oracle: `android_sms_gateway.webhooks`."""
    body, _ = gate.text(HERS, "dabi", NOW)
    read = theirs.SmsReceivedPayload.from_dict(json.loads(body)["payload"])
    assert (read.sender, read.message, read.recipient, read.received_at.timestamp()) == (HERS, "dabi", None, NOW)


@pytest.mark.parametrize(
    ("event", "more", "said"),
    [
        ("sms:sent", {"partsCount": 1}, StatusReport("drawer", OURS, "sent")),
        ("sms:delivered", {}, StatusReport("drawer", OURS, "delivered")),
        (
            "sms:failed",
            {"reason": "Send result: RESULT_ERROR_LIMIT_EXCEEDED"},
            StatusReport("drawer", OURS, "failed", "ERROR_LIMIT_EXCEEDED"),
        ),
        ("sms:failed", {"reason": "TTL expired"}, StatusReport("drawer", OURS, "failed", "TTL-expired")),
        ("sms:failed", {"reason": "Invalid number"}, StatusReport("drawer", OURS, "failed", "Invalid-number", fault=SendFault.BAD_NUMBER)),
        ("sms:failed", {"reason": f"cannot reach {HERS}"}, StatusReport("drawer", OURS, "failed", "cannot-reach")),
        ("sms:cancelled", {}, StatusReport("drawer", OURS, "failed", "cancelled")),
    ],
)
def test_what_became_of_a_text_is_told_in_our_words(gate, event, more, said):
    provider = smsgate(gate)
    form = provider.verify(asked(*gate.event(event, at=NOW, messageId=OURS, recipient=HERS, **more)))
    assert (provider.kind_of(form), provider.delivery_of(form), provider.parse_status("sms", form)) == ("status", 7, said)


def test_a_text_that_somebody_else_sent_from_the_phone_is_not_ours(gate):
    provider = smsgate(gate)
    form = provider.verify(asked(*gate.event("sms:sent", at=NOW, messageId="zXDYfTmTVf3iMd16zzdBj")))
    assert provider.parse_status("sms", form) is None


def test_an_event_of_the_accounts_other_phone_is_not_this_providers(gate):
    """A webhook without a deviceId is told the events of every phone of the account: docs.sms-gate.app/faq/webhooks."""
    for device, kind in ((None, "text"), ("phone-1", "text"), ("phone-2", "")):
        provider = smsgate(gate, device_id=device)
        assert provider.kind_of(provider.verify(asked(*gate.text(HERS, "dabi", NOW)))) == kind
    ring = smsgate(gate, device_id="phone-2")
    event = gate.event("call:ringing", at=NOW, phoneNumber="9841234567")
    assert ring.kind_of(ring.verify(asked(*event))) == "missed_call", "CallGate is an app of its own, with an id of its own"


def test_a_ring_that_callgate_tells_is_a_missed_call(gate):
    provider = smsgate(gate)
    form = provider.verify(asked(*gate.event("call:ringing", event_id="ring-1", at=NOW, phoneNumber="9841234567")))
    assert (provider.kind_of(form), provider.parse_missed_call(form)) == ("missed_call", MissedCall("ring-1", HERS, "", None))
    withheld = provider.verify(asked(*gate.event("call:ringing", event_id="ring-2", at=NOW, phoneNumber=None)))
    assert provider.parse_missed_call(withheld).sender is None


@pytest.mark.parametrize("event", ["system:ping", "call:started", "call:ended", "mms:received", "sms:data-received", "", "x" * 5000])
def test_events_of_no_use_are_let_be(gate, event):
    provider = smsgate(gate)
    assert provider.kind_of(provider.verify(asked(*gate.event(event, at=NOW)))) == ""


def test_two_sims_in_one_phone_are_two_providers(gate):
    form = smsgate(gate).verify(asked(*gate.text(HERS, "dabi", NOW, simNumber=2)))
    assert [smsgate(gate, sim=sim).kind_of(form) for sim in (1, 2, None)] == ["", "text", "text"]


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "न"])
def test_an_id_that_cannot_be_read_is_malformed(gate, given):
    form = {"id": given, "event": "call:ringing"}
    with pytest.raises(GatewayError, match="id"):
        smsgate(gate).parse_missed_call(form)


# --- httpSMS ----------------------------------------------------------------------------------------------------------------------


def test_the_token_is_for_our_address_under_our_key_and_for_now(server):
    body, headers = server.text(HERS, "dabi", ADDRESS, NOW)
    claims = {"aud": ADDRESS, "exp": int(NOW) + 600, "nbf": int(NOW) - 600}

    def token(*, key: str = server.signing_key, algorithm: str = "HS256", **changes: object) -> dict[str, str]:
        said = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return {"Authorization": f"Bearer {jwt.encode(said, key if algorithm != 'none' else '', algorithm=algorithm)}"}

    good = [headers, token(), token(aud=f"{ADDRESS}/"), {"Authorization": token()["Authorization"].replace("Bearer", "bearer")}]
    assert [code_of(httpsms(server), body, each) for each in good] == [""] * 4
    forged = {
        "none": {},
        "no scheme": {"Authorization": token()["Authorization"].removeprefix("Bearer ")},
        "another key": token(key="k" * 32),
        "another algorithm": token(algorithm="HS384", key="k" * 48),
        "no algorithm": token(algorithm="none"),
        "another address": token(aud="https://h.example/other"),
        "no address": token(aud=None),
        "no end": token(exp=None),
        "long over": token(exp=int(NOW) - 61),
        "not yet": token(nbf=int(NOW) + 61),
        "garbage": {"Authorization": "Bearer a.b.c"},
        "an end that is no number": token(exp="tomorrow"),
    }
    assert {what: code_of(httpsms(server), body, each) for what, each in forged.items()} == dict.fromkeys(forged, "webhook:forged")


def test_an_event_of_httpsms_becomes_a_text(server):
    provider = httpsms(server)
    form = provider.verify(asked(*server.text(HERS, "दाबी", ADDRESS, NOW)))
    read = provider.parse_message(form)
    assert (provider.kind_of(form), read) == (
        "text",
        Inbound("drawer", read.external_id, 0, "sms", HERS, server.number, MessageReceived("दाबी")),
    )
    again = provider.parse_message(provider.verify(asked(*server.text(HERS, "दाबी", ADDRESS, NOW))))
    assert again == read, "the phone told it twice, and httpSMS gave it two ids"


def test_what_came_in_encrypted_is_let_be(server):
    body, headers = server.text(HERS, "9cb1…", ADDRESS, NOW)
    assert httpsms(server).kind_of(httpsms(server).verify(asked(body.replace(b'"encrypted": false', b'"encrypted": true'), headers))) == ""


@pytest.mark.parametrize(
    ("event", "more", "status", "error"),
    [
        ("message.phone.sent", {}, "sent", None),
        ("message.phone.delivered", {}, "delivered", None),
        ("message.send.failed", {"error_message": "RESULT_ERROR_NO_SERVICE"}, "failed", "ERROR_NO_SERVICE"),
        ("message.send.expired", {}, "accepted", "expired"),
    ],
)
def test_what_httpsms_tells_of_a_text_is_told_in_our_words(server, event, more, status, error):
    sent = Sent(OURS, HERS, server.number, "नमस्ते")
    server.ledger.append(sent)
    provider = httpsms(server)
    form = provider.verify(asked(*server.about(event, sent, ADDRESS, NOW, **more)))
    assert (provider.kind_of(form), provider.delivery_of(form)) == ("status", 7)
    assert provider.parse_status("sms", form) == StatusReport("drawer", server.id_of(sent), status, error)


def test_the_published_missed_call_is_one(server):
    told = {"contact": HERS, "message_id": "0b0123bb-ef2e-468f-908a-c026d51636aa", "timestamp": "2026-01-15T06:15:00.814Z"}
    provider = httpsms(server)
    form = provider.verify(asked(*server.event("message.call.missed", ADDRESS, NOW, event_id="event-1", **told)))
    missed = MissedCall("event-1", HERS, server.number, instant("2026-01-15T06:15:00.814+00:00"))
    assert (provider.kind_of(form), provider.parse_missed_call(form)) == ("missed_call", missed)


@pytest.mark.parametrize(
    ("event", "kind"), [("phone.heartbeat.offline", "offline"), ("phone.heartbeat.online", "online"), ("message.api.sent", "")]
)
def test_a_phone_that_is_not_heard_of_is_told_and_the_rest_let_be(server, event, kind):
    provider = httpsms(server)
    assert provider.kind_of(provider.verify(asked(*server.event(event, ADDRESS, NOW)))) == kind
