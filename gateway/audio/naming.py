"""A member's own voice saying her name: cut out of what she said when she registered, or out of a recording that was made for it."""

from __future__ import annotations

from array import array
from pathlib import Path

from gateway.audio import taking, wav
from gateway.audio.decode import decode
from gateway.audio.wav import FRAME, RATE, Sound
from gateway.errors import GatewayError

PAUSE = 0.45  # seconds between her name and what follows it
SHORTEST = 0.5  # seconds; a breath before the name is no name
LONGEST = 4.0  # seconds; who never pauses has said more than her name


def of_registration(path: Path) -> Sound:
    """The first utterance of a recording from a call, up to a pause, as a clip of at most `LONGEST` seconds.

    Raises GatewayError `audio:unreadable` or `audio:silent`.
    """
    try:
        sound = wav.resample(wav.read(path))
    except GatewayError:
        sound = decode(path).sound
    name = wav.cut_out(first_utterance(wav.cut_out(sound.samples)))
    if not name:
        raise GatewayError("audio:silent", file=path.name)
    return Sound(wav.level(name[: round(LONGEST * RATE)]), RATE)


def of_file(path: Path) -> Sound:
    """A recording that says her name and nothing else. GatewayErrors as of `taking.clean`, and `audio:long-name`."""
    sound = taking.clean(path)
    if sound.seconds > LONGEST:
        raise GatewayError("audio:long-name", file=path.name, seconds=f"{LONGEST:.0f}")
    return sound


def first_utterance(samples: array[int]) -> array[int]:
    """What is said before the first pause; all of it where there is none. `samples` are at 8 kHz and begin with speech."""
    frames = wav.powers(samples)
    if not frames:  # nothing was said at all
        return samples
    threshold = wav.threshold(frames)
    quiet = 0
    for n, power in enumerate(frames):
        quiet = 0 if power > threshold else quiet + 1
        spoken = (n + 1 - quiet) * FRAME
        if quiet * FRAME >= PAUSE * RATE and spoken >= SHORTEST * RATE:
            return samples[: spoken + FRAME]
    return samples
