"""The webhook of described APIs (Sparrow SMS is one): a text comes as a GET or a POST, and our answer to it is the text that goes back.

There is a route only where the account takes texts in. Its last segment is the secret that the provider was given with the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Response, request

from gateway.errors import GatewayError
from gateway.services import receive
from gateway.web.webhooks import gate

if TYPE_CHECKING:
    from gateway.providers.described import Described
    from gateway.services.context import Gateway

METHODS = ["GET", "POST"]
PLAIN = "text/plain; charset=utf-8"

log = structlog.get_logger(__name__)


def blueprint(gateway: Gateway, provider: Described) -> Blueprint:
    """The route below the provider's name."""
    routes = Blueprint(provider.name, __name__, url_prefix=f"/{provider.name}")
    if provider.definition.inbound is not None:
        view = Views(gateway, provider).text_came
        routes.add_url_rule("/sms/<secret>", "text_came", view, methods=METHODS, provide_automatic_options=False)
    routes.register_error_handler(GatewayError, gate.refuse)
    return routes


@dataclass(frozen=True, slots=True)
class Views:
    """Check, parse, call the service, answer."""

    gateway: Gateway
    provider: Described

    def text_came(self, secret: str) -> Response:  # noqa: ARG002  # looked at in the raw path
        if request.method not in METHODS:  # HEAD, which Flask lets through where there is a GET
            return Response(status=405, headers={"Allow": ", ".join(METHODS)})
        form = self.provider.verify(gate.open_request())
        try:
            answer = receive.message(self.gateway, self.provider.parse_message(form))
        except GatewayError:
            raise
        except Exception:  # here, since Flask would log the path, and the secret in it
            log.exception("text_not_answered")
            return Response(status=503)
        return Response(answer, content_type=PLAIN, headers={"Cache-Control": "no-store"})
