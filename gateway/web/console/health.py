"""`/installation`: how the installation is, and what to do where it is not well."""

from __future__ import annotations

from gateway.core.roles import Permission
from gateway.services import health
from gateway.web.console.routes import Page, Routes, Visit

routes = Routes("health")


@routes.page("/installation", Permission.SEE_HEALTH)
def page(visit: Visit) -> Page:
    """Everything on one page, what is wrong on top."""
    return Page("health.html", health=health.look(visit.gateway, visit.actor))
