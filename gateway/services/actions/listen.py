"""What flows may do about lessons and the directory of services."""

from __future__ import annotations

from gateway.core.events import LessonChecked, LessonHeard
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.engine.lessons import QUESTIONS
from gateway.services import directory
from gateway.services.actions.named import action
from gateway.services.context import Gateway
from gateway.store import lessons

# --- lessons: `call.flow` is the lesson; a stranger, and whoever of a shared phone has not shown who she is, begins at the beginning ------


@action("done", "lesson.name")
def next_lesson(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The lesson that she is in the middle of, else the first one that she has not heard, else the first."""
    offered = list(gateway.catalogue.lessons)
    if call.member is None or not offered:
        return ActionResult("done")
    with gateway.database.read() as db:
        known = [row for row in lessons.of_member(db, call.member.id) if row.lesson in offered]
    unfinished = [row.lesson for row in known if row.completed_at is None]
    begun = {row.lesson for row in known}
    waiting = [*unfinished, *(name for name in offered if name not in begun), offered[0]]
    return ActionResult("done", {"lesson.name": waiting[0]})


@action("done", "lesson.chapter")
def lesson_place(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The chapter that comes next for her, counted from 1; who has heard all of the lesson begins again."""
    if call.member is None:
        return ActionResult("done", {"lesson.chapter": 1})
    with gateway.database.read() as db:
        known = next((row for row in lessons.of_member(db, call.member.id) if row.lesson == call.flow), None)
    begun = known is not None and known.completed_at is None
    chapter = known.chapters + 1 if known is not None and begun else 1
    return ActionResult("done", {"lesson.chapter": chapter}, (LessonHeard(call.member.id, call.flow, 0),))


@action("done")
def lesson_heard(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She goes on from a chapter, that of the step's number: `heard_2`."""
    chapter = int(call.session.frames[-1].step.rpartition("_")[2])
    return ActionResult("done", facts=(LessonHeard(call.member.id, call.flow, chapter),) if call.member else ())


@action("done")
def lesson_checked(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She has answered the questions at the end."""
    right = sum(call.values.get(f"answer_{place}") == "right" for place in range(1, QUESTIONS + 1))
    return ActionResult("done", facts=(LessonChecked(call.member.id, call.flow, right),) if call.member else ())


# --- services near her -----------------------------------------------------------------------------------------------------------------


@action("found none", "service.id service.kind service.number service.name service.told")
def next_service(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The nearest service; asked again in the same conversation, the one after it."""
    near = directory.near(gateway, call.caller.organisation_id, call.member.id if call.member else None)
    heard = next((place for place, entry in enumerate(near) if entry.id == call.values.get("service.id")), -1)
    if heard + 1 >= len(near):
        return ActionResult("none")
    entry = near[heard + 1]
    ways = {"by_text": call.session.medium == "sms", "romanised": call.caller.romanised}
    return ActionResult(
        "found",
        {
            "service.id": entry.id,
            "service.kind": entry.kind,
            "service.number": entry.local_number,
            "service.name": directory.spoken_name(gateway, entry, call.session.language, **ways),
            "service.told": False,
        },
    )


@action("done", "service.told")
def same_service(_gateway: Gateway, _call: ActionCall) -> ActionResult:
    """What was just told is told once more, and not sent a second time."""
    return ActionResult("done", {"service.told": True})
