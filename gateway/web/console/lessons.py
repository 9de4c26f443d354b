"""`/lessons`: what there is to hear, and how many heard it."""

from __future__ import annotations

from flask import Response

from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import hearing, lessons
from gateway.web.console import files
from gateway.web.console.routes import Page, Routes, Visit

routes = Routes("lessons")


@routes.page("/lessons", Permission.SEE_BROADCASTS)
def page(visit: Visit) -> Page:
    """The lessons in the order in which callers are offered them, with how far members came."""
    return Page("lessons.html", lessons=lessons.progress(visit.gateway, visit.actor))


@routes.page("/lessons/<name>", Permission.SEE_BROADCASTS)
def lesson(visit: Visit, name: str) -> Page:
    """Its chapters and questions, to read and to hear."""
    parts = lessons.told(visit.gateway, visit.actor, name)
    return Page("lesson.html", name=name, title=visit.gateway.catalogue.lessons[name].title, parts=parts)


@routes.page("/lessons/<name>/hear/<step>/<language>", Permission.SEE_BROADCASTS)
def hear(visit: Visit, name: str, step: str, language: str) -> Response:
    """A chapter or a question as a sound."""
    for part in lessons.told(visit.gateway, visit.actor, name):
        for heard in part.heard:
            if (part.step, heard.language) == (step, language):
                return files.sound(hearing.sound(heard))
    raise GatewayError("audio:unknown-clip")
