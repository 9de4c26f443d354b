"""A worker that dies or freezes at each point of its way, and what the others find: nothing lost, nothing doubled without a flag."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.outbound import DRAFT, NOON, Clock, People, World, build, e164, prepare, settings, started, state_of
from fakes.servers import postgres_to_stop, redis_to_stop, running_redis
from fakes.twilio import FakeTwilio
from rq import SimpleWorker

from gateway import worker
from gateway.core.jobs import SendBatch, Sweep
from gateway.errors import GatewayError
from gateway.queues.enqueue import Doorbell
from gateway.queues.pacer import Pacer
from gateway.services import broadcast, send, track
from gateway.services.access import terminal
from gateway.store import claiming, phones
from gateway.store.database import Database, open_database, upgrade

MAIN = terminal("main")
RESEND = replace(DRAFT, on_ambiguous="resend")
PROGRAM = Path(__file__).with_name("worker_process.py")


class Killed(BaseException):
    """Nothing of the process runs any more: no `except` of ours holds it."""


@dataclass(frozen=True)
class Point:
    """Where the process dies: as it is about to do this of `claiming`, or with it done and not committed."""

    name: str
    done: bool

    def fatal(self, patch: pytest.MonkeyPatch) -> None:
        work = getattr(claiming, self.name)

        def die(*arguments):
            if self.done:
                work(*arguments)
            raise Killed

        patch.setattr(claiming, self.name, die)


BEFORE_CLAIM_IS_COMMITTED, AFTER_CLAIM = Point("claim_page", done=True), Point("fence", done=False)
AFTER_THE_REQUEST, BEFORE_THE_RESULT_IS_COMMITTED = Point("record", done=False), Point("record", done=True)
POINTS = (BEFORE_CLAIM_IS_COMMITTED, AFTER_CLAIM, AFTER_THE_REQUEST, BEFORE_THE_RESULT_IS_COMMITTED)


def settle(world: World, broadcast_id: str) -> None:
    """What happens by itself afterwards: leases run out, the provider is asked, the bell rings again."""
    for _ in range(4):
        world.clock.tick(world.gateway.settings.lease_seconds + 61)
        for job in track.sweep(world.gateway):
            assert job == SendBatch(broadcast_id)
            send.run_batch(world.gateway, broadcast_id)
    track.sweep(world.gateway)


@pytest.mark.parametrize("point", POINTS, ids=["before the claim is kept", "after it", "after the request", "before the result is kept"])
def test_a_worker_killed_at_each_point_loses_and_doubles_nobody(world: World, people: People, point: Point) -> None:
    people(30)
    broadcast_id = started(world, RESEND)
    with pytest.MonkeyPatch.context() as patch:
        point.fatal(patch)
        with suppress(Killed, BaseExceptionGroup):
            send.run_batch(world.gateway, broadcast_id)
    held = Counter(world.states())
    assert held["sending"] == (0 if point is BEFORE_CLAIM_IS_COMMITTED else 30)
    settle(world, broadcast_id)
    assert Counter(sent.to for sent in world.twilio.ledger) == dict.fromkeys(map(e164, range(1, 31)), 1)
    assert Counter(world.rows("state", "ever_unknown")) == {("accepted", point is not BEFORE_CLAIM_IS_COMMITTED): 30}
    assert state_of(world, broadcast_id) == "finished"


@pytest.mark.parametrize("act", ["stop", "cancel"])
def test_who_says_stop_while_a_dead_worker_holds_her_row_gets_nothing(world: World, people: People, act: str) -> None:
    people(5)
    broadcast_id = started(world, RESEND)
    with pytest.MonkeyPatch.context() as patch:
        AFTER_CLAIM.fatal(patch)
        with suppress(Killed, BaseExceptionGroup):
            send.run_batch(world.gateway, broadcast_id)
    with world.database.write() as db:
        phones.stop(db, 3, world.clock.now)
    if act == "cancel":
        broadcast.cancel(world.gateway, MAIN, broadcast_id)
    settle(world, broadcast_id)
    assert {sent.to for sent in world.twilio.ledger} == (set() if act == "cancel" else {e164(n) for n in (1, 2, 4, 5)})
    wanted = {"unknown": 5} if act == "cancel" else {"accepted": 4, "suppressed": 1}
    assert Counter(world.states()) == wanted


def test_bells_of_long_ago_do_nothing(world: World, people: People) -> None:
    people(5)
    done, cancelled = started(world), started(world, replace(DRAFT, gap_hours=0))
    broadcast.cancel(world.gateway, MAIN, cancelled)
    for _ in range(3):
        for old in (done, cancelled, "of another installation"):
            send.run_batch(world.gateway, old)
            broadcast.expand(world.gateway, old)
        send.send_reply(world.gateway, 77)
    assert len(world.twilio.ledger) == 5
    assert len(world.states()) == 10


def test_a_worker_forks_no_child_that_could_outlive_it() -> None:
    assert issubclass(worker.GatewayWorker, SimpleWorker)


def test_two_whole_installations_on_one_database_keep_every_promise(world: World, people: People, database_url: str) -> None:
    """Each has its own Redis, so they know nothing of each other: neither pace nor bells."""
    people(400)
    world.twilio.faults = {"throttled": 0.05, "error_before": 0.03, "error_after": 0.03, "reset_after": 0.02}
    both = [started(world, RESEND), started(world, RESEND)]
    with running_redis() as other_redis:
        theirs = open_database(database_url)
        given = replace(world.gateway.settings, redis_url=other_redis)
        other = build(given, theirs, world.twilio, clock=world.clock, new_id=lambda: uuid.uuid4().hex, enqueue=lambda _jobs: None)
        here = replace(world.gateway, new_id=lambda: uuid.uuid4().hex)
        together = threading.Barrier(2)

        def work(gateway) -> None:
            together.wait()
            for broadcast_id in both * 2:
                send.run_batch(gateway, broadcast_id)
                track.sweep(gateway)

        def round_of_both() -> None:
            with ThreadPoolExecutor(2) as workers:
                list(workers.map(work, (here, other)))

        round_of_both()
        assert max(Counter(sent.to for sent in world.twilio.ledger).values()) == 1, "two hours lie between two broadcasts"
        world.twilio.faults = {}
        for _ in range(4):
            world.clock.tick(2 * 3600)
            world.clock.now = world.clock.now if world.clock.now.hour < 13 else world.clock.now.replace(hour=3)
            round_of_both()
        theirs.close()
    copies = Counter(sent.to for sent in world.twilio.ledger)
    assert set(world.states()) == {"accepted"}
    assert len(world.states()) == 800
    assert set(copies.values()) == {2}


# --- real processes ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def worker_started(world: World, tmp_path: Path):
    """Starts real workers on this world's database, Redis and Twilio."""
    given, processes = world.gateway.settings, []
    ahead = (NOON - datetime.now(UTC)).total_seconds()
    command = [sys.executable, str(PROGRAM), given.database_url, given.redis_url, world.twilio.url, str(tmp_path), str(ahead)]
    log = (tmp_path / "workers.log").open("ab")

    def start() -> subprocess.Popen[bytes]:
        processes.append(subprocess.Popen(command, stdout=log, stderr=log))
        return processes[-1]

    yield start
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
        process.kill()
        process.wait()


