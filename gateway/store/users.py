"""Users: who works for an organisation. A member may be one herself (`members.user_id`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update

from gateway.store.database import Conflict, Connection
from gateway.store.models import members, users

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a role of `gateway.core.roles.ROLES`; `member_number` is hers where she is a member too. `sign_in` is the name with
    which she signs in, None where she cannot."""

    id: str
    name: str
    role: str
    state: str
    member_number: str | None
    sign_in: str | None = None
    has_password: bool = False
    has_second_step: bool = False


_USERS = (
    select(
        *(users.c.id, users.c.sealed_name, users.c.role, users.c.state, members.c.number, users.c.sealed_sign_in),
        *(users.c.sealed_password.is_not(None), users.c.sealed_totp.is_not(None)),
    )
    .outerjoin(members, members.c.user_id == users.c.id)
    .where(users.c.organisation_id == bindparam("organisation_id"))
)
_GET = _USERS.where(users.c.id == bindparam("user_id"))
_PAGE = _USERS.where(users.c.id > bindparam("after")).order_by(users.c.id).limit(bindparam("limit"))
_ADD = insert(users)
_KEYS = select(
    *(users.c.id, users.c.organisation_id, users.c.role, users.c.state),
    *(users.c.sealed_name, users.c.sealed_sign_in, users.c.sealed_password, users.c.sealed_totp.is_not(None)),
)
_KEYS_BY_NAME = _KEYS.where(users.c.sign_in_index.in_(bindparam("indexes", expanding=True)))
_KEYS_BY_ID = _KEYS.where(users.c.id == bindparam("of_user"))
_SET = update(users).where(users.c.id == bindparam("of_user"))
_SET_LANGUAGE = _SET.values(language=bindparam("new_language"))
_SET_SIGN_IN = _SET.values(sign_in_index=bindparam("new_index"), sealed_sign_in=bindparam("new_sign_in"))
_SET_PASSWORD = _SET.values(sealed_password=bindparam("new_password"))
_THIS = (users.c.id == bindparam("user_id")) & (users.c.organisation_id == bindparam("organisation_id_"))
_SET_ROLE = update(users).where(_THIS).values(role=bindparam("new_role"))
_SET_STATE = update(users).where(_THIS).values(state=bindparam("new_state"))
_LINK = update(members).where(members.c.id == bindparam("member_id"), members.c.user_id.is_(None)).values(user_id=bindparam("new_user"))


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user who is to be active."""

    id: str
    organisation_id: str
    name: str
    role: str


def add(db: Connection, seal: Seal, user: NewUser, now: datetime) -> None:
    """Write a user down."""
    row = {"id": user.id, "organisation_id": user.organisation_id, "role": user.role, "state": "active", "created_at": now}
    db.execute(_ADD, {**row, "sealed_name": seal.seal(user.name)})


def get(db: Connection, seal: Seal, organisation_id: str, user_id: str) -> User | None:
    """The user of this id, if she is of this organisation."""
    row = db.execute(_GET, {"organisation_id": organisation_id, "user_id": user_id}).first()
    return _user(seal, row) if row else None


def page(db: Connection, seal: Seal, organisation_id: str, after: str, limit: int) -> list[User]:
    """An organisation's users behind an id ("" for the first page), by id."""
    rows = db.execute(_PAGE, {"organisation_id": organisation_id, "after": after, "limit": limit})
    return [_user(seal, row) for row in rows]


def of_organisation(db: Connection, seal: Seal, organisation_id: str) -> list[User]:
    """All of an organisation's users: names stand sealed, so that who looks for one looks through them."""
    return [_user(seal, row) for row in db.execute(_USERS, {"organisation_id": organisation_id})]


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the door for a user: the hash of her password, None where she has not chosen one."""

    user_id: str
    organisation_id: str
    role: str
    state: str
    name: str
    sign_in: str
    password: str | None = field(repr=False)
    has_second_step: bool


def keys(db: Connection, seal: Seal, sign_in: str) -> Keys | None:
    """Of whoever signs in with this name."""
    row = db.execute(_KEYS_BY_NAME, {"indexes": [seal.index(sign_in), *seal.earlier_indexes(sign_in)]}).first()
    return _keys(seal, row) if row else None


def keys_of(db: Connection, seal: Seal, user_id: str) -> Keys | None:
    """Of a user."""
    row = db.execute(_KEYS_BY_ID, {"of_user": user_id}).first()
    return _keys(seal, row) if row else None


def _keys(seal: Seal, row: Sequence[Any]) -> Keys:
    user_id, organisation_id, role, state, *sealed, has_second_step = row
    name, sign_in, password = (None if value is None else seal.open(value) for value in sealed)
    return Keys(user_id, organisation_id, role, state, name or "", sign_in or "", password, has_second_step)


def set_sign_in(db: Connection, seal: Seal, user_id: str, sign_in: str) -> None:
    """She signs in with this name from now on. Conflict where it is somebody else's."""
    other = keys(db, seal, sign_in)
    if other is not None and other.user_id != user_id:
        raise Conflict
    db.execute(_SET_SIGN_IN, {"of_user": user_id, "new_index": seal.index(sign_in), "new_sign_in": seal.seal(sign_in)})


def set_password(db: Connection, seal: Seal, user_id: str, password: str) -> None:
    """This is her password from now on, as a hash."""
    db.execute(_SET_PASSWORD, {"of_user": user_id, "new_password": seal.seal(password)})


def set_language(db: Connection, user_id: str, language: str) -> None:
    """The console speaks this language with her."""
    db.execute(_SET_LANGUAGE, {"of_user": user_id, "new_language": language})


def set_role(db: Connection, organisation_id: str, user_id: str, role: str) -> bool:
    """Give her another role; False where the organisation has no such user."""
    return db.execute(_SET_ROLE, {"user_id": user_id, "organisation_id_": organisation_id, "new_role": role}).rowcount == 1


def set_state(db: Connection, organisation_id: str, user_id: str, state: str) -> bool:
    """`disabled`: she may do nothing any more; `active` again."""
    return db.execute(_SET_STATE, {"user_id": user_id, "organisation_id_": organisation_id, "new_state": state}).rowcount == 1


def link(db: Connection, member_id: str, user_id: str) -> bool:
    """This member is this user; False where she is another already."""
    return db.execute(_LINK, {"member_id": member_id, "new_user": user_id}).rowcount == 1


def _user(seal: Seal, row: Sequence[Any]) -> User:
    user_id, name, role, state, number, sign_in, *has = row
    return User(user_id, seal.open(name), role, state, number, None if sign_in is None else seal.open(sign_in), *has)
