"""Keys of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.core.roles import Permission
from gateway.services import tokens
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Asked, Given, Id, Page, Text, next_of

routes = Routes("tokens")


class Token(Given):
    id: str
    organisation_id: str
    user_id: str | None
    label: str
    role: str
    made_by: str = Field(description="who made it: it ends when she is disabled")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class Tokens(Given):
    items: list[Token]
    next: str | None


class NewToken(Asked):
    label: Text = Field(max_length=tokens.LONGEST_LABEL)
    role: Literal["admin", "organiser", "reader"] | None = None
    user_id: Id | None = None
    days: int = Field(default=365, ge=1, le=3650)


class CreatedToken(Given):
    id: str
    secret: str = Field(description="not told again, but to a repeat with the same Idempotency-Key within a day")


@routes.get("/tokens", Permission.MANAGE_USERS)
def list_(call: Call, query: Page) -> Tokens:
    """List the tokens of the organisation."""
    found = tokens.page(call.gateway, call.actor, query.after, query.limit)
    return Tokens(items=[Token.model_validate(row) for row in found], next=next_of(found, query.limit))


@routes.post("/tokens", Permission.MANAGE_USERS, status=201)
def create(call: Call, body: NewToken) -> CreatedToken:
    """Make a token, for a program with a `role`, or for a user with hers."""
    new = tokens.NewToken(body.label, body.role, body.days, body.user_id)
    return CreatedToken.model_validate(tokens.create(call.gateway, call.actor, new))


@routes.delete("/tokens/{token_id}", Permission.MANAGE_USERS)
def revoke(call: Call, token_id: str) -> None:
    """Revoke a token."""
    tokens.revoke(call.gateway, call.actor, token_id)
