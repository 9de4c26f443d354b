"""Users: who works for the organisation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.core.roles import ROLES, Permission
from gateway.services import users
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Asked, Given, Page, Text, next_of, one_of

routes = Routes("users")

Role = Annotated[str, one_of(ROLES)]


class User(Given):
    id: str
    name: str
    role: str
    state: str
    member_number: str | None


class Users(Given):
    items: list[User]
    next: str | None


class NewUser(Asked):
    name: Text
    role: Role
    member_number: Annotated[str, Field(pattern=r"^[0-9]{2,12}$")] | None = Field(default=None, description="where she is a member herself")


class NewRole(Asked):
    role: Role


@routes.get("/users", Permission.MANAGE_USERS)
def list_(call: Call, query: Page) -> Users:
    """List who works for the organisation, those who are disabled too."""
    found = users.page(call.gateway, call.actor, query.after, query.limit)
    return Users(items=[User.model_validate(user) for user in found], next=next_of(found, query.limit))


@routes.post("/users", Permission.MANAGE_USERS, status=201)
def add(call: Call, body: NewUser) -> User:
    """Let somebody work for the organisation."""
    return User.model_validate(users.add(call.gateway, call.actor, body.name, body.role, body.member_number))


@routes.put("/users/{user_id}/role", Permission.MANAGE_USERS)
def set_role(call: Call, user_id: str, body: NewRole) -> User:
    """Give a user another role, from her next request on."""
    return User.model_validate(users.set_role(call.gateway, call.actor, user_id, body.role))


@routes.post("/users/{user_id}/disable", Permission.MANAGE_USERS)
def disable(call: Call, user_id: str) -> User:
    """Let a user do nothing any more; her tokens end with it."""
    return User.model_validate(users.disable(call.gateway, call.actor, user_id))


@routes.post("/users/{user_id}/enable", Permission.MANAGE_USERS)
def enable(call: Call, user_id: str) -> User:
    """Let a user work again."""
    return User.model_validate(users.enable(call.gateway, call.actor, user_id))
