"""Keys of the API: made for a program of an organisation, or for one user; shown once, kept as a digest.

A token is 256 random bits, so that a plain SHA-256 of it can be searched for and not guessed.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.core.roles import ROLES
from gateway.errors import GatewayError
from gateway.queues.pacer import FARTHEST, PacerDown
from gateway.services import access
from gateway.services.access import Actor, Permission
from gateway.store import tokens
from gateway.store.tokens import TokenRow

if TYPE_CHECKING:
    from gateway.services.context import Gateway

PREFIX = "aawaj_"  # by which a scanner of leaked files knows one
BYTES = 32
LONGEST_LABEL = 80
MOST_A_SECOND = 50  # requests with one token


class Created(NamedTuple):
    """A new token; `secret` is never told again."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is for. With `user_id` it does what she may, as long as she may; else it has the `role`. `days` None: it never ends."""

    label: str
    role: str | None = None
    days: int | None = 365
    user_id: str | None = None


def create(gateway: Gateway, actor: Actor, new: NewToken) -> Created:
    """Make a token; GatewayError `user:unknown`, `token:role`, `token:label`."""
    actor.require(Permission.MANAGE_USERS)
    if not new.label.strip() or len(new.label) > LONGEST_LABEL:
        raise GatewayError("token:label", most=LONGEST_LABEL, where="label")
    secret = PREFIX + secrets.token_urlsafe(BYTES)
    token_id, now = gateway.new_id(), gateway.clock()
    expires_at = None if new.days is None else now + timedelta(days=new.days)
    with gateway.database.write() as db:
        role = _role(tokens.role_of_user(db, actor.scope, new.user_id) if new.user_id else None, new)
        row = TokenRow(token_id, actor.organisation_id, new.user_id, new.label, role, actor.name, now, expires_at, None)
        tokens.add(db, row, digest(secret))
        access.note(gateway, db, actor, "create_token", f"token:{token_id}", role=role, user=new.user_id, days=new.days)
    return Created(token_id, secret)


def _role(of_user: str | None, new: NewToken) -> str:
    if new.user_id:
        if of_user is None:
            raise GatewayError("user:unknown", id=new.user_id)
        if new.role not in {None, of_user}:
            raise GatewayError("token:role", role=new.role, wanted=f"her own, {of_user}")
        return of_user
    if new.role not in ROLES or new.role == "collector":  # a collector sees her own group, and a program has none
        raise GatewayError("token:role", role=new.role, wanted="admin, organiser or reader; a collector's token needs her user")
    return new.role


def revoke(gateway: Gateway, actor: Actor, token_id: str) -> None:
    """End a token at once; GatewayError `token:unknown`."""
    actor.require(Permission.MANAGE_USERS)
    with gateway.database.write() as db:
        if not tokens.revoke(db, actor.scope, token_id, gateway.clock()):
            raise GatewayError("token:unknown", id=token_id)
        access.note(gateway, db, actor, "revoke_token", f"token:{token_id}")


def page(gateway: Gateway, actor: Actor, after: str, limit: int) -> list[TokenRow]:
    """The organisation's tokens, those that hold and those that ended, in the order in which they were made."""
    actor.require(Permission.MANAGE_USERS)
    with gateway.database.read() as db:
        return tokens.page(db, actor.scope, after, limit)


def get(gateway: Gateway, actor: Actor, token_id: str) -> TokenRow:
    """One of the organisation's tokens that holds; GatewayError `token:unknown`."""
    actor.require(Permission.MANAGE_USERS)
    with gateway.database.read() as db:
        found = tokens.get(db, actor.scope, token_id)
    if found is None or found.revoked_at:
        raise GatewayError("token:unknown", id=token_id)
    return found


class Visit(NamedTuple):
    """Somebody at the door of the API: who she is, and with which token she came."""

    actor: Actor
    token_id: str


def visit(gateway: Gateway, secret: str) -> Visit | None:
    """Who comes with this secret; None where it is unknown, over or revoked, or its user is disabled.

    A user's token has her role of this moment: whoever becomes a collector sees her own group from the next request on.
    """
    with gateway.database.read() as db:
        holder = tokens.holder(db, digest(secret), gateway.clock())
    if holder is None or (holder.user_id and holder.user_state != "active"):
        return None
    if holder.user_id and holder.user_role:
        return Visit(Actor(holder.organisation_id, holder.user_role, f"user:{holder.user_id}", holder.user_id), holder.id)
    return Visit(Actor(holder.organisation_id, holder.role, f"token:{holder.id}"), holder.id)


def seconds_to_wait(gateway: Gateway, token_id: str) -> int:
    """0 where the token's holder may ask now; she may ask `MOST_A_SECOND` times in each, and `FARTHEST` seconds' worth at once.

    Without Redis nobody is counted, and nobody is kept waiting.
    """
    try:
        turns = gateway.pacer.take(f"api:{token_id}", MOST_A_SECOND, most=1)
    except PacerDown:
        return 0
    return 0 if turns.count else math.ceil(turns.wait - FARTHEST) + 1


def digest(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()
