"""What one step of a call costs the database: few statements, all of them built once, and one commit."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

from fakes.rows import CHANNEL, MEMBER, NUMBER, ORGANISATION, World, a_session, populate
from fakes.statements import Seen, statements_of

from gateway.store import (
    arrivals,
    audience,
    calls,
    channels,
    claims,
    contributions,
    flow_sessions,
    members,
    messages,
    notices,
    phones,
    pins,
    receipts,
    recordings,
    sayings,
    told,
)
from gateway.store.database import Connection, open_database

CONTENT = told.CallContent("b", 1, None, None, None, None, "ne", "message", machine=False, answered=False, at=datetime.now(UTC))


def take_a_step(world: World) -> Seen:
    """Read and write what every step of a call reads and writes."""
    with statements_of(world.database) as seen:
        with world.database.read() as db:
            known = arrivals.look_up(db, world.seal, arrivals.Arrival("twilio", "call-1", 1, "+97714000000", world.seal.index(NUMBER)))
        row = known.row
        assert row
        assert known.channel
        assert known.caller
        assert known.answer is None
        log = flow_sessions.LogRow("call-1", 2, "StepEntered", "main_menu", "menu", None, world.now)
        with world.database.write() as db:
            receipts.insert(db, world.seal, receipts.Receipt("twilio", "call-1", 1, "<Response/>", world.now))
            assert flow_sessions.advance(db, world.seal, row._replace(version=2), row.version)
            flow_sessions.log(db, [log, log, log])
    return seen


def test_a_step_of_a_call_is_four_statements_and_one_commit(world: World):
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world))
    seen = take_a_step(world)
    assert (len(seen.sent), seen.commits) == (4, 1)


def test_no_statement_is_built_for_one_call_alone(world: World):
    objects: list[set[int]] = []
    for _ in range(2):
        with world.database.write() as db:
            db.exec_driver_sql("DELETE FROM session_events")
            db.exec_driver_sql("DELETE FROM receipts")
            db.exec_driver_sql("DELETE FROM flow_sessions")
            flow_sessions.insert(db, world.seal, a_session(world))
        objects.append(take_a_step(world).objects)
    assert len(objects[0]) == 4
    assert objects[0] == objects[1]


def test_no_question_reads_a_whole_table(sqlite_url, seal, now):
    """SQLite tells how it would find the rows: SEARCH goes through an index, SCAN through everything."""
    with closing(open_database(sqlite_url)) as database:
        world = populate(database, seal, now)
        with statements_of(database) as seen, database.write() as db:
            ask_everything(db, world)
        with database.read() as db:
            plans = {
                statement: [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
                for statement, parameters in seen.sent
            }
    found_before = {"SCAN CONSTANT ROW", "SCAN one_row", "SCAN own"}  # `own`: the few claims of one member
    scans = [plan for plan in plans.values() if any(step.startswith("SCAN") and step not in found_before for step in plan)]
    assert scans == []
    assert len(plans) == 34


def ask_everything(db: Connection, world: World) -> None:
    """Whatever a call or a text may read, and what finds the rows that it changes."""
    arrivals.look_up(db, world.seal, arrivals.Arrival("twilio", "call-1", 1, "+97714000000", world.seal.index(NUMBER)))
    receipts.find(db, world.seal, ("twilio", "call-1", 1))
    channels.by_address(db, "twilio", "+97714000000")
    members.caller(db, world.seal.index(NUMBER))
    members.new_number(db, ORGANISATION, 1)
    members.by_number(db, ORGANISATION, "1")
    members.list_all(db, ORGANISATION, after="", limit=10)
    arrivals.who(db, world.seal, NUMBER, ORGANISATION)
    pins.count_for_member(db, "own", MEMBER, world.now)
    pins.count_for_phone(db, world.phone_id, world.now)
    pins.own(db, world.phone_id, [MEMBER])
    pins.by_number(db, ORGANISATION, "1")
    phones.open_many(db, world.seal, [world.phone_id])
    flow_sessions.load_open_text(db, world.seal, CHANNEL, world.phone_id)
    flow_sessions.advance(db, world.seal, a_session(world), 1)
    flow_sessions.close_named(db, "twilio", "call-1", world.now)
    flow_sessions.close_idle(db, "sms", world.now)
    flow_sessions.idle(db, world.seal, "voice", world.now, 10)
    flow_sessions.get(db, world.seal, "call-1")
    messages.count_out(db, world.phone_id, world.now)
    messages.sent_to(db, world.seal, world.phone_id)
    contributions.total(db, MEMBER)
    contributions.recent_same(db, MEMBER, 1, "2083-08", world.now)
    claims.recent(db, MEMBER)
    notices.next_after(db, notices.Asking(ORGANISATION, world.now))
    calls.report(db, calls.CallReport("twilio", "call-1", "completed"), world.now)
    recordings.pending(db, 10)
    of = told.Of(world.phone_id, ORGANISATION, world.now)
    told.last_texted(db, of)
    told.missed_call(db, of, world.now)
    told.content_of_call(db, 1)
    audience.sharing(db, 1)
    told.answered(db, 1, world.now)
    sayings.spoken(db, "saying", "ne")
    sayings.at_number(db, 9000)
