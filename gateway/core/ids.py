"""Ids of rows and of requests: letters alone, so that one in a log is never taken for somebody's number and masked.

>>> spelt(255)
'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaapp'
>>> number_of(spelt(255))
255
"""

from __future__ import annotations

import hashlib

HEXADECIMAL, LETTERS = "0123456789abcdef", "abcdefghijklmnop"  # in the same order: ids sort as their numbers do
SPELLING = str.maketrans(HEXADECIMAL, LETTERS)
READING = str.maketrans(LETTERS, HEXADECIMAL)


def spelt(number: int) -> str:
    """A number below 2**128 as the 32 letters of an id."""
    return f"{number:032x}".translate(SPELLING)


def number_of(given_id: str) -> int:
    """The number again: what a fresh id is made of serves as a seed as well."""
    return int(given_id.translate(READING), 16)


def derived(*parts: str) -> str:
    """The id of what exists once for these parts: whoever writes it a second time, in another process too, finds it there.

    >>> derived("reminder", "a") == derived("reminder", "a") != derived("reminder", "b")
    True
    """
    return spelt(int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[:16]))
