"""`/audit`: who saw and did what."""

from __future__ import annotations

from gateway.core.roles import Permission
from gateway.services import audit
from gateway.store.audit import Filter
from gateway.web.console.paging import ROWS, Pager, number_in
from gateway.web.console.routes import Page, Routes, Visit

routes = Routes("audit")


@routes.page("/audit", Permission.SEE_AUDIT)
def page(visit: Visit) -> Page:
    """The log of the organisation; `?subject=member:ID` shows what happened to one record."""
    wanted = Filter(actor=visit.query.get("actor") or None, subject=visit.query.get("subject") or None)
    rows = audit.page(visit.gateway, visit.actor, number_in(visit.query, "after"), ROWS + 1, wanted)
    return Page("audit.html", rows=rows[:ROWS], pager=Pager.behind(rows, lambda row: row.number), wanted=wanted)
