"""Second steps: the key of a user's authenticator, and codes for whoever lost it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from gateway.store.database import Connection
from gateway.store.models import recovery_codes, users

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


class SecondStep(NamedTuple):
    """`key` None: she has none. `codes_left`: of the recovery codes."""

    key: str | None
    codes_left: int


_THIS = users.c.id == bindparam("of_user")
_OF = recovery_codes.c.user_id == bindparam("of_user")
_KEY = select(users.c.sealed_totp).where(_THIS)
_LEFT = select(func.count()).select_from(recovery_codes).where(_OF, recovery_codes.c.used_at.is_(None))
_SET = update(users).where(_THIS).values(sealed_totp=bindparam("new_key"), totp_step=bindparam("new_step"))
_TAKE = update(users).where(_THIS, or_(users.c.totp_step.is_(None), users.c.totp_step < bindparam("step")))
_TAKE_STEP = _TAKE.values(totp_step=bindparam("step"))
_DROP_CODES = delete(recovery_codes).where(_OF)
_ADD_CODES = insert(recovery_codes)
_USE_CODE = (
    update(recovery_codes)
    .where(_OF, recovery_codes.c.digest == bindparam("code"), recovery_codes.c.used_at.is_(None))
    .values(used_at=bindparam("now"))
)


def get(db: Connection, seal: Seal, user_id: str) -> SecondStep:
    """Hers."""
    sealed = db.execute(_KEY, {"of_user": user_id}).scalar()
    return SecondStep(None if sealed is None else seal.open(sealed), db.execute(_LEFT, {"of_user": user_id}).scalar_one())


def put(db: Connection, seal: Seal, user_id: str, key: str, step: int) -> None:
    """From now on she has this one; the code of `step` is used up."""
    db.execute(_SET, {"of_user": user_id, "new_key": seal.seal(key), "new_step": step})


def drop(db: Connection, user_id: str) -> None:
    """She has none any more."""
    db.execute(_SET, {"of_user": user_id, "new_key": None, "new_step": None})
    db.execute(_DROP_CODES, {"of_user": user_id})


def take(db: Connection, user_id: str, step: int) -> bool:
    """Use up the code of a time step; False where it, or a later one, was used before."""
    return db.execute(_TAKE_STEP, {"of_user": user_id, "step": step}).rowcount == 1


def set_codes(db: Connection, user_id: str, digests: Iterable[bytes]) -> None:
    """Her recovery codes from now on; those before open nothing any more."""
    db.execute(_DROP_CODES, {"of_user": user_id})
    db.execute(_ADD_CODES, [{"user_id": user_id, "digest": each} for each in digests])


def use_code(db: Connection, user_id: str, digest: bytes, now: datetime) -> bool:
    """Use up a recovery code; False where she has no such one that is unused."""
    return db.execute(_USE_CODE, {"of_user": user_id, "code": digest, "now": now}).rowcount == 1
