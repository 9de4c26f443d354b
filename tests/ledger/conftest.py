"""An organisation with a ledger, and a second one that must see none of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from calls.conftest import Clock, Installation, here, installation_of, on_sqlite, sample_file
from fakes.outbound import build, settings
from fakes.rows import CHANNEL, MEMBER, ORGANISATION, add_member, populate
from fakes.twilio import FakeTwilio

from gateway.config import PACKAGE_ROOT
from gateway.core.ids import spelt
from gateway.engine import loader
from gateway.engine.definition import Catalogue
from gateway.services.access import Actor
from gateway.services.actions import SPECS
from gateway.services.context import Gateway
from gateway.store import organisations
from gateway.store.database import Database

OTHERS, STRANGER, RITA = "another-union", "stranger", "rita"
ORGANISER = Actor(ORGANISATION, "organiser", "user:1", user_id="1")
ADMIN = Actor(ORGANISATION, "admin", "terminal")
FOREIGN = Actor(OTHERS, "admin", "user:9", user_id="9")
COLLECTOR = Actor(ORGANISATION, "collector", "user:didi", user_id="didi")


@dataclass
class Books:
    """The gateway and its clock."""

    gateway: Gateway
    clock: Clock

    def count(self, table: str, where: str = "1 = 1") -> int:
        with self.gateway.database.read() as db:
            return int(db.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE {where}").scalar_one())  # noqa: S608 - our own words


@cache
def shipped_flows() -> Catalogue:
    return loader.load(PACKAGE_ROOT / "flows", SPECS)


def open_books(database: Database, url: str, redis_url: str, folder: Path, now: datetime) -> Iterator[Books]:
    given = settings(url, redis_url, folder)
    clock, counter = Clock(now), itertools.count(1)
    with FakeTwilio() as fake:
        gateway = build(given, database, fake, clock=clock, new_id=lambda: spelt(next(counter) * 7919), enqueue=lambda _jobs: None)
        gateway = replace(gateway, flows=SimpleNamespace(catalogue=shipped_flows()))
        populate(database, gateway.seal, clock())
        with database.write() as db:
            organisations.ensure(db, OTHERS, "Another Union")
            users = "INSERT INTO users (id, organisation_id, sealed_name, role, state, created_at) VALUES "
            db.exec_driver_sql(users + f"('didi', '{ORGANISATION}', 'x', 'collector', 'active', '2026-01-01 00:00:00')")
            add_member(db, gateway.seal, RITA, clock(), number="10013")
            db.exec_driver_sql(f"UPDATE members SET collector_id = 'didi' WHERE id = '{MEMBER}'")  # noqa: S608 - our own words
        yield Books(gateway, clock)


@pytest.fixture
def books(database: Database, database_url: str, redis_url: str, tmp_path: Path, now: datetime) -> Iterator[Books]:
    yield from open_books(database, database_url, redis_url, tmp_path, now)


__all__ = [
    "ADMIN",
    "CHANNEL",
    "COLLECTOR",
    "FOREIGN",
    "MEMBER",
    "ORGANISATION",
    "ORGANISER",
    "RITA",
    "Books",
    "Installation",
    "here",
    "installation_of",
    "on_sqlite",
    "sample_file",
]
