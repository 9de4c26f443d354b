"""What members wrote back to broadcasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from gateway.store.database import Connection
from gateway.store.heard import SHARED
from gateway.store.models import deliveries, members, messages

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


@dataclass(frozen=True, slots=True)
class Reply:
    """A text that answered a broadcast. `member_id`, `number` and `name` are of whom it had been sent to, None where that is nobody's
    record; `shared`: others have her phone too, so that any of them may have written. `words` are empty where they are kept no longer.
    """

    id: int
    at: datetime
    member_id: str | None
    number: str | None
    name: str | None
    shared: bool
    words: str


_others = deliveries.alias("others")
_SHARED = (
    select(_others.c.id)
    .where(_others.c.broadcast_id == deliveries.c.broadcast_id, _others.c.phone_id == deliveries.c.phone_id, _others.c.error == SHARED)
    .exists()
)
_REPLIES = (
    select(messages.c.id, messages.c.at, members.c.id, members.c.number, members.c.sealed_name, _SHARED, messages.c.sealed_body)
    .join(deliveries, deliveries.c.id == messages.c.delivery_id)
    .outerjoin(members, members.c.id == deliveries.c.member_id)
    .where(deliveries.c.broadcast_id == bindparam("broadcast"), messages.c.direction == "in", messages.c.id > bindparam("after"))
    .order_by(messages.c.id)
    .limit(bindparam("count"))
)


def page(db: Connection, seal: Seal, broadcast_id: str, after: int, count: int) -> list[Reply]:
    """Replies to a broadcast by id, those behind `after` (0: from the first)."""

    def opened(sealed: bytes | None) -> str | None:
        return seal.open(sealed) if sealed else None

    rows = db.execute(_REPLIES, {"broadcast": broadcast_id, "after": after, "count": count})
    return [
        Reply(message_id, at, member_id, number, opened(name), shared, opened(words) or "")
        for message_id, at, member_id, number, name, shared, words in rows
    ]
