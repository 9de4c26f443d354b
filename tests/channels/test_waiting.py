"""Texts wait for a channel that is away, or for tomorrow, when somebody pauses, resumes or cancels their broadcast, or changes the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from channels.conftest import CHEAP_THEN_DEAR, Ways
from fakes.outbound import MAIN, e164

from gateway import bootstrap, config
from gateway.services import broadcast, installation, missed_calls, send, track
from gateway.store import channels, deliveries, organisations
from gateway.store.deliveries import NewReply

PEOPLE = 6
ONLY_CHEAP = "  - {medium: sms, channels: [cheap]}"
NUMBER = "+97714000009"


@pytest.fixture(params=["away", "tomorrow"])
def waiting(request: pytest.FixtureRequest, ways: Callable[..., Ways]) -> tuple[Ways, str]:
    """A broadcast of which the most waits: its only channel is away, or its day is full."""
    world = ways(ONLY_CHEAP, limit=2 if request.param == "tomorrow" else None)
    world.people(PEOPLE)
    broadcast_id = world.started()
    if request.param == "away":
        world.gateway.pacer.hold("cheap:sms")
    send.run_batch(world.gateway, broadcast_id)
    assert Counter(state for state, _ in world.rows())["queued"] >= PEOPLE - 2
    return world, broadcast_id


def tomorrow(world: Ways, broadcast_id: str) -> None:
    """The channel is back, and its day begins anew."""
    world.gateway.pacer.resume("cheap:sms")
    for _ in range(3):
        world.clock.tick(timedelta(days=1).total_seconds())
        track.sweep(world.gateway)
        send.run_batch(world.gateway, broadcast_id)


def test_what_waits_goes_out_no_more_once_it_is_cancelled(waiting: tuple[Ways, str]):
    world, broadcast_id = waiting
    sent = len(world.first.ledger)
    broadcast.cancel(world.gateway, MAIN, broadcast_id)
    tomorrow(world, broadcast_id)
    assert len(world.first.ledger) == sent
    assert Counter(world.rows())["suppressed", "broadcast:cancelled"] == PEOPLE - sent


def test_what_waits_stays_where_it_is_while_it_is_paused_and_goes_on_when_it_is_resumed(waiting: tuple[Ways, str]):
    world, broadcast_id = waiting
    sent = len(world.first.ledger)
    broadcast.pause(world.gateway, MAIN, broadcast_id)
    tomorrow(world, broadcast_id)
    assert len(world.first.ledger) == sent
    broadcast.resume(world.gateway, MAIN, broadcast_id)
    tomorrow(world, broadcast_id)
    assert world.sent(world.first) == dict.fromkeys(map(e164, range(1, PEOPLE + 1)), 1)


def test_what_waits_goes_by_the_new_routes_when_the_file_is_changed(waiting: tuple[Ways, str], ways: Callable[..., Ways]):
    world, broadcast_id = waiting
    sent = len(world.first.ledger)
    changed = ways(CHEAP_THEN_DEAR.replace("cheap, dear", "dear"))
    changed.clock.now = world.clock.now + timedelta(hours=1)
    send.run_batch(changed.gateway, broadcast_id)
    assert (len(world.first.ledger), len(world.second.ledger)) == (sent, PEOPLE - sent)


def test_what_waits_says_that_no_route_takes_it_when_no_number_carries_texts_any_more(waiting: tuple[Ways, str], ways: Callable[..., Ways]):
    world, broadcast_id = waiting
    sent = len(world.first.ledger)
    changed = ways("  - {medium: voice, channels: [cheap]}", carries="voice")
    changed.clock.now = world.clock.now + timedelta(hours=1)
    send.run_batch(changed.gateway, broadcast_id)
    assert Counter(world.rows())["failed", "send:no-route"] == PEOPLE - sent


@pytest.fixture
def without_the_file(tmp_path: Path) -> Iterator[Callable[[Ways], Ways]]:
    """The same installation after channels.yaml was removed: with one number, at the first provider, which the environment names."""
    built = []

    def build(world: Ways) -> Ways:
        (tmp_path / "channels.yaml").unlink()
        environ = world.environ | {
            "TWILIO_ACCOUNT_SID": world.first.account_sid,
            "TWILIO_AUTH_TOKEN": world.first.auth_token,
            "TWILIO_API_BASE_URL": world.first.url,
            "GATEWAY_NUMBER": NUMBER,
        }
        gateway = bootstrap.build(config.load(environ), environ=environ, clock=world.clock)
        installation.prepare(gateway)
        built.append(gateway)
        return replace(world, gateway=gateway)

    yield build
    for gateway in built:
        gateway.database.close()


def test_what_waits_goes_over_the_one_number_when_the_file_is_removed(waiting: tuple[Ways, str], without_the_file: Callable[[Ways], Ways]):
    world, broadcast_id = waiting
    sent = len(world.first.ledger)
    after = without_the_file(world)
    after.clock.tick(3600)
    send.run_batch(after.gateway, broadcast_id)
    assert world.sent(world.first) == dict.fromkeys(map(e164, range(1, PEOPLE + 1)), 1)
    assert [each.sender for each in world.first.ledger[sent:]] == [NUMBER] * (PEOPLE - sent)
    assert {state for state, _ in after.rows()} == {"accepted"}


def test_a_new_broadcast_goes_over_the_one_number_when_the_file_is_removed(
    ways: Callable[..., Ways], without_the_file: Callable[[Ways], Ways]
):
    world = ways(CHEAP_THEN_DEAR)
    world.people(3)
    after = without_the_file(world)
    send.run_batch(after.gateway, after.started())
    assert [each.sender for each in world.first.ledger] == [NUMBER] * 3


def test_an_answer_of_an_organisation_that_has_no_number_any_more_says_so(
    ways: Callable[..., Ways], without_the_file: Callable[[Ways], Ways]
):
    world = ways(CHEAP_THEN_DEAR)
    phone_id = world.people(1)[0]
    with world.gateway.database.write() as db:
        organisations.add(db, "others", "Others")
        channels.ensure(db, channels.Channel("theirs", "others", "second", "+97714000007", "ne", 10, 1, 140, 200))
        row = deliveries.owe_reply(db, world.gateway.seal, NewReply("theirs", phone_id, None, "ne", "दाबी पुग्यो।"), world.clock.now)
    after = without_the_file(world)
    send.send_reply(after.gateway, row)
    assert (after.rows(), world.first.ledger, world.second.ledger) == ([("failed", "send:no-channel")], [], [])


def test_nobody_is_promised_a_call_once_the_number_that_called_back_is_taken_away(
    ways: Callable[..., Ways], without_the_file: Callable[[Ways], Ways]
):
    world = ways(CHEAP_THEN_DEAR, price="segment_price: 140, missed_calls: true", carries="sms, voice")
    phone_id = world.people(1)[0]
    assert missed_calls.would(world.gateway, "dear", phone_id) == "called"
    after = without_the_file(world)
    assert missed_calls.would(after.gateway, "main", phone_id) == "off"
