"""Prepared statements, held against SQLAlchemy's own execution of the same ones, and what happens to them when the database refuses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from fakes.rows import CHANNEL, MEMBER, NUMBER, ORGANISATION, World, a_session, populate
from fakes.statements import statements_of
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from gateway.errors import GatewayError
from gateway.store import arrivals, calls, claims, contributions, flow_sessions, models, receipts
from gateway.store.database import Conflict, open_database
from gateway.store.models.columns import BigKey
from gateway.store.prepared import Prepared, send
from gateway.store.rows import values

ROOMS = (arrivals, calls, claims, contributions, flow_sessions, receipts)
HERE = timezone(timedelta(hours=5, minutes=45))
ODD = "आवाज \x00 \ud800 'quoted' %s %(name)s ?"


def of_each(world: World) -> dict[Prepared, dict]:
    """Every prepared statement with parameters that make it find or change something."""
    now, member = world.now.astimezone(HERE), {"member_id": MEMBER}
    request = {"provider": "twilio", "external_id": "call-1", "step": 1}
    session = a_session(world, "call-2", state=b"\x00 sealed \xff", updated_at=now)._asdict()
    advanced = {"new_version": 2, "new_state": b"\xff", "still_open": False, "phone": None, "member": MEMBER, "now": now}
    note = contributions.NewContribution("again", ORGANISATION, MEMBER, 5, "2083-08", "20", "sms")
    return {
        arrivals._KNOWN: request | {"address": "+97714000000", "blind_index": world.seal.index(NUMBER)},
        arrivals._WHO: {"blind_index": world.seal.index(NUMBER), "organisation_id": ORGANISATION},
        calls._BEGIN: calls.CallRow("twilio", "call-1", CHANNEL, None, "in", "answered", now)._asdict(),
        claims._RECENT: member,
        contributions._NOTE: {**values(note), "noted_at": now},
        contributions._TOTAL: member,
        contributions._CONFIRMED_TOTAL: member,
        contributions._LAST_MONTH: member,
        contributions._RECENT_SAME: member | {"amount": 500, "month": "2083-08", "since": now - timedelta(days=1)},
        flow_sessions._INSERT: {**session, "created_at": now},
        flow_sessions._ADVANCE: {"session_id": "call-1", "expected_version": 1, **advanced},
        flow_sessions._LOG: flow_sessions.LogRow("call-1", 1, "StepEntered", "main_menu", None, None, now)._asdict(),
        receipts._FIND: request,
        receipts._INSERT: request | {"step": 2, "sealed_answer": b"sealed", "at": now},
    }


@pytest.fixture
def busy(world: World) -> World:
    """A world in which every statement finds something."""
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world))
        receipts.insert(db, world.seal, receipts.Receipt("twilio", "call-1", 1, ODD, world.now))
        claims.open_claim(db, world.seal, claims.NewClaim("claim", ORGANISATION, MEMBER, "1", "health", "Maya"), world.now)
        claims.move(db, world.seal, claims.Move("claim", 1, "review", "Maya", review_until=world.now), world.now)
        contributions.note(db, contributions.NewContribution("first", ORGANISATION, MEMBER, 500, "2083-08", "10", "voice"), world.now)
    return world


def left_behind(world: World, write: Callable) -> list:
    """What is in all tables after a write that is undone again, without the keys that the database counts up."""
    found = []
    with world.database.read() as db:
        send(db, "BEGIN")
        write(db)
        for table in (models.calls, models.contributions, models.flow_sessions, models.session_events, models.receipts):
            columns = [column for column in table.c if not (column.name == "id" and column.type is BigKey)]
            found.append(sorted(map(repr, db.execute(select(*columns)).all())))
        send(db, "ROLLBACK")
    return found


def test_every_prepared_statement_does_what_sqlalchemy_does(busy: World):
    statements = of_each(busy)
    untouched = left_behind(busy, lambda _db: None)
    for prepared, parameters in statements.items():
        statement = prepared._statement
        if isinstance(statement, Select):
            with busy.database.read() as db:
                expected = [tuple(row) for row in db.execute(statement, parameters)]
                assert [tuple(row) for row in prepared.rows(db, parameters)] == expected != []
        else:
            expected = left_behind(busy, lambda db, statement=statement, parameters=parameters: db.execute(statement, parameters))
            written = left_behind(busy, lambda db, prepared=prepared, parameters=parameters: prepared.write(db, parameters))
            assert written == expected != untouched


def test_no_prepared_statement_is_left_out(busy: World):
    everywhere = {thing for room in ROOMS for thing in vars(room).values() if isinstance(thing, Prepared)}
    assert everywhere == set(of_each(busy))


def test_an_instant_needs_a_zone_here_too(busy: World):
    receipt = receipts.Receipt("twilio", "call-1", 2, "", datetime(2026, 11, 21))  # noqa: DTZ001 - the point
    with pytest.raises(ValueError, match="time zone"), busy.database.write() as db:
        receipts.insert(db, busy.seal, receipt)


def test_what_was_touched_is_counted(busy: World):
    row = a_session(busy)
    with busy.database.write() as db:
        assert not flow_sessions.advance(db, busy.seal, row, expected_version=7)
        assert flow_sessions.advance(db, busy.seal, row, expected_version=1)


def test_a_conflict_is_a_conflict_and_tells_nothing(busy: World):
    with pytest.raises(Conflict) as caught, busy.database.write() as db:
        flow_sessions.insert(db, busy.seal, a_session(busy, state="Secret"))
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert "Secret" not in str(caught.value.__cause__)


def test_a_connection_that_the_server_cut_is_not_lent_again(postgres_url, seal, now):
    with closing(open_database(postgres_url)) as database:
        world = populate(database, seal, now)
        with pytest.raises(GatewayError, match="database:unavailable"):
            cut_off_while_reading(world, postgres_url)
        with database.read() as db:
            assert claims.recent(db, MEMBER) == []


def cut_off_while_reading(world: World, url: str) -> None:
    with world.database.read() as db:
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        claims.recent(db, MEMBER)


def test_the_counter_of_the_tests_misses_no_statement(sqlite_url, seal, now):
    """What the tests count against what SQLite itself says that it was asked."""
    told: list[str] = []
    with closing(open_database(sqlite_url)) as database:
        world = populate(database, seal, now)
        with database.holding(), statements_of(database) as seen, database.read() as db:
            db.connection.driver_connection.set_trace_callback(told.append)
            arrivals.look_up(db, world.seal, arrivals.Arrival("twilio", "call-1", 0, "+97714000000", seal.index(NUMBER)))
            with database.write() as writing:
                flow_sessions.insert(writing, world.seal, a_session(world))
                flow_sessions.close_idle(writing, "sms", now)
            db.connection.driver_connection.set_trace_callback(None)
    assert [statement.split(" ")[0] for statement in told] == ["SELECT", "BEGIN", "INSERT", "UPDATE", "COMMIT"]
    assert (len(seen.sent), seen.commits) == (3, 1)
