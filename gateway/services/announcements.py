"""Notices told by broadcasts: the announcement, its reminder the day before, and the word of a change to those who had said yes.

An announcement is drafted by an organiser and approved as any broadcast. Its reminder needs no second look: it goes to some of the same
people, and whoever agreed to the first has agreed to it. Both follow-ups have an id that is derived from what they are about, so that a
crash or a second sweep finds them there and makes no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import structlog

from gateway.core import ids
from gateway.core.audience import Audience
from gateway.core.calendar import NEPAL
from gateway.errors import GatewayError
from gateway.services import access, broadcast, notice_words
from gateway.services.access import Actor, Permission
from gateway.services.broadcast import Draft
from gateway.services.broadcast.running import new_broadcast
from gateway.store import broadcasts, notices, sweeps
from gateway.store.database import Conflict

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast
    from gateway.store.database import Connection
    from gateway.store.notices import NoticeRow

log = structlog.get_logger(__name__)

CHORE = "notice_follow_ups"
EVERY = timedelta(minutes=2)
REMINDED_AT = time(14)  # Nepal time, the day before: in the afternoon more women pick up than in the morning
LOOKED_BACK = timedelta(days=2)  # for changes whose word is still to be approved


def announce(gateway: Gateway, actor: Actor, notice_id: str, options: Draft, key: str | None = None) -> str:
    """Draft a broadcast that tells a notice, and return its id; a title and what is said are made where `options` leaves them out.

    The same `key` of the same actor twice (a form sent twice) makes one.

    Nothing of it goes out once the gathering has begun. GatewayErrors `notice:unknown`, `notice:over`, `broadcast:*`.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.read() as db:
        notice = own(db, actor, notice_id)
    if is_over(notice, gateway.clock()):
        raise GatewayError("notice:over", id=notice_id)
    ends = [moment for moment in (options.expires_at, notice.starts_at or notice.over_at) if moment is not None]
    told = replace(
        _draft(gateway, notice, notice_words.INVITED if notice.starts_at else notice_words.NEWS, options),
        expires_at=min(ends, default=None),
    )
    return broadcast.create(gateway, actor, told, key)


def own(db: Connection, actor: Actor, notice_id: str) -> NoticeRow:
    """A notice of the actor's organisation; GatewayError `notice:unknown`."""
    notice = notices.get(db, notice_id)
    if notice is None or notice.organisation_id != actor.organisation_id:
        raise GatewayError("notice:unknown", id=notice_id)
    return notice


def is_over(notice: NoticeRow, now: datetime) -> bool:
    """Whether there is nothing more to tell of it but that it was."""
    ends = notice.over_at or notice.starts_at
    return notice.cancelled_at is not None or (ends is not None and ends <= now)


def _draft(gateway: Gateway, notice: NoticeRow, step: str, options: Draft) -> Draft:
    """The options with what is said of the notice in a step of `notice_words.FLOW`."""
    day = f" {notice.starts_at.astimezone(NEPAL):%Y-%m-%d}" if notice.starts_at else ""
    return replace(
        options,
        title=options.title or f"{notice.kind}{day}",
        texts=options.texts or notice_words.texts(gateway, notice, step),
        flow=notice_words.FLOW,
        phrase=None,
        saying_id=None,
        medium=options.medium or "preferred",
        purpose="reminder" if options.purpose == "reminder" else "notice",
        notice_id=notice.id,
    )


# --- the word of a change ----------------------------------------------------------------------------------------------------------


def stop(db: Connection, notice_id: str, now: datetime) -> tuple[str, ...]:
    """Cancel every broadcast that still says of a notice what holds no longer; their ids. Part of the transaction that changes it."""
    stopped = [broadcast_id for broadcast_id in notices.unfinished_broadcasts(db, notice_id) if broadcasts.cancel(db, broadcast_id, now)]
    if stopped:
        broadcasts.suppress_cancelled(db, now)
    return tuple(stopped)


def word_of_change(gateway: Gateway, db: Connection, actor: Actor, notice: NoticeRow) -> str | None:
    """Draft the word for those who had said yes, in the transaction that moves or cancels a notice; None where nobody had."""
    if not notices.anybody_comes(db, notice.id):
        return None
    step = notice_words.CANCELLED if notice.cancelled_at else notice_words.MOVED
    options = Draft("", audience=Audience(notice_id=notice.id, rsvp="yes"), expires_at=notice.starts_at, gap_hours=0)
    broadcast_id = _id_of_word(notice)
    _write(gateway, db, actor, replace(_draft(gateway, notice, step, options), title=f"{notice.kind} {step}"), broadcast_id)
    return broadcast_id


