"""The console's languages: English stands in the templates, Nepali in `translations/ne/*.po`, a file for each noun.

Translators open the `.po` files with Poedit or any other editor of gettext. A test extracts every text and asks for its translation;
`python -m gateway.web.console.words` adds to the `.po` files what is missing in them.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.pofile import read_po
from flask import g

from gateway.errors import CATALOGUE, GatewayError
from gateway.services.statistics.writing import digits

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

LANGUAGES: Mapping[str, str] = {"ne": "नेपाली", "en": "English"}
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
    return gettext(many if language() == "ne" or count != 1 else one)


_ = gettext


def sentence(error: GatewayError) -> str:
    """What a fault says, in the page's language."""
    fault = CATALOGUE[error.code]
    translated = gettext(fault.sentence)
    if translated == fault.sentence:
        return error.sentence
    return translated.format(**{name: _shown(value) for name, value in error.values.items()})


def _shown(value: object) -> object:
    """A value of a sentence: reasons are texts, and whole numbers have the language's digits."""
    if isinstance(value, str):
        return gettext(value)
    return digits(str(value), language()) if isinstance(value, int) else value


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
