"""English as it is spoken in Nepal: lakh and crore, Gregorian dates, and the Nepali months by their names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from gateway.core import money
from gateway.language.base import Clips, Language

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NEPALI_MONTHS = "Baishakh Jeth Asar Saun Bhadau Asoj Kattik Mangsir Pus Magh Phagun Chait".split()


class English(Language):
    code = "en"
    name = "english"
    numbers = (*ONES, *(ten if one == 0 else f"{ten}-{ONES[one]}" for ten in TENS for one in range(10)))
    digits = tuple(ONES[:10])
    words: ClassVar[Mapping[str, str]] = {
        "hundred": "hundred",
        "thousand": "thousand",
        "lakh": "lakh",
        "crore": "crore",
        "rupees": "rupees",
        "paisa": "paisa",
        "oclock": "o'clock",
        "oh": "oh",
        **{f"nepali_month_{index}": name for index, name in enumerate(NEPALI_MONTHS, start=1)},
    }
    months = tuple("January February March April May June July August September October November December".split())
    weekdays = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
    dayparts: ClassVar[Mapping[str, str]] = {
        "morning": "in the morning",
        "day": "in the afternoon",
        "evening": "in the evening",
        "night": "at night",
    }

    yes = ("yes", "y", "ok", "okay", "yeah", "yep", "sure")
    no = ("no", "n", "nope")
    stop = (
        "stop",
        "stopall",
        "stop all",
        "please stop",
        "stop please",
        "pls stop",
        "stop pls",
        "plz stop",
        "stop plz",
        "stop sms",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "optout",
        "opt out",
    )
    start = ("start", "unstop", "start again")
    courtesy = tuple("please pls plz sir madam the my i to in me is want need".split())

    def speak_date(self, day: date) -> Clips:
        """Twenty-one November."""
        return (f"number/{day.day}", f"month/{day.month}")

    def speak_month(self, month: int) -> Clips:
        return (f"word/nepali_month_{month}",)

    def speak_time(self, clock: datetime) -> Clips:
        """Eight o'clock in the morning; seven oh five at night."""
        hour = f"number/{clock.hour % 12 or 12}"
        if clock.minute == 0:
            spoken: Clips = (hour, "word/oclock")
        elif clock.minute < 10:
            spoken = (hour, "word/oh", f"number/{clock.minute}")
        else:
            spoken = (hour, f"number/{clock.minute}")
        return (*spoken, f"daypart/{_daypart(clock)}")

    def write_digits(self, text: str) -> str:
        return text

    def write_money(self, paisa: int) -> str:
        return f"Rs {money.rupees(paisa)}"

    def write_date(self, day: date) -> str:
        return f"{day.day} {self.months[day.month - 1][:3]}"

    def write_month(self, month: int) -> str:
        return NEPALI_MONTHS[month - 1]

    def write_time(self, clock: datetime) -> str:
        hour, half = clock.hour % 12 or 12, "am" if clock.hour < 12 else "pm"
        return f"{hour}:{clock.minute:02} {half}" if clock.minute else f"{hour} {half}"


def _daypart(clock: datetime) -> str:
    """Morning from 4, afternoon from 12, evening from 17, night from 21."""
    if 4 <= clock.hour < 12:
        return "morning"
    if 12 <= clock.hour < 17:
        return "day"
    return "evening" if 17 <= clock.hour < 21 else "night"
