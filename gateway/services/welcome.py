"""The welcome of a new member: a text with her membership number, in neutral words, on a phone that she alone has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core import consent
from gateway.core.jobs import Job, SendReply
from gateway.store import channels, deliveries, members, people

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

WORDS = "your_number"  # the phrase before the number


def owe(gateway: Gateway, db: Connection, member_id: str) -> list[Job]:
    """Owe her the text: at once, by night in the morning. Nothing is owed without consent, after STOP, or where others read her phone.

    Nor to a private member: the organiser tells her.
    """
    row, phone = members.get(db, member_id), people.writable(db, member_id)
    if row is None or phone is None or row.state != "active" or row.private or not row.consented:
        return []
    channel = next(iter(channels.of_organisation(db, row.organisation_id)), None)
    if channel is None:
        return []
    now = gateway.clock()
    words = gateway.catalogue.phrase(WORDS, row.language, romanised=(row.script or phone.script) == "romanised")
    reply = deliveries.NewReply(
        channel_id=channel.id,
        phone_id=phone.phone_id,
        member_id=row.id,
        language=row.language,
        body=f"{words}: {row.number}",
        not_before=consent.opens_at(now) if consent.quiet(now) else None,
    )
    owed = deliveries.owe_reply(db, gateway.seal, reply, now)
    return [] if reply.not_before else [SendReply(owed)]
