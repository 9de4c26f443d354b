"""The organisation that a token belongs to. There is no way to ask for another one."""

from __future__ import annotations

from gateway.services import organisations
from gateway.web.api.routes import Anybody, Call, Routes
from gateway.web.api.shapes import Given

routes = Routes("organisation")


class Organisation(Given):
    id: str
    name: str
    numbers: tuple[str, ...]


@routes.get("/organisation", Anybody.WITH_A_TOKEN)
def get(call: Call) -> Organisation:
    """Tell the organisation's name and the numbers that its members ring."""
    return Organisation.model_validate(organisations.of_actor(call.gateway, call.actor))
