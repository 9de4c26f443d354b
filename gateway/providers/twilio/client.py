"""Twilio's REST API: send a text, place a call, ask what became of one, fetch a recording.

Twilio's sends are not idempotent: after an error that leaves open whether the request was taken, asking is right and sending again
may reach the person twice. Every outcome is therefore one of `SendFault`, by the tables below.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from gateway.core.events import Medium
from gateway.core.statuses import DELIVERY_OF_CALL
from gateway.providers.base import Accepted, Billed, Charge, Charges, Found, OutboundCall, OutboundMessage
from gateway.providers.faults import SendError, SendFault, of_status
from gateway.providers.http import KB, Api, HttpSession, Reply
from gateway.providers.twilio.codes import FAULTS
from gateway.providers.twilio.webhook import ANSWERED_BY, CALL_SID, CALL_STATUS, MESSAGE_SID, MESSAGE_STATUS, RECORDING_SID, count

RING_SECONDS = 30
LONGEST_CALL = 600  # seconds; a call that we placed and pay for ends here
LIST_LIMIT = 1024 * KB
RECORDING_LIMIT = 10 * 1024 * KB
LISTED = "50"  # texts or calls to one person since one day: more than anybody gets

CHARGES_LIMIT = 8 * 1024 * KB
CHARGES_LISTED = "500"
# Of each medium: the list, its name in the answer, the field of its day, and the form of its ids.
BILLED: Mapping[Medium, tuple[str, str, str, re.Pattern[str]]] = {
    "sms": ("Messages.json", "messages", "DateSent", MESSAGE_SID),
    "voice": ("Calls.json", "calls", "StartTime", CALL_SID),
}
PRICE = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,8})?")
CURRENCY = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Client:
    """One account of a Twilio-compatible API, where our webhooks for it lie, and whether it listens for machines."""

    api: Api
    webhooks: str
    detect_machines: bool = False

    async def send_message(self, http: HttpSession, message: OutboundMessage) -> Accepted:
        """Send one text, or raise SendError."""
        form = [
            ("To", message.recipient),
            ("From", message.sender),
            ("Body", message.body),
            ("StatusCallback", f"{self.webhooks}/status/messages/{message.delivery_id}"),
        ]
        taken = _taken(await http.post(self.api, self._path("Messages.json"), form), MESSAGE_SID)
        return Accepted(taken["sid"], MESSAGE_STATUS.get(taken.get("status", ""), "accepted"))

    async def place_call(self, http: HttpSession, call: OutboundCall) -> Accepted:
        """Have one person rung, or raise SendError."""
        reports = f"{self.webhooks}/status/calls/{call.delivery_id}"
        form = [
            ("To", call.recipient),
            ("From", call.sender),
            ("Url", f"{self.webhooks}/voice/deliveries/{call.delivery_id}"),
            ("Method", "POST"),
            ("FallbackUrl", f"{self.webhooks}/fallback"),
            ("FallbackMethod", "POST"),
            ("StatusCallback", reports),
            ("StatusCallbackMethod", "POST"),
            *(("StatusCallbackEvent", event) for event in ("ringing", "answered", "completed")),
            ("Timeout", str(RING_SECONDS)),
            ("TimeLimit", str(LONGEST_CALL)),
        ]
        if self.detect_machines:  # beside the call, so that a person hears no silence before the first word
            form += [("MachineDetection", "Enable"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", reports)]
        taken = _taken(await http.post(self.api, self._path("Calls.json"), form), CALL_SID)
        return Accepted(taken["sid"], _of_call(taken.get("status", "")))

    async def find_message(self, http: HttpSession, message: OutboundMessage, since: str) -> Found | None:
        """The newest text to this person with this body since the day `since`; None where Twilio lists none; SendError."""
        query = {"To": message.recipient, "DateSent>": since, "PageSize": LISTED}
        for listed in await self._list(http, "Messages.json", "messages", query):
            body = listed.get("body", "")
            if body.strip() == message.body.strip() and MESSAGE_SID.fullmatch(listed.get("sid", "")):
                return Found(listed["sid"], MESSAGE_STATUS.get(listed.get("status", ""), "accepted"), body)
        return None

    async def find_call(self, http: HttpSession, call: OutboundCall, since: str) -> Found | None:
        """The newest call from our number to this person since the day `since`; None where Twilio lists none; SendError."""
        query = {"To": call.recipient, "From": call.sender, "StartTime>": since, "PageSize": LISTED}
        for listed in await self._list(http, "Calls.json", "calls", query):
            if CALL_SID.fullmatch(listed.get("sid", "")):
                by, seconds = ANSWERED_BY.get(listed.get("answered_by", "")), count(listed.get("duration", ""))
                return Found(listed["sid"], _of_call(listed.get("status", "")), seconds=seconds, answered_by=by)
        return None

    async def end_call(self, http: HttpSession, external_id: str) -> None:
        """Hang up, or raise SendError."""
        if not CALL_SID.fullmatch(external_id):
            raise SendError(SendFault.REFUSED, provider_code="bad-id")
        reply = await http.post(self.api, self._path(f"Calls/{external_id}.json"), [("Status", "completed")])
        if reply.status != 200:
            raise _refused(reply)

    async def charges(self, http: HttpSession, billed: Billed, page: str | None) -> Charges:
        """A page of Twilio's list with its prices, which come some time after the text or call; SendError."""
        resource, name, day, sid = BILLED[billed.medium]
        begins = f"{self._path(resource)}?"
        if page is None:
            days = {f"{day}>": billed.first.isoformat(), f"{day}<": (billed.last + timedelta(days=1)).isoformat()}
            page = begins + urlencode({"From": billed.sender, **days, "PageSize": CHARGES_LISTED})
        reply = await http.get(self.api, page, {}, CHARGES_LIMIT)
        listed = _listed(reply, name)
        further = _json(reply).get("next_page_uri")
        known = isinstance(further, str) and further.startswith(begins)  # nothing sends us elsewhere
        return Charges([charge for entry in listed if (charge := _charge(entry, sid))], str(further) if known else None)

    async def fetch_recording(self, http: HttpSession, external_id: str) -> bytes:
        """A recording as WAV bytes, at most 10 MB. SendError UNREACHABLE where it is not there (yet), REFUSED where it is no recording."""
        if not RECORDING_SID.fullmatch(external_id):
            raise SendError(SendFault.REFUSED, provider_code="bad-id")
        reply = await http.get(self.api, self._path(f"Recordings/{external_id}.wav"), {}, RECORDING_LIMIT)
        if reply.status == 404:
            raise SendError(SendFault.UNREACHABLE, provider_code="404")
        if reply.status != 200:
            raise _refused(reply)
        if not reply.whole or reply.body[:4] != b"RIFF" or reply.body[8:12] != b"WAVE":
            raise SendError(SendFault.REFUSED, provider_code="not-wav" if reply.whole else "too-large")
        return reply.body

    async def _list(self, http: HttpSession, resource: str, name: str, query: Mapping[str, str]) -> list[dict[str, str]]:
        return _listed(await http.get(self.api, self._path(resource), query, LIST_LIMIT), name)

    def _path(self, resource: str) -> str:
        return f"/2010-04-01/Accounts/{self.api.user}/{resource}"


