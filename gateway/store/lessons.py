"""How far members came in lessons."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, case, func, select, update

from gateway.store.database import Connection
from gateway.store.models import lesson_progress, members
from gateway.store.rows import insert_into
from gateway.store.scope import Scope, sees


class Progress(NamedTuple):
    """How far one member came in a lesson: `chapters` heard from the first on, answers `right` in the last check."""

    lesson: str
    chapters: int
    right: int
    begun_at: datetime
    updated_at: datetime
    completed_at: datetime | None


class Standing(NamedTuple):
    """How many members of a scope came how far in a lesson: `chapters` heard, and the whole of it or not."""

    lesson: str
    chapters: int
    completed: bool
    members: int


_IS_HERS = (lesson_progress.c.member_id == bindparam("of_member")) & (lesson_progress.c.lesson == bindparam("of_lesson"))
_COLUMNS = [lesson_progress.c[name] for name in Progress._fields]
_OF_MEMBER = select(*_COLUMNS).where(lesson_progress.c.member_id == bindparam("of_member")).order_by(lesson_progress.c.updated_at.desc())
_HEARD = insert_into(lesson_progress)
_NEW = _HEARD.excluded
_HEARD = _HEARD.on_conflict_do_update(
    index_elements=["member_id", "lesson"],
    set_={
        "chapters": case((_NEW.chapters > lesson_progress.c.chapters, _NEW.chapters), else_=lesson_progress.c.chapters),
        "updated_at": _NEW.updated_at,
    },
)
_CHECKED = (
    update(lesson_progress)
    .where(_IS_HERS)
    .values(
        right=bindparam("answers"),
        updated_at=bindparam("now"),
        completed_at=func.coalesce(lesson_progress.c.completed_at, bindparam("now")),
    )
)


def of_member(db: Connection, member_id: str) -> list[Progress]:
    """The lessons that a member began, the last one that she heard first."""
    return [Progress(*row) for row in db.execute(_OF_MEMBER, {"of_member": member_id})]


def heard(db: Connection, member_id: str, lesson: str, chapters: int, now: datetime) -> None:
    """She heard so many chapters. It never becomes fewer, whatever she hears again."""
    row = {"member_id": member_id, "lesson": lesson, "chapters": chapters, "right": 0, "begun_at": now, "updated_at": now}
    db.execute(_HEARD, row)


def checked(db: Connection, member_id: str, lesson: str, right: int, now: datetime) -> None:
    """She answered the check, and has heard the whole lesson; when first, is kept."""
    db.execute(_CHECKED, {"of_member": member_id, "of_lesson": lesson, "answers": right, "now": now})


def standings(db: Connection, scope: Scope) -> list[Standing]:
    """How many members of a scope are how far, by lesson."""
    completed = lesson_progress.c.completed_at.is_not(None)
    query = (
        select(lesson_progress.c.lesson, lesson_progress.c.chapters, completed, func.count())
        .join(members, members.c.id == lesson_progress.c.member_id)
        .where(sees(scope, members), members.c.state.not_in(("left", "erased")))
        .group_by(lesson_progress.c.lesson, lesson_progress.c.chapters, completed)
        .order_by(lesson_progress.c.lesson, lesson_progress.c.chapters)
    )
    return [Standing(lesson, chapters, bool(whole), number) for lesson, chapters, whole, number in db.execute(query)]
