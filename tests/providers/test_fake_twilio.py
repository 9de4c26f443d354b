"""The fake Twilio is itself tested: its ledger tells the truth, it refuses what Twilio refuses, and it may live in its own process."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import jsonschema
import pytest
import requests
from fakes import twilio as fakes_twilio
from fakes.contract import ACCOUNT
from fakes.twilio import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from gateway.providers.base import OutboundCall, OutboundMessage, WebhookRequest
from gateway.providers.faults import SendError
from gateway.providers.http import Reply, open_http
from gateway.providers.twilio import Twilio

OURS, HERS = "+97714000000", "+9779841234567"
GOOD = {"To": HERS, "From": OURS, "Body": "hi"}


def post(fake, form, auth=(ACCOUNT_SID, AUTH_TOKEN), resource="Messages.json"):
    return requests.post(f"{fake.url}/2010-04-01/Accounts/{ACCOUNT_SID}/{resource}", data=form, auth=auth, timeout=5)


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"From": OURS, "Body": "hi"}, "To is required"),
        ({"To": HERS, "Body": "hi"}, "one of From"),
        ({"To": HERS, "From": OURS}, "one of Body"),
        ({**GOOD, "Colour": "red"}, "no Colour"),
        ({**GOOD, "To": "9841234567"}, "To is not"),
        ({**GOOD, "To": "not a number at all"}, "To is not"),
        ({**GOOD, "StatusCallback": "relative/path"}, "StatusCallback"),
        ({**GOOD, "ValidityPeriod": "soon"}, "ValidityPeriod"),
        ({**GOOD, "To": [HERS, OURS]}, "twice"),
    ],
)
def test_it_refuses_what_twilios_description_refuses(form, fault):
    with FakeTwilio() as fake:
        assert post(fake, form).status_code == 400
        assert fault in "; ".join(fake.violations)
        assert fake.ledger == []


def test_it_wants_the_right_account_and_token():
    with FakeTwilio() as fake:
        assert post(fake, GOOD, auth=(ACCOUNT_SID, "wrong")).json()["code"] == 20003
        assert post(fake, GOOD, resource="Faxes.json").status_code == 404
        assert post(fake, {**GOOD, "Body": "x" * 1601}).json()["code"] == 21617
        assert fake.ledger == []


def test_its_faults_come_as_often_as_asked_and_the_ledger_is_the_truth():
    with FakeTwilio(faults={"throttled": 0.2, "error_after": 0.2, "reset_before": 0.2}, seed=3) as fake:
        provider = Twilio(account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, api_base_url=fake.url, public_base_url="https://h.example")

        async def one(http, n):
            try:
                await provider.send_message(http, OutboundMessage(n, OURS, f"+97798410{n:05}", "hi"))
            except SendError as error:
                return f"{error.fault.name} {error.provider_code}"
            return "taken"

        async def main():
            async with open_http(20) as http:
                return Counter(await asyncio.gather(*[one(http, n) for n in range(400)]))

        outcomes = asyncio.run(main())
        assert len(fake.ledger) == outcomes["taken"] + outcomes["AMBIGUOUS 20500"]
        for outcome in ("THROTTLED 20429", "AMBIGUOUS 20500", "AMBIGUOUS no-answer"):
            assert 50 <= outcomes[outcome] <= 110
        assert fake.violations == []


def test_a_number_can_have_its_own_faults_in_order():
    with FakeTwilio(numbers={HERS: ["throttled", "21610"]}) as fake:
        assert [post(fake, GOOD).status_code for _ in range(3)] == [429, 400, 201]
        assert [sent.to for sent in fake.sent_to(HERS)] == [HERS]


def test_it_takes_only_so_many_in_a_second():
    with FakeTwilio(per_second=3) as fake:
        codes = [post(fake, GOOD).status_code for _ in range(5)]
        assert codes == [201, 201, 201, 429, 429]


class Elsewhere(TwilioHttpClient):
    """What Twilio's own library sends, and to where: to the fake, if there is one."""

    def __init__(self, url: str = "") -> None:
        super().__init__(timeout=5)
        self.url, self.sent = url, []

    def request(self, method, url, params=None, data=None, **more):
        self.sent.append((method, url.removeprefix("https://api.twilio.com"), data))
        return super().request(method, url.replace("https://api.twilio.com", self.url), params=params, data=data, **more)


def test_twilios_own_library_speaks_with_it():
    with FakeTwilio() as fake:
        fake.recordings["RE" + "1" * 32] = b"RIFF"
        client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=Elsewhere(fake.url))
        made = [client.messages.create(to=HERS, from_=OURS, body=f"नमस्ते & {n}").sid for n in range(3)]
        call = client.calls.create(to=HERS, from_=OURS, url="https://h.example/x", status_callback_event=["ringing", "answered"])
        assert (client.messages(made[0]).fetch().body, client.calls(call.sid).fetch().status) == ("नमस्ते & 0", "queued")
        assert [message.sid for message in client.messages.stream(to=HERS, page_size=2)] == made[::-1]  # two pages
        assert client.messages.list(date_sent_after=datetime.now(UTC) + timedelta(days=2)) == []
        assert [listed.sid for listed in client.calls.list(from_=OURS)] == [call.sid]
        assert client.calls(call.sid).update(status="completed").status == "completed"
        assert client.recordings("RE" + "1" * 32).fetch().status == "completed"
        assert fake.violations == []
        for fault in (lambda: client.messages.create(to="nobody", from_=OURS, body="x"), lambda: client.messages("SM" + "0" * 32).fetch()):
            with pytest.raises(TwilioRestException) as caught:
                fault()
            assert caught.value.code in {21211, 20404}


