"""An installation for a measurement: a folder that goes away again, a Redis of its own, members with phones and claims."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import callers, machine
from gateway import bootstrap, config
from gateway.core.calendar import NEPAL
from gateway.core.reference import with_check_digit
from gateway.embedded import redis
from gateway.services import installation
from gateway.services.context import Gateway
from gateway.store import claims, members, phones
from gateway.store.database import upgrade

if TYPE_CHECKING:
    from gateway.store.database import Connection

UNPACED = "1000000"  # messages a second that the channel permits: the pacer is asked, and never makes anybody wait


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation is: its folder, the environment of its programs, the ports of its web process and of its provider. There it is
    always day by its one `clock`, so that broadcasts go out."""

    folder: Path
    environ: dict[str, str]
    port: int
    provider_port: int
    clock: Callable[[], datetime]

    def open(self) -> Gateway:
        """The gateway of this place, in this process."""
        return bootstrap.build(config.load(self.environ), clock=self.clock)


@contextmanager
def prepared(database_url: str | None, size: int) -> Iterator[Place]:
    """Set up an installation with `size` members, on a SQLite file of its own or on this empty database."""
    folder = Path(tempfile.mkdtemp(prefix="aawaj-bench-"))
    socket = folder / "redis.sock"
    place = Place(folder, {}, machine.free_port(), machine.free_port(), _daytime())
    place.environ.update(
        PATH=os.environ.get("PATH", os.defpath),
        SECRET_KEY="of the benchmark, and of nothing else",  # noqa: S106  # it guards nothing
        DATABASE_URL=database_url or f"sqlite:///{folder}/gateway.sqlite3",
        REDIS_URL=f"unix://{socket}",
        PUBLIC_BASE_URL=f"http://{machine.HOST}:{place.port}",
        TWILIO_ACCOUNT_SID=callers.ACCOUNT_SID,
        TWILIO_AUTH_TOKEN=callers.AUTH_TOKEN,
        TWILIO_API_BASE_URL=f"http://{machine.HOST}:{place.provider_port}",
        GATEWAY_DATA_DIR=str(folder),
        GATEWAY_NUMBER=callers.OUR_NUMBER,
        GATEWAY_MESSAGES_PER_SECOND=UNPACED,
    )
    try:
        command = redis.command(redis.find_server(), folder, socket)
        with machine.running(command, place.environ, folder / "redis.out", socket.exists):
            upgrade(place.environ["DATABASE_URL"])
            gateway = place.open()
            installation.prepare(gateway)
            _populate(gateway, size)
            gateway.database.close()
            yield place
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def number(index: int) -> str:
    """The phone of a member, in a range that no operator uses."""
    return f"+9779720{index:06d}"


def _populate(gateway: Gateway, size: int) -> None:
    now = gateway.clock()
    with gateway.database.write() as db:
        for index in range(size):
            _add(gateway, db, index, now)


def _add(gateway: Gateway, db: Connection, index: int, now: datetime) -> None:
    """A member with a phone, and a claim that was approved, as she knows."""
    name = f"bench-{index:06d}"
    members.add(
        db,
        gateway.seal,
        members.NewMember(
            id=name,
            organisation_id=installation.ORGANISATION,
            number=with_check_digit(100_000 + index),
            language="ne",
            consented_at=now,
            consent_wording="benchmark",
        ),
        now,
    )
    members.attach_phone(db, name, phones.find_or_create(db, gateway.seal, number(index), now))
    claim = claims.NewClaim(name, installation.ORGANISATION, name, with_check_digit(200_000 + index), "health", by="benchmark")
    claims.open_claim(db, gateway.seal, claim, now)
    claims.move(db, gateway.seal, claims.Move(name, 1, "approved", by="benchmark", amount=5_000_00), now)
    claims.heard(db, name, 2, now)


def _daytime() -> Callable[[], datetime]:
    """A clock that goes on from noon of today in Nepal, at the usual speed."""
    began = datetime.now(UTC)
    noon = datetime.combine(began.astimezone(NEPAL).date(), datetime.min.time(), NEPAL) + timedelta(hours=12)
    return lambda: noon.astimezone(began.tzinfo) + (datetime.now(UTC) - began)
