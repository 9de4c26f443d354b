"""Values into speech and writing: a slot `{claim.amount:money}` becomes clip names for a call, and text for SMS and transcripts.

>>> speak("ne", "date", "2026-11-21")
('month/8', 'number/5', 'word/gate')
>>> write("ne", "money", 123400), write("en", "money", 123400)
('रु १,२३४', 'Rs 1,234')

To add a language, write a file like `en.py` and add it to `_LANGUAGES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

from gateway.core.calendar import NEPAL
from gateway.core.digits import fold_digits
from gateway.core.money import PAISA_PER_RUPEE
from gateway.errors import GatewayError
from gateway.language.base import LARGEST_NUMBER, Clips, Language
from gateway.language.en import English
from gateway.language.mai import Maithili
from gateway.language.ne import Nepali, RomanisedNepali

_LANGUAGES: Mapping[str, Language] = {language.code: language for language in (Nepali(), English(), Maithili())}

LANGUAGES = tuple(_LANGUAGES)

# Other scripts in which a language is written, never spoken: the code of the language with the script's behind it.
_SCRIPTS: Mapping[str, Language] = {language.code: language for language in (RomanisedNepali(),)}
SCRIPTS = tuple(_SCRIPTS)


def language_of(code: str) -> Language:
    """The language's words and grammar; raises `language:unknown`."""
    if code not in _LANGUAGES:
        raise GatewayError("language:unknown", language=code, known=", ".join(LANGUAGES))
    return _LANGUAGES[code]


def in_script(language: str, *, romanised: bool) -> str:
    """The code under which a language's texts are written: `ne_latn` for Nepali in Latin letters.

    >>> in_script("ne", romanised=True), in_script("en", romanised=True)
    ('ne_latn', 'en')
    """
    return f"{language}_latn" if romanised and f"{language}_latn" in _SCRIPTS else language


def plain_language(code: str) -> str:
    """The language of a code with or without a script."""
    return code.partition("_")[0]


def vocabulary(language: str) -> Mapping[str, str]:
    """Clip name -> the word to be spoken, for every clip that `speak` can name in this language."""
    return language_of(language).vocabulary()


def speak(language: str, format: str, value: object) -> Clips:  # noqa: A002  # the flow language calls it a format
    """Clip names, in the order in which they are played.

    `number` and `money` (paisa) take an int, or its digits; `digits` text; `date`, `weekday` and `time` a date, an aware datetime or
    either in ISO form; `month` a Bikram Sambat month such as "2083-08". Raises `language:value` for anything else.
    """
    voice = language_of(language)
    if format not in _SPEAK:
        raise _unknown_format(format)
    return _SPEAK[format](voice, value)


def write(language: str, format: str, value: object) -> str:  # noqa: A002
    """The same value as text. Takes what `speak` takes; `language` may be one of `SCRIPTS` too."""
    voice = _SCRIPTS.get(language) or language_of(language)
    if format not in _WRITE:
        raise _unknown_format(format)
    return _WRITE[format](voice, value)


def _whole(value: object, largest: int = LARGEST_NUMBER) -> int:
    """`int` itself reads too much: Devanagari, spaces, 1_000. Values that a person typed were folded when they came in."""
    if not isinstance(value, bool) and re.fullmatch(r"[0-9]{1,13}", str(value)) and int(str(value)) <= largest:
        return int(str(value))
    raise GatewayError("language:value", expected=f"A whole number from 0 to {largest}")


def _paisa(value: object) -> int:
    return _whole(value, LARGEST_NUMBER * PAISA_PER_RUPEE)


def _digits(value: object) -> str:
    digits = re.sub(r"[^0-9]", "", fold_digits(str(value)))
    if not digits:
        raise GatewayError("language:value", expected="At least one digit")
    return digits


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise GatewayError("language:value", expected="A day that exists") from None
    return _instant(value).date()


def _instant(value: object) -> datetime:
    """In Nepal time. Without a zone nobody can tell what an hour means, so it is refused."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(NEPAL)
    raise GatewayError("language:value", expected="A day or moment in ISO form, with its zone, as 2026-11-21T08:00+05:45,")


def _month(value: object) -> int:
    if isinstance(value, str) and (written := re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", value)):
        return int(written[1])
    raise GatewayError("language:value", expected="A Bikram Sambat month such as 2083-08")


def _unknown_format(name: str) -> GatewayError:
    return GatewayError("language:format", format=name, known=", ".join(sorted(FORMATS)))


_SPEAK: Mapping[str, Callable[[Language, object], Clips]] = {
    "number": lambda voice, value: voice.speak_number(_whole(value)),
    "digits": lambda voice, value: voice.speak_digits(_digits(value)),
    "money": lambda voice, value: voice.speak_money(_paisa(value)),
    "date": lambda voice, value: voice.speak_date(_day(value)),
    "month": lambda voice, value: voice.speak_month(_month(value)),
    "weekday": lambda voice, value: voice.speak_weekday(_day(value)),
    "time": lambda voice, value: voice.speak_time(_instant(value)),
}
_WRITE: Mapping[str, Callable[[Language, object], str]] = {
    "number": lambda voice, value: voice.write_number(_whole(value)),
    "digits": lambda voice, value: voice.write_digits(fold_digits(str(value))),
    "money": lambda voice, value: voice.write_money(_paisa(value)),
    "date": lambda voice, value: voice.write_date(_day(value)),
    "month": lambda voice, value: voice.write_month(_month(value)),
    "weekday": lambda voice, value: voice.write_weekday(_day(value)),
    "time": lambda voice, value: voice.write_time(_instant(value)),
}
FORMATS = frozenset(_SPEAK)
