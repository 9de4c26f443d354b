"""A Twilio that keeps a ledger: a real server on loopback which takes texts and calls, refuses what Twilio refuses, fails on order.

    with FakeTwilio(faults={"throttled": 0.05, "reset_after": 0.02}, latency=0.05) as fake:
        ...                      # point TWILIO_API_BASE_URL at fake.url, with fake.account_sid and fake.auth_token
        assert [sent.to for sent in fake.ledger] == [...]

The ledger is the truth about what reached people: an entry stands in it exactly when the provider accepted. `faults` are probabilities
for each accepted-or-not request, `numbers` gives single numbers a fault (`"reset_after"`, always) or a list of them (each once, then
none). Besides the names in `FAULTS`, an error code such as `"21610"` is a fault: a refusal with that code.

In a process of its own, for tests that kill processes: `python tests/fakes/twilio.py --port 8089 --ledger FILE`; the ledger file is
read again at the start and has a JSON object a line.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # A script's own folder comes first on the path, and here it holds a file that is named like Twilio's library.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import argparse
import asyncio
import base64
import hmac
import json
import os
import signal
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, unquote, urlencode

import requests
from aiohttp import web
from fakes import provider_kit
from fakes.contract import Contract
from fakes.provider_kit import NOT_TAKEN, FakeProvider
from twilio.request_validator import RequestValidator

ACCOUNT_SID = "AC" + "0" * 31 + "1"
AUTH_TOKEN = "fake-token-of-the-fake-provider-1"
FAULTS = (*provider_kit.FAULTS, "no_sid")  # taken, 201 without an id
API = "2010-04-01"
SID_PREFIX = {"message": "SM", "call": "CA"}
RESOURCES = {"Messages.json": "message", "Calls.json": "call"}
# What is published of a text and of a call, and is the same of all of ours.
MESSAGE = {"error_code": None, "error_message": None, "messaging_service_sid": None, "num_media": "0", "num_segments": "1"}
CALL = dict.fromkeys(
    (
        *("answered_by", "caller_name", "duration", "end_time", "forwarded_from", "group_sid"),
        *("parent_call_sid", "phone_number_sid", "queue_time", "trunk_sid"),
    )
)


@dataclass(frozen=True)
class Sent:
    """One accepted text or call. `at` is seconds since 1970."""

    kind: str
    sid: str
    to: str
    sender: str
    body: str
    url: str
    callback: str
    at: float

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def day(self) -> str:
        return self.time.date().isoformat()


class FakeTwilio(FakeProvider):
    """The server; `requests` counts the posts that came, `violations` names breaches of Twilio's contract."""

    known_faults = FAULTS
    account_sid, auth_token = ACCOUNT_SID, AUTH_TOKEN
    largest_page = 1000

    def __init__(
        self,
        *,
        per_second: int | None = None,
        callbacks: Sequence[str] = (),
        call_callbacks: Sequence[str] = (),
        callback_threads: int = 4,
        ledger_file: Path | None = None,
        **options: object,
    ) -> None:
        super().__init__(**options)
        self.per_second = per_second
        self.callbacks = {"message": tuple(callbacks), "call": tuple(call_callbacks)}
        self.statuses: dict[str, str] = {}  # sid -> what the lists say, where it is not "sent" or "queued"
        self.prices: dict[str, str] = {}  # sid -> what the lists say that it cost, in USD
        self.ended: list[str] = []  # calls that were ended by request
        self.recordings: dict[str, bytes] = {}  # sid -> WAV
        self.ledger: list[Sent] = []
        self.callback_answers: list[int] = []
        self._recent: deque[float] = deque()
        self._contract = Contract()
        self._authorization = f"Basic {base64.b64encode(f'{self.account_sid}:{self.auth_token}'.encode()).decode()}"
        self._reports = ThreadPoolExecutor(callback_threads, thread_name_prefix="fake-twilio-callback")
        self._owed = 0
        self._file = self._open(ledger_file) if ledger_file else None

    def __exit__(self, *_: object) -> None:
        self._reports.shutdown(wait=True, cancel_futures=True)
        super().__exit__()
        if self._file is not None:
            os.close(self._file)

    def sent_to(self, number: str) -> list[Sent]:
        """What this number was sent, in order."""
        return [sent for sent in self.ledger if sent.to == number]

    def wait_for_callbacks(self, timeout: float = 30) -> None:
        """Return once every status callback that is owed was posted."""
        until = time.monotonic() + timeout
        while len(self.callback_answers) < self._owed:
            if time.monotonic() > until:
                raise TimeoutError(f"{self._owed - len(self.callback_answers)} callbacks are still owed")
            time.sleep(0.01)

    # --- the server ---------------------------------------------------------------------------------------------------------------

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = unquote(request.path)
        if not path.startswith(self.path("")):
            return _error(404, 20404, "The requested resource was not found")
        resource = path.removeprefix(self.path(""))
        if self.is_private(resource) and not hmac.compare_digest(request.headers.get("Authorization", ""), self._authorization):
            return _error(401, 20003, "Authenticate")
        if resource not in RESOURCES:
            return self._of_one(request.method, resource, parse_qsl((await request.read()).decode(), keep_blank_values=True))
        if request.method == "GET":
            return self._list(resource, parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True))
        form = parse_qsl((await request.read()).decode(), keep_blank_values=True)
        return await self._create(request, resource, form)

    async def _create(self, request: web.BaseRequest, resource: str, form: list[tuple[str, str]]) -> web.StreamResponse:
        self.requests += 1
        if self.latency:
            await asyncio.sleep(self.latency)
        faults = self._contract.faults("POST", resource, form)
        if request.content_type != "application/x-www-form-urlencoded":
            faults.append(f"the body is {request.content_type}")
        if faults:
            self.violations += faults
            return self.refusal("21211" if any(f.startswith("To ") for f in faults) else "20001", "; ".join(faults))
        fields = dict(form)
        if len(fields.get("Body", "")) > 1600:
            return self.refusal("21617", "The concatenated message body exceeds the 1600 character limit")
        fault = "throttled" if self._is_too_fast() else self.choose(fields["To"])
        if fault and fault not in self.known_faults:
            return self.refusal(fault, "refused by the script")
        made = {} if fault in NOT_TAKEN else self._accept(RESOURCES[resource], fields)
        if fault == "no_sid":
            made["sid"] = None
        return await self.answered(request, fault, web.json_response(made, status=201))

    def path(self, resource: str) -> str:
        """Where a resource of the account lies."""
        return f"/{API}/Accounts/{self.account_sid}/{resource}"

    def is_private(self, _resource: str) -> bool:
        """Whether one must say who one is to read it."""
        return True

    def refusal(self, code: str, message: str) -> web.Response:
        """A refusal with one of the published codes."""
        return _error(400, int(code), message)

    def error(self) -> web.Response:
        return _error(500, 20500, "Internal Server Error")

    def too_many(self) -> web.Response:
        return _error(429, 20429, "Too Many Requests", {"Retry-After": "1"})

    def _is_too_fast(self) -> bool:
        if self.per_second is None:
            return False
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= self.per_second:
            return True
        self._recent.append(now)
        return False

    # --- the ledger ---------------------------------------------------------------------------------------------------------------

    def _open(self, path: Path) -> int:
        if path.exists():
            self.ledger = [Sent(**json.loads(line)) for line in path.read_text().splitlines()]
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _accept(self, kind: str, fields: Mapping[str, str]) -> dict[str, object]:
        given = {name: fields.get(key, "") for name, key in (("body", "Body"), ("url", "Url"), ("callback", "StatusCallback"))}
        # Never from the seed: a fake that is started again must not repeat itself.
        sent = Sent(kind, self.new_sid(SID_PREFIX[kind]), fields["To"], fields.get("From", ""), at=time.time(), **given)
        self.ledger.append(sent)
        if self._file is not None:
            os.write(self._file, f"{json.dumps(asdict(sent))}\n".encode())
        if sent.callback and self.callbacks[kind]:
            self._owed += len(self.callbacks[kind])
            self._reports.submit(self._report, sent)
        return self._resource(sent)

    def new_sid(self, prefix: str) -> str:
        return prefix + uuid.uuid4().hex

    def _resource(self, sent: Sent) -> dict[str, object]:
        """Every field that is published of a text or a call."""
        made = format_datetime(sent.time)
        resource = {
            "sid": sent.sid,
            "account_sid": self.account_sid,
            "api_version": API,
            "date_created": made,
            "date_updated": made,
            "to": sent.to,
            "from": sent.sender,
            "direction": "outbound-api",
            "status": self.statuses.get(sent.sid, "queued"),
            "price": self.prices.get(sent.sid),
            "price_unit": "USD",
            "uri": self.path(f"{sent.kind.capitalize()}s/{sent.sid}.json"),
            "subresource_uris": {},
        }
        if sent.kind == "message":
            return resource | MESSAGE | {"body": sent.body, "date_sent": made}
        return resource | CALL | {"to_formatted": sent.to, "from_formatted": sent.sender, "start_time": made}

    def filtered(self, sent: Sent, asked: Mapping[str, str]) -> bool:
        """Whether a list that was asked for with these parameters has it."""
        since, until = asked.get("DateSent>", asked.get("StartTime>", "")), asked.get("DateSent<", asked.get("StartTime<", "9999"))
        to, sender = asked.get("To", sent.to), asked.get("From", sent.sender)
        return (to, sender) == (sent.to, sent.sender) and since <= sent.day <= until

    def _list(self, resource: str, query: list[tuple[str, str]]) -> web.Response:
        faults = self._contract.faults("GET", resource, query)
        if faults:
            self.violations += faults
            return self.refusal("20001", "; ".join(faults))
        asked, kind = dict(query), RESOURCES[resource]
        found = [self._resource(sent) for sent in reversed(self.ledger) if sent.kind == kind and self.filtered(sent, asked)]
        size, page = min(int(asked.get("PageSize", "50")), self.largest_page), int(asked.get("Page", "0"))

        def page_at(number: int) -> str:
            token = {"PageToken": f"PA{number}"} if number else {}
            return f"{self.path(resource)}?{urlencode({**asked, 'Page': number, **token})}"

        listed = {
            f"{kind}s": found[size * page : size * (page + 1)],
            "page": page,
            "page_size": size,
            "start": size * page,
            "end": size * page + len(found) - 1,
            "uri": page_at(page),
            "first_page_uri": page_at(0),
            "previous_page_uri": page_at(page - 1) if page else None,
            "next_page_uri": page_at(page + 1) if found[size * (page + 1) :] else None,
        }
        return web.json_response(listed)

    def _of_one(self, method: str, resource: str, form: list[tuple[str, str]]) -> web.Response:
        kind, _, name = resource.partition("/")
        if (method, kind) == ("GET", "Recordings"):
            return self._about_recording(name) if name.endswith(".json") else self.recording(name.removesuffix(".wav"))
        sid = name.removesuffix(".json")
        sent = next((sent for sent in self.ledger if sent.sid == sid and f"{sent.kind.capitalize()}s" == kind), None)
        if sent is None:
            return _error(404, 20404, "The requested resource was not found")
        if method == "GET":
            return web.json_response(self._resource(sent))
        if (method, kind) == ("POST", "Calls"):
            return self._end(sent, form)
        return _error(405, 20004, "Method not allowed")

    def _end(self, sent: Sent, form: list[tuple[str, str]]) -> web.Response:
        faults = self._contract.faults("POST", "Calls/{Sid}.json", form)
        if faults:
            self.violations += faults
            return self.refusal("20001", "; ".join(faults))
        if self.statuses.get(sent.sid) == "completed":
            return self.refusal("21220", "Call is not in-progress. Cannot redirect.")
        self.ended.append(sent.sid)
        self.statuses[sent.sid] = "completed"
        return web.json_response(self._resource(sent))

    def _about_recording(self, name: str) -> web.Response:
        sid = name.removesuffix(".json")
        if sid not in self.recordings:
            return _error(404, 20404, "The requested resource was not found")
        uri = self.path(f"Recordings/{name}")
        return web.json_response({"sid": sid, "account_sid": self.account_sid, "status": "completed", "channels": 1, "uri": uri})

    def recording(self, sid: str) -> web.Response:
        """The sound of a recording."""
        wav = self.recordings.get(sid)
        if wav is None:
            return _error(404, 20404, "The requested resource was not found")
        return web.Response(body=wav, content_type="audio/x-wav")

    # --- status callbacks ---------------------------------------------------------------------------------------------------------

    def _report(self, sent: Sent) -> None:
        for status in self.callbacks[sent.kind]:
            self.callback_answers.append(self.post_status(sent, status))

    def post_status(self, sent: Sent, status: str, **more: str) -> int:
        """Post one signed status callback and return the HTTP status; 0 where nobody answered."""
        sid = {"message": "MessageSid", "call": "CallSid"}[sent.kind]
        word = {"message": "MessageStatus", "call": "CallStatus"}[sent.kind]
        form = {sid: sent.sid, word: status, "AccountSid": self.account_sid, "From": sent.sender, "To": sent.to, **more}
        headers = {"X-Twilio-Signature": RequestValidator(self.auth_token).compute_signature(sent.callback, form)}
        try:
            return requests.post(sent.callback, data=form, headers=headers, timeout=10, allow_redirects=False).status_code
        except requests.RequestException:
            return 0


def _error(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"code": code, "message": message, "status": status}, status=status, headers=headers)


def main() -> None:
    parser = argparse.ArgumentParser(description="A Twilio that keeps a ledger, for tests")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--faults", type=json.loads, default={}, help='as JSON: {"throttled": 0.05}')
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--per-second", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--callbacks", default="", help="statuses that are reported of each text, as sent,delivered")
    given = parser.parse_args()
    options = {name: getattr(given, name) for name in ("port", "faults", "latency", "per_second", "seed")}
    reported = tuple(filter(None, given.callbacks.split(",")))
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with FakeTwilio(ledger_file=given.ledger, callbacks=reported, **options) as fake:
        print(f"ready {fake.url} {fake.account_sid} {fake.auth_token}", flush=True)  # noqa: T201  # whoever started it waits for this line
        stopped.wait()


if __name__ == "__main__":
    main()
