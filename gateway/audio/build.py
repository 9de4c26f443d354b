"""Making placeholders: clips in a machine's voice where nobody has recorded yet. A recording always wins, and no build touches one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.audio import wav
from gateway.audio.catalogue import SILENCE, Clip, changing, checksum, clip_file, read_manifest, write_manifest
from gateway.audio.numbers import give_numbers
from gateway.audio.wav import Sound

PAUSES = ("500", "3000")  # milliseconds: after a key; while a caller thinks
Required = Iterable[tuple[str, str, str]]  # language, clip, text


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did: clips made, and placeholders dropped because no prompt uses them, as `language/clip`."""

    made: tuple[str, ...]
    dropped: tuple[str, ...]


def build(folder: Path, required: Required, speak: Callable[[str], Sound]) -> Built:
    """Make every clip that is missing, stale or damaged, give each its number, and drop placeholders that nothing uses.

    No recording is touched, unless its file was deleted: then the placeholder comes back.
    """
    _write_pauses(folder / SILENCE)
    made: list[str] = []
    dropped: list[str] = []
    for language, texts in by_language(required).items():
        home = folder / language
        with changing(home):
            old = read_manifest(home)
            manifest = {clip: entry for clip, entry in old.items() if clip in texts or entry.source == "recorded"}
            for clip, text in texts.items():
                if not _is_kept(home, clip, old.get(clip), text):
                    manifest[clip] = put(home, clip, wav.fit(speak(text)), Clip(text, 0, "", "placeholder"))
                    made.append(f"{language}/{clip}")
            if manifest != old:
                write_manifest(home, manifest)
            dropped += [f"{language}/{name}" for name in _drop_strays(home, manifest)]
        give_numbers(folder, [(language, clip) for clip in texts])
    return Built(tuple(made), tuple(dropped))


def by_language(required: Required) -> Mapping[str, Mapping[str, str]]:
    """Language -> clip -> text."""
    result: dict[str, dict[str, str]] = {}
    for language, clip, text in required:
        result.setdefault(language, {})[clip] = text
    return result


def put(home: Path, clip: str, sound: Sound, entry: Clip) -> Clip:
    """Write a clip's file, whole or not at all; returns what the manifest must say of it: `entry` with this file's seconds and checksum."""
    path = clip_file(home, clip)
    wav.write(path, sound)
    return Clip(text=entry.text, seconds=round(sound.seconds, 3), sha256=checksum(path), source=entry.source)


def _is_kept(home: Path, clip: str, entry: Clip | None, text: str) -> bool:
    path = clip_file(home, clip)
    if entry is None or not path.is_file():
        return False
    return entry.source == "recorded" or (entry.text == text and checksum(path) == entry.sha256)


def _write_pauses(home: Path) -> None:
    manifest: dict[str, Clip] = {}
    for name in PAUSES:
        path, sound = clip_file(home, name), wav.silence(int(name) / 1000)
        wav.write(path, sound)
        manifest[name] = Clip(text="", seconds=sound.seconds, sha256=checksum(path), source="recorded")
    if manifest != read_manifest(home):
        write_manifest(home, manifest)


def _drop_strays(home: Path, manifest: Mapping[str, Clip]) -> list[str]:
    strays = [path for path in sorted(home.rglob("*.wav")) if path.relative_to(home).with_suffix("").as_posix() not in manifest]
    for path in strays:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return [path.relative_to(home).with_suffix("").as_posix() for path in strays]
