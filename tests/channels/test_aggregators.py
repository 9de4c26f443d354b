"""Broadcasts over Nepal's providers: what one of them definitely refuses goes over the next, and nobody gets a text twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes.aggregators import TOKEN, FakeAakash, FakeSparrow
from fakes.outbound import DRAFT, MAIN, Clock, People, e164
from sqlalchemy import text

from gateway import bootstrap, config
from gateway.core import phone
from gateway.providers import http as door
from gateway.services import broadcast, installation, send
from gateway.services.context import Gateway

FILE = """
providers:
  sparrow: {{kind: sparrow, token: "${{TOKEN}}", api_base_url: "{sparrow}"}}
  aakash:
    kind: http
    url: {aakash}/sms/v3/send
    fields: {{auth_token: "${{TOKEN}}", to: "{{to}}", text: "{{text}}"}}
    answers:
      - {{means: accepted, where: {{error: "false", data.valid.0.mobile: ".+"}}, id: data.valid.0.id}}
      - {{means: bad_number, where: {{data.invalid.*.mobile: ".+"}}}}
      - {{means: misconfigured, where: {{message: "(?i).*(token|balance).*"}}}}
channels:
  short: {{provider: sparrow, number: "31001", carries: [sms], messages_per_second: 1000}}
  bulk: {{provider: aakash, number: "31002", carries: [sms], messages_per_second: 1000}}
routes:
  - {{medium: sms, country: "+977", channels: [short, bulk]}}
"""


@dataclass
class Ways:
    """An installation with both providers, and what each of them took."""

    gateway: Gateway
    sparrow: FakeSparrow
    aakash: FakeAakash
    clock: Clock
    people: People

    def run(self, times: int = 4) -> str:
        broadcast_id = broadcast.create(self.gateway, MAIN, DRAFT)
        broadcast.approve(self.gateway, MAIN, broadcast_id)
        broadcast.expand(self.gateway, broadcast_id)
        for _ in range(times):
            send.run_batch(self.gateway, broadcast_id)
            self.clock.tick(30)
        return broadcast_id

    def rows(self) -> list[Any]:
        with self.gateway.database.read() as db:
            return list(db.execute(text("SELECT state, error, channel_id, external_id FROM deliveries")))


@pytest.fixture
def ways(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Callable[..., Ways]]:
    """Build an installation whose Sparrow fails on order."""
    with ExitStack() as stack:

        def build(**faults: float) -> Ways:
            sparrow, aakash = stack.enter_context(FakeSparrow(faults=faults)), stack.enter_context(FakeAakash())
            (tmp_path / "channels.yaml").write_text(FILE.format(sparrow=sparrow.url, aakash=aakash.url), encoding="utf-8")
            environ = {
                "SECRET_KEY": "the secret key of the tests, long enough",
                "PUBLIC_BASE_URL": "http://localhost:1",
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "GATEWAY_DATA_DIR": str(tmp_path),
                "TOKEN": TOKEN,
            }
            clock = Clock()
            gateway = bootstrap.build(config.load(environ), environ=environ, clock=clock)
            stack.callback(gateway.database.close)
            installation.prepare(gateway)
            return Ways(gateway, sparrow, aakash, clock, People(gateway.database, gateway.seal))

        yield build


def to(*numbers: int) -> dict[str, int]:
    return dict.fromkeys((phone.local(e164(number)) for number in numbers), 1)


def took(fake: FakeSparrow | FakeAakash) -> Counter[str]:
    return Counter(sent.to for sent in fake.ledger)


def test_everybody_is_reached_over_the_first(ways: Callable[..., Ways]):
    world = ways()
    world.people(12)
    world.run(1)
    assert (took(world.sparrow), took(world.aakash)) == (to(*range(1, 13)), {})
    assert {row.state for row in world.rows()} == {"accepted"}
    assert len({row.external_id for row in world.rows()}) == 12


@pytest.mark.parametrize("code", ["1012", "1013", "1001"], ids=["no credit", "too little credit", "our address is refused"])
def test_what_sparrow_refuses_for_want_of_credit_goes_over_aakash(ways: Callable[..., Ways], code: str):
    world = ways(**{code: 1.0})
    world.people(20)
    broadcast_id = world.run()
    assert (took(world.sparrow), took(world.aakash)) == ({}, to(*range(1, 21)))
    assert {(row.state, row.channel_id) for row in world.rows()} == {("accepted", "bulk")}
    assert broadcast.status(world.gateway, MAIN, broadcast_id).broadcast.state in {"sending", "finished"}


def test_a_wrong_number_is_tried_nowhere_else(ways: Callable[..., Ways]):
    world = ways(**{"1007": 1.0})
    world.people(2)
    world.run()
    assert not world.aakash.requests
    assert [(row.state, row.error) for row in world.rows()] == [("failed", "send:bad-number 1007")] * 2


def test_nobody_gets_a_text_twice_whatever_happens(ways: Callable[..., Ways], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(door, "TIMEOUT", 1.0)
    world = ways(throttled=0.1, error_before=0.05, error_after=0.1, reset_before=0.05, reset_after=0.1, garbage=0.1, huge=0.03)
    world.people(60)
    world.run(10)
    both = took(world.sparrow) + took(world.aakash)
    assert max(both.values()) == 1
    unknown = sum(row.state == "unknown" for row in world.rows())
    assert unknown >= 60 - len(both)  # whoever got nothing is known to be in doubt
    assert {row.state for row in world.rows()} <= {"accepted", "unknown"}