def _id_of_word(notice: NoticeRow) -> str:
    changed_at = notice.cancelled_at or notice.moved_at
    return ids.derived("word of change", notice.id, changed_at.isoformat() if changed_at else "")


def _write(gateway: Gateway, db: Connection, actor: Actor, draft: Draft, broadcast_id: str) -> None:
    broadcasts.create(db, new_broadcast(gateway, db, actor, draft, broadcast_id), gateway.clock())
    access.note(gateway, db, actor, "create_broadcast", f"broadcast:{broadcast_id}", notice=draft.notice_id)


def approve(gateway: Gateway, organisation_id: str, broadcast_id: str, by: Iterable[str]) -> None:
    """Let these people agree to a draft, under the same rules as if they did it themselves; where one forbids it, it stays a draft."""
    for name in by:
        with gateway.database.read() as db:
            found = broadcasts.load(db, broadcast_id)
        if found is None or found.state != "draft":
            return
        try:
            gateway.enqueue(broadcast.approve(gateway, Actor(organisation_id, "admin", name), broadcast_id))
        except GatewayError as error:
            log.warning("not_approved", broadcast=broadcast_id, code=error.code)
            return


# --- the chore ---------------------------------------------------------------------------------------------------------------------


def follow_up(gateway: Gateway) -> None:
    """Write the reminders whose time has come, and approve what a crash left undone."""
    now = gateway.clock()
    with gateway.database.write() as db:
        if not sweeps.my_turn(db, CHORE, now, EVERY):
            return
    with gateway.database.read() as db:
        announced = notices.announced(db, now, now + timedelta(days=2))
        changed = notices.changed_since(db, now - LOOKED_BACK)
    for notice_id, announced_at in announced:
        _remind(gateway, notice_id, announced_at)
    for notice_id in changed:
        _approve_word(gateway, notice_id)


def reminded_at(starts_at: datetime) -> datetime:
    """When its reminder begins to go out.

    >>> reminded_at(datetime(2026, 11, 28, 8, tzinfo=NEPAL)).isoformat()
    '2026-11-27T14:00:00+05:45'
    """
    return datetime.combine(starts_at.astimezone(NEPAL).date() - timedelta(days=1), REMINDED_AT, NEPAL)


def _remind(gateway: Gateway, notice_id: str, announced_at: datetime) -> None:
    """Remind of a gathering once, and once more where it is moved after that. Who was told within the last day needs no reminder."""
    now = gateway.clock()
    with gateway.database.read() as db:
        notice, first_id = notices.get(db, notice_id), notices.first_broadcast(db, notice_id)
        first = broadcasts.load(db, first_id) if first_id else None
        agreed = notices.agreed(db, first_id) if first_id else []
    if notice is None or notice.starts_at is None or first is None:
        return
    at = reminded_at(notice.starts_at)
    if now < at or max(announced_at, notice.moved_at or announced_at) >= at:
        return
    reminder_id = ids.derived("reminder", notice.id, notice.moved_at.isoformat() if notice.moved_at else "")
    actor = Actor(notice.organisation_id, "admin", first.created_by)
    with suppress(Conflict), gateway.database.write() as db:  # Conflict: another sweep was faster
        current = notices.get(db, notice_id)
        if current is None or current.version != notice.version:
            return  # the next sweep sees what it is now
        if broadcasts.load(db, reminder_id) is None:
            _write(gateway, db, actor, _reminder(gateway, notice, first), reminder_id)
    approve(gateway, notice.organisation_id, reminder_id, agreed or [first.created_by])


def _reminder(gateway: Gateway, notice: NoticeRow, first: Broadcast) -> Draft:
    """Said by the way of the announcement to those who are expected, whatever else they were told lately."""
    options = Draft(
        f"{first.title}: reminder",
        medium=first.medium,
        audience=Audience(notice_id=notice.id, rsvp="awaited"),
        purpose="reminder",
        best_hour=first.best_hour,
        expires_at=notice.starts_at,
        tries=first.tries,
        gap_hours=0,
        on_ambiguous=first.on_ambiguous,
    )
    return _draft(gateway, notice, notice_words.TOMORROW, options)


def _approve_word(gateway: Gateway, notice_id: str) -> None:
    """The word of a change that was drafted, and then its process died."""
    with gateway.database.read() as db:
        notice = notices.get(db, notice_id)
        drafted = broadcasts.load(db, _id_of_word(notice)) if notice else None
    if notice is not None and drafted is not None and drafted.state == "draft":
        approve(gateway, notice.organisation_id, drafted.id, [drafted.created_by])
