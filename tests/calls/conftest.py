"""A whole installation with the sample members, and phones that ring it over HTTP as Twilio would."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest
from fakes.phone import Phone, through

from gateway import bootstrap, config
from gateway.services import installation, pins, sample
from gateway.services.context import Gateway
from gateway.web.app import create_app

BASE_URL = "https://gateway.example"
ACCOUNT, TOKEN = "AC" + "0" * 32, "the token of the tests"

ENVIRON = {
    "SECRET_KEY": "the secret key of the tests, long enough",
    "PUBLIC_BASE_URL": BASE_URL,
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "GATEWAY_NUMBER": "+97714000000",
}
hashed_once = cache(pins.hash_pin)  # the PINs of the sample members, which every installation has


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Installation:
    """The gateway, its application and its clock; `restart` builds all of it anew, as after a crash of every process."""

    environ: dict[str, str]
    clock: Clock
    gateway: Gateway = field(init=False)
    client: object = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.gateway = bootstrap.build(config.load(self.environ), clock=self.clock)
        self.client = create_app(self.gateway).test_client()

    def phone(self, number: str, *, double: bool = False) -> Phone:
        return Phone(BASE_URL, ACCOUNT, TOKEN, number, double=double, **through(self.client, BASE_URL))

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """What a statement of plain SQL finds, with what is sealed opened."""
        with self.gateway.database.read() as db:
            return [tuple(map(self._readable, row)) for row in db.exec_driver_sql(statement)]

    def _readable(self, value: object) -> object:
        seal = self.gateway.seal
        return seal.open(value) if isinstance(value, bytes) and value.startswith(seal.current_name) else value


def fill(made: Installation) -> None:
    installation.prepare(made.gateway)
    with patch.object(pins, "hash_pin", hashed_once):
        sample.load(made.gateway)


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, now: datetime) -> Path:
    """The SQLite file of an installation as each begins, to be copied."""
    folder = tmp_path_factory.mktemp("sample")
    file = Path(shutil.copy(sqlite_template, folder / "gateway.sqlite3"))
    environ = {**ENVIRON, "DATABASE_URL": f"sqlite:///{file}", "REDIS_URL": "redis://localhost:1", "GATEWAY_DATA_DIR": str(folder)}
    made = Installation(environ, Clock(now))
    fill(made)
    made.gateway.database.close()
    return file


@pytest.fixture
def installation_of(now: datetime, tmp_path: Path, redis_url: str, sample_file: Path) -> Iterator[Callable[[str], Installation]]:
    """Build an installation on a database."""
    built: list[Installation] = []

    def build(database_url: str, **more: str) -> Installation:
        environ = {**ENVIRON, "DATABASE_URL": database_url, "REDIS_URL": redis_url, "GATEWAY_DATA_DIR": str(tmp_path), **more}
        can_be_copied = database_url.startswith("sqlite:///") and not {"SECRET_KEY", "GATEWAY_NUMBER"} & more.keys()
        if can_be_copied:
            shutil.copy(sample_file, database_url.removeprefix("sqlite:///"))
        made = Installation(environ, Clock(now))
        if not can_be_copied:
            fill(made)
        elif more:
            installation.prepare(made.gateway)
        built.append(made)
        return made

    yield build
    for made in built:
        made.gateway.database.close()


@pytest.fixture
def here(installation_of: Callable[[str], Installation], database_url: str) -> Installation:
    """An installation; the test runs once on SQLite, once on PostgreSQL."""
    return installation_of(database_url)


@pytest.fixture
def on_sqlite(installation_of: Callable[..., Installation], sqlite_url: str) -> Installation:
    """An installation on SQLite, for what has nothing to do with the database."""
    return installation_of(sqlite_url)
