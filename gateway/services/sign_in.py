"""Signing in to the console: a name and a password, counted before they are checked, and a secret for the browser's cookie.

What the cookie holds is 256 random bits, kept as a digest: it can be searched for and not guessed. A visit ends after `IDLE` without
a request, after `LONGEST` in any case, and at once when its user is disabled. Source: OWASP ASVS 5.0, chapters 6 and 7.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

from argon2.exceptions import VerifyMismatchError

from gateway.errors import GatewayError
from gateway.services.access import Actor
from gateway.services.pins import HASHER, NOBODYS
from gateway.services.tokens import digest
from gateway.store import users, visits
from gateway.store.visits import NewVisit, Visitor

if TYPE_CHECKING:
    from gateway.services.context import Gateway

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)  # not with each request, so that looking writes nothing
BYTES = 32


def enter(gateway: Gateway, name: str, password: str) -> str:
    """Sign in with a name and a password; the secret for the browser's cookie. GatewayError `sign-in:wrong`, the same whatever is wrong."""
    with gateway.database.read() as db:
        keys = users.keys(db, gateway.seal, folded(name))
    try:
        HASHER.verify(keys.password if keys and keys.password else NOBODYS, password)
    except VerifyMismatchError:
        keys = None
    if keys is None or keys.password is None or keys.state != "active":
        raise GatewayError("sign-in:wrong", where="password")
    return begin(gateway, keys.user_id, proved=True)


def choose(gateway: Gateway, user_id: str, name: str, password: str) -> None:
    """Let a user sign in with this name and password."""
    with gateway.database.write() as db:
        users.set_sign_in(db, gateway.seal, user_id, folded(name), HASHER.hash(password))


def folded(name: str) -> str:
    """A name to sign in with is the same in capitals and with spaces around it."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def set_language(gateway: Gateway, actor: Actor, language: str) -> None:
    """Speak this language with the actor."""
    if actor.user_id:
        with gateway.database.write() as db:
            users.set_language(db, actor.user_id, language)


def begin(gateway: Gateway, user_id: str, *, proved: bool) -> str:
    """Sign a user in, in a browser; the secret for its cookie, which is never told again."""
    secret, now = secrets.token_urlsafe(BYTES), gateway.clock()
    with gateway.database.write() as db:
        visits.add(db, NewVisit(gateway.new_id(), user_id, digest(secret), now, now, now if proved else None, now + LONGEST))
    return secret


def visitor(gateway: Gateway, secret: str) -> Visitor | None:
    """Who comes with this secret; None where she is not signed in (any more)."""
    now = gateway.clock()
    with gateway.database.read() as db:
        found = visits.visitor(db, digest(secret), now)
    if found is None or now - found.seen_at > IDLE:
        return None
    if now - found.seen_at > SEEN_EVERY:
        with gateway.database.write() as db:
            visits.see(db, found.id, now)
    return found


def actor_of(visitor: Visitor) -> Actor:
    """What she may do."""
    return Actor(visitor.organisation_id, visitor.role, f"user:{visitor.user_id}", visitor.user_id)


def sign_out(gateway: Gateway, visit_id: str) -> None:
    """End a visit."""
    with gateway.database.write() as db:
        visits.end(db, visit_id, gateway.clock())
