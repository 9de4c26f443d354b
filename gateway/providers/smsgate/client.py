"""SMS Gate's API: send a text, ask what became of it.

An answer of 202 says that the text waits for the phone; whether it went out, the phone tells us later. A text that is sent again under
the same id is refused with 409 "message with such ID already exists": then the first one was taken. An API that has seen no such phone
lately, or has too much waiting for it, takes nothing (400 about the device, 503 "queue limits exceeded"): the phone is switched off, and
the channel waits for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from gateway.providers import json_body
from gateway.providers.android import SEEN_WITHIN, id_of, refused, was_seen
from gateway.providers.base import Accepted, Found, OutboundMessage
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import KB, Api, Asked, HttpSession, Reply
from gateway.providers.smsgate.render import Options, render_request
from gateway.providers.smsgate.webhook import STATE

# An API that knows fewer numbers than the operators have given out refuses none of ours, and asks a phone that it has seen of late.
ASKED = f"/messages?skipPhoneValidation=true&deviceActiveWithin={SEEN_WITHIN // timedelta(hours=1)}"


@dataclass(frozen=True, slots=True)
class Client:
    """One phone, asked directly or over a server."""

    api: Api
    options: Options

    async def send_message(self, http: HttpSession, message: OutboundMessage) -> Accepted:
        """Give the phone one text, or raise SendError."""
        our_id = id_of(self.api.password, message)
        headers = {"Authorization": self.api.authorization, "Content-Type": "application/json"}
        reply = await http.ask(Asked("POST", self.api.base_url, ASKED, headers, render_request(our_id, message, self.options)))
        if reply.status == 409:
            return Accepted(our_id)
        if reply.status not in {200, 201, 202}:
            raise _refused(reply)
        taken = json_body.answered(reply.body)
        if taken.get("id") != our_id:
            raise SendError(SendFault.AMBIGUOUS, provider_code="no-id")
        return Accepted(our_id, STATE.get(taken.get("state", ""), "accepted"))

    async def find_message(self, http: HttpSession, message: OutboundMessage) -> Found | None:
        """What became of a text; None where the API does not have it."""
        our_id = id_of(self.api.password, message)
        reply = await http.get(self.api, f"/messages/{our_id}", {}, 64 * KB)
        if reply.status == 404:
            return None
        known = json_body.answered(reply.body) if reply.status == 200 else {}
        if known.get("id") != our_id or known.get("state") not in STATE:
            raise refused(reply)
        return Found(our_id, STATE[known["state"]], message.body)

    async def is_on(self, http: HttpSession, now: float) -> bool | None:
        """Whether the server has heard lately of our phone, or of any of the account; None where nobody can tell. The app itself lists no
        phones: it is there. SendError UNREACHABLE."""
        reply = await http.get(self.api, "/devices", {}, 64 * KB)
        if reply.status == 404:
            return True
        phones = _phones(reply)
        if phones is None:
            return None
        return any(was_seen(each.get("lastSeen"), now) for each in phones if self.options.device_id in {None, each.get("id")})


def _phones(reply: Reply) -> list[dict[str, object]] | None:
    try:
        listed = json.loads(reply.body) if reply.status == 200 else None
    except (ValueError, RecursionError):
        return None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else None


def _refused(reply: Reply) -> SendError:
    said = json_body.answered(reply.body)
    message = said.get("message", "").lower()
    if reply.status == 503 and ("queue limit" in message or said.get("error") == "QueueLimitExceeded"):
        return SendError(SendFault.UNREACHABLE, provider_code="queue-limit")
    if reply.status == 400 and "device" in message:
        return SendError(SendFault.UNREACHABLE, provider_code="no-phone")
    if reply.status == 400 and "phone" in message:
        return SendError(SendFault.BAD_NUMBER, provider_code="400")
    return refused(reply)
