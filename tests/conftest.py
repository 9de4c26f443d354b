"""What tests of every room may use: both databases, a Redis, a clock that stands, ids that count."""

from __future__ import annotations

import functools
import itertools
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import redis
from fakes.rows import World, populate
from fakes.servers import running_postgres, running_redis

from gateway.config import PACKAGE_ROOT
from gateway.core.ids import spelt
from gateway.engine import loader
from gateway.services.actions import SPECS
from gateway.store.database import Database, open_database, upgrade
from gateway.store.secrets import Seal

TEMPLATE = "aawaj_template"


@pytest.fixture(scope="session")
def now() -> datetime:
    """Ten in the morning in Nepal, a Saturday."""
    return datetime(2026, 11, 21, 4, 15, tzinfo=UTC)


@pytest.fixture
def new_id() -> Callable[[], str]:
    """Ids of the usual form that count: aa..ab, aa..ac."""
    counter = itertools.count(1)
    return lambda: spelt(next(counter))


@pytest.fixture(scope="session")
def seal() -> Seal:
    return Seal("the secret key of the tests, long enough")


@pytest.fixture(scope="session", autouse=True)
def shipped_flows_read_once() -> Iterator[None]:
    """To read and check the shipped flows takes longer than most tests, and gives the same each time: catalogues are frozen."""
    shipped, load = (PACKAGE_ROOT / "flows", SPECS), loader.load
    once = functools.cache(lambda: load(*shipped))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "load", lambda folder, actions: once() if (folder, actions) == shipped else load(folder, actions))
        yield


# --- databases ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with empty tables, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite file of this test's own, with empty tables."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'gateway.sqlite3')}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A running PostgreSQL: its address with `{name}` for the database, and a template with empty tables in it."""
    with running_postgres() as address:
        _administer(address, f"CREATE DATABASE {TEMPLATE}")
        upgrade(address.format(name=TEMPLATE))
        yield address


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database of this test's own, with nothing in it."""
    yield from _postgres_database(postgres_server, "template0")


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database of this test's own, with empty tables."""
    yield from _postgres_database(postgres_server, TEMPLATE)


def _postgres_database(server: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.format(name=name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(server.format(name="postgres"), autocommit=True) as db:
        db.execute(statement.encode())


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database with empty tables: the test runs once on SQLite, once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with empty tables: the test runs once on SQLite, once on PostgreSQL."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def world(database: Database, seal: Seal, now: datetime) -> World:
    """An open database with one organisation, one channel and one member in it, on SQLite and on PostgreSQL."""
    return populate(database, seal, now)


# --- Redis -------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    with running_redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The address of a real and empty Redis."""
    redis.Redis.from_url(redis_server).flushall()
    return redis_server
