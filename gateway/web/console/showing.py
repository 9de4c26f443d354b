"""How values stand on a page: numbers, money, days and names of things in the page's language, as filters of the templates.

Nepali pages have Devanagari digits and Bikram Sambat first; the other calendar stands beside, smaller.
"""

from __future__ import annotations

import re
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


def hour(value: datetime | None) -> str:
    """The time of day in Nepal: 14:30."""
    return "–" if value is None else digits(value.astimezone(calendar.NEPAL).strftime("%H:%M"))


def iso_day(value: datetime) -> str:
    """The day in Nepal as forms take it: 2026-11-28."""
    return value.astimezone(calendar.NEPAL).date().isoformat()


def clock(value: datetime) -> str:
    """The time of day in Nepal as forms take it: 14:30."""
    return value.astimezone(calendar.NEPAL).strftime("%H:%M")


def leaf(value: datetime) -> list[str]:
    """The day and the month of a calendar's leaf, in the page's own calendar, and the weekday."""
    there = value.astimezone(calendar.NEPAL).date()
    ours, theirs = bikram_sambat(there), common_era(there)
    shown = ours if ours and words.language() == "ne" else theirs
    return [*shown.split()[:2], language_of(words.language()).weekdays[there.weekday()]]


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


def month_name(written: str) -> str:
    """The name of a month of Bikram Sambat without its year, as 2083-07."""
    return month(written).split()[0]


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


def dotted(text: str) -> str:
    """A sentence of a flow as people read it: what differs from call to call as dots.

    >>> dotted("On {claim.paid_on} we sent you {claim.amount}.")
    'On … we sent you ….'
    """
    return re.sub(r"\{[^{}]*\}", "…", text)


def of_ago(gateway: Gateway) -> Callable[[datetime | None], Markup | str]:
    """How long ago something was, as people say it: the exact moment stands in the element."""

    def ago(value: datetime | None) -> Markup | str:
        if value is None:
            return "–"
        hours, minutes = divmod(max(int((gateway.clock() - value).total_seconds()), 0) // 60, 60)
        if hours >= 24:
            said = words.ngettext("%(count)s day ago", "%(count)s days ago", hours // 24) % {"count": hours // 24}
        elif hours:
            said = words.ngettext("%(count)s hour ago", "%(count)s hours ago", hours) % {"count": hours}
        elif not minutes:
            said = words.gettext("just now")
        else:
            said = words.ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes) % {"count": minutes}
        there = value.astimezone(calendar.NEPAL)
        return Markup('<time datetime="{}">{}</time>').format(there.isoformat(timespec="minutes"), digits(said))

    return ago


FILTERS: Mapping[str, Callable[..., object]] = {
    "digits": digits,
    "number": number,
    "rupees": rupees,
    "day": day,
    "moment": moment,
    "hour": hour,
    "iso_day": iso_day,
    "clock": clock,
    "leaf": leaf,
    "month": month,
    "month_name": month_name,
    "telephone": telephone,
    "duration": duration,
    "place": place,
    "said": said,
    "dotted": dotted,
}
