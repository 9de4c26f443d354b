"""Nepali: Bikram Sambat dates, Devanagari digits, and the clock with its quarters (सवा, साढे, पौने, डेढ, अढाई).

The number words are those of nepal.md 3.8; every one from 0 to 99 is a word of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from gateway.core import calendar, money
from gateway.language.base import UNITS, Clips, Language

DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")

# (hour, minute) for which the language has one word.
HALF_HOURS: Mapping[tuple[int, int], str] = {(1, 30): "one_and_half", (2, 30): "two_and_half"}


class Nepali(Language):
    code = "ne"
    name = "nepali"
    numbers = tuple(
        """शून्य एक दुई तीन चार पाँच छ सात आठ नौ
        दश एघार बाह्र तेह्र चौध पन्ध्र सोह्र सत्र अठार उन्नाइस
        बीस एक्काइस बाइस तेइस चौबिस पच्चिस छब्बिस सत्ताइस अठ्ठाइस उनन्तिस
        तीस एकत्तिस बत्तिस तेत्तिस चौँतिस पैँतिस छत्तिस सैँतिस अठतिस उनन्चालीस
        चालीस एकचालीस बयालिस त्रिचालीस चवालीस पैँतालीस छयालीस सतचालीस अठचालीस उनन्चास
        पचास एकाउन्न बाउन्न त्रिपन्न चवन्न पचपन्न छपन्न सन्ताउन्न अन्ठाउन्न उनन्साठी
        साठी एकसट्ठी बयसट्ठी त्रिसट्ठी चौंसट्ठी पैंसट्ठी छयसट्ठी सतसट्ठी अठसट्ठी उनन्सत्तरी
        सत्तरी एकहत्तर बहत्तर त्रिहत्तर चौहत्तर पचहत्तर छयहत्तर सतहत्तर अठहत्तर उनासी
        असी एकासी बयासी त्रियासी चौरासी पचासी छयासी सतासी अठासी उनान्नब्बे
        नब्बे एकान्नब्बे बयान्नब्बे त्रियान्नब्बे चौरान्नब्बे पन्चान्नब्बे छयान्नब्बे सन्तान्नब्बे अन्ठान्नब्बे उनान्सय""".split()
    )
    units = ((100_00_00_000, "arab"), *UNITS)
    digits = tuple("जिरो एक दुई तीन चार पाँच छ सात आठ नौ".split())
    words: ClassVar[Mapping[str, str]] = {
        "hundred": "सय",
        "thousand": "हजार",
        "lakh": "लाख",
        "crore": "करोड",
        "arab": "अरब",
        "rupees": "रुपैयाँ",
        "paisa": "पैसा",
        "gate": "गते",
        "oclock": "बजे",
        "past": "बजेर",
        "minutes": "मिनेट",
        "quarter_past": "सवा",
        "half_past": "साढे",
        "quarter_to": "पौने",
        "one_and_half": "डेढ",
        "two_and_half": "अढाई",
    }
    months = tuple("बैशाख जेठ असार साउन भदौ असोज कात्तिक मंसिर पुस माघ फागुन चैत".split())
    weekdays = tuple("सोमबार मङ्गलबार बुधबार बिहीबार शुक्रबार शनिबार आइतबार".split())
    dayparts: ClassVar[Mapping[str, str]] = {"morning": "बिहान", "day": "दिउँसो", "evening": "बेलुका", "night": "राति"}

    yes: ClassVar[tuple[str, ...]] = ("हो", "हजुर", "हुन्छ", "ठिक छ", "ho", "hajur", "huncha", "hunxa", "thik cha", "thik", "आउँछु", "aunchu")
    no: ClassVar[tuple[str, ...]] = (
        "होइन",
        "हैन",
        "हुन्न",
        "हुँदैन",
        "हजुर होइन",
        "hoina",
        "haina",
        "hunna",
        "hudaina",
        "hundaina",
        "आउँदिन",
        "aundina",
    )
    stop: ClassVar[tuple[str, ...]] = (
        *("बन्द", "बन्द गर", "बन्द गर्नु", "बन्द गर्नुस्", "बन्द गर्नुहोस्", "रोक", "रोक्नु", "रोक्नुस्", "रोक्नुहोस्", "रद्द", "स्टप"),
        *("banda", "band", "banda gara", "banda garnu", "banda garnus", "banda garnuhos", "rok", "roka", "roknu", "roknus"),
        *("roknuhos", "radda"),
    )
    courtesy: ClassVar[tuple[str, ...]] = tuple(
        """ni na hai ta nai hola ho ji didi dai bahini namaste hajur malai mero hamro maile hami ma pani yo kendra thau thiyo
        garnu garnus garnuhos garnuhola gara gar gardinu gardinus gardinuhos garidinu garidinus garideu garna garne
        paryo parcha cha chaiyo chahiyo chahincha chahanchu chan hernu herna herne linu lina dinu dinus""".split()
    )
    endings: ClassVar[tuple[str, ...]] = tuple("ko ka ki ma le lai bata haru sanga".split())
    start: ClassVar[tuple[str, ...]] = ("सुरु", "सुरु गर", "फेरि सुरु", "चालु", "suru", "suru gara", "pheri suru", "chalu")

    def speak_date(self, day: date) -> Clips:
        """मंसिर दस गते."""
        there = calendar.to_bs(day)
        return (f"month/{there.month}", f"number/{there.day}", "word/gate")

    def speak_month(self, month: int) -> Clips:
        return (f"month/{month}",)

    def speak_time(self, clock: datetime) -> Clips:
        """बिहान सवा सात बजे; where no quarter fits, आठ बजेर दस मिनेट."""
        hour, minute = clock.hour % 12 or 12, clock.minute
        following = hour % 12 + 1
        spoken: Clips
        if minute == 0:
            spoken = (f"number/{hour}", "word/oclock")
        elif (hour, minute) in HALF_HOURS:
            spoken = (f"word/{HALF_HOURS[hour, minute]}", "word/oclock")
        elif minute == 15:
            spoken = ("word/quarter_past", f"number/{hour}", "word/oclock")
        elif minute == 30:
            spoken = ("word/half_past", f"number/{hour}", "word/oclock")
        elif minute == 45:
            spoken = ("word/quarter_to", f"number/{following}", "word/oclock")
        else:
            spoken = (f"number/{hour}", "word/past", f"number/{minute}", "word/minutes")
        return (f"daypart/{_daypart(clock)}", *spoken)

    def write_digits(self, text: str) -> str:
        return text.translate(DEVANAGARI)

    def write_money(self, paisa: int) -> str:
        return self.write_digits(f"रु {money.rupees(paisa)}")

    def write_date(self, day: date) -> str:
        there = calendar.to_bs(day)
        return self.write_digits(f"{self.months[there.month - 1]} {there.day}")

    def write_month(self, month: int) -> str:
        return self.months[month - 1]

    def write_time(self, clock: datetime) -> str:
        hour = clock.hour % 12 or 12
        time = f"{hour}:{clock.minute:02}" if clock.minute else f"{hour} बजे"
        return self.write_digits(f"{self.dayparts[_daypart(clock)]} {time}")


class RomanisedNepali(Nepali):
    """Nepali as it is texted in Latin letters: a message then holds 160 characters instead of 70."""

    code = "ne_latn"
    months = tuple("Baishakh Jeth Asar Saun Bhadau Asoj Kattik Mangsir Pus Magh Phagun Chait".split())
    weekdays = tuple("Sombar Mangalbar Budhabar Bihibar Sukrabar Sanibar Aitabar".split())
    dayparts: ClassVar[Mapping[str, str]] = {"morning": "bihana", "day": "diuso", "evening": "beluka", "night": "rati"}

    def write_digits(self, text: str) -> str:
        return text

    def write_money(self, paisa: int) -> str:
        return f"Rs {money.rupees(paisa)}"

    def write_time(self, clock: datetime) -> str:
        return super().write_time(clock).replace("बजे", "baje")


def _daypart(clock: datetime) -> str:
    """बिहान from 4 (and still at 11), दिउँसो from 12, बेलुका from 16, राति from 19."""
    if 4 <= clock.hour < 12:
        return "morning"
    if 12 <= clock.hour < 16:
        return "day"
    return "evening" if 16 <= clock.hour < 19 else "night"
