"""What a phone with SMS Gate tells us, pure (https://docs.sms-gate.app/features/webhooks/).

The signature is HMAC-SHA256 under the app's signing key over the raw body followed by the X-Timestamp header, in hexadecimal. The app
signs anew whenever it tries again, for two days: so an old timestamp is a replay, and an old text is not. CallGate signs likewise
(https://github.com/call-gate-app/android-app).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping

from gateway.core import phone, sms
from gateway.core.events import MessageReceived
from gateway.errors import GatewayError
from gateway.providers import android, json_body
from gateway.providers.android import Event, MissedCall
from gateway.providers.base import Inbound, StatusReport, WebhookRequest
from gateway.providers.faults import SendFault

WINDOW = 300  # seconds before and after now
TIMESTAMP = re.compile(r"[0-9]{1,12}")
EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
WRONG_NUMBER = re.compile(r"invalid (phone )?number", re.IGNORECASE)

# The states of a text at the app, and its events, to those of `gateway.core.statuses`. Words that are not here are ignored.
STATE: Mapping[str, str] = {
    "Pending": "accepted",
    "Processed": "accepted",  # handed to Android
    "Cancelling": "accepted",
    "Cancelled": "failed",
    "Sent": "sent",
    "Delivered": "delivered",
    "Failed": "failed",
}
EVENT_STATUS: Mapping[str, str] = {
    "sms:sent": "sent",
    "sms:delivered": "delivered",  # its first part was
    "sms:failed": "failed",
    "sms:cancelled": "failed",
}


def verify(request: WebhookRequest, signing_key: str, now: float) -> dict[str, str]:
    """The values of the event by their paths; GatewayError `webhook:forged` or `webhook:malformed`. `now` in seconds since 1970."""
    given, timestamp = request.headers.get("X-Signature", ""), request.headers.get("X-Timestamp", "")
    wanted = hmac.digest(signing_key.encode(), request.body + timestamp.encode(), "sha256").hex()
    signed = bool(signing_key) and hmac.compare_digest(given.lower().encode(errors="replace"), wanted.encode())
    if not signed or not TIMESTAMP.fullmatch(timestamp) or abs(now - int(timestamp)) > WINDOW:
        raise GatewayError("webhook:forged", provider="SMS Gate")
    return json_body.flatten(request.body)


def kind_of(form: Mapping[str, str], sim: int | None, device_id: str | None) -> Event:
    """What an event is. One about the phone's other SIM, or another phone of the account, is that other provider's."""
    event = form.get("event", "")
    if sim is not None and form.get("payload.simNumber", str(sim)) != str(sim):
        return ""
    if device_id is not None and event.startswith("sms:") and form.get("deviceId") != device_id:  # CallGate has an id of its own
        return ""
    if event in EVENT_STATUS:
        return "status"
    return "text" if event == "sms:received" else "missed_call" if event == "call:ringing" else ""


def parse_message(form: Mapping[str, str], provider: str) -> Inbound:
    """A text that came in. Whoever registered two webhooks, or had the phone tell its inbox again, gets one answer to each text.

    GatewayError `webhook:malformed` where its id cannot be read.
    """
    sender = form.get("payload.sender") or form.get("payload.phoneNumber", "")
    body, received = form.get("payload.message", ""), form.get("payload.receivedAt", "")
    at = android.instant(received)
    told_apart = str(at.timestamp()) if at else _id(form)
    text = MessageReceived(sms.kept(body))
    # The phone's own word about its number is not used: SIMs often do not know theirs.
    return Inbound(provider, android.same_text(sender, told_apart, body), 0, "sms", phone.parse(sender), "", text)


def parse_status(form: Mapping[str, str], provider: str) -> StatusReport | None:
    """The phone's word about a text; None where it is about none of ours."""
    our_id, status = form.get("payload.messageId", ""), EVENT_STATUS.get(form.get("event", ""))
    if status is None or android.delivery_of(our_id) is None:
        return None
    reason = form.get("payload.reason", "cancelled" if form.get("event") == "sms:cancelled" else "")
    fault = SendFault.BAD_NUMBER if status == "failed" and WRONG_NUMBER.search(reason) else None
    return StatusReport(provider, our_id, status, android.why(reason) if status == "failed" else None, fault=fault)


def parse_missed_call(form: Mapping[str, str]) -> MissedCall:
    """A ring: in a drawer nobody answers it. CallGate says neither when it was nor at which SIM; GatewayError `webhook:malformed`."""
    return MissedCall(_id(form), phone.parse(form.get("payload.phoneNumber", "")), "", None)


def delivery_of(form: Mapping[str, str]) -> int | None:
    """The row that a status is about."""
    return android.delivery_of(form.get("payload.messageId", ""))


def _id(form: Mapping[str, str]) -> str:
    given = form.get("id", "")
    if not EVENT_ID.fullmatch(given):
        raise GatewayError("webhook:malformed", field="id")
    return given
