"""What a phone has been sent, for whoever tries the gateway without one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from gateway.store import deliveries, messages, phones

if TYPE_CHECKING:
    from gateway.services.context import Gateway


def of_phone(gateway: Gateway, e164: str) -> list[tuple[datetime, str]]:
    """The texts that went to this phone with their instants, the oldest first: answers, replies, broadcasts."""
    with gateway.database.read() as db:
        phone = phones.find(db, gateway.seal, e164)
        if phone is None:
            return []
        return sorted(messages.sent_to(db, gateway.seal, phone.id) + deliveries.sent_to(db, gateway.seal, phone.id))
