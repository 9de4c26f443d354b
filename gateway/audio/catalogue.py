"""The clips that can be played: one WAV file for each piece of a prompt, in one folder for each language.

A manifest stands beside the clips of a language and ties each one to the text that it speaks. Change a text and its clip is stale:
`problems` names it before a caller hears words that are no longer meant.

    audio_prompts/ne/manifest.json      {"claim_status/paid-1": {"text": "तपाईंलाई पठायौँ।", "seconds": 1.6, ...
    audio_prompts/ne/claim_status/paid-1.wav
    audio_prompts/silence/500.wav       half a second of nothing; its manifest has no text
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from gateway.audio import wav
from gateway.core.events import clip_path
from gateway.errors import GatewayError

MANIFEST = "manifest.json"
LANGUAGE = re.compile(r"[a-z]{2,8}")
CLIP = re.compile(r"(?:[a-z][a-z0-9_]{0,63}/)?[a-z0-9_]{1,64}(?:\.[a-z0-9_]{1,64})?(?:-[0-9]{1,3})?")
TAKES = "takes"  # what the studio's recordings are served as until they are approved
SILENCE = "silence"  # the folder of silent clips, named by their milliseconds

MIDDLE = ".mid"  # behind the name of a clip whose words are recorded as they sound before others: number/5.mid

Source = Literal["placeholder", "recorded"]


@dataclass(frozen=True, slots=True)
class Clip:
    """What is known of one file: the words in it, its length, its checksum, and whether a person speaks or a machine."""

    text: str
    seconds: float
    sha256: str
    source: Source


Manifest = Mapping[str, Clip]


Signature = tuple[tuple[str, int, int], ...]


class ClipCatalogue:
    """All clips below one folder, as their manifests tell. Reading it opens no sound file.

    A manifest that changed on disk (a recording was taken in) is read again at the next question, so that no process has to be
    started anew; one that has become unreadable leaves what was known before.
    """

    def __init__(self, folder: Path, spoken: Path | None = None) -> None:
        """Raises GatewayError `audio:manifest` when a manifest cannot be understood."""
        self.folder, self.spoken = folder.resolve(), spoken
        self._signature = self._look()
        self._manifests = self._read()

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        signature = self._look()
        if signature != self._signature:
            self._signature = signature
            with suppress(GatewayError):
                self._manifests = self._read()
        return self._manifests

    def _read(self) -> Mapping[str, Manifest]:
        return {path.parent.name: read_manifest(path.parent) for path in sorted(self.folder.glob(f"*/{MANIFEST}"))}

    def _look(self) -> Signature:
        found = []
        for path in self.folder.glob(f"*/{MANIFEST}"):
            with suppress(FileNotFoundError):
                status = path.stat()
                found.append((path.parent.name, status.st_mtime_ns, status.st_ino))
        return tuple(sorted(found))

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(language for language in self.manifests if language != SILENCE)

    def clip(self, language: str, clip: str) -> Clip:
        """What the manifest says of a clip. Raises GatewayError `audio:unknown-clip`."""
        language, clip = _home(language, clip)
        try:
            return self.manifests[language][clip]
        except KeyError:
            raise GatewayError("audio:unknown-clip") from None

    def seconds(self, language: str, clip: str) -> float:
        """How long a clip lasts. Raises GatewayError `audio:unknown-clip`."""
        return self.clip(language, clip).seconds

    def prompt_seconds(self, language: str, clips: Iterable[str]) -> float:
        """How long these clips last, one after the other. What somebody recorded for one conversation (a name, a take) counts as nothing,
        unless `spoken` is the folder below which it lies."""
        homes = [_home(language, clip) for clip in clips]
        return sum(self.seconds(folder, name) if folder in self.manifests else self._spoken(folder, name) for folder, name in homes)

    def _spoken(self, folder: str, name: str) -> float:
        file = clip_file(self.spoken / folder, name) if self.spoken else None
        return wav.read(file).seconds if file and file.is_file() else 0.0

    def path(self, language: str, clip: str) -> Path:
        """The file of a clip, for whoever serves it. Raises GatewayError `audio:unknown-clip` for a name outside the manifest."""
        self.clip(language, clip)  # names come from addresses on the network: only what the manifest lists is looked for
        language, clip = _home(language, clip)
        path = clip_file(self.folder / language, clip)
        if not path.is_file() or not path.resolve().is_relative_to(self.folder):
            raise GatewayError("audio:unknown-clip")
        return path

    def middles(self) -> frozenset[tuple[str, str]]:
        """The (language, clip) that have a recording for the middle of a phrase as well."""
        return frozenset(
            (language, clip.removesuffix(MIDDLE))
            for language in self.languages
            for clip in self.manifests[language]
            if clip.endswith(MIDDLE) and clip.removesuffix(MIDDLE) in self.manifests[language]
        )

    def problems(self, required: Iterable[tuple[str, str, str]]) -> list[str]:
        """What is wrong with the clips, given those that the flows need as (language, clip, text); sorted, none when all is well."""
        wanted = {(language, clip): text for language, clip, text in required}
        for language, clip in self.middles() & wanted.keys():
            wanted[language, f"{clip}{MIDDLE}"] = wanted[language, clip]
        manifests = self.manifests
        languages = {language for language, _ in wanted}  # a draft's clips are nobody's fault
        found = {(language, clip): entry for language in languages for clip, entry in manifests.get(language, {}).items()}
        sentences = [f"{language}/{clip}: no prompt uses this clip." for language, clip in found.keys() - wanted.keys()]
        for (language, clip), text in wanted.items():
            entry = found.get((language, clip))
            problem = "there is no clip." if entry is None else _problem(self.folder / language, clip, entry, text)
            if problem:
                sentences.append(f"{language}/{clip}: {problem}")
        return sorted(sentences)


def _home(language: str, clip: str) -> tuple[str, str]:
    """The folder of a clip and its name there."""
    folder, _, name = clip_path(language, clip).partition("/")
    return folder, name


def _problem(folder: Path, clip: str, entry: Clip, text: str) -> str | None:
    if entry.text != text:
        return f"the clip is stale: it says {entry.text!r}, the flow says {text!r}."
    try:
        sound = wav.read(clip_file(folder, clip))
    except GatewayError as error:
        return error.sentence
    if sound.rate != wav.RATE:
        return f"the clip is at {sound.rate} Hz; the telephone wants {wav.RATE}."
    if checksum(clip_file(folder, clip)) != entry.sha256:
        return "the file is not the one in the manifest. Build it, or take in the recording, again."
    return None


def clip_file(folder: Path, clip: str) -> Path:
    """Where a clip lies below the folder of its language."""
    return folder / f"{clip}.wav"


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def open_clips(folder: Path, spoken: Path | None = None) -> ClipCatalogue:
    """Read the manifests below a folder; `spoken` is where recorded names and sayings lie. Raises GatewayError `audio:manifest`."""
    return ClipCatalogue(folder, spoken)


@contextmanager
def changing(home: Path) -> Iterator[None]:
    """Hold the folder of one language while its clips and manifest change: two that write at once would lose one another's lines."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_manifest(folder: Path) -> dict[str, Clip]:
    """The manifest of one language's folder; empty where there is none yet."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    try:
        manifest = {name: Clip(**entry) for name, entry in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise GatewayError("audio:manifest", where=f"{folder.name}/{MANIFEST}", reason=str(error)) from error
    if not LANGUAGE.fullmatch(folder.name) or not all(map(CLIP.fullmatch, manifest)):
        raise GatewayError("audio:manifest", where=f"{folder.name}/{MANIFEST}", reason="a name in it is not one of a clip")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of one language's folder, whole or not at all, one line for each clip so that changes can be read."""
    lines = [f"{json.dumps(name)}: {json.dumps(asdict(manifest[name]), ensure_ascii=False)}" for name in sorted(manifest)]
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{MANIFEST}.{os.getpid()}.part"
    with temporary.open("w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / MANIFEST)
