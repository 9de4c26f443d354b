"""Users: who works for an organisation, as admin, organiser, collector or reader. A collector may be a member herself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core import people
from gateway.core.digits import fold_digits
from gateway.core.roles import ALLOWED, ROLES
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Actor, Permission
from gateway.store import members, tokens, users
from gateway.store.users import User

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.services.context import Gateway
    from gateway.store.database import Connection

__all__ = ["User", "add", "disable", "enable", "page", "set_role"]


def add(gateway: Gateway, actor: Actor, name: str, role: str, member_number: str | None = None) -> User:
    """Let somebody work for the actor's organisation; `member_number` where she is a member of it herself.

    GatewayErrors `user:role`, `member:invalid` (the name), `member:unknown`, `user:already`.
    """
    actor.require(Permission.MANAGE_USERS)
    _check_role(role)
    cleaned = people.clean(name)
    if not people.is_name(cleaned):
        raise GatewayError("member:invalid", where="name", field="name", wanted=f"1 to {people.LONGEST_NAME} characters")
    with gateway.database.write() as db:
        user = users.NewUser(gateway.new_id(), actor.organisation_id, cleaned, role)
        users.add(db, gateway.seal, user, gateway.clock())
        if member_number is not None:
            member = members.by_number(db, actor.organisation_id, fold_digits(member_number).strip())
            if member is None:
                raise GatewayError("member:unknown", number=member_number)
            if not users.link(db, member.id, user.id):
                raise GatewayError("user:already")
        access.note(gateway, db, actor, Permission.MANAGE_USERS, f"user:{user.id}", role=role)
        return _known(users.get(db, gateway.seal, actor.organisation_id, user.id), user.id)


def page(gateway: Gateway, actor: Actor, after: str, limit: int) -> list[User]:
    """The organisation's users behind an id ("" for the first page), those who are disabled too."""
    actor.require(Permission.MANAGE_USERS)
    with gateway.database.read() as db:
        found = users.page(db, gateway.seal, actor.organisation_id, after, limit)
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "see_users", "users", count=len(found))
    return found


def names(gateway: Gateway, actor: Actor) -> dict[str, str]:
    """How the organisation's users are called, by id: so that whoever works with them reads who wrote and approved what."""
    with gateway.database.read() as db:
        return {each.id: each.name for each in users.of_organisation(db, gateway.seal, actor.organisation_id)}


def set_role(gateway: Gateway, actor: Actor, user_id: str, role: str) -> User:
    """Give a user another role; GatewayErrors `user:role`, `user:unknown`. Tokens that she made end when she may make none any more."""
    _check_role(role)
    return _changed(gateway, actor, user_id, role=role)


def disable(gateway: Gateway, actor: Actor, user_id: str) -> User:
    """From now on she may do nothing, and every token ends that is hers or that she made; GatewayError `user:unknown`."""
    return _changed(gateway, actor, user_id, state="disabled")


def enable(gateway: Gateway, actor: Actor, user_id: str) -> User:
    """She may work again, with new tokens; GatewayError `user:unknown`."""
    return _changed(gateway, actor, user_id, state="active")


def _changed(gateway: Gateway, actor: Actor, user_id: str, *, role: str | None = None, state: str | None = None) -> User:
    actor.require(Permission.MANAGE_USERS)
    with gateway.database.write() as db:
        if role is not None:
            users.set_role(db, actor.organisation_id, user_id, role)
        if state is not None:
            users.set_state(db, actor.organisation_id, user_id, state)
        user = _known(users.get(db, gateway.seal, actor.organisation_id, user_id), user_id)
        ended = _ended(db, user, gateway.clock())
        access.note(gateway, db, actor, Permission.MANAGE_USERS, f"user:{user_id}", role=user.role, state=user.state, tokens_ended=ended)
    return user


def _ended(db: Connection, user: User, now: datetime) -> list[str]:
    """The ids of the tokens that end with what she may no longer do."""
    may_make_some = Permission.MANAGE_USERS in ALLOWED[user.role]
    if user.state == "active" and may_make_some:
        return []
    return tokens.revoke_made_by(db, user.id, now, but_hers=user.state == "active")


def _known(user: User | None, user_id: str) -> User:
    if user is None:
        raise GatewayError("user:unknown", id=user_id)
    return user


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise GatewayError("user:role", role=role, known=", ".join(ROLES))
