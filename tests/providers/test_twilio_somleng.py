"""The REST client against a fake Somleng, where Somleng is not Twilio; its source is named in `fakes.somleng`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from fakes.asking import fault_of, run
from fakes.somleng import FakeSomleng

from gateway.providers.base import Billed, Found, OutboundCall, OutboundMessage, WebhookRequest
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import Reply
from gateway.providers.twilio import Twilio
from gateway.providers.twilio.account import Account
from gateway.web.webhooks import gate

T = TypeVar("T")
OURS, HERS, ANOTHER = "+97714000000", "+9779841234567", "+9779841234568"
MESSAGE, CALL = OutboundMessage(7, OURS, HERS, "नमस्ते"), OutboundCall(8, OURS, HERS)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
RECORDING = "5f3b7c1e-8a2d-4c5e-9f00-1234567890ab"


@pytest.fixture
def fake() -> Iterator[FakeSomleng]:
    with FakeSomleng() as server:
        yield server


def somleng(fake: FakeSomleng) -> Twilio:
    return Twilio(
        name="somleng",
        webhooks="/somleng",
        account_sid=fake.account_sid,
        auth_token=fake.auth_token,
        api_base_url=fake.url,
        public_base_url="https://h.example",
    )


def test_what_was_sent_is_found_among_everything_that_the_account_has(fake: FakeSomleng):
    provider = somleng(fake)
    text = run(lambda http: provider.send_message(http, MESSAGE))
    call = run(lambda http: provider.place_call(http, CALL))
    for n in range(120):  # more than a page of the same words to others, and of other calls from the same number
        run(lambda http: provider.send_message(http, replace(MESSAGE, recipient=ANOTHER, delivery_id=n)))  # noqa: B023 - run at once
        run(lambda http: provider.place_call(http, replace(CALL, recipient=ANOTHER, delivery_id=n)))  # noqa: B023
    fake.statuses = {text.external_id: "sent", call.external_id: "busy"}
    assert run(lambda http: provider.find_message(http, MESSAGE, "2026-01-01")) == Found(text.external_id, "sent", MESSAGE.body)
    assert run(lambda http: provider.find_call(http, CALL, "2026-01-01")) == Found(call.external_id, "undelivered")


def test_what_others_got_is_never_taken_for_hers(fake: FakeSomleng):
    provider = somleng(fake)
    run(lambda http: provider.send_message(http, replace(MESSAGE, recipient=ANOTHER)))
    run(lambda http: provider.place_call(http, replace(CALL, recipient=ANOTHER)))
    run(lambda http: provider.place_call(http, replace(CALL, sender="+97714000001")))
    assert run(lambda http: provider.find_message(http, MESSAGE, "2026-01-01")) is None
    assert run(lambda http: provider.find_call(http, CALL, "2026-01-01")) is None


def test_a_list_is_read_no_further_back_than_is_asked_and_not_for_ever(fake: FakeSomleng, monkeypatch: pytest.MonkeyPatch):
    provider = somleng(fake)
    run(lambda http: provider.send_message(http, MESSAGE))
    assert run(lambda http: provider.find_message(http, MESSAGE, "2999-01-01")) is None
    for _ in range(3):
        run(lambda http: provider.send_message(http, replace(MESSAGE, recipient=ANOTHER)))
    monkeypatch.setattr("gateway.providers.twilio.client.LISTED", "1")
    monkeypatch.setattr("gateway.providers.twilio.client.MOST_PAGES", 3)
    assert run(lambda http: provider.find_message(http, MESSAGE, "2026-01-01")) is None


def test_a_charge_is_told_with_the_id_of_what_it_is_for(fake: FakeSomleng):
    provider = somleng(fake)
    sent = run(lambda http: provider.send_message(http, MESSAGE))
    fake.prices = {sent.external_id: "-0.005"}
    today = fake.ledger[0].time.date()
    (charge,) = run(lambda http: provider.charges(http, Billed("sms", OURS, today, today), None)).charges
    assert (charge.external_id, charge.amount) == (sent.external_id, 5_000)


def test_charges_are_read_no_further_back_than_the_first_day(fake: FakeSomleng, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.providers.twilio.client.CHARGES_LISTED", "1")
    provider = somleng(fake)
    for _ in range(3):
        run(lambda http: provider.send_message(http, MESSAGE))
    today = fake.ledger[0].time.date()
    days = Billed("sms", OURS, today + timedelta(days=1), today + timedelta(days=2))
    assert run(lambda http: provider.charges(http, days, None)).page is None
    assert run(lambda http: provider.charges(http, replace(days, first=today), None)).page is not None


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://api.somleng.example/", None),
        ("http://192.168.1.20:3000", None),
        ("http://api.somleng.example", "http is for"),
        ("api.somleng.example", "https://host"),
        ("https://user:password@api.somleng.example", "https://host"),
    ],
)
def test_the_token_goes_over_no_open_network(url: str, fault: str | None):
    if fault is None:
        assert not Account(account_sid="AC1", auth_token="t", api_base_url=url).api_base_url.endswith("/")
        return
    with pytest.raises(ValueError, match=fault):
        Account(account_sid="AC1", auth_token="t", api_base_url=url)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("21210", SendFault.MISCONFIGURED),  # calls from a number that is not ours
        ("21606", SendFault.MISCONFIGURED),  # the same of texts
        ("S1004", SendFault.MISCONFIGURED),
        ("S1005", SendFault.MISCONFIGURED),  # no money
        ("S1007", SendFault.REFUSED),  # this destination is blocked
        ("13224", SendFault.REFUSED),  # no trunk goes there
        ("13225", SendFault.REFUSED),
        ("30006", SendFault.REFUSED),  # no SIM of theirs reaches this operator: another channel may
        ("20422", SendFault.REFUSED),  # a parameter
    ],
)
def test_each_code_of_somleng_has_its_meaning(code: str, fault: SendFault):
    with FakeSomleng(numbers={HERS: code}) as fake:
        error = fault_of(lambda http: somleng(fake).send_message(http, MESSAGE))
    assert (error.fault, error.provider_code) == (fault, code)


def test_its_reports_are_read_though_fields_have_no_value(fake: FakeSomleng):
    provider = somleng(fake)
    run(lambda http: provider.send_message(http, MESSAGE))
    run(lambda http: provider.place_call(http, CALL))
    text, call = fake.ledger
    read = {}
    for sent, status, seconds in ((text, "delivered", None), (call, "completed", 41), (call, "busy", None)):
        body, headers = fake.report(sent, status, seconds)
        request = WebhookRequest(sent.callback.removeprefix("https://h.example"), headers, gate.fields_of(body))
        read[status] = provider.parse_status("sms" if sent is text else "voice", provider.verify(request))
    assert (read["delivered"].external_id, read["delivered"].status) == (text.sid, "delivered")
    assert (read["completed"].external_id, read["completed"].seconds) == (call.sid, 41)
    assert read["completed"].at is not None
    assert (read["busy"].status, read["busy"].seconds) == ("busy", None)


def test_a_call_that_is_over_may_be_ended_again(fake: FakeSomleng):
    provider = somleng(fake)
    placed = run(lambda http: provider.place_call(http, CALL))
    run(lambda http: provider.end_call(http, placed.external_id))
    assert fake.ended == [placed.external_id]


def test_a_recording_is_fetched_from_where_the_api_says_without_saying_who_we_are(fake: FakeSomleng):
    provider = somleng(fake)
    assert fault_of(lambda http: provider.fetch_recording(http, RECORDING)).fault is SendFault.UNREACHABLE  # not ready yet
    fake.recordings[RECORDING] = WAV
    assert run(lambda http: provider.fetch_recording(http, RECORDING)) == WAV


@pytest.mark.parametrize(
    ("api", "location", "asked"),
    [
        ("https://a.example", "https://s3.example/b/c.wav?X=%2F1&y", "https://s3.example /b/c.wav?X=%2F1&y"),
        ("https://a.example", "https://s3.example", "https://s3.example /"),
        ("http://10.0.0.5:3000", "http://10.0.0.6:9000/c.wav", "http://10.0.0.6:9000 /c.wav"),
        ("https://a.example", "http://169.254.169.254/latest/meta-data", None),
        ("https://a.example", "file:///etc/passwd", None),
        ("https://a.example", "/elsewhere", None),
        ("https://a.example", "https://[", None),
        ("https://a.example", "", None),
    ],
)
def test_it_is_sent_on_once_and_to_nothing_less_safe_than_the_api(api: str, location: str, asked: str | None):
    heard: list[object] = []

    class Session:
        async def get(self, *_: object) -> Reply:
            return Reply(302, {"Location": location}, b"")

        async def ask(self, request: object, _limit: int) -> Reply:
            heard.append(request)
            return Reply(302, {"Location": location}, b"")

    provider = Twilio(account_sid=RECORDING, auth_token="t", api_base_url=api, public_base_url="https://h.example")
    with pytest.raises(SendError):
        asyncio.run(provider.fetch_recording(Session(), RECORDING))
    assert [f"{each.base_url} {each.path}" for each in heard] == ([] if asked is None else [asked])
    assert all((each.method, each.headers, each.body) == ("GET", {}, None) for each in heard)
