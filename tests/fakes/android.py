"""SMS Gate and httpSMS with a phone behind them: real servers on loopback with a ledger of what the phone took, which fail on order.

    with FakeSmsGate(faults={"reset_after": 1.0}) as fake:
        ...                              # point `api_url` at fake.api_url
        assert [sent.to for sent in fake.ledger] == [...]
    body, headers = fake.event("sms:received", sender="+977...", message="dabi", receivedAt="...")  # as the phone would post it

What they take and refuse is from the published sources: SMS Gate's server (internal/sms-gateway/handlers/messages/3rdparty.go) and app
(modules/localserver/routes/MessagesRoutes.kt, modules/webhooks), httpSMS's (api/pkg/{handlers,validators,events,services}).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt
from aiohttp import web
from fakes.provider_kit import FAULTS, NOT_TAKEN, FakeProvider

E164 = re.compile(r"\+[0-9]{7,15}")
KNOWN = re.compile(r"\+977(?:96[0-3]|97[0-24-6]|98[0-24-68])[0-9]{7}")  # as the library of numbers knows mobiles of Nepal


def _go(at: float) -> str:
    """A moment as Go writes it: with all its digits."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "882Z")


@dataclass(frozen=True)
class Sent:
    """One text that the phone took, under the id of whoever sent it."""

    id: str
    to: str
    sender: str
    body: str


class FakeApi(FakeProvider):
    """What both have in common. `states` are what the API tells of a text, by the id that whoever sent it gave it."""

    known_faults = (*FAULTS, "no_id")  # taken, and answered without its id

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.ledger: list[Sent] = []
        self.states: dict[str, str] = {}
        self._ids = itertools.count(1)

    def sent_to(self, number: str) -> list[str]:
        return [sent.body for sent in self.ledger if sent.to == number]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if not self.knows(request):
            return web.json_response({"message": "Unauthorized"}, status=401)
        if request.method == "GET":
            return self.tell(request)
        self.requests += 1
        fault = self.choose("")
        if fault in NOT_TAKEN:
            return await self.answered(request, fault, web.Response())
        taken = self.take(json.loads(await request.read()), dict(request.rel_url.query))
        if fault == "no_id" and taken.status < 300:
            return web.json_response({"id": None, "data": {}}, status=taken.status)
        return await self.answered(request, fault, taken)

    def knows(self, request: web.BaseRequest) -> bool:
        raise NotImplementedError

    def take(self, said: dict[str, object], query: dict[str, str]) -> web.Response:
        raise NotImplementedError

    def tell(self, request: web.BaseRequest) -> web.Response:
        raise NotImplementedError


