"""Sounds to test with: a pure tone, and something like speech."""

from __future__ import annotations

import math
import random
from array import array

from gateway.audio.wav import Sound


def tone(hertz: float, seconds: float, rate: int = 22050, amplitude: int = 10000) -> Sound:
    return Sound(array("h", (round(amplitude * math.sin(2 * math.pi * hertz * n / rate)) for n in range(round(seconds * rate)))), rate)


def words(rate: int, amplitude: int) -> Sound:
    """Something like speech: bursts of sound with short pauses, between long silences."""
    chance = random.Random(amplitude)
    quiet, burst = [0] * (rate // 2), []
    for _ in range(4):
        burst += [round(amplitude * math.sin(n / 9) * chance.random()) for n in range(rate // 5)] + [0] * (rate // 10)
    return Sound(array("h", quiet + burst + quiet), rate)
