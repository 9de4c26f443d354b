"""An installation for notices: the fixtures of whole calls, an organiser, and broadcasts that went out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from calls.conftest import Installation, here, installation_of, on_sqlite, sample_file
from sqlalchemy import insert, select, update

from gateway.services import notices
from gateway.services.access import Actor
from gateway.services.notices import NewNotice, Notice
from gateway.store import models

__all__ = ["here", "installation_of", "on_sqlite", "sample_file"]


@pytest.fixture
def organiser() -> Actor:
    return Actor("main", "organiser", "user:didi", user_id="didi")


def in_days(here: Installation, days: float) -> datetime:
    return here.clock() + timedelta(days=days)


@pytest.fixture
def publish(here: Installation, organiser: Actor) -> Callable[..., Notice]:
    """Publish a meeting in so many days."""

    def published(days: float = 3, **about) -> Notice:
        return notices.publish(
            here.gateway, organiser, NewNotice("meeting", **{"starts_at": in_days(here, days), "place": "ward_office", **about})
        )

    return published


def make_saying(here: Installation, saying_id: str = "said", *, organisation: str = "main", recorded: tuple[str, ...] = ("ne",)) -> str:
    """Words of an organisation's own, recorded in these languages."""
    now = here.clock()
    with here.gateway.database.write() as db:
        taken = len(db.execute(select(models.sayings.c.id)).all())
        texts = {"ne": "लेलेको चौतारी", "ne_latn": "Leleko chautari", "en": "the tree of Lele"}
        row = {
            "id": saying_id,
            "organisation_id": organisation,
            "number": 90_000 + 10 * taken,
            "texts": texts,
            "created_by": "t",
            "created_at": now,
        }
        db.execute(insert(models.sayings).values(row))
        for language in recorded:
            clip = {"saying_id": saying_id, "language": language, "clip": f"clip-{language}", "seconds": 1.5, "by": "t", "at": now}
            db.execute(insert(models.saying_clips).values(clip))
    return saying_id


def tell(here: Installation, broadcast_id: str, *member_ids: str, state: str = "delivered", **row) -> list[int]:
    """Let a broadcast have gone out to these members; the ids of their deliveries."""
    with here.gateway.database.write() as db:
        db.execute(update(models.broadcasts).where(models.broadcasts.c.id == broadcast_id).values(state="sending", expanded=True))
        ids = []
        for member_id in member_ids:
            phone_id = (
                db.execute(select(models.member_phones.c.phone_id).where(models.member_phones.c.member_id == member_id)).scalars().first()
            )
            values = {"broadcast_id": broadcast_id, "channel_id": "main", "member_id": member_id, "phone_id": phone_id, "medium": "voice"}
            values |= {"language": "ne", "state": state, "updated_at": here.clock(), **row}
            channel = db.execute(select(models.channels.c.id)).scalars().first()
            ids.append(
                int(
                    db.execute(
                        insert(models.deliveries).values(values | {"channel_id": channel}).returning(models.deliveries.c.id)
                    ).scalar_one()
                )
            )
    return ids


def answer(here: Installation, notice: Notice, member_id: str, said: str) -> None:
    from gateway.store import notices as stored

    with here.gateway.database.write() as db:
        stored.rsvp(db, stored.Rsvp(notice.id, member_id, said), here.clock())
