"""Tries to sign in, counted before anything is checked, in a transaction of their own: a hundred at once are counted as a hundred."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.store import sign_in_tries as store

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

Counted = tuple[str, str]  # a bucket of the store, and who is counted there: a name, an address, a user's id


def count(gateway: Gateway, *these: Counted) -> None:
    """Count one try in each of these. GatewayError `sign-in:wait`, and nothing counted, where one of them must wait."""
    now = gateway.clock()
    with gateway.database.write() as db:
        for bucket, who in these:
            until = store.count(db, bucket, _subject(gateway, bucket, who), now)
            if until is not None:
                minutes = max(1, math.ceil((until - now).total_seconds() / 60))
                raise GatewayError("sign-in:wait", minutes=minutes)


def forget(gateway: Gateway, db: Connection, bucket: str, who: str) -> None:
    """It was right: the count begins anew."""
    store.clear(db, bucket, _subject(gateway, bucket, who))


def take_back(gateway: Gateway, db: Connection, bucket: str, who: str) -> None:
    """It was right: this one try does not count, those of others from there do."""
    store.take_back(db, bucket, _subject(gateway, bucket, who))


def _subject(gateway: Gateway, bucket: str, who: str) -> bytes:
    return gateway.seal.index(f"{bucket} {who}")