def test_what_it_answers_is_what_twilios_description_says(twilio_openapi):
    schemas = json.loads(json.dumps(twilio_openapi["components"]), object_hook=_with_null)
    with FakeTwilio() as fake:
        message, call = post(fake, GOOD), post(fake, {"To": HERS, "From": OURS, "Url": "https://h.example/x"}, resource="Calls.json")
        ended = post(fake, {"Status": "completed"}, resource=f"Calls/{call.json()['sid']}.json")
        listed = [
            requests.get(f"{fake.url}{fake.path(name)}", auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5) for name in fakes_twilio.RESOURCES
        ]
    (texts, calls) = (answer.json() for answer in listed)
    for name, resources in (
        ("message", [message.json(), *texts["messages"]]),
        ("call", [call.json(), ended.json(), *calls["calls"]]),
    ):
        schema = schemas["schemas"][f"api.v2010.account.{name}"]
        whole = {**schema, "additionalProperties": False, "required": list(schema["properties"]), "components": schemas}
        for resource in resources:
            jsonschema.Draft202012Validator(whole).validate(resource)
    for path, answer in ((ACCOUNT + "Messages.json", texts), (ACCOUNT + "Calls.json", calls)):
        published = twilio_openapi["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
        assert set(answer) == set(published)


def _with_null(schema):
    """A part of an OpenAPI 3.0 description as JSON Schema has it."""
    return {**schema, "type": [schema["type"], "null"]} if schema.get("nullable") is True else schema


@pytest.mark.parametrize("name", ["send_message", "place_call"])
def test_our_requests_are_those_of_twilios_own_library(name):
    sent, library = [], Elsewhere()

    class Recorder:
        async def post(self, _api, path, form):
            sent.append((path, form))
            return Reply(201, {}, json.dumps({"sid": ("SM" if name == "send_message" else "CA") + "1" * 32}).encode())

    base, provider = (
        "https://h.example/twilio",
        Twilio(
            account_sid=ACCOUNT_SID,
            auth_token=AUTH_TOKEN,
            api_base_url="",
            public_base_url="https://h.example",
            detect_machines=True,
        ),
    )
    what = OutboundMessage(7, OURS, HERS, "नमस्ते + & १००%") if name == "send_message" else OutboundCall(7, OURS, HERS)
    asyncio.run(getattr(provider, name)(Recorder(), what))
    client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=library)
    with suppress(requests.RequestException):  # nobody is there to answer
        if name == "send_message":
            client.messages.create(to=HERS, from_=OURS, body=what.body, status_callback=f"{base}/status/messages/7")
        else:
            client.calls.create(
                to=HERS,
                from_=OURS,
                url=f"{base}/voice/deliveries/7",
                method="POST",
                fallback_url=f"{base}/fallback",
                fallback_method="POST",
                status_callback=f"{base}/status/calls/7",
                status_callback_method="POST",
                status_callback_event=["ringing", "answered", "completed"],
                timeout=30,
                time_limit=600,
                machine_detection="Enable",
                async_amd="true",
                async_amd_status_callback=f"{base}/status/calls/7",
            )
    ((path, form),), ((method, theirs, data),) = sent, library.sent
    grouped = {field: [value for each, value in form if each == field] for field, _ in form}
    assert (method, theirs) == ("POST", path)
    assert grouped == {field: list(map(str, value)) if isinstance(value, list) else [str(value)] for field, value in data.items()}


def test_it_reports_with_a_true_signature():
    with FakeTwilio(callbacks=("sent", "delivered")) as fake:
        provider = Twilio(account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, api_base_url=fake.url, public_base_url="")
        reports = []

        class Gateway(BaseHTTPRequestHandler):
            def do_POST(self):
                form = parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
                base = f"http://127.0.0.1:{self.server.server_port}"
                verified = Twilio(account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, api_base_url="", public_base_url=base).verify(
                    WebhookRequest(self.path, self.headers, form)
                )
                reports.append((self.path, provider.parse_status("sms", verified).status))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        post(fake, {**GOOD, "StatusCallback": f"http://127.0.0.1:{server.server_port}/twilio/status/messages/9"})
        fake.wait_for_callbacks(10)
        server.shutdown()
        server.server_close()
        assert reports == [("/twilio/status/messages/9", "sent"), ("/twilio/status/messages/9", "delivered")]
        assert fake.callback_answers == [204, 204]


def test_it_remembers_across_processes(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    for round_ in range(2):
        command = [sys.executable, str(Path(fakes_twilio.__file__)), "--ledger", str(ledger)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            _, url, account, token = process.stdout.readline().split()
            resource = f"{url}/2010-04-01/Accounts/{account}/Messages.json"
            assert requests.post(resource, data={**GOOD, "Body": f"{round_}"}, auth=(account, token), timeout=5).status_code == 201
            listed = requests.get(resource, params={"To": HERS}, auth=(account, token), timeout=5).json()["messages"]
            assert [message["body"] for message in listed] == ["1", "0"][1 - round_ :]
            process.kill()
    assert [json.loads(line)["body"] for line in ledger.read_text().splitlines()] == ["0", "1"]
