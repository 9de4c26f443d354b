"""Whether what was heard is what a transcript says: by its words, whatever the punctuation, with slots filled or left open."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from gateway.engine.definition import Fragment, Prompt, Slot
from gateway.transcripts.telephone import Said

OPEN = re.compile(r"\{[^{}]*\}|\.\.\.|…")  # a slot, or what is left out
ANYTHING = "\ue000"  # stands for it among words: a character of no script
NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z0-9_.]+(?:-[0-9]+)?")
REST = "..."  # as a whole line: whatever else is said here


def words(text: str) -> str:
    """The words of a text, small and without punctuation.

    >>> words("Good news. You will get Rs 5,000!")
    'good news you will get rs 5 000'
    """
    plain = unicodedata.normalize("NFC", text).casefold()
    return " ".join("".join(" " if unicodedata.category(sign)[0] in "PZC" and sign != ANYTHING else sign for sign in plain).split())


@lru_cache(maxsize=1024)
def _pattern(expected: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in words(OPEN.sub(f" {ANYTHING} ", expected)).split(ANYTHING)]
    return re.compile(".*".join(part.strip("\\ ") for part in parts), re.DOTALL)


def same_words(expected: str, heard: str) -> bool:
    """Whether these are the same words; `{amount:money}` and `...` stand for any.

    >>> same_words("You get {claim.amount:money}.", "You get Rs 5,000.")
    True
    >>> same_words("You get ...", "We sent you Rs 5,000.")
    False
    """
    return bool(_pattern(expected).fullmatch(words(heard)))


def is_heard(expected: str, said: Said) -> bool:
    """Whether a prompt is the one that is expected: named (`claim_status/paid`), one of its clips (`claim_status/paid-1`), or its words."""
    if NAME.fullmatch(expected):
        return expected == said.prompt or expected in said.clips
    return same_words(expected, said.text)


def open_form(pieces: Iterable[Fragment | Slot | str], phrases: Mapping[str, Mapping[str, str]], language: str) -> str:
    """A prompt's words with its slots left open; phrases stand as their words."""
    out: list[str] = []
    for piece in pieces:
        if isinstance(piece, Slot):
            out.append(phrases[piece.name][language] if piece.name in phrases else f"{{{piece.name}:{piece.format}}}")
        else:
            out.append(piece.text if isinstance(piece, Fragment) else piece)
    return "".join(out).strip()


def slots_of(prompt: Prompt, language: str) -> list[Slot]:
    """The slots of a spoken prompt."""
    return [piece for piece in prompt.pieces.get(language, ()) if isinstance(piece, Slot)]
