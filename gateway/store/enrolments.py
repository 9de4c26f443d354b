"""Who pays into which scheme, from when, on which schedule, and which months she skips."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, or_, select, update

from gateway.core.dues import Enrolment
from gateway.store.database import Connection
from gateway.store.models import enrolments, schemes, skips
from gateway.store.prepared import Prepared
from gateway.store.rows import insert_into


class EnrolmentRow(NamedTuple):
    """An enrolment with what its scheme says. `schedule` is her own where she has one, else the scheme's."""

    id: str
    scheme_id: str
    code: str
    from_month: str
    until_month: str | None
    schedule: str
    seasons: Sequence[int]
    instalment: int | None

    @property
    def plan(self) -> Enrolment:
        """The enrolment as the dues are reckoned from it."""
        return Enrolment(self.from_month, self.until_month, self.schedule, tuple(self.seasons), self.instalment)


class NewEnrolment(NamedTuple):
    """What is written down; `schedule` and `instalment` None where the scheme's hold."""

    id: str
    member_id: str
    scheme_id: str
    from_month: str
    schedule: str | None = None
    instalment: int | None = None


class Skip(NamedTuple):
    """A month in which nothing is due from her, and who said so."""

    enrolment_id: str
    month: str
    by: str


_OF_MEMBER = Prepared(
    select(
        enrolments.c.id,
        enrolments.c.scheme_id,
        schemes.c.code,
        enrolments.c.from_month,
        enrolments.c.until_month,
        func.coalesce(enrolments.c.schedule, schemes.c.schedule).label("schedule"),
        schemes.c.seasons,
        enrolments.c.instalment,
    )
    .join(schemes, schemes.c.id == enrolments.c.scheme_id)
    .where(enrolments.c.member_id == bindparam("member_id"))
    .order_by(enrolments.c.from_month, schemes.c.code)
)
_ADD = insert(enrolments)
_END = (
    update(enrolments)
    .where(enrolments.c.id == bindparam("enrolment_id"), enrolments.c.until_month.is_(None))
    .values(until_month=bindparam("last"))
)
_SKIP = insert_into(skips).on_conflict_do_nothing()
_SKIPS = select(skips.c.month).where(skips.c.enrolment_id == bindparam("enrolment_id"))
_RUNNING = (
    select(enrolments.c.member_id)
    .distinct()
    .where(
        enrolments.c.from_month <= bindparam("month"),
        or_(enrolments.c.until_month.is_(None), enrolments.c.until_month >= bindparam("month")),
        enrolments.c.member_id > bindparam("after"),
    )
    .order_by(enrolments.c.member_id)
    .limit(bindparam("count"))
)


def of_member(db: Connection, member_id: str) -> list[EnrolmentRow]:
    """All her enrolments, those that ended as well, by their first months."""
    return [EnrolmentRow(*row) for row in _OF_MEMBER.rows(db, {"member_id": member_id})]


def add(db: Connection, enrolment: NewEnrolment) -> None:
    """Enrol her. Conflict where she is enrolled from this month already."""
    db.execute(_ADD, enrolment._asdict())


def end(db: Connection, enrolment_id: str, last: str) -> bool:
    """Let an enrolment end with this month; False where it has ended already."""
    return db.execute(_END, {"enrolment_id": enrolment_id, "last": last}).rowcount == 1


def skip(db: Connection, month: Skip, now: datetime) -> bool:
    """Let nothing be due in a month; False where it was skipped already."""
    return db.execute(_SKIP, {**month._asdict(), "at": now}).rowcount == 1


def skipped(db: Connection, enrolment_id: str) -> frozenset[str]:
    """The months that are skipped."""
    return frozenset(db.execute(_SKIPS, {"enrolment_id": enrolment_id}).scalars())


def paying(db: Connection, month: str, after: str, count: int) -> list[str]:
    """The ids of members of every organisation who are enrolled in this month, behind the id `after`."""
    return list(db.execute(_RUNNING, {"month": month, "after": after, "count": count}).scalars())
