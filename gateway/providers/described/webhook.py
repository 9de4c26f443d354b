"""A text that came in over a described API, pure: whether the request is theirs, and what it says.

Such APIs sign nothing. So a request is theirs if it comes from one of their addresses and knows the secret in our webhook's address.
"""

from __future__ import annotations

import hmac
import json
import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from gateway.core import phone, sms
from gateway.core.events import MessageReceived
from gateway.errors import GatewayError
from gateway.providers.base import Inbound, WebhookRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import IPvAnyNetwork

    from gateway.providers.described import account

FORWARDED_FOR = "X-Forwarded-For"
EXTERNAL_ID = re.compile(r"[!-~]{1,64}")


def verify(request: WebhookRequest, inbound: account.Inbound | None, provider: str) -> dict[str, str]:
    """Return the fields, each once; GatewayError `webhook:forged` or `webhook:malformed` otherwise."""
    if inbound is None:
        raise GatewayError("webhook:forged", provider=provider)
    given = request.path.partition("?")[0].rpartition("/")[2]
    knows_path = hmac.compare_digest(given.encode(errors="replace"), inbound.path.encode())
    if not (_is_among(_asker(request, inbound.proxies), inbound.addresses) and knows_path):
        raise GatewayError("webhook:forged", provider=provider)
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
    try:
        known: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    plain = known.ipv4_mapped if isinstance(known, IPv6Address) and known.ipv4_mapped else known
    return any(plain in network for network in networks)


def parse_message(form: Mapping[str, str], inbound: account.Inbound | None, provider: str) -> Inbound:
    """The text; GatewayError `webhook:malformed` where a field is missing or its id cannot be read."""
    if inbound is None:
        raise GatewayError("webhook:forged", provider=provider)
    said = {part: form.get(field) for part, field in inbound.fields.items()}
    missing = next((part for part, value in said.items() if value is None), None)
    if missing:
        raise GatewayError("webhook:malformed", field=missing)
    who, ours, text = (said.get(part) or "" for part in ("from", "to", "text"))
    sender = phone.parse(who)
    message = MessageReceived(sms.kept(_without(text, inbound.keyword)))
    if external_id := said.get("id"):
        if not EXTERNAL_ID.fullmatch(external_id):
            raise GatewayError("webhook:malformed", field="id")
        return Inbound(provider, external_id, 0, "sms", sender, ours, message)
    # Keyed, since the words and the number could be guessed from it otherwise.
    content = json.dumps([sender or who, ours, text]).encode()
    words = hmac.digest(inbound.path.encode(), content, "sha256").hex()[:32]
    return Inbound(provider, words, 0, "sms", sender, ours, message, inbound.repeats_within)


def _without(text: str, keyword: str) -> str:
    """The text without the word by which the provider knows that it is ours.

    >>> _without("Aawaj  dabi", "AAWAJ"), _without("dabi", "AAWAJ")
    ('dabi', 'dabi')
    """
    first, _, rest = text.strip().partition(" ")
    return rest.strip() if keyword and first.casefold() == keyword.casefold() else text