def _taken(reply: Reply, sid: re.Pattern[str]) -> dict[str, str]:
    """The resource that was made. A success without a readable id leaves open what happened."""
    if reply.status not in {200, 201}:
        raise _refused(reply)
    made = _texts(_json(reply))
    if not sid.fullmatch(made.get("sid", "")):
        raise SendError(SendFault.AMBIGUOUS, provider_code="no-sid")
    return made


def _listed(reply: Reply, name: str) -> list[dict[str, str]]:
    if reply.status != 200:
        raise _refused(reply)
    listed = _json(reply).get(name)
    if not isinstance(listed, list):
        raise SendError(SendFault.AMBIGUOUS, provider_code="no-list")
    return [_texts(entry) for entry in listed if isinstance(entry, dict)]


def _charge(listed: Mapping[str, str], sid: re.Pattern[str]) -> Charge | None:
    """What a text or call cost, which Twilio writes as what is taken from our money: "-0.00750"; None while it does not say."""
    price, currency = listed.get("price", ""), listed.get("price_unit", "").upper()
    if not (PRICE.fullmatch(price) and CURRENCY.fullmatch(currency) and sid.fullmatch(listed.get("sid", ""))):
        return None
    return Charge(listed["sid"], round(abs(Decimal(price)) * 1_000_000), currency)


def _refused(reply: Reply) -> SendError:
    code = _json(reply).get("code")
    shown = str(code) if isinstance(code, int) else str(reply.status)
    known = FAULTS.get(code) if isinstance(code, int) and 400 <= reply.status < 500 and reply.status != 429 else None
    return SendError(known or of_status(reply.status), provider_code=shown, retry_after=reply.retry_after)


def _json(reply: Reply) -> dict[str, object]:
    """The answer as a JSON object; empty where it is none."""
    try:
        parsed = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _texts(resource: Mapping[str, object]) -> dict[str, str]:
    return {name: value for name, value in resource.items() if isinstance(value, str)}


def _of_call(status: str) -> str:
    """What a call's state at Twilio means for the delivery; a call that was placed is at least accepted."""
    return DELIVERY_OF_CALL[CALL_STATUS.get(status, "queued")]
