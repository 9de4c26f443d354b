"""A short number for each clip of each language, for whoever records it by phone: four digits and a check digit.

A number belongs to its clip for good: `audio_prompts/numbers.tsv` is only ever added to, so that a printed script stays right when flows
change. The check digit (see `gateway.core.reference`) keeps a slip of the finger from recording another clip.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.audio.catalogue import CLIP, LANGUAGE, changing
from gateway.core import reference
from gateway.errors import GatewayError

FILE = "numbers.tsv"
LENGTH = 5  # digits that are keyed
FIRST, LAST = 1000, 8999
SAYINGS = range(9000, 10_000)  # beside them: an organisation's own words, numbered in the database

ClipName = tuple[str, str]  # language, clip


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of all clips, both ways."""

    by_number: Mapping[str, ClipName]

    @property
    def by_clip(self) -> Mapping[ClipName, str]:
        return {clip: number for number, clip in self.by_number.items()}


def read_numbers(folder: Path) -> Numbers:
    """The numbers that were given out; none where there is no file yet. Raises GatewayError `audio:numbers`."""
    path = folder / FILE
    if not path.exists():
        return Numbers({})
    found: dict[str, ClipName] = {}
    for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        number, language, clip = (*line.split("\t"), "", "", "")[:3]
        known = reference.is_valid(number) and number not in found and LANGUAGE.fullmatch(language) and CLIP.fullmatch(clip)
        if not known:
            raise GatewayError("audio:numbers", where=f"{FILE}:{place}")
        found[number] = (language, clip)
    return Numbers(found)


def give_numbers(folder: Path, clips: Iterable[ClipName]) -> Numbers:
    """Give a number to each clip that has none; those that have one keep it."""
    with changing(folder):
        numbers = read_numbers(folder)
        old = numbers.by_clip
        new = sorted({clip for clip in clips if clip not in old})
        if not new:
            return numbers
        following = max((int(number) // 10 + 1 for number in numbers.by_number), default=FIRST)
        if following + len(new) - 1 > LAST:
            raise GatewayError("audio:numbers-spent")
        given = {reference.with_check_digit(following + place): clip for place, clip in enumerate(new)}
        _append(folder / FILE, given)
        return Numbers({**numbers.by_number, **given})


def _append(path: Path, given: Mapping[str, ClipName]) -> None:
    lines = "".join(f"{number}\t{language}\t{clip}\n" for number, (language, clip) in given.items())
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    temporary = path.with_name(f".{FILE}.{os.getpid()}.part")
    temporary.write_text(before + lines, encoding="utf-8")
    temporary.replace(path)
