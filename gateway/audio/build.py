"""Making the clips: placeholders where nobody has recorded yet, recordings where somebody has. A recording always wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.audio import wav
from gateway.audio.catalogue import MIDDLE, SILENCE, Clip, Source, checksum, read_manifest, write_manifest
from gateway.audio.wav import Sound
from gateway.errors import GatewayError

PAUSES = ("500", "3000")  # milliseconds: after a key; while a caller thinks
Required = Iterable[tuple[str, str, str]]  # language, clip, text


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did: clips made, and placeholders dropped because no prompt uses them, as `language/clip`."""

    made: tuple[str, ...]
    dropped: tuple[str, ...]


def build(folder: Path, required: Required, speak: Callable[[str], Sound]) -> Built:
    """Make every clip that is missing, stale or damaged, and drop placeholders that nothing uses. No recording is touched."""
    _write_pauses(folder / SILENCE)
    made: list[str] = []
    dropped: list[str] = []
    for language, texts in _by_language(required).items():
        home = folder / language
        old = read_manifest(home)
        manifest = {clip: entry for clip, entry in old.items() if clip in texts or entry.source == "recorded"}
        for clip, text in texts.items():
            if not _is_kept(home, clip, old.get(clip), text):
                manifest[clip] = _write(home, clip, text, speak(text), "placeholder")
                made.append(f"{language}/{clip}")
        if manifest != old:
            write_manifest(home, manifest)
        dropped += [f"{language}/{name}" for name in _drop_strays(home, manifest)]
    return Built(tuple(made), tuple(dropped))


def take(folder: Path, recordings: Path, language: str, required: Required) -> tuple[str, ...]:
    """Take in every recording of a folder that is laid out as the clips are (`claim_status/paid-1.wav`); returns the clips' names.

    Each one is brought to 8 kHz, trimmed and levelled. Nothing is taken when one of them cannot be: raises an ExceptionGroup of
    GatewayErrors `audio:unknown-clip` and `audio:unreadable`.
    """
    texts = _by_language(required).get(language, {})
    sounds: dict[str, Sound] = {}
    faults: list[GatewayError] = []
    for path in sorted(recordings.rglob("*.wav")):
        clip = path.relative_to(recordings).with_suffix("").as_posix()
        try:
            sounds[clip] = _fitted(path)
        except GatewayError as error:
            faults.append(error)
        if clip.removesuffix(MIDDLE) not in texts:
            faults.append(GatewayError("audio:unknown-clip", where=f"{clip}.wav"))
    if faults:
        raise ExceptionGroup("some recordings cannot be taken in", faults)
    home = folder / language
    taken = {clip: _write(home, clip, texts[clip.removesuffix(MIDDLE)], sound, "recorded") for clip, sound in sounds.items()}
    write_manifest(home, {**read_manifest(home), **taken})
    return tuple(taken)


def _fitted(path: Path) -> Sound:
    sound = wav.fit(wav.read(path))
    if not sound.samples:
        raise GatewayError("audio:unreadable", file=path.name, reason="nothing is heard in it")
    return sound


def _by_language(required: Required) -> Mapping[str, Mapping[str, str]]:
    result: dict[str, dict[str, str]] = {}
    for language, clip, text in required:
        result.setdefault(language, {})[clip] = text
    return result


def _is_kept(home: Path, clip: str, entry: Clip | None, text: str) -> bool:
    if entry is None:
        return False
    path = home / f"{clip}.wav"
    return entry.source == "recorded" or (entry.text == text and path.is_file() and checksum(path) == entry.sha256)


def _write(home: Path, clip: str, text: str, sound: Sound, source: Source) -> Clip:
    fitted = sound if source == "recorded" else wav.fit(sound)
    path = home / f"{clip}.wav"
    wav.write(path, fitted)
    return Clip(text=text, seconds=round(fitted.seconds, 3), sha256=checksum(path), source=source)


def _write_pauses(home: Path) -> None:
    manifest: dict[str, Clip] = {}
    for name in PAUSES:
        path, sound = home / f"{name}.wav", wav.silence(int(name) / 1000)
        wav.write(path, sound)
        manifest[name] = Clip(text="", seconds=sound.seconds, sha256=checksum(path), source="recorded")
    write_manifest(home, manifest)


def _drop_strays(home: Path, manifest: Mapping[str, Clip]) -> list[str]:
    strays = [path for path in sorted(home.rglob("*.wav")) if path.relative_to(home).with_suffix("").as_posix() not in manifest]
    for path in strays:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return [path.relative_to(home).with_suffix("").as_posix() for path in strays]
