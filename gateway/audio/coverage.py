"""What is wrong with the clips, each with its file and its remedy, and how much of a language is recorded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.audio import wav
from gateway.audio.build import Required, by_language
from gateway.audio.catalogue import Clip, ClipCatalogue, checksum, clip_file
from gateway.audio.wav import Sound
from gateway.errors import GatewayError

LEVEL = -22.0  # dBFS of active speech
APART = 1.0  # dB from it to either side, so that no two clips are more than 2 dB apart
PEAK = -6.0  # dBFS
LONGEST_SILENCE = 0.3  # seconds before the first word or after the last
CLIPPED = 32_700

BUILD = "Run `gateway prompts build`."
RECORD = "Record it again."


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one clip. `kind`: missing, stale, needless, damaged, silent, clipped, loud, silence-before, silence-after, uneven."""

    language: str
    clip: str
    kind: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.language}/{self.clip}.wav: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a language has come. `stale` are counted among `recorded` or `placeholder` as well; seconds of all clips there are."""

    language: str
    needed: int
    recorded: int
    placeholder: int
    missing: int
    stale: int
    seconds: float


def coverage(clips: ClipCatalogue, required: Required) -> list[Coverage]:
    """One line for each language."""
    rows = []
    for language, texts in sorted(by_language(required).items()):
        manifest = clips.manifests.get(language, {})
        entries = {clip: manifest[clip] for clip in texts if clip in manifest}
        sources = [entry.source for entry in entries.values()]
        rows.append(
            Coverage(
                language=language,
                needed=len(texts),
                recorded=sources.count("recorded"),
                placeholder=sources.count("placeholder"),
                missing=len(texts) - len(entries),
                stale=sum(entry.text != texts[clip] for clip, entry in entries.items()),
                seconds=sum(entry.seconds for entry in entries.values()),
            )
        )
    return rows


def findings(clips: ClipCatalogue, required: Required) -> list[Finding]:
    """Everything that is wrong, sorted by language and clip."""
    found: list[Finding] = []
    for language, texts in by_language(required).items():
        manifest = clips.manifests.get(language, {})
        for clip in manifest.keys() - texts.keys():
            remedy = BUILD if manifest[clip].source == "placeholder" else "Delete the file and run `gateway prompts build`."
            found.append(Finding(language, clip, "needless", f"no prompt uses this clip. {remedy}"))
        for clip, text in texts.items():
            if clip in manifest:
                found += [Finding(language, clip, kind, words) for kind, words in _faults(clips, language, clip, text)]
            else:
                found.append(Finding(language, clip, "missing", f"there is no clip. {BUILD}"))
    return sorted(found, key=lambda finding: (finding.language, finding.clip, finding.kind))


def _faults(clips: ClipCatalogue, language: str, clip: str, text: str) -> Iterator[tuple[str, str]]:
    entry = clips.manifests[language][clip]
    remedy = BUILD if entry.source == "placeholder" else RECORD
    if entry.text != text:
        yield "stale", f"it says {entry.text!r}, the flow says {text!r}. {remedy}"
    damage = _damage(clips, language, clip, entry)
    if damage:
        yield "damaged", f"{damage} {BUILD if entry.source == 'placeholder' else 'Take in the recording again.'}"
        return
    for kind, words in heard(wav.read(clip_file(clips.folder / language, clip))).items():
        yield kind, f"{words} {RECORD if entry.source == 'recorded' else 'Delete the file and run `gateway prompts build`.'}"


def _damage(clips: ClipCatalogue, language: str, clip: str, entry: Clip) -> str | None:
    path = clip_file(clips.folder / language, clip)
    try:
        sound = wav.read(path)
    except GatewayError as fault:
        return str(fault.sentence)
    if sound.rate != wav.RATE:
        return f"it is at {sound.rate} Hz, and the telephone wants {wav.RATE}."
    return None if checksum(path) == entry.sha256 else "it is not the file of the manifest."


def heard(sound: Sound) -> Mapping[str, str]:
    """What a caller would be disturbed by in a clip at 8 kHz: kind -> sentence."""
    samples = sound.samples
    start, end = wav.speech(samples)
    if start == end:
        return {"silent": "nothing is heard in it."}
    faults: dict[str, str] = {}
    peak = max(map(abs, samples))
    if peak >= CLIPPED:
        faults["clipped"] = "it rattles, since it was recorded too loud."
    elif decibels(peak) > PEAK:
        faults["loud"] = f"its peaks reach {decibels(peak):.1f} dBFS, over {PEAK:.0f}."
    for kind, seconds, words in (
        ("silence-before", start / sound.rate, "before the first word"),
        ("silence-after", (len(samples) - end) / sound.rate, "after the last word"),
    ):
        if seconds > LONGEST_SILENCE:
            faults[kind] = f"there are {seconds:.1f} s of silence {words}, over {LONGEST_SILENCE}."
    loudness = decibels(wav.active_rms(samples))
    if abs(loudness - LEVEL) > APART:
        faults["uneven"] = f"its speech is at {loudness:.1f} dBFS, the others are at {LEVEL:.0f}: callers would hear a jump."
    return faults


def decibels(value: float) -> float:
    """A level of 16-bit sound in dBFS."""
    return 20 * math.log10(max(value, 1e-3) / 32767)
