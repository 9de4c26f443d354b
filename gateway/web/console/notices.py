"""`/notices`: meetings, trainings and news: published, told, changed, and who came."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Response

from gateway.core import people
from gateway.core.audience import Audience
from gateway.core.calendar import NEPAL
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import exports, hearing, lists, notices, sayings
from gateway.services.broadcast import MEDIA, Draft
from gateway.services.notices import NewNotice
from gateway.web.console import files, reading
from gateway.web.console.paging import Pager, number_in
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _

if TYPE_CHECKING:
    from gateway.services.notices import Changed, Notice

routes = Routes("notices")

PAST = 20  # of those that are over, on a page
PLACES = ("ward_office", "our_office", "community_hall", "village_school")  # phrases that are shipped; own ones follow them
NEWS = ("news_", "message_")  # what the names of phrases begin with that are whole messages
EMPTY_LINES = 12  # on a sheet, for those who come without a word


@routes.page("/notices", Permission.SEE_BROADCASTS)
def page(visit: Visit) -> Page:
    """What members hear in menus 3 and 4: the next gatherings with their answers, news, and what is over."""
    found = notices.list_all(visit.gateway, visit.actor)
    now = [one for one in found if not notices.is_over(visit.gateway, one)]
    over = [one for one in found if notices.is_over(visit.gateway, one)]
    start = number_in(visit.query, "after")
    past = over[start : start + PAST]
    return Page(
        "notices.html",
        coming=[(one, notices.rsvps(visit.gateway, visit.actor, one.id)) for one in now if one.starts_at],
        news=[one for one in now if one.starts_at is None],
        past=past,
        pager=Pager(str(start + PAST) if len(over) > start + PAST else None),
    )


@routes.page("/notices/new", Permission.PLAN_BROADCASTS)
def new(visit: Visit) -> Page:
    """Choose what it is, then say when, where and what."""
    kind = visit.form.get("kind") or visit.query.get("kind", "")
    return Page(
        "notice_form.html", notice=None, kind=kind if kind in notices.KINDS else "", once=visit.gateway.new_id(), **_to_choose(visit)
    )


@routes.form("/notices", Permission.PLAN_BROADCASTS, back=new)
def publish(visit: Visit) -> Done:
    """Let members hear it from now on."""
    notice = notices.publish(visit.gateway, visit.actor, _read(visit, visit.form.get("kind", "")), visit.form.get("once") or None)
    return Done(_at(notice.id), _("It is published: members hear it from now on."))


@routes.page("/notices/<notice_id>", Permission.SEE_BROADCASTS)
def notice(visit: Visit, notice_id: str) -> Page:
    """One notice: when and where, who comes, what members hear."""
    found = notices.get(visit.gateway, visit.actor, notice_id)
    return Page(
        "notice.html",
        notice=found,
        over=notices.is_over(visit.gateway, found),
        begun=found.starts_at is not None and found.starts_at <= visit.gateway.clock(),
        counts=notices.rsvps(visit.gateway, visit.actor, notice_id),
        heard=notices.heard(visit.gateway, visit.actor, notice_id),
        written=notices.written(visit.gateway, visit.actor, notice_id),
        **_own_words(visit),
    )


@routes.page("/notices/<notice_id>/hear/<language>", Permission.SEE_BROADCASTS)
def hear(visit: Visit, notice_id: str, language: str) -> Response:
    """What members hear, as a sound."""
    heard = {each.language: each for each in notices.heard(visit.gateway, visit.actor, notice_id)}
    if language not in heard:
        raise GatewayError("audio:unknown-clip")
    return files.sound(hearing.sound(heard[language]))


@routes.page("/notices/<notice_id>/change", Permission.PLAN_BROADCASTS)
def to_change(visit: Visit, notice_id: str) -> Page:
    """The notice as a form, and who will be told of a change."""
    found = notices.get(visit.gateway, visit.actor, notice_id)
    counts = notices.rsvps(visit.gateway, visit.actor, notice_id)
    return Page("notice_form.html", notice=found, kind=found.kind, counts=counts, **_to_choose(visit, found))


@routes.form("/notices/<notice_id>/change", Permission.PLAN_BROADCASTS, back=to_change)
def change(visit: Visit, notice_id: str) -> Done:
    """Change it; who had said yes is told of another day, hour or place."""
    before = notices.get(visit.gateway, visit.actor, notice_id)
    after = _read(visit, before.kind)
    if before.starts_at is None:
        after = replace(after, over_at=before.over_at)  # which the form of news does not show
    return _after(notices.change(visit.gateway, visit.actor, notice_id, number_in(visit.form, "version"), after), _("It is changed."))


@routes.page("/notices/<notice_id>/cancel", Permission.PLAN_BROADCASTS)
def to_cancel(visit: Visit, notice_id: str) -> Page:
    """Ask once more, and say who will be told."""
    found = notices.get(visit.gateway, visit.actor, notice_id)
    return Page("notice_cancel.html", notice=found, counts=notices.rsvps(visit.gateway, visit.actor, notice_id), **_own_words(visit))


@routes.form("/notices/<notice_id>/cancel", Permission.PLAN_BROADCASTS, back=to_cancel)
def cancel(visit: Visit, notice_id: str) -> Done:
    """Call it off."""
    changed = notices.cancel(visit.gateway, visit.actor, notice_id, number_in(visit.form, "version"))
    return _after(changed, _("It is called off."))


@routes.page("/notices/<notice_id>/announce", Permission.PLAN_BROADCASTS)
def to_announce(visit: Visit, notice_id: str) -> Page:
    """Whom to tell by a broadcast, how and when."""
    return Page(
        "notice_announce.html",
        notice=notices.get(visit.gateway, visit.actor, notice_id),
        written=notices.written(visit.gateway, visit.actor, notice_id),
        lists=lists.list_all(visit.gateway, visit.actor),
        trades=people.TRADES,
        days=reading.coming_days(visit.gateway.clock().astimezone(NEPAL).date()),
        once=visit.gateway.new_id(),
        **_own_words(visit),
    )


@routes.form("/notices/<notice_id>/announce", Permission.PLAN_BROADCASTS, back=to_announce)
def announce(visit: Visit, notice_id: str) -> Done:
    """Draft the broadcast that tells it; it is looked at and approved as any other."""
    form = visit.form
    place = reading.field(form, "place", reading.place) if form.get("place", "").strip() else ""
    audience = Audience(
        trades=tuple(form.getlist("trade")),
        places=(place,) if place else (),
        lists=tuple(form.getlist("list")),
    )
    medium = form.get("medium", "")
    starts_at = reading.moment(form, "day", "hour") if form.get("day") or form.get("other_day", "").strip() else None
    options = Draft("", medium=medium if medium in MEDIA else "preferred", audience=audience, best_hour="best_hour" in form)
    options = replace(options, starts_at=starts_at)
    broadcast_id = notices.announce(visit.gateway, visit.actor, notice_id, options, form.get("once") or None)
    return Done(f"/broadcasts/{broadcast_id}", _("The broadcast is drafted. Look at it, then let it go out."))


@routes.page("/notices/<notice_id>/attendance", Permission.PLAN_BROADCASTS)
def to_attend(visit: Visit, notice_id: str) -> Page:
    """Tick who came."""
    return _attendance(visit, notice_id)


@routes.form("/notices/<notice_id>/attendance", Permission.PLAN_BROADCASTS, back=to_attend)
def attend(visit: Visit, notice_id: str) -> Page | Done:
    """Write down who came; numbers that name nobody stay in the form."""
    ticked, lines = visit.form.getlist("came"), visit.form.get("numbers", "").splitlines()
    found = notices.attendance(visit.gateway, visit.actor, notice_id, [*ticked, *lines])
    unknown = [lines[line - len(ticked) - 1] for line in found.unknown if line > len(ticked)]
    if unknown:
        return _attendance(visit, notice_id, added=found.added, unknown=unknown)
    return Done(f"{_at(notice_id)}/attendance", _("%(count)s are written down as having come.") % {"count": found.added})


@routes.form("/notices/<notice_id>/absent", Permission.PLAN_BROADCASTS, back=to_attend)
def absent(visit: Visit, notice_id: str) -> Done:
    """Take back that somebody came."""
    notices.did_not_come(visit.gateway, visit.actor, notice_id, visit.form.get("member_id", ""))
    return Done(f"{_at(notice_id)}/attendance", _("It is taken back."))


@routes.page("/notices/<notice_id>/sheet", Permission.SEE_MEMBERS)
def sheet(visit: Visit, notice_id: str) -> Page:
    """A list to print and to sign."""
    return Page(
        "notice_sheet.html",
        notice=notices.get(visit.gateway, visit.actor, notice_id),
        guests=notices.guests(visit.gateway, visit.actor, notice_id),
        empty_lines=EMPTY_LINES,
        **_own_words(visit),
    )


@routes.page("/notices/<notice_id>/export", Permission.EXPORT)
def export(visit: Visit, notice_id: str) -> Response:
    """Who was told, what she answered, whether she came."""
    rows = notices.sheet(visit.gateway, visit.actor, notice_id)
    write = lambda path: exports.write_rows(visit.gateway, visit.actor, f"notice:{notice_id}", path, rows)  # noqa: E731
    return files.download("notice", visit.query.get("form", "csv"), write)


# --- pieces ------------------------------------------------------------------------------------------------------------------------


def _at(notice_id: str) -> str:
    return f"/notices/{notice_id}"


def _after(changed: Changed, said: str) -> Done:
    told = _("Those who had said yes are told of it.") if changed.told_by else ""
    return Done(_at(changed.notice.id), f"{said} {told}".strip())


def _attendance(visit: Visit, notice_id: str, added: int = 0, unknown: list[str] | None = None) -> Page:
    return Page(
        "notice_attendance.html",
        notice=notices.get(visit.gateway, visit.actor, notice_id),
        guests=notices.guests(visit.gateway, visit.actor, notice_id),
        added=added,
        unknown=unknown or [],
        **_own_words(visit),
    )


def _own_words(visit: Visit) -> dict[str, Any]:
    """An organisation's own words by their ids, in the page's language where they have it."""
    said = {one.id: one.texts.get(visit.language) or next(iter(one.texts.values()), "") for one in _sayings(visit)}
    return {"own_words": said}


def _sayings(visit: Visit) -> list[sayings.Saying]:
    found: list[sayings.Saying] = []
    while page := sayings.page(visit.gateway, visit.actor, found[-1].number if found else 0):
        found += page
    return found


def _to_choose(visit: Visit, notice: Notice | None = None) -> dict[str, Any]:
    """What a form offers: days, places, words."""
    phrases = visit.gateway.catalogue.phrases
    today = visit.gateway.clock().astimezone(NEPAL).date()
    days = reading.coming_days(today)
    begins = notice.starts_at.astimezone(NEPAL).date() if notice and notice.starts_at else None
    if begins and begins.isoformat() not in dict(days):
        days = [(begins.isoformat(), reading.day_name(begins)), *days]
    return {
        "days": days,
        "places": [name for name in dict.fromkeys((*PLACES, notice.place if notice else None)) if name in phrases],
        "messages": [name for name in phrases if name.startswith(NEWS)],
        "recorded": {one.id for one in _sayings(visit) if one.clips},
        **_own_words(visit),
    }


def _read(visit: Visit, kind: str) -> NewNotice:
    """The notice that a form says; `place` and `about` are `phrase:NAME` or `saying:ID`."""
    form = visit.form
    about = _chosen(form.get("about", ""))
    if kind == "news":
        return NewNotice(kind, phrase=about[0], saying_id=about[1])
    place = _chosen(form.get("place", ""))
    starts_at = reading.moment(form, "day", "hour")
    over_at: datetime | None = reading.same_day(form, "until", starts_at) if form.get("until", "").strip() else None
    return NewNotice(kind, starts_at, place[0], place[1], about[0], about[1], over_at)


def _chosen(value: str) -> tuple[str | None, str | None]:
    """A phrase, or the id of own words."""
    kind, _, name = value.partition(":")
    return (name if kind == "phrase" else None), (name if kind == "saying" else None)
