"""Requests of the API that were answered, so that a repeat has no second effect.

The row is written before anything is done, and gets its answer in the very transaction that does it: a row without an answer tells
that nothing was done, whatever broke. Whoever finds one that has rested longer than any request takes may do it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

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
    """A request that came before with the same key. `status` is None where it has no answer yet, `answer` where it is kept no longer."""

    request: bytes
    status: int | None
    answer: str | None


_C = idempotency_keys.c
_THIS = (_C.token_id == bindparam("of_token")) & (_C.key == bindparam("of_key"))
_FORGET = delete(idempotency_keys).where(_C.at < bindparam("before"))
_BEGIN = insert_into(idempotency_keys).on_conflict_do_nothing(index_elements=["token_id", "key"]).returning(_C.key)
_TAKE_OVER = update(idempotency_keys).where(
    _THIS, _C.request == bindparam("of_request"), _C.status.is_(None), _C.at < bindparam("given_up")
)
_TAKE_OVER = _TAKE_OVER.values(at=bindparam("now"))
_GET = select(_C.request, _C.status, _C.sealed_answer).where(_THIS)
_UNANSWERED = _THIS & _C.status.is_(None) & (_C.at == bindparam("begun_at"))
_ANSWER = update(idempotency_keys).where(_UNANSWERED).values(status=bindparam("new_status"), sealed_answer=bindparam("new_answer"))
_DROP = delete(idempotency_keys).where(_UNANSWERED)


def begin(db: Connection, key: Key, request: bytes, now: datetime) -> bool:
    """Write down that this request is being answered now. False where the key is there already, see `earlier`."""
    db.execute(_FORGET, {"before": now - KEPT})
    if db.execute(_BEGIN, {**key._asdict(), "request": request, "at": now}).first() is not None:
        return True
    again = {**_named(key), "of_request": request, "given_up": now - GIVEN_UP, "now": now}
    return db.execute(_TAKE_OVER, again).rowcount == 1


def earlier(db: Connection, seal: Seal, key: Key) -> Earlier | None:
    """The request that had this key."""
    row = db.execute(_GET, _named(key)).first()
    return Earlier(row.request, row.status, seal.open(row.sealed_answer) if row.sealed_answer else None) if row else None


def answer(db: Connection, key: Key, begun_at: datetime, status: int, sealed_answer: bytes) -> bool:
    """Keep the answer; False where somebody else took the request over meanwhile, so that this effect must not stand."""
    new = {**_named(key), "begun_at": begun_at, "new_status": status, "new_answer": sealed_answer}
    return db.execute(_ANSWER, new).rowcount == 1


def drop(db: Connection, key: Key, begun_at: datetime) -> None:
    """The request was refused and had no effect: its key is free again."""
    db.execute(_DROP, {**_named(key), "begun_at": begun_at})


def _named(key: Key) -> dict[str, str]:
    return {"of_token": key.token_id, "of_key": key.key}
