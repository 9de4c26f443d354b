"""PINs: counted before they are checked, hashed with argon2 and the hash sealed.

Four digits are guessed offline in minutes, so the seal (its key comes from SECRET_KEY, never in the database) is what protects a dump,
and the counters in the database, not in Redis, are what protects a member on the line. Source: OWASP ASVS 5.0, 6.3.1 and 11.4.2.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from gateway.core.digits import fold_digits
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Permission
from gateway.store import pins
from gateway.store.pins import Stored, Whose

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.database import Connection
    from gateway.store.pins import Person

PIN_LENGTH, CODE_LENGTH = 4, 6
CODE_HOLDS = timedelta(days=7)
RUNS = "01234567890", "09876543210"  # what is guessed first, besides one digit or one pair repeated
TO_BIKRAM_SAMBAT = (56, 57)  # years from the common era

Verdict = Literal["ok", "wrong", "locked"]

# 19 MiB and two passes: about 30 ms, so that a caller does not wait and a dozen calls at once do not fill the memory.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
AT_ONCE = threading.BoundedSemaphore(4)  # of this process: a hundred calls that come together wait for each other instead of for memory
# Of a PIN that nobody has: an unknown number takes as long as a wrong PIN.
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$sqws8YuaJyZz2Tg5vJsvUg$ncKH1q/LTAHF1sFVFmoy7rVbZdX9DzWSXTtEvmxBZsU"
LEAST_SECONDS = 0.12  # for every try that fails: how long a refusal takes tells nothing


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tries, from where, and whose PIN it may be. `number` is what a caller gave as her membership number, where it is nobody's."""

    channel_id: str
    phone_id: int | None
    member_ids: Sequence[str]
    number: str = ""


class _Refused(Exception):  # noqa: N818 - the name of what happened
    """There may be no try now; nothing was counted."""


# --- trying ------------------------------------------------------------------------------------------------------------------------


def hash_pin(pin: str) -> str:
    """The form in which a PIN, or a password, goes to the store, which seals it."""
    with AT_ONCE:
        return HASHER.hash(pin)


def verify(gateway: Gateway, attempt: Attempt, pin: str) -> tuple[Verdict, str | None]:
    """Whose PIN this is of those it may be: `("ok", id)`, `("wrong", None)`, or `("locked", None)` where no try is left.

    A right PIN clears its owner's counter and takes back this one try from the others, never more: else whoever knows one PIN of a
    shared phone could guess at the other for ever.
    """
    return _try(gateway, attempt, pin, of_code=False)


def verify_code(gateway: Gateway, attempt: Attempt, code: str) -> tuple[Verdict, str | None]:
    """The same for the code of six digits that an organiser told her, with which she may set a PIN. It counts as a try like any other."""
    return _try(gateway, attempt, code, of_code=True)


def _try(gateway: Gateway, attempt: Attempt, secret: str, *, of_code: bool) -> tuple[Verdict, str | None]:
    began = time.monotonic()
    try:
        with gateway.database.write() as db:
            counted = _count(gateway, db, attempt)
    except _Refused:
        counted = {}
    length = CODE_LENGTH if of_code else PIN_LENGTH
    fits = len(secret) == length and secret.isascii() and secret.isdecimal()
    owner = next((member_id for member_id in counted if fits and _matches(gateway, member_id, secret, of_code=of_code)), None)
    if owner is None:
        time.sleep(max(0.0, began + LEAST_SECONDS - time.monotonic()))
        return ("wrong" if counted else "locked"), None
    with gateway.database.write() as db:
        _take_back(db, attempt, counted, owner)
    return "ok", owner


def _count(gateway: Gateway, db: Connection, attempt: Attempt) -> dict[str, Whose]:
    """Count this try wherever it counts, in the same order always; the members of whom it may be the PIN, and from whose phone it came."""
    now, phone_id = gateway.clock(), attempt.phone_id
    if phone_id is None:
        raise _Refused  # she withholds her number: so could everybody who guesses
    hers = pins.own(db, phone_id, attempt.member_ids)
    subjects: dict[str, Whose] = {member_id: "own" if member_id in hers else "foreign" for member_id in sorted(attempt.member_ids)}
    if attempt.number:
        subjects[_nobody(attempt.number)] = "foreign"
    counted = {subject: whose for subject, whose in subjects.items() if pins.count_for_member(db, whose, subject, now)}
    if not (counted and pins.count_for_phone(db, phone_id, now) and pins.count_for_channel(db, attempt.channel_id, now)):
        raise _Refused
    return counted


def _nobody(number: str) -> str:
    """What tries at a number that is nobody's are counted under: they end as those at a member's do, so that nothing tells them apart."""
    return f"?{hashlib.sha256(number.encode()).hexdigest()[:32]}"


