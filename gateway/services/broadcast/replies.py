"""What members wrote back to a broadcast, for whoever sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Permission
from gateway.store import broadcasts
from gateway.store import replies as stored
from gateway.store.replies import Reply

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

__all__ = ["Reply", "replies"]


def replies(gateway: Gateway, actor: Actor, broadcast_id: str, after: int = 0, limit: int = 100) -> list[Reply]:
    """The texts that answered a broadcast, in their order, those behind the id `after`. GatewayError `broadcast:unknown`."""
    actor.require(Permission.SEE_BROADCASTS)
    actor.require(Permission.SEE_MEMBERS)
    with gateway.database.read() as db:
        broadcast = broadcasts.load(db, broadcast_id)
        if broadcast is None or broadcast.organisation_id != actor.organisation_id:
            raise GatewayError("broadcast:unknown", id=broadcast_id)
        found = stored.page(db, gateway.seal, broadcast_id, after, limit)
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "view_replies", f"broadcast:{broadcast_id}", count=len(found))
    return found
