"""A Somleng, as its source says: an API with a ledger, and a switch behind which somebody holds a telephone.

The API (https://github.com/somleng/somleng) is Twilio's but for this: ids are UUIDs; a refusal is 422 and its code a text; lists hold
everything of the account whatever is asked for, 100 a page at most; a recording needs no account and is a redirect to storage, which
takes no request that says who it is from. Parameters that it does not know (`Timeout`, `TimeLimit`, `FallbackUrl`,
`StatusCallbackEvent`) it ignores.

The switch (https://github.com/somleng/somleng-switch) tells of a step what `execute_*.rb` there tells, and no more: a recording by its
address alone, without the key that ended it; of a recording during which she hung up nothing at all; of a call whose end is known
one report, with a date that ends in -0000 and with fields that have no value.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import quote_plus

import requests
from aiohttp import web
from fakes.phone import Call, Phone
from fakes.twilio import API, FakeTwilio, Sent
from twilio.request_validator import RequestValidator

ACCOUNT_SID = str(uuid.UUID(int=7))
AUTH_TOKEN = "fake-token-of-the-fake-somleng-01"
STORAGE = "/storage/"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


class FakeSomleng(FakeTwilio):
    """The API and the storage beside it."""

    account_sid, auth_token = ACCOUNT_SID, AUTH_TOKEN
    largest_page = 100

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if not request.path.startswith(STORAGE):
            return await super().handle(request)
        if "Authorization" in request.headers:
            return web.Response(status=400, text="<Error><Code>InvalidArgument</Code></Error>", content_type="application/xml")
        return super().recording(request.path.removeprefix(STORAGE).removesuffix(".wav"))

    def is_private(self, resource: str) -> bool:
        return not resource.startswith("Recordings/")

    def refusal(self, code: str, message: str) -> web.Response:
        more = f"https://www.twilio.com/docs/errors/{code}"
        return web.json_response({"message": message, "status": 422, "code": code, "more_info": more}, status=422)

    def new_sid(self, prefix: str) -> str:  # noqa: ARG002  # none has one
        return str(uuid.uuid4())

    def filtered(self, sent: Sent, asked: Mapping[str, str]) -> bool:  # noqa: ARG002  # nothing is
        return True

    def recording(self, sid: str) -> web.Response:
        if sid not in self.recordings:
            return web.Response(status=404)
        return web.Response(status=302, headers={"Location": f"{self.url}{STORAGE}{sid}.wav?X-Amz-Signature=1%2F2"})

    def report(self, sent: Sent, status: str, seconds: int | None = None) -> tuple[str, dict[str, str]]:
        """What it posts about a text, or about a call that is over: the form and its headers."""
        if sent.kind == "message":
            fields = _parties("Message", sent.sid, status, sent.sender, sent.to) | {"Body": sent.body, "NumMedia": "0"}
        else:
            fields = _ended(sent.sid, status, sent.sender, sent.to, "outbound-api", seconds)
        return signed(sent.callback, fields)

    def post_status(self, sent: Sent, status: str, **_: str) -> int:
        body, headers = self.report(sent, status)
        try:
            return requests.post(sent.callback, data=body, headers=headers, timeout=10, allow_redirects=False).status_code
        except requests.RequestException:
            return 0


@dataclass
class SomlengPhone(Phone):
    """A phone that rings over Somleng, or is rung."""

    before_redirect: ClassVar[float] = 1.0

    def new_sid(self, prefix: str) -> str:  # noqa: ARG002
        return str(uuid.uuid4())

    def go_on(self, url: str, sid: str, parties: Mapping[str, str]) -> Call:
        """Pick up a call that the gateway placed."""
        return self._begin(url.removeprefix(self.base_url), sid, parties)

    def _begin(self, path: str, sid: str, parties: Mapping[str, str]) -> Call:
        whole = {**parties, "Caller": parties["From"], "Called": parties["To"], "ApiVersion": API}
        call = Call(self, {"CallSid": sid or self.new_sid("CA"), "CallStatus": "in-progress", **whole})
        call.go(path, {"CallStatus": "ringing"})
        return call

    def spoken(self, call: Call, seconds: int, finish: str) -> dict[str, str]:  # noqa: ARG002  # the key is not told
        account = f"https://api.somleng.example/{API}/Accounts/{self.account_sid}"
        return {"RecordingUrl": f"{account}/Calls/{call.sid}/Recordings/{uuid.uuid4()}", "RecordingDuration": str(seconds)}

    def ended(self, call: Call) -> dict[str, str]:
        of = call.form
        return _ended(call.sid, "completed", of["From"], of["To"], of["Direction"], int(call.seconds))


def signed(url: str, fields: Mapping[str, str | None]) -> tuple[str, dict[str, str]]:
    """A form as it is posted, with its headers: a field without a value has no `=`, and counts as empty in the signature."""
    body = "&".join(name if value is None else f"{name}={quote_plus(value)}" for name, value in fields.items())
    values = {name: value or "" for name, value in fields.items()}
    return body, {"X-Twilio-Signature": RequestValidator(AUTH_TOKEN).compute_signature(url, values), "Content-Type": FORM}


def _parties(kind: str, sid: str, status: str, sender: str, to: str) -> dict[str, str | None]:
    known = {f"{kind}Sid": sid, "AccountSid": ACCOUNT_SID, "From": sender, "To": to, f"{kind}Status": status, "ApiVersion": API}
    return dict[str, str | None](known)


def _ended(sid: str, status: str, sender: str, to: str, direction: str, seconds: int | None) -> dict[str, str | None]:  # noqa: PLR0917
    return _parties("Call", sid, status, sender, to) | {
        "Direction": direction,
        "CallDuration": None if seconds is None else str(seconds),
        "SipResponseCode": "200",
        "CallbackSource": "call-progress-events",
        "Timestamp": f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} -0000",
        "SequenceNumber": "0",
    }
