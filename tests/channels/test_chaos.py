"""The first provider dies in the middle of a broadcast, and workers are killed again and again: nobody is lost, and nobody gets a second
copy whose row does not say that it may be one."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from channels.conftest import CHEAP_THEN_DEAR, Ways
from fakes.outbound import MAIN, NOON, e164

from gateway.core.jobs import Sweep
from gateway.services import broadcast

PROGRAM = Path(__file__).with_name("worker_process.py")
RECIPIENTS = 200
WITHIN = 90.0  # seconds
TAKEN = {"accepted", "sent", "delivered"}


def test_a_provider_that_dies_and_workers_that_are_killed_lose_nobody(ways: Callable[..., Ways], tmp_path: Path):
    world = ways(CHEAP_THEN_DEAR, pace=40)
    ahead = NOON - datetime.now(UTC)
    world.people(RECIPIENTS)
    broadcast_id = world.started()
    environ = {**os.environ, **world.environ, "GATEWAY_LEASE_SECONDS": "3", "GATEWAY_RECONCILE_AFTER": "2"}
    choose, kills, first_lives = random.Random(5), 0, True
    with (tmp_path / "workers.log").open("ab") as log:

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen([sys.executable, str(PROGRAM), str(ahead.total_seconds())], env=environ, stdout=log, stderr=log)

        workers = [start(), start()]
        try:
            end, next_kill = time.monotonic() + WITHIN, 30
            while {state for state, _ in world.rows()} & {"queued", "sending"}:
                assert time.monotonic() < end, Counter(world.rows())
                world.gateway.enqueue([Sweep()])
                sent = len(world.first.ledger) + len(world.second.ledger)
                if first_lives and sent > RECIPIENTS // 4:
                    world.first_dies()
                    first_lives = False
                if sent > next_kill:
                    index = choose.randrange(2)
                    workers[index].kill()
                    workers[index].wait()
                    workers[index] = start()
                    kills, next_kill = kills + 1, sent + 40
                time.sleep(0.2)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    copies = world.sent(world.first) + world.sent(world.second)
    rows = dict(zip(map(e164, range(1, RECIPIENTS + 1)), world.rows("state", "ever_unknown"), strict=True))
    assert (first_lives, kills >= 2) == (False, True)
    assert [who for who, (state, _) in rows.items() if state in TAKEN and not copies[who]] == []
    assert [who for who, (_, flagged) in rows.items() if copies[who] > 1 and not flagged] == []
    assert [who for who, (state, flagged) in rows.items() if not copies[who] and not (state == "unknown" and flagged)] == []
    assert broadcast.status(world.gateway, MAIN, broadcast_id).broadcast.state in {"sending", "finished"}
