"""`/schemes`: what members pay into, with its rates by their months."""

from __future__ import annotations

from typing import Any

from gateway.core import people
from gateway.core import schemes as core
from gateway.core.calendar import month_of
from gateway.core.roles import Permission
from gateway.core.schemes import Rate, SchemeFile
from gateway.errors import GatewayError
from gateway.services import schemes
from gateway.web.console import reading
from gateway.web.console.menu import N_
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _

routes = Routes("schemes")

SCHEDULES = {"weekly": N_("Every week"), "monthly": N_("Every month"), "seasonal": N_("In some months of the year")}
TAKEN = {"new", "shipped"}  # by other pages
SEASONS = "the months (1 to 12) of a seasonal scheme, and of no other"
MONTHS = {str(number) for number in range(1, 13)}
MONTHS_AHEAD = 24  # to choose from, and half as many that are over


@routes.page("/schemes", Permission.SEE_CONTRIBUTIONS)
def page(visit: Visit) -> Page:
    """The schemes with what is due now, and those that are shipped and can be taken."""
    found = schemes.list_all(visit.gateway, visit.actor)
    now = month_of(visit.gateway.clock())
    taken = {one.code for one in found}
    return Page(
        "schemes.html",
        schemes=[(one, core.rate_of(one.rates, now)) for one in found],
        shipped=[one for one in schemes.shipped() if one.code not in taken],
        schedules=SCHEDULES,
        now=now,
    )


@routes.page("/schemes/new", Permission.MANAGE_SCHEMES)
def new(visit: Visit) -> Page:
    """A scheme of the organisation's own."""
    return Page("scheme_form.html", **_to_choose(visit))


@routes.form("/schemes", Permission.MANAGE_SCHEMES, back=new)
def add(visit: Visit) -> Done:
    """Take it with its first rate."""
    form = visit.form
    code = form.get("code", "").strip()
    if not core.CODE.fullmatch(code) or code in TAKEN:
        raise GatewayError("scheme:invalid", where="code", key="code", wanted="a short name in small letters, digits and -")
    if any(one.code == code for one in schemes.list_all(visit.gateway, visit.actor)):
        raise GatewayError("scheme:changed", where="code", scheme=code)
    written = {language: people.clean(form.get(f"title_{language}", "")) for language in ("ne", "en")}
    title = {language: text for language, text in written.items() if people.is_name(text)}
    schedule = form.get("schedule", "")
    seasons = tuple(sorted({int(one) for one in form.getlist("season") if one in MONTHS}))  # months
    if not title:
        raise GatewayError("scheme:invalid", where="title_ne", key="title", wanted="a title in at least one language")
    if schedule not in core.SCHEDULES or (schedule == "seasonal") != bool(seasons):
        raise GatewayError("scheme:invalid", where="schedule", key="seasons", wanted=SEASONS)
    schemes.add(visit.gateway, visit.actor, SchemeFile(code, title, schedule, seasons, (_rate(visit),)))
    return Done(f"/schemes/{code}", _("The scheme is there. Let members join it on their own pages."))


@routes.form("/schemes/shipped", Permission.MANAGE_SCHEMES, back=page)
def take(visit: Visit) -> Done:
    """Take a scheme that is shipped, as it is."""
    wanted = next((one for one in schemes.shipped() if one.code == visit.form.get("code")), None)
    if wanted is None:
        raise GatewayError("scheme:unknown", scheme=visit.form.get("code", ""))
    schemes.add(visit.gateway, visit.actor, wanted)
    return Done(f"/schemes/{wanted.code}", _("The scheme is there. Look at its rates before members join it."))


@routes.page("/schemes/<code>", Permission.SEE_CONTRIBUTIONS)
def scheme(visit: Visit, code: str) -> Page:
    """Its rates, and what a member hears of it."""
    found = schemes.get(visit.gateway, visit.actor, code)
    now = month_of(visit.gateway.clock())
    current = core.rate_of(found.rates, now)
    return Page("scheme.html", scheme=found, current=current, **_to_choose(visit))


@routes.form("/schemes/<code>/rates", Permission.MANAGE_SCHEMES, back=scheme)
def add_rate(visit: Visit, code: str) -> Done:
    """A new rate from a month on; months before it keep the old one."""
    found = schemes.get(visit.gateway, visit.actor, code)
    schemes.add(visit.gateway, visit.actor, SchemeFile(code, found.title, found.schedule, found.seasons, (_rate(visit),)))
    return Done(f"/schemes/{code}", _("The rate is written down."))


@routes.page("/schemes/<code>/close", Permission.MANAGE_SCHEMES)
def to_close(visit: Visit, code: str) -> Page:
    """Say with which month it ends, and what that means."""
    return Page("scheme_close.html", scheme=schemes.get(visit.gateway, visit.actor, code), **_to_choose(visit))


@routes.form("/schemes/<code>/close", Permission.MANAGE_SCHEMES, back=to_close)
def close(visit: Visit, code: str) -> Done:
    """Let nothing be due after a month."""
    schemes.close(visit.gateway, visit.actor, code, visit.form.get("last", ""))
    return Done(f"/schemes/{code}", _("The scheme is closed."))


def _rate(visit: Visit) -> Rate:
    """A rate of a form: an amount, or shares of a base."""
    form = visit.form
    month, source = form.get("from_month", ""), people.clean(form.get("source", ""))
    if not core.is_month(month):
        raise GatewayError("contribution:month", where="from_month", value=month)
    if not source:
        raise GatewayError("scheme:invalid", where="source", key="source", wanted="where the rate was published")
    if not form.get("base", "").strip():
        return Rate(month, amount=reading.field(form, "amount", reading.rupees), source=source)
    member = reading.field(form, "member_share", _percent)
    government = reading.field(form, "government_share", _percent) if form.get("government_share", "").strip() else None
    return Rate(month, None, reading.field(form, "base", reading.rupees), member, government, source)


def _percent(written: str) -> int:
    """Hundredths of a percent. GatewayError `scheme:invalid`."""
    share = core.percent(written)
    if share is None:
        raise GatewayError("scheme:invalid", key="share", wanted="a percentage such as 9.37")
    return share


def _to_choose(visit: Visit) -> dict[str, Any]:
    now = month_of(visit.gateway.clock())
    return {
        "schedules": SCHEDULES,
        "months": [core.month_after(now, ahead) for ahead in range(-MONTHS_AHEAD // 2, MONTHS_AHEAD)],
        "now": now,
    }
