"""The text before the first call, so that it is picked up: it goes when the call would have, and the call waits until it has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.calendar import NEPAL
from gateway.services.broadcast import content
from gateway.services.broadcast.draft import Draft
from gateway.services.tariff import tariff
from gateway.store import channels, rounds

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast
    from gateway.store.database import Connection

PHRASE = "heads_up"  # of flows/phrases.yaml
ROUND = 0  # of such a text


def announce(gateway: Gateway, db: Connection, broadcast: Broadcast, after: str) -> None:
    """Write the texts before the calls of a broadcast, to the members behind `after`, whose calls the same transaction wrote."""
    channel = channels.get(db, broadcast.channel_id)
    if broadcast.heads_up and channel is not None:
        texts = gateway.catalogue.phrases[PHRASE]
        long = content.measure(gateway, db, broadcast.organisation_id, Draft(broadcast.title, texts))
        listed = content.price_list(tariff(gateway, db, channel, gateway.clock().astimezone(NEPAL).date()), long)
        written = {language: rounds.HeadsUp(gateway.seal.seal(text), listed["sms", language, ""]) for language, text in long.texts.items()}
        rounds.announce(db, broadcast.id, after, written, gateway.clock())
