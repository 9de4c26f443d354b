"""What callers hear, for organisers: the words in a language, and their clips joined into one sound."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.audio import wav
from gateway.core.events import clip_path
from gateway.engine import wording
from gateway.errors import GatewayError
from gateway.services.sayings import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.engine.definition import Prompt
    from gateway.engine.wording import Lookup
    from gateway.services.context import Gateway

BREATH = 0.3  # seconds between two prompts


@dataclass(frozen=True, slots=True)
class Heard:
    """What is said in a language, prompt by prompt: the words, and the files of each prompt's clips.

    `complete`: every clip is there, so that it can be played.
    """

    language: str
    text: str
    files: tuple[tuple[Path, ...], ...]
    complete: bool


def said(gateway: Gateway, language: str, prompts: Iterable[Prompt], lookup: Lookup) -> Heard:
    """These prompts one after the other, with the values that `lookup` gives to their slots."""
    catalogue = gateway.catalogue
    texts: list[str] = []
    files: list[tuple[Path, ...]] = []
    for prompt in prompts:
        clips, text = wording.speak(prompt, language, lookup, catalogue.phrases)
        texts.append(text)
        files.append(tuple(_file(gateway, language, clip) for clip in catalogue.intoned(language, clips)))
    there = [file for of_prompt in files for file in of_prompt]
    return Heard(language, " ".join(filter(None, texts)), tuple(files), bool(there) and all(file.is_file() for file in there))


def sound(heard: Heard) -> bytes:
    """All of it as one WAV file, 8 kHz. GatewayError `audio:unknown-clip` where a clip is missing."""
    if not heard.complete:
        raise GatewayError("audio:unknown-clip")
    samples: array[int] = array("h")
    for of_prompt in heard.files:
        for file in of_prompt:
            samples += wav.read(file).samples
        samples += wav.silence(BREATH).samples
    return wav.as_file(wav.Sound(samples, wav.RATE))


def _file(gateway: Gateway, language: str, clip: str) -> Path:
    """Words of an organisation's own lie with its data, all others among the clips."""
    settings, path = gateway.settings, f"{clip_path(language, clip)}.wav"
    return (settings.data_dir if path.startswith(f"{FOLDER}/") else settings.audio_dir) / path
