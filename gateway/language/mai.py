"""Maithili, a draft: written without a native speaker, to be corrected by one before callers hear it.

Dates, the clock and written digits are those of Nepali, in whose calendar Maithili speakers in Nepal live; the words are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from gateway.core import money
from gateway.language.ne import Nepali


class Maithili(Nepali):
    code = "mai"
    name = "maithili"
    numbers = tuple(
        """शून्य एक दू तीन चारि पाँच छौ सात आठ नौ
        दस एगारह बारह तेरह चौदह पन्द्रह सोलह सत्रह अठारह उन्नैस
        बीस एकैस बाइस तेइस चौबीस पचीस छब्बीस सत्ताइस अठाइस उनतीस
        तीस एकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनचालीस
        चालीस एकतालीस बेयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास
        पचास एकावन बावन तिरपन चौवन पचपन छप्पन सन्तावन अन्ठावन उनसठि
        साठि एकसठि बासठि तिरसठि चौंसठि पैंसठि छियासठि सड़सठि अड़सठि उनहत्तरि
        सत्तरि एकहत्तरि बहत्तरि तिहत्तरि चौहत्तरि पचहत्तरि छिहत्तरि सतहत्तरि अठहत्तरि उनासी
        अस्सी एकासी बेरासी तिरासी चौरासी पचासी छियासी सतासी अठासी नवासी
        नब्बे एकानबे बानबे तिरानबे चौरानबे पंचानबे छियानबे सन्तानबे अन्ठानबे निन्यानबे""".split()
    )
    digits = tuple("शून्य एक दू तीन चारि पाँच छौ सात आठ नौ".split())
    words: ClassVar[Mapping[str, str]] = {
        **Nepali.words,
        "hundred": "सय",
        "thousand": "हजार",
        "lakh": "लाख",
        "crore": "करोड़",
        "rupees": "टाका",
        "paisa": "पाइ",
        "gate": "गते",
        "oclock": "बजे",
        "past": "बाजि कए",
        "minutes": "मिनट",
        "quarter_past": "सवा",
        "half_past": "साढ़े",
        "quarter_to": "पौने",
        "one_and_half": "डेढ़",
        "two_and_half": "अढ़ाइ",
    }
    months = tuple("बैसाख जेठ अषाढ़ साओन भादो आसिन कातिक अगहन पूस माघ फागुन चैत".split())
    weekdays = tuple("सोमदिन मंगलदिन बुधदिन बृहस्पतिदिन शुक्रदिन शनिदिन रविदिन".split())
    dayparts: ClassVar[Mapping[str, str]] = {"morning": "भोरमे", "day": "दुपहरमे", "evening": "साँझमे", "night": "रातिमे"}

    yes: ClassVar[tuple[str, ...]] = ("हँ", "जी हँ")
    no: ClassVar[tuple[str, ...]] = ("नहि", "जी नहि")
    stop: ClassVar[tuple[str, ...]] = ("बन्द करू", "रोकू")
    start: ClassVar[tuple[str, ...]] = ("शुरू करू",)

    def write_money(self, paisa: int) -> str:
        return self.write_digits(f"टाका {money.rupees(paisa)}")