class FakeSmsGate(FakeApi):
    """SMS Gate's server or, with `local`, the app itself. `offline`: the server has not seen the phone for hours; `others` of the account
    are on."""

    username, password, signing_key = "sms", "drawer-password", "signing-key-of-the-app"
    number = "+9779800000001"

    def __init__(self, *, local: bool = False, **options: object) -> None:
        super().__init__(**options)
        self.local, self.offline, self.queue_full = local, False, False
        self.others: list[str] = []

    @property
    def api_url(self) -> str:
        return self.url if self.local else f"{self.url}/3rdparty/v1"

    def account(self) -> dict[str, str]:
        return {"username": self.username, "password": self.password, "signing_key": self.signing_key, "api_url": self.api_url}

    def knows(self, request: web.BaseRequest) -> bool:
        wanted = f"Basic {base64.b64encode(f'{self.username}:{self.password}'.encode()).decode()}"
        return request.headers.get("Authorization") == wanted and request.path.startswith("/" if self.local else "/3rdparty/v1/")

    def take(self, said: dict[str, object], query: dict[str, str]) -> web.Response:
        text, numbers, ours = said.get("textMessage"), said.get("phoneNumbers"), str(said.get("id", ""))
        if len(ours) > 36 or not isinstance(text, dict) or not isinstance(numbers, list) or int(str(said.get("ttl", 5))) < 5:
            self.violations.append(json.dumps(said))
            return web.json_response({"message": "validation failed"}, status=400)
        if query.get("skipPhoneValidation") != "true" and not all(KNOWN.fullmatch(str(number)) for number in numbers):
            return web.json_response({"message": f"invalid phone number in row 1: {numbers[0]}"}, status=400)
        if not self.local and self.offline and "deviceActiveWithin" in query:
            return web.json_response({"message": "failed to select device: record not found"}, status=400)
        if not self.local and self.queue_full:
            return web.json_response(
                {"error": "QueueLimitExceeded", "message": "queue limits exceeded: too old pending message"}, status=503
            )
        if any(sent.id == ours for sent in self.ledger):
            return web.json_response({"message": "failed to enqueue message: message with such ID already exists"}, status=409)
        self.ledger.append(Sent(ours, str(numbers[0]), str(said.get("simNumber", "")), str(text["text"])))
        return web.json_response(self._state(ours), status=202)

    def tell(self, request: web.BaseRequest) -> web.Response:
        ours = request.path.rpartition("/")[2]
        if ours == "devices" and not self.local:
            seen = {"phone-1": 7_300.0 if self.offline else 60.0, **dict.fromkeys(self.others, 60.0)}
            return web.json_response([{"id": phone, "name": "x", "lastSeen": _go(time.time() - ago)} for phone, ago in seen.items()])
        if all(sent.id != ours for sent in self.ledger):
            return web.json_response({"message": "message not found"}, status=404)
        return web.json_response(self._state(ours))

    def _state(self, ours: str) -> dict[str, object]:
        sent, state = next(sent for sent in self.ledger if sent.id == ours), self.states.get(ours, "Pending")
        recipients = [{"phoneNumber": sent.to, "state": state}]
        return {"id": ours, "deviceId": "phone-1", "state": state, "isHashed": False, "isEncrypted": False, "recipients": recipients}

    def event(self, event: str, *, event_id: str = "", at: float | None = None, **payload: object) -> tuple[bytes, dict[str, str]]:
        """An event as the phone posts it at a moment, signed at that moment."""
        said = {
            "deviceId": "phone-1",
            "event": event,
            "id": event_id or f"event-{next(self._ids)}",
            "payload": {"simNumber": 1, **payload},
            "webhookId": "LreFUt-Z3sSq0JufY9uWB",
        }
        body = json.dumps(said, ensure_ascii=False).encode()
        return body, self.sign(body, at)

    def text(self, sender: str, message: str, at: float, **more: object) -> tuple[bytes, dict[str, str]]:
        """A text that came in at a moment."""
        received = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        ours = hashlib.md5(message.encode()).hexdigest()[:8]  # noqa: S324  # as the app makes it: of the content, and not unique
        told = {"messageId": ours, "message": message, "sender": sender, "phoneNumber": sender, "recipient": None, "receivedAt": received}
        return self.event("sms:received", at=at, **told, **more)

    def sign(self, body: bytes, at: float | None = None) -> dict[str, str]:
        """As the documentation's sample does."""
        timestamp = str(int(time.time() if at is None else at))
        signature = hmac.new(self.signing_key.encode(), (body.decode() + timestamp).encode(), hashlib.sha256).hexdigest()
        return {"Content-Type": "application/json", "X-Timestamp": timestamp, "X-Signature": signature}


