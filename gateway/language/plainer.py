"""A text in letters that fit 160 to an SMS: Nepali as people write it in Latin letters, and plain signs for what word processors put in.

>>> in_latin_letters("नमस्ते {name}, भोलि ११ बजे घरमा बैठक छ।")
'Namaste {name}, bholi 11 baje gharma baithak chha.'
>>> with_plain_signs("“Meeting” – tomorrow…")
'"Meeting" - tomorrow...'
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from gateway.core.digits import fold_digits
from gateway.language import skeleton

# As people spell: not folded together as `skeleton` does, which compares words and shows none.
CONSONANTS: Mapping[str, str] = {**skeleton.CONSONANTS, "व": "w", "ङ": "ng"}
TOGETHER: Mapping[str, str] = {"ज्ञ": "ग्य"}
NASALS: Mapping[str, str] = {"ं": "n", "ँ": "", "ः": ""}
SIGNS: Mapping[str, str] = {
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": "...",
    "•": "-",
    "\u00a0": " ",
    "।": ".",
    "॥": ".",
    "₹": "Rs",
    "\u200b": "",
    "\u200c": "",
    "\u200d": "",
    "\ufeff": "",
}
SLOT = re.compile(r"(\{[^{}]*\})")
SENTENCE = re.compile(r"(?:^|(?<=[.?!] ))([a-z])")


def with_plain_signs(text: str) -> str:
    """The text with signs of the GSM alphabet for quotes, dashes and invisible signs that are none of it."""
    return "".join(SIGNS.get(char, char) for char in text)


def in_latin_letters(text: str) -> str:
    """A text in Devanagari as it is likely written in Latin letters; its slots stay. A person reads it over before it goes out."""
    pieces = SLOT.split(unicodedata.normalize("NFC", text))
    written = "".join(piece if SLOT.fullmatch(piece) else _spelt(piece) for piece in pieces)
    return SENTENCE.sub(lambda found: found[0].upper(), with_plain_signs(written))


def _spelt(text: str) -> str:
    for written, said in TOGETHER.items():
        text = text.replace(written, said)
    letters: list[str] = []
    for char in unicodedata.normalize("NFD", fold_digits(text)):
        if char in CONSONANTS:
            letters += (CONSONANTS[char], skeleton.INHERENT)
        elif char in skeleton.SIGNS or char == skeleton.VIRAMA:
            if letters and letters[-1] == skeleton.INHERENT:
                letters.pop()
            letters.append(skeleton.SIGNS.get(char, ""))
        elif char in skeleton.VOWELS or char in NASALS:
            letters.append(skeleton.VOWELS.get(char) or NASALS.get(char, ""))
        elif unicodedata.category(char) != "Mn":
            letters.append(char)
    spoken = skeleton.FINAL_SCHWA.sub("", "".join(letters))
    return skeleton.MEDIAL_SCHWA.sub("", spoken).replace(skeleton.INHERENT, "a")
