"""`/`: what needs a person now."""

from __future__ import annotations

from gateway.web.console.routes import Anybody, Page, Routes, Visit

routes = Routes("today")


@routes.page("/", Anybody.SIGNED_IN)
def today(visit: Visit) -> Page:  # noqa: ARG001
    """Where an organiser's day begins."""
    return Page("today.html")
