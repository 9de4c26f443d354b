"""Notices: meetings, trainings and news, told by broadcasts, moved and called off, and who came."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from gateway.core.roles import Permission
from gateway.services import exports, notices
from gateway.web.api import broadcasts
from gateway.web.api.broadcasts import Announcement
from gateway.web.api.imports import Form, table
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Asked, Code, File, Given, Id, Numbers, Page, Unknown, Version, next_of, one_of

routes = Routes("notices")


class Notice(Given):
    id: str
    kind: str
    starts_at: datetime | None = Field(description="null for news")
    over_at: datetime | None
    place: str | None
    place_saying_id: str | None
    phrase: str | None
    saying_id: str | None
    published_at: datetime
    moved_at: datetime | None
    cancelled_at: datetime | None
    version: int


class Notices(Given):
    items: list[Notice]
    next: str | None


class Parts(Asked):
    """What a notice says; of a meeting or training a day and one place, of news a phrase or words of your own."""

    starts_at: AwareDatetime | None = None
    place: Code | None = Field(default=None, description="a phrase of the flows; or")
    place_saying_id: Id | None = Field(default=None, description="words of your own, recorded")
    phrase: Code | None = Field(default=None, description="the news, or what else is to be known: a phrase of the flows; or")
    saying_id: Id | None = Field(default=None, description="words of your own, recorded")
    over_at: AwareDatetime | None = Field(default=None, description="null: a gathering lasts three hours")


class NewNotice(Parts):
    kind: Annotated[str, one_of(notices.KINDS)]


class NoticeChange(Parts):
    version: Version


class NoticeSeen(Asked):
    version: Version


class NoticeChanged(Given):
    notice: Notice
    stopped: tuple[str, ...] = Field(description="broadcasts that said what holds no longer")
    told_by: str | None = Field(description="the broadcast by which those who had said yes are told")


class Rsvps(Given):
    told: int
    yes: int
    no: int
    came: int
    came_of_yes: int


class Came(Asked):
    numbers: Numbers


class Attendance(Given):
    added: int
    unknown: Unknown = Field(description="which of them, counted from 1, name nobody, or a phone that several share")


def _shown(found: notices.Notice) -> Notice:
    return Notice(**{name: getattr(found, name) for name in Notice.model_fields})


def _changed(found: notices.Changed) -> NoticeChanged:
    return NoticeChanged(notice=_shown(found.notice), stopped=found.stopped, told_by=found.told_by)


@routes.get("/notices", Permission.SEE_BROADCASTS)
def list_(call: Call, query: Page) -> Notices:
    """List notices in the order in which they were published, those that are over, too."""
    found = notices.page(call.gateway, call.actor, query.after, query.limit)
    return Notices(items=[_shown(notice) for notice in found], next=next_of(found, query.limit))


@routes.post("/notices", Permission.PLAN_BROADCASTS, status=201)
def publish(call: Call, body: NewNotice) -> Notice:
    """Publish a meeting, a training or news: from now on callers hear of it."""
    return _shown(notices.publish(call.gateway, call.actor, notices.NewNotice(**body.model_dump())))


@routes.get("/notices/{notice_id}", Permission.SEE_BROADCASTS)
def get(call: Call, notice_id: str) -> Notice:
    """Look at a notice."""
    return _shown(notices.get(call.gateway, call.actor, notice_id))


@routes.patch("/notices/{notice_id}", Permission.PLAN_BROADCASTS)
def change(call: Call, notice_id: str, body: NoticeChange) -> NoticeChanged:
    """Change what is named, for who still has this version. Who had said yes is told of another day or place."""
    before = notices.NewNotice.of(notices.get(call.gateway, call.actor, notice_id))
    after = replace(before, **body.model_dump(exclude_unset=True, exclude={"version"}))
    return _changed(notices.change(call.gateway, call.actor, notice_id, body.version, after))


@routes.post("/notices/{notice_id}/cancel", Permission.PLAN_BROADCASTS)
def cancel(call: Call, notice_id: str, body: NoticeSeen) -> NoticeChanged:
    """Call a gathering off, or take news back. Who had said yes is told."""
    return _changed(notices.cancel(call.gateway, call.actor, notice_id, body.version))


@routes.post("/notices/{notice_id}/announce", Permission.PLAN_BROADCASTS, status=201)
def announce(call: Call, notice_id: str, body: Announcement) -> broadcasts.Progress:
    """Draft the broadcast that tells it, and its reminder the day before. What is not named is made from the notice."""
    return broadcasts.seen(call, notices.announce(call.gateway, call.actor, notice_id, body.draft()))


@routes.get("/notices/{notice_id}/rsvps", Permission.SEE_BROADCASTS)
def rsvps(call: Call, notice_id: str) -> Rsvps:
    """Count who was told, said yes and no, and came."""
    return Rsvps.model_validate(notices.rsvps(call.gateway, call.actor, notice_id))


@routes.post("/notices/{notice_id}/attendance", Permission.PLAN_BROADCASTS)
def attendance(call: Call, notice_id: str, body: Came) -> Attendance:
    """Note who came; the same number once more adds nothing. Needs `see_members` as well."""
    return Attendance.model_validate(notices.attendance(call.gateway, call.actor, notice_id, body.numbers))


@routes.get("/notices/{notice_id}/export", Permission.EXPORT)
def export(call: Call, notice_id: str, query: Form) -> File:
    """Give who was told, what she answered and whether she came as a file in which no cell is a formula."""
    rows = notices.sheet(call.gateway, call.actor, notice_id)
    return table("notice", query, lambda path: exports.write_rows(call.gateway, call.actor, f"notice:{notice_id}", path, rows))
