"""The life of a broadcast: drafted, approved, paused, resumed, cancelled, decided upon, looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.jobs import ExpandBroadcast, Job, SendBatch
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Permission
from gateway.services.broadcast import content
from gateway.store import broadcasts, deliveries

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.broadcast.draft import Draft
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast
    from gateway.store.database import Connection


@dataclass(frozen=True, slots=True)
class Status:
    """A broadcast and where its deliveries are."""

    broadcast: Broadcast
    counts: broadcasts.Counts


def create(gateway: Gateway, actor: Actor, draft: Draft) -> str:
    """Write a draft and return its id. GatewayError `broadcast:*` where it could never be sent."""
    actor.require(Permission.PLAN_BROADCASTS)
    content.units(gateway, draft)
    broadcast_id = gateway.new_id()
    with gateway.database.write() as db:
        channel = content.sending_channel(gateway, db, actor)
        new = broadcasts.NewBroadcast(
            id=broadcast_id,
            organisation_id=actor.organisation_id,
            channel_id=channel.id,
            title=draft.title,
            purpose=draft.purpose,
            notice_id=draft.notice_id,
            again_of=draft.again_of,
            medium=draft.sent_by,
            texts=dict(draft.texts),
            phrase=draft.phrase,
            saying_id=draft.saying_id,
            flow=draft.flow,
            audience=draft.audience.as_json(),
            starts_at=draft.starts_at,
            best_hour=draft.best_hour,
            expires_at=draft.expires_at,
            heads_up=draft.heads_up,
            tries=draft.tries,
            gap_hours=draft.gap_hours,
            life_safety_by=draft.life_safety_by,
            on_ambiguous=draft.on_ambiguous,
            budget=draft.budget,
            created_by=actor.name,
        )
        broadcasts.create(db, new, gateway.clock())
        access.note(gateway, db, actor, "create_broadcast", f"broadcast:{broadcast_id}")
    return broadcast_id


def approve(gateway: Gateway, actor: Actor, broadcast_id: str) -> list[Job]:
    """A person agrees that it goes out. Once: a second click is `broadcast:not-possible`."""
    _move(gateway, actor, broadcast_id, "approved", lambda db: broadcasts.approve(db, broadcast_id, gateway.clock()))
    return [ExpandBroadcast(broadcast_id)]


def pause(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    """Start no more requests, until it is resumed. GatewayError `broadcast:not-possible` where it is not under way."""
    _move(gateway, actor, broadcast_id, "paused", lambda db: broadcasts.pause(db, broadcast_id))


def resume(gateway: Gateway, actor: Actor, broadcast_id: str) -> list[Job]:
    """Go on after a pause. GatewayError `broadcast:not-possible` where it is not paused."""
    _move(gateway, actor, broadcast_id, "resumed", lambda db: broadcasts.resume(db, broadcast_id))
    return [ExpandBroadcast(broadcast_id), SendBatch(broadcast_id)]


def cancel(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    """Start no more requests, ever; what was not sent is suppressed. GatewayError `broadcast:not-possible` where it is over."""
    now = gateway.clock()
    _move(gateway, actor, broadcast_id, "cancelled", lambda db: broadcasts.cancel(db, broadcast_id, now))
    with gateway.database.write() as db:
        broadcasts.suppress_cancelled(db, now)


def _move(gateway: Gateway, actor: Actor, broadcast_id: str, wanted: str, move: Callable[[Connection], bool]) -> None:
    """Move a broadcast of the actor's organisation from one state to another, and write down who did."""
    actor.require(Permission.APPROVE_BROADCASTS)
    with gateway.database.write() as db:
        found = _own(db, actor, broadcast_id)
        if not move(db):
            raise GatewayError("broadcast:not-possible", state=found.state, wanted=wanted)
        access.note(gateway, db, actor, f"broadcast_{wanted}", f"broadcast:{broadcast_id}")


def resolve(gateway: Gateway, actor: Actor, broadcast_id: str, *, resend: bool) -> tuple[int, list[Job]]:
    """Decide about what is held for a person: send it again, or leave it unknown for good. Returns how many, and what to ring.

    GatewayError `broadcast:nothing-held`, or `broadcast:not-possible` where it was cancelled and so cannot be sent again.
    """
    actor.require(Permission.APPROVE_BROADCASTS)
    with gateway.database.write() as db:
        if _own(db, actor, broadcast_id).state == "cancelled" and resend:
            raise GatewayError("broadcast:not-possible", state="cancelled", wanted="sent again")
        decided = deliveries.decide(db, broadcast_id, gateway.clock(), resend=resend)
        if resend and decided:
            broadcasts.reopen(db, broadcast_id)
        if decided:
            access.note(gateway, db, actor, "broadcast_resolved", f"broadcast:{broadcast_id}", resend=resend, count=decided)
    if not decided:
        raise GatewayError("broadcast:nothing-held")
    return decided, [SendBatch(broadcast_id)] if resend else []


def status(gateway: Gateway, actor: Actor, broadcast_id: str) -> Status:
    """Where a broadcast is. GatewayError `broadcast:unknown`."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        return Status(_own(db, actor, broadcast_id), broadcasts.counts(db, broadcast_id))


def latest(gateway: Gateway, actor: Actor, count: int = 20) -> list[Broadcast]:
    """The newest broadcasts of the actor's organisation first."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        return broadcasts.latest(db, actor.organisation_id, count)


def _own(db: Connection, actor: Actor, broadcast_id: str) -> Broadcast:
    found = broadcasts.load(db, broadcast_id)
    if found is None or found.organisation_id != actor.organisation_id:
        raise GatewayError("broadcast:unknown", id=broadcast_id)
    return found
