"""Users: who works for an organisation, as admin, organiser, collector or reader. A collector may be a member herself.

Whoever is to sign in gets a link, with which she chooses her password: nobody else ever knows it, and no mail is sent.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.core import people
from gateway.core.digits import fold_digits
from gateway.core.roles import ALLOWED, ROLES
from gateway.errors import GatewayError
from gateway.services import access, sign_in_tries
from gateway.services.access import Actor, Permission
from gateway.services.sign_in import folded
from gateway.services.tokens import digest
from gateway.store import invitations, members, second_steps, tokens, users, visits
from gateway.store.database import Conflict
from gateway.store.invitations import NewInvitation
from gateway.store.users import User

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

__all__ = ["Link", "Newcomer", "User", "add", "disable", "enable", "get", "invite", "page", "set_role", "welcome", "without_second_step"]

SHORTEST_SIGN_IN, LONGEST_SIGN_IN = 2, 60
LINK_HOLDS = timedelta(days=7)
BYTES = 32


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who is to work for the organisation; `sign_in` is the name with which she signs in."""

    name: str
    role: str
    sign_in: str
    member_number: str | None = None


class Link(NamedTuple):
    """An address to hand over: with it `user` chooses her password, once, until it is over. It is never told again."""

    user: User
    address: str
    expires_at: datetime


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
                raise GatewayError("member:unknown", number=member_number, where="member_number")
            if not users.link(db, member.id, user.id):
                raise GatewayError("user:already", where="member_number")
        access.note(gateway, db, actor, Permission.MANAGE_USERS, f"user:{user.id}", role=role)
        return _known(users.get(db, gateway.seal, actor.organisation_id, user.id), user.id)


def welcome(gateway: Gateway, actor: Actor, new: Newcomer) -> Link:
    """Add somebody and let her choose a password, both or neither. GatewayErrors as of `add` and `invite`."""
    with gateway.database.in_one():
        user = add(gateway, actor, new.name, new.role, new.member_number)
        return invite(gateway, actor, user.id, new.sign_in)


def invite(gateway: Gateway, actor: Actor, user_id: str, sign_in: str | None = None) -> Link:
    """A link with which a user chooses a password, the first time or when she forgot it; earlier ones end, and her tries begin anew.

    `sign_in`: the name with which she signs in from now on; None: as before. What she has opens until she chose another one.
    GatewayErrors `user:unknown`, `user:sign-in`, `user:taken`, `user:no-sign-in`.
    """
    actor.require(Permission.MANAGE_USERS)
    name = None if sign_in is None else _checked(sign_in)
    secret, now = secrets.token_urlsafe(BYTES), gateway.clock()
    with gateway.database.write() as db:
        user = _known(users.get(db, gateway.seal, actor.organisation_id, user_id), user_id)
        if name is not None:
            try:
                users.set_sign_in(db, gateway.seal, user_id, name)
            except Conflict:
                raise GatewayError("user:taken", where="sign_in") from None
        elif user.sign_in is None:
            raise GatewayError("user:no-sign-in", where="sign_in")
        invitations.add(db, NewInvitation(gateway.new_id(), user_id, digest(secret), actor.name, now, now + LINK_HOLDS))
        sign_in_tries.forget(gateway, db, "name", name or user.sign_in or "")
        access.note(gateway, db, actor, "invite", f"user:{user_id}")
        user = _known(users.get(db, gateway.seal, actor.organisation_id, user_id), user_id)
    return Link(user, f"{gateway.settings.public_base_url}/invitation?key={secret}", now + LINK_HOLDS)


def _checked(sign_in: str) -> str:
    name = folded(people.clean(sign_in))
    if not SHORTEST_SIGN_IN <= len(name) <= LONGEST_SIGN_IN:
        raise GatewayError("user:sign-in", least=SHORTEST_SIGN_IN, most=LONGEST_SIGN_IN, where="sign_in")
    return name


def without_second_step(gateway: Gateway, actor: Actor, user_id: str) -> User:
    """Take a user's second step away, as when her telephone is lost, and sign her out everywhere; GatewayError `user:unknown`."""
    actor.require(Permission.MANAGE_USERS)
    with gateway.database.write() as db:
        _known(users.get(db, gateway.seal, actor.organisation_id, user_id), user_id)
        second_steps.drop(db, user_id)
        sign_in_tries.forget(gateway, db, "code", user_id)
        visits.end_all(db, user_id, gateway.clock())
        access.note(gateway, db, actor, "second_step.taken", f"user:{user_id}")
        return _known(users.get(db, gateway.seal, actor.organisation_id, user_id), user_id)


def get(gateway: Gateway, actor: Actor, user_id: str) -> User:
    """One user; GatewayError `user:unknown`."""
    actor.require(Permission.MANAGE_USERS)
    with gateway.database.read() as db:
        user = _known(users.get(db, gateway.seal, actor.organisation_id, user_id), user_id)
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "see_users", f"user:{user_id}")
    return user


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
    """Give a user another role. GatewayErrors `user:role`, `user:unknown`, `user:oneself`. She signs in anew, and what she made
    (tokens, links) ends when she may make none any more."""
    _check_role(role)
    return _changed(gateway, actor, user_id, role=role)


def disable(gateway: Gateway, actor: Actor, user_id: str) -> User:
    """From now on she may do nothing, and every token and link ends that is hers or that she made.

    GatewayErrors `user:unknown`, `user:oneself`.
    """
    return _changed(gateway, actor, user_id, state="disabled")


def enable(gateway: Gateway, actor: Actor, user_id: str) -> User:
    """She may work again, with new tokens; GatewayError `user:unknown`."""
    return _changed(gateway, actor, user_id, state="active")


def _changed(gateway: Gateway, actor: Actor, user_id: str, *, role: str | None = None, state: str | None = None) -> User:
    actor.require(Permission.MANAGE_USERS)
    if actor.user_id == user_id:
        raise GatewayError("user:oneself")  # and so there is always an admin
    with gateway.database.write() as db:
        before = _known(users.get(db, gateway.seal, actor.organisation_id, user_id), user_id)
        if role is not None:
            users.set_role(db, actor.organisation_id, user_id, role)
        if state is not None:
            users.set_state(db, actor.organisation_id, user_id, state)
        user = _known(users.get(db, gateway.seal, actor.organisation_id, user_id), user_id)
        if (user.role, user.state) != (before.role, before.state):
            visits.end_all(db, user_id, gateway.clock())
        ended = _ended(db, user, gateway.clock())
        access.note(gateway, db, actor, Permission.MANAGE_USERS, f"user:{user_id}", role=user.role, state=user.state, tokens_ended=ended)
    return user


def _ended(db: Connection, user: User, now: datetime) -> list[str]:
    """End what she opened and may not open any more; the ids of the tokens."""
    may_make_some = Permission.MANAGE_USERS in ALLOWED[user.role]
    if user.state == "active" and may_make_some:
        return []
    invitations.end_by(db, user.id, now)
    return tokens.revoke_made_by(db, user.id, now, but_hers=user.state == "active")


def _known(user: User | None, user_id: str) -> User:
    if user is None:
        raise GatewayError("user:unknown", id=user_id)
    return user


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise GatewayError("user:role", role=role, known=", ".join(ROLES))
