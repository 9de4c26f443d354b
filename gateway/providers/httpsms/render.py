"""A text as httpSMS takes it (https://docs.httpsms.com, `requests.MessageSend` of its API's description)."""

from __future__ import annotations

import json

from gateway.providers.android import id_of
from gateway.providers.base import OutboundMessage


def render_request(message: OutboundMessage) -> bytes:
    """The request's body. `request_id` is ours: httpSMS tells it in each event of the text, and when it is asked."""
    our_id = id_of(message.delivery_id, message.recipient, message.body)
    said = {"from": message.sender, "to": message.recipient, "content": message.body, "request_id": our_id}
    return json.dumps(said, ensure_ascii=False).encode()
