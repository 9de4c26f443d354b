"""Runs of sending: a broadcast's, that of replies, and that of calls back. Each ends after some seconds and leaves the rest to the job that
it returns, so that others have their turn; what is owed to single persons goes out beside it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.core.events import MEDIA, Medium
from gateway.core.jobs import CallBack, Job, SendBatch, SendReply
from gateway.providers.http import open_http
from gateway.services.costs import Costs
from gateway.services.routing import paths_of
from gateway.services.sender import IN_FLIGHT, REPLIES_EVERY, REPLIES_PAGE, Errand, Hours, Sender
from gateway.store import broadcasts, rest_days
from gateway.store.claiming import CALLS_BACK, REPLIES, Stream

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast

log = logging.getLogger(__name__)

SLICE = 30.0  # seconds after which a batch gives its place in the queue to others


def run_batch(gateway: Gateway, broadcast_id: str, *, stop: Callable[[], bool] = lambda: False) -> list[Job]:
    """Send what is due of a broadcast until nothing is, until `stop()`, or for `SLICE` seconds; return the job that goes on."""
    now = gateway.clock()
    with gateway.database.read() as db:
        broadcast = broadcasts.load(db, broadcast_id)
        if broadcast is None or broadcast.state != "sending":
            return []
        rest = rest_days.load(db, broadcast.organisation_id)
        gap, earlier = broadcasts.gap(db, broadcast), broadcasts.earlier(db, broadcast, now)
    hours = Hours(rest, life_safety=broadcast.life_safety_by is not None)
    if hours.closed(now):
        return []
    streams = [Stream(broadcast_id, medium, gap, earlier) for medium in _media(broadcast)]
    return asyncio.run(_run_batch(gateway, Errand(broadcast, hours, Costs(gateway, broadcast)), streams, stop))


def send_reply(gateway: Gateway, delivery_id: int, *, stop: Callable[[], bool] = lambda: False) -> list[Job]:
    """Send a reply, with all others that are due: until none is, until `stop()`, or for `SLICE` seconds; return the job that goes on.
    Replies answer somebody, so they go out at night as well."""
    log.debug("reply %d is due", delivery_id)
    return asyncio.run(_send_to_persons(gateway, REPLIES, SendReply(delivery_id), stop))


def call_back(gateway: Gateway, *, stop: Callable[[], bool] = lambda: False) -> list[Job]:
    """Call whoever rang: until nobody is due, until `stop()`, or for `SLICE` seconds; return the job that goes on."""
    return asyncio.run(_send_to_persons(gateway, CALLS_BACK, CallBack(), stop))


def _media(broadcast: Broadcast) -> Sequence[Medium]:
    """By which media a broadcast has rows."""
    if broadcast.medium == "sms":
        return ("sms",)
    return MEDIA if broadcast.medium == "preferred" or broadcast.heads_up else ("voice",)


async def _run_batch(gateway: Gateway, errand: Errand, streams: Sequence[Stream], stop: Callable[[], bool]) -> list[Job]:
    until, paths = time.monotonic() + SLICE, paths_of(gateway)
    finished = asyncio.Event()

    def interrupted() -> bool:
        return stop() or time.monotonic() > until

    async with open_http(IN_FLIGHT) as http, asyncio.TaskGroup() as group:
        sender = Sender(gateway, http, interrupted, errand, paths)
        for owed in (REPLIES, CALLS_BACK):
            group.create_task(_let_pass(sender, owed, finished))
        async with asyncio.TaskGroup() as pages:
            for stream in streams:
                pages.create_task(sender.send_due(stream))
        finished.set()
    return [SendBatch(errand.broadcast.id)] if interrupted() and not sender.ended else []


async def _let_pass(sender: Sender, stream: Stream, finished: asyncio.Event) -> None:
    """Send what is owed to single persons whenever something is, until what it passes is `finished`, and once at least."""
    while True:
        await sender.send_due(stream)
        if finished.is_set():
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(finished.wait(), REPLIES_EVERY)


async def _send_to_persons(gateway: Gateway, stream: Stream, job: Job, stop: Callable[[], bool]) -> list[Job]:
    until, paths = time.monotonic() + SLICE, paths_of(gateway)
    finished = asyncio.Event()

    def interrupted() -> bool:
        return stop() or time.monotonic() > until

    async with open_http(REPLIES_PAGE) as http, asyncio.TaskGroup() as group:
        sender = Sender(gateway, http, interrupted, paths=paths)
        if stream != REPLIES:
            group.create_task(_let_pass(sender, REPLIES, finished))  # a text does not wait until many are called back
        await sender.send_due(stream)
        finished.set()
    return [job] if interrupted() and not sender.ended else []
