"""Lessons for organisers: what there is to hear, and how many heard it. Who they are is nobody's business but hers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core import disclosure
from gateway.engine.lessons import QUESTIONS
from gateway.errors import GatewayError
from gateway.services import access, hearing
from gateway.services.access import Actor, Permission
from gateway.services.hearing import Heard
from gateway.store import lessons as stored

if TYPE_CHECKING:
    from gateway.services.context import Gateway


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson that callers are offered."""

    name: str
    title: Mapping[str, str]
    chapters: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How many members began a lesson, and how many of them heard all of it and answered its check; None where so few are withheld."""

    name: str
    title: Mapping[str, str]
    chapters: int
    underway: int | None
    completed: int | None
    begun: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter or a question of a lesson, by the name of its step, as it is heard in each language."""

    step: str
    heard: tuple[Heard, ...]


def list_all(gateway: Gateway, actor: Actor) -> list[Lesson]:
    """The lessons in the order in which they are offered."""
    actor.require(Permission.SEE_BROADCASTS)
    return [Lesson(lesson.name, lesson.title, lesson.chapters) for lesson in gateway.catalogue.lessons.values()]


def progress(gateway: Gateway, actor: Actor) -> list[Progress]:
    """How far members came in each lesson, in counts: `begun` is the sum of `underway` and `completed`. The view is audited."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        standings = stored.standings(db, actor.scope)
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "view_lessons", "lessons")
    return [_counted(lesson, standings) for lesson in list_all(gateway, actor)]


def told(gateway: Gateway, actor: Actor, name: str) -> list[Part]:
    """What there is to hear in a lesson, in its order. GatewayError `lesson:unknown`."""
    actor.require(Permission.SEE_BROADCASTS)
    catalogue = gateway.catalogue
    lesson = catalogue.lessons.get(name)
    if lesson is None:
        raise GatewayError("lesson:unknown", lesson=name)
    steps = catalogue.flows[name].steps
    names = [f"chapter_{number}" for number in range(1, lesson.chapters + 1)] + [f"question_{number}" for number in range(1, QUESTIONS + 1)]
    return [
        Part(step, tuple(hearing.said(gateway, language, [next(steps[step].prompts())], _nothing) for language in catalogue.languages))
        for step in names
    ]


def _nothing(_slot: str) -> None:
    """The value of a slot, of which lessons have none."""


def _counted(lesson: Lesson, standings: list[stored.Standing]) -> Progress:
    of_lesson = [row for row in standings if row.lesson == lesson.name]
    completed = sum(row.members for row in of_lesson if row.completed)
    underway, whole, begun = disclosure.shown([sum(row.members for row in of_lesson) - completed, completed])
    return Progress(lesson.name, lesson.title, lesson.chapters, underway, whole, begun)
