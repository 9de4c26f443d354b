"""What is left of a texted word when everything is dropped on which spellings differ.

Devanagari is read into Latin letters first, so that one list of words serves both scripts. Then aspiration, vowel length, doubled
letters and a final schwa go: Nepali is romanised as everybody likes (दर्ता: darta, dartha, daarta; छ: chha, cha, xa, 6).

>>> skeleton("दर्ता"), skeleton("Dartha")
('dart', 'dart')
"""

from __future__ import annotations

import re
import unicodedata

from gateway.core.digits import fold_digits

CONSONANTS = dict(
    zip(
        "कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहळ",
        "k kh g gh ng ch chh j jh n t th d dh n t th d dh n p ph b bh m y r l b sh sh s h l".split(),
        strict=True,
    )
)
VOWELS = dict(zip("अआइईउऊऋएऐओऔ", "a a i i u u ri e ai o au".split(), strict=True))
SIGNS = dict(zip("ािीुूृेैोौ", "a i i u u ri e ai o au".split(), strict=True))
NASAL, VIRAMA = "ं", "्"
INHERENT = "A"  # the vowel that Devanagari does not write; Latin letters are lower case here

# Read left to right, the longer first.
SOUNDS = (
    *(("kchh", "ks"), ("kch", "ks"), ("kx", "ks"), ("ksh", "ks"), ("chh", "C"), ("ch", "C"), ("x", "C"), ("sh", "s")),
    *(("ph", "f"), ("bh", "b"), ("dh", "d"), ("gh", "g")),
    *(("jh", "j"), ("kh", "k"), ("th", "t"), ("v", "b"), ("w", "b"), ("z", "j"), ("q", "k"), ("ck", "k")),
    *(("ce", "se"), ("ci", "si"), ("cy", "si"), ("c", "k"), ("ee", "i"), ("oo", "u"), ("ou", "u")),
)
SOUND = re.compile("|".join(written for written, _ in SOUNDS))
FOLDED = dict(SOUNDS)
WORD = re.compile(r"[a-z]+")
DOUBLED = re.compile(r"(.)\1+")
SUPPORTED_ONSET = re.compile(r"^[ie](?=s[tk])")  # istop, estart: spoken with a vowel before the s
MEDIAL_SCHWA = re.compile(rf"(?<=[aeiou{INHERENT}][^aeiou{INHERENT}]){INHERENT}(?=[^aeiou{INHERENT}][aeiou])")
FINAL_SCHWA = re.compile(rf"(?<=[aeiou{INHERENT}][^\Waeiou{INHERENT}]){INHERENT}(?!\w)")  # एक is said ek
SIX_FOR_CHHA = re.compile(r"(?<![0-9])6(?=[a-z])|(?<=[a-z])6(?![0-9])")  # k6, 6aina: the digit is called chha


def skeleton(word: str) -> str:
    """The skeleton of one word; of several words, theirs with one space between. Digits and signs are dropped."""
    return " ".join(words(word))


def words(text: str) -> list[str]:
    """The skeletons of the words of a message."""
    latin = _latin(fold_digits(unicodedata.normalize("NFKC", text)).casefold())
    return [_fold(word) for word in WORD.findall(SIX_FOR_CHHA.sub("chh", latin))]


def plain(text: str) -> str:
    """The letters of a message as they are spelt, in one word and lower case."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(char)[0] in "LM")


def _latin(text: str) -> str:
    """Devanagari as Latin letters, without the schwas that are not heard; marks on Latin letters are dropped."""
    letters: list[str] = []
    for char in unicodedata.normalize("NFD", text):
        if char in CONSONANTS:
            letters += (CONSONANTS[char], INHERENT)
        elif char in SIGNS or char == VIRAMA:
            if letters and letters[-1] == INHERENT:
                letters.pop()
            letters.append(SIGNS.get(char, ""))
        elif char in VOWELS or char == NASAL:
            letters.append(VOWELS.get(char, "n"))
        elif unicodedata.category(char) not in {"Mn", "Cf"} and char not in "'\u2019":
            letters.append(char)
    return MEDIAL_SCHWA.sub("", FINAL_SCHWA.sub("", "".join(letters))).replace(INHERENT, "a")


def _fold(word: str) -> str:
    folded = SOUND.sub(lambda found: FOLDED[found[0]], word).lower()
    folded = DOUBLED.sub(r"\1", SUPPORTED_ONSET.sub("", folded))
    folded = re.sub(r"y$", "i", folded)
    return folded[:-1] if len(folded) > 3 and folded.endswith("a") else folded
