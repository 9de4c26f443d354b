"""A text with slots: cut when its file is read, filled when it is said.

>>> split("{claim.paid_on:date} we sent {claim.amount:money}.")
(Slot(name='claim.paid_on', format='date'), ' we sent ', Slot(name='claim.amount', format='money'), '.')
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from typing import TypeGuard

from gateway.engine.definition import Fragment, Prompt, Slot, Texts
from gateway.errors import GatewayError
from gateway.language import speech

TEXT = "text"  # the value as it is; texts only, since nobody recorded it
PHRASE = "phrase"  # the value is a name of flows/phrases.yaml
SAYING = "saying"  # the value is such a clip, a space, and what it says: words that an organisation recorded for itself
CLIP = "clip"  # the value is a clip by its full name, `/ne/goodbye/say_goodbye-1`, or several with blanks between: a name, a take
FORMATS = speech.FORMATS | {TEXT, PHRASE, SAYING, CLIP}

# The phrase by which an organisation is named that has none of its own. Its own is `organisation_` and its id: `organisation_mahila_sangh`.
ORGANISATION = "organisation"
ITS_NAME = Slot("organisation.name", PHRASE)  # what `{organisation}` becomes: which organisation it is, only the conversation tells

BRACES = re.compile(r"\{([^{}]*)\}")
SLOT = re.compile(r"(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)(?::(?P<format>[a-z]+))?")
SPOKEN = re.compile(r"[^\W_]")  # a letter or digit; what has none is punctuation and needs no clip

Lookup = Callable[[str], object]


def split(text: str) -> tuple[str | Slot, ...]:
    """Cut a text at its slots. Raises ValueError with the part that cannot be read where a brace is no slot."""
    parts: list[str | Slot] = []
    end = 0
    for braces in BRACES.finditer(text):
        before, end = text[end : braces.start()], braces.end()
        slot = SLOT.fullmatch(braces[1])
        if slot is None:
            raise ValueError(braces[0])
        parts += [before] if before else []
        parts.append(Slot(slot["name"], slot["format"] or TEXT))
    rest = text[end:]
    parts += [rest] if rest else []
    for part in parts:
        if isinstance(part, str) and ("{" in part or "}" in part):
            raise ValueError(part.strip())
    return tuple(parts)


def is_phrase(part: str | Slot, phrases: Container[str]) -> TypeGuard[Slot]:
    """Whether a part is a phrase by itself (`{organisation}`), not a value that holds a phrase's name."""
    return isinstance(part, Slot) and part.name in phrases and part.format in {TEXT, PHRASE}


def phrase_of(organisation_id: str, phrases: Container[str]) -> str:
    """The phrase by which this organisation is named.

    >>> phrase_of("mahila-sangh", {"organisation", "organisation_mahila_sangh"}), phrase_of("main", {"organisation"})
    ('organisation_mahila_sangh', 'organisation')
    """
    own = own_phrase(organisation_id)
    return own if own in phrases else ORGANISATION


def own_phrase(organisation_id: str) -> str:
    """The phrase that names this organisation and no other; there need not be one."""
    return f"{ORGANISATION}_{organisation_id.replace('-', '_')}"


def is_name(phrase: str) -> bool:
    """Whether a phrase is the name of an organisation."""
    return phrase == ORGANISATION or phrase.startswith(f"{ORGANISATION}_")


def _with_its_name(parts: Sequence[str | Slot], phrases: Container[str]) -> list[str | Slot]:
    return [ITS_NAME if is_phrase(part, phrases) and part.name == ORGANISATION else part for part in parts]


def for_voice(parts: Sequence[str | Slot], clip_stem: str, phrases: Mapping[str, str]) -> tuple[Fragment | Slot, ...]:
    """The pieces of a spoken text: `clip_stem`-1, -2, ... for the words between slots; `phrases` in this text's language."""
    pieces: list[Fragment | Slot] = []
    clips = 0
    for part in _with_its_name(parts, phrases):
        if is_phrase(part, phrases):
            pieces.append(Fragment(phrases[part.name], f"phrase/{part.name}"))
        elif isinstance(part, Slot):
            pieces.append(part)
        elif SPOKEN.search(part):
            clips += 1
            pieces.append(Fragment(part, f"{clip_stem}-{clips}"))
        else:
            pieces.append(Fragment(part, ""))
    return tuple(pieces)


def for_text(parts: Sequence[str | Slot], phrases: Mapping[str, str]) -> tuple[str | Slot, ...]:
    """The pieces of a written text, with its literal phrases written in."""
    return tuple(phrases[part.name] if is_phrase(part, phrases) else part for part in _with_its_name(parts, phrases))


def speak(prompt: Prompt, language: str, lookup: Lookup, phrases: Mapping[str, Texts]) -> tuple[tuple[str, ...], str]:
    """The clips of a prompt in their order, and what they say. A slot without a value that can be spoken is passed over in silence."""
    clips: list[str] = []
    said: list[str] = []
    for piece in prompt.pieces.get(language, ()):
        if isinstance(piece, Fragment):
            said.append(piece.text)
            if piece.clip:
                clips.append(piece.clip)
        elif text := _filled(piece, language, lookup, phrases):
            said.append(text)
            clips.extend(_clips(piece.format, language, lookup(piece.name)))
    return tuple(clips), "".join(said).strip()


def _clips(form: str, language: str, value: object) -> tuple[str, ...]:
    if form == CLIP:
        return tuple(str(value).split())
    if form == SAYING:
        clip = str(value).partition(" ")[0]
        return (clip,) if clip else ()
    return (f"phrase/{value}",) if form == PHRASE else speech.speak(language, form, value)


def write(prompt: Prompt, language: str, lookup: Lookup, phrases: Mapping[str, Texts]) -> str:
    """The prompt as a text message; `language` may name a script (`ne_latn`), which falls back to the language's own."""
    if language not in prompt.sms:
        language = speech.plain_language(language)
    pieces = prompt.sms.get(language, ())
    return "".join(piece if isinstance(piece, str) else _filled(piece, language, lookup, phrases) for piece in pieces).strip()


def _filled(slot: Slot, language: str, lookup: Lookup, phrases: Mapping[str, Texts]) -> str:
    """What stands in a slot; nothing where there is no value, or none that the format can hold: a caller hears no error."""
    value = lookup(slot.name)
    if value is None:
        return ""
    if slot.format in _AS_TEXT:
        return _AS_TEXT[slot.format](str(value))
    if slot.format == PHRASE:
        texts = phrases.get(str(value), {})
        return texts.get(language) or texts.get(speech.plain_language(language), "")
    try:
        return speech.write(language, slot.format, value)
    except GatewayError:
        return ""


_AS_TEXT: Mapping[str, Callable[[str], str]] = {
    TEXT: lambda value: value,
    CLIP: lambda value: f"[{value}]",
    SAYING: lambda value: value.partition(" ")[2],
}
