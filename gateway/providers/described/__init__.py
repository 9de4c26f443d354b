"""An API for texts that is described and not programmed: by channels.yaml (the kind `http`), or by a few lines as in `sparrow`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core import sms
from gateway.core.events import Medium
from gateway.errors import GatewayError
from gateway.providers.base import Accepted, Inbound, OutboundMessage, StatusReport, TextsOnly, WebhookRequest
from gateway.providers.described import client, webhook
from gateway.providers.described.flat import each_at
from gateway.providers.http import HttpSession

if TYPE_CHECKING:
    from gateway.providers.described.account import Definition, Door


@dataclass(frozen=True, kw_only=True)
class Described(TextsOnly):
    """One account at a described API."""

    name: str
    definition: Definition = field(repr=False)

    def verify(self, request: WebhookRequest) -> dict[str, str]:
        """Return the fields, each once, or raise GatewayError `webhook:*`."""
        return webhook.verify(request, self.definition.inbound, self.name)

    def heard(self, request: WebhookRequest, door: Door | None) -> list[dict[str, str]]:
        """The texts or reports in a request to one of the two doors, each with its fields, or raise GatewayError `webhook:*`."""
        form = webhook.verify(request, door, self.name)
        if door is None or door.each is None:
            return [form]
        forms = each_at(form, door.each)
        if not forms:
            raise GatewayError("webhook:malformed", field="each")
        return forms

    def parse_message(self, form: Mapping[str, str]) -> Inbound:
        return webhook.parse_message(form, self.definition, self.name)

    def parse_status(self, kind: Medium, form: Mapping[str, str]) -> StatusReport | None:  # noqa: ARG002
        return webhook.parse_status(form, self.definition.reports, self.name)

    def row_of(self, form: Mapping[str, str]) -> int | None:
        """The delivery that a report is about, where they name it by the id that we gave it."""
        return webhook.row_of(form, self.definition.reports)

    def render_message(self, text: str) -> str:
        """The answer in plain letters: as much as one SMS holds."""
        return sms.split(text)[0] if self._answers else ""

    def rest(self, text: str) -> str:
        return sms.split(text)[1] if self._answers else text

    async def send_message(self, http: HttpSession, message: OutboundMessage) -> Accepted:
        """Send one text, or raise SendError."""
        reply = await http.ask(client.composed(self.definition, message))
        return client.judged(self.definition, message, reply)

    @property
    def _answers(self) -> bool:
        """Whether they send what we answer to their request."""
        return self.definition.inbound is not None and self.definition.inbound.answer == "reply"
