"""Notices, as organisers publish and change them, and who came."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.core import ids, phone, reference
from gateway.core.digits import fold_digits
from gateway.errors import GatewayError
from gateway.services import access, announcements, hearing, notice_words
from gateway.services.access import Permission
from gateway.services.announcements import announce
from gateway.services.exports import PAGE, Pages, Rows
from gateway.services.hearing import Heard
from gateway.store import notices, people
from gateway.store.notices import GATHERINGS, Counts, Guest
from gateway.store.notices import NoticeRow as Notice

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

__all__ = [
    "KINDS",
    "Attendance",
    "Changed",
    "Counts",
    "Guest",
    "NewNotice",
    "Notice",
    "announce",
    "attendance",
    "cancel",
    "change",
    "did_not_come",
    "get",
    "guests",
    "heard",
    "is_over",
    "list_all",
    "page",
    "publish",
    "rsvps",
    "sheet",
    "written",
]

KINDS = (*GATHERINGS, "news")
LASTS = timedelta(hours=3)  # a gathering of which nobody says when it is over
MOST_SHOWN = 500  # notices of one page


@dataclass(frozen=True, slots=True)
class NewNotice:
    """What is to be told. `starts_at` and `over_at` are aware.

    A meeting or training has `starts_at` and a place: `place` (a phrase of flows/phrases.yaml) or `place_saying_id` (words of the
    organisation's own, recorded). News is a `phrase` or a `saying_id`; to a gathering these add what else is to be known of it.
    """

    kind: str
    starts_at: datetime | None = None
    place: str | None = None
    place_saying_id: str | None = None
    phrase: str | None = None
    saying_id: str | None = None
    over_at: datetime | None = None

    @classmethod
    def of(cls, notice: Notice) -> NewNotice:
        """A notice as it was published, to be changed."""
        return cls(**{name: getattr(notice, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Changed:
    """A notice that was moved or cancelled: the broadcasts that were stopped because they said something else, and the one by which those
    who had said yes are told (None: nobody had, or nothing changed for them)."""

    notice: Notice
    stopped: tuple[str, ...] = ()
    told_by: str | None = None


@dataclass(frozen=True, slots=True)
class Attendance:
    """How many were written down as having come, and the lines (from 1) that name no member, or a phone that several share."""

    added: int
    unknown: tuple[int, ...]


# --- looking -----------------------------------------------------------------------------------------------------------------------


def get(gateway: Gateway, actor: Actor, notice_id: str) -> Notice:
    """One notice; GatewayError `notice:unknown`."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        return announcements.own(db, actor, notice_id)


def page(gateway: Gateway, actor: Actor, after: str = "", limit: int = MOST_SHOWN) -> list[Notice]:
    """The notices of the actor's organisation by id, those behind `after` ("" for the first page), those that are over, too."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        return notices.page(db, actor.organisation_id, after, min(limit, MOST_SHOWN))


def list_all(gateway: Gateway, actor: Actor) -> list[Notice]:
    """All notices of the actor's organisation, the next gathering first, then what is over and news, the latest first."""
    found: list[Notice] = []
    while batch := page(gateway, actor, found[-1].id if found else ""):
        found += batch
    now = gateway.clock()
    coming = sorted((one for one in found if one.starts_at and not announcements.is_over(one, now)), key=lambda one: one.starts_at or now)
    others = [one for one in found if one not in coming]
    return coming + sorted(others, key=lambda one: one.starts_at or one.published_at, reverse=True)


def rsvps(gateway: Gateway, actor: Actor, notice_id: str) -> Counts:
    """How many were told, said yes and no, and came; GatewayError `notice:unknown`."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        return notices.counts(db, announcements.own(db, actor, notice_id).id)


def heard(gateway: Gateway, actor: Actor, notice_id: str) -> list[Heard]:
    """What members hear of it in a call of ours, in each language; GatewayError `notice:unknown`."""
    notice = get(gateway, actor, notice_id)
    prompts = notice_words.prompts(gateway, notice)
    return [
        hearing.said(gateway, language, prompts, notice_words.values(gateway, notice, language).get)
        for language in gateway.catalogue.languages
    ]


def written(gateway: Gateway, actor: Actor, notice_id: str) -> dict[str, str]:
    """What members read of it in a text of ours, in each language and script; GatewayError `notice:unknown`."""
    notice = get(gateway, actor, notice_id)
    return notice_words.texts(gateway, notice, notice_words.INVITED if notice.starts_at else notice_words.NEWS)


def is_over(gateway: Gateway, notice: Notice) -> bool:
    """Whether there is nothing more to tell of it but that it was."""
    return announcements.is_over(notice, gateway.clock())


# --- publishing and changing -------------------------------------------------------------------------------------------------------


def publish(gateway: Gateway, actor: Actor, new: NewNotice, key: str | None = None) -> Notice:
    """Let a notice be told from now on in menu 3 (news: menu 4); the same `key` of the same actor twice (a form sent twice) makes one.

    GatewayErrors `notice:*`.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    now = gateway.clock()
    notice_id = gateway.new_id() if key is None else ids.derived("notice", actor.organisation_id, actor.name, key)
    with gateway.database.write() as db:
        if key is not None and (before := notices.get(db, notice_id)):
            return before
        notice = Notice(
            notice_id,
            actor.organisation_id,
            new.kind,
            new.phrase,
            new.place,
            new.starts_at,
            now,
            _checked(gateway, db, actor, new),
            new.place_saying_id,
            new.saying_id,
        )
        notices.publish(db, notice)
        access.note(gateway, db, actor, "publish_notice", f"notice:{notice.id}", kind=notice.kind)
    return notice


def change(gateway: Gateway, actor: Actor, notice_id: str, version: int, new: NewNotice) -> Changed:
    """Change a notice. Where its day or place becomes another, broadcasts that say the old one stop, and who had said yes is told.

    GatewayErrors `notice:unknown`, `notice:over`, `notice:changed` (somebody changed it since `version`), and those of `publish`.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    now = gateway.clock()
    with gateway.database.write() as db:
        before = announcements.own(db, actor, notice_id)
        if before.version != version:
            raise GatewayError("notice:changed", id=notice_id)
        if new.kind != before.kind:
            raise GatewayError("notice:kind-stays", kind=before.kind)
        if new.starts_at != before.starts_at and new.over_at == before.over_at:
            new = replace(new, over_at=None)  # it lasts as long as others do, from its new beginning on
        over_at = _checked(gateway, db, actor, new, before.starts_at)
        moved = any(getattr(new, name) != getattr(before, name) for name in ("starts_at", "place", "place_saying_id"))
        after = replace(
            before,
            starts_at=new.starts_at,
            place=new.place,
            place_saying_id=new.place_saying_id,
            phrase=new.phrase,
            saying_id=new.saying_id,
            over_at=over_at,
            moved_at=now if moved else before.moved_at,
        )
        changed = _write(gateway, db, actor, replace(after, version=version), moved=moved)
    return _told(gateway, actor, changed)


def cancel(gateway: Gateway, actor: Actor, notice_id: str, version: int) -> Changed:
    """Call a gathering off, or take news back: broadcasts about it stop, and who had said yes is told.

    GatewayErrors `notice:unknown`, `notice:over`, `notice:changed`.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.write() as db:
        before = announcements.own(db, actor, notice_id)
        changed = _write(gateway, db, actor, replace(before, cancelled_at=gateway.clock(), version=version), moved=True)
    return _told(gateway, actor, changed)


def _write(gateway: Gateway, db: Connection, actor: Actor, after: Notice, *, moved: bool) -> Changed:
    now = gateway.clock()
    before = announcements.own(db, actor, after.id)
    if announcements.is_over(before, now):
        raise GatewayError("notice:over", id=after.id)
    if not notices.change(db, after):
        raise GatewayError("notice:changed", id=after.id)
    access.note(gateway, db, actor, "cancel_notice" if after.cancelled_at else "change_notice", f"notice:{after.id}", moved=moved)
    stopped = announcements.stop(db, after.id, now) if moved else ()
    told_by = announcements.word_of_change(gateway, db, actor, after) if moved and after.starts_at else None
    return Changed(announcements.own(db, actor, after.id), stopped, told_by)


def _told(gateway: Gateway, actor: Actor, changed: Changed) -> Changed:
    """Approve the word of a change, where whoever changed the notice may; else somebody who may finds it among the drafts."""
    if changed.told_by is not None and actor.may(Permission.APPROVE_BROADCASTS):
        announcements.approve(gateway, actor.organisation_id, changed.told_by, [actor.name])
    return changed


# --- what can be published ---------------------------------------------------------------------------------------------------------


def _checked(gateway: Gateway, db: Connection, actor: Actor, new: NewNotice, began: datetime | None = None) -> datetime | None:
    """When it is over. GatewayErrors `notice:*` for what cannot be told; only what `began` already may lie in the past."""
    _check_parts(new)
    for phrase in filter(None, (new.place, new.phrase)):
        if phrase not in gateway.catalogue.phrases:
            near = difflib.get_close_matches(phrase, gateway.catalogue.phrases, 1)
            raise GatewayError("broadcast:unknown-phrase", phrase=phrase, hint=f" Did you mean {near[0]!r}?" if near else "")
    for saying_id in filter(None, (new.place_saying_id, new.saying_id)):
        if not notices.has_saying(db, actor.organisation_id, saying_id):
            raise GatewayError("notice:unknown-saying", id=saying_id)
        if not notices.said(db, saying_id)[1]:
            raise GatewayError("notice:not-recorded", id=saying_id)
    over_at, now = new.over_at or (new.starts_at + LASTS if new.starts_at else None), gateway.clock()
    late = new.starts_at is not None and new.starts_at != began and new.starts_at <= now
    if late or (over_at is not None and (over_at <= now or (new.starts_at is not None and over_at <= new.starts_at))):
        raise GatewayError("notice:past")
    return over_at


def _check_parts(new: NewNotice) -> None:
    if new.kind not in KINDS:
        raise GatewayError("notice:kind", kind=new.kind, known=", ".join(KINDS))
    gathering = new.kind in GATHERINGS
    places, said = (new.place, new.place_saying_id), (new.phrase, new.saying_id)
    if gathering and (new.starts_at is None or sum(map(bool, places)) != 1):
        raise GatewayError("notice:incomplete", kind=new.kind, what="a day, an hour and one place")
    if not gathering and (new.starts_at is not None or any(places) or not any(said)):
        raise GatewayError("notice:incomplete", kind=new.kind, what="a phrase or words of your own, and no day or place")
    if all(said):
        raise GatewayError("notice:twice")


# --- who came ----------------------------------------------------------------------------------------------------------------------


def attendance(gateway: Gateway, actor: Actor, notice_id: str, numbers: Iterable[str]) -> Attendance:
    """Write down who came, by membership numbers or phones, one a line. The same list once more adds nothing.

    GatewayError `notice:unknown`, or `notice:no-attendance` for news.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    actor.require(Permission.SEE_MEMBERS)
    came: list[str] = []
    unknown: list[int] = []
    with gateway.database.write() as db:
        notice = announcements.own(db, actor, notice_id)
        if notice.kind not in GATHERINGS:
            raise GatewayError("notice:no-attendance")
        for line, number in enumerate(numbers, 1):
            if not number.strip():
                continue
            member_id = _member(gateway, db, actor, number)
            if member_id is None:
                unknown.append(line)
            else:
                came.append(member_id)
        added = notices.came(db, notice.id, came, actor.name, gateway.clock())
        access.note(gateway, db, actor, "note_attendance", f"notice:{notice.id}", count=added, unknown=len(unknown))
    return Attendance(added, tuple(unknown))


def did_not_come(gateway: Gateway, actor: Actor, notice_id: str, member_id: str) -> None:
    """Take back that somebody came: she was ticked by mistake. GatewayError `notice:unknown`."""
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.write() as db:
        notice = announcements.own(db, actor, notice_id)
        if notices.did_not_come(db, notice.id, member_id):
            access.note(gateway, db, actor, "take_back_attendance", f"notice:{notice.id}", member=member_id)


def guests(gateway: Gateway, actor: Actor, notice_id: str, after: str = "", limit: int = MOST_SHOWN) -> list[Guest]:
    """Who said that she will come, and who came, by membership number, those behind `after`. The view is audited.

    GatewayError `notice:unknown`.
    """
    actor.require(Permission.SEE_MEMBERS)
    notice = get(gateway, actor, notice_id)
    with gateway.database.read() as db:
        found = notices.guests(db, gateway.seal, notice.id, after, min(limit, MOST_SHOWN))
    with gateway.database.write() as db:
        access.note(gateway, db, actor, Permission.SEE_MEMBERS, f"notice:{notice.id}", count=len(found))
    return found


def _member(gateway: Gateway, db: Connection, actor: Actor, number: str) -> str | None:
    digits = fold_digits(number).strip()
    if reference.is_valid(digits) and (person := people.with_number(db, gateway.seal, actor.scope, digits)):
        return person.id
    e164 = phone.parse(number)
    having = people.with_phone(db, gateway.seal, actor.scope, e164) if e164 else []
    here = [person.id for person in having if person.state in {"pending", "active"}]
    return here[0] if len(here) == 1 else None


def sheet(gateway: Gateway, actor: Actor, notice_id: str) -> Rows:
    """Who was told, what she answered, whether she came, for `exports.write_rows`; GatewayError `notice:unknown`."""
    actor.require(Permission.SEE_MEMBERS)
    return Rows(("number", "answer", "came"), _pages(gateway, get(gateway, actor, notice_id).id))


def _pages(gateway: Gateway, notice_id: str) -> Pages:
    after = ""
    while True:
        with gateway.database.read() as db:
            page = notices.people(db, notice_id, after, PAGE)
        if not page:
            return
        yield len(page), page
        after = str(page[-1]["number"])
