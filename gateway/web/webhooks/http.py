"""The webhooks of described APIs (Sparrow SMS is one): a text comes as a GET or a POST, and our answer to it is the text that goes back;
and what became of our own texts is reported.

There is a route only where the account has such requests. Its last segment is the secret that the provider was given with the address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Response, request

from gateway.errors import GatewayError
from gateway.services import callers, receive, track
from gateway.web.webhooks import gate

if TYPE_CHECKING:
    from gateway.providers.described import Described
    from gateway.providers.described.account import Door
    from gateway.services.context import Gateway

METHODS = ["GET", "POST"]
PLAIN = "text/plain; charset=utf-8"
MANY = 1024 * 1024  # bytes of a request with many texts or reports

log = structlog.get_logger(__name__)


def blueprint(gateway: Gateway, provider: Described) -> Blueprint:
    """The routes below the provider's name."""
    routes = Blueprint(provider.name, __name__, url_prefix=f"/{provider.name}")
    views = Views(gateway, provider)
    doors = {"sms": (provider.definition.inbound, views.texts_came), "reports": (provider.definition.reports, views.reports_came)}
    for name, (door, view) in doors.items():
        if door is not None:
            routes.add_url_rule(f"/{name}/<secret>", view.__name__, view, methods=METHODS, provide_automatic_options=False)
    routes.register_error_handler(GatewayError, gate.refuse)
    return routes


@dataclass(frozen=True, slots=True)
class Views:
    """Check, parse, call the service, answer."""

    gateway: Gateway
    provider: Described

    def texts_came(self, secret: str) -> Response:  # noqa: ARG002  # looked at in the raw path
        return self._answered(self.provider.definition.inbound, self._text)

    def reports_came(self, secret: str) -> Response:  # noqa: ARG002
        return self._answered(self.provider.definition.reports, self._report)

    def _answered(self, door: Door | None, take: Callable[[dict[str, str]], str]) -> Response:
        if request.method not in METHODS:  # HEAD, which Flask lets through where there is a GET
            return Response(status=405, headers={"Allow": ", ".join(METHODS)})
        many = door is not None and door.each is not None
        forms = self.provider.heard(gate.open_request(MANY if many else gate.LARGEST_BODY), door)
        try:
            answers = [self._one_of(forms, form, take) for form in forms]
        except GatewayError:
            raise
        except Exception:  # here, since Flask would log the path, and the secret in it
            log.exception("webhook_not_answered")
            return Response(status=503)
        return Response("".join(answers), content_type=PLAIN, headers={"Cache-Control": "no-store"})

    def _one_of(self, forms: list[dict[str, str]], form: dict[str, str], take: Callable[[dict[str, str]], str]) -> str:
        """What cannot be read is refused, but holds up nothing that came with it."""
        try:
            return take(form)
        except GatewayError as fault:
            if len(forms) == 1 or fault.code != "webhook:malformed":
                raise
            gate.refuse(fault)
            return ""

    def _text(self, form: dict[str, str]) -> str:
        inbound = self.provider.parse_message(form)
        ours = callers.number_texted(self.gateway, self.provider.name, inbound.recipient, self.provider.definition.country)
        return receive.message(self.gateway, replace(inbound, recipient=ours))

    def _report(self, form: dict[str, str]) -> str:
        said = self.provider.parse_status("sms", form)
        if said is None:
            log.info("report_without_meaning", provider=self.provider.name)
        track.report(self.gateway, self.provider.row_of(form), said)
        return ""
