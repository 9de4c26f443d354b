"""The REST client against a fake Twilio: what is asked, and what each way of failing means."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fakes.asking import fault_of, run
from fakes.twilio import FAULTS, FakeTwilio

from gateway.providers import http as door
from gateway.providers.base import Accepted, Billed, Charge, Found, OutboundCall, OutboundMessage, Provider
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import Api, open_http
from gateway.providers.twilio import Twilio
from gateway.providers.twilio.client import FAULTS as CODES

PUBLIC, OURS, HERS = "https://h.example", "+97714000000", "+9779841234567"
MESSAGE = OutboundMessage(7, OURS, HERS, "नमस्ते & स्वागत + १००%")
CALL = OutboundCall(8, OURS, HERS)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


@pytest.fixture
def fake():
    with FakeTwilio() as server:
        yield server


def twilio(fake, url: str = "") -> Twilio:
    return Twilio(account_sid=fake.account_sid, auth_token=fake.auth_token, api_base_url=url or fake.url, public_base_url=PUBLIC)


# --- what is asked ---------------------------------------------------------------------------------------------------------------------


def test_a_text_is_sent_with_the_delivery_in_its_callback(fake):
    accepted = run(lambda http: twilio(fake).send_message(http, MESSAGE))
    (sent,) = fake.ledger
    assert accepted == Accepted(sent.sid, "accepted")
    assert (sent.kind, sent.to, sent.sender, sent.body) == ("message", HERS, OURS, MESSAGE.body)
    assert sent.callback == f"{PUBLIC}/twilio/status/messages/7"
    assert fake.violations == []


def test_a_call_is_placed_with_the_delivery_in_its_urls(fake):
    accepted = run(lambda http: twilio(fake).place_call(http, CALL))
    (sent,) = fake.ledger
    assert accepted == Accepted(sent.sid, "accepted")
    assert (sent.kind, sent.to, sent.sender, sent.url) == ("call", HERS, OURS, f"{PUBLIC}/twilio/voice/deliveries/8")
    assert sent.callback == f"{PUBLIC}/twilio/status/calls/8"
    assert fake.violations == []


def test_a_call_can_be_listened_to_for_a_machine_and_is_then_ended(fake):
    listening = replace(twilio(fake), detect_machines=True)
    placed = run(lambda http: listening.place_call(http, CALL))
    run(lambda http: listening.end_call(http, placed.external_id))
    assert (fake.ended, fake.violations) == ([placed.external_id], [])
    assert fault_of(lambda http: listening.end_call(http, placed.external_id)).fault is SendFault.REFUSED, "it is over"
    assert fault_of(lambda http: listening.end_call(http, "../x")).provider_code == "bad-id"


def test_what_was_charged_is_read_page_by_page(fake, monkeypatch):
    monkeypatch.setattr("gateway.providers.twilio.client.CHARGES_LISTED", "2")
    provider = twilio(fake)
    sids = [run(lambda http: provider.send_message(http, MESSAGE)).external_id for _ in range(3)]
    fake.prices = {sids[0]: "-0.00750", sids[1]: "-0.1", sids[2]: "soon"}
    today = datetime.now(UTC).date()
    billed, pages, page = Billed("sms", OURS, today, today), [], None
    while page is not None or not pages:
        read = run(lambda http: provider.charges(http, billed, page))  # noqa: B023 - run at once
        pages.append(list(read.charges))
        page = read.page
    assert pages == [[Charge(sids[1], 100_000, "USD")], [Charge(sids[0], 7_500, "USD")]]
    nothing = run(lambda http: provider.charges(http, replace(billed, first=today + timedelta(1), last=today + timedelta(1)), None))
    assert (list(nothing.charges), nothing.page) == ([], None)
    assert run(lambda http: provider.charges(http, replace(billed, medium="voice"), None)).charges == []
    assert fake.violations == []


@pytest.mark.parametrize("further", ["https://elsewhere.example/x", "/2010-04-01/Accounts/other/Messages.json?Page=1", 7, None])
def test_a_next_page_that_is_no_page_of_our_list_is_the_end(further):
    class Answer:
        async def get(self, *_):
            return door.Reply(200, {}, json.dumps({"messages": [], "next_page_uri": further}).encode())

    provider = Twilio(account_sid="AC1", auth_token="t", api_base_url="https://api.twilio.com", public_base_url=PUBLIC)
    today = datetime.now(UTC).date()
    assert asyncio.run(provider.charges(Answer(), Billed("sms", OURS, today, today), None)).page is None


@pytest.mark.parametrize(("name", "resource"), [("send_message", "Messages.json"), ("place_call", "Calls.json")])
def test_requests_keep_to_twilios_published_schema(name, resource, twilio_openapi):
    forms = []

    class Recorder:
        async def post(self, _api, path, form):
            forms.append((path, form))
            return door.Reply(201, {}, json.dumps({"sid": ("SM" if name == "send_message" else "CA") + "1" * 32}).encode())

    provider = Twilio(account_sid="AC1", auth_token="t", api_base_url="https://api.twilio.com", public_base_url=PUBLIC)
    asyncio.run(getattr(provider, name)(Recorder(), MESSAGE if name == "send_message" else CALL))
    ((path, form),) = forms
    operation = twilio_openapi["paths"][path.replace("AC1", "{AccountSid}")]["post"]
    schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    typed = {}
    for field, value in form:
        kind = schema["properties"][field].get("type")
        if kind == "array":
            typed.setdefault(field, []).append(value)
        else:
            typed[field] = int(value) if kind == "integer" else value
    whole = {**schema, "additionalProperties": False, "components": twilio_openapi["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(typed)


def test_what_was_sent_is_found_again_by_its_body(fake):
    provider = twilio(fake)
    assert run(lambda http: provider.find_message(http, MESSAGE, "2026-01-01")) is None
    run(lambda http: provider.send_message(http, replace(MESSAGE, body="another")))
    assert run(lambda http: provider.find_message(http, MESSAGE, "2026-01-01")) is None
    sent = run(lambda http: provider.send_message(http, MESSAGE))
    fake.statuses[sent.external_id] = "delivered"
    assert run(lambda http: provider.find_message(http, MESSAGE, "2026-01-01")) == Found(sent.external_id, "delivered", MESSAGE.body)
    assert run(lambda http: provider.find_message(http, MESSAGE, "2999-01-01")) is None
    assert run(lambda http: provider.find_message(http, replace(MESSAGE, recipient=OURS), "2026-01-01")) is None
    assert fake.violations == []


def test_a_call_is_found_again(fake):
    provider = twilio(fake)
    assert run(lambda http: provider.find_call(http, CALL, "2026-01-01")) is None
    placed = run(lambda http: provider.place_call(http, CALL))
    fake.statuses[placed.external_id] = "no-answer"
    assert run(lambda http: provider.find_call(http, CALL, "2026-01-01")) == Found(placed.external_id, "undelivered")
    assert fake.violations == []


def test_a_call_of_which_the_id_is_known_is_asked_about_by_it(fake):
    provider = twilio(fake)
    known = replace(CALL, external_id=run(lambda http: provider.place_call(http, CALL)).external_id)
    run(lambda http: provider.place_call(http, CALL))
    fake.statuses[known.external_id] = "busy"
    assert run(lambda http: provider.find_call(http, known, "2999-01-01")) == Found(known.external_id, "undelivered")
    assert run(lambda http: provider.find_call(http, replace(CALL, external_id="CA" + "0" * 32), "2026-01-01")) is None


# --- what failing means ----------------------------------------------------------------------------------------------------------------

EXPECTED = {
    "throttled": (SendFault.THROTTLED, 0),
    "error_before": (SendFault.AMBIGUOUS, 0),
    "error_after": (SendFault.AMBIGUOUS, 1),
    "reset_before": (SendFault.AMBIGUOUS, 0),
    "reset_after": (SendFault.AMBIGUOUS, 1),
    "drip": (SendFault.AMBIGUOUS, 1),
    "slow": (SendFault.AMBIGUOUS, 1),
    "garbage": (SendFault.AMBIGUOUS, 1),
    "no_sid": (SendFault.AMBIGUOUS, 1),
    "huge": (SendFault.AMBIGUOUS, 1),
    "redirect": (SendFault.MISCONFIGURED, 0),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("name", "what"), [("send_message", MESSAGE), ("place_call", CALL)])
def test_each_fault_has_its_meaning_and_nothing_is_sent_twice(fault, name, what, monkeypatch):
    monkeypatch.setattr(door, "TIMEOUT", 1.5)
    meaning, taken = EXPECTED[fault]
    with FakeTwilio(numbers={HERS: fault}) as fake:
        began = time.monotonic()
        error = fault_of(lambda http: getattr(twilio(fake), name)(http, what))
        assert time.monotonic() - began < 4
        assert (error.fault, fake.requests, len(fake.ledger)) == (meaning, 1, taken)
        assert error.retry_after == (1.0 if fault == "throttled" else None)


@pytest.mark.parametrize("code", [code for code in CODES if code.isdigit()])
def test_each_code_of_twilio_has_its_meaning(code):
    with FakeTwilio(numbers={HERS: code}) as fake:
        error = fault_of(lambda http: twilio(fake).send_message(http, MESSAGE))
    assert (error.fault, error.provider_code) == (CODES[code], code)


@pytest.mark.parametrize("code", ["+9779841234567", "the number 9841234567", "<b>", None, 10**12, ["21610"], True])
def test_a_code_that_is_none_is_not_passed_on(code):
    class Answer:
        async def post(self, *_):
            return door.Reply(400, {}, json.dumps({"code": code}).encode())

    with pytest.raises(SendError) as caught:
        asyncio.run(Twilio(account_sid="AC1", auth_token="t", api_base_url="", public_base_url=PUBLIC).send_message(Answer(), MESSAGE))
    assert (caught.value.fault, caught.value.provider_code) == (SendFault.REFUSED, "400")


def test_an_unknown_code_is_a_refusal():
    with FakeTwilio(numbers={HERS: "21999"}) as fake:
        error = fault_of(lambda http: twilio(fake).send_message(http, MESSAGE))
    assert (error.fault, error.provider_code) == (SendFault.REFUSED, "21999")


def test_a_wrong_token_stops_the_broadcast(fake):
    provider = replace(twilio(fake), auth_token="wrong")
    assert fault_of(lambda http: provider.send_message(http, MESSAGE)).fault is SendFault.MISCONFIGURED
    assert fault_of(lambda http: provider.find_message(http, MESSAGE, "2026-01-01")).fault is SendFault.MISCONFIGURED


def test_no_connection_means_nothing_was_sent(fake):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refused = f"http://127.0.0.1:{closed.getsockname()[1]}"
        for url in (refused, "http://no-such-host.invalid", fake.url.replace("http:", "https:")):
            error = fault_of(lambda http, url=url: twilio(fake, url).send_message(http, MESSAGE))
            assert (error.fault, fake.ledger) == (SendFault.UNREACHABLE, [])


def test_a_certificate_that_nobody_vouches_for_stops_us_before_anything_is_sent(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    unsigned = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    certificate = unsigned.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "server.pem").write_bytes(certificate.public_bytes(pem) + plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    reached = []

    async def main():
        server = await asyncio.start_server(lambda *_: reached.append(1), "127.0.0.1", 0, ssl=context)
        url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
        async with server, open_http(1) as http:
            await Twilio(account_sid="AC1", auth_token="t", api_base_url=url, public_base_url=PUBLIC).send_message(http, MESSAGE)

    with pytest.raises(SendError) as caught:
        asyncio.run(main())
    assert (caught.value.fault, reached) == (SendFault.UNREACHABLE, [])


def test_a_connection_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(door, "TIMEOUT", 0.5)
    monkeypatch.setattr(door, "CONNECT_TIMEOUT", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        provider = Twilio(
            account_sid="AC1",
            auth_token="t",
            api_base_url=f"http://127.0.0.1:{silent.getsockname()[1]}",
            public_base_url=PUBLIC,
        )
        assert fault_of(lambda http: provider.send_message(http, MESSAGE)).fault is SendFault.AMBIGUOUS


def test_the_timeouts_are_explicit():
    assert (door.TIMEOUT, door.CONNECT_TIMEOUT) == (10, 3)


# --- recordings ------------------------------------------------------------------------------------------------------------------------


def test_a_recording_is_fetched_by_its_id(fake):
    fake.recordings["RE" + "1" * 32] = WAV
    assert run(lambda http: twilio(fake).fetch_recording(http, "RE" + "1" * 32)) == WAV


@pytest.mark.parametrize(
    ("wav", "fault"),
    [(None, SendFault.UNREACHABLE), (b"<html>", SendFault.REFUSED), (b"", SendFault.REFUSED), (WAV + b"x" * 11_000_000, SendFault.REFUSED)],
)
def test_what_is_no_recording_is_not_kept(fake, wav, fault):
    if wav is not None:
        fake.recordings["RE" + "1" * 32] = wav
    assert fault_of(lambda http: twilio(fake).fetch_recording(http, "RE" + "1" * 32)).fault is fault


@pytest.mark.parametrize("name", ["../Messages/SM1", "http://127.0.0.1:6379/", "", "RE1", "x@evil.example"])
def test_an_id_that_is_none_is_never_asked_for(fake, name):
    assert fault_of(lambda http: twilio(fake).fetch_recording(http, name)).fault is SendFault.REFUSED
    assert fake.peers == set()


def test_a_path_cannot_name_another_host(fake):
    api = Api(fake.url, "user", "password")
    with pytest.raises(ValueError, match="slash"):
        run(lambda http: http.get(api, "@evil.example/", {}, 1000))


# --- what must not show ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["", "error_after", "reset_before", "garbage", "21610"])
def test_nothing_personal_and_no_token_is_logged_or_said(fault, caplog):
    with FakeTwilio(numbers={HERS: fault} if fault else {}) as fake, caplog.at_level(logging.DEBUG):
        provider = twilio(fake)
        said = repr(provider) + repr(Api(fake.url, fake.account_sid, fake.auth_token))
        if fault:
            error = fault_of(lambda http: provider.send_message(http, MESSAGE))
            said += f"{error!r} {error} {error.__cause__!r} {error.__suppress_context__}"
        else:
            run(lambda http: provider.send_message(http, MESSAGE))
            run(lambda http: provider.find_message(http, MESSAGE, "2026-01-01"))
        said += caplog.text
        for secret in (fake.auth_token, HERS, HERS[1:], MESSAGE.body, "%2B977"):
            assert secret not in said


def test_a_proxy_in_the_environment_is_ignored(fake, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert run(lambda http: twilio(fake).send_message(http, MESSAGE)).external_id == fake.ledger[0].sid


def test_connections_are_kept_and_no_more_than_allowed(fake):
    async def main():
        async with open_http(5) as http:
            await asyncio.gather(*[twilio(fake).send_message(http, replace(MESSAGE, delivery_id=n)) for n in range(100)])

    asyncio.run(main())
    assert (len(fake.ledger), len(fake.peers)) == (100, 5)


def test_twilio_is_a_provider(fake):
    provider: Provider = twilio(fake)
    assert provider.name == "twilio"
    assert all(hasattr(provider, name) for name in dir(Provider) if not name.startswith("_"))
