"""When each sentence of a clip is over, found in the sound itself: a caller presses when she has heard her option, not the whole menu.

How far into the clip a sentence should end is guessed from its share of the letters; the pause in the sound that fits best is taken.
"""

from __future__ import annotations

import re
from itertools import accumulate, groupby
from pathlib import Path

from gateway.audio import wav

SENTENCE = re.compile(r"[^।.?!]+[।.?!]*")
FRAME = wav.RATE // 50  # samples of 20 ms
QUIET = 0.06  # of the loudness of the speech
SHORTEST = 0.06  # seconds of quiet that may be a pause
WEIGHT = 4.0  # how many seconds of distance a second of pause makes good


def sentences(text: str) -> list[str]:
    """The sentences of a text.

    >>> sentences("Claim, two. Person, zero.")
    ['Claim, two.', 'Person, zero.']
    """
    return [sentence.strip() for sentence in SENTENCE.findall(text) if sentence.strip(" ।.?!,")]


def sentence_ends(path: Path, text: str) -> list[float]:
    """The seconds into the clip at which each sentence of its text is over."""
    sound = wav.read(path)
    parts = sentences(text)
    total = sum(map(len, parts)) or 1
    guesses = [sound.seconds * length / total for length in accumulate(map(len, parts))][:-1]
    pauses = _pauses(sound) if guesses else []
    ends: list[float] = []
    for guess in guesses:
        after = [(start, end) for start, end in pauses if not ends or start > ends[-1]]
        start, _ = min(after, key=lambda pause: abs(pause[0] - guess) - WEIGHT * (pause[1] - pause[0]), default=(guess, guess))
        ends.append(start)
    return [*ends, sound.seconds]


def _pauses(sound: wav.Sound) -> list[tuple[float, float]]:
    """Where nobody speaks, as (from, to) in seconds; the silence at the ends does not count."""
    samples, limit = sound.samples, QUIET * wav.active_rms(sound.samples)
    frames = [wav.loudness(samples[at : at + FRAME]) < limit for at in range(0, len(samples), FRAME)]
    found: list[tuple[float, float]] = []
    at = 0
    for quiet, group in groupby(frames):
        length = len(list(group))
        if quiet and at > 0 and at + length < len(frames) and length * 0.02 >= SHORTEST:
            found.append((at * 0.02, (at + length) * 0.02))
        at += length
    return found
