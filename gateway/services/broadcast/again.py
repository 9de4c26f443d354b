"""The same once more, to those whom it did not reach."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.core.audience import Audience
from gateway.errors import GatewayError
from gateway.services.access import Permission
from gateway.services.broadcast.draft import Draft
from gateway.services.broadcast.running import own
from gateway.store.broadcasts import TEST

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

GONE_OUT = ("sending", "paused", "finished", "cancelled")
ITS_OWN_TIME = {"starts_at": None, "expires_at": None}  # those of the first time are over


def again(gateway: Gateway, actor: Actor, broadcast_id: str, **changes: Any) -> Draft:  # noqa: ANN401  # fields of Draft, each of its type
    """A draft with the same content for those who did not hear a broadcast, to be planned and approved like any other.

    `changes` are fields of `Draft`. GatewayErrors `broadcast:unknown`, `broadcast:not-possible` where nothing of it has gone out.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.read() as db:
        found = own(db, actor, broadcast_id)
    if found.state not in GONE_OUT or found.purpose == TEST:
        raise GatewayError("broadcast:not-possible", state=found.state, wanted="sent again")
    audience = Audience(not_reached_by=broadcast_id)
    return replace(Draft.of(found), **{"audience": audience, "again_of": broadcast_id, **ITS_OWN_TIME, **changes})
