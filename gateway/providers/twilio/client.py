"""Twilio's REST API: send a text, place a call, ask what became of one, fetch a recording.

Twilio's sends are not idempotent: after an error that leaves open whether the request was taken, asking is right and sending again
may reach the person twice. Every outcome is therefore one of `SendFault`, by the tables below.

Somleng's API is the same as far as its source says (https://github.com/somleng/somleng/tree/develop/app/controllers/twilio_api), but
for three things that are met here: its lists hold everything whatever is asked for, its error codes are texts, and a recording
is a redirect to where its files lie.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from gateway.core.events import Medium
from gateway.core.statuses import DELIVERY_OF_CALL
from gateway.providers.base import Accepted, Billed, Charge, Charges, Found, OutboundCall, OutboundMessage
from gateway.providers.faults import SendError, SendFault, of_status
from gateway.providers.http import KB, Api, Asked, HttpSession, Reply
from gateway.providers.twilio.codes import FAULTS
from gateway.providers.twilio.webhook import ANSWERED_BY, CALL_SID, CALL_STATUS, MESSAGE_SID, MESSAGE_STATUS, RECORDING_SID, count, instant

RING_SECONDS = 30
LONGEST_CALL = 600  # seconds; a call that we placed and pay for ends here
LIST_LIMIT = 1024 * KB
RECORDING_LIMIT = 10 * 1024 * KB
LISTED = "50"  # texts or calls to one person since one day: more than anybody gets
MOST_PAGES = 10  # of a list that is of everybody

CHARGES_LIMIT = 8 * 1024 * KB
CHARGES_LISTED = "500"
CODE = re.compile("[A-Z]?[0-9]{1,6}")


class Listing(NamedTuple):
    """The list of a medium: its resource, its name in the answer, the parameter of its day, and the form of its ids."""

    resource: str
    name: str
    day: str
    sid: re.Pattern[str]


LISTS: Mapping[Medium, Listing] = {
    "sms": Listing("Messages.json", "messages", "DateSent", MESSAGE_SID),
    "voice": Listing("Calls.json", "calls", "StartTime", CALL_SID),
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
        async for listed in self._listed(http, "sms", query, since):
            body = listed.get("body", "")
            if body.strip() == message.body.strip() and listed.get("to") == message.recipient:
                return Found(listed["sid"], MESSAGE_STATUS.get(listed.get("status", ""), "accepted"), body)
        return None

    async def find_call(self, http: HttpSession, call: OutboundCall, since: str) -> Found | None:
        """This call, or where its id is not known the newest from our number to this person since the day `since`; None where Twilio
        has none; SendError."""
        if call.external_id is not None:
            return await self._call(http, call.external_id)
        query = {"To": call.recipient, "From": call.sender, "StartTime>": since, "PageSize": LISTED}
        async for listed in self._listed(http, "voice", query, since):
            if (listed.get("to"), listed.get("from")) == (call.recipient, call.sender):
                return _found(listed)
        return None

    async def _call(self, http: HttpSession, external_id: str) -> Found | None:
        reply = await http.get(self.api, self._path(f"Calls/{external_id}.json"), {}, LIST_LIMIT)
        if reply.status == 404:
            return None
        if reply.status != 200:
            raise _refused(reply)
        called = _texts(_json(reply))
        return _found(called) if called.get("sid") == external_id else None

    async def end_call(self, http: HttpSession, external_id: str) -> None:
        """Hang up, or raise SendError."""
        if not CALL_SID.fullmatch(external_id):
            raise SendError(SendFault.REFUSED, provider_code="bad-id")
        reply = await http.post(self.api, self._path(f"Calls/{external_id}.json"), [("Status", "completed")])
        if reply.status != 200:
            raise _refused(reply)

    async def charges(self, http: HttpSession, billed: Billed, page: str | None) -> Charges:
        """A page of Twilio's list with its prices, which come some time after the text or call; SendError."""
        if page is None:
            day = LISTS[billed.medium].day
            days = {f"{day}>": billed.first.isoformat(), f"{day}<": (billed.last + timedelta(days=1)).isoformat()}
            page = self._first_page(billed.medium, {"From": billed.sender, **days, "PageSize": CHARGES_LISTED})
        listed, further = await self._page(http, billed.medium, page, CHARGES_LIMIT)
        whole = any(_made_before(entry, billed.first.isoformat()) for entry in listed)
        return Charges([charge for entry in listed if (charge := _charge(entry))], None if whole else further)

    async def fetch_recording(self, http: HttpSession, external_id: str) -> bytes:
        """A recording as WAV bytes, at most 10 MB. SendError UNREACHABLE where it is not there (yet), REFUSED where it is no recording."""
        if not RECORDING_SID.fullmatch(external_id):
            raise SendError(SendFault.REFUSED, provider_code="bad-id")
        reply = await http.get(self.api, self._path(f"Recordings/{external_id}.wav"), {}, RECORDING_LIMIT)
        if reply.status in {302, 307}:
            reply = await http.ask(self._elsewhere(reply), RECORDING_LIMIT)
        if reply.status == 404:
            raise SendError(SendFault.UNREACHABLE, provider_code="404")
        if reply.status != 200:
            raise _refused(reply)
        if not reply.whole or reply.body[:4] != b"RIFF" or reply.body[8:12] != b"WAVE":
            raise SendError(SendFault.REFUSED, provider_code="not-wav" if reply.whole else "too-large")
        return reply.body

    def _elsewhere(self, reply: Reply) -> Asked:
        """The request to where the API's own answer sends us for a file: once, as safe as the API, and without who we are there."""
        try:
            parts = urlsplit(reply.headers.get("Location", ""))
        except ValueError:
            raise SendError(SendFault.REFUSED, provider_code="elsewhere") from None
        if not parts.netloc or parts.scheme not in {"https", urlsplit(self.api.base_url).scheme}:
            raise SendError(SendFault.REFUSED, provider_code="elsewhere")
        path = parts._replace(scheme="", netloc="", path=parts.path or "/", fragment="").geturl()
        return Asked("GET", f"{parts.scheme}://{parts.netloc}", path, {}, None)

    async def _listed(self, http: HttpSession, medium: Medium, query: Mapping[str, str], since: str) -> AsyncIterator[dict[str, str]]:
        """What is listed for a query, newest first. It may hold what was not asked for, which is read no further back than `since`."""
        page: str | None = self._first_page(medium, query)
        for _ in range(MOST_PAGES):
            if page is None:
                return
            listed, page = await self._page(http, medium, page, LIST_LIMIT)
            for entry in listed:
                if _made_before(entry, since):
                    return
                yield entry

    async def _page(self, http: HttpSession, medium: Medium, page: str, limit: int) -> tuple[list[dict[str, str]], str | None]:
        """The readable entries of a page of a list, and the path of the next page."""
        reply = await http.get(self.api, page, {}, limit)
        if reply.status != 200:
            raise _refused(reply)
        answer, known = _json(reply), LISTS[medium]
        listed, further = answer.get(known.name), answer.get("next_page_uri")
        if not isinstance(listed, list):
            raise SendError(SendFault.AMBIGUOUS, provider_code="no-list")
        entries = [_texts(entry) for entry in listed if isinstance(entry, dict)]
        ours = isinstance(further, str) and further.startswith(self._first_page(medium, {}))  # nothing sends us elsewhere
        return [entry for entry in entries if known.sid.fullmatch(entry.get("sid", ""))], str(further) if ours else None

    def _first_page(self, medium: Medium, query: Mapping[str, str]) -> str:
        return f"{self._path(LISTS[medium].resource)}?{urlencode(query)}"

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


def _found(called: Mapping[str, str]) -> Found:
    by, seconds = ANSWERED_BY.get(called.get("answered_by", "")), count(called.get("duration", ""))
    return Found(called["sid"], _of_call(called.get("status", "")), seconds=seconds, answered_by=by)


def _made_before(listed: Mapping[str, str], day: str) -> bool:
    made = instant(listed.get("date_created", ""))
    return made is not None and made.date().isoformat() < day


def _charge(listed: Mapping[str, str]) -> Charge | None:
    """What a text or call cost, which Twilio writes as what is taken from our money: "-0.00750"; None while it does not say."""
    price, currency = listed.get("price", ""), listed.get("price_unit", "").upper()
    if not (PRICE.fullmatch(price) and CURRENCY.fullmatch(currency)):
        return None
    return Charge(listed["sid"], round(abs(Decimal(price)) * 1_000_000), currency)


def _refused(reply: Reply) -> SendError:
    code = str(_json(reply).get("code", ""))
    known = FAULTS.get(code) if 400 <= reply.status < 500 and reply.status != 429 else None
    shown = code if CODE.fullmatch(code) else str(reply.status)
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
