"""`/settings`: the organisation and its numbers, how it sends, rest days, prices, and what the environment decides."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from flask import request, url_for

from gateway.core import calendar, consent, money
from gateway.core.calendar import NEPAL, day_of
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import installation, organisations, sending_settings
from gateway.services.broadcast import planning
from gateway.services.sending_settings import OPERATORS, RestDay
from gateway.web.console import reading, words
from gateway.web.console.menu import N_
from gateway.web.console.paging import number_in
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable

routes = Routes("settings")

# What operators are called: proper names stay.
CALLED = {
    "": N_("All others"),
    "ntc": N_("Nepal Telecom"),
    "ncell": N_("Ncell"),
    "smart": N_("Smart"),
    "other": N_("Other mobiles"),
    "line": N_("Lines at home and in offices"),
    "abroad": N_("Abroad"),
}
MEDIA = {"sms": N_("A message (one segment)"), "voice": N_("A call (a begun minute)")}


@routes.page("/settings", Permission.SEE_BROADCASTS)
def page(visit: Visit) -> Page:
    """The organisation, how calls name it, and its numbers."""
    return Page(
        "settings.html",
        mine=organisations.of_actor(visit.gateway, visit.actor),
        phrase=organisations.named_by(visit.gateway, visit.actor),
        phrases=visit.gateway.catalogue.phrases,
        languages_spoken=visit.gateway.catalogue.languages,
        numbers=organisations.numbers_of(visit.gateway, visit.actor),
    )


# --- how it sends ------------------------------------------------------------------------------------------------------------------


@routes.page("/settings/sending", Permission.SEE_BROADCASTS)
def sending(visit: Visit) -> Page:
    """Who must agree, what a month may cost, the gap between two broadcasts, and the hours in which nothing goes out."""
    shown = sending_settings.show(visit.gateway, visit.actor)
    return Page(
        "settings_sending.html",
        sending=shown.sending,
        month=shown.month,
        most_gap=planning.MOST_GAP,
        budget=money.rupees(shown.sending.monthly_budget) if shown.sending.monthly_budget is not None else "",
        opens=consent.OPENS,
        closes=consent.CLOSES,
        office=(consent.OFFICE_OPENS, consent.OFFICE_CLOSES),
    )


@routes.form("/settings/sending", Permission.MANAGE_SENDING, back=sending)
def change_sending(visit: Visit) -> Done:
    """Change it; an empty field lifts the limit."""
    form = visit.form
    new = {
        "two_persons_above": reading.field(form, "two_persons_above", reading.whole) if form.get("two_persons_above", "").strip() else None,
        "monthly_budget": reading.field(form, "monthly_budget", reading.rupees) if form.get("monthly_budget", "").strip() else None,
        "gap_hours": reading.field(form, "gap_hours", reading.whole),
    }
    sending_settings.change(visit.gateway, visit.actor, **new)
    return Done("/settings/sending", _("It is changed, and holds from now on."))


# --- rest days ---------------------------------------------------------------------------------------------------------------------


@routes.page("/settings/festivals", Permission.SEE_BROADCASTS)
def festivals(visit: Visit) -> Page:
    """The rest days of a year of Bikram Sambat; `?year=`."""
    today = calendar.to_bs(visit.gateway.clock().astimezone(NEPAL).date()).year
    days = sending_settings.rest_days_of(visit.gateway, visit.actor)
    years = sorted({today, *(_year(day) for day in days)})
    year = number_in(visit.query, "year", today)
    there = {day.day for day in days}
    return Page(
        "settings_festivals.html",
        days=[day for day in days if _year(day) == year],
        year=year,
        years=years,
        in_words=words.gettext,  # festivals that are shipped have English names; what an organiser wrote stays
        to_take=[day for day in sending_settings.known_rest_days() if day.day not in there],
    )


@routes.form("/settings/festivals", Permission.MANAGE_SENDING, back=festivals)
def add_festival(visit: Visit) -> Done:
    """Send nothing on a day."""
    day = RestDay(reading.field(visit.form, "day", day_of), visit.form.get("title", ""))
    sending_settings.add_rest_days(visit.gateway, visit.actor, [day])
    return _to_year([day], _("Nothing goes out on this day."))


@routes.form("/settings/festivals/shipped", Permission.MANAGE_SENDING, back=festivals)
def take_festivals(visit: Visit) -> Done:
    """Take the festivals that are shipped, those that are not there yet."""
    there = {day.day for day in sending_settings.rest_days_of(visit.gateway, visit.actor)}
    days = [day for day in sending_settings.known_rest_days() if day.day not in there]
    sending_settings.add_rest_days(visit.gateway, visit.actor, days)
    return _to_year(days, _("%(count)s rest days are added.") % {"count": len(days)})


@routes.form("/settings/festivals/file", Permission.MANAGE_SENDING, back=festivals)
def take_festival_file(visit: Visit) -> Done:
    """Take the rest days of a CSV."""
    days = sending_settings.read_rest_days(_uploaded())
    sending_settings.add_rest_days(visit.gateway, visit.actor, days)
    return _to_year(days, _("%(count)s rest days are added.") % {"count": len(days)})


@routes.form("/settings/festivals/remove", Permission.MANAGE_SENDING, back=festivals)
def remove_festival(visit: Visit) -> Done:
    """Send on a day again."""
    day = reading.field(visit.form, "day", day_of)
    sending_settings.remove_rest_day(visit.gateway, visit.actor, day)
    return _to_year([RestDay(day, "")], _("It is a day like any other again."))


def _year(day: RestDay) -> int:
    try:
        return calendar.to_bs(day.day).year
    except GatewayError:  # beyond our calendar
        return day.day.year + 57


def _to_year(days: Iterable[RestDay], said: str) -> Done:
    year = next((_year(day) for day in days), None)
    return Done(f"/settings/festivals?year={year}" if year else "/settings/festivals", said)


# --- prices ------------------------------------------------------------------------------------------------------------------------


@routes.page("/settings/prices", Permission.SEE_BROADCASTS)
def prices(visit: Visit) -> Page:
    """What a message and a minute cost today by one of our numbers, and the dated list behind it; `?number=`."""
    rows, today = sending_settings.prices_of(visit.gateway, visit.actor, visit.query.get("number", ""))
    return Page(
        "settings_prices.html",
        rows=[(row, date.fromisoformat(row.from_day)) for row in rows],
        today=[(medium, [(operator, today.of(medium, operator)) for operator in today.operators(medium)]) for medium in MEDIA],
        operators=[(code, _(CALLED.get(code, code))) for code in OPERATORS],
        called=CALLED,
        media=MEDIA,
        numbers=sending_settings.numbers(visit.gateway, visit.actor),
        number=today.channel,
    )


@routes.form("/settings/prices", Permission.MANAGE_SENDING, back=prices)
def add_price(visit: Visit) -> Done:
    """A price from a day on; one of the same day is replaced."""
    form = visit.form
    row = {name: form.get(name, "") for name in ("medium", "operator", "rupees", "source")}
    row["from"] = reading.field(form, "from", day_of).isoformat()
    number = visit.query.get("number", "")
    sending_settings.set_prices(visit.gateway, visit.actor, [row], number)
    return Done(url_for("settings.prices", number=number or None), _("The price is written down."))


@routes.form("/settings/prices/file", Permission.MANAGE_SENDING, back=prices)
def take_prices(visit: Visit) -> Done:
    """Take the prices of a CSV, all or none."""
    number = visit.query.get("number", "")
    count = sending_settings.set_prices(visit.gateway, visit.actor, sending_settings.read_prices(_uploaded()), number)
    return Done(url_for("settings.prices", number=number or None), _("%(count)s prices are written down.") % {"count": count})


def _uploaded() -> str:
    """The text of a CSV that was chosen. GatewayErrors `import:no-file`, `import:not-utf-8`."""
    upload = request.files.get("file")
    data = upload.stream.read() if upload else b""
    if not data:
        raise GatewayError("import:no-file", where="file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GatewayError("import:not-utf-8", where="file", position=error.start) from None


# --- the installation --------------------------------------------------------------------------------------------------------------


@routes.page("/settings/installation", Permission.MANAGE_SENDING)
def environment(visit: Visit) -> Page:
    """What the environment decides, by name and without secrets."""
    return Page("settings_installation.html", decided=installation.decided(visit.gateway, visit.actor))
