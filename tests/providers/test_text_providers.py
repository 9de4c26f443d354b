"""All providers of texts against all ways of failing: what was taken is never sent again blindly, what was refused is definitely refused,
and no error and no line of a log tells a number, an address or a secret."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from aiohttp import web
from fakes import documented
from fakes.aggregators import TOKEN, FakeAakash, FakeDoit, FakeInfobip, FakeKannel, FakeSociair, FakeSparrow
from fakes.provider_kit import FAULTS, FakeProvider, FakeTexts, Text
from fakes.twilio import FakeTwilio

from gateway.providers import http as door
from gateway.providers.base import Accepted, OutboundMessage, Provider
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import Asked, open_http
from gateway.providers.kinds import KINDS
from gateway.providers.twilio import Twilio

HERS, LOCAL, BODY = "+9779841234567", "9841234567", "दाबी & {to} १००% + ok?\nअर्को"
PUBLIC = "https://gateway.example"
PATH = "a-path-that-nobody-guesses-1"


class FakeHamro(FakeTexts):
    """The aggregator that docs/providers.md makes up as its whole example."""

    async def read(self, request: web.BaseRequest) -> Text | web.Response:
        given = json.loads(await request.read())
        keys = [request.headers.get(name) for name in ("X-Api-Key", "Idempotency-Key")]
        if request.path != "/v1/messages" or keys[0] != TOKEN or not re.fullmatch("aawaj-[0-9a-f]{8}7", keys[1]):
            self.violations.append(f"{request.path} with {sorted(request.headers)}")
            return self.refusal("10")
        if given["unicode"] is given["content"].isascii():
            self.violations.append(f"unicode is {given['unicode']!r}")
        return Text(given["recipients"][0], given["content"], given["sender"])

    def accepted(self, _taken: Text) -> web.Response:
        return web.json_response({"messages": [{"id": "h-1", "state": "queued"}]}, status=202)

    def refusal(self, code: str) -> web.Response:
        return web.json_response({"error": {"code": f"E{code}"}}, status=400)


@dataclass(frozen=True)
class Case:
    """A provider, its fake, how it is built with a token, how it writes her number, and as whom we send."""

    fake: Callable[..., FakeProvider]
    build: Callable[[FakeProvider, str], Provider]
    to: str = LOCAL
    sender: str = "31001"


def sparrow(fake: FakeProvider, token: str) -> Provider:
    kind = KINDS["sparrow"]
    return kind.build("sparrow", kind.settings.model_validate({"token": token, "api_base_url": fake.url}), PUBLIC)


def twilio(fake: FakeProvider, token: str) -> Provider:
    known = fake.auth_token if token == TOKEN else token
    return Twilio(account_sid=fake.account_sid, auth_token=known, api_base_url=fake.url, public_base_url=PUBLIC)


def described(name: str) -> Callable[[FakeProvider, str], Provider]:
    def build(fake: FakeProvider, token: str) -> Provider:
        environ = {variable: PATH if variable.endswith("_PATH") else token for variable in documented.VARIABLES}
        return documented.provider(documented.example(name), name, fake.url, environ)

    return build


CASES = {
    "twilio": Case(FakeTwilio, twilio, HERS, "+97714000000"),
    "sparrow": Case(FakeSparrow, sparrow),
    "aakash": Case(FakeAakash, described("aakash")),
    "doit": Case(FakeDoit, described("doit")),
    "hamro": Case(FakeHamro, described("hamro"), HERS[1:], "AAWAJ"),
    "kannel": Case(FakeKannel, described("kannel"), HERS[1:], "36001"),
    "infobip": Case(FakeInfobip, described("infobip"), HERS[1:], "AAWAJ"),
    "sociair": Case(FakeSociair, described("sociair")),
}
EXPECTED = {
    "throttled": (SendFault.THROTTLED, 0),
    "error_before": (SendFault.AMBIGUOUS, 0),
    "error_after": (SendFault.AMBIGUOUS, 1),
    "reset_before": (SendFault.AMBIGUOUS, 0),
    "reset_after": (SendFault.AMBIGUOUS, 1),
    "drip": (SendFault.AMBIGUOUS, 1),
    "slow": (SendFault.AMBIGUOUS, 1),
    "garbage": (SendFault.AMBIGUOUS, 1),
    "huge": (SendFault.AMBIGUOUS, 1),
    "redirect": (SendFault.MISCONFIGURED, 0),
}
REFUSALS = {
    SendFault.MISCONFIGURED: {
        "sparrow": ["1000", "1001", "1002", "1003", "1004", "1005", "1006", "1008", "1012", "1013"],
        "aakash": ["1", "2", "5"],
        "doit": ["401"],
        "hamro": ["10", "11"],
        "kannel": ["403"],
        "infobip": ["NOT_ENOUGH_CREDITS", "SENDER"],
        "sociair": ["401"],
    },
    SendFault.BAD_NUMBER: {
        "sparrow": ["1007", "1011"],
        "aakash": ["invalid", "3"],
        "doit": ["4220", "200", "2000"],
        "hamro": ["20", "29"],
        "infobip": ["DESTINATION"],
        "sociair": ["invalid"],
    },
    SendFault.REFUSED: {"sparrow": ["1010", "0"], "aakash": ["4"], "doit": ["422"], "hamro": ["99"], "infobip": ["NETWORK"]},
    SendFault.THROTTLED: {"hamro": ["30"], "kannel": ["503"]},
}


@pytest.fixture(params=CASES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def send(case: Case, provider: Provider, recipient: str = HERS) -> Accepted:
    async def main() -> Accepted:
        async with open_http(2) as http:
            return await provider.send_message(http, OutboundMessage(7, case.sender, recipient, BODY))

    return asyncio.run(main())


def refused(case: Case, provider: Provider, recipient: str = HERS) -> SendError:
    with pytest.raises(SendError) as caught:
        send(case, provider, recipient)
    return caught.value


def told(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    """All that anybody could read of a failure."""
    return "\n".join([repr(error), *traceback.format_exception(error, chain=True), caplog.text])


def test_a_text_arrives_as_it_was_written(name: str):
    case = CASES[name]
    with case.fake() as fake:
        accepted = send(case, case.build(fake, TOKEN))
        (sent,) = fake.ledger
        assert (sent.to, getattr(sent, "text", getattr(sent, "body", ""))) == (case.to, BODY)
        assert (fake.violations, fake.requests, accepted.status) == ([], 1, "accepted")
        assert accepted.external_id


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_meaning_and_nothing_is_sent_twice(name: str, fault: str, monkeypatch, caplog):
    monkeypatch.setattr(door, "TIMEOUT", 1.0)
    caplog.set_level(logging.DEBUG)
    case = CASES[name]
    meaning, taken = EXPECTED[fault]
    with case.fake(numbers={case.to: fault}) as fake:
        provider = case.build(fake, TOKEN)
        error = refused(case, provider)
        assert (error.fault, fake.requests, len(fake.ledger)) == (meaning, 1, taken)
        assert error.retry_after == (1.0 if fault == "throttled" else None)
        shown = told(error, caplog)
        assert not [secret for secret in (LOCAL, TOKEN, fake.url, "/v2/", "दाबी") if secret in shown.replace(__file__, "")]


@pytest.mark.parametrize(
    ("name", "code", "fault"), [(name, code, fault) for fault, of in REFUSALS.items() for name, codes in of.items() for code in codes]
)
def test_each_refusal_has_its_meaning(name: str, code: str, fault: SendFault):
    case = CASES[name]
    with case.fake(numbers={case.to: code}) as fake:
        error = refused(case, case.build(fake, TOKEN))
        assert (error.fault, fake.ledger, fake.requests) == (fault, [], 1)
        if name in {"sparrow", "hamro"}:
            assert error.provider_code.removeprefix("E") == (code if code != "0" else "200")


def test_no_connection_means_nothing_was_sent(name: str):
    case = CASES[name]
    with socket.socket() as closed, case.fake() as fake:
        closed.bind(("127.0.0.1", 0))
        fake_url, fake._port = fake.url, closed.getsockname()[1]
        provider = case.build(fake, TOKEN)
        assert refused(case, provider).fault is SendFault.UNREACHABLE
        assert fake_url != fake.url


def test_secrets_show_in_no_repr(name: str):
    case = CASES[name]
    with case.fake() as fake:
        provider = case.build(fake, TOKEN)
        shown = f"{provider!r} {getattr(provider, 'definition', '')!r} {getattr(provider, 'definition', '')}"
        assert not [secret for secret in (TOKEN, PATH, getattr(fake, "auth_token", TOKEN)) if secret in shown]


@pytest.mark.parametrize("number", ["+97714112233", "+919812345678"])
def test_what_only_nepals_mobiles_get_is_refused_before_it_leaves(name: str, number: str):
    case = CASES[name]
    if case.to != LOCAL:
        pytest.skip("it takes numbers of all countries")
    with case.fake() as fake:
        error = refused(case, case.build(fake, TOKEN), number)
        assert (error.fault, error.provider_code, fake.requests) == (SendFault.REFUSED, "no-mobile-there", 0)


def test_a_wrong_token_is_our_fault(name: str):
    case = CASES[name]
    with case.fake() as fake:
        assert refused(case, case.build(fake, "another")).fault is SendFault.MISCONFIGURED
        assert not fake.ledger


@pytest.mark.parametrize(
    "host", ["https://a..b", f"https://{'x' * 70}.example", "https://.", "https://[::zz]", "https://no-such-host.invalid"]
)
def test_a_host_that_is_none_means_that_nothing_was_sent(host: str):
    async def ask() -> None:
        async with open_http(1) as http:
            await http.ask(Asked("GET", host, "/", {}, None))

    with pytest.raises(SendError) as caught:
        asyncio.run(ask())
    assert caught.value.fault is SendFault.UNREACHABLE
