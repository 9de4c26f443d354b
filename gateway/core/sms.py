"""How a text is cut into SMS parts, as Twilio counts them: its price depends on it.

One letter outside GSM-7 turns the whole text into UCS-2, with 70 instead of 160 places. Longer texts are sent in parts of 67 or 153;
a part never ends inside a grapheme (a letter with its vowel signs, an emoji) or inside an escaped character.

>>> segments("Namaste")
Segments(encoding='GSM-7', count=1, units=7, culprit=None)
>>> segments("नमस्ते")
Segments(encoding='UCS-2', count=1, units=6, culprit='न')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import regex

# 3GPP TS 23.038, 6.2.1: the default alphabet, and the characters that need an escape before them.
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
GSM = GSM_BASIC | GSM_EXTENSION

CLUSTER = regex.compile(r"\X")
# Twilio's calculator has the graphemes of Unicode 10. Since then a conjunct (क्ष) has become one grapheme, and a joiner holds more
# emoji together than these; there a part may still end.
JOINED_IN_UNICODE_10 = "♀♂⚕⚖✈❤🌈🌾🍳🎓🎤🎨🏫🏭👦-👩💋💻💼🔧🔬🗨🚀🚒"
BREAK = regex.compile(
    rf"(?<=[\u094D\u09CD\u0ACD\u0B4D\u0C4D\u0D4D]\p{{M}}*)(?=\p{{L}})|(?<=\u200D)(?=[^{JOINED_IN_UNICODE_10}\p{{M}}\u200C\u200D])",
    regex.VERSION1,
)


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


def _graphemes(text: str) -> Iterator[str]:
    for cluster in CLUSTER.findall(text):
        if len(cluster) == 1:
            yield cluster
        elif cluster == "\r\n":
            yield from cluster
        else:
            yield from BREAK.split(cluster)


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
