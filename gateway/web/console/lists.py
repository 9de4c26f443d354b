"""`/lists`: members named one by one, to write to them or to leave them out."""

from __future__ import annotations

from flask import url_for

from gateway.core.roles import Permission
from gateway.services import lists
from gateway.services.lists import ListAdded
from gateway.web.console import showing
from gateway.web.console.paging import ROWS, Pager
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _

routes = Routes("lists")

MOST_NAMED = 10  # lines that name nobody, in what is said of them


@routes.page("/lists", Permission.PLAN_BROADCASTS)
def page(visit: Visit) -> Page:
    """All lists, and how many are on each."""
    return Page("lists.html", rows=lists.list_all(visit.gateway, visit.actor))


@routes.form("/lists", Permission.PLAN_BROADCASTS, back=page)
def make(visit: Visit) -> Done:
    """Make a list of those who are named, or add them to the one of this title."""
    made = lists.create(visit.gateway, visit.actor, visit.form.get("title", ""), visit.form.get("numbers", "").splitlines())
    return Done(url_for("lists.members", list_id=made.id), _said(made, _("%(count)s members are on the list now.")))


@routes.page("/lists/<list_id>", Permission.PLAN_BROADCASTS)
def members(visit: Visit, list_id: str) -> Page:
    """A list and who is on it."""
    found, rows = lists.show(visit.gateway, visit.actor, list_id, visit.query.get("after", ""), ROWS + 1)
    return Page("list.html", found=found, rows=rows[:ROWS], pager=Pager.behind(rows, lambda row: row.number))


@routes.form("/lists/<list_id>/add", Permission.PLAN_BROADCASTS, back=members)
def add(visit: Visit, list_id: str) -> Done:
    """Put more members on it."""
    added = lists.add(visit.gateway, visit.actor, list_id, visit.form.get("numbers", "").splitlines())
    return Done(url_for("lists.members", list_id=list_id), _said(added, _("%(count)s members were added.")))


@routes.form("/lists/<list_id>/remove", Permission.PLAN_BROADCASTS, back=members)
def remove(visit: Visit, list_id: str) -> Done:
    """Strike members off it."""
    removed = lists.remove(visit.gateway, visit.actor, list_id, visit.form.get("numbers", "").splitlines())
    return Done(url_for("lists.members", list_id=list_id), _said(removed, _("%(count)s members were taken off.")))


@routes.page("/lists/<list_id>/delete", Permission.PLAN_BROADCASTS)
def deleting(visit: Visit, list_id: str) -> Page:
    """What it means to take it away."""
    found, _rows = lists.show(visit.gateway, visit.actor, list_id, limit=1)
    return Page("list_delete.html", found=found)


@routes.form("/lists/<list_id>/delete", Permission.PLAN_BROADCASTS, back=deleting)
def delete(visit: Visit, list_id: str) -> Done:
    """Take a list away that no broadcast needs."""
    lists.delete(visit.gateway, visit.actor, list_id)
    return Done(url_for("lists.page"), _("The list is gone. Its members are still members."))


def _said(changed: ListAdded, sentence: str) -> str:
    said = sentence % {"count": showing.number(changed.added)}
    if not changed.unknown:
        return said
    lines = ", ".join(showing.number(line) for line in changed.unknown[:MOST_NAMED]) + ("…" if len(changed.unknown) > MOST_NAMED else "")
    return said + " " + _("Nobody is known by what stands in line %(lines)s.") % {"lines": lines}
