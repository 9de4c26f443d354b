"""A text as httpSMS takes it (https://docs.httpsms.com, `requests.MessageSend` of its API's description)."""

from __future__ import annotations

import json

from gateway.providers.base import OutboundMessage


def render_request(our_id: str, message: OutboundMessage) -> bytes:
    """The request's body. `our_id` is its `request_id`: httpSMS tells it in each event of the text, and when it is asked."""
    said = {"from": message.sender, "to": message.recipient, "content": message.body, "request_id": our_id}
    return json.dumps(said, ensure_ascii=False).encode()
