"""Any recording into sound for the telephone: WAV of every kind, MP3, Ogg (Vorbis, Opus), FLAC, M4A and what phones record besides.

The decoders are FFmpeg's, out of the `av` wheel, imported only here. A file is not believed: its first bytes say which one decoder may look
at it (its name says nothing), it is read into memory so that nothing in it can name another file or address, and decoding ends where a
clip would be too long.
"""

from __future__ import annotations

import importlib
import io
import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from gateway.audio import wav
from gateway.audio.wav import Sound
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import InputContainer

LARGEST = 64_000_000  # bytes: two minutes of the best studio's sound
RATES = range(8000, 192_001)
FULL = 32_700  # a sample as large as this touched the end of the scale
MOST_CLIPPED = 10  # places with three such samples in a row; more is heard as a rattle

# "fmt ", its 16 bytes: PCM, one channel, 8000 samples and 16,000 bytes a second, 2 bytes a sample
PLAIN = struct.pack("<4sIHHIIH", b"fmt ", 16, 1, 1, wav.RATE, 2 * wav.RATE, 2)

# How a file begins, from which byte on, and which decoder reads it.
BEGINNINGS = (
    (0, b"RIFF", "wav"),
    (0, b"RF64", "wav"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (4, b"ftyp", "mov"),
    (0, b"ID3", "mp3"),
    (0, b"#!AMR", "amr"),
    (0, b"FORM", "aiff"),
    (0, b"caff", "caf"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
)


class Recording(NamedTuple):
    """A recording at 8 kHz, mono, otherwise as it came; `clipped` where it was too loud for its microphone."""

    sound: Sound
    clipped: bool


def decode(path: Path) -> Recording:
    """The sound of a file. Raises GatewayError `audio:unreadable` with the reason, `audio:no-decoder` without the `av` package."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be opened") from error
    if size > LARGEST:
        raise _unreadable(path, f"it is larger than {LARGEST // 1_000_000} MB")
    if not content:
        raise _unreadable(path, "it is empty")
    container = _container(content)
    if container is None:
        raise _unreadable(path, "it is no sound, whatever its name says")
    if container == "wav" and _breaks_off(content):
        raise _unreadable(path, "it breaks off: it announces more sound than there is")
    return _plain(path) if container == "wav" and _is_plain(content) else _decoded(path, content, container)


def _is_plain(content: bytes) -> bool:
    """Whether it is what a browser sends: a WAV that begins with its format, PCM of 16 bits, one channel, at the telephone's rate."""
    return content[12:34] == PLAIN and content[34:36] == b"\x10\0"


def _plain(path: Path) -> Recording:
    """What needs no decoder."""
    sound = wav.read(path)
    return Recording(sound, clipped=_is_clipped(sound.samples))


def _unreadable(path: Path, reason: str) -> GatewayError:
    return GatewayError("audio:unreadable", file=path.name, reason=reason)


def _container(content: bytes) -> str | None:
    for place, beginning, container in BEGINNINGS:
        if content.startswith(beginning, place):
            return container
    if len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0:
        return "aac" if content[1] & 0xF6 == 0xF0 else "mp3"
    return None


def _breaks_off(content: bytes) -> bool:
    """Whether a chunk of a RIFF file claims more bytes than the file has; FFmpeg would take what is there and say nothing."""
    place = 12
    while place + 8 <= len(content):
        claimed = int.from_bytes(content[place + 4 : place + 8], "little")
        if content[place : place + 4] == b"data":
            return content.startswith(b"RIFF") and place + 8 + claimed > len(content)
        place += 8 + claimed + claimed % 2
    return True


def _decoded(path: Path, content: bytes, container: str) -> Recording:
    try:
        av = importlib.import_module("av")
    except ImportError as error:
        raise GatewayError("audio:no-decoder") from error
    try:
        with av.open(io.BytesIO(content), format=container, metadata_errors="replace") as file:
            if not file.streams.audio:
                raise _unreadable(path, "there is no sound in it")
            rate = file.streams.audio[0].rate
            if rate not in RATES:
                raise _unreadable(path, "its sound is not at 8 to 192 kHz")
            original = array("h")
            for samples in _mono(av, file, rate):
                original.frombytes(samples)
                if len(original) > wav.LONGEST * rate:
                    raise _unreadable(path, f"it is longer than {wav.LONGEST} seconds")
            telephone = array("h", _at_telephone_rate(av, original, rate))
    except (av.FFmpegError, OSError, ValueError, EOFError, RuntimeError, MemoryError) as error:
        raise _unreadable(path, "it is damaged, or of a kind that nobody uses for speech") from error
    if not telephone:
        raise _unreadable(path, "there is no sound in it")
    return Recording(Sound(telephone, wav.RATE), clipped=_is_clipped(original))


def _mono(av: ModuleType, file: InputContainer, rate: int) -> Iterator[bytes]:
    """The samples of the first stream of sound, 16 bit and one channel, at the rate that it has."""
    mixer = av.AudioResampler(format="s16", layout="mono", rate=rate)
    for frame in file.decode(audio=0):
        for mixed in mixer.resample(frame):
            yield _bytes(mixed)
    for mixed in mixer.resample(None):
        yield _bytes(mixed)


def _at_telephone_rate(av: ModuleType, samples: array[int], rate: int) -> bytes:
    """The same at 8 kHz; FFmpeg filters off first what the telephone cannot carry."""
    if rate == wav.RATE or not samples:
        return samples.tobytes()
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate = rate
    converter = av.AudioResampler(format="s16", layout="mono", rate=wav.RATE)
    return b"".join(_bytes(part) for part in (*converter.resample(frame), *converter.resample(None)))


def _bytes(frame: AudioFrame) -> bytes:
    return bytes(frame.planes[0])[: 2 * frame.samples]


def _is_clipped(samples: array[int]) -> bool:
    loud = [place for place, sample in enumerate(samples) if abs(sample) >= FULL]
    return sum(1 for first, third in zip(loud, loud[2:], strict=False) if third == first + 2) > MOST_CLIPPED
