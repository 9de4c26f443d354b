"""Writing the deliveries of an approved broadcast, batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.core.jobs import Job, SendBatch
from gateway.services.broadcast import content
from gateway.services.broadcast.draft import Draft
from gateway.store import audience, broadcasts, channels

if TYPE_CHECKING:
    from gateway.services.context import Gateway

MEMBERS_EXPANDED = 5_000  # in one transaction
FIRST_BATCH = 500  # so that the first message leaves at once


def expand(gateway: Gateway, broadcast_id: str, *, stop: Callable[[], bool] = lambda: False) -> list[Job]:
    """Write the deliveries of an approved broadcast from where the last run ended; sending begins after the first batch."""
    with gateway.database.read() as db:
        broadcast = broadcasts.load(db, broadcast_id)
        channel = channels.get(db, broadcast.channel_id) if broadcast else None
    if broadcast is None or channel is None or broadcast.expanded or broadcast.state not in {"approved", "sending"}:
        return []
    price = content.price(channel, broadcast.medium)
    draft = Draft(broadcast.title, broadcast.texts, broadcast.phrase, broadcast.saying_id, broadcast.flow)
    prices = {language: units * price for language, units in content.units(gateway, draft).items()}
    expansion = audience.Expansion(broadcast, prices)
    more, size = True, FIRST_BATCH
    while more and not stop():
        with gateway.database.write() as db:
            more = expansion.write_batch(db, size, gateway.clock())
            began = broadcasts.begin(db, broadcast_id)
        if began:
            gateway.enqueue([SendBatch(broadcast_id)])
        size = MEMBERS_EXPANDED
    with gateway.database.read() as db:
        broadcasts.analyse(db)
    return [SendBatch(broadcast_id)]
