"""Sending: messages a second and processor time for each, against a bare loop of posts with as many in flight."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlencode

import aiohttp

from benchmarks import callers, installation, machine
from benchmarks.installation import Place
from gateway.services import broadcast, send, sender
from gateway.services.access import terminal
from gateway.services.broadcast import Draft
from gateway.services.context import Gateway

MAIN = terminal("main")

TEXT = "बैठक शनिबार बिहान आठ बजे वडा कार्यालयमा हुन्छ।"


@dataclass(frozen=True, slots=True)
class Run:
    """What sending so many messages took: messages a second, and microseconds of this process's processor time for each."""

    rate: float
    cpu: float


@dataclass(slots=True)
class Measured:
    """One run of each kind a round."""

    floor: list[Run] = field(default_factory=list)
    ours: list[Run] = field(default_factory=list)


def measure(place: Place, rounds: int, messages: int, latency: int) -> Measured:
    """Send so many messages by the bare loop and by a broadcast, in turn; the provider answers after `latency` milliseconds."""
    measured = Measured()
    command = machine.module("benchmarks.provider", str(place.provider_port), str(latency))
    gateway = place.open()
    try:
        with machine.running(command, place.environ, place.folder / "provider.out", machine.listens(place.provider_port)):
            for turn in range(rounds + 1):
                floor = _timed(messages, lambda: asyncio.run(_bare_loop(place, messages)))
                ours = _broadcast(gateway, messages)
                if turn:
                    measured.floor.append(floor)
                    measured.ours.append(ours)
    finally:
        gateway.database.close()
    return measured


def _timed(messages: int, work: Callable[[], object]) -> Run:
    began, used = time.perf_counter(), time.process_time()
    work()
    return Run(messages / (time.perf_counter() - began), (time.process_time() - used) / messages * 1e6)


async def _bare_loop(place: Place, messages: int) -> None:
    """Post the texts and read the answers; nothing is kept."""
    url = f"{place.environ['TWILIO_API_BASE_URL']}/2010-04-01/Accounts/{callers.ACCOUNT_SID}/Messages.json"
    left = count()
    connector = aiohttp.TCPConnector(limit=sender.IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector, auth=aiohttp.BasicAuth(callers.ACCOUNT_SID, callers.AUTH_TOKEN)) as client:

        async def post() -> None:
            while (index := next(left)) < messages:
                form = {"To": installation.number(index), "From": callers.OUR_NUMBER, "Body": TEXT}
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                async with client.post(url, data=urlencode(form), headers=headers) as response:
                    await response.json()

        async with asyncio.TaskGroup() as posts:
            for _ in range(sender.IN_FLIGHT):
                posts.create_task(post())


def _broadcast(gateway: Gateway, messages: int) -> Run:
    """Send a broadcast to every member. What is timed is its sending, with everything that is kept of it."""
    broadcast_id = broadcast.create(gateway, MAIN, Draft("benchmark", {"ne": TEXT}, gap_hours=0))
    broadcast.approve(gateway, MAIN, broadcast_id)
    broadcast.expand(gateway, broadcast_id)
    run = _timed(messages, lambda: send.run_batch(gateway, broadcast_id))
    accepted = broadcast.status(gateway, MAIN, broadcast_id).counts.states.get("accepted", 0)
    if accepted != messages:
        raise RuntimeError(f"{accepted} of {messages} messages were accepted")
    return run
