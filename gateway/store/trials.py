"""A broadcast that is tried first on a phone of the organisation's own: it is one by itself, with few rows, that belongs to no member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update

from gateway.store.broadcasts import TEST, Approved, NewBroadcast
from gateway.store.database import Connection
from gateway.store.models import broadcasts, deliveries

_COUNT = select(func.count()).where(
    broadcasts.c.organisation_id == bindparam("organisation"), broadcasts.c.purpose == TEST, broadcasts.c.created_at >= bindparam("since")
)


def count(db: Connection, organisation_id: str, since: datetime) -> int:
    """How often an organisation has tried a broadcast since then."""
    return int(db.execute(_COUNT, {"organisation": organisation_id, "since": since}).scalar_one())


_START = (
    update(broadcasts)
    .where(broadcasts.c.id == bindparam("broadcast"))
    .values(state="sending", expanded=True, approved_at=bindparam("now"), texts=bindparam("words"), planned=bindparam("plan"))
)
_ROW = insert(deliveries)


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One text or call to try a broadcast with; it belongs to no member."""

    phone_id: int
    medium: str
    language: str
    price: int


def start(db: Connection, test: NewBroadcast, approved: Approved, rows: Sequence[TrialRow], now: datetime) -> None:
    """Send a test: approved and written out at once."""
    db.execute(_START, {"broadcast": test.id, "words": approved.texts, "plan": approved.planned, "now": now})
    common = {"broadcast_id": test.id, "channel_id": test.channel_id, "round": 1, "latest": True, "state": "queued", "updated_at": now}
    db.execute(_ROW, [common | asdict(row) for row in rows])
