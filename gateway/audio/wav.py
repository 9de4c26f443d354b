"""Sound as the telephone wants it: WAV, 8 kHz, mono, 16 bit; trimmed, at one loudness, and written whole or not at all.

Recordings arrive at any rate and level; a caller must not hear where one clip ends and the next begins. Plain Python is fast enough
for clips of seconds, so no number library is needed.
"""

from __future__ import annotations

import io
import math
import os
import sys
import wave
from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import mul
from pathlib import Path
from typing import NamedTuple

from gateway.errors import GatewayError

RATE = 8000
LONGEST = 120  # seconds that one recording may last
MARGIN = 0.04  # seconds of silence that stay at each end: where two clips meet, about a tenth of a second
ACTIVE = 2600  # RMS of active speech: -22 dBFS, RFC 7874 section 4
CEILING = 16000  # no sample is louder: just under -6 dBFS
QUIETEST = 33  # RMS of the loudest frame below which nothing was said: -60 dBFS
FADE = 0.005  # seconds
LEVELLINGS = 3  # rounding off peaks takes from the level: after three rounds nothing is left to give back
KNEE = 11000  # above this, peaks are rounded off instead of being cut
FRAME = RATE // 50  # 20 ms, the piece in which loudness is measured
CUTOFF = 3700  # the middle of the low-pass filter's slope, in Hz
REACH = 15  # how far the filter looks to each side, in samples of the result


