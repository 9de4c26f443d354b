"""The two ways into a database, and what happens when it is busy, full or away."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Thread

import psycopg
import pytest
from fakes.rows import ORGANISATION, World
from fakes.servers import running_postgres
from fakes.statements import statements_of
from sqlalchemy.exc import DBAPIError

from gateway.errors import GatewayError
from gateway.store import database as database_module
from gateway.store import organisations
from gateway.store.database import Conflict, Database, open_database


def name_of(database: Database, organisation_id: str) -> str | None:
    with database.read() as db:
        return db.exec_driver_sql(f"SELECT name FROM organisations WHERE id = '{organisation_id}'").scalar()  # noqa: S608 - our own ids


def test_a_write_is_committed_on_leaving(database):
    with statements_of(database) as seen, database.write() as db:
        organisations.ensure(db, "a", "A")
    assert name_of(database, "a") == "A"
    assert seen.commits == 1


def test_a_write_is_rolled_back_on_any_error(database):
    def fail_after_writing() -> None:
        with database.write() as db:
            organisations.ensure(db, "a", "A")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert name_of(database, "a") is None


def test_a_read_holds_no_transaction(database):
    with database.read() as reading:
        assert reading.exec_driver_sql("SELECT count(*) FROM organisations").scalar() == 0
        with database.write() as db:
            organisations.ensure(db, "a", "A")
        assert reading.exec_driver_sql("SELECT count(*) FROM organisations").scalar() == 1


def test_a_thread_that_holds_a_connection_reads_and_writes_through_it(database):
    with database.holding():
        with database.read() as reading:
            assert reading.exec_driver_sql("SELECT count(*) FROM organisations").scalar() == 0
            with database.write() as db:
                organisations.ensure(db, "a", "A")
                assert db is reading
        with pytest.raises(Conflict):
            write_twice(database)
        assert (name_of(database, "a"), name_of(database, "b")) == ("A", None)
        with ThreadPoolExecutor(1) as another:
            assert another.submit(name_of, database, "a").result() == "A"
    with database.read() as one, database.read() as other:
        assert one is not other


def test_a_held_connection_holds_no_lock_between_read_and_write(database):
    with database.holding():
        assert name_of(database, "a") is None
        with ThreadPoolExecutor(1) as another:
            another.submit(write_one, database).result()
        assert name_of(database, "a") == "A"


def write_twice(database: Database) -> None:
    with database.write() as db:
        for _ in range(2):
            db.exec_driver_sql("INSERT INTO organisations (id, name) VALUES ('b', 'B')")


def write_one(database: Database) -> None:
    with database.write() as db:
        organisations.ensure(db, "a", "A")


def test_a_row_that_must_be_the_only_one_is_a_conflict(world: World):
    with pytest.raises(Conflict), world.database.write() as db:
        db.exec_driver_sql(f"INSERT INTO organisations (id, name) VALUES ('{ORGANISATION}', 'again')")  # noqa: S608 - our own id


def test_a_reference_to_nothing_is_no_conflict_but_a_fault(database):
    with pytest.raises(Exception, match=r"(?i)foreign key"), database.write() as db:
        db.exec_driver_sql("INSERT INTO claim_events (claim_id, state, \"by\", at) VALUES ('none', 'paid', 'x', '2026-11-21')")


def test_a_wrong_statement_is_not_taken_for_a_database_that_is_away(database):
    with pytest.raises(DBAPIError), database.read() as db:
        db.exec_driver_sql("SELECT ) nothing")


def test_errors_do_not_tell_what_was_written(world: World):
    with pytest.raises(Conflict) as caught, world.database.write() as db:
        db.execute(database_module.text("INSERT INTO organisations (id, name) VALUES (:id, :name)"), {"id": ORGANISATION, "name": "Secret"})
    assert "Secret" not in str(caught.value.__cause__)


def test_whether_the_database_answers(database):
    assert database.is_up()


@pytest.mark.parametrize("url", ["mysql://user:hidden@host/db", "sqlite://", "sqlite:///:memory:", "hidden"])
def test_other_databases_are_refused_without_telling_the_password(url):
    with pytest.raises(GatewayError) as caught:
        open_database(url)
    assert caught.value.code == "config:invalid"
    assert "hidden" not in str(caught.value)


def test_a_full_pool_is_named_and_soon(database_url, monkeypatch):
    monkeypatch.setitem(database_module.POOL, "pool_timeout", 0.1)
    with closing(open_database(database_url)) as database, ExitStack() as held:
        for _ in range(16):
            held.enter_context(database.read())
        with pytest.raises(GatewayError, match="database:unavailable") as caught, database.read():
            pass
    assert caught.value.retryable


def test_a_database_without_its_tables_says_what_to_do(database_url):
    with closing(open_database(database_url)) as database:
        for statement in ("SELECT id FROM members_of_another_version", "SELECT of_another_version FROM organisations"):
            with pytest.raises(GatewayError, match="database:not-migrated"), database.read() as db:
                db.exec_driver_sql(statement)


# --- SQLite ------------------------------------------------------------------------------------------------------------------------


def test_sqlite_keeps_what_it_acknowledged_through_a_loss_of_power(sqlite_url):
    with closing(open_database(sqlite_url)) as database, ExitStack() as held:
        for db in [held.enter_context(database.read()) for _ in range(3)]:
            settings = {name: db.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")}
            assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2 is FULL


HOLD = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(2)
db.execute("INSERT INTO organisations (id, name) VALUES ('long', 'Long')")
db.execute("COMMIT")
"""


