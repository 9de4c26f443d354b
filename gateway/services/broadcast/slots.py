"""The slots of an organiser's text: `{name}, the meeting is on {notice.date}.`

What is the same for everybody (our number, the meeting's day) is written in when the broadcast is approved; her name and number are
filled in when the text goes to her, and give way to a neutral word on a phone that is not hers alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gateway.core import people, sms
from gateway.engine import wording
from gateway.engine.definition import Slot, Texts
from gateway.errors import GatewayError
from gateway.language import speech

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast

# The formats that each may have; the first where none is written.
PERSONAL: Mapping[str, tuple[str, ...]] = {"name": ("text",), "number": ("text", "digits")}
FIXED: Mapping[str, tuple[str, ...]] = {
    "organisation": ("text", "phrase"),
    "phone": ("text", "digits"),
    "notice.date": ("date", "weekday"),
    "notice.time": ("time",),
    "notice.place": ("text",),
    "notice.kind": ("text", "phrase"),
}
KNOWN: Mapping[str, tuple[str, ...]] = {**PERSONAL, **FIXED}
OF_NOTICE = "notice."

LONGEST_NAME = 24  # characters of a name that is written in; who has a longer one gets the neutral word
LONGEST_NUMBER = "9" * 11
NEUTRAL: Mapping[str, str] = {"name": "dear_friend", "number": "not_shown"}  # phrases of flows/phrases.yaml
TEXTS_KEPT = 256  # cut at their slots

Pieces = tuple[str | Slot, ...]


class Person(NamedTuple):
    """Whom a text is for, where its phone is hers alone and she is not private: her name (None: not written down yet) and number."""

    name: str | None
    number: str


@lru_cache(TEXTS_KEPT)
def _cut(text: str) -> Pieces:
    return wording.split(text)


def cut(language: str, text: str) -> Pieces:
    """A text at its slots. GatewayErrors `broadcast:braces`, `broadcast:unknown-slot` (with the nearest name), `broadcast:slot-format`."""
    try:
        pieces = _cut(text)
    except ValueError as error:
        raise GatewayError("broadcast:braces", language=language, part=str(error), known=_listed()) from None
    for slot in _slots(pieces):
        formats = KNOWN.get(slot.name)
        if formats is None:
            near = difflib.get_close_matches(slot.name, KNOWN, 1, 0.5)
            hint = f" Did you mean {{{near[0]}}}?" if near else ""
            raise GatewayError("broadcast:unknown-slot", language=language, slot=f"{{{slot.name}}}", hint=hint, known=_listed())
        if slot.format not in {*formats, wording.TEXT}:
            raise GatewayError("broadcast:slot-format", slot=f"{{{slot.name}:{slot.format}}}", formats=" or ".join(formats))
    return pieces


def tells_of_notice(language: str, text: str) -> bool:
    """Whether it has a slot that only a notice can fill."""
    return any(slot.name.startswith(OF_NOTICE) for slot in _slots(cut(language, text)))


def is_personal(text: str) -> bool:
    """Whether it differs from person to person."""
    return "{" in text and any(slot.name in PERSONAL for slot in _slots(_cut(text)))


def write_in(language: str, text: str, values: Mapping[str, object]) -> str:
    """The text with what is the same for everybody; her name and number stay slots. GatewayError `broadcast:notice-lacks`."""
    return "".join(piece if isinstance(piece, str) else _fixed(language, piece, values) for piece in cut(language, text))


def fill(gateway: Gateway, broadcast: Broadcast, language: str, person: Person | None) -> str:
    """The words of an approved broadcast for one person; for None, those that tell nobody who else has this phone."""
    template = broadcast.texts[language]
    return _personal(template, language, person, gateway.catalogue.phrases) if "{" in template else template


def example(text: str, language: str, phrases: Mapping[str, Texts]) -> str:
    """The text as somebody reads it who has a usual name and number."""
    name = "Sita Tamang" if _is_plain(_cut(text)) else "सीता तामाङ"
    return _personal(text, language, Person(name, "104212"), phrases)


def longest(text: str, language: str, phrases: Mapping[str, Texts]) -> str:
    """The text as the longest likely name and number make it, or the neutral words: whichever takes more room."""
    if not is_personal(text):
        return text
    likely = Person("Nn" * (LONGEST_NAME // 2) if _is_plain(_cut(text)) else "नी" * (LONGEST_NAME // 2), LONGEST_NUMBER)
    ways = (_personal(text, language, person, phrases) for person in (likely, None))
    return max(ways, key=lambda way: (sms.segments(way).count, sms.segments(way).units))


def in_language(texts: Texts, language: str) -> str | None:
    """What stands there in a language, in its own script or else the other."""
    return texts.get(language) or texts.get(speech.plain_language(language))


def _slots(pieces: Pieces) -> list[Slot]:
    return [piece for piece in pieces if isinstance(piece, Slot)]


def _listed() -> str:
    return " ".join(f"{{{name}}}" for name in KNOWN)


def _fixed(language: str, slot: Slot, values: Mapping[str, object]) -> str:
    if slot.name in PERSONAL:
        return f"{{{slot.name}}}" if slot.format == wording.TEXT else f"{{{slot.name}:{slot.format}}}"
    value = values.get(slot.name)
    if value is None:
        raise GatewayError("broadcast:notice-lacks", what=slot.name.removeprefix(OF_NOTICE), language=language, slot=f"{{{slot.name}}}")
    form = KNOWN[slot.name][0] if slot.format == wording.TEXT else slot.format
    written = speech.write(language, form, value) if form in speech.FORMATS else str(value)
    return written.translate({ord("{"): "(", ord("}"): ")"})  # a place's name is no slot


def _personal(template: str, language: str, person: Person | None, phrases: Mapping[str, Texts]) -> str:
    pieces = _cut(template)
    plain = _is_plain(pieces)
    return "".join(piece if isinstance(piece, str) else _of_her(piece, language, person, phrases, plain=plain) for piece in pieces)


def _of_her(slot: Slot, language: str, person: Person | None, phrases: Mapping[str, Texts], *, plain: bool) -> str:
    if person is not None and slot.name == "number":
        return speech.write(language, "digits", person.number) if slot.format == "digits" else person.number
    if person is not None and person.name is not None and _fits(name := people.clean(person.name), plain=plain):
        return name
    return _neutral(slot.name, language, phrases, plain=plain)


def _fits(name: str, *, plain: bool) -> bool:
    """Whether a name is no longer than was planned, and makes no plain text Unicode: that would cost more than what was approved."""
    if plain:
        return sms.is_plain(name) and 0 < sms.segments(name).units <= LONGEST_NAME
    return 0 < len(name) <= LONGEST_NAME and max(name) <= "\uffff"


def _neutral(name: str, language: str, phrases: Mapping[str, Texts], *, plain: bool) -> str:
    script = speech.in_script(speech.plain_language(language), romanised=plain)
    return in_language(phrases[NEUTRAL[name]], script) or ""


def _is_plain(pieces: Pieces) -> bool:
    return all(sms.is_plain(piece) for piece in pieces if isinstance(piece, str))
