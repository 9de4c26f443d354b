"""One broadcast at a time, and a gap between two to one phone. On SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes.outbound import DRAFT, People, World, e164, owe, started, state_of
from fakes.statements import statements_of
from sqlalchemy import select, update

from gateway.core.jobs import SendBatch
from gateway.services import broadcast, send, track
from gateway.services.access import terminal
from gateway.services.broadcast import Draft
from gateway.store import broadcasts, claiming, models
from gateway.store.claiming import Claim, Stream

MAIN = terminal("main")
SAFETY = replace(DRAFT, life_safety_by="Kamala, coordinator")


def sent(world: World, broadcast_id: str) -> list[str]:
    """What became of each row of a broadcast."""
    return [state for of, state in world.rows("broadcast_id", "state") if of == broadcast_id]


def test_the_second_broadcast_waits_for_the_gap_and_then_goes_out_by_itself(world: World, people: People) -> None:
    people(3)
    first, second = started(world), started(world)
    send.run_batch(world.gateway, first)
    world.clock.tick(600)
    assert track.sweep(world.gateway) == [SendBatch(second)]
    send.run_batch(world.gateway, second)
    due = world.clock.now + timedelta(hours=2, minutes=-10)
    assert world.rows("state", "not_before", "attempt")[3:] == [("queued", due, 0)] * 3
    assert track.sweep(world.gateway) == [], "nobody looks at them again before that"
    world.clock.now = due
    assert track.sweep(world.gateway) == [SendBatch(second)]
    send.run_batch(world.gateway, second)
    assert sent(world, second) == ["accepted"] * 3
    assert len(world.twilio.ledger) == 6


@pytest.mark.parametrize(("of_broadcast", "of_organisation", "hours"), [(None, 5, 5), (3, 5, 3), (0, 5, 0), (None, 0, 0)])
def test_the_gap_is_the_broadcasts_else_the_organisations(world: World, people: People, of_broadcast, of_organisation, hours: int) -> None:
    people(1)
    with world.database.write() as db:
        db.execute(update(models.organisations).values(gap_hours=of_organisation))
    send.run_batch(world.gateway, started(world))
    second = started(world, replace(DRAFT, gap_hours=of_broadcast))
    send.run_batch(world.gateway, second)
    assert sent(world, second) == (["queued"] if hours else ["accepted"])
    if hours:
        assert world.rows("not_before")[1] == (world.clock.now + timedelta(hours=hours),)


def test_an_alert_that_protects_lives_and_a_reply_wait_for_nothing(world: World, people: People) -> None:
    people(1)
    send.run_batch(world.gateway, started(world))
    alert = started(world, SAFETY)
    send.run_batch(world.gateway, alert)
    send.send_reply(world.gateway, owe(world, 1, "reply"))
    assert [one.body for one in world.twilio.ledger][1:] == [DRAFT.texts["ne"], "reply"]
    later = started(world)
    world.clock.tick(3600)
    send.run_batch(world.gateway, later)
    assert sent(world, later) == ["queued"], "but the others wait after it"


def test_a_reply_holds_no_broadcast(world: World, people: People) -> None:
    people(1)
    send.send_reply(world.gateway, owe(world, 1))
    broadcast_id = started(world)
    send.run_batch(world.gateway, broadcast_id)
    assert sent(world, broadcast_id) == ["accepted"]


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(1): ["throttled"]}}])
def test_what_a_broadcast_tries_again_is_not_held_by_itself(world: World, people: People) -> None:
    people(1)
    broadcast_id = started(world)
    send.run_batch(world.gateway, broadcast_id)
    world.clock.tick(1)
    send.run_batch(world.gateway, broadcast_id)
    assert world.states() == ["accepted"]
    next_round(world, 1)
    send.run_batch(world.gateway, broadcast_id)
    assert world.states() == ["accepted", "accepted"]


def next_round(world: World, row: int) -> None:
    """Write what follows a try that failed."""
    with world.database.write() as db:
        values = dict(db.execute(select(models.deliveries).where(models.deliveries.c.id == row)).one()._mapping)
        del values["id"]
        db.execute(models.deliveries.insert(), values | {"round": values["round"] + 1, "state": "queued", "external_id": None})


def test_a_retry_keeps_the_gap_to_what_another_broadcast_told_meanwhile(world: World, people: People) -> None:
    people(1)
    first = started(world)
    send.run_batch(world.gateway, first)
    send.run_batch(world.gateway, started(world, SAFETY))
    next_round(world, 1)
    world.clock.tick(60)
    send.run_batch(world.gateway, first)
    assert world.rows("state", "not_before")[2] == ("queued", world.clock.now + timedelta(minutes=119))


def test_what_was_written_first_goes_first(world: World, people: People) -> None:
    people(2)
    first = started(world)
    world.clock.tick(1)
    second = started(world)
    people(1)
    third = started(world)
    send.run_batch(world.gateway, second)
    assert world.twilio.requests == 0
    send.run_batch(world.gateway, third)
    assert [one.to for one in world.twilio.ledger] == [e164(3)], "whom the earlier ones do not tell"
    send.run_batch(world.gateway, first)
    assert sent(world, first) == ["accepted"] * 2
    for _ in range(4):
        world.clock.tick(2 * 3600)
        for job in track.sweep(world.gateway):
            send.run_batch(world.gateway, job.broadcast_id)
    in_order = [row for row in world.rows("phone_id", "state") if row[1] == "accepted"]
    assert len(in_order) == 5 or world.clock.now.hour >= 14


def test_an_earlier_one_that_is_paused_or_has_not_begun_holds_nobody(world: World, people: People) -> None:
    people(1)
    paused = started(world)
    broadcast.pause(world.gateway, MAIN, paused)
    waiting = started(world, replace(DRAFT, starts_at=world.clock.now + timedelta(days=1)))
    world.clock.tick(1)
    last = started(world)
    send.run_batch(world.gateway, last)
    assert (sent(world, paused), sent(world, waiting), sent(world, last)) == (["queued"], ["queued"], ["accepted"])


def test_two_workers_with_two_broadcasts_to_one_phone_send_one(world: World, people: People) -> None:
    people(40)
    both = [started(world), started(world)]
    ready = threading.Barrier(2)

    def claim(broadcast_id: str) -> list[int]:
        now, told = world.clock.now, []
        ready.wait()
        for turn in range(10):
            with world.database.write() as db:
                asked = Claim(f"{broadcast_id[-1]}{turn}", now, now + timedelta(minutes=1))
                told += [row.phone_id for row in claiming.claim_page(db, Stream(broadcast_id, "sms", timedelta(hours=2)), 5, asked)]
        return told

    with ThreadPoolExecutor(2) as workers:
        one, other = workers.map(claim, both)
    assert set(one).isdisjoint(other)
    assert len(one) + len(other) <= 40
    with world.database.read() as db:
        told = {row.id: row.told_by for row in db.execute(select(models.phones))}
    assert all(told[phone] == both[0] for phone in one)
    assert all(told[phone] == both[1] for phone in other)


def test_what_waits_is_put_off_once_and_not_looked_at_again(world: World, people: People) -> None:
    people(700)
    send.run_batch(world.gateway, started(world))
    world.clock.tick(1)
    second = started(world)
    people(20)
    late = started(world)
    with statements_of(world.database) as seen:
        send.run_batch(world.gateway, second)
    assert set(sent(world, second)) == {"queued"}
    assert seen.commits <= 30
    with world.database.read() as db:
        assert broadcasts.with_due(db, world.clock.now, by_night=False) == [late]
    with statements_of(world.database) as seen:
        send.run_batch(world.gateway, second)
    assert not any(statement.startswith("UPDATE deliveries SET not_before") for statement, _ in seen.sent)


def test_the_claim_and_the_sweep_read_one_range_of_the_index(world: World, people: People) -> None:
    people(10)
    broadcast_id = started(world)
    with statements_of(world.database) as seen:
        send.run_batch(world.gateway, broadcast_id)
        track.sweep(world.gateway)
    if world.database._engine.dialect.name != "sqlite":
        return
    looks = [one for one in seen.sent if "LIMIT" in one[0] and "deliveries.sealed_body" in one[0] and "told_at" in one[0]]
    assert looks
    with world.database.read() as db:
        for statement, parameters in looks:
            plan = " ".join(str(row) for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
            assert "broadcast_id=? AND state=? AND medium=? AND not_before" in plan, plan


def test_nothing_goes_out_before_its_start_nor_after_its_end(world: World, people: People) -> None:
    people(2)
    now = world.clock.now
    broadcast_id = started(world, replace(DRAFT, starts_at=now + timedelta(hours=1), expires_at=now + timedelta(hours=2)))
    world.clock.now = now + timedelta(hours=0.99)
    assert track.sweep(world.gateway) == []
    send.run_batch(world.gateway, broadcast_id)
    assert world.twilio.requests == 0
    world.clock.now = now + timedelta(hours=1)
    assert track.sweep(world.gateway) == [SendBatch(broadcast_id)]
    people(1)
    late = started(world, replace(DRAFT, expires_at=now + timedelta(hours=2)))
    send.run_batch(world.gateway, broadcast_id)
    assert sent(world, broadcast_id) == ["accepted"] * 2
    assert state_of(world, broadcast_id) == "sending"
    world.clock.now = now + timedelta(hours=2)
    send.run_batch(world.gateway, late)
    assert sent(world, late) == ["queued"] * 3
    assert SendBatch(late) not in track.sweep(world.gateway)
    assert sent(world, late) == ["suppressed"] * 3
    assert world.twilio.requests == 2


def test_what_expires_in_the_hands_of_a_worker_is_not_sent(world: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people(2)
    broadcast_id = started(world, replace(DRAFT, expires_at=world.clock.now + timedelta(seconds=30)))
    claim_page = claiming.claim_page

    def claim_too_late(*arguments):
        rows = claim_page(*arguments)
        world.clock.tick(30 if rows else 0)
        return rows

    monkeypatch.setattr(claiming, "claim_page", claim_too_late)
    send.run_batch(world.gateway, broadcast_id)
    assert world.twilio.requests == 0
    assert world.rows("state", "attempt") == [("queued", 0)] * 2


def test_two_calls_never_come_to_one_phone_in_the_same_minutes(world: World, people: People) -> None:
    people(1)
    call = Draft("meeting", phrase="meeting_word", gap_hours=0)
    first, second = started(world, call), started(world, call)
    send.run_batch(world.gateway, first)
    send.run_batch(world.gateway, second)
    assert (sent(world, second), len(world.twilio.ledger)) == (["queued"], 1)
    world.clock.tick(claiming.BETWEEN_CALLS.total_seconds())
    send.run_batch(world.gateway, second)
    assert (sent(world, second), len(world.twilio.ledger)) == (["accepted"], 2)


@pytest.mark.parametrize(("hours", "ahead"), [(0, 1), (0, 3600), (2, 3600)])
def test_without_a_gap_nothing_waits_and_a_clock_that_was_set_back_holds_nobody(
    world: World, people: People, hours: int, ahead: int
) -> None:
    people(1)
    world.clock.tick(2 * 3600)
    send.run_batch(world.gateway, started(world))
    world.clock.tick(-ahead)
    second = started(world, replace(DRAFT, gap_hours=hours))
    send.run_batch(world.gateway, second)
    assert sent(world, second) == ["accepted"]
