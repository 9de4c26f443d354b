"""Ids of rows and of requests: letters alone, so that one in a log is never taken for somebody's number and masked.

>>> spelt(255)
'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaapp'
>>> number_of(spelt(255))
255
"""

from __future__ import annotations

HEXADECIMAL, LETTERS = "0123456789abcdef", "abcdefghijklmnop"  # in the same order: ids sort as their numbers do
SPELLING = str.maketrans(HEXADECIMAL, LETTERS)
READING = str.maketrans(LETTERS, HEXADECIMAL)


def spelt(number: int) -> str:
    """A number below 2**128 as the 32 letters of an id."""
    return f"{number:032x}".translate(SPELLING)


def number_of(given_id: str) -> int:
    """The number again: what a fresh id is made of serves as a seed as well."""
    return int(given_id.translate(READING), 16)
