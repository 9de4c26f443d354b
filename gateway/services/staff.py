"""Who works for the organisation, by the names that its records keep of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gateway.core.roles import Permission
from gateway.store import users

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


def names(gateway: Gateway, actor: Actor) -> Mapping[str, str]:
    """The names of the organisation's users by what records call them, `user:ID`; those who left too."""
    actor.require(Permission.SEE_MEMBERS)
    with gateway.database.read() as db:
        return {f"user:{user.id}": user.name for user in users.of_organisation(db, gateway.seal, actor.organisation_id)}


def collectors(gateway: Gateway, actor: Actor) -> list[tuple[str, str]]:
    """Id and name of those in whose groups members may be, by name; a collector knows herself alone."""
    actor.require(Permission.SEE_MEMBERS)
    with gateway.database.read() as db:
        known = users.of_organisation(db, gateway.seal, actor.organisation_id)
    found = [(user.id, user.name) for user in known if (user.role, user.state) == ("collector", "active")]
    only = actor.scope.collector_id
    return sorted((each for each in found if only in {None, each[0]}), key=lambda each: each[1])
