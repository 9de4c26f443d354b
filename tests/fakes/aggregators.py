"""Providers of texts, each as its published pages say: Nepal's Sparrow SMS, Aakash SMS, SociAir and the gateway of the Department of IT;
Kannel; Infobip."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

from aiohttp import web
from fakes.provider_kit import FakeTexts, Text

TOKEN = "fake-token-of-a-fake-provider"
LOCAL = re.compile(r"9[6-9][0-9]{8}")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

SPARROW = {
    "1000": "A required field is missing",
    "1001": "Invalid IP Address",
    "1002": "Invalid Token",
    "1003": "Account Inactive",
    "1004": "Account Inactive",
    "1005": "Account has been expired",
    "1006": "Account has been expired",
    "1007": "Invalid Receiver",
    "1008": "Invalid Sender",
    "1010": "Text cannot be empty",
    "1011": "No valid receiver",
    "1012": "No Credits Available",
    "1013": "Insufficient Credits",
}
AAKASH = {
    "1": "The provided Auth Token is not valid.",
    "2": "Not enough balance.",
    "3": "No valid recipients found.",
    "4": "The text field is required.",
    "5": "Authentication token is invalid or expired.",
}


def twice(fields: list[tuple[str, str]]) -> bool:
    return len(dict(fields)) != len(fields)


class FakeSparrow(FakeTexts):
    """https://docs.sparrowsms.com/sms/outgoing_sendsms: GET or POST, `token`, `from`, `to` (10 digits, with commas), `text`; 200 with
    `count` and `response_code` 200, or 403 with a code. It gives no ids. `identity` is whom we may send as."""

    identity = "31001"

    async def read(self, request: web.BaseRequest) -> Text | web.Response:
        if request.path != "/v2/sms/" or request.method not in {"GET", "POST"}:
            return web.Response(status=404)
        body = (await request.read()).decode() if request.method == "POST" else request.rel_url.raw_query_string
        fields = parse_qsl(body, keep_blank_values=True)
        given = dict(fields)
        if twice(fields) or {"token", "from", "to", "text"} != set(given) or (request.method == "POST" and request.content_type != FORM):
            self.violations.append(f"{sorted(given)} as {request.content_type}")
            return self.refusal("1000")
        checks = {
            "1002": given["token"] == TOKEN,
            "1008": given["from"] == self.identity,
            "1007": bool(LOCAL.fullmatch(given["to"])),
            "1010": bool(given["text"].strip()),
        }
        refused = next((code for code, holds in checks.items() if not holds), None)
        return self.refusal(refused) if refused else Text(given["to"], given["text"], given["from"])

    def accepted(self, _taken: Text) -> web.Response:
        return web.json_response({"count": 1, "response_code": 200, "response": "1 mesages has been queued for delivery"})

    def refusal(self, code: str) -> web.Response:
        if code == "0":
            return web.json_response({"count": 0, "response_code": 200, "response": "0 mesages has been queued for delivery"})
        return web.json_response({"response_code": int(code), "response": SPARROW[code]}, status=403)


class FakeAakash(FakeTexts):
    """Aakash's v3: POST /sms/v3/send with `auth_token`, `to` (10 digits), `text`. It answers 200 whatever happens; `error` and the lists
    `valid` and `invalid`, with an entry for each number, tell it apart. Its codes are this fake's own: they have sentences alone."""

    async def read(self, request: web.BaseRequest) -> Text | web.Response:
        if (request.path.rstrip("/"), request.method) != ("/sms/v3/send", "POST"):
            return web.Response(status=404)
        fields = parse_qsl((await request.read()).decode(), keep_blank_values=True)
        given = dict(fields)
        if twice(fields) or {"auth_token", "to", "text"} != set(given) or request.content_type != FORM:
            self.violations.append(f"{sorted(given)} as {request.content_type}")
            return self.refusal("4")
        if given["auth_token"] != TOKEN:
            return self.refusal("1")
        if not LOCAL.fullmatch(given["to"]):
            return self.refusal("invalid")
        return Text(given["to"], given["text"])

    def accepted(self, taken: Text) -> web.Response:
        entry = {"mobile": f"977{taken.to}", "text": taken.text, "credit": 1, "network": "ncell", "status": "queued"}
        valid = [{"id": f"13421_{17867957026755 + len(self.ledger)}", **entry}]
        told = "1 messages has been queued for delivery."
        return web.json_response({"error": False, "message": told, "data": {"valid": valid, "invalid": []}})

    def refusal(self, code: str) -> web.Response:
        if code == "invalid":
            invalid = [{"mobile": "988585584", "text": "dabi", "credit": 0, "network": "N/A", "status": "aborted"}]
            told = "0 messages has been queued for delivery."
            return web.json_response({"error": False, "message": told, "data": {"valid": [], "invalid": invalid}})
        return web.json_response({"error": True, "message": AAKASH[code], "data": []})