class FakeHttpSms(FakeApi):
    """httpSMS's server with one phone of this `number`. `off_for` so many seconds it has not heard of the phone, None: never."""

    api_key, signing_key = "key-of-the-account", "signing key that we chose, 32 and more"
    number = "+9779800000002"
    off_for: float | None = 0.0

    @property
    def api_url(self) -> str:
        return self.url

    def account(self) -> dict[str, str]:
        return {"api_key": self.api_key, "signing_key": self.signing_key, "api_url": self.api_url}

    def knows(self, request: web.BaseRequest) -> bool:
        return request.headers.get("x-api-key") == self.api_key and request.path in {"/v1/messages/send", "/v1/messages", "/v1/heartbeats"}

    def take(self, said: dict[str, object], _query: dict[str, str]) -> web.Response:
        faulty = {name: [f"The {name} field is invalid"] for name in ("from", "to") if not E164.fullmatch(str(said.get(name, "")))}
        if said.get("from") != self.number:
            faulty["from"] = ["no phone found with with 'from' number"]
        if not 1 <= len(str(said.get("content", ""))) <= 1024:
            faulty["content"] = ["The content field must be between 1 and 1024"]
        if faulty:
            told = {"status": "error", "message": "validation errors while sending message", "data": faulty}
            return web.json_response(told, status=422)
        sent = Sent(str(said["request_id"]), str(said["to"]), str(said["from"]), str(said["content"]))
        self.ledger.append(sent)
        return web.json_response({"status": "success", "message": "message added to queue", "data": self._message(sent)})

    def tell(self, request: web.BaseRequest) -> web.Response:
        asked = request.rel_url.query
        if not 1 <= int(asked["limit"]) <= 20 or not E164.fullmatch(asked["owner"]):
            return web.json_response({"status": "error"}, status=422)
        if request.path == "/v1/heartbeats":
            return web.json_response({"status": "success", "message": "fetched", "data": self._heartbeats()})
        listed = [self._message(sent) for sent in reversed(self.ledger) if (sent.to, sent.sender) == (asked["contact"], asked["owner"])]
        return web.json_response({"status": "success", "message": "fetched", "data": listed[: int(asked["limit"])]})

    def _heartbeats(self) -> list[dict[str, object]]:
        if self.off_for is None:
            return []
        told = {"id": str(uuid.uuid4()), "owner": self.number, "charging": True, "version": "x", "user_id": "x"}
        return [{**told, "timestamp": _go(time.time() - self.off_for)}]

    def id_of(self, sent: Sent) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.ledger.index(sent)} {sent.id}"))

    def _message(self, sent: Sent) -> dict[str, object]:
        told = {"id": self.id_of(sent), "request_id": sent.id, "owner": sent.sender, "contact": sent.to, "content": sent.body}
        return {**told, "type": "mobile-terminated", "status": self.states.get(sent.id, "pending"), "failure_reason": None}

    def event(self, kind: str, address: str, at: float, *, event_id: str = "", **data: object) -> tuple[bytes, dict[str, str]]:
        """A CloudEvent as the server posts it to an address at a moment."""
        told = {
            "specversion": "1.0",
            "id": event_id or str(uuid.uuid4()),
            "source": "/v1/messages/receive",
            "type": kind,
            "datacontenttype": "application/json",
            "time": datetime.fromtimestamp(at, UTC).isoformat(),
            "data": {"user_id": "XtABz6zdeFMoBLoltz6SREDvRSh2", "owner": self.number, "sim": "SIM1", "encrypted": False, **data},
        }
        return json.dumps(told).encode(), self.sign(kind, address, at)

    def text(self, sender: str, message: str, address: str, at: float) -> tuple[bytes, dict[str, str]]:
        """A text that came in at a moment."""
        moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told = {"message_id": str(uuid.uuid4()), "contact": sender, "content": message, "timestamp": moment}
        return self.event("message.phone.received", address, at, **told)

    def about(self, kind: str, sent: Sent, address: str, at: float, **more: object) -> tuple[bytes, dict[str, str]]:
        """What became of a text."""
        told = {
            "message_id" if kind == "message.send.expired" else "id": self.id_of(sent),
            "request_id": sent.id,
            "contact": sent.to,
            "content": sent.body,
            "timestamp": "2026-01-15T06:15:00Z",
        }
        return self.event(kind, address, at, **told, **more)

    def heartbeat(self, what: str, address: str, at: float) -> tuple[bytes, dict[str, str]]:
        """The server no longer hears of the phone (`offline`), or does again (`online`)."""
        moment = datetime.fromtimestamp(at, UTC).isoformat()
        told = {"phone_id": str(uuid.uuid4()), "monitor_id": str(uuid.uuid4()), "last_heartbeat_timestamp": moment, "timestamp": moment}
        return self.event(f"phone.heartbeat.{what}", address, at, **told)

    def sign(self, kind: str, address: str, at: float) -> dict[str, str]:
        claims = {"aud": address, "exp": int(at) + 600, "iat": int(at), "nbf": int(at) - 600, "iss": "api.httpsms.com", "sub": "user"}
        token = jwt.encode(claims, self.signing_key, algorithm="HS256")
        return {"Content-Type": "application/json", "X-Event-Type": kind, "Authorization": f"Bearer {token}"}