def test_a_write_waits_behind_a_long_writer_instead_of_failing(sqlite_url):
    with (
        closing(open_database(sqlite_url)) as database,
        subprocess.Popen([sys.executable, "-c", HOLD, sqlite_url.removeprefix("sqlite:///")], stdout=subprocess.PIPE, text=True) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        began = time.monotonic()
        assert name_of(database, "short") is None  # a read does not wait
        assert time.monotonic() - began < 0.5
        with database.write() as db:
            organisations.ensure(db, "short", "Short")
        assert 1 < time.monotonic() - began < 5
    assert other.returncode == 0


def test_reading_before_writing_never_meets_a_stale_snapshot(sqlite_url):
    """Two processes' worth of pools, each reading and then writing as fast as it can: BUSY_SNAPSHOT would fail one at once."""
    faults: list[Exception] = []

    def count_up() -> None:
        with closing(open_database(sqlite_url)) as database:
            try:
                for _ in range(100):
                    name_of(database, "n")
                    with database.write() as db:
                        number = db.exec_driver_sql("SELECT name FROM organisations WHERE id = 'n'").scalar_one()
                        organisations.ensure(db, "n", str(int(number) + 1))
            except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
                faults.append(error)

    with closing(open_database(sqlite_url)) as database:
        with database.write() as db:
            organisations.ensure(db, "n", "0")
        threads = [Thread(target=count_up) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert name_of(database, "n") == "400"


def test_a_full_disk_loses_nothing_that_was_acknowledged(sqlite_url):
    with closing(open_database(sqlite_url)) as database:
        with database.write() as db:
            organisations.ensure(db, "before", "Before")
        with database.read() as db:  # the pool has this one connection
            pages = db.exec_driver_sql("PRAGMA page_count").scalar_one()
            db.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(GatewayError, match="database:unavailable"), database.write() as db:
            organisations.ensure(db, "large", "x" * 100_000)
        with database.read() as db:
            db.exec_driver_sql(f"PRAGMA max_page_count = {pages * 100}")
        with database.write() as db:
            organisations.ensure(db, "after", "After")
        assert [name_of(database, name) for name in ("before", "large", "after")] == ["Before", None, "After"]
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# --- PostgreSQL --------------------------------------------------------------------------------------------------------------------


def test_postgresql_does_not_let_a_caller_wait(postgres_url):
    with closing(open_database(postgres_url)) as database, database.read() as db:
        shown = {name: db.exec_driver_sql(f"SHOW {name}").scalar() for name in ("statement_timeout", "lock_timeout", "synchronous_commit")}
    assert shown == {"statement_timeout": "4s", "lock_timeout": "3s", "synchronous_commit": "on"}


def test_postgresql_that_restarted_is_found_again_by_every_connection(postgres_url, postgres_server):
    with closing(open_database(postgres_url)) as database:
        with ExitStack() as held:
            for _ in range(3):
                assert held.enter_context(database.read()).exec_driver_sql("SELECT 1").scalar() == 1
        with psycopg.connect(postgres_server.format(name="postgres"), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'")
        time.sleep(0.2)
        with ExitStack() as held:
            for _ in range(3):
                assert held.enter_context(database.read()).exec_driver_sql("SELECT 1").scalar() == 1
        with database.write() as db:
            organisations.ensure(db, "a", "A")


def test_postgresql_that_is_away_is_named_and_soon():
    with running_postgres() as address:
        database = open_database(address.format(name="postgres"))
        assert database.is_up()
    began = time.monotonic()
    assert not database.is_up()
    with pytest.raises(GatewayError, match="database:unavailable"), database.write():
        pass
    assert time.monotonic() - began < 2
    database.close()
