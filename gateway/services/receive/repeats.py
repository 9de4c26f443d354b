"""Which text it is, where the provider gives its texts no ids: the same words from the same phone are either the provider's repeat of a
request whose answer it missed, or the person's own second text."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.core import calendar
from gateway.store import receipts

if TYPE_CHECKING:
    from gateway.providers.base import Inbound
    from gateway.store.database import Connection


def told_apart(db: Connection, inbound: Inbound, now: datetime) -> Inbound:
    """The text with an id of its own, which is that of the same text before it within the provider's window.

    The id of a new one is made of the moment of the one before it. So two requests at once get the same id, whoever is first, and the
    second fails as every repeat does.
    """
    last = receipts.latest(db, inbound.provider, inbound.external_id)
    if last and now - last[1] < timedelta(seconds=inbound.repeats_within):
        return replace(inbound, external_id=last[0])
    since = last[1] if last else calendar.midnight(now)
    return replace(inbound, external_id=f"{inbound.external_id}{int(since.timestamp() * 1e6):016x}")
