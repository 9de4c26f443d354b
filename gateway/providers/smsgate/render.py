"""A text as SMS Gate takes it (https://docs.sms-gate.app/features/sending-messages/)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from gateway.providers.base import OutboundMessage


@dataclass(frozen=True, slots=True)
class Options:
    """Over which SIM of which phone, and for how many hours it may try."""

    sim: int | None = None
    device_id: str | None = None
    hours: int = 24


def render_request(our_id: str, message: OutboundMessage, options: Options) -> bytes:
    """The request's body. Its `id` is `our_id`, so that the app refuses a text that it has already."""
    said: dict[str, object] = {
        "id": our_id,
        "textMessage": {"text": message.body},
        "phoneNumbers": [message.recipient],
        "withDeliveryReport": True,
        "ttl": options.hours * 3600,
    }
    if options.sim is not None:
        said["simNumber"] = options.sim
    if options.device_id is not None:
        said["deviceId"] = options.device_id
    return json.dumps(said, ensure_ascii=False).encode()
