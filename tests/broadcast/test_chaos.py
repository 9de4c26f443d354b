"""The headline: two real workers, killed again and again, a Redis that is emptied, a provider that fails in every way. Nothing is lost,
and nobody gets a second copy whose row does not say that it may be one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from fakes.outbound import DRAFT, NOON, People, World, build, e164, prepare, settings, state_of
from fakes.twilio import FakeTwilio

from gateway.core.jobs import Sweep
from gateway.queues.enqueue import Doorbell
from gateway.services import broadcast
from gateway.services.access import terminal
from gateway.services.broadcast import Draft
from gateway.store.database import Database

MAIN = terminal("main")

PROGRAM = Path(__file__).with_name("worker_process.py")
RECIPIENTS = 2000
PACE = 800
FAULTS = {"throttled": 0.05, "error_before": 0.03, "reset_before": 0.02, "error_after": 0.03, "reset_after": 0.02}
TAKEN = {"accepted", "sent", "delivered"}


class Workers:
    """Two worker processes, each started again when it was killed."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        self._command = [sys.executable, str(PROGRAM), *arguments]
        self._log = log.open("ab")
        self._processes = [self._start() for _ in range(2)]
        self.kills = 0

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdout=self._log, stderr=self._log)

    def kill_one(self, choose: random.Random) -> None:
        index = choose.randrange(2)
        self._processes[index].kill()
        self._processes[index].wait()
        self._processes[index] = self._start()
        self.kills += 1

    def supervise(self) -> None:
        """Start those that ended by themselves, as Redis went away."""
        self._processes = [process if process.poll() is None else self._start() for process in self._processes]

    def end(self, how: signal.Signals) -> list[int]:
        for process in self._processes:
            process.send_signal(how)
        return [process.wait(timeout=20) for process in self._processes]


@contextmanager
def working(world: World, tmp_path: Path) -> Iterator[Workers]:
    given = world.gateway.settings
    ahead = (NOON - datetime.now(UTC)).total_seconds()
    arguments = [given.database_url, given.redis_url, world.twilio.url, str(tmp_path), str(ahead)]
    workers = Workers(arguments, tmp_path / "workers.log")
    try:
        yield workers
    finally:
        workers.end(signal.SIGKILL)


@pytest.fixture
def chaotic(database: Database, database_url: str, redis_url: str, tmp_path: Path) -> Iterator[World]:
    """A gateway whose bells are real, and whose clock is as far ahead as that of the workers."""
    given = settings(database_url, redis_url, tmp_path, messages_per_second=PACE)
    prepare(database, given)
    ahead = NOON - datetime.now(UTC)
    parts = {"clock": lambda: datetime.now(UTC) + ahead, "new_id": lambda: uuid.uuid4().hex, "enqueue": Doorbell(redis_url).ring}
    with FakeTwilio(faults=FAULTS, seed=7) as fake:
        yield World(build(given, database, fake, **parts), fake, parts["clock"])


def until(world: World, workers: Workers, reached: Callable[[], bool], within: timedelta, each_time: Callable[[], None]) -> None:
    end = time.monotonic() + within.total_seconds()
    while not reached():
        assert time.monotonic() < end, f"stuck at {Counter(world.states())}"
        world.gateway.enqueue([Sweep()])
        each_time()
        workers.supervise()
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("database_url", "on_ambiguous"),
    [("sqlite", "hold"), ("sqlite", "resend"), ("postgres", "resend")],
    indirect=["database_url"],
)
def test_killed_workers_lose_nothing_and_double_nothing_unflagged(chaotic: World, tmp_path: Path, on_ambiguous: str) -> None:
    world, choose = chaotic, random.Random(11)
    People(world.database, world.gateway.seal)(RECIPIENTS)
    broadcast_id = broadcast.create(world.gateway, MAIN, Draft("chaos", DRAFT.texts, on_ambiguous=on_ambiguous))
    next_kill = 100

    def kill_now_and_then() -> None:
        # By what was sent and not by the clock: on a slow machine, workers that are killed as soon as they start send nothing at all.
        nonlocal next_kill
        if len(world.twilio.ledger) > next_kill:
            workers.kill_one(choose)
            next_kill = len(world.twilio.ledger) + choose.randrange(60, 240)

    with working(world, tmp_path) as workers:
        world.gateway.enqueue(broadcast.approve(world.gateway, MAIN, broadcast_id))
        until(world, workers, lambda: len(world.twilio.ledger) > RECIPIENTS / 4, timedelta(seconds=60), kill_now_and_then)
        redis.Redis.from_url(world.gateway.settings.redis_url).flushall()
        until(world, workers, lambda: len(world.twilio.ledger) > RECIPIENTS / 2, timedelta(seconds=60), kill_now_and_then)
        restarted = time.monotonic()
        until(world, workers, lambda: state_of(world, broadcast_id) == "finished", timedelta(seconds=60), lambda: None)
        print(f"{workers.kills} kills, {time.monotonic() - restarted:.1f} s to converge")  # noqa: T201
    assert workers.kills >= 3
    rows = world.rows("member_id", "state", "ever_unknown")
    copies = Counter(sent.to for sent in world.twilio.ledger)
    assert len(rows) == RECIPIENTS
    assert all(copies[e164(int(str(member)[1:]))] >= 1 for member, state, _ in rows if state in TAKEN), "said to be sent, and was not"
    assert all(copies[e164(int(str(member)[1:]))] <= 1 for member, _, flagged in rows if not flagged), "doubled without a flag"
    if on_ambiguous == "resend":
        assert {state for _, state, _ in rows} <= TAKEN
        assert len(copies) == RECIPIENTS
    else:
        assert {state for _, state, _ in rows} <= TAKEN | {"unknown"}
        assert set(copies.values()) == {1}
    assert world.twilio.violations == []


def test_a_worker_told_to_stop_ends_soon_and_leaves_no_doubt(chaotic: World, tmp_path: Path) -> None:
    chaotic.twilio.faults = {}
    People(chaotic.database, chaotic.gateway.seal)(RECIPIENTS)
    broadcast_id = broadcast.create(chaotic.gateway, MAIN, DRAFT)
    with working(chaotic, tmp_path) as workers:
        chaotic.gateway.enqueue(broadcast.approve(chaotic.gateway, MAIN, broadcast_id))
        queue = redis.Redis.from_url(chaotic.gateway.settings.redis_url)

        def both_at_work() -> bool:
            # A worker that is asked before it listens to signals just ends, having done nothing.
            states = [queue.hget(worker, "state") for worker in queue.smembers("rq:workers")]
            return sorted(state in {b"idle", b"busy"} for state in states) == [True, True] and len(chaotic.twilio.ledger) > 100

        until(chaotic, workers, both_at_work, timedelta(seconds=30), lambda: None)
        asked = time.monotonic()
        assert workers.end(signal.SIGTERM) == [0, 0]
        assert time.monotonic() - asked < 10
    counts = Counter(chaotic.states())
    assert set(counts) == {"accepted", "queued"}
    assert counts["accepted"] == len(chaotic.twilio.ledger)
