"""What tells who somebody is, at rest: sealed with the installation's key, and found by an index that tells nothing.

Nepal has about a hundred million possible mobile numbers, so that a plain hash of one is undone in minutes; both forms here need a key
that is never in the database. A PIN is hashed with argon2 and the hash sealed: without the key there is nothing to guess at, and it can
be sealed anew with another key while nobody knows the PIN (OWASP Password Storage Cheat Sheet, post-hashing peppers).
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12  # bytes, as NIST SP 800-38D asks for AES-GCM
NAME = 4  # bytes before the nonce that tell which key sealed it
WORD = 16  # bytes of the index of a word


@dataclass(frozen=True, slots=True)
class _Key:
    """What is derived from one secret key, each part for one purpose."""

    name: bytes
    index: bytes
    words: bytes
    chain: bytes
    cipher: AESGCM


class Seal:
    """The keys of an installation: the one of SECRET_KEY, which seals, and those before it, which still open.

    >>> seal = Seal("a secret key of at least 32 characters")
    >>> seal.open(seal.seal("+9779841234567"))
    '+9779841234567'
    >>> seal.seal("+9779841234567") == seal.seal("+9779841234567")
    False
    >>> seal.index("+9779841234567") == seal.index("+9779841234567")
    True
    """

    def __init__(self, secret_key: str, *previous: str) -> None:
        self._keys = [_derived(each.encode()) for each in (secret_key, *previous)]
        self._key = self._keys[0]
        self._by_name = {key.name: key for key in self._keys}

    def index(self, e164: str) -> bytes:
        """32 bytes, always the same for a number: by these a phone is found."""
        return hmac.digest(self._key.index, e164.encode(), "sha256")

    def earlier_indexes(self, e164: str) -> list[bytes]:
        """The same under the keys before this one, for phones that were not sealed anew yet."""
        return [hmac.digest(key.index, e164.encode(), "sha256") for key in self._keys[1:]]

    def word(self, skeleton: str) -> bytes:
        """16 bytes, always the same for a word of a name (`gateway.language.skeleton`): by these a member is found."""
        return hmac.digest(self._key.words, skeleton.encode(), "sha256")[:WORD]

    def seal(self, text: str) -> bytes:
        """The text encrypted, differently each time."""
        nonce = os.urandom(NONCE)
        return self._key.name + nonce + self._key.cipher.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """The text again; raise cryptography's InvalidTag where the key is not one of ours or the bytes were changed."""
        key = self._by_name.get(sealed[:NAME])
        if key is None:
            raise InvalidTag
        return key.cipher.decrypt(sealed[NAME : NAME + NONCE], sealed[NAME + NONCE :], None).decode()

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed with the key of today."""
        return sealed[:NAME] == self._key.name

    @property
    def current_name(self) -> bytes:
        """The first bytes of everything that the key of today seals."""
        return self._key.name

    @property
    def names(self) -> list[bytes]:
        """The same of each of our keys, the one of today first."""
        return [key.name for key in self._keys]

    def link(self, before: bytes, row: bytes) -> bytes:
        """The 32 bytes that chain a row of the audit log to the one before it."""
        return link_with(self._key.chain, before, row)

    @property
    def chain_keys(self) -> list[bytes]:
        """The keys of such links, the one of today first. They open nothing, and nothing else follows from them."""
        return [key.chain for key in self._keys]


def link_with(chain_key: bytes, before: bytes, row: bytes) -> bytes:
    """The link of a row under one of the `chain_keys`: rows keep the link that they were written with."""
    return hmac.digest(chain_key, before + row, "sha256")


def _derived(secret: bytes) -> _Key:
    def derive(purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)

    return _Key(
        name=derive(b"aawaj key name")[:NAME],
        index=derive(b"aawaj phone index"),
        words=derive(b"aawaj name index"),
        chain=derive(b"aawaj audit chain"),
        cipher=AESGCM(derive(b"aawaj phone seal")),
    )
