"""`/listening`: what members told us, and what they can listen to."""

from __future__ import annotations

from gateway.core.roles import Permission
from gateway.services import directory, lessons, surveys, testimonies
from gateway.web.console.routes import Page, Routes, Visit

routes = Routes("listening")


@routes.page("/listening", Permission.SEE_BROADCASTS)
def page(visit: Visit) -> Page:
    """The way to surveys, testimonies, lessons and services, each with how much there is."""
    may_hear = visit.actor.may(Permission.SEE_TESTIMONIES)
    return Page(
        "listening.html",
        surveys=surveys.list_all(visit.gateway, visit.actor),
        waiting=sum(one.state == "waiting" for one in testimonies.list_all(visit.gateway, visit.actor)) if may_hear else None,
        lessons=lessons.list_all(visit.gateway, visit.actor),
        services=len(directory.list_all(visit.gateway, visit.actor)),
    )
