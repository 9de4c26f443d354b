"""The console's languages: English stands in the templates, Nepali in `translations/ne/*.po`, a file for each noun.

Translators open the `.po` files with Poedit or any other editor of gettext. A test extracts every text and asks for its translation, and
for each text in one file alone: those of several nouns stand in `console.po`. `translations/en` says for people what is written for the
command line.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.pofile import read_po
from flask import g

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

LANGUAGES: Mapping[str, str] = {"ne": "नेपाली", "en": "English"}
REASONS = "reasons.po"
SLOT = re.compile(r"\\?\{(\w+)\\?\}")  # as it stands in a text, and in one that is escaped for a pattern
FOLDER = Path(__file__).resolve().parent.parent / "translations"


def preferred(request: Request, otherwise: str) -> str:
    """The language in which a browser is answered that has not chosen one."""
    return request.accept_languages.best_match(LANGUAGES, otherwise if otherwise in LANGUAGES else "ne") or "ne"


def language() -> str:
    """In which the page that is being made speaks."""
    return str(g.get("language", "en"))


def gettext(text: str) -> str:
    """A text of the console in the page's language.

    Texts with values are written with names, `_("%(count)s members") % {"count": 3}`.
    """
    return _translations(language()).get(text) or text


def ngettext(one: str, many: str, count: int) -> str:
    """The text for this many: Nepali nouns do not change after a number, so that it has one form."""
    several = language() == "ne" or count != 1
    return gettext(many if several else one)


_ = gettext


def reason(text: str, shown: Callable[[str, str], str] = lambda _name, value: value) -> str:
    """What a service says of a value, a row or a recording, in the page's language.

    Known are whole texts, and texts with values in them, as "it lies before {year}" in `reasons.po`; `shown` makes of the name of such a
    value and the value what stands in the translation. Of several sentences each is looked for. What is not known stays as it is.
    """
    if (found := _translations(language()).get(text)) is not None:
        return found
    first, space, others = text.partition(". ")
    if space:
        return f"{reason(f'{first}.', shown)} {reason(others, shown)}"
    for form, other in _forms(language()):
        if match := form.fullmatch(text):
            return other.format(**{name: shown(name, value) for name, value in match.groupdict().items()})
    return text


@functools.cache
def _translations(code: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for file in sorted((FOLDER / code).glob("*.po")):
        found.update(_read(file))
    return found


def _read(file: Path) -> Iterator[tuple[str, str]]:
    for message in read_po(io.BytesIO(file.read_bytes())):
        if isinstance(message.id, str) and isinstance(message.string, str) and message.id and message.string:
            yield message.id, message.string


@functools.cache
def _forms(code: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The reasons that hold values: how such a text looks, and its translation; the one with most words first."""
    held = [(text, other) for text, other in _read(FOLDER / code / REASONS) if SLOT.search(text)]
    held.sort(key=lambda both: len(SLOT.sub("", both[0])), reverse=True)
    return tuple((re.compile(SLOT.sub(r"(?P<\1>.+)", re.escape(text)), re.DOTALL), other) for text, other in held)
