"""Who is meant by the name of an actor that stands beside what was done: `user:ID` has a name, others are kinds of somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store import users

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.services.access import Actor
    from gateway.services.context import Gateway


def names(gateway: Gateway, actor: Actor) -> Mapping[str, str]:
    """The names of all who work for the actor's organisation, by `Actor.name`: one statement, whoever is asked for."""
    with gateway.database.read() as db:
        return {f"user:{user.id}": user.name for user in users.of_organisation(db, gateway.seal, actor.organisation_id)}
