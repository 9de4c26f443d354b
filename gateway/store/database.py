"""The door to the database: SQLite or PostgreSQL behind the same two ways in, `read` and `write`.

Connections rest in the driver's autocommit, so that a read costs one statement and holds nothing. A write opens its own transaction by
name; on SQLite that is BEGIN IMMEDIATE, because a deferred transaction that starts to write after somebody else has committed fails at
once with BUSY_SNAPSHOT, however long it would have been willing to wait.
"""

from __future__ import annotations

import math
import select
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, exc, make_url, text

from gateway.errors import GatewayError
from gateway.store import prepared

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import URL

__all__ = ["AlreadyReceived", "Conflict", "Connection", "Database", "open_database", "upgrade"]

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 208_308  # any number, the same in every process: one of them migrates, the others wait

BEGIN = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN"}

# An answer must leave within 5 s, so nothing here may wait as long as that for ever.
CONNECTIONS = 16  # at most, of one process
LONGEST_WAIT = 4.0  # seconds for one of them
SQLITE_LOOKS = 0.1  # seconds between two looks of SQLite for a lock that it waits for: nobody queues for it, and nobody is told
CLOCK_EVERY = 10.0  # seconds between two looks at the database's clock
_TIME = text("SELECT clock_timestamp()")
POOL: dict[str, Any] = {"poolclass": QueuePool, "pool_size": CONNECTIONS, "max_overflow": 0}
SQLITE_PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
POSTGRES_OPTIONS = "-c statement_timeout=4000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"


class Conflict(Exception):  # noqa: N818 - the name of what happened, as services read it
    """Another transaction was faster: a row that must be the only one is there already. Read again, decide again."""


class AlreadyReceived(Conflict):
    """This very request was answered before; its answer is in `receipts`."""


class _OfThread(threading.local):
    """The connection that a thread holds, see `Database.holding`."""

    held: Connection | None = None
    in_one: bool = False
    begun: bool = False


class Database:
    """One database and its pool of connections; safe to share between threads, not between processes."""

    def __init__(self, url: str) -> None:
        """Take a `sqlite:///file` or `postgresql://` address; raise GatewayError `config:invalid` for any other kind."""
        self._engine = _engine(_supported(url))
        self._begin = BEGIN[self._engine.dialect.name]
        self._idle: list[Connection] = []
        self._free = threading.Semaphore(CONNECTIONS)
        self._of_thread = _OfThread()
        self._began: datetime | None = None  # by the database's clock, when `time.monotonic` was 0
        self._asks_at = -math.inf

    def read(self) -> AbstractContextManager[Connection]:
        """Lend a connection for single statements; each sees what is committed at that moment.

        Raises GatewayError `database:unavailable` when the database does not answer.
        """
        return _Loan(self, self._of_thread.held)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Let this thread have one connection for all that it reads and writes inside. It holds no lock but during a write."""
        with self.read() as db:
            self._of_thread.held = db
            try:
                yield
            finally:
                self._of_thread.held = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Lend a connection for one transaction: committed on leaving, rolled back on any error.

        Keep Python work out of it, since on SQLite there is one writer at a time; a second one waits up to 5 s. Raises GatewayError
        `database:unavailable` when the database does not answer, Conflict when a unique row exists already.
        """
        if self._of_thread.in_one:
            with self._part() as db:
                yield db
            return
        with self.read() as db:
            try:
                self._start(db)
                yield db
                db.commit()
            except BaseException:
                db.rollback()
                raise

    @contextmanager
    def in_one(self) -> Iterator[None]:
        """Let all that this thread writes inside be one transaction: committed on leaving, undone as a whole on any error.

        It begins with the first `write` inside; each is a part of it that can fail alone. What is read inside sees what was written.
        """
        with self.holding(), self.read() as db:
            here = self._of_thread
            here.in_one, here.begun = True, False
            try:
                yield
                if here.begun:
                    db.commit()
            except BaseException:
                if here.begun:
                    db.rollback()
                raise
            finally:
                here.in_one = False

    @contextmanager
    def _part(self) -> Iterator[Connection]:
        with self.read() as db:
            if not self._of_thread.begun:
                self._start(db)
                self._of_thread.begun = True
            prepared.send(db, "SAVEPOINT part")
            try:
                yield db
            except BaseException:
                prepared.send(db, "ROLLBACK TO SAVEPOINT part")
                raise
            finally:
                prepared.send(db, "RELEASE SAVEPOINT part")

    def _start(self, db: Connection) -> None:
        if not db.in_transaction():
            db.begin()  # SQLAlchemy's, which a read may have begun; it sends nothing, and `commit` and `rollback` end both
        prepared.send(db, self._begin)

    def let_others(self) -> None:
        """Give others their turn to write, between two of many long transactions: on SQLite, who takes its lock again at once keeps it."""
        if self._begin == BEGIN["sqlite"]:
            time.sleep(1.2 * SQLITE_LOOKS)

    def now(self) -> datetime:
        """The time, by the clock of the database that all processes share, so that one whose machine goes wrong harms nobody.

        PostgreSQL is asked every ten seconds; in between, and where it does not answer, a clock goes on that cannot be set. SQLite is on
        the same machine as all who use it, and has that machine's time.
        """
        if self._begin == BEGIN["sqlite"]:
            return datetime.now(UTC)
        moment = time.monotonic()
        if moment >= self._asks_at:
            self._asks_at = moment + CLOCK_EVERY  # at once: others need not ask as well
            self._ask_the_time()
        if self._began is None:
            return datetime.now(UTC)
        return self._began + timedelta(seconds=time.monotonic())

    def _ask_the_time(self) -> None:
        with suppress(GatewayError), self.read() as db:
            asked = time.monotonic()
            told: datetime = db.execute(_TIME).scalar_one()
            self._began = told.astimezone(UTC) - timedelta(seconds=(asked + time.monotonic()) / 2)

    def forget(self) -> None:
        """Take what was deleted out of SQLite's log as well, as far as nobody reads there; PostgreSQL does so by itself, in time."""
        with self.read() as db:
            if db.dialect.name == "sqlite":
                db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def copy_to(self, file: Path) -> None:
        """Copy a SQLite database as it is at one moment into a new file; whoever writes meanwhile goes on."""
        with self.read() as db, closing(sqlite3.connect(file)) as copy:
            cast("sqlite3.Connection", db.connection.driver_connection).backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it

    def is_up(self) -> bool:
        """Whether the database answers."""
        try:
            with self.read() as db:
                db.exec_driver_sql("SELECT 1")
        except GatewayError:
            return False
        return True

    def borrow(self) -> Connection:
        """A connection, one that rests or a new one; the borrower gives it back with `give_back`.

        Those that rest are still lent by SQLAlchemy's pool, so whoever waits waits here, where they come back to. Raises GatewayError
        `database:unavailable` when none comes.
        """
        if not self._free.acquire(timeout=LONGEST_WAIT):
            raise GatewayError("database:unavailable")
        try:
            return self._rested() or self._engine.connect()
        except exc.SQLAlchemyError as error:
            self._free.release()
            _name(error)
            raise
        except BaseException:
            self._free.release()
            raise

    def give_back(self, db: Connection) -> None:
        """End what a borrower left open, and let the connection rest."""
        try:
            if db.in_transaction():
                db.rollback()
            if db.invalidated:
                db.close()
            else:
                self._idle.append(db)
        finally:
            self._free.release()

    def _rested(self) -> Connection | None:
        try:
            db = self._idle.pop()
        except IndexError:
            return None
        if db.dialect.name == "postgresql" and _hung_up(cast("psycopg.Connection", db.connection.driver_connection)):
            db.invalidate()
        return db

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop().close()
        self._engine.dispose()


