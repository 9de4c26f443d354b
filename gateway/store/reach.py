"""By which phone a member may be written to of our own accord: never one that stopped us, or that is somebody else's now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, func, or_, select

from gateway.store.channels import Channel
from gateway.store.database import Connection
from gateway.store.models import channels, deliveries, member_phones, members, phones
from gateway.store.rows import columns

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


class Reach(NamedTuple):
    """A phone that takes texts for a member, and in what language and script she reads them."""

    phone_id: int
    language: str
    script: str | None


_BY_SMS = (
    select(phones.c.id, members.c.language, func.coalesce(members.c.script, phones.c.script))
    .select_from(members)
    .join(member_phones, (member_phones.c.member_id == members.c.id) & member_phones.c.stale_at.is_(None))
    .join(phones, (phones.c.id == member_phones.c.phone_id) & phones.c.stopped_at.is_(None))
    .where(
        members.c.id == bindparam("member_id"),
        members.c.state == "active",
        members.c.preferred_medium == "sms",
        members.c.consented_at.is_not(None),
    )
    .order_by(phones.c.id)
    .limit(1)
)
_CHANNEL = (
    select(*columns(channels, Channel))
    .where(channels.c.organisation_id == bindparam("organisation_id"), channels.c.address != "")
    .order_by(channels.c.address)
    .limit(1)
)
# A text that waits for the morning counts on whatever day it was written.
_OWED = select(deliveries.c.sealed_body).where(
    deliveries.c.broadcast_id.is_(None),
    deliveries.c.member_id == bindparam("member_id"),
    deliveries.c.sealed_body.is_not(None),
    or_(deliveries.c.state == "queued", deliveries.c.updated_at >= bindparam("since")),
)


def by_sms(db: Connection, member_id: str) -> Reach | None:
    """The phone to write to, if she wants to be written to, agreed to it and has not stopped it everywhere."""
    row = db.execute(_BY_SMS, {"member_id": member_id}).first()
    return Reach(*row) if row else None


def channel_of(db: Connection, organisation_id: str) -> Channel | None:
    """The number from which an organisation writes."""
    row = db.execute(_CHANNEL, {"organisation_id": organisation_id}).first()
    return Channel(*row) if row else None


def owed(db: Connection, seal: Seal, member_id: str, since: datetime) -> set[str]:
    """The texts that wait for her, or went to her since then."""
    return {seal.open(body) for (body,) in db.execute(_OWED, {"member_id": member_id, "since": since})}
