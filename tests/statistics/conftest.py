"""A gateway on either database, and who asks it for statistics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from fakes.drawn import OURS

from gateway import bootstrap, config
from gateway.services.access import Actor
from gateway.services.context import Gateway


@pytest.fixture
def gateway(database_url: str, redis_url: str, now: datetime, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway on either database, with nothing in it."""
    environ = {
        "SECRET_KEY": "the secret key of the tests, long enough",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_BASE_URL": "http://localhost:1",
        "GATEWAY_DATA_DIR": str(tmp_path),
    }
    built = bootstrap.build(config.load(environ), clock=lambda: now)
    yield built
    built.database.close()


@pytest.fixture
def admin() -> Actor:
    return Actor(OURS, "admin", "user:1", user_id="1")
