"""How values stand on a page: numbers, money, days and names of things in the page's language, as filters of the templates.

Nepali pages have Devanagari digits and Bikram Sambat first; the other calendar stands beside, smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from gateway.core import calendar, money, phone, places
from gateway.errors import GatewayError
from gateway.language.speech import language_of
from gateway.services.statistics.words import VALUES, pick
from gateway.services.statistics.writing import digits as written_digits
from gateway.web.console import words

if TYPE_CHECKING:
    from gateway.services.context import Gateway

MONTHS = {
    "ne": "जनवरी फेब्रुअरी मार्च अप्रिल मे जुन जुलाई अगस्ट सेप्टेम्बर अक्टोबर नोभेम्बर डिसेम्बर".split(),
    "en": "January February March April May June July August September October November December".split(),
}


def digits(value: object) -> str:
    """Text with its digits as the page's language writes them."""
    return written_digits(str(value), words.language())


def number(value: float) -> str:
    """A number with lakh grouping; one decimal place where it has any."""
    whole = isinstance(value, int) or value.is_integer()
    return digits(money.group(int(value)) if whole else f"{value:.1f}")


def rupees(paisa: int | None) -> str:
    """An amount: रु ५,००० or Rs 5,000; a dash where there is none."""
    if paisa is None:
        return "–"
    return digits(f"{'रु' if words.language() == 'ne' else 'Rs'} {money.rupees(paisa)}")


def day(value: date | datetime | None) -> Markup | str:
    """A day in both calendars, the page's own first; a dash where there is none."""
    if value is None:
        return "–"
    there = value.astimezone(calendar.NEPAL).date() if isinstance(value, datetime) else value
    ours, theirs = bikram_sambat(there), common_era(there)
    first, second = (ours, theirs) if words.language() == "ne" else (theirs, ours)
    beside = Markup(' <small class="other-calendar">{}</small>').format(second) if second else ""
    return Markup('<time datetime="{}">{}{}</time>').format(there.isoformat(), first or second, beside)


def moment(value: datetime | None) -> Markup | str:
    """A day and the time of it, in Nepal."""
    if value is None:
        return "–"
    return Markup("{} {}").format(day(value), digits(value.astimezone(calendar.NEPAL).strftime("%H:%M")))


def common_era(value: date) -> str:
    """22 November 2026."""
    return digits(f"{value.day} {MONTHS[words.language()][value.month - 1]} {value.year}")


def bikram_sambat(value: date) -> str:
    """६ मंसिर २०८३; nothing for days that our calendar does not know."""
    try:
        there = calendar.to_bs(value)
    except GatewayError:
        return ""
    months = language_of("ne").months if words.language() == "ne" else calendar.MONTHS_IN_ENGLISH
    return digits(f"{there.day} {months[there.month - 1]} {there.year}")


def month(written: str | None) -> str:
    """A month of Bikram Sambat, as 2083-07."""
    if not written:
        return "–"
    year, _, which = written.partition("-")
    months = language_of("ne").months if words.language() == "ne" else calendar.MONTHS_IN_ENGLISH
    return digits(f"{months[int(which) - 1]} {year}")


def telephone(e164: str | None) -> str:
    """A number as people dial it here; never in a link or an address."""
    return digits(phone.local(e164)) if e164 else "–"


def duration(seconds: float) -> str:
    """1:05."""
    minutes, rest = divmod(round(seconds), 60)
    return digits(f"{minutes}:{rest:02}")


def place(code: str | None) -> str:
    """The name of an official place; a code of none stays as it is."""
    if not code:
        return "–"
    return digits(places.find(code).title(words.language())) if places.is_place(code) else code


def said(code: str | None, kind: str) -> str:
    """What a state or a kind of something is called: `{{ claim.state|said("claim") }}`; `kind` as in statistics."""
    if not code:
        return "–"
    both = VALUES.get(kind, {}).get(code)
    return pick(both, words.language()) if both else code


def of_phrase(gateway: Gateway) -> Callable[[str | None], str]:
    """How the flows call something, as a trade `sewing` or a place `ward_office`: these names organisers add without a programmer."""

    def phrase(name: str | None) -> str:
        if not name:
            return "–"
        texts = gateway.catalogue.phrases.get(name)
        return (texts.get(words.language()) or name) if texts else name

    return phrase


FILTERS: Mapping[str, Callable[..., object]] = {
    "digits": digits,
    "number": number,
    "rupees": rupees,
    "day": day,
    "moment": moment,
    "month": month,
    "telephone": telephone,
    "duration": duration,
    "place": place,
    "said": said,
    "sentence": words.sentence,
}
