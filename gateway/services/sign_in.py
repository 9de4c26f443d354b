"""Signing in to the console: a name and a password, counted before they are checked, and a secret for the browser's cookie.

What the cookie holds is 256 random bits, kept as a digest: it can be searched for and not guessed. It is another one after each step by
which she may do more. A visit ends after `IDLE` without a request, after `LONGEST` in any case, and at once when its user is disabled or
gets another role. Source: OWASP ASVS 5.0, chapters 6 and 7.
"""

from __future__ import annotations

import secrets
import time
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.services import access, passwords, second_steps, sign_in_tries
from gateway.services.access import Actor
from gateway.services.installation import SAMPLE
from gateway.services.pins import LEAST_SECONDS
from gateway.services.tokens import digest
from gateway.store import invitations, users, visits
from gateway.store.users import Keys, User
from gateway.store.visits import NewVisit, Seen, Visitor

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

__all__ = ["Entrance", "Seen", "Visitor", "begin", "enter", "prove", "sign_out", "visitor"]

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)  # not with each request, so that looking writes nothing
AGAIN_AFTER = timedelta(minutes=10)  # grave things ask for the password again,
TIME_TO_FILL_IN = timedelta(minutes=20)  # but a form that was shown before may still be sent
BYTES = 32


@dataclass(frozen=True, slots=True)
class Entrance:
    """Somebody at the door: what she typed, the network address from which she comes, her browser in our own words, and the secret that
    its cookie held before."""

    name: str
    password: str = field(repr=False)
    address: str
    device: str = ""
    before: str = field(default="", repr=False)


# --- coming in ---------------------------------------------------------------------------------------------------------------------


def enter(gateway: Gateway, who: Entrance) -> str:
    """Sign in with a name and a password; the secret for the browser's cookie.

    GatewayErrors `sign-in:wrong`, the same and after the same time whatever is wrong, and `sign-in:wait`.
    """
    began, name = time.monotonic(), folded(who.name)
    sign_in_tries.count(gateway, ("name", name), ("address", who.address))
    with gateway.database.read() as db:
        keys = users.keys(db, gateway.seal, name)
    right = passwords.is_right(keys.password if keys else None, who.password)
    if not right or keys is None or keys.state != "active" or not _may_come(gateway, keys.user_id):
        time.sleep(max(0.0, began + LEAST_SECONDS - time.monotonic()))
        raise GatewayError("sign-in:wrong", where="password")
    with gateway.database.write() as db:
        sign_in_tries.forget(gateway, db, "name", name)
        sign_in_tries.take_back(gateway, db, "address", who.address)
        if who.before:
            visits.end_with(db, digest(who.before), gateway.clock())
        access.note(gateway, db, _actor(keys), "sign_in", f"user:{keys.user_id}")
    proved = not keys.has_second_step and not second_steps.is_needed(gateway, keys.role)
    return begin(gateway, keys.user_id, proved=proved, device=who.device)


def prove(gateway: Gateway, visitor: Visitor, code: str) -> str:
    """Do the second step, with a code of her authenticator or a recovery code; the new secret for the cookie.

    GatewayErrors `sign-in:code`, `sign-in:wait`.
    """
    sign_in_tries.count(gateway, ("code", visitor.user_id))
    if not second_steps.check(gateway, visitor.user_id, code):
        raise GatewayError("sign-in:code", where="code")
    with gateway.database.write() as db:
        sign_in_tries.forget(gateway, db, "code", visitor.user_id)
        return _renewed(gateway, db, visitor)


def set_up_second_step(gateway: Gateway, visitor: Visitor, offer: str, code: str) -> tuple[str, list[str]]:
    """Let her have the second step that was offered (`second_steps.offer`), once a code shows that her authenticator has it.

    The new secret for the cookie, and her recovery codes. GatewayErrors `sign-in:code`, `sign-in:wait`, `second-step:there`.
    """
    sign_in_tries.count(gateway, ("code", visitor.user_id))
    codes = second_steps.take_up(gateway, actor_of(visitor), offer, code)
    with gateway.database.write() as db:
        sign_in_tries.forget(gateway, db, "code", visitor.user_id)
        visits.end_all(db, visitor.user_id, gateway.clock(), but=visitor.id)  # they came in without one
        return _renewed(gateway, db, visitor), codes


def accept(gateway: Gateway, link: str, password: str, device: str = "") -> str:
    """Choose a password with the secret of a link (`users.invite`), and sign in; the secret for the cookie.

    She is signed out everywhere else. GatewayErrors `invitation:over`, and those of `passwords.check`.
    """
    invited = invitation(gateway, link)
    passwords.check(password, invited.name, invited.sign_in)
    hashed, now = passwords.hashed(password), gateway.clock()
    with gateway.database.write() as db:
        if not invitations.use(db, invited.id, now):
            raise GatewayError("invitation:over")
        users.set_password(db, gateway.seal, invited.user_id, hashed)
        visits.end_all(db, invited.user_id, now)
        sign_in_tries.forget(gateway, db, "name", invited.sign_in)
        keys = users.keys_of(db, gateway.seal, invited.user_id)
        assert keys is not None  # noqa: S101  # the link leads to her row
        access.note(gateway, db, _actor(keys), "choose_password", f"user:{invited.user_id}")
    proved = not keys.has_second_step and not second_steps.is_needed(gateway, keys.role)
    return begin(gateway, invited.user_id, proved=proved, device=device)


def invitation(gateway: Gateway, link: str) -> invitations.Invited:
    """Whose link this is; GatewayError `invitation:over` where it opens nothing (any more)."""
    with gateway.database.read() as db:
        found = invitations.invited(db, gateway.seal, digest(link), gateway.clock())
    if found is None or not _may_come(gateway, found.user_id):
        raise GatewayError("invitation:over")
    return found


