"""A gateway on either database, with an empty Redis and a Twilio of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.outbound import Clock, People, World, build, prepare, settings
from fakes.twilio import FakeTwilio

from gateway.core.jobs import Job
from gateway.store.database import Database


@pytest.fixture
def twilio_options() -> dict[str, object]:
    """What a test wants of its Twilio; overridden by parametrize."""
    return {}


@pytest.fixture
def world(  # noqa: PLR0917 - fixtures
    database: Database,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    new_id: Callable[[], str],
    twilio_options: dict[str, object],
) -> Iterator[World]:
    """A gateway that sends as fast as it can."""
    given = settings(database_url, redis_url, tmp_path)
    prepare(database, given)
    clock = Clock()
    rung: list[Job] = []
    with FakeTwilio(**twilio_options) as fake:
        yield World(build(given, database, fake, clock=clock, new_id=new_id, enqueue=rung.extend), fake, clock, rung)


@pytest.fixture
def people(world: World) -> People:
    return People(world.database, world.gateway.seal)
