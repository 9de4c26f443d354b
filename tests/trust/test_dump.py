"""Whoever has a copy of the database and not the key learns no PIN and no number from it, however she guesses."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from contextlib import suppress

import pytest
from calls.conftest import Installation
from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from gateway.store import members, phones
from gateway.store.models import metadata
from gateway.store.secrets import NAME, NONCE, WORD, Seal

CANARY = "+9779851987654"
GUESSED_KEYS = (b"", b"0" * 32, bytes(32), b"secret", b"aawaj", b"aawaj phone index", b"aawaj phone seal", b"pepper", b"changeme")


@pytest.fixture
def stolen(here: Installation) -> set[bytes]:
    """Every value of a copy of the database, and what may be hidden in one: its parts as our code cuts them, and as hashes are long."""
    with here.gateway.database.write() as db:
        phone_id = phones.find_or_create(db, here.gateway.seal, CANARY, here.clock.at)
        members.attach_phone(db, "sample-2", phone_id)
    here.phone(CANARY).text("dabi")
    found: set[bytes] = set()
    with here.gateway.database.read() as db:
        for table in metadata.sorted_tables:
            for row in db.execute(select(table)):
                found.update(bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row)
    parts = (value[start : start + length] for value in found for start in (0, NAME, NAME + NONCE) for length in (WORD, 20, 32, 64))
    return found | set(parts)


def digests(text: str) -> Iterator[bytes]:
    """What a guess may look like in the database, with keys that somebody might think of."""
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256"):
        digest = hashlib.new(name, text.encode()).digest()
        yield from (digest, digest[:WORD], digest.hex().encode())
    for key in GUESSED_KEYS:
        digest = hmac.digest(key, text.encode(), "sha256")
        yield from (digest, digest[:WORD], digest.hex().encode())


def hits(guesses: Iterable[str], stolen: set[bytes]) -> list[str]:
    return [guess for guess in guesses if not stolen.isdisjoint(digests(guess))]


def test_ten_thousand_pins_match_nothing(stolen):
    assert hits((f"{pin:04}" for pin in range(10_000)), stolen) == []


def test_no_hash_of_a_pin_is_there_to_be_tried_against_and_no_key_that_somebody_thinks_of_opens_one(stolen):
    assert not any(b"argon2" in value for value in stolen)
    for key in GUESSED_KEYS:
        assert list(opened(Seal(key.decode()), stolen)) == []


def test_ten_thousand_numbers_around_hers_match_nothing(stolen):
    near = range(int(CANARY) - 5_000, int(CANARY) + 5_000)
    assert CANARY[1:] in map(str, near)
    for guesses in ([f"+{number}" for number in near], [str(number) for number in near], [str(number)[3:] for number in near]):
        assert hits(guesses, stolen) == []
        assert stolen.isdisjoint(guess.encode() for guess in guesses)


def test_with_the_key_they_would_be_found(stolen):
    seal = Seal("the secret key of the tests, long enough")
    assert seal.index(CANARY) in stolen
    assert any("$argon2" in said for said in opened(seal, stolen))


def opened(seal: Seal, stolen: set[bytes]) -> Iterator[str]:
    """What this key opens among them."""
    for value in stolen:
        if value.startswith(seal.current_name) and len(value) > NAME + NONCE:
            with suppress(InvalidTag):
                yield seal.open(value)
