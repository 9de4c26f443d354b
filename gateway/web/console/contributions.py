"""`/contributions`: what was noted on a day, checked against the money that came; one entry with what was said of it; noting one."""

from __future__ import annotations

from datetime import date

from gateway.core import money
from gateway.core.calendar import NEPAL, month_of
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import checking, contributions, members
from gateway.web.console.members import form_id, months_around, scheme_titles
from gateway.web.console.naming import who_of
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _
from gateway.web.console.words import ngettext

routes = Routes("contributions")


@routes.page("/contributions", Permission.SEE_CONTRIBUTIONS)
def noted(visit: Visit) -> Page:
    """A day's entries, collector by collector."""
    found = checking.day_of(visit.gateway, visit.actor, _day(visit.query.get("day") or visit.form.get("day", "")))
    return Page("contributions.html", found=found, titles=scheme_titles(visit), who=who_of(visit))


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


@routes.form("/contributions/confirm", Permission.CHECK_CONTRIBUTIONS, back=noted)
def confirm_ticked(visit: Visit) -> Done:
    """Make all that is ticked final."""
    ticked = visit.form.getlist("entry")
    if not ticked:
        raise GatewayError("contribution:none-ticked")
    done, others = checking.confirm(visit.gateway, visit.actor, ticked)
    said = ngettext("%(count)s entry is confirmed.", "%(count)s entries are confirmed.", done) % {"count": done}
    if others:
        said += " " + _("%(count)s were decided by somebody else meanwhile.") % {"count": others}
    return Done(f"/contributions?day={_day(visit.form.get('day', '')) or ''}", said)


@routes.page("/contributions/new", Permission.NOTE_CONTRIBUTIONS)
def new(visit: Visit) -> Page:
    """The form for what a member paid; `?member=` is her id."""
    person = members.get(visit.gateway, visit.actor, visit.form.get("member") or visit.query.get("member", ""))
    standing = contributions.standing(visit.gateway, visit.actor, person.id)
    due = standing.next_due.amount if standing.next_due else None
    return Page(
        "contribution_new.html",
        person=person,
        standing=standing,
        amount=person.usual_instalment or due,
        month=month_of(visit.gateway.clock()),
        months=months_around(visit),
        titles=scheme_titles(visit),
        id=visit.form.get("id") or visit.gateway.new_id(),
    )


@routes.form("/contributions/new", Permission.NOTE_CONTRIBUTIONS, back=new)
def note(visit: Visit) -> Done:
    """Note it, once however often the button is tapped."""
    form = visit.form
    paisa = money.parse(form.get("amount", ""))
    if paisa is None:
        raise GatewayError("contribution:amount", where="amount", value=form.get("amount", ""))
    report = contributions.Report(
        paisa,
        form.get("month") or None,
        form.get("scheme") or None,
        form.get("receipt", "").strip() or None,
        form.get("note", "").strip() or None,
        "again" in form,
        form_id(form.get("id", "")),
    )
    entry = contributions.note(visit.gateway, visit.actor, form.get("member", ""), report)
    return Done(f"/members/{entry.member_id}", _("It is noted under %(reference)s.") % {"reference": entry.reference})


@routes.page("/contributions/<contribution_id>", Permission.SEE_CONTRIBUTIONS)
def entry(visit: Visit, contribution_id: str) -> Page:
    """One entry, and what was said of it."""
    found = contributions.get(visit.gateway, visit.actor, contribution_id)
    return Page(
        "contribution.html",
        entry=found,
        decisions=contributions.decisions(visit.gateway, visit.actor, contribution_id),
        person=members.get(visit.gateway, visit.actor, found.member_id),
        titles=scheme_titles(visit),
        who=who_of(visit),
        day=found.noted_at.astimezone(NEPAL).date().isoformat(),
    )


@routes.form("/contributions/<contribution_id>/confirm", Permission.CHECK_CONTRIBUTIONS, back=entry)
def confirm(visit: Visit, contribution_id: str) -> Done:
    """Make it final."""
    contributions.confirm(visit.gateway, visit.actor, contribution_id, visit.form.get("note", "").strip() or None)
    return Done(f"/contributions/{contribution_id}", _("The entry is confirmed."))


@routes.form("/contributions/<contribution_id>/question", Permission.CHECK_CONTRIBUTIONS, back=entry)
def question(visit: Visit, contribution_id: str) -> Done:
    """Doubt it: somebody clears it up."""
    contributions.question(visit.gateway, visit.actor, contribution_id, visit.form.get("note", "").strip() or None)
    return Done(f"/contributions/{contribution_id}", _("The entry is questioned; a task to clear it up is open."))


@routes.form("/contributions/<contribution_id>/reverse", Permission.CHECK_CONTRIBUTIONS, back=entry)
def reverse(visit: Visit, contribution_id: str) -> Done:
    """Take it back, with the reason."""
    try:
        contributions.reverse(visit.gateway, visit.actor, contribution_id, visit.form.get("note", ""))
    except GatewayError as error:
        error.where = error.where or "note"
        raise
    return Done(f"/contributions/{contribution_id}", _("The entry is taken back."))
