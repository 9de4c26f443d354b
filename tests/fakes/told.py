"""Broadcasts that have gone out already, written straight into the database: what follows is what the tests are about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from gateway.core.audience import Audience
from gateway.services.context import Gateway
from gateway.store import broadcasts, models
from gateway.store.phones import find_or_create

PLAIN: dict[str, Any] = {
    "title": "t",
    "purpose": "message",
    "notice_id": None,
    "again_of": None,
    "medium": "voice",
    "texts": {},
    "phrase": None,
    "saying_id": None,
    "flow": None,
    "audience": Audience(),
    "starts_at": None,
    "best_hour": False,
    "expires_at": None,
    "heads_up": False,
    "tries": 3,
    "gap_hours": None,
    "life_safety_by": None,
    "on_ambiguous": "hold",
    "budget": None,
    "created_by": "test",
}


def a_broadcast(gateway: Gateway, *, state: str = "sending", organisation: str = "main", **said: Any) -> str:
    """A broadcast in a state, by default one that is under way."""
    broadcast_id = gateway.new_id()
    with gateway.database.write() as db:
        channel = db.execute(select(models.channels.c.id).where(models.channels.c.organisation_id == organisation)).scalars().first()
        new = broadcasts.NewBroadcast(broadcast_id, organisation, channel, **{**PLAIN, **said})
        broadcasts.create(db, new, gateway.clock())
        db.execute(update(models.broadcasts).where(models.broadcasts.c.id == broadcast_id).values(state=state))
    return broadcast_id


def deliver(gateway: Gateway, broadcast_id: str, number: str, *, language: str = "ne", at: datetime | None = None, **row: Any) -> int:
    """What went to the phone with this number: a row for its first member, and one for each who shares it. The id of the first."""
    at = at or gateway.clock()
    with gateway.database.write() as db:
        phone_id = find_or_create(db, gateway.seal, number, at)
        told = select(models.broadcasts.c.medium, models.broadcasts.c.channel_id).where(models.broadcasts.c.id == broadcast_id)
        medium, channel_id = db.execute(told).one()
        hers = select(models.member_phones.c.member_id).where(models.member_phones.c.phone_id == phone_id).order_by("member_id")
        ids = []
        for member_id in list(db.execute(hers).scalars()) or [None]:
            values = {
                "broadcast_id": broadcast_id,
                "channel_id": channel_id,
                "member_id": member_id,
                "phone_id": phone_id,
                "medium": medium,
                "language": language,
                "state": "suppressed" if ids else "accepted",
                "error": "send:shared-phone" if ids else None,
                "updated_at": at,
                **({} if ids else row),
            }
            ids.append(db.execute(insert(models.deliveries).values(values).returning(models.deliveries.c.id)).scalar_one())
        db.execute(update(models.phones).where(models.phones.c.id == phone_id).values(told_at=at))
    return int(ids[0])
