"""A broadcast while everything is taken away: `python -m benchmarks.chaos [--recipients 3000] [--stacks 2]`, in a copy of the repository.

Whole installations (web process, two workers, clock) on one PostgreSQL, their processes killed with -9 at random every few tenths of a
second, Redis emptied and stopped, PostgreSQL stopped at once, a provider that throttles, fails before and after it took a text, breaks
connections and lets answers drip. What must hold: no row is lost, nobody gets a second copy whose row does not say that it may be one,
statuses only move forward, and once it is over everything settles within a minute, without anybody's help. Exit code 1: it did not.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
from sqlalchemy import text

from benchmarks import machine
from gateway import bootstrap, config
from gateway.core.statuses import DELIVERY
from gateway.services import broadcast, installation
from gateway.services.access import terminal
from gateway.services.broadcast import Draft
from gateway.services.context import Gateway
from gateway.store.database import Database, upgrade
from gateway.store.deliveries import UNRESOLVED

sys.path.insert(0, str(machine.ROOT / "tests"))

from fakes import outbound, servers
from fakes.twilio import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio

FAULTS = {"throttled": 0.05, "error_before": 0.03, "reset_before": 0.02, "error_after": 0.03, "reset_after": 0.02, "drip": 0.001}
LEASE, RECONCILE_AFTER = 15, 5  # seconds
PACE = 400  # texts a second of each installation
AWAY = 3.0  # seconds for which Redis and PostgreSQL are gone
# By what was sent and not by the clock: on a slow machine, workers that are killed as soon as they start send nothing at all.
BETWEEN_KILLS = (20, 120)  # texts: at this pace a few tenths of a second
CONVERGED = 60.0  # seconds
TAKEN = {"accepted", "sent", "delivered"}


@dataclass
class Stack:
    """The processes of one installation; whatever ends is started again."""

    environ: Mapping[str, str]
    port: int
    log: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def supervise(self) -> None:
        commands = {"web": ("serve", "--port", str(self.port)), "one": ("worker",), "two": ("worker",), "clock": ("clock",)}
        for name, words in commands.items():
            if name not in self.running or self.running[name].poll() is not None:
                with self.log.open("ab") as log:
                    command = machine.module("gateway.cli", *words)
                    process = subprocess.Popen(command, env=self.environ, cwd=machine.ROOT, stdout=log, stderr=log)  # noqa: S603  # ours
                self.running[name] = process

    def kill_one(self, choose: random.Random) -> None:
        choose.choice(list(self.running.values())).kill()

    def end(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()


@dataclass
class Watcher:
    """Looks at every row again and again: what was taken must never be anything less later."""

    database: Database
    recipients: int
    fell_back: list[str] = field(default_factory=list)
    left: int = 0  # rows of which something may still become without a person
    _last: dict[int, str] = field(default_factory=dict)

    def look(self) -> None:
        with self.database.read() as db:
            rows = db.execute(text("SELECT id, state, error FROM deliveries")).all()
        states = {row[0]: row[1] for row in rows}
        under_way = (state in {"queued", "sending"} or (state == "unknown" and error != UNRESOLVED) for _, state, error in rows)
        self.left = self.recipients - len(rows) + sum(under_way)
        for row, before in self._last.items():
            now = states.get(row, "gone")
            if DELIVERY[before] >= DELIVERY["accepted"] and DELIVERY.get(now, -1) < DELIVERY[before]:
                self.fell_back.append(f"{before} became {now}")
        self._last = states


def main() -> int:
    """Run it once and say what was seen."""
    parser = argparse.ArgumentParser(description="A broadcast while everything is taken away")
    parser.add_argument("--recipients", type=int, default=3000)
    parser.add_argument("--stacks", type=int, default=1, help="installations on the one database")
    parser.add_argument("--hold", action="store_true", help="hold what is ambiguous for a person, instead of sending it again")
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="aawaj-chaos-")))
        address, postgres = stack.enter_context(servers.postgres_to_stop())
        url = address.format(name="postgres")
        upgrade(url)
        redises = [stack.enter_context(servers.redis_to_stop()) for _ in range(given.stacks)]
        twilio = stack.enter_context(FakeTwilio(faults=FAULTS, callbacks=("sent", "delivered"), seed=given.seed))
        stacks = [stack.enter_context(_stack(folder / str(n), url, bell, twilio)) for n, (bell, _) in enumerate(redises)]
        gateway = bootstrap.build(config.load(stacks[0].environ))
        stack.callback(gateway.database.close)
        return _run(gateway, stacks, twilio, Outages(postgres, redises), given)


@contextmanager
def _stack(folder: Path, database_url: str, redis_url: str, twilio: FakeTwilio) -> Iterator[Stack]:
    folder.mkdir()
    port = machine.free_port()
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "SECRET_KEY": outbound.SECRET,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_BASE_URL": f"http://{machine.HOST}:{port}",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_API_BASE_URL": twilio.url,
        "GATEWAY_DATA_DIR": str(folder),
        "GATEWAY_NUMBER": outbound.NUMBER,
        "GATEWAY_MESSAGES_PER_SECOND": str(PACE),
        "GATEWAY_LEASE_SECONDS": str(LEASE),
        "GATEWAY_RECONCILE_AFTER": str(RECONCILE_AFTER),
    }
    stack = Stack(environ, port, folder / "log")
    try:
        yield stack
    finally:
        stack.end()


@dataclass
class Outages:
    """What is taken away when: by the share of the recipients that has been reached."""

    postgres: servers.Server
    redises: list[tuple[str, servers.Server]]
    seen: list[str] = field(default_factory=list)

    def at(self, share: float) -> None:
        """Do what is due, once each."""
        due = {
            "Redis emptied": (0.25, self._empty),
            "Redis stopped": (0.45, self._stop_redis),
            "PostgreSQL stopped": (0.65, self._stop_postgres),
        }
        for name, (when, act) in due.items():
            if share >= when and name not in self.seen:
                self.seen.append(name)
                act()

    def _empty(self) -> None:
        for url, _ in self.redises:
            redis.Redis.from_url(url).flushall()

    def _stop_redis(self) -> None:
        for _, server in self.redises:
            server.stop()
        time.sleep(AWAY)
        for _, server in self.redises:
            server.start()

    def _stop_postgres(self) -> None:
        self.postgres.stop()
        time.sleep(AWAY)
        self.postgres.start()


def _run(gateway: Gateway, stacks: list[Stack], twilio: FakeTwilio, outages: Outages, given: argparse.Namespace) -> int:
    choose, kills, next_kill = random.Random(given.seed), 0, 0  # noqa: S311  # no secret
    organiser = terminal(installation.ORGANISATION)
    installation.prepare(gateway)
    outbound.People(gateway.database, gateway.seal)(given.recipients)
    policy = "hold" if given.hold else "resend"
    # It protects lives, so that this can be run at night as well.
    draft = Draft("chaos", {"ne": "भोलि बैठक छ।"}, on_ambiguous=policy, life_safety_by="whoever runs this")
    broadcast_id = broadcast.create(gateway, organiser, draft)
    for stack in stacks:
        stack.supervise()
    gateway.enqueue(broadcast.approve(gateway, organiser, broadcast_id))
    watcher, began = Watcher(gateway.database, given.recipients), time.monotonic()
    watcher.look()
    supervising = threading.Event()

    def supervise() -> None:
        while not supervising.wait(0.2):
            for stack in stacks:
                stack.supervise()

    keeper = threading.Thread(target=supervise)
    keeper.start()
    try:
        while watcher.left > 0.1 * given.recipients and time.monotonic() - began < 600:
            outages.at(len(twilio.ledger) / given.recipients)
            if len(twilio.ledger) > next_kill:
                choose.choice(stacks).kill_one(choose)
                kills, next_kill = kills + 1, len(twilio.ledger) + choose.randint(*BETWEEN_KILLS)
            time.sleep(0.1)
            watcher.look()
        over = time.monotonic()
        while watcher.left:
            if time.monotonic() - over > 3 * CONVERGED:
                break
            watcher.look()
            time.sleep(0.5)
        converged = time.monotonic() - over
        watcher.look()
    finally:
        supervising.set()
        keeper.join()
    print(f"{len(stacks)} installation(s), {given.recipients} recipients, {kills} kills, {', '.join(outages.seen)}; ambiguous: {policy}")  # noqa: T201
    print(f"{over - began:.0f} s of it, then {converged:.1f} s until nothing could be done without a person; {twilio.requests} requests")  # noqa: T201
    wrong = ["not converged within a minute"] * bool(watcher.left or converged > CONVERGED)
    wrong += _broken(gateway, twilio, given.recipients) + watcher.fell_back[:5] + twilio.violations[:5]
    print("all promises held" if not wrong else f"BROKEN: {'; '.join(wrong)}")  # noqa: T201
    return bool(wrong)


def _broken(gateway: Gateway, twilio: FakeTwilio, recipients: int) -> list[str]:
    """Compare the rows with what the provider took, and say what is wrong."""
    with gateway.database.read() as db:
        rows = db.execute(text("SELECT member_id, state, ever_unknown FROM deliveries")).all()
    copies = Counter(sent.to for sent in twilio.ledger)
    to = {member: outbound.e164(int(member[1:])) for member, _, _ in rows}
    lost = sum(not copies[to[member]] for member, state, _ in rows if state in TAKEN)
    doubled = sum(copies[to[member]] > 1 for member, _, _ in rows)
    unflagged = sum(copies[to[member]] > 1 for member, _, doubt in rows if not doubt)
    print(f"rows: {dict(Counter(state for _, state, _ in rows))}, {sum(bool(doubt) for _, _, doubt in rows)} flagged")  # noqa: T201
    print(f"said to be sent and was not: {lost}; got two: {doubled}, of these unflagged: {unflagged}")  # noqa: T201
    return [f"{len(rows)} rows"] * (len(rows) != recipients) + ["lost"] * bool(lost) + ["doubled without a flag"] * bool(unflagged)


if __name__ == "__main__":
    raise SystemExit(main())
