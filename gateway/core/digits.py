"""Digits of any script as 0-9: members type ५०, full-width or ASCII digits, often mixed.

>>> fold_digits("योगदान ५०")
'योगदान 50'
"""

from __future__ import annotations

import unicodedata


def fold_digits(text: str) -> str:
    """The text with every decimal digit (Unicode category Nd) as ASCII. Superscripts and the like are no digits and stay."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char)) if unicodedata.category(char) == "Nd" else char for char in text)
