"""Contributions, notices, recordings and tasks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes.rows import MEMBER, ORGANISATION, World, a_session

from gateway.store import contributions, flow_sessions, notices, recordings, tasks
from gateway.store.database import Conflict
from gateway.store.notices import Asking
from gateway.store.scope import Scope

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# --- contributions -----------------------------------------------------------------------------------------------------------------


def a_contribution(number: int, amount: int, month: str) -> contributions.NewContribution:
    return contributions.NewContribution(f"c{number}", ORGANISATION, MEMBER, amount, month, f"ref{number}", "voice")


def test_a_total_counts_everything(world: World):
    with world.database.write() as db:
        assert contributions.total(db, MEMBER) == 0
        assert contributions.last_month(db, MEMBER) is None
        for number, (amount, month) in enumerate([(300_00, "2083-06"), (300_00, "2083-07"), (200_50, "2083-08")]):
            contributions.note(db, a_contribution(number, amount, month), world.now)
        assert contributions.total(db, MEMBER) == 800_50
        assert isinstance(contributions.total(db, MEMBER), int)
        assert contributions.last_month(db, MEMBER) == "2083-08"


def test_the_same_report_is_noticed_for_a_while(world: World):
    with world.database.write() as db:
        contributions.note(db, a_contribution(1, 300_00, "2083-08"), world.now)
        assert contributions.recent_same(db, MEMBER, 300_00, "2083-08", world.now - DAY) == "ref1"
        assert contributions.recent_same(db, MEMBER, 300_00, "2083-08", world.now + HOUR) is None
        assert contributions.recent_same(db, MEMBER, 200_00, "2083-08", world.now - DAY) is None
        assert contributions.recent_same(db, MEMBER, 300_00, "2083-07", world.now - DAY) is None


# --- notices -----------------------------------------------------------------------------------------------------------------------


def publish(world: World, notice_id: str, kind: str = "meeting", **details) -> None:
    row = {"phrase": None, "place": None, "starts_at": None, "published_at": world.now - DAY, "over_at": None} | details
    with world.database.write() as db:
        notices.publish(db, notices.NoticeRow(id=notice_id, organisation_id=ORGANISATION, kind=kind, **row))


def heard(world: World) -> list[str]:
    """The notices in the order in which a caller hears them who asks for the next one again and again."""
    found: list[str] = []
    with world.database.read() as db:
        while notice := notices.next_after(db, Asking(ORGANISATION, world.now, after_id=found[-1] if found else None)):
            found.append(notice.id)
    return found


def test_notices_are_told_in_the_order_in_which_they_begin(world: World):
    publish(world, "later", starts_at=world.now + 2 * DAY)
    publish(world, "b-same-time", "training", starts_at=world.now + DAY)
    publish(world, "a-same-time", starts_at=world.now + DAY)
    assert heard(world) == ["a-same-time", "b-same-time", "later"]


def test_what_is_past_over_unpublished_or_of_another_kind_is_not_told(world: World):
    publish(world, "begun", starts_at=world.now)
    publish(world, "cancelled", starts_at=world.now + DAY, over_at=world.now)
    publish(world, "unpublished", starts_at=world.now + DAY, published_at=world.now + HOUR)
    publish(world, "news", "news", starts_at=world.now + DAY, phrase="news_c177")
    assert heard(world) == []
    with world.database.read() as db:
        assert notices.next_after(db, Asking("another", world.now)) is None


def test_the_newest_news_is_told(world: World):
    with world.database.read() as db:
        assert notices.news(db, ORGANISATION, world.now) is None
    publish(world, "old", "news", phrase="old_phrase")
    publish(world, "new", "news", phrase="new_phrase", published_at=world.now)
    publish(world, "over", "news", phrase="over_phrase", published_at=world.now, over_at=world.now)
    with world.database.read() as db:
        news = notices.news(db, ORGANISATION, world.now)
        assert news is not None
        assert news.phrase == "new_phrase"


def test_the_last_answer_to_a_notice_counts(world: World):
    publish(world, "meeting", starts_at=world.now + DAY)
    with world.database.write() as db:
        notices.rsvp(db, notices.Rsvp("meeting", MEMBER, "yes"), world.now)
        notices.rsvp(db, notices.Rsvp("meeting", MEMBER, "no"), world.now)
        assert db.exec_driver_sql("SELECT member_id, answer FROM rsvps").all() == [(MEMBER, "no")]


# --- recordings and tasks ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(world: World) -> World:
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world))
        for name, at in (("second", world.now), ("first", world.now - HOUR)):
            recordings.keep(db, recordings.NewRecording(name, "call-1", "twilio", f"RE-{name}", 4), at)
    return world


def test_recordings_wait_until_they_are_kept(recorded: World):
    with recorded.database.write() as db:
        assert recordings.by_external_id(db, "twilio", "RE-first") == "first"
        assert recordings.by_external_id(db, "twilio", "RE-none") is None
        assert [row.id for row in recordings.pending(db, 10)] == ["first", "second"]
        assert [row.id for row in recordings.pending(db, 1)] == ["first"]
        assert recordings.kept(db, "first", "recordings/first.wav")
        assert not recordings.kept(db, "first", "recordings/other.wav")
        row = recordings.get(db, "first")
        assert [row.id for row in recordings.pending(db, 10)] == ["second"]
        assert recordings.get(db, "third") is None
    assert row is not None
    assert (row.state, row.file) == ("kept", "recordings/first.wav")


def test_a_recording_that_cannot_be_had_is_lost_in_the_end(recorded: World):
    states = []
    for _ in range(4):
        with recorded.database.write() as db:
            recordings.missed(db, "first", most_tries=3)
            row = recordings.get(db, "first")
            assert row is not None
            states.append((row.state, row.tries))
    assert states == [("pending", 1), ("pending", 2), ("lost", 3), ("lost", 3)]


def test_one_recording_is_written_down_once(recorded: World):
    with pytest.raises(Conflict), recorded.database.write() as db:
        recordings.keep(db, recordings.NewRecording("again", "call-1", "twilio", "RE-first", 4), recorded.now)


def test_a_task_is_open_until_it_is_done(recorded: World):
    with recorded.database.write() as db:
        name = tasks.NewTask("t1", ORGANISATION, "write_down_name", member_id=MEMBER, session_id="call-1", recording_id="first")
        tasks.open_task(db, name, recorded.now)
        tasks.open_task(db, tasks.NewTask("t2", ORGANISATION, "call_back", phone_id=recorded.phone_id), recorded.now + HOUR)
        assert [(task.id, task.kind, task.recording_id) for task in tasks.list_open(db, Scope(ORGANISATION), 10)] == [
            ("t1", "write_down_name", "first"),
            ("t2", "call_back", None),
        ]
        assert tasks.list_open(db, Scope("another"), 10) == []
        assert tasks.done(db, Scope(ORGANISATION), "t1", "didi", recorded.now)
        assert not tasks.done(db, Scope(ORGANISATION), "t1", "didi", recorded.now)
        assert [task.id for task in tasks.list_open(db, Scope(ORGANISATION), 10)] == ["t2"]
