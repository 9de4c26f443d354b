"""Twilio, and servers that speak its language such as Somleng: texts and calls, both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.core.events import Fact, Medium, Wait
from gateway.providers.base import (
    Accepted,
    AnswerContext,
    Billed,
    Charges,
    Found,
    Inbound,
    OutboundCall,
    OutboundMessage,
    StatusReport,
    WebhookRequest,
)
from gateway.providers.http import Api, HttpSession
from gateway.providers.twilio import render, webhook
from gateway.providers.twilio.client import Client

API_VERSION = "2010-04-01"


@dataclass(frozen=True, kw_only=True)
class TwilioWire:
    """What comes over the wire and goes back in the same request: webhooks in, TwiML out."""

    account_sid: str
    auth_token: str = field(repr=False)
    public_base_url: str
    name: str = "twilio"
    webhooks: str = "/twilio"  # where its webhooks lie

    def verify(self, request: WebhookRequest) -> dict[str, str]:
        """Return the form, each field once, or raise GatewayError `webhook:*`."""
        return webhook.verify(request, self.account_sid, self.auth_token, self.public_base_url)

    def signed(self, path: str, form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """A form as the provider posts it to this path below our public address, and its headers."""
        whole = {"AccountSid": self.account_sid, "ApiVersion": API_VERSION, **form}
        return whole, {webhook.SIGNATURE_HEADER: webhook.sign(self.public_base_url + path, whole, self.auth_token)}

    def parse_call(self, form: Mapping[str, str], step: int) -> Inbound:
        return webhook.parse_call(form, step, self.name)

    def parse_message(self, form: Mapping[str, str]) -> Inbound:
        return webhook.parse_message(form, self.name)

    def parse_status(self, kind: Medium, form: Mapping[str, str]) -> StatusReport | None:
        return webhook.parse_status(kind, form, self.name)

    def render_call(self, facts: Sequence[Fact], wait: Wait | None, context: AnswerContext) -> str:
        return render.render_call(facts, wait, context, self.webhooks)

    def render_message(self, text: str) -> str:
        return render.render_message(text)

    def rest(self, text: str) -> str:  # noqa: ARG002
        """An answer may be as long as any text."""
        return ""

    def refusal(self, language: str) -> str:
        """The answer to a call that we cannot serve: an apology in this language, then the end."""
        return render.refusal(self.public_base_url, language)


@dataclass(frozen=True, kw_only=True)
class Twilio(TwilioWire):
    """One account at Twilio, or at a server that speaks its language (`api_base_url`). `detect_machines`: it tells who answers a call."""

    api_base_url: str
    detect_machines: bool = False

    async def send_message(self, http: HttpSession, message: OutboundMessage) -> Accepted:
        return await self._client().send_message(http, message)

    async def place_call(self, http: HttpSession, call: OutboundCall) -> Accepted:
        return await self._client().place_call(http, call)

    async def find_message(self, http: HttpSession, message: OutboundMessage, since: str) -> Found | None:
        return await self._client().find_message(http, message, since)

    async def find_call(self, http: HttpSession, call: OutboundCall, since: str) -> Found | None:
        return await self._client().find_call(http, call, since)

    async def end_call(self, http: HttpSession, external_id: str) -> None:
        await self._client().end_call(http, external_id)

    async def charges(self, http: HttpSession, billed: Billed, page: str | None) -> Charges:
        return await self._client().charges(http, billed, page)

    async def fetch_recording(self, http: HttpSession, external_id: str) -> bytes:
        return await self._client().fetch_recording(http, external_id)

    def _client(self) -> Client:
        api = Api(self.api_base_url, self.account_sid, self.auth_token)
        return Client(api, self.public_base_url + self.webhooks, self.detect_machines)
