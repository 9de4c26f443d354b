"""A request of the API that comes twice with the same key has one effect, and both get the same answer.

Three things can happen to a request, and none leaves a doubt: it is refused (no effect, the key is free again), it is done (effect and
answer are one commit), or its process ends (no effect; a repeat after a minute does it).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import GatewayError
from gateway.store import idempotency
from gateway.store.idempotency import Earlier, Key

if TYPE_CHECKING:
    from gateway.services.context import Gateway


class Answer(NamedTuple):
    """What was answered, and whether that was before."""

    status: int
    body: str
    repeated: bool = False


def once(gateway: Gateway, of: tuple[str, str], request: bytes, perform: Callable[[], Answer]) -> Answer:
    """Do this, or give the answer that it had; `of` are the token's id and the key, `request` is all that tells one request from another.

    Raises GatewayError `request:key-used` where the key belongs to another request, `request:in-progress` while it is being answered,
    `request:done` where its answer is kept no longer.
    What is written down of the request is a sealed hash, since a PIN in it could be guessed from a plain one; sealed anew with each
    new secret key, it still tells a repeat from another request when the earlier key is gone. Where it was not, nobody can tell them
    apart: what was done is not done twice, and the answer is `request:done`.
    """
    digest = hashlib.sha256(request).hexdigest()
    key, now = Key(*of), gateway.clock()
    with gateway.database.write() as db:
        is_ours = idempotency.begin(db, key, gateway.seal.seal(digest), now)
        before = None if is_ours else idempotency.earlier(db, gateway.seal, key)
        if before is not None and before.request in {digest, None}:
            is_ours = idempotency.take_over(db, key, now)
    if before is not None and not is_ours:
        return _as_before(before, digest)
    try:
        return _done(gateway, key, now, perform)
    except Exception:
        with gateway.database.write() as db:
            idempotency.drop(db, key, now)
        raise


def _as_before(before: Earlier, digest: str) -> Answer:
    if before.request not in {digest, None}:
        raise GatewayError("request:key-used")
    if before.status is None:
        raise GatewayError("request:in-progress")
    if before.answer is None:  # taken away, since it may have told of somebody who was erased meanwhile; or its key is gone
        raise GatewayError("request:done")
    return Answer(before.status, before.answer, repeated=True)


def _done(gateway: Gateway, key: Key, begun_at: datetime, perform: Callable[[], Answer]) -> Answer:
    with gateway.database.in_one():
        answer = perform()
        with gateway.database.write() as db:
            kept = idempotency.answer(db, key, begun_at, answer.status, gateway.seal.seal(answer.body))
        if not kept:
            raise GatewayError("request:in-progress")  # somebody took it over meanwhile, and this effect must not stand beside theirs
    return answer
