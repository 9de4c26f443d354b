"""Lessons: what there is to hear, and how many heard it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from gateway.core.roles import Permission
from gateway.services import lessons
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Given

routes = Routes("lessons")


class Lesson(Given):
    name: str
    title: Mapping[str, str]
    chapters: int


class Lessons(Given):
    items: list[Lesson]


class LessonHeard(Lesson):
    begun: int | None = Field(description="members; null: so few that they are not told")
    underway: int | None = Field(description="began and did not hear all of it")
    completed: int | None = Field(description="heard all of it and answered its check")


class LessonsHeard(Given):
    items: list[LessonHeard]


@routes.get("/lessons", Permission.SEE_BROADCASTS)
def list_(call: Call) -> Lessons:
    """List the lessons in the order in which callers are offered them."""
    return Lessons(items=[Lesson.model_validate(lesson) for lesson in lessons.list_all(call.gateway, call.actor)])


@routes.get("/lessons/progress", Permission.SEE_BROADCASTS)
def progress(call: Call) -> LessonsHeard:
    """Count how far members came in each lesson. What concerns fewer than five is withheld."""
    return LessonsHeard(items=[LessonHeard.model_validate(lesson) for lesson in lessons.progress(call.gateway, call.actor)])
