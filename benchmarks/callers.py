"""Callers: the requests that Twilio would make for them, and a small load generator that sends those over a few kept connections."""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from benchmarks.machine import HOST

ACCOUNT_SID, AUTH_TOKEN = "AC" + "0" * 32, "the token of the benchmark"
OUR_NUMBER = "+97714000000"
PATIENCE = 60.0  # seconds for one burst of requests

# What Twilio sends besides CallSid, From and Digits: 27 parameters in all.
USUAL = {
    "AccountSid": ACCOUNT_SID,
    "ApiVersion": "2010-04-01",
    "CallStatus": "in-progress",
    "Called": OUR_NUMBER,
    "CalledCity": "KATHMANDU",
    "CalledCountry": "NP",
    "CalledState": "",
    "CalledZip": "",
    "CallerCity": "",
    "CallerCountry": "NP",
    "CallerState": "",
    "CallerZip": "",
    "Direction": "inbound",
    "FinishedOnKey": "",
    "FromCity": "",
    "FromCountry": "NP",
    "FromState": "",
    "FromZip": "",
    "To": OUR_NUMBER,
    "ToCity": "KATHMANDU",
    "ToCountry": "NP",
    "ToState": "",
    "ToZip": "",
}
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """One call: its id, and the phone that makes it."""

    call_sid: str
    number: str

    def begins(self, port: int) -> bytes:
        """The request by which the call is announced."""
        return _request(port, "/twilio/voice", self._form(""))

    def presses(self, port: int, step: int, key: str) -> bytes:
        """The request that brings a key, pressed at this step."""
        return _request(port, f"/twilio/voice/{step}", self._form(key))

    def _form(self, digits: str) -> dict[str, str]:
        return {**USUAL, "CallSid": self.call_sid, "Caller": self.number, "From": self.number, "Digits": digits}


def _request(port: int, path: str, form: Mapping[str, str]) -> bytes:
    """A signed request, whole."""
    signed = f"http://{HOST}:{port}{path}" + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), signed.encode(), "sha1")).decode()
    body = "&".join(f"{name}={quote_plus(value)}" for name, value in form.items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        f"X-Twilio-Signature: {signature}\r\nI-Twilio-Idempotency-Token: {form['CallSid']}\r\n"
        f"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


def send(port: int, requests: Sequence[bytes], at_once: int) -> list[str]:
    """Send the requests over so many connections, each as soon as the one before it is answered; the answers in no order.

    Raises RuntimeError for any answer but a TwiML document with the status 200.
    """
    return asyncio.run(asyncio.wait_for(_send(port, requests, at_once), PATIENCE))


async def _send(port: int, requests: Sequence[bytes], at_once: int) -> list[str]:
    left = iter(requests)
    bodies: list[str] = []
    async with asyncio.TaskGroup() as connections:
        for _ in range(at_once):
            connections.create_task(_keep_sending(port, left, bodies))
    return bodies


async def _keep_sending(port: int, left: Iterator[bytes], bodies: list[str]) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    for request in left:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = (await reader.readexactly(int(length[1]) if length else 0)).decode()
        if not head.startswith(b"HTTP/1.1 200 ") or not body.endswith("</Response>"):
            raise RuntimeError(f"the server answered {head[:16]!r}: {body[:200]}")
        bodies.append(body)
    writer.close()
