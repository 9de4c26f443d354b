"""httpSMS: texts over a SIM in an Android phone, both ways, and the calls that the phone missed.

The app fetches texts from httpSMS's server, public or our own, which also tells us what the phone reports
(https://docs.httpsms.com). One account may have several phones, each with its number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.core.events import Medium
from gateway.providers.android import Event, MissedCall
from gateway.providers.base import Accepted, Found, Inbound, OutboundMessage, StatusReport, TextsOnly, WebhookRequest
from gateway.providers.http import HttpSession
from gateway.providers.httpsms import webhook
from gateway.providers.httpsms.client import Client


@dataclass(frozen=True, kw_only=True)
class HttpSms(TextsOnly):
    """An account at httpSMS; `public_base_url` is ours, to which the webhook is addressed; `now` in seconds since 1970."""

    name: str
    api_url: str
    api_key: str = field(repr=False)
    signing_key: str = field(repr=False)
    public_base_url: str
    now: Callable[[], float] = time.time

    def verify(self, request: WebhookRequest) -> dict[str, str]:
        return webhook.verify(request, self.signing_key, f"{self.public_base_url}/{self.name}", self.now())

    def kind_of(self, form: Mapping[str, str]) -> Event:
        return webhook.kind_of(form)

    def parse_message(self, form: Mapping[str, str]) -> Inbound:
        return webhook.parse_message(form, self.name)

    def parse_status(self, kind: Medium, form: Mapping[str, str]) -> StatusReport | None:  # noqa: ARG002  # there are texts alone
        return webhook.parse_status(form, self.name)

    def parse_missed_call(self, form: Mapping[str, str]) -> MissedCall:
        return webhook.parse_missed_call(form)

    def delivery_of(self, form: Mapping[str, str]) -> int | None:
        return webhook.delivery_of(form)

    def number_of(self, form: Mapping[str, str]) -> str:
        return form.get("data.owner", "")

    def render_message(self, text: str) -> str:  # noqa: ARG002
        """The server reads no answers."""
        return ""

    def rest(self, text: str) -> str:
        """All of it goes out as a text of its own."""
        return text

    async def send_message(self, http: HttpSession, message: OutboundMessage) -> Accepted:
        return await self._client().send_message(http, message)

    async def find_message(self, http: HttpSession, message: OutboundMessage, since: str) -> Found | None:  # noqa: ARG002  # by its id
        return await self._client().find_message(http, message)

    async def is_on(self, http: HttpSession, number: str) -> bool | None:
        return await self._client().is_on(http, number)

    def _client(self) -> Client:
        return Client(self.api_url, self.api_key, self.now)