def open_database(url: str) -> Database:
    """Open a database whose tables `upgrade` has made."""
    return Database(url)


def upgrade(url: str) -> None:
    """Bring the tables to the newest version, in one transaction. Safe to call from several processes at once."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    database = Database(url)
    try:
        with database.write() as db:
            if db.dialect.name == "postgresql":
                db.execute(text("SET LOCAL statement_timeout = 0"))
                db.execute(text("SET LOCAL lock_timeout = '60s'"))
                db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            config.attributes["connection"] = db
            command.upgrade(config, "head")
    finally:
        database.close()


def _supported(url: str) -> URL:
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    except exc.ArgumentError:
        parsed = None
    backend = parsed.get_backend_name() if parsed else "unreadable"
    if parsed and backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed and backend == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        return parsed.set(drivername="sqlite+pysqlite")
    remedy = "Write sqlite:///path/to/file or postgresql://user:password@host/name."
    raise GatewayError("config:invalid", setting="DATABASE_URL", value=f"{backend}:...", remedy=remedy)  # it may hold a password


def _engine(url: URL) -> Engine:
    # hide_parameters: an error's text must not carry a name or the words of a message.
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True, connect_args={"isolation_level": None}, **POOL)
        event.listen(engine, "connect", _set_pragmas)
        return engine
    arguments = {"autocommit": True, "options": POSTGRES_OPTIONS, "connect_timeout": 3}
    return create_engine(url, hide_parameters=True, connect_args=arguments, **POOL)


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _hung_up(connection: psycopg.Connection) -> bool:
    """Whether the server has hung up.

    A resting connection with something to read has got the server's goodbye: to see that costs no round trip, as a ping would.
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


class _Loan:
    """A connection for the time of a block: the one that this thread holds, else one that rests, else a new one.

    SQLAlchemy's pool makes the connections and knows how many there may be; to lend one anew each time, it takes as long as two
    statements. Faults of the database leave the block under the names that services know, so that those need to know no SQL.
    """

    __slots__ = ("_database", "_db", "_held")

    def __init__(self, database: Database, held: Connection | None) -> None:
        self._database, self._held = database, held

    def __enter__(self) -> Connection:
        if self._held is not None:
            return self._held
        self._db = self._database.borrow()
        return self._db

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if self._held is None:
            self._database.give_back(self._db)
        if error is not None:
            _name(error)


def _name(error: BaseException) -> None:
    """Raise what the database reports as what services know; return where they have no name for it."""
    if isinstance(error, exc.IntegrityError) and _is_duplicate(error.orig):
        raise Conflict from error
    if isinstance(error, exc.DBAPIError) and _lacks_something(error.orig):
        raise GatewayError("database:not-migrated") from error
    if isinstance(error, (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)) and not _is_wrong(error):
        raise GatewayError("database:unavailable") from error


def _lacks_something(error: object) -> bool:
    """Whether a table or a column is not there: our statements are tested, so that the database is of another version."""
    return getattr(error, "sqlstate", "") in {"42P01", "42703"} or str(error).startswith(("no such table", "no such column"))


def _is_wrong(error: exc.SQLAlchemyError) -> bool:
    """SQLite's word for a statement that is wrong: no trouble of the moment, but a fault of ours."""
    return getattr(getattr(error, "orig", None), "sqlite_errorname", "") == "SQLITE_ERROR"


def _is_duplicate(error: object) -> bool:
    sqlite_name = getattr(error, "sqlite_errorname", "")
    if sqlite_name == "SQLITE_CONSTRAINT_TRIGGER":  # a table that is only added to looks before SQLite does (migration 0002)
        return str(error).endswith("is there already")
    return getattr(error, "sqlstate", "") == "23505" or sqlite_name in {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
