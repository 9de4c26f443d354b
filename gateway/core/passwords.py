"""Passwords: which ones are refused, and readable ones that are made from a key.

>>> fault("short"), fault("Password123!"), fault("sita tamang", "Sita Tamang"), fault("हाम्रो टोलको धारो")
('short', 'common', 'name', '')
"""

from __future__ import annotations

import hmac
import re
import unicodedata

LEAST = 10  # characters
MOST = 512
FEWEST_DIFFERENT = 5  # of ten characters: what is one or two keys, again and again, is guessed

# What remains of the most common passwords without digits and marks, here and elsewhere; longer ones are made by adding to these.
COMMON = frozenset(
    """
    aawaj aawajaawaj abcdefghij abcdefghijk abcdefghijkl admin administrator asdfghjkl asdfghjklqwerty baseball bhaktapur changeme
    computer dashain football homenet iloveyou iloveyounepal internet jaynepal kathmandu kathmandunepal kirtipur lalitpur
    letmein loveyou mahila mahilasamuha maynepal meronepal monkey mynepal namaste namastenepal nepal nepali nepalnepal organiser
    organizer pashupatinath passw passwd password passwordpassword passwort patan pokhara pokharanepal princess qazwsxedc
    qwerty qwertyasdfgh qwertyqwerty qwertyui qwertyuiop qwertyuiopasdf ramram samuha sagarmatha secret shivashiva sunshine superman
    superuser swagatam swagat teamo temppassword test testing testpassword tihar trustno unknown welcome welcomenepal whatever
    zaqxswcde zxcvbnm zxcvbnmasdf पासवर्ड नेपाल नमस्ते मेरोनेपाल काठमाडौं जयनेपाल
    """.split()
)
RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "०१२३४५६७८९०१२३४५६७८९", "1qaz2wsx3edc4rfv5tgb")
LOOKS_LIKE = str.maketrans("@$01357", "asoiest")  # as people make a common word look uncommon
CONSONANTS, VOWELS = "bdghjklmnprst", "aeiou"
SYLLABLES = 8


def normal(password: str) -> str:
    """The same password, however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password)


def fault(password: str, *names: str) -> str:
    """Why a password is refused: `short`, `long`, `common` or `name` (it is made of one of `names`); nothing where it is taken."""
    written = normal(password)
    if len(written) < LEAST:
        return "short"
    if len(written) > MOST:
        return "long"
    folded = _bare(written)
    if any(len(bare) > 2 and folded.replace(bare, "") in {"", bare[::-1]} for bare in map(_bare, names)):
        return "name"
    return "common" if _is_common(written.casefold(), folded) else ""


def _is_common(written: str, folded: str) -> bool:
    run = any(written in each or written in each[::-1] for each in RUNS)
    return run or len(set(written)) < FEWEST_DIFFERENT or folded in COMMON or _bare(written.translate(LOOKS_LIKE)) in COMMON


def _bare(text: str) -> str:
    """Letters (and the vowel signs that belong to them) alone: what stands around them is what everybody adds."""
    return "".join(char for char in normal(text).casefold() if unicodedata.category(char)[0] in "LM")


def derived(key: str, purpose: str) -> str:
    """A password that can be read out, always the same for a key and a purpose: 48 bits, as syllables.

    >>> re.fullmatch(r"([a-z]{4}-){3}[a-z]{4}", derived("a key", "organiser")) is not None
    True
    """
    digest = hmac.digest(key.encode(), purpose.encode(), "sha256")
    drawn = int.from_bytes(digest)
    spoken = []
    for _ in range(SYLLABLES):
        drawn, vowel = divmod(drawn, len(VOWELS))
        drawn, consonant = divmod(drawn, len(CONSONANTS))
        spoken.append(CONSONANTS[consonant] + VOWELS[vowel])
    return re.sub(r"(?<=....)(?=(....)+$)", "-", "".join(spoken))
