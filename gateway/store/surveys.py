"""Surveys: what was answered in flows that say `survey: true`, by conversation and step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import String, and_, bindparam, case, func, or_, select

from gateway.store.database import Connection
from gateway.store.models import members, survey_answers
from gateway.store.rows import insert_into, values

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer: `value`, or a recording of her own words. `conversation` is the id of the session."""

    organisation_id: str
    member_id: str | None
    broadcast_id: str | None
    conversation: str
    flow: str
    step: str
    name: str
    value: str | None
    recording_id: str | None


class Answered(NamedTuple):
    """How many listeners answered a survey, and when the last did."""

    flow: str
    listeners: int
    last_at: datetime


class Answer(NamedTuple):
    """An answer as it is kept. `listener` is a member, or a conversation where nobody knows whose it was; `number` hers, where she agreed
    that we keep it and did not ask for privacy."""

    listener: str
    number: str | None
    step: str
    value: str | None
    recording_id: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which survey, and of one broadcast alone where that is named."""

    organisation_id: str
    flow: str
    broadcast_id: str | None = None


_KEEP = insert_into(survey_answers)
_KEEP = _KEEP.on_conflict_do_update(
    index_elements=["conversation", "flow", "step"],
    set_={name: _KEEP.excluded[name] for name in ("member_id", "broadcast_id", "name", "sealed_value", "recording_id", "at")},
)
_LISTENER = func.coalesce(survey_answers.c.member_id, survey_answers.c.conversation)
_OF_ALL = (
    select(survey_answers.c.flow, func.count(func.distinct(_LISTENER)), func.max(survey_answers.c.at))
    .where(survey_answers.c.organisation_id == bindparam("organisation_id"))
    .group_by(survey_answers.c.flow)
    .order_by(survey_answers.c.flow)
)
_broadcast = bindparam("broadcast_id", type_=String)
_OF_ONE = (
    survey_answers.c.organisation_id == bindparam("organisation_id"),
    survey_answers.c.flow == bindparam("flow"),
    or_(_broadcast.is_(None), survey_answers.c.broadcast_id == _broadcast),
)
_LISTENERS = select(_LISTENER).where(*_OF_ONE, bindparam("after") < _LISTENER).distinct().order_by(_LISTENER).limit(bindparam("most"))
_MAY_BE_NAMED = and_(members.c.consented_at.is_not(None), ~members.c.private, members.c.state != "erased")
_ANSWERS = (
    select(
        _LISTENER,
        case((_MAY_BE_NAMED, members.c.number)),
        survey_answers.c.step,
        survey_answers.c.sealed_value,
        survey_answers.c.recording_id,
    )
    .outerjoin(members, members.c.id == survey_answers.c.member_id)
    .where(*_OF_ONE, _LISTENER.in_(bindparam("listeners", expanding=True)))
    .order_by(_LISTENER, survey_answers.c.at, survey_answers.c.id)
)


def keep(db: Connection, seal: Seal, new: NewAnswer, now: datetime) -> None:
    """Keep an answer; the last one of a step in a conversation counts."""
    row = {name: value for name, value in values(new).items() if name != "value"}
    db.execute(_KEEP, row | {"sealed_value": None if new.value is None else seal.seal(new.value), "at": now})


def answered(db: Connection, organisation_id: str) -> list[Answered]:
    """The surveys that somebody answered, by name."""
    return [Answered(*row) for row in db.execute(_OF_ALL, {"organisation_id": organisation_id})]


def listeners(db: Connection, wanted: Wanted, after: str, most: int) -> list[str]:
    """Who answered a survey, those behind `after` ("" for the first page)."""
    return list(db.execute(_LISTENERS, values(wanted) | {"after": after, "most": most}).scalars())


def answers(db: Connection, seal: Seal, wanted: Wanted, of: Sequence[str]) -> list[Answer]:
    """All answers of these listeners, of each the earliest first."""
    rows = db.execute(_ANSWERS, values(wanted) | {"listeners": list(of)})
    return [Answer(row[0], row[1], row[2], None if row[3] is None else seal.open(bytes(row[3])), row[4]) for row in rows]
