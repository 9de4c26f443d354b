"""Texts over an Android phone: what is asked, and what each way of failing means."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from aiohttp import web
from android_sms_gateway import domain
from android_sms_gateway.client import APIClient
from fakes.android import FakeApi, FakeHttpSms, FakeSmsGate
from fakes.asking import fault_of, run
from fakes.provider_kit import NOT_TAKEN
from pydantic import ValidationError

from gateway.providers import http as door
from gateway.providers.android import OURS, id_of
from gateway.providers.base import Accepted, Found, OutboundCall, OutboundMessage, Provider
from gateway.providers.faults import SendError, SendFault
from gateway.providers.httpsms import account as httpsms
from gateway.providers.kinds import KINDS
from gateway.providers.smsgate import account as smsgate
from gateway.providers.smsgate.render import Options, render_request

HERS = "+9779841234567"
CLEAR = {"throttled": SendFault.THROTTLED, "redirect": SendFault.MISCONFIGURED}  # all else leaves open whether it was taken


@pytest.fixture(params=["server", "app", "httpsms"])
def fake(request):
    made = FakeHttpSms() if request.param == "httpsms" else FakeSmsGate(local=request.param == "app")
    with made as server:
        yield server


@pytest.fixture
def gate():
    with FakeSmsGate() as server:
        yield server


def provider(fake: FakeApi, **more: object) -> Provider:
    kind = KINDS["httpsms" if isinstance(fake, FakeHttpSms) else "smsgate"]
    return kind.build("drawer", kind.settings.model_validate(fake.account() | more), "https://h.example")


def text(fake: FakeApi, delivery_id: int = 7, to: str = HERS, body: str = "नमस्ते & १००%") -> OutboundMessage:
    return OutboundMessage(delivery_id, fake.number, to, body)


def test_a_text_is_given_to_the_phone_under_an_id_of_ours(fake):
    accepted = run(lambda http: provider(fake).send_message(http, text(fake)))
    (sent,) = fake.ledger
    assert (sent.to, sent.body, fake.violations) == (HERS, text(fake).body, [])
    assert OURS.fullmatch(sent.id)[1] == "7"
    assert accepted == Accepted(fake.id_of(sent) if isinstance(fake, FakeHttpSms) else sent.id, "accepted")


@pytest.mark.parametrize("fault", FakeApi.known_faults)
def test_each_way_of_failing_is_told_apart_by_whether_the_phone_may_have_it(fake, fault, monkeypatch):
    monkeypatch.setattr(door, "TIMEOUT", 1)
    fake.faults = {fault: 1.0}
    assert fault_of(lambda http: provider(fake).send_message(http, text(fake))).fault is CLEAR.get(fault, SendFault.AMBIGUOUS)
    assert len(fake.ledger) == (fault not in NOT_TAKEN)


def test_no_server_and_no_wifi_is_a_phone_that_is_away(fake):
    with pytest.raises(SendError) as caught:
        run(lambda http: replace(provider(fake), api_url="http://127.0.0.1:9").send_message(http, text(fake)))
    assert caught.value.fault is SendFault.UNREACHABLE


def test_a_wrong_key_is_ours_to_mend(fake):
    wrong = {"api_key": "other"} if isinstance(fake, FakeHttpSms) else {"password": "other"}
    assert fault_of(lambda http: provider(fake, **wrong).send_message(http, text(fake))).fault is SendFault.MISCONFIGURED


def test_a_number_that_is_none_is_a_bad_number(server):
    assert fault_of(lambda http: provider(server).send_message(http, text(server, to="+1"))).fault is SendFault.BAD_NUMBER


@pytest.mark.parametrize("state", ["accepted", "sent", "delivered", "failed"])
def test_what_became_of_a_text_is_found_by_our_id_alone(fake, state):
    for number in (7, 8):
        run(lambda http: provider(fake).send_message(http, text(fake, number)))  # noqa: B023 - run at once
    words = {"accepted": ["pending", "sending", "scheduled", "expired"], "sent": ["sent"], "delivered": ["delivered"], "failed": ["failed"]}
    if isinstance(fake, FakeSmsGate):
        words = {"accepted": ["Pending", "Processed"], "sent": ["Sent"], "delivered": ["Delivered"], "failed": ["Failed", "Cancelled"]}
    for word in words[state]:
        fake.states = {fake.ledger[0].id: word}
        found = run(lambda http: provider(fake).find_message(http, text(fake), "2026-01-15"))
        external_id = fake.id_of(fake.ledger[0]) if isinstance(fake, FakeHttpSms) else fake.ledger[0].id
        assert found == Found(external_id, state, text(fake).body)


def test_what_the_phone_never_got_is_not_found(fake):
    run(lambda http: provider(fake).send_message(http, text(fake, 8)))
    assert run(lambda http: provider(fake).find_message(http, text(fake), "2026-01-15")) is None


def test_the_phone_cannot_call(fake):
    refused = fault_of(lambda http: provider(fake).place_call(http, OutboundCall(8, fake.number, HERS)))
    assert refused.fault is SendFault.REFUSED


def test_no_number_and_no_key_is_logged_or_shown(fake, caplog):
    caplog.set_level(logging.DEBUG)
    run(lambda http: provider(fake).send_message(http, text(fake)))
    secrets = [value for name, value in fake.account().items() if name not in {"api_url", "username"}]
    shown = caplog.text + repr(provider(fake))
    assert not [secret for secret in [HERS, *secrets] if secret in shown]


# --- httpSMS ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def server():
    with FakeHttpSms() as made:
        yield made


@pytest.mark.parametrize(("off_for", "taken"), [(None, True), (3_500.0, True), (3_700.0, False), (200_000.0, False)])
def test_httpsms_is_given_no_text_for_a_phone_that_it_has_not_heard_of_for_an_hour(server, off_for, taken):
    """It would take the text and keep it: `GET /v1/heartbeats` of https://api.httpsms.com/index.html tells when the phone was there."""
    server.off_for = off_for
    if taken:
        assert run(lambda http: provider(server).send_message(http, text(server))).status == "accepted"
    else:
        assert fault_of(lambda http: provider(server).send_message(http, text(server))).fault is SendFault.UNREACHABLE
    assert len(server.ledger) == taken


