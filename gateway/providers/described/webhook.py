"""Texts and reports that come in over a described API, pure: whether the request is theirs, and what it says.

Such APIs sign nothing. So a request is theirs if it comes from one of their addresses and knows the secret in our webhook's address.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from gateway.core import phone, sms
from gateway.core.events import MessageReceived
from gateway.errors import GatewayError
from gateway.providers.base import Inbound, StatusReport, WebhookRequest
from gateway.providers.described.client import delivery_of, says
from gateway.providers.faults import SendFault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import IPvAnyNetwork

    from gateway.providers.described import account

FORWARDED_FOR = "X-Forwarded-For"
EXTERNAL_ID = re.compile(r"[!-~]{1,64}")
CODE = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9_.-]{1,24}")  # no phone number is one
STATUS_MAP: Mapping[str, tuple[str, SendFault | None]] = {
    "accepted": ("accepted", None),
    "sent": ("sent", None),
    "delivered": ("delivered", None),
    "undelivered": ("undelivered", None),
    "bad_number": ("undelivered", SendFault.BAD_NUMBER),
    "opted_out": ("undelivered", SendFault.OPTED_OUT),
}


def verify(request: WebhookRequest, door: account.Door | None, provider: str) -> dict[str, str]:
    """Return the fields, each once; GatewayError `webhook:forged` or `webhook:malformed` otherwise.

    Of who knows the path and asks from elsewhere the address is told: so it is found out which are theirs.
    """
    if door is None:
        raise GatewayError("webhook:forged", provider=provider)
    given = request.path.partition("?")[0].rpartition("/")[2]
    if not hmac.compare_digest(given.encode(errors="replace"), door.path.encode()):
        raise GatewayError("webhook:forged", provider=provider)
    asker = _asker(request, door.proxies)
    if not _is_among(asker, door.addresses):
        raise GatewayError("webhook:forged", where=f"from {asker}" if _address(asker) else "", provider=provider)
    form = dict(request.form)
    if len(form) != len(request.form):
        raise GatewayError("webhook:malformed", field="that stands there twice")
    return form


def _asker(request: WebhookRequest, proxies: Iterable[IPvAnyNetwork]) -> str:
    """Who asks: the other end of the connection; where that is a proxy of ours, whom it names, and so on."""
    named = [each.strip() for each in request.headers.get(FORWARDED_FOR, "").split(",") if each.strip()]
    asker = request.address
    while named and _is_among(asker, proxies):
        asker = named.pop()
    return asker


def _is_among(address: str, networks: Iterable[IPvAnyNetwork]) -> bool:
    known = _address(address)
    return known is not None and any(known in network for network in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        known = ip_address(text)
    except ValueError:
        return None
    return known.ipv4_mapped if isinstance(known, IPv6Address) and known.ipv4_mapped else known


def parse_message(form: Mapping[str, str], definition: account.Definition, provider: str) -> Inbound:
    """The text; GatewayError `webhook:malformed` where a field is missing or its id cannot be read."""
    inbound = definition.inbound
    if inbound is None:
        raise GatewayError("webhook:forged", provider=provider)
    said = {part: form.get(field) for part, field in inbound.fields.items()}
    missing = next((part for part, value in said.items() if value is None), None)
    if missing:
        raise GatewayError("webhook:malformed", field=missing)
    who, ours, text = (said.get(part) or "" for part in ("from", "to", "text"))
    sender = phone.parse(who, definition.country)
    message = MessageReceived(sms.kept(_without(text, inbound.keyword)))
    if external_id := said.get("id"):
        if not EXTERNAL_ID.fullmatch(external_id):
            raise GatewayError("webhook:malformed", field="id")
        return Inbound(provider, external_id, 0, "sms", sender, ours, message)
    # Keyed, since the words and the number could be guessed from it otherwise.
    content = json.dumps([sender or who, ours, text]).encode()
    words = hmac.digest(inbound.path.encode(), content, "sha256").hex()[:32]
    return Inbound(provider, words, 0, "sms", sender, ours, message, inbound.repeats_within)


def parse_status(form: Mapping[str, str], reports: account.Reports | None, provider: str) -> StatusReport | None:
    """Their word about a text, None where it is none that `states` knows; GatewayError `webhook:malformed` without a readable id."""
    if reports is None:
        raise GatewayError("webhook:forged", provider=provider)
    external_id = _named(form, reports)
    if not EXTERNAL_ID.fullmatch(external_id):
        raise GatewayError("webhook:malformed", field="id")
    state = next((state for state in reports.states if says(state.where, form)), None)
    if state is None:
        return None
    status, fault = STATUS_MAP[state.means]
    code = form.get(reports.code, "") if reports.code else ""
    error = code if CODE.fullmatch(code) else "reported"
    return StatusReport(provider, external_id, status, error if status == "undelivered" else None, fault=fault)


def row_of(form: Mapping[str, str], reports: account.Reports | None) -> int | None:
    """The row that a report is about, where it names it by our own id."""
    return delivery_of(_named(form, reports)) if reports is not None and "ours" in reports.fields else None


def _named(form: Mapping[str, str], reports: account.Reports) -> str:
    (field,) = reports.fields.values()
    return form.get(field, "")


def _without(text: str, keyword: str) -> str:
    """The text without the word by which the provider knows that it is ours.

    >>> _without("Aawaj  dabi", "AAWAJ"), _without("dabi", "AAWAJ")
    ('dabi', 'dabi')
    """
    first, _, rest = text.strip().partition(" ")
    return rest.strip() if keyword and first.casefold() == keyword.casefold() else text
