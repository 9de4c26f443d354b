"""What providers told us about things we sent, every word of it: the last one decides nothing, the furthest one does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, insert, select

from gateway.store.deliveries import Report
from gateway.store.models import callbacks, channels, deliveries


@dataclass(frozen=True, slots=True)
class NewCallback:
    """One status report. `delivery_id` is the row that the URL named; None where the provider's id is all we have."""

    provider: str
    external_id: str
    delivery_id: int | None
    status: str
    error: str | None


_KEEP = insert(callbacks)


def keep(db: Connection, callback: NewCallback, now: datetime) -> None:
    """Write down one report, whether or not it changes anything."""
    values = {name: getattr(callback, name) for name in NewCallback.__slots__}
    db.execute(_KEEP, values | {"error": callback.error[:16] if callback.error else None, "at": now})


_WAITING = (
    select(deliveries.c.id, callbacks.c.external_id, callbacks.c.status, callbacks.c.error)
    .join(channels, channels.c.id == deliveries.c.channel_id)
    .join(callbacks, and_(callbacks.c.external_id == deliveries.c.external_id, callbacks.c.provider == channels.c.provider))
    .where(deliveries.c.id.in_(bindparam("rows", expanding=True)), callbacks.c.delivery_id.is_(None))
    .order_by(callbacks.c.id)
)


def waiting_for(db: Connection, delivery_ids: list[int]) -> list[tuple[int, Report]]:
    """For these rows, which have just got their provider's id, the reports by that id which were there before, in order."""
    found = db.execute(_WAITING, {"rows": delivery_ids})
    return [(row.id, Report(row.status, row.external_id, row.error)) for row in found]
