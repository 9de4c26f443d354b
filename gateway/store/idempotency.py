"""Requests of the API that were answered, so that a repeat has no second effect.

The row is written before anything is done, and gets its answer in the very transaction that does it: a row without an answer tells
that nothing was done, whatever broke. Whoever finds one that has rested longer than any request takes may do it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidTag
from sqlalchemy import bindparam, delete, select, update

from gateway.store.database import Connection
from gateway.store.models import idempotency_keys
from gateway.store.rows import insert_into

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

KEPT = timedelta(days=1)
GIVEN_UP = timedelta(seconds=60)  # no request takes so long: who was answering it has ended


class Key(NamedTuple):
    """The key that a token's holder gave to a request."""

    token_id: str
    key: str


class Earlier(NamedTuple):
    """A request that came before with the same key. `status` is None where it has no answer yet, `answer` where it is kept no longer.

    `request` and `answer` are None as well where the key that sealed them is gone.
    """

    request: str | None
    status: int | None
    answer: str | None


_C = idempotency_keys.c
_THIS = (_C.token_id == bindparam("of_token")) & (_C.key == bindparam("of_key"))
_FORGET = delete(idempotency_keys).where(_C.at < bindparam("before"))
_BEGIN = insert_into(idempotency_keys).on_conflict_do_nothing(index_elements=["token_id", "key"]).returning(_C.key)
_TAKE_OVER = update(idempotency_keys).where(_THIS, _C.status.is_(None), _C.at < bindparam("given_up")).values(at=bindparam("now"))
_GET = select(_C.sealed_request, _C.status, _C.sealed_answer).where(_THIS)
_UNANSWERED = _THIS & _C.status.is_(None) & (_C.at == bindparam("begun_at"))
_ANSWER = update(idempotency_keys).where(_UNANSWERED).values(status=bindparam("new_status"), sealed_answer=bindparam("new_answer"))
_DROP = delete(idempotency_keys).where(_UNANSWERED)


def begin(db: Connection, key: Key, sealed_request: bytes, now: datetime) -> bool:
    """Write down that this request is being answered now. False where the key is there already, see `earlier`."""
    db.execute(_FORGET, {"before": now - KEPT})
    return db.execute(_BEGIN, {**key._asdict(), "sealed_request": sealed_request, "at": now}).first() is not None


def take_over(db: Connection, key: Key, now: datetime) -> bool:
    """Answer a request in place of whoever gave it up; False where it is answered, or may still be."""
    return db.execute(_TAKE_OVER, {**_named(key), "given_up": now - GIVEN_UP, "now": now}).rowcount == 1


def earlier(db: Connection, seal: Seal, key: Key) -> Earlier | None:
    """The request that had this key."""
    row = db.execute(_GET, _named(key)).first()
    return Earlier(_opened(seal, row.sealed_request), row.status, _opened(seal, row.sealed_answer)) if row else None


def _opened(seal: Seal, sealed: bytes | None) -> str | None:
    try:
        return seal.open(sealed) if sealed else None
    except InvalidTag:
        return None


def answer(db: Connection, key: Key, begun_at: datetime, status: int, sealed_answer: bytes) -> bool:
    """Keep the answer; False where somebody else took the request over meanwhile, so that this effect must not stand."""
    new = {**_named(key), "begun_at": begun_at, "new_status": status, "new_answer": sealed_answer}
    return db.execute(_ANSWER, new).rowcount == 1


def drop(db: Connection, key: Key, begun_at: datetime) -> None:
    """The request was refused and had no effect: its key is free again."""
    db.execute(_DROP, {**_named(key), "begun_at": begun_at})


def _named(key: Key) -> dict[str, str]:
    return {"of_token": key.token_id, "of_key": key.key}