def until(reached, within: float = 60, each_time=lambda: None) -> None:
    end = time.monotonic() + within
    while not reached():
        assert time.monotonic() < end, "stuck"
        each_time()
        time.sleep(0.1)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("twilio_options", [{"latency": 0.3}])
def test_a_worker_stopped_for_longer_than_its_lease_sends_none_of_its_rows(
    world: World, people: People, worker_started, database: Database
) -> None:
    ahead = NOON - datetime.now(UTC)
    doorbell = Doorbell(world.gateway.settings.redis_url)
    world.gateway = replace(world.gateway, clock=lambda: datetime.now(UTC) + ahead, enqueue=doorbell.ring)
    people(600)
    broadcast_id = started(world, RESEND)
    frozen = worker_started()
    doorbell.ring([SendBatch(broadcast_id)])
    until(lambda: len(world.twilio.ledger) > 20)
    os.kill(frozen.pid, signal.SIGSTOP)
    worker_started()
    until(lambda: "queued" not in world.states() and "sending" not in world.states(), each_time=lambda: doorbell.ring([Sweep()]))
    os.kill(frozen.pid, signal.SIGCONT)
    until(lambda: state_of(world, broadcast_id) == "finished", each_time=lambda: doorbell.ring([Sweep()]))
    time.sleep(1)
    copies = Counter(sent.to for sent in world.twilio.ledger)
    flagged = {e164(int(str(member)[1:])) for member, doubt in world.rows("member_id", "ever_unknown") if doubt}
    assert set(world.states()) == {"accepted"}
    assert len(copies) == 600
    assert {to for to, number in copies.items() if number > 1} <= flagged


# --- servers that go away ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_redis_nothing_is_sent_and_with_it_everything_goes_on(world: World, people: People) -> None:
    people(200)
    with redis_to_stop() as (url, server):
        world.gateway = replace(world.gateway, pacer=Pacer(url))
        broadcast_id = started(world)
        server.stop()
        assert send.run_batch(world.gateway, broadcast_id) == []
        assert (world.twilio.requests, set(world.states())) == (0, {"queued"})
        server.start()
        assert track.sweep(world.gateway) == [SendBatch(broadcast_id)]
        send.run_batch(world.gateway, broadcast_id)
    assert world.states() == ["accepted"] * 200
    assert len(world.twilio.ledger) == 200


def test_a_postgres_that_is_stopped_at_once_and_comes_back_costs_no_row(redis_url: str, tmp_path: Path, new_id) -> None:
    with postgres_to_stop() as (address, server), FakeTwilio(latency=0.02) as fake:
        url = address.format(name="postgres")
        upgrade(url)
        database, clock = open_database(url), Clock()
        given = settings(url, redis_url, tmp_path, messages_per_second=150)
        prepare(database, given)
        world = World(build(given, database, fake, clock=clock, new_id=new_id, enqueue=lambda _jobs: None), fake, clock)
        People(database, world.gateway.seal)(400)
        broadcast_id = started(world, RESEND)
        with ThreadPoolExecutor(1) as sender:
            running = sender.submit(send.run_batch, world.gateway, broadcast_id)
            until(lambda: len(fake.ledger) > 150)
            server.stop()
            time.sleep(1)
            server.start()
            with suppress(GatewayError, ExceptionGroup):
                running.result(60)
        settle(world, broadcast_id)
        assert set(world.states()) == {"accepted"}
        assert Counter(sent.to for sent in fake.ledger) == dict.fromkeys(map(e164, range(1, 401)), 1)
        database.close()
