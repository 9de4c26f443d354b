"""The second step of signing in: a code of six digits from an authenticator, new every half minute (RFC 6238), each taken once.

Whoever loses it has recovery codes, 80 random bits each, kept as digests.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import pyotp
from cryptography.exceptions import InvalidTag

from gateway.core.digits import fold_digits
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.tokens import digest
from gateway.store import second_steps, users
from gateway.store.second_steps import SecondStep

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

STEP = timedelta(seconds=30)
AROUND = (0, -1, 1)  # steps by which her telephone's clock may differ
CODES, CODE_BYTES = 8, 10
ISSUER = "Aawaj"


class Offer(NamedTuple):
    """A second step that she may take: the key in clear and as an address for a QR code, and sealed, as the form gives it back."""

    sealed: str
    key: str
    address: str


def is_needed(gateway: Gateway, role: str) -> bool:
    """Whether somebody of this role may not go without one: admins, where real people are called and written to."""
    return role == "admin" and not gateway.settings.uses_simulator


def state(gateway: Gateway, user_id: str) -> SecondStep:
    """What a user has."""
    with gateway.database.read() as db:
        return second_steps.get(db, gateway.seal, user_id)


def offer(gateway: Gateway, actor: Actor, before: str = "") -> Offer:
    """A new key for the actor, or the one that she was offered before; nothing is written."""
    key = _offered(gateway, actor, before) or pyotp.random_base32()
    with gateway.database.read() as db:
        keys = users.keys_of(db, gateway.seal, actor.user_id or "")
    address = pyotp.TOTP(key).provisioning_uri(name=keys.sign_in if keys else "", issuer_name=f"{ISSUER} ({gateway.settings.organisation})")
    return Offer(gateway.seal.seal(f"{actor.user_id} {key}").hex(), key, address)


def take_up(gateway: Gateway, actor: Actor, sealed: str, code: str) -> list[str]:
    """Let the actor have what she was offered; her recovery codes, which are never told again.

    GatewayErrors `sign-in:code`, `second-step:there` where she has one.
    """
    if state(gateway, actor.user_id or "").key is not None:
        raise GatewayError("second-step:there")
    key = _offered(gateway, actor, sealed)
    step = _step_of(gateway, key, code) if key else None
    if key is None or step is None:
        raise GatewayError("sign-in:code", where="code")
    codes = _drawn()
    with gateway.database.write() as db:
        second_steps.put(db, gateway.seal, actor.user_id or "", key, step)
        second_steps.set_codes(db, actor.user_id or "", map(_digest, codes))
        access.note(gateway, db, actor, "second_step.on", f"user:{actor.user_id}")
    return codes


def check(gateway: Gateway, user_id: str, code: str) -> bool:
    """Whether this is a code of hers that was not used before; now it is used up. Count the try first."""
    with gateway.database.read() as db:
        key = second_steps.get(db, gateway.seal, user_id).key
    if key is None:
        return False
    step = _step_of(gateway, key, code)
    with gateway.database.write() as db:
        if step is not None:
            return second_steps.take(db, user_id, step)
        return second_steps.use_code(db, user_id, _digest(code), gateway.clock())


def new_codes(gateway: Gateway, actor: Actor) -> list[str]:
    """Other recovery codes; those before open nothing any more. GatewayError `second-step:none`."""
    if state(gateway, actor.user_id or "").key is None:
        raise GatewayError("second-step:none")
    codes = _drawn()
    with gateway.database.write() as db:
        second_steps.set_codes(db, actor.user_id or "", map(_digest, codes))
        access.note(gateway, db, actor, "second_step.codes", f"user:{actor.user_id}")
    return codes


def give_up(gateway: Gateway, actor: Actor) -> None:
    """Do without one from now on; GatewayError `second-step:needed` where her role may not."""
    if is_needed(gateway, actor.role):
        raise GatewayError("second-step:needed")
    with gateway.database.write() as db:
        second_steps.drop(db, actor.user_id or "")
        access.note(gateway, db, actor, "second_step.off", f"user:{actor.user_id}")


def _offered(gateway: Gateway, actor: Actor, sealed: str) -> str | None:
    try:
        user_id, _, key = gateway.seal.open(bytes.fromhex(sealed)).partition(" ")
    except (InvalidTag, ValueError):
        return None
    return key if key and user_id == actor.user_id else None


def _step_of(gateway: Gateway, key: str, code: str) -> int | None:
    """The time step whose code this is, among those around now."""
    written = fold_digits("".join(code.split()))
    now, totp = int(gateway.clock().timestamp() // STEP.total_seconds()), pyotp.TOTP(key)
    steps = [now + more for more in AROUND]
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), written.encode())), None)


def _drawn() -> list[str]:
    """Recovery codes as they are written down: four times four letters and digits."""
    drawn = (base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower() for _ in range(CODES))
    return ["-".join(each[at : at + 4] for at in range(0, len(each), 4)) for each in drawn]


def _digest(code: str) -> bytes:
    """However she types it: in capitals, with other dashes or none."""
    return digest("".join(char for char in code.lower() if char.isalnum()))
