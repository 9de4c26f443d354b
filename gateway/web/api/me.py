"""Who asks: what a token is, so that a program can say so, and may try it."""

from __future__ import annotations

from gateway.core.roles import ALLOWED
from gateway.web.api.routes import Anybody, Call, Routes
from gateway.web.api.shapes import Given

routes = Routes("me")


class Me(Given):
    organisation_id: str
    role: str
    name: str
    user_id: str | None
    permissions: list[str]


@routes.get("/me", Anybody.WITH_A_TOKEN)
def get(call: Call) -> Me:
    """Tell who this token is, and what it may do."""
    actor = call.actor
    permissions = sorted(ALLOWED[actor.role])
    return Me(organisation_id=actor.organisation_id, role=actor.role, name=actor.name, user_id=actor.user_id, permissions=list(permissions))