def test_a_server_that_breaks_off_before_it_got_the_text_does_not_have_it(server, monkeypatch):
    monkeypatch.setattr(FakeHttpSms, "tell", lambda _self, request: request.transport.abort())
    assert fault_of(lambda http: provider(server).send_message(http, text(server))).fault is SendFault.UNREACHABLE
    assert server.ledger == []


def test_whether_a_phone_is_on_is_what_httpsms_says_of_its_heartbeats(server):
    for server.off_for, is_on in ((None, None), (60.0, True), (3_700.0, False)):
        assert run(lambda http: provider(server).is_on(http, server.number)) is is_on
    wrong = provider(server, api_key="other")
    assert run(lambda http: wrong.is_on(http, server.number)) is None, "nobody can tell"


# --- SMS Gate ---------------------------------------------------------------------------------------------------------------------


def test_no_number_of_ours_is_refused_for_being_newer_than_the_servers_list(gate):
    newer = "+9779641234567"  # of a range that was given out lately
    assert run(lambda http: provider(gate).send_message(http, text(gate, to=newer))).status == "accepted"


def test_a_text_that_the_phone_has_already_is_not_sent_twice(gate):
    gate.faults = {"reset_after": 1.0}
    fault_of(lambda http: provider(gate).send_message(http, text(gate)))
    gate.faults = {}
    assert run(lambda http: provider(gate).send_message(http, text(gate))) == Accepted(gate.ledger[0].id)
    assert len(gate.ledger) == 1


def test_another_text_never_has_the_id_of_one_before():
    told = [OutboundMessage(row, "+9779800000001", to, body) for row in (1, 2) for to in (HERS, HERS[:-1] + "8") for body in ("a", "b")]
    ids = {id_of(key, message) for key in ("one", "two") for message in told}
    assert len(ids) == 16
    assert max(map(len, (id_of("one", OutboundMessage(2**63 - 1, "+9779800000001", HERS, "a")), *ids))) <= 36


