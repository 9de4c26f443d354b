"""Clocks that go wrong: leases and hours go by the database's, and no worker's own says when something is sent."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.outbound import People, World, started
from sqlalchemy import text

import gateway
from gateway.services import send, track
from gateway.store import database as store
from gateway.store.database import Database, open_database

DAY = timedelta(days=1)
SOON = timedelta(seconds=2)


def true_time(database: Database) -> datetime:
    with database.read() as db:
        return db.execute(text("SELECT clock_timestamp()")).scalar_one()


@pytest.fixture(params=[DAY, -DAY], ids=["ahead", "behind"])
def wrong_machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> Iterator[Database]:
    """A PostgreSQL as it is seen by a process whose machine has the date wrong."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + request.param

    monkeypatch.setattr(store, "datetime", Wrong)
    opened = open_database(postgres_url)
    yield opened
    opened.close()


def test_the_time_is_the_databases_and_not_the_machines(wrong_machine: Database) -> None:
    assert abs(wrong_machine.now() - true_time(wrong_machine)) < SOON


def test_it_is_asked_seldom_and_goes_on_where_nobody_answers(wrong_machine: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    ask = wrong_machine._ask_the_time
    monkeypatch.setattr(wrong_machine, "_ask_the_time", lambda: asked.append(1) or ask())
    times = [wrong_machine.now() for _ in range(1000)]
    assert len(asked) == 1
    assert times == sorted(times)
    monkeypatch.setattr(wrong_machine, "_asks_at", 0.0)
    monkeypatch.setattr(wrong_machine, "borrow", lambda: (_ for _ in ()).throw(store.GatewayError("database:unavailable")))
    assert times[-1] <= wrong_machine.now() < times[-1] + SOON
    assert len(asked) == 2


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("wrong_machine", [DAY, -DAY], indirect=True, ids=["ahead", "behind"])
def test_a_worker_with_a_wrong_date_sends_nothing_early_or_late_and_doubts_nothing(
    world: World, people: People, wrong_machine: Database
) -> None:
    people(3)
    ahead = world.clock.now - true_time(world.database)  # so that it is noon in Nepal
    there = replace_clock(world, lambda: world.database.now() + ahead)
    here = replace_clock(world, lambda: wrong_machine.now() + ahead)
    now = there.clock()
    due = {1: now - timedelta(seconds=30), 2: now + timedelta(seconds=60), 3: now + timedelta(hours=23)}
    broadcast_id = started(world)
    with world.database.write() as db:
        for row, moment in due.items():
            db.execute(text("UPDATE deliveries SET not_before = :due WHERE id = :row"), {"due": moment, "row": row})
        db.execute(
            text("UPDATE deliveries SET state = 'sending', token = 'another', lease_until = :until WHERE id = 3"),
            {"until": now + timedelta(seconds=30)},
        )
    send.run_batch(here, broadcast_id)
    track.sweep(here)
    assert world.rows("state", "ever_unknown") == [("accepted", False), ("queued", False), ("sending", False)]


def replace_clock(world: World, clock):
    return replace(world.gateway, clock=clock)


def test_a_sqlite_has_the_machines_time(sqlite_url: str) -> None:
    opened = open_database(sqlite_url)
    assert abs(opened.now() - datetime.now(UTC)) < SOON
    opened.close()


def test_nobody_else_asks_the_machine_what_time_it_is() -> None:
    root = Path(gateway.__file__).parent
    asking = set()
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in {"now", "utcnow", "today"}
                and ast.unparse(node.value) in {"datetime", "date"}
            ):
                asking.add(file.relative_to(root).as_posix())
    assert asking == {"store/database.py"}
