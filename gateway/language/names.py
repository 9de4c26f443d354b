"""The words of a person's name, by which she is found however her name is spelt.

>>> sorted(words("सीता तामाङ")) == sorted(words("Seeta Tamang"))
True
>>> spelt("Sita Maya") == spelt("Maya Sita")
False
"""

from __future__ import annotations

from functools import lru_cache

from gateway.core.digits import fold_digits
from gateway.language import skeleton

LONGEST_WORD = 80  # characters of a skeleton that count


@lru_cache(maxsize=65_536)
def _folded(written: str) -> tuple[str, ...]:
    """The skeletons of one written word, two of Sita-Maya; of a word in another script, or of digits, the word itself."""
    found = skeleton.words(written) or [skeleton.plain(written) or fold_digits(written).casefold()]
    return tuple(word[:LONGEST_WORD] for word in found)


def spelt(name: str) -> str:
    """The skeletons of the words in their order: two spellings of one name give the same."""
    return " ".join(word for written in name.split() for word in _folded(written))


def words(name: str) -> frozenset[str]:
    """The skeletons of the words of a name: `Seal.word` of each stands in `member_names`."""
    return frozenset(word for written in name.split() for word in _folded(written))
