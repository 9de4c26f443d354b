"""The kinds of providers: what channels.yaml may say of an account of each, and how it is put together. A new kind is a line here.

It is imported only where there is a channels.yaml: pydantic takes a tenth of a web process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

import gateway.providers.httpsms.account as httpsms
import gateway.providers.smsgate.account as smsgate
from gateway.providers import sparrow
from gateway.providers.base import Provider
from gateway.providers.described import Described
from gateway.providers.described.account import Definition
from gateway.providers.twilio import Twilio
from gateway.providers.twilio.account import Account


@dataclass(frozen=True, slots=True)
class Kind:
    """`build(name, settings, public_base_url)` gives the provider; its webhooks lie below `/name`. `calls`: it has more than texts."""

    settings: type[BaseModel]
    build: Callable[[str, Any, str], Provider]
    calls: bool = False


def _twilio(name: str, account: Account, public_base_url: str) -> Provider:
    return Twilio(
        name=name,
        webhooks=f"/{name}",
        account_sid=account.account_sid,
        auth_token=account.auth_token.get_secret_value(),
        api_base_url=account.api_base_url,
        public_base_url=public_base_url,
        detect_machines=account.detect_machines,
    )


def _http(name: str, definition: Definition, public_base_url: str) -> Provider:  # noqa: ARG001  # they call us, we name no address
    return Described(name=name, definition=definition)


KINDS: Mapping[str, Kind] = {
    "twilio": Kind(Account, _twilio, calls=True),
    "sparrow": Kind(sparrow.account.Account, sparrow.build),
    "http": Kind(Definition, _http),
    "smsgate": Kind(smsgate.Account, smsgate.build),
    "httpsms": Kind(httpsms.Account, httpsms.build),
}
