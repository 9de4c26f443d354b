"""`/surveys`: what members answered, counted; what concerns fewer than five is withheld."""

from __future__ import annotations

from flask import Response

from gateway.core.roles import Permission
from gateway.services import exports, surveys
from gateway.web.console import files
from gateway.web.console.routes import Page, Routes, Visit

routes = Routes("surveys")


@routes.page("/surveys", Permission.SEE_BROADCASTS)
def page(visit: Visit) -> Page:
    """The surveys that there are."""
    return Page("surveys.html", surveys=surveys.list_all(visit.gateway, visit.actor))


@routes.page("/surveys/<flow>", Permission.SEE_BROADCASTS)
def survey(visit: Visit, flow: str) -> Page:
    """The answers to each of its questions; `?broadcast=ID` only those to one broadcast."""
    broadcast_id = visit.query.get("broadcast") or None
    questions = surveys.show(visit.gateway, visit.actor, flow, broadcast_id)
    known = visit.gateway.catalogue.flows.get(flow)
    return Page(
        "survey.html",
        flow=flow,
        title=known.title if known else {},
        broadcast_id=broadcast_id,
        questions=questions,
        most=max((count for one in questions for count in one.answers.values() if count), default=0),
        asked=surveys.asked(visit.gateway, flow),
    )


@routes.page("/surveys/<flow>/export", Permission.EXPORT)
def export(visit: Visit, flow: str) -> Response:
    """A row for each who answered."""
    rows = surveys.sheet(visit.gateway, visit.actor, flow, visit.query.get("broadcast") or None)
    write = lambda path: exports.write_rows(visit.gateway, visit.actor, f"survey:{flow}", path, rows)  # noqa: E731
    return files.download("survey", visit.query.get("form", "csv"), write)
