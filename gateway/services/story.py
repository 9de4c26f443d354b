"""A member's story in order: what she paid, claimed, called and heard, and who changed what; and what is open for her now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.core.roles import Permission
from gateway.core.statuses import TASK_KINDS
from gateway.errors import GatewayError
from gateway.services import access, claims, contributions
from gateway.store import contributions as entries
from gateway.store import story
from gateway.store.scope import holds
from gateway.store.story import SOURCES, Happening, Mark, OpenTask, Phone

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

__all__ = ["Happening", "Now", "OpenTask", "Phone", "mark_of", "now", "page"]

MOST_OPEN = 50  # entries and claims that are shown as open
CLOSED = frozenset({"paid", "refused"})
# What somebody must be allowed to see to be told of it in a story; the words of texts are told nobody.
ALLOWED: Mapping[str, Permission] = {
    "change": Permission.CHANGE_MEMBERS,
    "decision": Permission.SEE_CONTRIBUTIONS,
    "contribution": Permission.SEE_CONTRIBUTIONS,
    "claim": Permission.SEE_CLAIMS,
    "broadcast": Permission.SEE_BROADCASTS,
    "text": Permission.SEE_MEMBERS,
    "call": Permission.SEE_MEMBERS,
}


@dataclass(frozen=True, slots=True)
class Now:
    """What is open for a member, and her phones with what is to be known of them."""

    phones: tuple[Phone, ...]
    claims: tuple[claims.Claim, ...]
    entries: tuple[contributions.Entry, ...]
    tasks: tuple[OpenTask, ...]


def page(gateway: Gateway, actor: Actor, member_id: str, before: str, limit: int) -> list[Happening]:
    """A page of a member's story, the newest first, behind the happening that `before` marks (`mark_of`); "" for the first page.

    GatewayError `member:unknown`. It costs a statement for each kind of happening, however much there is of it.
    """
    actor.require(Permission.SEE_MEMBERS)
    wanted = [name for name in SOURCES if actor.may(ALLOWED[name])]
    with gateway.database.read() as db:
        _known(db, actor, member_id)
        found = story.page(db, member_id, wanted, _mark(before), limit)
    with gateway.database.write() as db:
        access.note(gateway, db, actor, Permission.SEE_MEMBERS, f"member:{member_id}", story=len(found))
    return found


def now(gateway: Gateway, actor: Actor, member_id: str) -> Now:
    """What is open for a member, as far as the actor may see it; GatewayError `member:unknown`."""
    actor.require(Permission.SEE_MEMBERS)
    sees_money, sees_claims = actor.may(Permission.SEE_CONTRIBUTIONS), actor.may(Permission.SEE_CLAIMS)
    hers = claims.of_member(gateway, actor, member_id) if sees_claims else []
    with gateway.database.read() as db:
        _known(db, actor, member_id)
        phones = story.phones_of(db, gateway.seal, member_id)
        waiting = [
            entry
            for state in ("noted", "questioned")
            if sees_money
            for entry in entries.page(db, gateway.seal, actor.scope, entries.Filter(member_id, state), entries.Page("", MOST_OPEN))
        ]
        tasks = [task for task in story.tasks_of(db, actor.scope, member_id) if actor.may(TASK_KINDS[task.kind])]
    return Now(tuple(phones), tuple(claim for claim in hers if claim.state not in CLOSED), tuple(waiting), tuple(tasks))


def mark_of(happening: Happening) -> str:
    """A happening as an address can name it."""
    return f"{happening.source}~{happening.at.astimezone(UTC):%Y%m%dT%H%M%S%f}~{happening.key}"


def _mark(written: str) -> Mark | None:
    """The mark again; of one that cannot be read the first page is shown."""
    source, _, rest = written.partition("~")
    moment, _, key = rest.partition("~")
    try:
        at = datetime.strptime(moment, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    if source not in SOURCES:
        return None
    if source == "contribution":
        return Mark(at, source, key)
    return Mark(at, source, int(key)) if key.isascii() and key.isdigit() and len(key) < 19 else None


def _known(db: Connection, actor: Actor, member_id: str) -> None:
    if not holds(db, actor.scope, member_id):
        raise GatewayError("member:unknown", number=member_id)
