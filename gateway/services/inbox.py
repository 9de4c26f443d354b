"""What a phone has been sent and has written, for whoever tries the gateway without one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

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


class Text(NamedTuple):
    """One text on a phone; `hers`: it was written there."""

    at: datetime
    hers: bool
    text: str


def thread(gateway: Gateway, e164: str, most: int) -> list[Text]:
    """The last texts on this phone, both ways, the oldest first."""
    with gateway.database.read() as db:
        phone = phones.find(db, gateway.seal, e164)
        written = messages.sent_from(db, gateway.seal, phone.id) if phone else []
    # An answer has the instant of the text that it answers, and stands behind it.
    texts = [Text(at, True, text) for at, text in written] + [Text(at, False, text) for at, text in of_phone(gateway, e164)]
    return sorted(texts, key=lambda text: (text.at, not text.hers))[-most:]
