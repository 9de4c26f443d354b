"""Texts go over the channel of their route, and over the next one where the first definitely does not take them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.outbound import DRAFT, MAIN, Clock, People, e164
from fakes.twilio import FakeTwilio
from sqlalchemy import text

from gateway import bootstrap, config
from gateway.services import broadcast, installation, send
from gateway.services.context import Gateway
from gateway.store import deliveries
from gateway.store.deliveries import NewReply

NTC, NCELL = 40_000_000, 0  # after so many members, the phones are of this operator
FILE = """
providers:
  first: {{kind: twilio, account_sid: "{sid}", auth_token: "{token}", api_base_url: "{first}"}}
  second: {{kind: twilio, account_sid: "{sid}", auth_token: "{token}", api_base_url: "{second}"}}
channels:
  cheap: {{provider: first, number: "+97714000001", carries: [sms], messages_per_second: 1000{limit}}}
  dear: {{provider: second, number: "+97714000002", carries: [sms], messages_per_second: 1000}}
routes:
{routes}
"""
CHEAP_THEN_DEAR = "  - {medium: sms, channels: [cheap, dear]}"
BY_OPERATOR = "  - {medium: sms, operator: ntc, channels: [cheap]}\n  - {medium: sms, operator: ncell, channels: [dear]}"


@dataclass
class Ways:
    """An installation with two providers, and what each of them took."""

    gateway: Gateway
    first: FakeTwilio
    second: FakeTwilio
    clock: Clock
    people: People
    first_dies: Callable[[], None]

    def started(self) -> str:
        broadcast_id = broadcast.create(self.gateway, MAIN, DRAFT)
        broadcast.approve(self.gateway, MAIN, broadcast_id)
        broadcast.expand(self.gateway, broadcast_id)
        return broadcast_id

    def sent(self, fake: FakeTwilio) -> Counter[str]:
        return Counter(each.to for each in fake.ledger)


@pytest.fixture
def ways(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Callable[..., Ways]]:
    """Build an installation with these routes and perhaps a limit a day on the cheap channel."""
    with ExitStack() as stack, FakeTwilio() as second:
        first = stack.enter_context(FakeTwilio())
        built: list[Gateway] = []

        def build(routes: str, limit: int | None = None, price: str = "segment_price: 140") -> Ways:
            said = {"sid": first.account_sid, "token": first.auth_token, "first": first.url, "second": second.url, "routes": routes}
            text = FILE.format(**said, limit=f", {price}" + (f", messages_per_day: {limit}" if limit else ""))
            (tmp_path / "channels.yaml").write_text(text, encoding="utf-8")
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
            return Ways(gateway, first, second, clock, People(gateway.database, gateway.seal), stack.close)

        yield build
        for gateway in built:
            gateway.database.close()


def test_each_operator_is_reached_over_its_own_channel(ways: Callable[..., Ways]):
    world = ways(BY_OPERATOR)
    world.people(5)
    world.people.written = NTC
    world.people(4)
    send.run_batch(world.gateway, world.started())
    assert world.sent(world.second) == dict.fromkeys(map(e164, range(1, 6)), 1)
    assert world.sent(world.first) == dict.fromkeys(map(e164, range(NTC + 1, NTC + 5)), 1)


@pytest.mark.parametrize("code", ["21408", "20003"], ids=["this text is refused", "our account is refused"])
def test_what_one_channel_definitely_refuses_goes_over_the_next(ways: Callable[..., Ways], code: str):
    world = ways(CHEAP_THEN_DEAR)
    world.people(30)
    world.first.faults = {code: 1.0}
    broadcast_id = world.started()
    for _ in range(4):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(30)
    assert world.sent(world.first) == {}
    assert world.sent(world.second) == dict.fromkeys(map(e164, range(1, 31)), 1)
    assert broadcast.status(world.gateway, MAIN, broadcast_id).broadcast.state == "sending"  # nobody had to look after it


def test_what_may_have_gone_out_is_never_sent_over_another(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.people(6)
    world.first.faults = {"reset_after": 1.0}
    broadcast_id = world.started()
    for _ in range(3):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(30)
    assert max((world.sent(world.first) + world.sent(world.second)).values()) == 1


def test_a_number_that_is_wrong_is_wrong_for_all_channels(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.people(1)
    world.first.faults = {"21211": 1.0}
    send.run_batch(world.gateway, world.started())
    assert (world.sent(world.second), [row.state for row in rows(world)]) == ({}, ["failed"])


def test_a_provider_that_dies_in_the_middle_is_passed_over(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.people(60)
    broadcast_id = world.started()
    world.first_dies()
    for _ in range(4):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(30)
    assert world.sent(world.second) == dict.fromkeys(map(e164, range(1, 61)), 1)


def test_a_day_has_only_so_many(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, channels: [cheap]}", limit=10)
    world.people(25)
    broadcast_id = world.started()
    send.run_batch(world.gateway, broadcast_id)
    send.run_batch(world.gateway, broadcast_id)
    assert len(world.first.ledger) == 10
    world.clock.tick(timedelta(days=1).total_seconds())
    send.run_batch(world.gateway, broadcast_id)
    assert len(world.first.ledger) == 20


def test_a_full_day_goes_on_over_the_next_channel(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR, limit=10)
    world.people(25)
    send.run_batch(world.gateway, world.started())
    assert (len(world.first.ledger), len(world.second.ledger)) == (10, 15)


def test_whoever_no_route_reaches_is_said_to_be_so(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, operator: ntc, channels: [cheap]}")
    world.people(2)
    send.run_batch(world.gateway, world.started())
    assert [(row.state, row.error) for row in rows(world)] == [("failed", "send:no-route")] * 2
    assert not world.first.ledger


def test_a_plan_counts_with_the_prices_and_paces_of_the_routes(ways: Callable[..., Ways]):
    world = ways(BY_OPERATOR, price="segment_price: 100")
    world.people(3)
    with world.gateway.database.write() as db:
        db.execute(text("UPDATE phones SET operator = 'ncell'"))
    world.people.written = NTC
    world.people(2)
    with world.gateway.database.write() as db:
        db.execute(text("UPDATE phones SET operator = 'ntc' WHERE operator IS NULL"))
    plan = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert {part.operator: part.price for part in plan.parts} == {"ntc": 2 * 100, "ncell": 3 * 140}
    assert plan.paces["sms"] == 2000


def test_an_answer_goes_over_the_channel_on_which_she_asked(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    phone_id = world.people(1)[0]
    with world.gateway.database.write() as db:
        row = deliveries.owe_reply(db, world.gateway.seal, NewReply("dear", phone_id, None, "ne", "दाबी पुग्यो।"), world.clock.now)
    send.send_reply(world.gateway, row)
    assert (len(world.first.ledger), len(world.second.ledger)) == (0, 1)


def rows(world: Ways) -> list[Any]:
    with world.gateway.database.read() as db:
        return list(db.execute(text("SELECT state, error FROM deliveries")))