def test_a_phone_that_is_switched_off_is_away_and_takes_nothing(gate):
    gate.offline = True
    assert fault_of(lambda http: provider(gate).send_message(http, text(gate))).fault is SendFault.UNREACHABLE
    gate.offline, gate.queue_full = False, True
    assert fault_of(lambda http: provider(gate).send_message(http, text(gate))).fault is SendFault.UNREACHABLE
    assert gate.ledger == []


@pytest.mark.parametrize(
    ("offline", "device", "is_on"), [(False, "phone-1", True), (True, "phone-1", False), (True, None, True), (False, "gone", False)]
)
def test_whether_a_phone_is_on_is_what_the_server_says_of_this_phone(gate, offline, device, is_on):
    """`GET /3rdparty/v1/devices`, https://api.sms-gate.app."""
    gate.offline, gate.others = offline, ["phone-2"]
    assert run(lambda http: provider(gate, device_id=device).is_on(http, gate.number)) is is_on


def test_the_app_itself_is_on_where_it_answers():
    with FakeSmsGate(local=True) as app:
        on = provider(app)
        assert run(lambda http: on.is_on(http, app.number)) is True
    assert fault_of(lambda http: on.is_on(http, app.number)).fault is SendFault.UNREACHABLE


@pytest.mark.parametrize("answer", [b"", b"{}", b"[" * 9_000, b'[{"id": "phone-1"}, 7, {"id": "phone-1", "lastSeen": "soon"}]'])
def test_an_answer_about_phones_that_cannot_be_read_tells_nothing_of_a_phone_that_is_on(gate, answer, monkeypatch):
    monkeypatch.setattr(FakeSmsGate, "tell", lambda _self, _request: web.Response(body=answer, content_type="application/json"))
    assert not run(lambda http: provider(gate).is_on(http, gate.number))


def test_a_request_is_as_the_apps_own_client_writes_it():
    """The official Python client is the oracle: https://pypi.org/project/android-sms-gateway/ 4.3."""
    message = OutboundMessage(7, "+9779800000001", HERS, "नमस्ते")
    theirs = domain.Message(
        id="aawaj-7-b52b3b8de1",
        text_message=domain.TextMessage("नमस्ते"),
        phone_numbers=[HERS],
        sim_number=2,
        device_id="phone-1",
        ttl=3600,
    ).asdict()
    ours = json.loads(render_request("aawaj-7-b52b3b8de1", message, Options(sim=2, device_id="phone-1", hours=1)))
    assert ours.items() <= theirs.items()
    assert theirs.keys() - ours.keys() == {"priority", "isEncrypted"}, "left at what they are anyway"


def test_the_fake_answers_the_apps_own_client_as_the_server_does(gate):
    with APIClient(gate.username, gate.password, base_url=gate.api_url) as client:
        theirs = client.send(domain.Message(id="theirs", text_message=domain.TextMessage("hello"), phone_numbers=[HERS]))
        run(lambda http: provider(gate).send_message(http, text(gate)))
        known = client.get_state(gate.ledger[1].id)
    assert (theirs.id, known.id, known.state.value, known.recipients[0].phone_number) == ("theirs", gate.ledger[1].id, "Pending", HERS)


# --- settings ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (smsgate.Account, {"api_url": "http://api.sms-gate.app/3rdparty/v1"}),  # in the open, without TLS
        (smsgate.Account, {"api_url": "sms-gate.app"}),
        (smsgate.Account, {"signing_key": "short"}),
        (smsgate.Account, {"sim": 4}),
        (smsgate.Account, {"token": "x"}),
        (httpsms.Account, {"signing_key": "shorter than thirty-two"}),
        (httpsms.Account, {"api_url": "http://8.8.8.8"}),
        (httpsms.Account, {"api_url": "https://user:secret@api.httpsms.com"}),
    ],
)
def test_settings_that_cannot_be_right_are_refused_without_showing_them(model, wrong):
    right = (
        {"username": "sms", "password": "p", "signing_key": "k" * 32}
        if model is smsgate.Account
        else {"api_key": "a", "signing_key": "k" * 32}
    )
    assert model.model_validate(right)
    with pytest.raises(ValidationError) as caught:
        model.model_validate(right | wrong)
    assert "secret" not in str(caught.value)
