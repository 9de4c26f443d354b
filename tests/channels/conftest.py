"""Installations with a channels.yaml."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from calls.conftest import installation_of, sample_file
from fakes.outbound import DRAFT, MAIN, Clock, People
from fakes.twilio import FakeTwilio
from sqlalchemy import select

from gateway import bootstrap, config
from gateway.core.jobs import Job
from gateway.services import broadcast, installation
from gateway.services.context import Gateway
from gateway.store import models

__all__ = ["installation_of", "sample_file"]

FILE = """
providers:
  first: {{kind: twilio, account_sid: "{sid}", auth_token: "{token}", api_base_url: "{first}"}}
  second: {{kind: twilio, account_sid: "{sid}", auth_token: "{token}", api_base_url: "{second}"}}
channels:
  cheap: {{provider: first, number: "+97714000001", carries: [{carries}], messages_per_second: {pace}{limit}}}
  dear: {{provider: second, number: "+97714000002", carries: [{carries}], messages_per_second: 1000}}
routes:
{routes}
"""
CHEAP_THEN_DEAR = "  - {medium: sms, channels: [cheap, dear]}"


@dataclass
class Ways:
    """An installation with two providers, and what each of them took."""

    gateway: Gateway
    first: FakeTwilio
    second: FakeTwilio
    clock: Clock
    people: People
    first_dies: Callable[[], None]
    environ: dict[str, str]
    rung: list[Job] = field(default_factory=list)

    def started(self) -> str:
        broadcast_id = broadcast.create(self.gateway, MAIN, DRAFT)
        broadcast.approve(self.gateway, MAIN, broadcast_id)
        broadcast.expand(self.gateway, broadcast_id)
        return broadcast_id

    def sent(self, fake: FakeTwilio) -> Counter[str]:
        return Counter(each.to for each in fake.ledger)

    def rows(self, *columns: str) -> list[Any]:
        found = [models.deliveries.c[name] for name in columns or ("state", "error")]
        with self.gateway.database.read() as db:
            return [tuple(row) for row in db.execute(select(*found).order_by(models.deliveries.c.id))]


@pytest.fixture
def ways(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Callable[..., Ways]]:
    """Build an installation with these routes, and perhaps a limit a day or a price of the cheap channel."""
    with ExitStack() as stack, FakeTwilio() as second:
        first = stack.enter_context(FakeTwilio())
        built: list[Gateway] = []

        def build(routes: str, limit: int | None = None, price: str = "segment_price: 140", **more: object) -> Ways:
            said = {"sid": first.account_sid, "token": first.auth_token, "first": first.url, "second": second.url, "routes": routes}
            said |= {"carries": "sms", "pace": 1000, **more}
            written = FILE.format(**said, limit=f", {price}" + (f", messages_per_day: {limit}" if limit else ""))
            (tmp_path / "channels.yaml").write_text(written, encoding="utf-8")
            environ = {
                "SECRET_KEY": "the secret key of the tests, long enough",
                "PUBLIC_BASE_URL": "http://localhost:1",
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "GATEWAY_DATA_DIR": str(tmp_path),
            }
            clock = Clock()
            gateway = bootstrap.build(config.load(environ), environ=environ, clock=clock)
            installation.prepare(gateway)
            built.append(gateway)
            return Ways(gateway, first, second, clock, People(gateway.database, gateway.seal), stack.close, environ)

        yield build
        for gateway in built:
            gateway.database.close()


@pytest.fixture
def gateway_of(sqlite_url: str, redis_url: str, tmp_path: Path) -> Iterator[Callable[[str, dict[str, str]], Gateway]]:
    """Build an installation with this channels.yaml and these variables."""
    built: list[Gateway] = []

    def build(text: str, variables: dict[str, str]) -> Gateway:
        (tmp_path / "channels.yaml").write_text(text, encoding="utf-8")
        environ = {
            "SECRET_KEY": "the secret key of the tests, long enough",
            "PUBLIC_BASE_URL": "https://gateway.example",
            "DATABASE_URL": sqlite_url,
            "REDIS_URL": redis_url,
            "GATEWAY_DATA_DIR": str(tmp_path),
            **variables,
        }
        built.append(bootstrap.build(config.load(environ), environ=environ))
        return built[-1]

    yield build
    for gateway in built:
        gateway.database.close()
