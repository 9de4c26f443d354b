"""The events of a SIM in an Android phone, over SMS Gate or httpSMS: texts, what became of ours, missed calls. All come to one address.

Nobody waits for the answer: what we could not keep gets 503 and comes again. A text is answered by a text of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from gateway.errors import GatewayError
from gateway.providers.base import WebhookRequest
from gateway.services import callers, lines, missed_calls, receive, track
from gateway.web.webhooks.gate import refuse

if TYPE_CHECKING:
    from gateway.providers.android import AndroidPhone, MissedCall
    from gateway.services.context import Gateway

LARGEST_EVENT = 64 * 1024


def blueprint(gateway: Gateway, provider: AndroidPhone) -> Blueprint:
    """The one route of this provider."""
    routes = Blueprint(provider.name, __name__, url_prefix=f"/{provider.name}")
    views = Views(gateway, provider)
    for rule in ("", "/"):
        routes.add_url_rule(rule, views.event_came.__name__, views.event_came, methods=["POST"], provide_automatic_options=False)
    routes.register_error_handler(GatewayError, refuse)
    return routes


@dataclass(frozen=True, slots=True)
class Views:
    """Check, parse, call one service."""

    gateway: Gateway
    provider: AndroidPhone

    def event_came(self) -> Response:
        form = self.provider.verify(_raw_request())
        match self.provider.kind_of(form):
            case "text":
                inbound = self.provider.parse_message(form)
                ours = callers.number_reached(self.gateway, self.provider.name, inbound.recipient)
                receive.message(self.gateway, replace(inbound, recipient=ours))
            case "status":
                track.report(self.gateway, self.provider.delivery_of(form), self.provider.parse_status("sms", form))
            case "missed_call":
                self._missed(self.provider.parse_missed_call(form))
            case "offline" | "online" as event:
                lines.tell(self.gateway, self.provider.name, self.provider.number_of(form), is_there=event == "online")
            case _:
                pass
        return Response(status=204)

    def _missed(self, call: MissedCall) -> None:
        ours = callers.number_reached(self.gateway, self.provider.name, call.recipient)
        missed_calls.came(self.gateway, self.provider.name, call.external_id, call.sender, ours, call.at or self.gateway.clock())


def _raw_request() -> WebhookRequest:
    """The request with the body as it was signed."""
    length = request.content_length
    if length is None:
        raise GatewayError("webhook:no-length")
    if length > LARGEST_EVENT:
        raise GatewayError("webhook:too-large")
    return WebhookRequest(path=request.path, headers=request.headers, form=(), body=request.environ["wsgi.input"].read(length))
