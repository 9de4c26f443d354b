"""What every language has in common: how a number is taken apart, and which clips that needs.

A language is one file beside this one (`en.py` is the one to copy) and one line in `speech.py`: the tables below, and the few
methods in which grammar differs. Clips are named alike in every language: `number/42`, `word/lakh`, `month/8`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from gateway.core import money

Clips = tuple[str, ...]

BREATH = "/silence/500"  # a clip by its full name, since no language has it of its own
MOBILE = re.compile("9[678][0-9]{8}")
LARGEST_NUMBER = 100_00_00_000
UNITS = ((1_00_00_000, "crore"), (1_00_000, "lakh"), (1_000, "thousand"), (100, "hundred"))


def group_digits(digits: str) -> tuple[str, ...]:
    """The groups in which people say digits: a mobile number by twos, up to four together, all else by threes.

    >>> group_digits("9841234567"), group_digits("1042"), group_digits("123456789"), group_digits("1234567")
    (('98', '41', '23', '45', '67'), ('1042',), ('123', '456', '789'), ('123', '4567'))
    """
    if len(digits) <= 4:
        return (digits,)
    size = 2 if MOBILE.fullmatch(digits) else 3
    groups = [digits[start : start + size] for start in range(0, len(digits), size)]
    if len(groups[-1]) == 1:  # no digit stays alone
        groups[-2:] = ["".join(groups[-2:])]
    return tuple(groups)


class Language(ABC):
    """The words of one language, and how they are put together. Values come checked from `speech.py`."""

    code: ClassVar[str]
    name: ClassVar[str]  # in English, in small letters: of the action `choose_...`
    numbers: ClassVar[tuple[str, ...]]  # 0 to 99, each a word of its own
    units: ClassVar[tuple[tuple[int, str], ...]] = UNITS  # what larger numbers are counted in, the largest first
    digits: ClassVar[tuple[str, ...]]  # 0 to 9 as they are said one by one
    words: ClassVar[Mapping[str, str]]  # hundred, thousand, lakh, crore, rupees, paisa and what the language needs besides
    months: ClassVar[tuple[str, ...]]  # of the calendar in which dates are said
    weekdays: ClassVar[tuple[str, ...]]  # from Monday
    dayparts: ClassVar[Mapping[str, str]]  # morning, day, evening, night

    yes: ClassVar[tuple[str, ...]]  # how people text yes and no, in the language's script and in Latin letters
    no: ClassVar[tuple[str, ...]]
    stop: ClassVar[tuple[str, ...]]  # whole messages that end our writing to her at once
    start: ClassVar[tuple[str, ...]]
    courtesy: ClassVar[tuple[str, ...]] = ()  # what stands around the word that matters: please, sister, I want
    endings: ClassVar[tuple[str, ...]] = ()  # case endings, written to a word or after it

    def vocabulary(self) -> dict[str, str]:
        """Clip name -> the word to be spoken, for every clip that `speak_...` can name."""
        tables = {"number": self.numbers, "digit": self.digits, "weekday": self.weekdays}
        spoken = {f"{table}/{index}": word for table, words in tables.items() for index, word in enumerate(words)}
        spoken |= {f"month/{index}": word for index, word in enumerate(self.months, start=1)}
        spoken |= {f"word/{name}": word for name, word in self.words.items()}
        return spoken | {f"daypart/{name}": word for name, word in self.dayparts.items()}

    def speak_number(self, number: int) -> Clips:
        """0 to 100 crore: 12,34,567 is 12 lakh 34 thousand 5 hundred 67."""
        if number < 100:
            return (f"number/{number}",)
        clips: Clips = ()
        for size, name in self.units:
            count, number = divmod(number, size)
            if count:
                clips += (*self.speak_number(count), f"word/{name}")
        return (*clips, f"number/{number}") if number else clips

    def speak_digits(self, digits: str) -> Clips:
        """Digit by digit, with a breath between the groups in which people say them: 98 41 23 45 67, and others by threes."""
        clips: Clips = ()
        for group in group_digits(digits):
            clips += ((BREATH,) if clips else ()) + tuple(f"digit/{digit}" for digit in group)
        return clips

    def speak_money(self, paisa: int) -> Clips:
        rupees, rest = divmod(paisa, money.PAISA_PER_RUPEE)
        paid = (*self.speak_number(rupees), "word/rupees") if rupees or not rest else ()
        return (*paid, *self.speak_number(rest), "word/paisa") if rest else paid

    def speak_weekday(self, day: date) -> Clips:
        return (f"weekday/{day.weekday()}",)

    def write_number(self, number: int) -> str:
        return self.write_digits(money.group(number))

    def write_weekday(self, day: date) -> str:
        return self.weekdays[day.weekday()]

    @abstractmethod
    def speak_date(self, day: date) -> Clips:
        """Day and month, no year."""

    @abstractmethod
    def speak_month(self, month: int) -> Clips:
        """A month of Bikram Sambat, 1 to 12, by its name."""

    @abstractmethod
    def speak_time(self, clock: datetime) -> Clips:
        """The time of day in Nepal, as people say it."""

    @abstractmethod
    def write_digits(self, text: str) -> str:
        """The text with its ASCII digits as the language writes them."""

    @abstractmethod
    def write_money(self, paisa: int) -> str: ...

    @abstractmethod
    def write_date(self, day: date) -> str: ...

    @abstractmethod
    def write_month(self, month: int) -> str: ...

    @abstractmethod
    def write_time(self, clock: datetime) -> str: ...
