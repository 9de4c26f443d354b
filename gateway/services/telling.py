"""Telling a member of our own accord that there is news: by text where she prefers texts, in words that say nothing of what it is.

Who reads her phone learns that we wrote, and no more. Whoever prefers to hear it is told when she calls next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core import calendar, consent, phone
from gateway.core.jobs import SendReply
from gateway.store import deliveries, reach

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

NEWS, CALL_US = "news_for_you", "please_call"  # phrases of flows/phrases.yaml; our number follows them


def owe_news(gateway: Gateway, db: Connection, organisation_id: str, member_id: str) -> list[SendReply]:
    """Owe her the neutral text, at most one a day and never at night, in the transaction of what is news; the bell to ring after it."""
    now = gateway.clock()
    to, channel = reach.by_sms(db, member_id), reach.channel_of(db, organisation_id)
    if to is None or channel is None:
        return []
    language = to.language if to.language in gateway.catalogue.languages else channel.language
    romanised = to.script == "romanised"
    words = (gateway.catalogue.phrase(name, language, romanised=romanised) for name in (NEWS, CALL_US))
    body = " ".join((*words, phone.local(channel.address)))
    if body in reach.owed(db, gateway.seal, member_id, calendar.midnight(now)):
        return []
    opens = consent.opens_at(now) if consent.quiet(now) else None
    owed = deliveries.owe_reply(db, gateway.seal, deliveries.NewReply(channel.id, to.phone_id, member_id, language, body, opens), now)
    return [] if opens else [SendReply(owed)]
