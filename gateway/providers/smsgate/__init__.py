"""SMS Gate (android-sms-gateway): texts over a SIM in an Android phone, both ways, and the rings that its sister app CallGate reports.

The app is asked directly in the local network, or over a server (its public one, or one of our own) that it fetches texts from. Either
way the phone itself tells us what happens, each event signed (https://docs.sms-gate.app). One provider is one SIM of one phone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.core.events import Medium
from gateway.providers.android import Event, MissedCall
from gateway.providers.base import Accepted, Found, Inbound, OutboundMessage, StatusReport, TextsOnly, WebhookRequest
from gateway.providers.http import Api, HttpSession
from gateway.providers.smsgate import render, webhook
from gateway.providers.smsgate.client import Client


@dataclass(frozen=True, kw_only=True)
class SmsGate(TextsOnly):
    """An account of the app or its server. `sim`: the slot of the SIM, None for the phone's own choice; `hours` that a text may wait in
    the phone; `now` in seconds since 1970."""

    name: str
    api_url: str
    username: str
    password: str = field(repr=False)
    signing_key: str = field(repr=False)
    sim: int | None = None
    device_id: str | None = None
    hours: int = 24
    now: Callable[[], float] = time.time

    def verify(self, request: WebhookRequest) -> dict[str, str]:
        return webhook.verify(request, self.signing_key, self.now())

    def kind_of(self, form: Mapping[str, str]) -> Event:
        return webhook.kind_of(form, self.sim, self.device_id)

    def parse_message(self, form: Mapping[str, str]) -> Inbound:
        return webhook.parse_message(form, self.name)

    def parse_status(self, kind: Medium, form: Mapping[str, str]) -> StatusReport | None:  # noqa: ARG002  # there are texts alone
        return webhook.parse_status(form, self.name)

    def parse_missed_call(self, form: Mapping[str, str]) -> MissedCall:
        return webhook.parse_missed_call(form)

    def delivery_of(self, form: Mapping[str, str]) -> int | None:
        return webhook.delivery_of(form)

    def number_of(self, form: Mapping[str, str]) -> str:  # noqa: ARG002
        """The phone tells of itself alone that it is on."""
        return ""

    def render_message(self, text: str) -> str:  # noqa: ARG002
        """The phone reads no answers."""
        return ""

    def rest(self, text: str) -> str:
        """All of it goes out as a text of its own."""
        return text

    async def send_message(self, http: HttpSession, message: OutboundMessage) -> Accepted:
        return await self._client().send_message(http, message)

    async def find_message(self, http: HttpSession, message: OutboundMessage, since: str) -> Found | None:  # noqa: ARG002  # by its id
        return await self._client().find_message(http, message)

    async def is_on(self, http: HttpSession, number: str) -> bool | None:  # noqa: ARG002  # it goes by phones
        return await self._client().is_on(http, self.now())

    def _client(self) -> Client:
        return Client(Api(self.api_url, self.username, self.password), render.Options(self.sim, self.device_id, self.hours))
