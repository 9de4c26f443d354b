"""The pace, against a real Redis: an absolute schedule, shared by all, that gives way when the provider complains."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Sequence
from random import Random

import pytest
import redis
from fakes.outbound import People, World, started
from sqlalchemy import update

from gateway.queues.pacer import Pacer, PacerDown
from gateway.services import send
from gateway.services.turns import Held, Turns
from gateway.store import models


def most_in_a_second(moments: Sequence[float]) -> int:
    return max(bisect_left(moments, moment + 1) - index for index, moment in enumerate(moments))


async def spend(turns: Turns, seconds: float) -> list[float]:
    until, moments = time.monotonic() + seconds, []
    while time.monotonic() < until:
        await turns.one()
        moments.append(time.monotonic())
    return moments


@pytest.mark.parametrize("rate", [5, 50, 400])
def test_the_whole_rate_is_used_and_no_second_has_more(redis_url: str, rate: int) -> None:
    moments = asyncio.run(spend(Turns(Pacer(redis_url), "main:sms", rate), 3))
    assert len(moments) >= 0.8 * 3 * rate  # a busy machine misses some
    assert most_in_a_second(moments) <= rate + 2


def test_two_workers_share_one_rate(redis_url: str) -> None:
    async def both() -> list[list[float]]:
        return await asyncio.gather(*(spend(Turns(Pacer(redis_url), "main:sms", 100), 2) for _ in range(2)))

    one, other = asyncio.run(both())
    together = sorted(one + other)
    assert 180 <= len(together) <= 202
    assert min(len(one), len(other)) >= 60
    assert most_in_a_second(together) <= 102


def test_a_pause_is_not_made_up_for(redis_url: str) -> None:
    turns = Turns(Pacer(redis_url), "main:sms", 50)

    async def with_a_pause() -> list[float]:
        before = await spend(turns, 0.5)
        time.sleep(0.5)  # noqa: ASYNC251 - the whole process is busy with something else
        return before + await spend(turns, 0.5)

    assert 48 <= len(asyncio.run(with_a_pause())) <= 54


def test_many_complaints_lower_the_rate_once_and_hold_all_and_it_grows_back(redis_url: str) -> None:
    pacer = Pacer(redis_url)
    while pacer.take("main:sms", 400).wait < 0.5:
        pass
    for _ in range(300):
        pacer.refused("main:sms", 3)
    block = pacer.take("main:sms", 400)
    assert (block.share, block.wait) == (pytest.approx(0.75, abs=0.1), pytest.approx(3, abs=0.1))
    time.sleep(1.1)
    assert pacer.take("main:sms", 400).share > block.share


def test_single_complaints_slow_nobody_down(redis_url: str) -> None:
    pacer = Pacer(redis_url)
    for _ in range(3):
        pacer.refused("main:sms", 60)
    assert pacer.take("main:sms", 100).wait < 1


def test_all_that_is_refused_leaves_a_tenth_of_the_rate(redis_url: str) -> None:
    pacer, server = Pacer(redis_url), redis.Redis.from_url(redis_url)
    for _ in range(6):
        for _ in range(10):
            pacer.refused("main:sms")
        now = int(time.time() * 1_000_000)
        server.hset("aawaj:pace:main:sms", mapping={"changed": now - 2_100_000, "since": now - 1_100_000})
    assert pacer.take("main:sms", 100).share == pytest.approx(0.1, abs=0.005)


@pytest.mark.parametrize("refused", [0.02, 0.08])
def test_what_a_provider_refuses_at_random_does_not_starve_the_channel(redis_url: str, refused: float) -> None:
    pacer, drawn = Pacer(redis_url), Random(7)
    turns = Turns(pacer, "main:sms", 150)

    async def send_for(seconds: float) -> int:
        taken, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            await turns.one()
            if drawn.random() < refused:
                pacer.refused("main:sms", 1.0)
            else:
                taken += 1
        return taken

    taken = asyncio.run(send_for(8))
    assert taken >= 0.8 * 8 * 150 * (1 - refused)


def test_a_provider_that_is_away_is_left_alone_for_longer_and_longer(redis_url: str) -> None:
    pacer, server = Pacer(redis_url), redis.Redis.from_url(redis_url)
    waits = []
    for _ in range(3):
        pacer.hold("main:sms")
        pacer.hold("main:sms")
        block = pacer.take("main:sms", 100)
        assert block.count == 0
        waits.append(round(block.wait))
        server.hset("aawaj:pace:main:sms", "held", int(time.time() * 1_000_000))
    assert waits == [5, 10, 20]
    pacer.hold("main:sms")
    with pytest.raises(Held):
        asyncio.run(Turns(pacer, "main:sms", 100).one())


def test_a_flushed_redis_begins_a_new_schedule_and_one_that_is_gone_stops_everybody(redis_url: str) -> None:
    pacer = Pacer(redis_url)
    assert pacer.take("main:sms", 10).count == 2
    server = redis.Redis.from_url(redis_url)
    server.flushall()
    server.script_flush()
    assert pacer.take("main:sms", 10).count == 2
    with pytest.raises(PacerDown):
        Pacer("unix:///nowhere/redis.sock").take("main:sms", 10)


@pytest.mark.parametrize("twilio_options", [{"per_second": 60}])
def test_a_broadcast_settles_near_the_rate_that_the_provider_really_takes(world: World, people: People) -> None:
    people(400)
    with world.database.write() as db:
        db.execute(update(models.channels).values(messages_per_second=120))
    broadcast_id = started(world)
    for _ in range(60):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(1)
        if set(world.states()) == {"accepted"}:
            break
    moments = [sent.at for sent in world.twilio.ledger]
    assert len(moments) == len({sent.to for sent in world.twilio.ledger}) == 400
    assert most_in_a_second(moments) <= 61
    assert world.twilio.requests < 800


def test_once_settled_the_mean_is_within_a_tenth_of_what_the_provider_takes(redis_url: str) -> None:
    pacer, taken, limit = Pacer(redis_url), [], 60
    turns = Turns(pacer, "main:sms", 2 * limit)

    async def send_for(seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                await turns.one()
            except Held as held:
                await asyncio.sleep(held.seconds)
                continue
            now = time.monotonic()
            if len(taken) >= limit and taken[-limit] > now - 1:
                pacer.refused("main:sms", 1.0)  # Retry-After
            else:
                taken.append(now)

    asyncio.run(send_for(24))
    settled = [at for at in taken if at > taken[-1] - 16]
    assert 0.9 * limit <= len(settled) / 16 <= limit + 1


def test_after_a_pause_of_the_provider_one_turn_tries_and_the_others_wait_for_its_word(redis_url: str) -> None:
    pacer, server = Pacer(redis_url), redis.Redis.from_url(redis_url)
    assert pacer.held("main:sms") is None
    pacer.hold("main:sms")
    assert pacer.held("main:sms") == pytest.approx(5, abs=0.5)
    server.hset("aawaj:pace:main:sms", "held", int(time.time() * 1_000_000))
    first, second = (pacer.take("main:sms", 100) for _ in range(2))
    assert (first.count, first.probe, second.count) == (1, True, 0)
    assert second.wait == pytest.approx(15, abs=0.5), "whoever tries may be killed"
    pacer.resume("main:sms")
    again = pacer.take("main:sms", 100)
    assert (again.count, again.probe, pacer.held("main:sms")) == (25, False, None)
    assert pacer.held("other:sms") is None
