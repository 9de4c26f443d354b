"""How a text is cut into SMS parts, as Twilio counts them: its price depends on it.

One letter outside GSM-7 turns the whole text into UCS-2, with 70 instead of 160 places. Longer texts are sent in parts of 67 or 153;
a part never ends inside a grapheme (a letter with its vowel signs, an emoji) or inside an escaped character.

>>> segments("Namaste")
Segments(encoding='GSM-7', count=1, units=7, culprit=None)
>>> segments("नमस्ते")
Segments(encoding='UCS-2', count=1, units=6, culprit='न')
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import regex

# 3GPP TS 23.038, 6.2.1: the default alphabet, and the characters that need an escape before them.
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
GSM = GSM_BASIC | GSM_EXTENSION

# Twilio's calculator has the graphemes of Unicode 10 (annex 29): since then a conjunct (क्ष) has become one grapheme, and skin tones
# and joiners hold more emoji together than these.
SKIN_TONES = frozenset("🏻🏼🏽🏾🏿")
PEOPLE = frozenset("👦👧👨👩")  # E_Base_GAZ: take a skin tone, and hold on to a joiner before them
AFTER_JOINER = frozenset("♀♂⚕⚖✈❤🌈🌾🍳🎓🎤🎨🏫🏭💋💻💼🔧🔬🗨🚀🚒")  # Glue_After_Zwj
TAKES_TONE = PEOPLE | frozenset(
    "☝⛹✊✋✌✍🎅🏂🏃🏄🏇🏊🏋🏌👂👃👆👇👈👉👊👋👌👍👎👏👐👮👰👱👲👳👴👵👶👷👸👼💁💂💃💅💆💇💪🕴🕵🕺🖐🖕🖖🙅🙆🙇🙋🙌🙍🙎🙏🚣🚴🚵🚶🛀🛌"
    "🤘🤙🤚🤛🤜🤞🤟🤦🤰🤱🤲🤳🤴🤵🤶🤷🤸🤹🤽🤾🧑🧒🧓🧔🧕🧖🧗🧘🧙🧚🧛🧜🧝"
)  # E_Base
JOINER = "\u200d"
GRAPHEME = regex.compile(r"\X")
LONGEST = 1600  # characters of a text that are kept or sent; providers take no longer ones
SENTENCE_END = re.compile(r"(?<=[।?!.])\s+|\s*\n\s*")
WORD_END = re.compile(r"\s+")
PROPERTIES = ("Extend", "SpacingMark", "Prepend", "Control", "CR", "LF", "Regional_Indicator", "L", "V", "T", "LV", "LVT")
KINDS = {name: regex.compile(rf"\p{{GCB={name}}}") for name in PROPERTIES}
HANGUL = {"L": {"L", "V", "LV", "LVT"}, "LV": {"V", "T"}, "V": {"V", "T"}, "LVT": {"T"}, "T": {"T"}}


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text travels: `count` parts of `units` septets (GSM-7) or UTF-16 units (UCS-2) in all.

    `culprit` is the first character that made it UCS-2.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    count: int
    units: int
    culprit: str | None


def segments(text: str) -> Segments:
    """Count the parts of a text. An empty text counts as one part, as Twilio has it."""
    culprit = next((char for char in text if char not in GSM), None)
    if culprit is None:
        sizes = [2 if char in GSM_EXTENSION else 1 for char in text]
        return Segments("GSM-7", _parts(sizes, whole=160, part=153), sum(sizes), None)
    sizes = [_utf16_units(grapheme) for grapheme in _graphemes(text)]
    return Segments("UCS-2", _parts(sizes, whole=70, part=67), sum(sizes), culprit)


def is_plain(text: str) -> bool:
    """Whether it stays in the GSM alphabet: 160 places in a part, and not 70."""
    return GSM.issuperset(text)


def fit(text: str, rest: str, filled: Callable[[str], str] = str) -> str:
    """The text in one part: where it does not fit, cut at a word, with `rest` (whom to call for the rest) behind it.

    `filled` makes of a text that has slots the one that is measured.

    >>> fit("Namaste didi", "... call 4112233"), fit("word " * 40, "... call 4112233")[-36:]
    ('Namaste didi', 'word word word word ... call 4112233')
    """
    text = text.strip()
    if segments(filled(text)).count == 1:
        return text
    kept = text.split()
    while kept and segments(filled(cut := f"{' '.join(kept)} {rest}")).count > 1:
        kept.pop()
    return cut if kept else rest


def split(text: str) -> tuple[str, str]:
    """What of a text one part holds, and the rest: cut after a sentence, else after a word, else wherever it is full.

    >>> split("Namaste didi."), split("Namaste didi. " + "Sabai thik chha. " * 10)[0][-16:]
    (('Namaste didi.', ''), 'Sabai thik chha.')
    """
    text = text.strip()
    if segments(text).count == 1:
        return text, ""
    for ends in (SENTENCE_END, WORD_END):
        fitting = [found for found in ends.finditer(text, 0, 161) if segments(text[: found.start()]).count == 1]
        if fitting and fitting[-1].start():
            return text[: fitting[-1].start()], text[fitting[-1].end() :]
    first = shorten(text, 160 if is_plain(text[:160]) else 70)
    while segments(first).count > 1:
        first = shorten(first, len(first) - 1)
    return first, text[len(first) :]


def shorten(text: str, longest: int = LONGEST) -> str:
    """Cut a text after at most `longest` characters, never inside what a reader sees as one letter.

    >>> shorten("नमस्ते", 3), shorten("नमस्ते", 4)
    ('नम', 'नम')
    """
    if len(text) <= longest:
        return text
    end = 0
    for grapheme in GRAPHEME.finditer(text, 0, longest + 1):
        if grapheme.end() > longest:
            break
        end = grapheme.end()
    return text[: end or longest]


def kept(text: str) -> str:
    """A text that came in, as it may be stored: not too long, and without NUL, which PostgreSQL cannot store and SQLite cannot measure."""
    return shorten(text.replace("\0", "\ufffd"))


def _graphemes(text: str) -> Iterator[str]:
    start, kinds = 0, [_kind(char) for char in text]
    for place in range(1, len(text) + 1):
        if place == len(text) or _ends_before(text, kinds, start, place):
            yield text[start:place]
            start = place


@cache
def _kind(char: str) -> str:
    """The grapheme break property of a character, as far as it matters here."""
    if char == JOINER:
        return "ZWJ"
    if char in SKIN_TONES:
        return "Tone"
    return next((name for name, pattern in KINDS.items() if pattern.match(char)), "Other")


def _ends_before(text: str, kinds: list[str], start: int, place: int) -> bool:
    """Whether the grapheme that began at `start` ends before `place`."""
    before, here = kinds[place - 1], kinds[place]
    if before in {"Control", "CR", "LF"} or here in {"Control", "CR", "LF"}:
        return (before, here) != ("CR", "LF")
    if here in HANGUL.get(before, ()) or here in {"Extend", "ZWJ", "SpacingMark"} or before == "Prepend":
        return False
    if here == "Tone":
        within = kinds[start:place]
        # The calculator looks for who takes the tone just before the last mark of the grapheme, wherever that stands.
        person = place - 2 - within[::-1].index("Extend") if "Extend" in within else place - 1
        return person < start or text[person] not in TAKES_TONE or any(kind != "Extend" for kind in kinds[person + 1 : place])
    if before == "ZWJ" and (text[place] in AFTER_JOINER or text[place] in PEOPLE):
        return False
    return not (before == here == "Regional_Indicator" and place - start == 1)


def _utf16_units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _parts(sizes: Iterable[int], *, whole: int, part: int) -> int:
    """One part where everything fits `whole`, else the parts filled one after the other with pieces that are never split."""
    sizes = list(sizes)
    if sum(sizes) <= whole:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > part:
            count, used = count + 1, 0
        used += size
    return count