class Sound(NamedTuple):
    """16-bit samples of one channel, and how many of them make a second."""

    samples: array[int]
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def read(path: Path) -> Sound:
    """The sound of a WAV file: PCM, 16 bit, mono or stereo (the left channel is taken), 8 to 48 kHz, at most `LONGEST` seconds.

    Raises GatewayError `audio:unreadable` for anything else. Source: WAVE, RIFF.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, count = file.getparams()[:4]
            if width != 2 or channels not in (1, 2) or not RATE <= rate <= 48000:
                raise GatewayError("audio:unreadable", file=path.name, reason="it is not 16-bit PCM at 8 to 48 kHz")
            if not count:
                raise GatewayError("audio:unreadable", file=path.name, reason="it is empty")
            if count > LONGEST * rate:
                raise GatewayError("audio:unreadable", file=path.name, reason=f"it is longer than {LONGEST} seconds")
            data = file.readframes(count)
    except (wave.Error, EOFError, OSError) as error:
        raise GatewayError("audio:unreadable", file=path.name, reason=f"it is no WAV file ({error})") from error
    if len(data) != count * channels * width:
        raise GatewayError("audio:unreadable", file=path.name, reason="it breaks off in the middle")
    samples = array("h", data)
    if sys.byteorder == "big":
        samples.byteswap()
    return Sound(samples[::channels], rate)


def write(path: Path, sound: Sound) -> None:
    """Write a WAV file so that a reader sees the old file or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as raw:
            raw.write(as_file(sound))
            raw.flush()
            os.fsync(raw.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def as_file(sound: Sound) -> bytes:
    """A WAV file with this sound in it."""
    samples = sound.samples
    if sys.byteorder == "big":
        samples = array("h", samples)
        samples.byteswap()
    raw = io.BytesIO()
    with wave.open(raw, "wb") as file:
        file.setparams((1, 2, sound.rate, 0, "NONE", "not compressed"))
        file.writeframes(samples.tobytes())
    return raw.getvalue()


def fit(sound: Sound) -> Sound:
    """The same words as a clip: 8 kHz, little silence at the ends, speech at -22 dBFS, peaks below -6 dBFS."""
    return Sound(level(trim(resample(sound).samples)), RATE)


def silence(seconds: float) -> Sound:
    """Nothing at all: zeros."""
    return Sound(array("h", bytes(2 * round(seconds * RATE))), RATE)


@lru_cache(maxsize=8)
def _filters(up: int, down: int) -> list[list[float]]:
    """One low-pass filter for each of the `up` places where a new sample can lie between two old ones (windowed sinc)."""
    cutoff = 2 * CUTOFF / (RATE * down / up)  # as a share of half the input's rate
    reach = round(REACH * down / up)
    filters = []
    for phase in range(up):
        places = [k - reach + 1 - phase / up for k in range(2 * reach)]
        taps = [_sinc(cutoff * x) * (0.5 + 0.5 * math.cos(math.pi * x / reach)) for x in places]
        total = sum(taps)
        filters.append([tap / total for tap in taps])
    return filters


def _sinc(x: float) -> float:
    return 1.0 if x == 0 else math.sin(math.pi * x) / (math.pi * x)


def resample(sound: Sound) -> Sound:
    """The sound at 8 kHz; what the telephone cannot carry is filtered off first, so that it does not come back as a hiss."""
    if sound.rate == RATE:
        return sound
    shared = math.gcd(RATE, sound.rate)
    up, down = RATE // shared, sound.rate // shared
    filters = _filters(up, down)
    width = len(filters[0])
    padding = array("h", bytes(width))
    padded = (padding + sound.samples + padding).tolist()  # a list: indexing an array makes each number anew
    result = array("h")
    for n in range(len(sound.samples) * up // down):
        at, phase = divmod(n * down, up)
        first = at + width // 2 + 1
        result.append(_clamp(sum(map(mul, padded[first : first + width], filters[phase]))))
    return Sound(result, RATE)


def _clamp(value: float) -> int:
    return max(-32768, min(32767, round(value)))


def trim(samples: array[int]) -> array[int]:
    """Without the silence before and after the speech, except `MARGIN` seconds of it; a quiet breath counts as silence."""
    threshold = max(map(abs, samples), default=0) / 50
    loud = [n for n, sample in enumerate(samples) if abs(sample) > threshold]
    if not loud:
        return array("h")
    margin = round(MARGIN * RATE)
    before, after = min(margin, loud[0]), min(margin, len(samples) - 1 - loud[-1])
    pad = array("h", bytes(2 * margin))
    return pad[before:] + samples[loud[0] - before : loud[-1] + 1 + after] + pad[after:]


def powers(samples: Sequence[int]) -> list[float]:
    """The mean square of each frame of 20 ms, at 8 kHz."""
    return [sum(map(mul, part, part)) / FRAME for part in (samples[n : n + FRAME] for n in range(0, len(samples), FRAME))]


def active_rms(samples: Sequence[int]) -> float:
    """The loudness of the speech in it (RMS, of 32767): frames of 20 ms that are far quieter than the loudest one are pauses."""
    frames = powers(samples)
    active = [power for power in frames if power > max(frames) / 300]
    return math.sqrt(sum(active) / len(active)) if active else 0.0


def threshold(frames: Sequence[float]) -> float:
    """The mean square above which a frame is speech; `frames` are those of `powers`, at least one."""
    loudest, noise = max(frames), sorted(frames)[len(frames) // 10]
    return min(max(loudest / 1000, 4 * noise), loudest / 20)


def speech(samples: Sequence[int]) -> tuple[int, int]:
    """Where the speech begins and ends, as places among the samples; (0, 0) where there is none.

    A room is never silent: what counts is louder than the quietest tenth of the frames, and not far below the loudest one.
    """
    frames = powers(samples)
    loudest = max(frames, default=0.0)
    if loudest < QUIETEST**2:
        return 0, 0
    least = threshold(frames)
    spoken = [n for n, power in enumerate(frames) if power > least]
    return spoken[0] * FRAME, min(len(samples), (spoken[-1] + 1) * FRAME)


def cut_out(samples: array[int]) -> array[int]:
    """The speech of a recording at 8 kHz with a little of its room before and after, faded in and out so that nothing clicks."""
    if samples and (offset := round(sum(samples) / len(samples))):  # cheap sound cards add a constant, which is no sound
        samples = array("h", (_clamp(sample - offset) for sample in samples))
    start, end = speech(samples)
    if start == end:
        return array("h")
    cut = samples[max(0, start - round(MARGIN * RATE)) : end + round(2 * MARGIN * RATE)]
    fade = min(round(FADE * RATE), len(cut) // 2)
    for n in range(fade):
        cut[n] = cut[n] * n // fade
        cut[-1 - n] = cut[-1 - n] * n // fade
    return cut


def loudness(samples: Sequence[int]) -> float:
    """The loudness of these samples as they are (RMS, of 32767)."""
    return math.sqrt(sum(map(mul, samples, samples)) / len(samples)) if samples else 0.0


def level(samples: array[int]) -> array[int]:
    """The speech at -22 dBFS; rare peaks are rounded off below -6 dBFS, and what that took from the level is given back."""
    result = samples
    gain = 1.0
    for _ in range(LEVELLINGS):
        rms = active_rms(result)
        gain *= ACTIVE / rms if rms else 1.0
        result = array("h", (_round_off(sample * gain) for sample in samples))
    return result


def _round_off(value: float) -> int:
    over = abs(value) - KNEE
    if over <= 0:
        return round(value)
    room = CEILING - KNEE
    return round(math.copysign(KNEE + room * math.tanh(over / room), value))
