"""httpSMS's API: send a text, ask what became of it.

An answer of 200 says that the text waits for the phone, however long the phone has been off: so we look first when it was last heard of.
httpSMS does not tell repeats by our id: whoever sends again sends twice. Whether it has a text is found among the last ones to that
person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from gateway.providers import json_body
from gateway.providers.android import id_of, refused, was_seen
from gateway.providers.base import Accepted, Found, OutboundMessage
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import KB, Asked, HttpSession, Reply
from gateway.providers.httpsms.render import render_request
from gateway.providers.httpsms.webhook import STATUS

LISTED = 20  # the most that are given at once
LIST_LIMIT = 256 * KB
MESSAGE_ID = re.compile(r"[0-9a-fA-F-]{36}")


@dataclass(frozen=True, slots=True)
class Client:
    """One account; `now` in seconds since 1970."""

    api_url: str
    api_key: str = field(repr=False)
    now: Callable[[], float]

    async def send_message(self, http: HttpSession, message: OutboundMessage) -> Accepted:
        """Have one text sent, or raise SendError."""
        if await self.is_on(http, message.sender) is False:
            raise SendError(SendFault.UNREACHABLE, provider_code="no-phone")
        headers = {"x-api-key": self.api_key, "Content-Type": "application/json"}
        reply = await http.ask(
            Asked("POST", self.api_url, "/v1/messages/send", headers, render_request(id_of(self.api_key, message), message))
        )
        if reply.status != 200:
            raise _refused(reply)
        taken = json_body.answered(reply.body)
        if not MESSAGE_ID.fullmatch(taken.get("data.id", "")):
            raise SendError(SendFault.AMBIGUOUS, provider_code="no-id")
        return Accepted(taken["data.id"], STATUS.get(taken.get("data.status", ""), "accepted"))

    async def find_message(self, http: HttpSession, message: OutboundMessage) -> Found | None:
        """What became of a text, by our id among the last ones to this person; None where it is not there."""
        asked = {"owner": message.sender, "contact": message.recipient, "skip": "0", "limit": str(LISTED)}
        reply = await self._list(http, "/v1/messages", asked)
        listed = _listed(reply)
        if listed is None:
            raise refused(reply)
        our_id = id_of(self.api_key, message)
        for each in listed:
            external_id, status = each.get("id"), STATUS.get(str(each.get("status")))
            if each.get("request_id") == our_id and status and isinstance(external_id, str) and MESSAGE_ID.fullmatch(external_id):
                return Found(external_id, status, message.body)
        return None

    async def is_on(self, http: HttpSession, owner: str) -> bool | None:
        """Whether the phone of this number was heard of lately; None where nobody can tell, as of a new one. SendError UNREACHABLE."""
        try:
            listed = _listed(await self._list(http, "/v1/heartbeats", {"owner": owner, "skip": "0", "limit": "1"}))
        except SendError as error:
            raise SendError(SendFault.UNREACHABLE, provider_code=error.provider_code) from None  # no text has left yet
        return was_seen(listed[0].get("timestamp"), self.now()) if listed else None

    async def _list(self, http: HttpSession, path: str, asked: Mapping[str, str]) -> Reply:
        request = Asked("GET", self.api_url, f"{path}?{urlencode(asked)}", {"x-api-key": self.api_key}, None)
        return await http.ask(request, LIST_LIMIT)


def _listed(reply: Reply) -> list[dict[str, object]] | None:
    try:
        data = json.loads(reply.body)["data"] if reply.status == 200 else None
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else None


def _refused(reply: Reply) -> SendError:
    if reply.status == 402:  # the month's texts of our plan are used up
        return SendError(SendFault.MISCONFIGURED, provider_code="402")
    if reply.status == 422:
        faulty = _faulty_fields(reply)
        fault = SendFault.MISCONFIGURED if "from" in faulty else SendFault.BAD_NUMBER if "to" in faulty else SendFault.REFUSED
        return SendError(fault, provider_code="422")
    return refused(reply)


def _faulty_fields(reply: Reply) -> frozenset[str]:
    """The fields that did not pass: `data` has a list of complaints for each."""
    try:
        return frozenset(json.loads(reply.body)["data"])
    except (ValueError, RecursionError, KeyError, TypeError):
        return frozenset()
