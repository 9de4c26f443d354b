"""PINs: given to a member, set by herself with a code, tried again. No answer ever holds one."""

from __future__ import annotations

from pydantic import Field

from gateway.core.roles import Permission
from gateway.services import pins
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Asked, Given

routes = Routes("pins")


class NewPin(Asked):
    pin: str = Field(pattern=r"^[0-9]{4}$")


class Invitation(Given):
    code: str = Field(description="six digits to tell her, and nobody else; with them she sets a PIN on her next call")


@routes.put("/members/{member_id}/pin", Permission.SET_PINS)
def set_pin(call: Call, member_id: str, body: NewPin) -> None:
    """Give a member a PIN. Her tries begin anew."""
    pins.set_pin(call.gateway, call.actor, member_id, body.pin)


@routes.post("/members/{member_id}/pin/invite", Permission.SET_PINS)
def invite(call: Call, member_id: str) -> Invitation:
    """Let a member set a PIN herself, on her next call. The code takes the place of her PIN."""
    return Invitation(code=pins.invite(call.gateway, call.actor, member_id))


@routes.post("/members/{member_id}/pin/unlock", Permission.SET_PINS)
def unlock(call: Call, member_id: str) -> None:
    """Let a member try her PIN again."""
    pins.unlock(call.gateway, call.actor, member_id)
