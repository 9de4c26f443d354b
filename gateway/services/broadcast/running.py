"""The life of a broadcast: drafted, approved, paused, resumed, cancelled, decided upon, looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from gateway.core import ids
from gateway.core.jobs import ExpandBroadcast, Job, SendBatch
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Permission
from gateway.services.broadcast import content, planning, whom
from gateway.services.broadcast.draft import Draft
from gateway.store import broadcasts, deliveries, organisations
from gateway.store.broadcasts import NewBroadcast

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast
    from gateway.store.database import Connection


@dataclass(frozen=True, slots=True)
class Status:
    """A broadcast and where its deliveries are; `agreed` are the actors who approved it, `missing` how many more must."""

    broadcast: Broadcast
    counts: broadcasts.Counts
    agreed: tuple[str, ...] = ()
    missing: int = 0


def create(gateway: Gateway, actor: Actor, draft: Draft, key: str | None = None) -> str:
    """Write a draft and return its id; the same `key` of the same actor twice (a form sent twice) makes one.

    GatewayError `broadcast:*` where it could never be sent.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    planning.check(draft, gateway.clock())
    broadcast_id = gateway.new_id() if key is None else ids.derived("broadcast", actor.organisation_id, actor.name, key)
    with gateway.database.write() as db:
        whom.check(gateway, db, actor, draft.audience)
        content.measure(gateway, db, actor.organisation_id, draft)
        if broadcasts.create(db, new_broadcast(gateway, db, actor, draft, broadcast_id), gateway.clock()):
            access.note(gateway, db, actor, "create_broadcast", f"broadcast:{broadcast_id}")
    return broadcast_id


def new_broadcast(gateway: Gateway, db: Connection, actor: Actor, draft: Draft, broadcast_id: str) -> NewBroadcast:
    """A draft as it is written down."""
    values = {each.name: getattr(draft, each.name) for each in fields(Draft)}
    return NewBroadcast(
        **values
        | {"texts": dict(draft.texts), "medium": draft.sent_by}
        | {"id": broadcast_id, "organisation_id": actor.organisation_id, "created_by": actor.name},
        channel_id=content.sending_channel(gateway, db, actor).id,
    )


def change(gateway: Gateway, actor: Actor, broadcast_id: str, draft: Draft) -> None:
    """Write a draft anew. Whoever had approved it has approved something else, and is asked again; what is the same changes nothing.

    GatewayErrors `broadcast:not-possible` once it is approved, `broadcast:*` where it could never be sent.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    planning.check(draft, gateway.clock())
    with gateway.database.write() as db:
        before = _draft(own(db, actor, broadcast_id), "changed")
        if Draft.of(before).mark == draft.mark:
            return
        whom.check(gateway, db, actor, draft.audience)
        content.measure(gateway, db, actor.organisation_id, draft)
        if not broadcasts.rewrite(db, new_broadcast(gateway, db, actor, draft, broadcast_id)):
            raise GatewayError("broadcast:not-possible", state="approved", wanted="changed")
        access.note(gateway, db, actor, "change_broadcast", f"broadcast:{broadcast_id}")


def approve(gateway: Gateway, actor: Actor, broadcast_id: str, seen: str | None = None) -> list[Job]:
    """A person agrees that it goes out, after one more look at the plan. No job: another person must agree, too (`Status.missing`).

    `seen` is the `Draft.mark` of what she looked at. GatewayErrors `broadcast:not-possible` (a second click), `broadcast:changed` where it
    was written anew meanwhile, `broadcast:same-person`, `broadcast:over-budget`, `broadcast:over-month`, and those of `plan`.
    """
    actor.require(Permission.APPROVE_BROADCASTS)
    with gateway.database.read() as db:
        draft = Draft.of(_draft(own(db, actor, broadcast_id)))
    if seen is not None and seen != draft.mark:
        raise GatewayError("broadcast:changed")
    planned = planning.plan(gateway, actor, draft, kept=True)
    with gateway.database.write() as db:
        sending = organisations.sending(db, actor.organisation_id, alone=True)  # two approvals at once see each other's price
        if Draft.of(_draft(own(db, actor, broadcast_id))).mark != draft.mark:
            raise GatewayError("broadcast:changed")
        month = planning.month_left(db, actor.organisation_id, sending, planned.begins)
        for block in planning.blocks(planned.price, draft.budget, month):
            raise block
        is_new = broadcasts.agree(db, broadcast_id, actor.name, gateway.clock())
        missing = planning.persons_needed(sending, planned.recipients) - len(broadcasts.agreed(db, broadcast_id))
        if missing > 0 and not is_new:
            raise GatewayError("broadcast:same-person", recipients=planned.recipients, above=sending.two_persons_above)
        approved = broadcasts.Approved(planned.texts or draft.texts, planned.as_json())
        if missing > 0:
            broadcasts.keep_plan(db, broadcast_id, approved)
        else:
            broadcasts.approve(db, broadcast_id, approved, gateway.clock())
        access.note(gateway, db, actor, "broadcast_approved", f"broadcast:{broadcast_id}", missing=max(0, missing))
    return [] if missing > 0 else [ExpandBroadcast(broadcast_id)]


def _draft(found: Broadcast, wanted: str = "approved") -> Broadcast:
    if found.state != "draft":
        raise GatewayError("broadcast:not-possible", state=found.state, wanted=wanted)
    return found


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
        found = own(db, actor, broadcast_id)
        if not move(db):
            raise GatewayError("broadcast:not-possible", state=found.state, wanted=wanted)
        access.note(gateway, db, actor, f"broadcast_{wanted}", f"broadcast:{broadcast_id}")


def resolve(gateway: Gateway, actor: Actor, broadcast_id: str, *, resend: bool) -> tuple[int, list[Job]]:
    """Decide about what is held for a person: send it again, or leave it unknown for good. Returns how many, and what to ring.

    GatewayError `broadcast:nothing-held`, or `broadcast:not-possible` where it was cancelled and so cannot be sent again.
    """
    actor.require(Permission.APPROVE_BROADCASTS)
    with gateway.database.write() as db:
        if own(db, actor, broadcast_id).state == "cancelled" and resend:
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
        found = own(db, actor, broadcast_id)
        return Status(found, broadcasts.counts(db, broadcast_id), *agreement(db, found))


def agreement(db: Connection, found: Broadcast) -> tuple[tuple[str, ...], int]:
    """Which actors approved it, and how many more must."""
    agreed = broadcasts.agreed(db, found.id)
    if found.state != "draft":
        return agreed, 0
    sending = organisations.sending(db, found.organisation_id)
    return agreed, planning.persons_needed(sending, (found.planned or {}).get("recipients", 0)) - len(agreed)


def latest(gateway: Gateway, actor: Actor, count: int = 20, after: str = "") -> list[Broadcast]:
    """The newest broadcasts of the actor's organisation first, those behind the one with the id `after` ("": from the first)."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        return broadcasts.latest(db, actor.organisation_id, count, after)


def own(db: Connection, actor: Actor, broadcast_id: str) -> Broadcast:
    """A broadcast of the actor's organisation. GatewayError `broadcast:unknown`."""
    found = broadcasts.load(db, broadcast_id)
    if found is None or found.organisation_id != actor.organisation_id:
        raise GatewayError("broadcast:unknown", id=broadcast_id)
    return found