def begin(gateway: Gateway, user_id: str, *, proved: bool, device: str = "") -> str:
    """Sign a user in, in a browser; the secret for its cookie, which is never told again."""
    secret, now = secrets.token_urlsafe(BYTES), gateway.clock()
    new = NewVisit(gateway.new_id(), user_id, digest(secret), now, now, now if proved else None, now, now + LONGEST, device)
    with gateway.database.write() as db:
        visits.add(db, new)
    return secret


def folded(name: str) -> str:
    """A name to sign in with is the same in capitals and with spaces around it."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _may_come(gateway: Gateway, user_id: str) -> bool:
    """Users of the sample have passwords that follow from the installation's key: they are for trying things alone."""
    return gateway.settings.uses_simulator or not user_id.startswith(SAMPLE)


def _actor(keys: Keys) -> Actor:
    return Actor(keys.organisation_id, keys.role, f"user:{keys.user_id}", keys.user_id)


def _renewed(gateway: Gateway, db: Connection, visitor: Visitor) -> str:
    secret = secrets.token_urlsafe(BYTES)
    visits.renew(db, visitor.id, digest(secret), gateway.clock())
    return secret


# --- being here --------------------------------------------------------------------------------------------------------------------


def visitor(gateway: Gateway, secret: str) -> Visitor | None:
    """Who comes with this secret; None where she is not signed in (any more)."""
    now = gateway.clock()
    with gateway.database.read() as db:
        found = visits.visitor(db, digest(secret), now)
    if found is None or now - found.seen_at > IDLE or not _may_come(gateway, found.user_id):
        return None
    if now - found.seen_at > SEEN_EVERY:
        with gateway.database.write() as db:
            visits.see(db, found.id, now)
    # Also of a visit that began when there was no need of one yet.
    lacks_second_step = second_steps.is_needed(gateway, found.role) and not found.has_second_step
    return found._replace(proved_at=None) if lacks_second_step else found


def actor_of(visitor: Visitor) -> Actor:
    """What she may do."""
    return Actor(visitor.organisation_id, visitor.role, f"user:{visitor.user_id}", visitor.user_id)


def is_fresh(gateway: Gateway, visitor: Visitor, *, sending: bool) -> bool:
    """Whether she gave her password lately enough for something grave; `sending`: a form that she was shown."""
    return gateway.clock() - visitor.confirmed_at <= AGAIN_AFTER + (TIME_TO_FILL_IN if sending else timedelta())


def confirm(gateway: Gateway, visitor: Visitor, password: str) -> None:
    """She gives her password once more. GatewayErrors `sign-in:password`, `sign-in:wait`."""
    _check_again(gateway, visitor, password)
    with gateway.database.write() as db:
        visits.confirm(db, visitor.id, gateway.clock())


def change_password(gateway: Gateway, visitor: Visitor, old: str, new: str) -> str:
    """Take another password; the new secret for this browser, since she is signed out in all others and links to choose one end.

    GatewayErrors `sign-in:password` (the old one), `sign-in:wait`, and those of `passwords.check`.
    """
    keys = _check_again(gateway, visitor, old)
    passwords.check(new, keys.name, keys.sign_in)
    hashed, now = passwords.hashed(new), gateway.clock()
    with gateway.database.write() as db:
        users.set_password(db, gateway.seal, visitor.user_id, hashed)
        visits.end_all(db, visitor.user_id, now, but=visitor.id)
        invitations.end_of(db, visitor.user_id, now)
        access.note(gateway, db, actor_of(visitor), "choose_password", f"user:{visitor.user_id}")
        return _renewed(gateway, db, visitor)


def _check_again(gateway: Gateway, visitor: Visitor, password: str) -> Keys:
    sign_in_tries.count(gateway, ("again", visitor.user_id))
    with gateway.database.read() as db:
        keys = users.keys_of(db, gateway.seal, visitor.user_id)
    if keys is None or not passwords.is_right(keys.password, password):
        raise GatewayError("sign-in:password", where="old")
    with gateway.database.write() as db:
        sign_in_tries.forget(gateway, db, "again", visitor.user_id)
    return keys


def myself(gateway: Gateway, actor: Actor) -> User:
    """What the actor's own page says of her; GatewayError `user:unknown` where she is no user."""
    with gateway.database.read() as db:
        found = users.get(db, gateway.seal, actor.organisation_id, actor.user_id or "")
    if found is None:
        raise GatewayError("user:unknown", id=actor.user_id)
    return found


def seen(gateway: Gateway, actor: Actor) -> list[Seen]:
    """Where the actor is signed in, the latest first."""
    now = gateway.clock()
    with gateway.database.read() as db:
        return visits.of_user(db, actor.user_id or "", now, now - IDLE)


def set_language(gateway: Gateway, actor: Actor, language: str) -> None:
    """Speak this language with the actor."""
    if actor.user_id:
        with gateway.database.write() as db:
            users.set_language(db, actor.user_id, language)


def sign_out(gateway: Gateway, user_id: str, visit_id: str) -> None:
    """End one of a user's visits; GatewayError `visit:unknown` where it is none of hers that holds."""
    with gateway.database.write() as db:
        if not visits.end(db, user_id, visit_id, gateway.clock()):
            raise GatewayError("visit:unknown")


def sign_out_elsewhere(gateway: Gateway, visitor: Visitor) -> int:
    """End all her visits but this one; how many."""
    with gateway.database.write() as db:
        return visits.end_all(db, visitor.user_id, gateway.clock(), but=visitor.id)
