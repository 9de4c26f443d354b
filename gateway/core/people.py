"""What may be said of a member: the one place of these words. Never caste, religion or diagnosis: there is no field for them.

>>> clean("  सीता \\u202e तामाङ\\n")
'सीता तामाङ'
"""

from __future__ import annotations

import unicodedata

STATES = ("pending", "active", "left", "erased")
# Each is a phrase of flows/phrases.yaml. The first four are the keys 1 to 4 of the registration; the others an organiser writes down.
TRADES = ("sewing", "craft", "food", "other_work", "weaving", "incense", "bidi", "beads")
SEXES = ("female", "male", "other")
HOUSEHOLD_ROLES = ("head", "spouse", "daughter", "daughter_in_law", "parent", "other")
CONSENT_HOW = ("voice", "sms", "collector", "paper")
MEDIA = ("voice", "sms")
SCRIPTS = ("devanagari", "romanised")

LONGEST_NAME = 200  # characters
JOINERS = "\u200c\u200d"  # invisible, and part of how some Devanagari words are written


def clean(text: str) -> str:
    """What a person wrote, as it may be shown: NFC, on one line, without what is invisible or turns the direction of writing around."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(" " if char.isspace() else char for char in composed if char.isspace() or not _is_hidden(char))
    return " ".join(kept.split())


def is_name(text: str) -> bool:
    """Whether a cleaned text can stand for a person or a village: something of it is seen, and it has at most 200 characters."""
    return len(text) <= LONGEST_NAME and any(unicodedata.category(char)[0] in "LNPS" for char in text)


def has_controls(text: str) -> bool:
    """Whether there are control characters in it, which no database, phone or spreadsheet takes well; a new line is none of them."""
    return any(unicodedata.category(char) in {"Cc", "Cs"} and char != "\n" for char in text)


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char)[0] == "C" and char not in JOINERS
