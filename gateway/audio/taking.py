"""Taking in recordings: from a folder that a studio delivered, or one that was made by phone. Cleaned, levelled, and never half there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.audio import wav
from gateway.audio.build import put
from gateway.audio.catalogue import MIDDLE, Clip, changing, read_manifest, write_manifest
from gateway.audio.decode import decode
from gateway.audio.numbers import Numbers
from gateway.audio.wav import Sound
from gateway.errors import GatewayError

NUMBERED = re.compile(r"(?P<number>[0-9]{5})(?:[ _-].*)?")  # 10012.wav, "10012 goodbye.wav"
OTHERS = frozenset({".csv", ".html", ".txt", ".pdf", ".tsv", ".docx"})  # the script itself, and what else lies about in a studio's folder
ODD_LENGTH = 3.0  # so many times as long, or as short, as the placeholder: perhaps another text
SHORT = 0.4  # seconds; the lengths of single words say nothing


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did: clips that are now recordings, what to listen to once more, and what was refused."""

    clips: tuple[str, ...]
    doubts: tuple[str, ...]
    refused: tuple[GatewayError, ...]


def clean(path: Path) -> Sound:
    """The recording as a clip: 8 kHz, without the silence around it, speech at -22 dBFS.

    Raises GatewayError `audio:unreadable`, `audio:silent` or `audio:clipped`.
    """
    recording = decode(path)
    if recording.clipped:
        raise GatewayError("audio:clipped", file=path.name)
    return _fitted(recording.sound, path.name)


def clean_call(path: Path) -> Sound:
    """The same for a recording from a call, which is at telephone quality already: plain WAV needs no decoder."""
    try:
        sound = wav.resample(wav.read(path))
    except GatewayError:
        sound = decode(path).sound
    return _fitted(sound, path.name)


def _fitted(sound: Sound, name: str) -> Sound:
    spoken = wav.cut_out(sound.samples)
    if not spoken:
        raise GatewayError("audio:silent", file=name)
    return Sound(wav.level(spoken), wav.RATE)


def install(folder: Path, language: str, clip: str, text: str, sound: Sound) -> None:
    """Make a cleaned recording the clip that callers hear. `text` is what was read."""
    home = folder / language
    with changing(home):
        entry = put(home, clip, sound, Clip(text, 0, "", "recorded"))
        write_manifest(home, {**read_manifest(home), clip: entry})


def take_folder(folder: Path, recordings: Path, language: str, texts: Mapping[str, str], numbers: Numbers) -> Taken:
    """Take in the recordings of a folder: each file is named as its clip (`claim_status/paid-1.mp3`) or by its number (`10012.wav`).

    What is good is taken, what is not is refused with its reason; `recordings` itself is not changed. `texts` are the clips of the
    language and what they say. All is read and cleaned before the first clip is replaced.
    """
    chosen, refused = _sort(recordings, language, texts, numbers)
    sounds: dict[str, Sound] = {}
    for clip, path in chosen.items():
        try:
            sounds[clip] = clean(path)
        except GatewayError as fault:
            if fault.code == "audio:no-decoder":
                raise
            refused.append(_at(fault, path, recordings))
    home = folder / language
    with changing(home):
        manifest = read_manifest(home)
        doubts = tuple(_doubts(sounds, manifest))
        if sounds:
            taken = {
                clip: put(home, clip, sound, Clip(texts[clip.removesuffix(MIDDLE)], 0, "", "recorded")) for clip, sound in sounds.items()
            }
            write_manifest(home, {**manifest, **taken})
    return Taken(tuple(sounds), doubts, tuple(refused))


def _sort(recordings: Path, language: str, texts: Mapping[str, str], numbers: Numbers) -> tuple[dict[str, Path], list[GatewayError]]:
    """Which file is for which clip, and what is for none or stands beside another."""
    chosen: dict[str, Path] = {}
    twice: set[str] = set()
    refused: list[GatewayError] = []
    for path in _files(recordings):
        name = path.relative_to(recordings).with_suffix("").as_posix()
        shown = path.relative_to(recordings).as_posix()
        clip = _clip_of(name, language, texts, numbers)
        if clip is None:
            refused.append(GatewayError("audio:unknown-name", file=shown, language=language, hint=_nearest(name, texts)))
        elif clip in chosen:
            other = chosen[clip].relative_to(recordings).as_posix()
            refused.append(GatewayError("audio:twice", file=shown, other=other, clip=clip))
            twice.add(clip)
        else:
            chosen[clip] = path
    return {clip: path for clip, path in chosen.items() if clip not in twice}, refused


def _files(recordings: Path) -> Iterator[Path]:
    """Regular files within the folder itself; what is hidden, and what is plainly a document, is passed over."""
    inside = recordings.resolve()
    for path in sorted(recordings.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(recordings).parts)
        if not hidden and path.is_file() and path.resolve().is_relative_to(inside) and path.suffix.lower() not in OTHERS:
            yield path


def _clip_of(name: str, language: str, texts: Mapping[str, str], numbers: Numbers) -> str | None:
    if name.removesuffix(MIDDLE) in texts:
        return name
    numbered = NUMBERED.fullmatch(name.rpartition("/")[2])
    owner, clip = numbers.by_number.get(numbered["number"], ("", "")) if numbered else ("", "")
    return clip if owner == language and clip in texts else None


def _nearest(name: str, texts: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, texts, n=1, cutoff=0.5)
    return f" Did you mean {near[0]}?" if near else ""


def _at(fault: GatewayError, path: Path, recordings: Path) -> GatewayError:
    shown = path.relative_to(recordings).parent.as_posix()
    fault.where = "" if shown == "." else shown
    return fault


def _doubts(sounds: Mapping[str, Sound], manifest: Mapping[str, Clip]) -> Iterator[str]:
    for clip, sound in sounds.items():
        before = manifest.get(clip)
        if before is not None and before.source == "placeholder" and max(before.seconds, sound.seconds) > SHORT:
            longer = max(before.seconds, sound.seconds) / max(0.01, min(before.seconds, sound.seconds))
            if longer > ODD_LENGTH:
                yield f"{clip}: it lasts {sound.seconds:.1f} s, the placeholder {before.seconds:.1f} s. Is it the right text?"
