"""The reminder of a notice and the word of a change: each written once, to whom it concerns. On SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, time, timedelta
from threading import Barrier
from unittest.mock import patch

import pytest
from calls.conftest import Installation
from notices.conftest import answer, in_days, tell
from sqlalchemy import select, update

from gateway.core.audience import Audience
from gateway.core.calendar import NEPAL
from gateway.services import announcements, broadcast, notices
from gateway.services.access import Actor
from gateway.services.broadcast import Draft
from gateway.services.notices import NewNotice, Notice
from gateway.store import broadcasts, models
from gateway.store import notices as stored

SITA, MAYA, GITA, RITA = "sample-1", "sample-2", "sample-3", "sample-4"


@pytest.fixture
def told(here: Installation, organiser: Actor, publish) -> tuple[Notice, str]:
    """A meeting in three days that was announced by text, and the broadcast."""
    meeting = publish(3)
    broadcast_id = notices.announce(here.gateway, organiser, meeting.id, Draft("", medium="sms"))
    broadcast.approve(here.gateway, organiser, broadcast_id)
    tell(here, broadcast_id, SITA, MAYA, GITA)
    return meeting, broadcast_id


def follow_up(here: Installation) -> None:
    here.clock.move(minutes=3)  # the chore looks every two
    announcements.follow_up(here.gateway)


def to_the_afternoon_before(here: Installation, notice: Notice) -> None:
    assert notice.starts_at is not None
    here.clock.at = announcements.reminded_at(notice.starts_at)


def about(here: Installation, notice: Notice, purpose: str) -> list[broadcasts.Broadcast]:
    with here.gateway.database.read() as db:
        query = select(models.broadcasts.c.id).where(models.broadcasts.c.notice_id == notice.id, models.broadcasts.c.purpose == purpose)
        found = [broadcasts.load(db, broadcast_id) for broadcast_id in db.execute(query.order_by(models.broadcasts.c.created_at)).scalars()]
    return [one for one in found if one is not None]


def test_the_reminder_is_written_the_day_before_and_needs_no_second_look(here: Installation, told):
    meeting, _ = told
    follow_up(here)
    assert about(here, meeting, "reminder") == []
    to_the_afternoon_before(here, meeting)
    follow_up(here)
    [reminder] = about(here, meeting, "reminder")
    assert (reminder.state, reminder.medium, reminder.flow, reminder.gap_hours) == ("approved", "sms", "notice_told", 0)
    assert reminder.audience == Audience(notice_id=meeting.id, rsvp="awaited")
    assert reminder.expires_at == meeting.starts_at
    assert reminder.texts["ne"] == "भोलि बिहान १० बजे, बैठक, वडा कार्यालय। आउने भए 1, नआउने भए 2"


def test_however_often_it_is_swept_there_is_one_reminder(here: Installation, told):
    meeting, _ = told
    to_the_afternoon_before(here, meeting)
    for _ in range(4):
        follow_up(here)
    assert len(about(here, meeting, "reminder")) == 1


def test_two_sweeps_at_once_write_one_reminder(here: Installation, told):
    meeting, _ = told
    to_the_afternoon_before(here, meeting)
    here.clock.move(minutes=3)
    together = Barrier(2)

    def sweep(_) -> None:
        together.wait()
        announcements._remind(here.gateway, meeting.id, here.clock() - timedelta(days=2))  # past the turn of the chore

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(sweep, range(2)))
    [reminder] = about(here, meeting, "reminder")
    assert reminder.state == "approved"


def test_a_sweep_that_dies_between_writing_and_approving_is_made_good_by_the_next(here: Installation, told):
    meeting, _ = told
    to_the_afternoon_before(here, meeting)
    with patch.object(announcements, "approve", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        follow_up(here)
    assert [one.state for one in about(here, meeting, "reminder")] == ["draft"]
    follow_up(here)
    assert [one.state for one in about(here, meeting, "reminder")] == ["approved"]


def test_there_is_no_reminder_of_what_was_cancelled_never_announced_or_announced_that_day(
    here: Installation, organiser: Actor, told, publish
):
    meeting, _ = told
    silent = publish(3)
    notices.cancel(here.gateway, organiser, meeting.id, 1)
    to_the_afternoon_before(here, meeting)
    late = notices.announce(here.gateway, organiser, silent.id, Draft("", medium="sms"))
    here.clock.move(minutes=5)
    broadcast.approve(here.gateway, organiser, late)
    follow_up(here)
    assert about(here, meeting, "reminder") == about(here, silent, "reminder") == []


def test_a_meeting_that_moves_is_reminded_of_on_the_day_before_its_new_day(here: Installation, organiser: Actor, told):
    meeting, _ = told
    moved = notices.change(here.gateway, organiser, meeting.id, 1, replace(NewNotice.of(meeting), starts_at=in_days(here, 6))).notice
    to_the_afternoon_before(here, meeting)
    follow_up(here)
    assert about(here, meeting, "reminder") == []
    to_the_afternoon_before(here, moved)
    follow_up(here)
    assert len(about(here, meeting, "reminder")) == 1


def test_a_reminder_under_way_stops_when_the_meeting_moves_and_another_follows(here: Installation, organiser: Actor, told):
    meeting, _ = told
    to_the_afternoon_before(here, meeting)
    follow_up(here)
    changed = notices.change(here.gateway, organiser, meeting.id, 1, replace(NewNotice.of(meeting), starts_at=in_days(here, 6)))
    [reminder] = about(here, meeting, "reminder")
    assert reminder.state == "cancelled"
    assert reminder.id in changed.stopped
    to_the_afternoon_before(here, changed.notice)
    follow_up(here)
    assert [one.state for one in about(here, meeting, "reminder")] == ["cancelled", "approved"]


def test_who_had_said_yes_is_told_of_another_day_and_the_old_word_stops(here: Installation, organiser: Actor, told):
    meeting, broadcast_id = told
    answer(here, meeting, SITA, "yes")
    day = datetime.combine(in_days(here, 5).astimezone(NEPAL).date(), time(13), NEPAL)
    changed = notices.change(here.gateway, organiser, meeting.id, 1, replace(NewNotice.of(meeting), starts_at=day, place="our_office"))
    assert changed.stopped == (broadcast_id,)
    [first, word] = about(here, meeting, "notice")
    assert (first.state, word.id, word.state) == ("cancelled", changed.told_by, "approved")
    assert word.audience == Audience(notice_id=meeting.id, rsvp="yes")
    assert word.texts["ne"] == "बैठक सर्‍यो: मंसिर १० दिउँसो १ बजे, हाम्रो कार्यालय। आउने 1, नआउने 2"


def test_who_had_said_yes_is_told_that_it_is_cancelled(here: Installation, organiser: Actor, told):
    meeting, _ = told
    answer(here, meeting, SITA, "yes")
    changed = notices.cancel(here.gateway, organiser, meeting.id, 1)
    [_, word] = about(here, meeting, "notice")
    assert (word.id, word.state) == (changed.told_by, "approved")
    assert word.texts["ne_latn"] == "Baithak: Mangsir 8, bihana 10 baje, aba hudaina."


def test_where_nobody_had_said_yes_nobody_is_told(here: Installation, organiser: Actor, told):
    meeting, _ = told
    answer(here, meeting, SITA, "no")
    assert notices.cancel(here.gateway, organiser, meeting.id, 1).told_by is None
    assert len(about(here, meeting, "notice")) == 1


def test_the_word_of_a_change_survives_a_crash_before_its_approval(here: Installation, organiser: Actor, told):
    meeting, _ = told
    answer(here, meeting, SITA, "yes")
    with patch.object(announcements, "approve", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        notices.cancel(here.gateway, organiser, meeting.id, 1)
    assert [one.state for one in about(here, meeting, "notice")] == ["cancelled", "draft"]
    follow_up(here)
    assert [one.state for one in about(here, meeting, "notice")] == ["cancelled", "approved"]


def test_a_change_that_fails_leaves_neither_the_change_nor_its_word(here: Installation, organiser: Actor, told):
    meeting, broadcast_id = told
    answer(here, meeting, SITA, "yes")
    with patch.object(broadcasts, "create", side_effect=RuntimeError), pytest.raises(RuntimeError):
        notices.cancel(here.gateway, organiser, meeting.id, 1)
    assert notices.get(here.gateway, organiser, meeting.id) == meeting
    assert [(one.id, one.state) for one in about(here, meeting, "notice")] == [(broadcast_id, "sending")]


@pytest.mark.parametrize(("seconds", "with_her"), [(30, [RITA]), (1, [])])
def test_expected_is_who_said_yes_or_was_told_and_did_not_say_no(
    here: Installation, organiser: Actor, told, seconds: int, with_her: list[str]
):
    """Rita shares a phone with Gita, and is told with her only where Gita heard it."""
    meeting, broadcast_id = told
    with here.gateway.database.write() as db:
        db.execute(update(models.deliveries).values(seconds=seconds))
    tell(here, broadcast_id, RITA, state="suppressed", error="send:shared-phone")
    answer(here, meeting, MAYA, "no")
    with here.gateway.database.read() as db:
        expected = db.execute(select(models.members.c.id).where(stored.awaited(models.members, meeting.id)).order_by("id")).scalars().all()
    assert expected == [SITA, GITA, *with_her]
    assert notices.rsvps(here.gateway, organiser, meeting.id).told == 3 + len(with_her)