class FakeDoit(FakeTexts):
    """https://sms.doit.gov.np/developer-guide, as the Community Health Toolkit speaks it: POST /api/sms with JSON `mobile` (10 digits) and
    `message` under a bearer token; `status` 1 and the numbers of each network, `invalid_number` a list. Its faults are HTTP's, for who
    wants JSON: to a browser its framework answers them with a redirect."""

    async def read(self, request: web.BaseRequest) -> Text | web.Response:
        if (request.path, request.method) != ("/api/sms", "POST"):
            return web.Response(status=404)
        if not request.headers.get("Accept", "").startswith(JSON):
            return web.Response(status=302, headers={"Location": "/login"})
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.refusal("401")
        given = json.loads(await request.read()) if request.content_type == JSON else {}
        if set(given) != {"mobile", "message"} or not all(isinstance(value, str) for value in given.values()):
            self.violations.append(f"{sorted(given)} as {request.content_type}")
            return self.refusal("422")
        if not LOCAL.fullmatch(given["mobile"]):
            return self.refusal("4220")
        return Text(given["mobile"], given["message"])

    def accepted(self, _taken: Text) -> web.Response:
        return web.json_response({"message": "Success! SMS queued !", "status": 1, "ntc": 1, "ncell": 0, "invalid_number": []})

    def refusal(self, code: str) -> web.Response:
        told = {
            "401": (401, {"message": "Invalid credentials", "error": "Unauthorized"}),
            "422": (422, {"message": "The given data was invalid.", "errors": {"message": ["The message field is required."]}}),
            "4220": (422, {"message": "The given data was invalid.", "errors": {"mobile": ["The mobile format is invalid."]}}),
            "200": (200, {"message": "Success! SMS queued !", "status": 1, "ntc": 0, "ncell": 0, "invalid_number": ["9841234567"]}),
            "2000": (200, {"message": "Success! SMS queued !", "status": 1, "ntc": 0, "ncell": 0, "invalid_number": "9841234567"}),
        }
        status, body = told[code]
        return web.json_response(body, status=status)


class FakeSociair(FakeTexts):
    """https://sms.sociair.com/documentation: POST /api/sms with JSON `message` and `mobile` under a bearer token; sentences for answers."""

    async def read(self, request: web.BaseRequest) -> Text | web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}" or request.headers.get("Accept") != JSON:
            return self.refusal("401")
        given = json.loads(await request.read())
        if (request.path, request.method, set(given)) != ("/api/sms", "POST", {"message", "mobile"}):
            self.violations.append(f"{request.path} with {sorted(given)}")
        return Text(given["mobile"], given["message"]) if LOCAL.fullmatch(given["mobile"]) else self.refusal("invalid")

    def accepted(self, _taken: Text) -> web.Response:
        return web.json_response({"message": "Success! SMS has been sent", "ntc": 1, "ncell": 0, "smartcell": 0})

    def refusal(self, code: str) -> web.Response:
        if code == "401":
            return web.json_response({"message": "Unauthenticated"}, status=401)
        return web.json_response({"message": "Sorry! SMS could not be sent. Invalid mobile number", "ntc": 1, "ncell": 0, "smartcell": 0})


class FakeKannel(FakeTexts):
    """smsbox of Kannel 1.4 (its user guide, "Using HTTP interface to smsbox"): GET with `username`, `password`, `from`, `to`, `text`; in
    `coding` 0 what is not in the alphabet of GSM is lost, in 2 it is not; 202 and a line of text. `asked` are the addresses for reports."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.asked: list[str] = []

    async def read(self, request: web.BaseRequest) -> Text | web.Response:
        given = request.rel_url.query
        if (request.path, request.method) != ("/cgi-bin/sendsms", "GET"):
            return web.Response(status=404)
        if given.get("password") != TOKEN:
            return self.refusal("403")
        if given.get("charset") != "UTF-8" or (given.get("coding") != "2" and not given["text"].isascii()):
            self.violations.append("letters are lost")
        self.asked.append(given["dlr-url"])
        return Text(given["to"], given["text"], given["from"])

    def accepted(self, _taken: Text) -> web.Response:
        return web.Response(status=202, text="0: Accepted for delivery")

    def refusal(self, code: str) -> web.Response:
        told = {"403": "Authorization failed for sendsms", "503": "Temporal failure, try again later."}
        return web.Response(status=int(code), text=told[code])


class FakeInfobip(FakeTexts):
    """https://dev.infobip.com/send-sms: POST /sms/2/text/advanced with JSON, a result for each number; 401 for a wrong key."""

    async def read(self, request: web.BaseRequest) -> Text | web.Response:
        if request.headers.get("Authorization") != f"App {TOKEN}":
            return web.json_response({"requestError": {"serviceException": {"messageId": "UNAUTHORIZED"}}}, status=401)
        (message,) = json.loads(await request.read())["messages"]
        (destination,) = message["destinations"]
        if (request.path, request.method, message.get("flash")) != ("/sms/2/text/advanced", "POST", False):
            self.violations.append(f"{request.path} with {sorted(message)}")
        return Text(destination["to"], message["text"], message["from"])

    def accepted(self, taken: Text) -> web.Response:
        return self._answer({"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED"}, to=taken.to)

    def refusal(self, code: str) -> web.Response:
        return self._answer({"groupId": 5, "groupName": "REJECTED", "name": f"REJECTED_{code}"})

    def _answer(self, status: dict[str, object], **more: str) -> web.Response:
        result = {"status": status, "smsCount": 1, "messageId": f"2250be2d-{len(self.ledger):08d}", **more}
        return web.json_response({"messages": [result]})