def _matches(gateway: Gateway, member_id: str, secret: str, *, of_code: bool) -> bool:
    with gateway.database.read() as db:
        stored = pins.stored(db, gateway.seal, member_id)
    usable = (stored.code_until is not None and stored.code_until > gateway.clock()) if of_code else stored.code_until is None
    hashed = stored.hash if usable else None
    return is_of(hashed or NOBODYS, secret) and hashed is not None


def is_of(hashed: str, secret: str) -> bool:
    """Whether a hash is of this PIN, or of this password."""
    with AT_ONCE:
        try:
            return HASHER.verify(hashed, secret)
        except VerifyMismatchError:
            return False


def _take_back(db: Connection, attempt: Attempt, counted: dict[str, Whose], owner: str) -> None:
    for member_id, whose in counted.items():
        if member_id == owner:
            pins.clear(db, whose, member_id)
        else:
            pins.take_back_of_member(db, whose, member_id)
    if attempt.phone_id is not None:
        pins.take_back_of_place(db, attempt.phone_id, attempt.channel_id)


# --- setting -----------------------------------------------------------------------------------------------------------------------


def is_weak(pin: str, birth_year: int | None = None, number: str = "") -> bool:
    """Whether four digits are among the first that somebody tries who holds her phone, or knows her.

    >>> is_weak("1111"), is_weak("4321"), is_weak("1212"), is_weak("1979", 1979), is_weak("2036", 1979), is_weak("4826", 1979, "10005")
    (True, True, True, True, True, False)
    """
    years = () if birth_year is None else (birth_year, *(birth_year + more for more in TO_BIKRAM_SAMBAT))
    repeats = pin == pin[:2] * 2  # one digit four times as well
    return repeats or any(pin in run for run in (*RUNS, number)) or pin in map(str, years)


def may_be(pin: str, birth_year: int | None = None, number: str = "") -> bool:
    """Whether this can be somebody's PIN: four digits, and none that are guessed first."""
    return len(pin) == PIN_LENGTH and pin.isascii() and pin.isdecimal() and not is_weak(pin, birth_year, number)


def strong(pin: str, birth_year: int | None = None, number: str = "") -> str:
    """A PIN that somebody typed, in ASCII digits; GatewayError `member:pin` where it can be none."""
    digits = fold_digits(pin).strip()
    if not may_be(digits, birth_year, number):
        raise GatewayError("member:pin", digits=PIN_LENGTH)
    return digits


def set_pin(gateway: Gateway, actor: Actor, member_id: str, pin: str) -> None:
    """Give a member a PIN; her tries begin anew. GatewayError `member:unknown`, `member:pin`."""
    person = _person(gateway, actor, member_id)
    hashed = hash_pin(strong(pin, person.birth_year, person.number))
    _set(gateway, actor, member_id, "pin.set", Stored(hashed, None))


def invite(gateway: Gateway, actor: Actor, member_id: str) -> str:
    """Let a member set a PIN on her next call: the code of six digits to tell her, and nobody else. It takes the place of her PIN.

    Whoever holds her phone and does not know the code can set nothing. GatewayError `member:unknown`.
    """
    _person(gateway, actor, member_id)
    code = f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}}"
    _set(gateway, actor, member_id, "pin.invited", Stored(hash_pin(code), gateway.clock() + CODE_HOLDS))
    return code


def unlock(gateway: Gateway, actor: Actor, member_id: str) -> None:
    """Let a member try her PIN again, from her own phones and from others; GatewayError `member:unknown`."""
    _person(gateway, actor, member_id)
    with gateway.database.write() as db:
        pins.unlock(db, member_id)
        access.note(gateway, db, actor, "pin.unlocked", f"member:{member_id}")


def member_of(gateway: Gateway, actor: Actor, number: str) -> str:
    """The id of the member with this membership number; GatewayError `member:unknown`."""
    actor.require(Permission.SET_PINS)
    with gateway.database.read() as db:
        person = pins.person(db, actor.scope, number=fold_digits(number).strip())
    if person is None:
        raise GatewayError("member:unknown", number=number)
    return person.id


def _person(gateway: Gateway, actor: Actor, member_id: str) -> Person:
    actor.require(Permission.SET_PINS)
    with gateway.database.read() as db:
        person = pins.person(db, actor.scope, member_id=member_id)
    if person is None:
        raise GatewayError("member:unknown", number=member_id)
    return person


def _set(gateway: Gateway, actor: Actor, member_id: str, action: str, new: Stored) -> None:
    with gateway.database.write() as db:
        if not pins.set_for(db, gateway.seal, actor.scope, member_id, new):
            raise GatewayError("member:unknown", number=member_id)
        access.note(gateway, db, actor, action, f"member:{member_id}")
