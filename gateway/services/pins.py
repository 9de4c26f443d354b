"""PINs: counted before they are checked, hashed with argon2 and the hash sealed.

Four digits are guessed offline in minutes, so the seal (its key comes from SECRET_KEY, never in the database) is what protects a dump,
and the counter in the database, not in Redis, is what protects a member on the line. Source: OWASP ASVS 5.0, 6.3.1 and 11.4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from gateway.core.digits import fold_digits
from gateway.errors import GatewayError
from gateway.services.installation import ORGANISATION
from gateway.store import members

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

MOST_TRIES = 5
PIN_LENGTH = 4
GUESSED_FIRST = frozenset({"1234", "4321", "0123", "1212"})  # and one digit repeated

Verdict = Literal["ok", "wrong", "locked"]

# 19 MiB and two passes: about 30 ms, so that a caller does not wait and a dozen calls at once do not fill the memory.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_pin(pin: str) -> str:
    """The form in which a PIN goes to the store, which seals it."""
    return HASHER.hash(pin)


def verify(gateway: Gateway, member_ids: list[str], pin: str) -> tuple[Verdict, str | None]:
    """Whose PIN this is among members who share a phone: `("ok", id)`, `("wrong", None)` or `("locked", None)`.

    A right PIN clears its owner's counter and takes back this one try from the others, never more: else whoever knows one PIN of a
    shared phone could guess at the other for ever.
    """
    with gateway.database.write() as db:
        allowed = [member_id for member_id in member_ids if members.count_pin_try(db, member_id, MOST_TRIES, gateway.clock())]
    if not allowed:
        return "locked", None
    owner = next((member_id for member_id in allowed if _matches(gateway, member_id, pin)), None)
    if owner is None:
        return "wrong", None
    with gateway.database.write() as db:
        members.clear_pin_tries(db, owner)
        for other in allowed:
            if other != owner:
                members.take_back_pin_try(db, other)
    return "ok", owner


def unlock(gateway: Gateway, number: str) -> None:
    """Let the member with this membership number try again; GatewayError `member:unknown`."""
    with gateway.database.write() as db:
        members.clear_pin_tries(db, _member_id(db, number))


def set_pin(gateway: Gateway, number: str, pin: str) -> None:
    """Give the member with this membership number a PIN; her tries begin anew. GatewayError `member:unknown`, `member:pin`."""
    hashed = hash_pin(strong(pin))
    with gateway.database.write() as db:
        members.set_pin_hash(db, gateway.seal, _member_id(db, number), hashed)


def strong(pin: str) -> str:
    """A PIN that somebody chose, as digits; GatewayError `member:pin` for one that is guessed first."""
    digits = fold_digits(pin).strip()
    if len(digits) != PIN_LENGTH or not digits.isdecimal() or len(set(digits)) == 1 or digits in GUESSED_FIRST:
        raise GatewayError("member:pin", digits=PIN_LENGTH)
    return digits


def _member_id(db: Connection, number: str) -> str:
    member = members.by_number(db, ORGANISATION, fold_digits(number).strip())
    if member is None:
        raise GatewayError("member:unknown", number=number)
    return member.id


def _matches(gateway: Gateway, member_id: str, pin: str) -> bool:
    with gateway.database.read() as db:
        stored = members.pin_hash(db, gateway.seal, member_id)
    if stored is None:
        return False
    try:
        return HASHER.verify(stored, pin)
    except VerifyMismatchError:
        return False
