"""Webhooks: one file for each kind of provider, mounted once for each account at one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.providers.described import Described
from gateway.providers.httpsms import HttpSms
from gateway.providers.smsgate import SmsGate
from gateway.providers.twilio import TwilioWire
from gateway.web.webhooks import android, http, twilio

if TYPE_CHECKING:
    from flask import Blueprint

    from gateway.providers.base import Provider
    from gateway.services.context import Gateway


def blueprint(gateway: Gateway, provider: Provider) -> Blueprint:
    """The routes at which this provider reaches us."""
    match provider:
        case TwilioWire():
            return twilio.blueprint(gateway, provider)
        case Described():
            return http.blueprint(gateway, provider)
        case SmsGate() | HttpSms():
            return android.blueprint(gateway, provider)
    raise LookupError(provider.name)
