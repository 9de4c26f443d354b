"""A transcript as a conversation to read: who does or says what, with the clips of what is said, as far as they are always the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.engine.definition import Catalogue, Fragment, Prompt
from gateway.transcripts.grammar import DEEDS, SETTINGS, Entry, Transcript
from gateway.transcripts.matching import NAME, OPEN, open_form, same_words


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `verb` is the grammar's. `clips` are named below the language's folder; of values (amounts, days) there are none."""

    who: Literal["caller", "gateway", "note"]
    verb: str
    text: str
    clips: tuple[str, ...] = ()


def as_talk(transcript: Transcript, catalogue: Catalogue, language: str) -> list[Line]:
    """The lines of a transcript; prompts that are named stand as the words that are heard, values in them as `…`."""
    prompts = list(catalogue.prompts())
    return [_line(entry, prompts, catalogue, language) for entry in transcript.entries]


def _line(entry: Entry, prompts: Sequence[Prompt], catalogue: Catalogue, language: str) -> Line:
    if entry.verb in SETTINGS or entry.verb == "after":
        return Line("note", entry.verb, entry.value)
    if entry.verb in DEEDS:
        return Line("caller", entry.verb, entry.value)
    if entry.verb != "hears":
        return Line("gateway", entry.verb, entry.value)
    written = entry.value.strip('"')
    meant = (prompt for prompt in prompts if _is_meant(prompt, written, catalogue, language))
    prompt = max(meant, key=lambda prompt: _certain(prompt, language), default=None)
    if prompt is None:
        return Line("gateway", entry.verb, written)
    pieces = prompt.pieces.get(language, ())
    text = open_form(pieces, catalogue.phrases, language) if NAME.fullmatch(written) else written
    return Line(
        "gateway", entry.verb, OPEN.sub("…", text), tuple(piece.clip for piece in pieces if isinstance(piece, Fragment) and piece.clip)
    )


def _is_meant(prompt: Prompt, written: str, catalogue: Catalogue, language: str) -> bool:
    if NAME.fullmatch(written):
        return prompt.name == written or any(
            isinstance(piece, Fragment) and piece.clip == written for piece in prompt.pieces.get(language, ())
        )
    spoken = open_form(prompt.pieces.get(language, ()), catalogue.phrases, language)
    return bool(spoken) and same_words(spoken, written)


def _certain(prompt: Prompt, language: str) -> int:
    """How many letters of a prompt are always the same: one that is a value alone could be anything that is heard."""
    return sum(len(piece.text) for piece in prompt.pieces.get(language, ()) if isinstance(piece, Fragment))
