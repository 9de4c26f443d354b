"""Conversations, receipts, texts, calls and the versions of flows."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from fakes.rows import CHANNEL, MEMBER, NUMBER, World, a_session, add_member

from gateway.core.statuses import CALL, advance
from gateway.store import arrivals, calls, channels, flow_sessions, flow_versions, members, messages, phones, receipts
from gateway.store.database import AlreadyReceived, Conflict

HOUR = timedelta(hours=1)


# --- conversations -----------------------------------------------------------------------------------------------------------------


def test_a_conversation_is_loaded_as_it_was_written(world: World):
    row = a_session(world)
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, row)
        assert flow_sessions.load(db, world.seal, "twilio", "call-1") == row
        assert flow_sessions.load(db, world.seal, "twilio", "call-2") is None


def test_a_step_is_written_once_for_each_version(world: World):
    row = a_session(world)
    later = row._replace(version=2, state='{"at": 2}', member_id=MEMBER, open=False, updated_at=world.now + HOUR)
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, row)
        assert flow_sessions.advance(db, world.seal, later, expected_version=1)
        assert not flow_sessions.advance(db, world.seal, later._replace(state="lost"), expected_version=1)
        assert flow_sessions.load(db, world.seal, "twilio", "call-1") == later


def test_a_conversation_that_another_worker_began_is_a_conflict(world: World):
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world))
    with pytest.raises(Conflict), world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world, "other", external_id="call-1"))


def test_a_phone_has_at_most_one_open_conversation_by_sms(world: World):
    first = a_session(world, "text-1", medium="sms")
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world, "call-1"))
        assert flow_sessions.load_open_text(db, world.seal, CHANNEL, world.phone_id) is None
        flow_sessions.insert(db, world.seal, first)
        assert flow_sessions.load_open_text(db, world.seal, CHANNEL, world.phone_id) == first
    with pytest.raises(Conflict), world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world, "text-2", medium="sms"))
    with world.database.write() as db:
        assert flow_sessions.close(db, "text-1", 1, world.now)
        flow_sessions.insert(db, world.seal, a_session(world, "text-2", medium="sms"))


def test_a_conversation_is_closed_only_at_the_version_that_was_read(world: World):
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world, version=2))
        assert not flow_sessions.close(db, "call-1", 1, world.now)
        assert flow_sessions.close(db, "call-1", 2, world.now)


def test_the_conversation_of_a_call_that_is_over_is_closed(world: World):
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world))
        flow_sessions.close_named(db, "twilio", "call-1", world.now)
        row = flow_sessions.load(db, world.seal, "twilio", "call-1")
    assert row is not None
    assert not row.open


def test_idle_conversations_are_closed(world: World):
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world, "idle", updated_at=world.now - 2 * HOUR))
        flow_sessions.insert(db, world.seal, a_session(world, "busy"))
        medium = a_session(world).medium
        assert [row.id for row in flow_sessions.idle(db, world.seal, medium, world.now - HOUR, 10)] == ["idle"]
        assert flow_sessions.close_idle(db, "other", world.now - HOUR) == 0
        assert flow_sessions.close_idle(db, medium, world.now - HOUR) == 1
        assert flow_sessions.close_idle(db, medium, world.now - HOUR) == 0
        rows = [flow_sessions.load(db, world.seal, "twilio", name) for name in ("idle", "busy")]
        assert flow_sessions.get(db, world.seal, "busy") == rows[1]
    assert [row.open for row in rows if row] == [False, True]


def test_a_call_that_broke_off_is_taken_up_once(world: World):
    with world.database.write() as db:
        phone_id = phones.find_or_create(db, world.seal, "+9779841234567", world.now)
        phones.note_broken_off(db, phone_id, "call-1")
        who = members.caller(db, world.seal.index("+9779841234567"))
        assert who is not None
        assert who.broke_off == "call-1"
        assert not phones.take_broken_off(db, phone_id, "call-2")
        assert phones.take_broken_off(db, phone_id, "call-1")
        assert not phones.take_broken_off(db, phone_id, "call-1")


# --- receipts ----------------------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_for_each_request(world: World):
    with world.database.write() as db:
        receipts.insert(db, world.seal, receipts.Receipt("twilio", "call-1", 1, "<Response/>", world.now))
        assert receipts.find(db, world.seal, ("twilio", "call-1", 1)) == "<Response/>"
        assert receipts.find(db, world.seal, ("twilio", "call-1", 2)) is None


def test_a_request_that_was_answered_before_undoes_the_whole_transaction(world: World):
    def answer(text: str, session_id: str) -> None:
        with world.database.write() as db:
            flow_sessions.insert(db, world.seal, a_session(world, session_id))
            receipts.insert(db, world.seal, receipts.Receipt("twilio", "call-1", 1, text, world.now))

    answer("first", "call-1")
    with pytest.raises(AlreadyReceived):
        answer("second", "call-2")
    with world.database.read() as db:
        assert receipts.find(db, world.seal, ("twilio", "call-1", 1)) == "first"
        assert flow_sessions.load(db, world.seal, "twilio", "call-2") is None


def test_a_request_finds_its_answer_the_conversation_our_channel_and_the_caller_at_once(world: World):
    row = a_session(world)
    with world.database.write() as db:
        channel, caller = channels.get(db, CHANNEL), members.caller(db, world.seal.index(NUMBER))
        stranger = look_up(world, db, "call-1", 0, number="+9779841000000", address="+97714999999")
        assert stranger == arrivals.Known(None, None, None, None)
        flow_sessions.insert(db, world.seal, row)
        receipts.insert(db, world.seal, receipts.Receipt("twilio", "call-1", 0, "welcome", world.now))
        receipts.insert(db, world.seal, receipts.Receipt("twilio", "lost", 0, "goodbye", world.now))
        assert look_up(world, db, "call-1", 0) == arrivals.Known("welcome", row, channel, caller)
        assert look_up(world, db, "call-1", 1) == arrivals.Known(None, row, channel, caller)
        assert look_up(world, db, "lost", 0) == arrivals.Known("goodbye", None, channel, caller)
        assert look_up(world, db, "call-1", 1, number=None) == arrivals.Known(None, row, channel, None)


def test_all_who_share_a_phone_are_found_with_a_request(world: World):
    with world.database.write() as db:
        add_member(db, world.seal, "gita", world.now + HOUR, number="10013")
        members.attach_phone(db, "gita", world.phone_id)
        known = look_up(world, db, "call-1", 0)
    assert [member.id for member in known.caller.members] == [MEMBER, "gita"]


def look_up(world: World, db, call: str, step: int, *, number: str | None = NUMBER, address: str = "+97714000000") -> arrivals.Known:
    index = world.seal.index(number) if number else None
    return arrivals.look_up(db, world.seal, arrivals.Arrival("twilio", call, step, address, index))


# --- texts -------------------------------------------------------------------------------------------------------------------------


def test_texts_are_kept_and_answers_counted(world: World):
    def row(direction: str, body: str, age: timedelta) -> messages.MessageRow:
        return messages.MessageRow(CHANNEL, world.phone_id, direction, body, None, world.now - age)

    with world.database.write() as db:
        messages.log(db, world.seal, [row("in", "दाबी", 3 * HOUR), row("out", "दाबी 12: पठाइयो।", 3 * HOUR)])
        messages.log(db, world.seal, [row("out", "अर्को", HOUR)])
        assert messages.count_out(db, world.phone_id, world.now - 2 * HOUR) == 1
        assert messages.sent_to(db, world.seal, world.phone_id) == [(world.now - 3 * HOUR, "दाबी 12: पठाइयो।"), (world.now - HOUR, "अर्को")]


@pytest.mark.parametrize(
    ("written", "kept"), [("a\0b", "a\ufffdb"), ("\0", "\ufffd"), ("x\ud83dy", "x\ufffdy"), ("नमस्ते 🙏\n", "नमस्ते 🙏\n")]
)
def test_what_no_database_can_keep_is_replaced(world: World, written: str, kept: str):
    with world.database.write() as db:
        messages.log(db, world.seal, [messages.MessageRow(CHANNEL, world.phone_id, "out", written, None, world.now)])
        assert messages.sent_to(db, world.seal, world.phone_id) == [(world.now, kept)]


# --- calls -------------------------------------------------------------------------------------------------------------------------


def begun(external_id: str, status: str, world: World) -> calls.CallRow:
    return calls.CallRow("twilio", external_id, CHANNEL, None, "in", status, world.now)


def test_a_call_that_began_twice_began_once(world: World):
    with world.database.write() as db:
        calls.begin(db, begun("CA1", "answered", world))
        calls.begin(db, begun("CA1", "ringing", world))
        assert db.exec_driver_sql("SELECT status FROM calls").all() == [("answered",)]


def test_reports_of_a_call_only_move_it_forward(world: World):
    with world.database.write() as db:
        for first, second in itertools.product(CALL, CALL):
            call = f"{first} {second}"
            calls.begin(db, begun(call, first, world))
            changed = calls.report(db, calls.CallReport("twilio", call, second, 42), world.now)
            row = f"SELECT status, seconds, ended_at FROM calls WHERE external_id = '{call}'"  # noqa: S608 - our own states
            status, seconds, ended = db.exec_driver_sql(row).one()
            assert status == advance(CALL, first, second)
            assert changed == (status != first)
            assert seconds == (42 if changed else None)
            assert (ended is not None) == (changed and CALL[second] == CALL["completed"])


def test_a_report_of_an_unknown_call_changes_nothing(world: World):
    with world.database.write() as db:
        assert not calls.report(db, calls.CallReport("twilio", "CA9", "completed"), world.now)


# --- flows -------------------------------------------------------------------------------------------------------------------------


def test_every_version_of_a_flow_is_remembered_once(world: World):
    with world.database.write() as db:
        flow_versions.remember(db, [], world.now)
        flow_versions.remember(db, [("h1", "pin", "flow: pin"), ("h2", "menu", "flow: menu")], world.now)
        flow_versions.remember(db, [("h2", "menu", "ignored"), ("h3", "pin", "flow: pin # new")], world.now)
        assert flow_versions.get(db, "h2") == flow_versions.FlowVersion("h2", "menu", "flow: menu")
        assert flow_versions.get(db, "h3") == flow_versions.FlowVersion("h3", "pin", "flow: pin # new")
        assert flow_versions.get(db, "h4") is None
