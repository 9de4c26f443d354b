"""The answers that an `ask` understands: what was pressed or written, as a value or as not understood (None). Pure and total.

A value is JSON: money whole paisa, a date `2026-11-21`, a phone E.164, the rest a text or a whole number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from gateway.core import calendar, money, phone, reference
from gateway.errors import GatewayError

MOST_DIGITS = 20  # longer than any answer: somebody leans on the keys
LONGEST_TEXT = 500
WHOLE = re.compile(r"[0-9]{1,9}")
DATE = re.compile(r"(?:(?P<year>[0-9]{4})[-/. ]?)?(?P<month>[0-9]{1,2})[-/. ](?P<day>[0-9]{1,2})|(?P<packed>[0-9]{4}|[0-9]{8})")


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer may be: `length` digits, `least` to `most` (money in paisa), one of `choices` (key -> word)."""

    length: int | None = None
    least: int | None = None
    most: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)

    def hold(self, number: int) -> bool:
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)


Understand = Callable[[str, Limits, datetime], object]


def _digits(answer: str, limits: Limits, _now: datetime) -> str | None:
    """Digits as they are: leading zeros count."""
    fits = len(answer) == limits.length if limits.length else len(answer) <= MOST_DIGITS
    return answer if answer.isascii() and answer.isdecimal() and fits else None


def _reference(answer: str, _limits: Limits, _now: datetime) -> str | None:
    """A number of ours, whose last digit checks the others: of a member, of a claim."""
    return answer if len(answer) <= MOST_DIGITS and reference.is_valid(answer) else None


def _number(answer: str, limits: Limits, _now: datetime) -> int | None:
    if not WHOLE.fullmatch(answer):
        return None
    number = int(answer)
    return number if limits.hold(number) else None


def _money(answer: str, limits: Limits, _now: datetime) -> int | None:
    paisa = money.parse(answer)
    return paisa if paisa is not None and limits.hold(paisa) else None


def _date(answer: str, _limits: Limits, now: datetime) -> str | None:
    """A day of the Bikram Sambat calendar: year, month and day, or month and day of this year."""
    written = DATE.fullmatch(answer)
    if written is None:
        return None
    packed = written["packed"]
    this_year = calendar.to_bs(now.astimezone(calendar.NEPAL).date()).year
    if packed:
        year, month, day = packed[:-4], packed[-4:-2], packed[-2:]
    else:
        year, month, day = written["year"], written["month"], written["day"]
    try:
        found: date = calendar.from_bs(calendar.BsDate(int(year or this_year), int(month), int(day)))
    except GatewayError:
        return None
    return found.isoformat()


def _phone(answer: str, _limits: Limits, _now: datetime) -> str | None:
    return phone.parse(answer) if len(answer) <= MOST_DIGITS else None


def _choice(answer: str, limits: Limits, _now: datetime) -> str | None:
    """The word of a key, or the word itself."""
    if answer in limits.choices:
        return limits.choices[answer]
    word = answer.casefold()
    return word if word in limits.choices.values() else None


def _text(answer: str, _limits: Limits, _now: datetime) -> str | None:
    return answer if len(answer) <= LONGEST_TEXT else None


UNDERSTAND: Mapping[str, Understand] = {
    "digits": _digits,
    "reference": _reference,
    "number": _number,
    "money": _money,
    "date": _date,
    "phone": _phone,
    "pin": _digits,
    "choice": _choice,
    "text": _text,
}
