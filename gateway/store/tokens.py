"""Keys of the API: what is stored of one opens nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, insert, select, update

from gateway.store.database import Connection
from gateway.store.models import tokens, users
from gateway.store.scope import Scope


class TokenRow(NamedTuple):
    """A token as its organisation sees it; whoever holds it does what `role` may, or what the user may for whom it acts."""

    id: str
    organisation_id: str
    user_id: str | None
    label: str
    role: str
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class Holder(NamedTuple):
    """Who comes with a token that holds: her role and state are those of this moment, None where it acts for no user."""

    id: str
    organisation_id: str
    user_id: str | None
    role: str
    user_role: str | None
    user_state: str | None


_COLUMNS = [tokens.c[name] for name in TokenRow._fields]
_ADD = insert(tokens)
_HOLDER = (
    select(tokens.c.id, tokens.c.organisation_id, tokens.c.user_id, tokens.c.role, users.c.role, users.c.state)
    .outerjoin(users, users.c.id == tokens.c.user_id)
    .where(
        tokens.c.digest == bindparam("digest"),
        tokens.c.revoked_at.is_(None),
        tokens.c.expires_at.is_(None) | (tokens.c.expires_at > bindparam("now")),
    )
)
_OF_ORGANISATION = tokens.c.organisation_id == bindparam("of_organisation")
_PAGE = select(*_COLUMNS).where(_OF_ORGANISATION, tokens.c.id > bindparam("after")).order_by(tokens.c.id).limit(bindparam("limit"))
_GET = select(*_COLUMNS).where(_OF_ORGANISATION, tokens.c.id == bindparam("token_id"))
_REVOKE = (
    update(tokens)
    .where(_OF_ORGANISATION, tokens.c.id == bindparam("token_id"), tokens.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
_ROLE_OF_USER = select(users.c.role).where(
    users.c.id == bindparam("user_id"), users.c.organisation_id == bindparam("of_organisation"), users.c.state == "active"
)


def add(db: Connection, row: TokenRow, digest: bytes) -> None:
    """Write a token down; `digest` is the SHA-256 of its secret."""
    db.execute(_ADD, {**row._asdict(), "digest": digest})


def holder(db: Connection, digest: bytes, now: datetime) -> Holder | None:
    """Whose token this is; None where there is none, or where it was revoked or is over."""
    row = db.execute(_HOLDER, {"digest": digest, "now": now}).first()
    return Holder(*row) if row else None


def page(db: Connection, scope: Scope, after: str, limit: int) -> list[TokenRow]:
    """Tokens of an organisation, by id, which is the order in which they were made."""
    rows = db.execute(_PAGE, {"of_organisation": scope.organisation_id, "after": after, "limit": limit})
    return [TokenRow(*row) for row in rows]


def get(db: Connection, scope: Scope, token_id: str) -> TokenRow | None:
    """The token of this id, if it is the organisation's."""
    row = db.execute(_GET, {"of_organisation": scope.organisation_id, "token_id": token_id}).first()
    return TokenRow(*row) if row else None


def revoke(db: Connection, scope: Scope, token_id: str, now: datetime) -> bool:
    """End a token; False where the organisation has no such one that holds."""
    return db.execute(_REVOKE, {"of_organisation": scope.organisation_id, "token_id": token_id, "now": now}).rowcount == 1


def opened_by(user_ids: Select[Any]) -> ColumnElement[bool]:
    """That a token is one of these users', or was made by one of them, or with a token that was: the ways in that end with her."""
    makers = select("user:" + users.c.id).where(users.c.id.in_(user_ids))
    first = select(tokens.c.id).where(tokens.c.user_id.in_(user_ids) | tokens.c.made_by.in_(makers)).cte("opened", recursive=True)
    return tokens.c.id.in_(select(first.union(select(tokens.c.id).where(tokens.c.made_by == "token:" + first.c.id)).c.id))


def revoke_made_by(db: Connection, user_id: str, now: datetime, but_hers: bool = False) -> list[str]:
    """End what a user opened, see `opened_by`; `but_hers`: not what acts for herself. The ids of those that held until now."""
    these = opened_by(select(users.c.id).where(users.c.id == user_id)) & tokens.c.revoked_at.is_(None)
    if but_hers:
        these &= tokens.c.user_id.is_distinct_from(user_id)
    return sorted(db.execute(update(tokens).where(these).values(revoked_at=now).returning(tokens.c.id)).scalars())


def role_of_user(db: Connection, scope: Scope, user_id: str) -> str | None:
    """The role of a user of this organisation who is not disabled."""
    role: str | None = db.execute(_ROLE_OF_USER, {"of_organisation": scope.organisation_id, "user_id": user_id}).scalar()
    return role
