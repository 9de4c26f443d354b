"""Phone numbers at rest: found by an index that tells nothing, and readable only with the installation's key.

Nepal has about a hundred million possible mobile numbers, so that a plain hash of one is undone in minutes; both forms here need a key
that is never in the database.
"""

from __future__ import annotations

import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12  # bytes, as NIST SP 800-38D asks for AES-GCM


class Seal:
    """The keys of an installation, derived from SECRET_KEY; losing that key loses every number.

    >>> seal = Seal("a secret key of at least 32 characters")
    >>> seal.open(seal.seal("+9779841234567"))
    '+9779841234567'
    >>> seal.seal("+9779841234567") == seal.seal("+9779841234567")
    False
    >>> seal.index("+9779841234567") == seal.index("+9779841234567")
    True
    """

    def __init__(self, secret_key: str) -> None:
        secret = secret_key.encode()
        self._index = _derive(secret, b"aawaj phone index")
        self._cipher = AESGCM(_derive(secret, b"aawaj phone seal"))
        self._pepper = _derive(secret, b"aawaj pin pepper")

    def index(self, e164: str) -> bytes:
        """32 bytes, always the same for a number: by these a phone is found."""
        return hmac.digest(self._index, e164.encode(), "sha256")

    def seal(self, e164: str) -> bytes:
        """The number encrypted, differently each time."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, e164.encode(), None)

    def open(self, sealed: bytes) -> str:
        """The number again; raise cryptography's InvalidTag where the key is another or the bytes were changed."""
        return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], None).decode()

    def pepper(self, pin: str) -> bytes:
        """What is hashed in place of a PIN: 10,000 PINs are tried in minutes, but not by someone who lacks this key."""
        return hmac.digest(self._pepper, pin.encode(), "sha256")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
