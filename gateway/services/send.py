"""Sending what is owed. A page of rows is claimed and committed before its first request, and its results are committed after its last
one: whatever happens in between, the rows tell what may have gone out.

One event loop keeps many requests in flight over one pool of connections. The database is used from the loop itself: its statements take
a millisecond or two, and a thread of its own would wait for the interpreter's lock between any two rows.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from gateway.core import consent
from gateway.core.jobs import Job, SendBatch
from gateway.errors import GatewayError
from gateway.providers.base import Accepted, OutboundCall, OutboundMessage, Provider
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import HttpSession, open_http
from gateway.queues.pacer import PacerDown
from gateway.services import outcomes
from gateway.services.turns import Held, Turns
from gateway.store import broadcasts, callbacks, channels, deliveries, phones

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast
    from gateway.store.deliveries import Claimed, Outcome

T = TypeVar("T")
log = logging.getLogger(__name__)

IN_FLIGHT = 100  # requests at once,
FIRST_IN_FLIGHT = 8  # and before the provider has shown that it answers
PAGES_AT_ONCE = 2  # while the last requests of one page are answered, the next page is on its way
PAGE = 100  # rows at most: as many can be in doubt when a worker is killed,
PAGE_SECONDS = 2.5  # and no more than go out in so many seconds
REPLIES = 20  # replies in one page, likewise
FENCED = 50  # rows that one look at the fence clears,
FRESH = 0.05  # for so many seconds
SLICE = 30.0  # seconds after which a batch gives its place in the queue to others
REPLIES_EVERY = 0.25  # seconds; a reply does not wait for the end of a batch
FAULTS_IN_A_ROW = 8  # then the provider is taken to be away
DATABASE_WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds between tries, together shorter than a lease


def run_batch(gateway: Gateway, broadcast_id: str, *, stop: Callable[[], bool] = lambda: False) -> list[Job]:
    """Send what is due of a broadcast until nothing is, until `stop()`, or for `SLICE` seconds; return the job that goes on."""
    with gateway.database.read() as db:
        broadcast = broadcasts.load(db, broadcast_id)
    if broadcast is None or broadcast.state != "sending" or _held(broadcast, gateway.clock()):
        return []
    return asyncio.run(_run_batch(gateway, broadcast, stop))


def send_reply(gateway: Gateway, delivery_id: int) -> None:
    """Send a reply, with whatever other replies are due. They answer somebody, so they go out at night as well."""
    log.debug("reply %d is due", delivery_id)
    asyncio.run(_send_replies(gateway))


def _held(broadcast: Broadcast, now: datetime) -> bool:
    return consent.held_by_night(now, life_safety=broadcast.life_safety_by is not None)


async def _run_batch(gateway: Gateway, broadcast: Broadcast, stop: Callable[[], bool]) -> list[Job]:
    until = time.monotonic() + SLICE
    finished = asyncio.Event()

    def interrupted() -> bool:
        return stop() or time.monotonic() > until

    async with open_http(IN_FLIGHT) as http, asyncio.TaskGroup() as group:
        sender = Sender(gateway, http, interrupted)
        group.create_task(_let_replies_pass(sender, finished))
        async with asyncio.TaskGroup() as pages:
            for _ in range(PAGES_AT_ONCE):
                pages.create_task(sender.send_due(broadcast))
        finished.set()
    return [SendBatch(broadcast.id)] if interrupted() and not sender.ended else []


async def _let_replies_pass(sender: Sender, finished: asyncio.Event) -> None:
    while not finished.is_set():
        await sender.send_due(None)
        with suppress(TimeoutError):
            await asyncio.wait_for(finished.wait(), REPLIES_EVERY)


async def _send_replies(gateway: Gateway) -> None:
    async with open_http(REPLIES) as http:
        await Sender(gateway, http, lambda: False).send_due(None)


@dataclass(frozen=True, slots=True)
class Line:
    """A channel in use for one medium: whose API, from which number, at whose turns."""

    provider: str
    sender: str
    turns: Turns


@dataclass(slots=True)
class Page:
    """Rows of one claim, of a broadcast or (None) of replies, and what became of them so far."""

    broadcast: Broadcast | None
    token: str
    rows: Sequence[Claimed]
    outcomes: list[Outcome] = field(default_factory=list)
    opted_out: list[int] = field(default_factory=list)  # phones
    misconfigured: str | None = None
    not_before: datetime | None = None  # for rows that are put back
    cleared: dict[int, bool] = field(default_factory=dict)
    cleared_to: int = 0  # index in `rows`
    cleared_until: float = 0.0  # monotonic
    lost: bool = False  # paused, cancelled, or the lease is nearly over


@dataclass(slots=True)
class Sender:
    """One run over one pool of connections."""

    gateway: Gateway
    http: HttpSession
    interrupted: Callable[[], bool]
    ended: bool = False  # nothing more can be sent in this run
    faults: int = 0  # in a row
    lines: dict[tuple[str, str], Line] = field(default_factory=dict)
    window: int = FIRST_IN_FLIGHT  # requests at once, one more with each that was accepted
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FIRST_IN_FLIGHT))

    async def send_due(self, broadcast: Broadcast | None) -> None:
        """Send page after page of a broadcast, or of the replies (None), until nothing is due or the run is over."""
        while not (self.ended or self.interrupted() or (broadcast and _held(broadcast, self.gateway.clock()))):
            page = await self._patiently(lambda: self._claim(broadcast))
            if not page.rows:
                return
            async with asyncio.TaskGroup() as requests:
                for index, row in enumerate(page.rows):
                    if await self._may_go(page, index):
                        requests.create_task(self._post(page, row))
            await self._patiently(lambda: self._record(page))  # noqa: B023 - awaited before the next page takes the name

    def _claim(self, broadcast: Broadcast | None) -> Page:
        now, token = self.gateway.clock(), self.gateway.new_id()
        lease = timedelta(seconds=self.gateway.settings.lease_seconds)
        claim = deliveries.Claim(token, now, now + lease)
        with self.gateway.database.write() as db:
            rows = deliveries.claim_page(db, broadcast.id if broadcast else None, self._page_size(broadcast), claim)
        return Page(broadcast, token, rows)

    def _page_size(self, broadcast: Broadcast | None) -> int:
        # At the present pace, which the pages that are sent at once share. A page must also be through long before its lease is over.
        if broadcast is None:
            return max(1, min(REPLIES, int(self.gateway.settings.messages_per_second * PAGE_SECONDS)))
        line = self.lines.get((broadcast.channel_id, broadcast.medium))
        pace = broadcast.pace * (line.turns.share if line else 1.0) / PAGES_AT_ONCE
        return max(1, min(PAGE, int(pace * min(PAGE_SECONDS, self.gateway.settings.lease_seconds / 3))))

    # --- before the request --------------------------------------------------------------------------------------------------------

    async def _may_go(self, page: Page, index: int) -> bool:
        """Wait for a free connection and our turn, then look at the fence. True: the row must be sent at once, and holds a slot."""
        row = page.rows[index]
        if not (self.ended or page.lost):
            await self.slots.acquire()
            stopped = await self._stopped(page, index)
            if stopped is False:
                return True
            self.slots.release()
            if stopped:
                page.outcomes.append(outcomes.stopped(row))
                return False
        page.outcomes.append(outcomes.put_back(row, page.not_before))
        return False

    async def _stopped(self, page: Page, index: int) -> bool | None:
        """Whether STOP came from the phone of this row; None where the row must not be sent for another reason."""
        try:
            await self._line(page.rows[index]).turns.one()
        except (Held, PacerDown):
            self.ended = True
            return None
        if index >= page.cleared_to or time.monotonic() > page.cleared_until:
            await self._patiently(lambda: self._look_at_fence(page, index))
        return page.cleared.get(page.rows[index].id)

    def _look_at_fence(self, page: Page, index: int) -> None:
        now, group = self.gateway.clock(), page.rows[index : index + FENCED]
        page.cleared, page.cleared_to, page.cleared_until = {}, index + len(group), time.monotonic() + FRESH
        if page.broadcast and _held(page.broadcast, now):
            page.not_before, page.lost, self.ended = consent.opens_at(now), True, True
            return
        # What is left of the lease must be longer than a request may take.
        claim = deliveries.Claim(page.token, now, now + timedelta(seconds=self.gateway.settings.lease_seconds / 3))
        with self.gateway.database.read() as db:
            page.cleared = deliveries.fence(db, page.broadcast.id if page.broadcast else None, group, claim)
        page.lost = not page.cleared

    def _line(self, row: Claimed) -> Line:
        key = (row.channel_id, row.medium)
        if key not in self.lines:
            with self.gateway.database.read() as db:
                channel = channels.get(db, row.channel_id)
            if channel is None:
                raise LookupError(row.channel_id)
            pace = channel.messages_per_second if row.medium == "sms" else channel.calls_per_second
            self.lines[key] = Line(channel.provider, channel.address, Turns(self.gateway.pacer, ":".join(key), pace))
        return self.lines[key]

    # --- the request ---------------------------------------------------------------------------------------------------------------

    async def _post(self, page: Page, row: Claimed) -> None:
        try:
            page.outcomes.append(await self._attempt(page, row))
        finally:
            self.slots.release()

    async def _attempt(self, page: Page, row: Claimed) -> Outcome:
        try:
            request = self._compose(page, row)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one row must not stop the others
            log.error("delivery %d cannot be put together: %s", row.id, type(error).__name__)  # noqa: TRY400 - a traceback may quote her
            return outcomes.poisoned(row, self.gateway.clock())
        try:
            accepted = await request
        except SendError as error:
            self._heed(page, row, error)
            return outcomes.refused(row, error, self.gateway.clock())
        except Exception as error:  # noqa: BLE001 - the request may have left: nobody can tell
            log.error("delivery %d ended unclear: %s", row.id, type(error).__name__)  # noqa: TRY400
            return outcomes.unclear(row, "send:internal")
        self.faults = 0
        if self.window < IN_FLIGHT:
            self.window += 1
            self.slots.release()
        return deliveries.Outcome(row.id, accepted.status, external_id=accepted.external_id)

    def _compose(self, page: Page, row: Claimed) -> Awaitable[Accepted]:
        line = self._line(row)
        provider: Provider = self.gateway.providers[line.provider]
        recipient = self.gateway.seal.open(row.sealed)
        if row.medium == "voice":
            return provider.place_call(self.http, OutboundCall(row.id, line.sender, recipient))
        body = page.broadcast.texts[row.language] if page.broadcast else self.gateway.seal.open(row.sealed_body or b"")
        return provider.send_message(self.http, OutboundMessage(row.id, line.sender, recipient, body))

    def _heed(self, page: Page, row: Claimed, error: SendError) -> None:
        """What a refusal means for the rows that come after this one."""
        key = self._line(row).turns.key
        try:
            match error.fault:
                case SendFault.THROTTLED:
                    self.gateway.pacer.slow_down(key, error.retry_after or 0.0)
                case SendFault.UNREACHABLE | SendFault.AMBIGUOUS:
                    self.faults += 1
                    if self.faults == FAULTS_IN_A_ROW:
                        self.ended = True
                        self.gateway.pacer.hold(key)
                case SendFault.OPTED_OUT:
                    page.opted_out.append(row.phone_id)
                case SendFault.MISCONFIGURED:
                    self.ended = True
                    page.misconfigured = str(error)[:48]
                case SendFault.BAD_NUMBER | SendFault.REFUSED:
                    pass
        except PacerDown:
            self.ended = True

    # --- after the requests --------------------------------------------------------------------------------------------------------

    def _record(self, page: Page) -> None:
        now = self.gateway.clock()
        with self.gateway.database.write() as db:
            deliveries.record(db, page.outcomes, page.token, now)
            for phone_id in page.opted_out:
                phones.stop(db, phone_id, now)
            if page.misconfigured and page.broadcast:
                broadcasts.pause(db, page.broadcast.id, page.misconfigured)
        taken = [outcome.id for outcome in page.outcomes if outcome.external_id]
        with self.gateway.database.read() as db:
            early = callbacks.waiting_for(db, taken)
        if early:
            with self.gateway.database.write() as db:
                for delivery_id, report in early:
                    deliveries.advance(db, delivery_id, report, now)

    async def _patiently(self, work: Callable[[], T]) -> T:
        """Do something with the database, and again where it does not answer: rows in hand are worth some seconds."""
        for wait in DATABASE_WAITS:
            try:
                return work()
            except GatewayError as error:
                if not error.retryable:
                    raise
            await asyncio.sleep(wait)
        return work()
