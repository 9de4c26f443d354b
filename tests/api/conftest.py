"""Two organisations with the same people in them, a token for each role, and a client that speaks JSON."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.api_world import World, populate

from gateway import bootstrap, config
from gateway.services import access, installation, tokens
from gateway.services.context import Gateway
from gateway.store import organisations
from gateway.store.models import users
from gateway.web.app import create_app

ENVIRON = {
    "SECRET_KEY": "the secret key of the tests, long enough",
    "PUBLIC_BASE_URL": "https://gateway.example",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "the token of the tests",
    "GATEWAY_NUMBER": "+97714000000",
}
OURS, THEIRS = "main", "others"
ROLES = ("admin", "organiser", "collector", "reader")


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Api:
    """An installation with its API; `ask` is a request with somebody's token, and gives the status and the answer read."""

    gateway: Gateway
    clock: Clock
    client: Any = None
    secrets: dict[tuple[str, str], str] = field(default_factory=dict)
    keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.app = create_app(self.gateway)
        self.client = self.app.test_client()

    def ask(self, method: str, path: str, body: object = None, **how: Any) -> tuple[int, Any]:
        response = self.request(method, path, body, **how)
        text = response.get_data().decode(errors="replace")  # a file may be a recording
        return response.status_code, json.loads(text) if text and response.mimetype.endswith("json") else text

    def request(self, method: str, path: str, body: object = None, *, by: str = "admin", of: str = OURS, **more: Any):
        headers = {"Authorization": f"Bearer {self.secret(by, of)}", **more.pop("headers", {})}
        if method == "POST":
            headers.setdefault("Idempotency-Key", more.pop("key", None) or f"test-key-{next(self.keys)}")
        if body is not None:
            more["json"] = body
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, base_url=ENVIRON["PUBLIC_BASE_URL"], **more)

    def secret(self, role: str, of: str) -> str:
        if (role, of) not in self.secrets:
            actor = access.terminal(of)
            new = tokens.NewToken("of the tests", role) if role != "collector" else tokens.NewToken("hers", user_id=f"collector-{of}")
            self.secrets[role, of] = tokens.create(self.gateway, actor, new).secret
        return self.secrets[role, of]


def add_user(gateway: Gateway, user_id: str, organisation_id: str, role: str) -> None:
    with gateway.database.write() as db:
        row = {"id": user_id, "organisation_id": organisation_id, "role": role, "state": "active", "created_at": gateway.clock()}
        db.execute(users.insert(), {**row, "sealed_name": gateway.seal.seal("सङ्कलक")})


def installed(database_url: str, folder: Path, redis_url: str, now: datetime) -> Api:
    """The API on a database, with two organisations in it and a collector in each."""
    environ = {**ENVIRON, "DATABASE_URL": database_url, "REDIS_URL": redis_url, "GATEWAY_DATA_DIR": str(folder)}
    clock = Clock(now)
    gateway = bootstrap.build(config.load(environ), clock=clock)
    installation.prepare(gateway)
    with gateway.database.write() as db:
        organisations.ensure(db, THEIRS, "The Others")
    for organisation_id in (OURS, THEIRS):
        add_user(gateway, f"collector-{organisation_id}", organisation_id, "collector")
    return Api(gateway, clock)


@pytest.fixture
def api_on(now: datetime, tmp_path: Path, redis_url: str) -> Iterator[Callable[[str], Api]]:
    """Build the API on a database."""
    built: list[Api] = []

    def build(database_url: str) -> Api:
        built.append(installed(database_url, tmp_path, redis_url, now))
        return built[-1]

    yield build
    for made in built:
        made.gateway.database.close()


@pytest.fixture
def api(api_on: Callable[[str], Api], database_url: str) -> Api:
    """The API, once on SQLite and once on PostgreSQL."""
    return api_on(database_url)


@pytest.fixture
def on_sqlite(api_on: Callable[[str], Api], sqlite_url: str) -> Api:
    """The API on SQLite, for what has nothing to do with the database."""
    return api_on(sqlite_url)


@dataclass
class Snapshot:
    """An API on SQLite with the same people in two organisations, which can be brought back to how it was."""

    api: Api
    ours: World
    theirs: World
    file: Path
    copy: Path
    recorded: Path

    def restore(self) -> None:
        self.api.gateway.database.close()
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copy(self.copy, self.file)
        shutil.copytree(self.recorded, self.file.parent, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, redis_server: str) -> Iterator[Snapshot]:
    """Two organisations with the same people, made once for all tests of a file."""
    folder = tmp_path_factory.mktemp("twins")
    file = Path(shutil.copy(sqlite_template, folder / "gateway.sqlite3"))
    api = installed(f"sqlite:///{file}", folder, redis_server, datetime(2026, 11, 21, 4, 15, tzinfo=UTC))
    ours, theirs = populate(api.gateway, OURS, "OURMARK", "984"), populate(api.gateway, THEIRS, "THEIRMARK", "985")
    api.secrets["collector", OURS], api.secrets["collector", THEIRS] = ours.ids["secret.own"], theirs.ids["secret.own"]
    for role in ("admin", "organiser", "reader"):
        api.secret(role, OURS)
        api.secret(role, THEIRS)
    api.gateway.database.close()
    recorded = tmp_path_factory.mktemp("recorded")
    for name in ("sayings", "recordings"):
        shutil.copytree(folder / name, recorded / name)
    yield Snapshot(api, ours, theirs, file, Path(shutil.copy(file, folder / "copy.sqlite3")), recorded)
    api.gateway.database.close()
