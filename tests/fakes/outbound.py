"""A gateway that sends to a fake Twilio, with a clock that moves when it is told to, and members to be written to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from fakes.twilio import FakeTwilio
from sqlalchemy import insert, select

from gateway import config
from gateway.core.jobs import Job
from gateway.providers.base import Providers
from gateway.providers.twilio import Twilio
from gateway.queues.pacer import Pacer
from gateway.services import broadcast
from gateway.services.access import terminal
from gateway.services.broadcast import Draft
from gateway.services.context import Gateway
from gateway.store import channels, deliveries, models, organisations
from gateway.store.database import Database
from gateway.store.deliveries import NewReply
from gateway.store.secrets import Seal

MAIN = terminal("main")

NUMBER = "+97714000000"
SECRET = "the secret key of the tests, long enough"
NOON = datetime(2026, 1, 15, 6, 15, tzinfo=UTC)  # in Nepal; past, since the fake Twilio lists by the real day


@dataclass
class Clock:
    """Tells the time that it was set to."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class World:
    """A gateway with what surrounds it; `rung` are the bells, in order."""

    gateway: Gateway
    twilio: FakeTwilio
    clock: Clock
    rung: list[Job] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.gateway.database

    def rows(self, *columns: str) -> list[tuple[object, ...]]:
        with self.database.read() as db:
            found = db.execute(select(*(models.deliveries.c[name] for name in columns)).order_by(models.deliveries.c.id))
            return [tuple(row) for row in found]

    def states(self) -> list[object]:
        return [row[0] for row in self.rows("state")]


def settings(database_url: str, redis_url: str, data_dir: Path, **changes: object) -> config.Settings:
    environ = {
        "SECRET_KEY": SECRET,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_BASE_URL": "http://localhost:1",
        "GATEWAY_DATA_DIR": str(data_dir),
        "GATEWAY_NUMBER": NUMBER,
        "GATEWAY_MESSAGES_PER_SECOND": "100000",
        "GATEWAY_CALLS_PER_SECOND": "100000",
        "GATEWAY_RECONCILE_AFTER": "60",
    }
    return replace(config.load(environ), **changes)


PHRASES = {"meeting_word": {"ne": "बैठक", "en": "meeting"}, "heads_up": {"ne": "फोन आउँछ।", "en": "We call you."}}
CATALOGUE = SimpleNamespace(phrases=PHRASES, languages=("ne", "en"))  # no flows are needed


def build(given: config.Settings, database: Database, fake: FakeTwilio, **parts: object) -> Gateway:
    """The gateway of these settings, which sends to this Twilio."""
    provider = Twilio(
        account_sid=fake.account_sid,
        auth_token=fake.auth_token,
        api_base_url=fake.url,
        public_base_url=given.public_base_url,
    )
    return Gateway(
        settings=given,
        database=database,
        seal=Seal(SECRET),
        flows=SimpleNamespace(catalogue=CATALOGUE),
        providers=Providers({"twilio": provider}),
        ways=None,
        pacer=Pacer(given.redis_url),
        **{"queue_is_up": lambda: True, "look_at_queues": lambda: None, **parts},
    )


def prepare(database: Database, given: config.Settings) -> None:
    """The organisation and the channel."""
    with database.write() as db:
        organisations.ensure(db, "main", "Tests")
        channel = channels.Channel("main", "main", "twilio", NUMBER, "ne", given.messages_per_second, given.calls_per_second, 140, 200)
        channels.ensure(db, channel)


@dataclass
class People:
    """Writes members: `people(3, language="en")` gives three with a phone each, and returns the ids of their phones."""

    database: Database
    seal: Seal
    written: int = 0

    def __call__(self, number: int, *, phone: bool = True, stopped: bool = False, **changes: object) -> list[int]:
        numbers = range(self.written + 1, self.written + 1 + number)
        self.written += number
        people = [_member(each) | changes for each in numbers]
        phones = [_phone(self.seal, each, stopped=stopped) for each in numbers]
        with self.database.write() as db:
            db.execute(insert(models.members), people)
            if phone:
                db.execute(insert(models.phones), phones)
                links = [{"member_id": f"m{each:08}", "phone_id": each} for each in numbers]
                db.execute(insert(models.member_phones), links)
        return list(numbers)

    def share(self, member: int, phone_id: int) -> None:
        with self.database.write() as db:
            db.execute(insert(models.member_phones), {"member_id": f"m{member:08}", "phone_id": phone_id})


def e164(number: int) -> str:
    """The phone of the n-th member."""
    return f"+97798{number:08}"


def _member(number: int) -> dict[str, object]:
    return {
        "id": f"m{number:08}",
        "organisation_id": "main",
        "number": str(number),
        "name": "Sita",
        "language": "ne",
        "state": "active",
        "private": False,
        "trade": "sewing",
        "preferred_medium": "sms",
        "consented_at": NOON,
        "created_at": NOON,
    }


def _phone(seal: Seal, number: int, *, stopped: bool) -> dict[str, object]:
    index, sealed = seal.index(e164(number)), seal.seal(e164(number))
    return {"id": number, "blind_index": index, "sealed": sealed, "stopped_at": NOON if stopped else None, "created_at": NOON}


DRAFT = Draft("meeting", {"ne": "भोलि बैठक छ।", "en": "Meeting tomorrow."})


def started(world: World, draft: Draft = DRAFT) -> str:
    """An approved broadcast with its deliveries written."""
    broadcast_id = broadcast.create(world.gateway, MAIN, draft)
    broadcast.approve(world.gateway, MAIN, broadcast_id)
    broadcast.expand(world.gateway, broadcast_id)
    return broadcast_id


def state_of(world: World, broadcast_id: str) -> str:
    return broadcast.status(world.gateway, MAIN, broadcast_id).broadcast.state


def owe(world: World, phone_id: int, body: str = "दाबी पुग्यो।") -> int:
    with world.database.write() as db:
        return deliveries.owe_reply(db, world.gateway.seal, NewReply("main", phone_id, None, "ne", body), world.clock.now)
