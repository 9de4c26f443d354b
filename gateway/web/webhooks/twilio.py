"""Twilio's webhooks, and those of everything that speaks like Twilio (Somleng, the built-in simulator).

A request passes the same gate everywhere: a form with a length, small enough, signed for our public address. What happens after a fault
depends on who waits for the answer: a caller hears a recorded sentence, a text is left to the provider's fallback, a report is repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Response

from gateway.errors import GatewayError
from gateway.services import calls, missed_calls, receive, recordings, track
from gateway.web.webhooks import gate

if TYPE_CHECKING:
    from gateway.providers.twilio import TwilioWire
    from gateway.services.context import Gateway

XML = "text/xml; charset=utf-8"

log = structlog.get_logger(__name__)


def blueprint(gateway: Gateway, provider: TwilioWire) -> Blueprint:
    """All routes below the provider's path; `docs/adding-a-provider.md` tells how another provider's folder gets its own."""
    routes = Blueprint(provider.webhooks[1:], __name__, url_prefix=provider.webhooks)
    views = Views(gateway, provider)
    rules: dict[str, Callable[..., Response]] = {
        "/voice": views.call_began,
        "/voice/<int:step>": views.call_went_on,
        "/voice/deliveries/<int:delivery_id>": views.call_picked_up,
        "/fallback": views.call_fell_back,
        "/sms": views.text_came,
        "/status/messages/<int:delivery_id>": views.message_reported,
        "/status/calls/<int:delivery_id>": views.our_call_reported,
        "/status/calls": views.her_call_reported,
        "/status/recordings": views.recording_reported,
    }
    for rule, view in rules.items():
        routes.add_url_rule(rule, view.__name__, view, methods=["POST"], provide_automatic_options=False)
    routes.register_error_handler(GatewayError, gate.refuse)
    return routes


@dataclass(frozen=True, slots=True)
class Views:
    """One method for each webhook: check, parse, call one service, answer."""

    gateway: Gateway
    provider: TwilioWire

    def call_began(self) -> Response:
        form = self._signed_form()
        if form.get("Direction", "inbound") != "inbound":
            # A call that we placed asks the address of its delivery; here it would greet her as if she had rung.
            log.error("our_own_call_at_the_door")
            return Response(receive.hang_up(self.gateway, self.provider.parse_call(form, 0)), content_type=XML)
        return self._spoken(lambda: receive.call(self.gateway, self.provider.parse_call(form, 0)), self._not_answered(form))

    def call_went_on(self, step: int) -> Response:
        form = self._signed_form()
        return self._spoken(lambda: receive.call(self.gateway, self.provider.parse_call(form, step)))

    def call_picked_up(self, delivery_id: int) -> Response:
        form = self._signed_form()
        return self._spoken(lambda: receive.picked_up(self.gateway, self.provider.parse_call(form, 0), delivery_id))

    def call_fell_back(self) -> Response:
        """The provider could not use our answer; this one needs nothing but a clip, and none where we pick up no ring."""
        form = self._signed_form()
        log.error("provider_fell_back", error=form.get("ErrorCode", ""))
        if unanswered := self._not_answered(form):
            return self._spoken(lambda: receive.call(self.gateway, self.provider.parse_call(form, 0)), unanswered)
        language = calls.language_of(self.gateway, self.provider.name, form.get("CallSid", ""))
        return Response(self.provider.refusal(language), content_type=XML)

    def text_came(self) -> Response:
        return Response(receive.message(self.gateway, self.provider.parse_message(self._signed_form())), content_type=XML)

    def message_reported(self, delivery_id: int) -> Response:
        track.report(self.gateway, delivery_id, self.provider.parse_status("sms", self._signed_form()))
        return Response(status=204)

    def our_call_reported(self, delivery_id: int) -> Response:
        report = self.provider.parse_status("voice", self._signed_form())
        track.report(self.gateway, delivery_id, report)
        calls.reported(self.gateway, report)
        return Response(status=204)

    def her_call_reported(self) -> Response:
        calls.reported_by_caller(self.gateway, self.provider.parse_status("voice", self._signed_form()))
        return Response(status=204)

    def recording_reported(self) -> Response:
        recordings.ready(self.gateway, self.provider.name, self._signed_form().get("RecordingSid", ""))
        return Response(status=204)

    def _signed_form(self) -> dict[str, str]:
        return self.provider.verify(gate.form_request())

    def _not_answered(self, form: Mapping[str, str]) -> str:
        """What rejects a call to a number of ours that calls back, whatever goes wrong: an apology would cost her. "" for all others."""
        is_ring = form.get("Direction", "inbound") == "inbound" and missed_calls.calls_back(
            self.gateway, self.provider.name, form.get("To", "")
        )
        return missed_calls.rejection(self.gateway, self.provider.name) if is_ring else ""

    def _spoken(self, answer: Callable[[], str], otherwise: str = "") -> Response:
        """Whatever goes wrong behind the signature, the caller hears a sentence and never silence (promise I8), or is answered
        `otherwise`."""
        try:
            return Response(answer(), content_type=XML)
        except GatewayError as fault:
            if fault.code in gate.STATUS_OF_FAULT:
                raise
            log.exception("call_not_answered", code=fault.code)
        except Exception:
            log.exception("call_not_answered")
        return Response(otherwise, content_type=XML) if otherwise else self._apology()

    def _apology(self) -> Response:
        return Response(self.provider.refusal(self.gateway.settings.language), content_type=XML)
