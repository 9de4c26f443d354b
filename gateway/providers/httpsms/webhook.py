"""What httpSMS tells us, pure: CloudEvents (https://docs.httpsms.com/webhooks/events).

Each carries a token signed HS256 under the key that we chose for the webhook, good for ten minutes and for its address alone. The token
says nothing about the body: that nobody changed it, TLS alone warrants.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core import phone, sms
from gateway.core.events import MessageReceived
from gateway.errors import GatewayError
from gateway.providers import android, json_body
from gateway.providers.android import Event, MissedCall
from gateway.providers.base import Inbound, StatusReport, WebhookRequest

LEEWAY = 60  # seconds by which clocks may differ
LONGEST_ID = 64

# The states of a text at httpSMS, and its events, to those of `gateway.core.statuses`. Words that are not here are ignored. What has
# expired may still go out when the phone is back: it is no more than accepted.
STATUS: Mapping[str, str] = {
    "pending": "accepted",
    "scheduled": "accepted",
    "sending": "accepted",
    "expired": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "failed": "failed",
}
EVENT_STATUS: Mapping[str, str] = {
    "message.phone.sent": "sent",
    "message.phone.delivered": "delivered",
    "message.send.failed": "failed",
    "message.send.expired": "accepted",
}
EVENTS: Mapping[str, Event] = {
    "message.phone.received": "text",
    "message.call.missed": "missed_call",
    "phone.heartbeat.offline": "offline",
    "phone.heartbeat.online": "online",
}


def verify(request: WebhookRequest, signing_key: str, address: str, now: float) -> dict[str, str]:
    """The values of the event by their paths; GatewayError `webhook:forged` or `webhook:malformed`. `address` is that of the webhook, `now`
    in seconds since 1970."""
    import jwt  # slow to import, and needed by nobody else

    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer" or not signing_key:
            raise jwt.InvalidTokenError
        claims = jwt.decode(
            token.strip(),
            signing_key,
            algorithms=["HS256"],
            audience=[address, f"{address}/"],
            # The times are looked at below, by a clock that is given.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "nbf", "aud"]},
        )
        begins, ends = float(claims["nbf"]), float(claims["exp"])
    except (jwt.PyJWTError, ValueError, TypeError):
        raise GatewayError("webhook:forged", provider="httpSMS") from None
    if not begins - LEEWAY <= now <= ends + LEEWAY:
        raise GatewayError("webhook:forged", provider="httpSMS")
    return json_body.flatten(request.body)


def kind_of(form: Mapping[str, str]) -> Event:
    """What an event is. What came in encrypted end to end cannot be read here."""
    event = form.get("type", "")
    if event in EVENT_STATUS:
        return "status"
    if form.get("data.encrypted") == "true" and event == "message.phone.received":
        return ""
    return EVENTS.get(event, "")


def parse_message(form: Mapping[str, str], provider: str) -> Inbound:
    """A text that came in. A phone that did not hear httpSMS's answer tells it again under another id; the moment stays the same.

    GatewayError `webhook:malformed` where its id cannot be read.
    """
    sender, body = form.get("data.contact", ""), form.get("data.content", "")
    at = android.instant(form.get("data.timestamp", ""))
    told_apart = str(at.timestamp()) if at else _id(form)
    text = MessageReceived(sms.kept(body))
    owner = form.get("data.owner", "")
    return Inbound(provider, android.same_text(sender, told_apart, body), 0, "sms", phone.parse(sender), owner, text)


def parse_status(form: Mapping[str, str], provider: str) -> StatusReport | None:
    """httpSMS's word about a text; None where it is about none of ours."""
    status = EVENT_STATUS.get(form.get("type", ""))
    external_id = form.get("data.id") or form.get("data.message_id", "")
    if status is None or not external_id or len(external_id) > LONGEST_ID or delivery_of(form) is None:
        return None
    expired = "expired" if form.get("type") == "message.send.expired" else None
    return StatusReport(provider, external_id, status, android.why(form.get("data.error_message", "")) or expired)


def parse_missed_call(form: Mapping[str, str]) -> MissedCall:
    """A call that the phone missed; GatewayError `webhook:malformed`."""
    at = android.instant(form.get("data.timestamp", ""))
    return MissedCall(_id(form), phone.parse(form.get("data.contact", "")), form.get("data.owner", ""), at)


def delivery_of(form: Mapping[str, str]) -> int | None:
    """The row that a status is about."""
    return android.delivery_of(form.get("data.request_id", ""))


def _id(form: Mapping[str, str]) -> str:
    given = form.get("id", "")
    if not given or len(given) > LONGEST_ID:
        raise GatewayError("webhook:malformed", field="id")
    return given
