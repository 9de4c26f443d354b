"""One run of sending what is owed. A page of rows is claimed and committed before its first request, and its results are committed
after its last one: whatever happens in between, the rows tell what may have gone out.

One event loop keeps many requests in flight over one pool of connections. The database is used from the loop itself: its statements take
a millisecond or two, and a thread of its own would wait for the interpreter's lock between any two rows.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from gateway.core import consent
from gateway.core.events import Medium
from gateway.errors import GatewayError
from gateway.providers.base import Accepted, OutboundCall, OutboundMessage, Provider
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import HttpSession
from gateway.queues.pacer import PacerDown
from gateway.services import outcomes
from gateway.services.broadcast.heads_up import ROUND as HEADS_UP
from gateway.services.broadcast.slots import Person, fill, is_personal
from gateway.services.costs import Costs
from gateway.services.lines import Line, line_of
from gateway.services.routing import Paths, Standing, own_channels
from gateway.services.turns import Held, Turns
from gateway.store import audience, broadcasts, callbacks, channels, claiming, deliveries, phones
from gateway.store.claiming import CALLS_BACK, Stream

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast
    from gateway.store.claiming import Claimed, Outcome
    from gateway.store.database import Connection

T = TypeVar("T")
log = logging.getLogger(__name__)

IN_FLIGHT = 100  # requests at once,
FIRST_IN_FLIGHT = 8  # and before the provider has shown that it answers
PAGES_AT_ONCE = 2  # of a broadcast over one channel: while the last requests of one are answered, the next is on its way
PAGE = 100  # rows at most, of all channels together: as many can be in doubt when a worker is killed,
PAGE_SECONDS = 2.5  # and no more than go out in so many seconds
REPLIES_PAGE = 20  # replies in one page, likewise
FENCED = 50  # rows that one look at the fence clears,
FRESH = 0.05  # for so many seconds
REPLIES_EVERY = 0.25  # seconds; a reply does not wait for the end of a batch
FAULTS_IN_A_ROW = 8  # then the provider is taken to be away
TRIES = 2  # of one row, then likewise where another channel can take its place: a reply goes out alone
MISCONFIGURED_IN_A_ROW = 3  # then our account or number is taken to be at fault: a proxy in between may say so once
THROTTLED_FOR = 10.0  # seconds in which all was too much: then a channel is taken to be away, where another can take its place
DRY_FOR = 1.0  # seconds in which nobody looks for more rows for a channel, if none that are due were for it
DATABASE_WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds between tries, together shorter than a lease


@dataclass(frozen=True, slots=True)
class Hours:
    """When a broadcast may go out: by day and on no rest day of its organisation, unless lives depend on it."""

    rest_days: frozenset[date]
    life_safety: bool

    def closed(self, now: datetime) -> bool:
        return consent.held_by_night(now, life_safety=self.life_safety, rest_days=self.rest_days)

    def open_at(self, now: datetime) -> datetime:
        return consent.opens_at(now, self.rest_days)


@dataclass(frozen=True, slots=True)
class Errand:
    """The broadcast of a run, when it may go out, and what it costs by which channel."""

    broadcast: Broadcast
    hours: Hours
    costs: Costs | None = None

    @property
    def personal(self) -> bool:
        """Whether its texts differ from person to person."""
        return any(map(is_personal, self.broadcast.texts.values()))


@dataclass(slots=True)
class Page:
    """Rows of one claim, over one channel where routes choose it, of the run's broadcast or owed to single persons, and what became of
    them."""

    stream: Stream
    token: str
    rows: Sequence[Claimed]
    outcomes: list[Outcome] = field(default_factory=list)
    opted_out: list[int] = field(default_factory=list)  # phones
    misconfigured: str | None = None
    not_before: datetime | None = None  # for rows that are put back
    cleared: dict[int, str | None] = field(default_factory=dict)
    cleared_to: int = 0  # index in `rows`
    cleared_until: float = 0.0  # monotonic
    over: bool = False  # no more of it goes out: no turns, night, paused, cancelled, or the lease is nearly over


@dataclass(frozen=True, slots=True)
class Claim:
    """What was claimed at once: a page for each channel; `go_on`: there may be more that can go at once."""

    pages: Sequence[Page] = ()
    go_on: bool = False


@dataclass(slots=True)
class Sender:
    """One run over one pool of connections, of a broadcast or (None) of replies alone."""

    gateway: Gateway
    http: HttpSession
    interrupted: Callable[[], bool]
    errand: Errand | None = None
    paths: Paths | None = None  # where channels.yaml says which channel takes what
    ended: bool = False  # nothing more can be sent in this run
    lines: dict[str, Line] = field(default_factory=dict)
    window: int = FIRST_IN_FLIGHT  # requests at once, one more with each that was accepted
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FIRST_IN_FLIGHT))
    own: Mapping[str, str] = field(init=False)  # without that file: instead of each channel, the one that its organisation has

    def __post_init__(self) -> None:
        self.own = {} if self.paths else own_channels(self.gateway)

    async def send_due(self, stream: Stream) -> None:
        """Send page after page of a stream until nothing of it is due or the run is over; a slow channel holds up no fast one."""
        under_way: dict[asyncio.Task[None], str] = {}  # pages, and over which channel
        async with asyncio.TaskGroup() as group:
            while not (self.ended or self.interrupted()):
                busy = Counter(under_way.values())
                claimed = Claim()
                if room := self._room(stream, busy):
                    if not await self._patiently(lambda: self._may_claim(stream)):
                        return
                    claimed = await self._patiently(partial(self._claim, stream, room, busy))
                    under_way |= {group.create_task(self._send(page)): page.rows[0].channel_id for page in claimed.pages}
                if not claimed.go_on:
                    if not under_way:
                        return
                    await asyncio.wait(under_way, timeout=REPLIES_EVERY, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(0)
                under_way = {page: channel_id for page, channel_id in under_way.items() if not page.done()}

    async def _send(self, page: Page) -> None:
        async with asyncio.TaskGroup() as requests:
            for index, row in enumerate(page.rows):
                if await self._may_go(page, index):
                    requests.create_task(self._post(page, row))
        await self._patiently(lambda: self._record(page))

    def _may_claim(self, stream: Stream) -> bool:
        if stream == CALLS_BACK:
            return self._somebody_waits()
        if stream.broadcast_id is None or self.errand is None:
            return True
        return not self.errand.hours.closed(self.gateway.clock())

    def _somebody_waits(self) -> bool:
        """Few ring and hang up: to look first costs no turn at writing."""
        with self.gateway.database.read() as db:
            return deliveries.is_call_back_due(db, self.gateway.clock())

    def _lines_of(self, medium: Medium) -> list[Line]:
        """Over which the broadcast may go by a medium."""
        errand = self.errand
        if errand is None:
            return []
        written = errand.broadcast.channel_id
        names = self.paths.carrying(errand.broadcast.organisation_id, medium) if self.paths else [self.own.get(written, written)]
        return [self._line(name, medium) for name in names]

    def _open(self, line: Line) -> bool:
        """Whether there are turns: who has none claims nothing."""
        try:
            if not line.open:
                line.turns.have_some()
        except Held as held:
            self._shut(line, held)
            return False
        except PacerDown:
            self.ended = True
            return False
        line.open = True
        return True

    def _shut(self, line: Line, held: Held) -> None:
        line.open, line.free_in = False, held.seconds
        if self.paths:
            with suppress(PacerDown):
                line.away = self.gateway.pacer.held(line.turns.key) is not None

    def _room(self, stream: Stream, busy: Counter[str]) -> int:
        """How many rows of a stream may be claimed, while so many pages of each channel are under way."""
        if stream.broadcast_id is None or self.errand is None:
            if self.paths:
                return REPLIES_PAGE
            settings = self.gateway.settings
            permitted = settings.messages_per_second if stream.medium == "sms" else settings.calls_per_second
            return 0 if busy else max(1, min(REPLIES_PAGE, int(permitted * PAGE_SECONDS)))
        lines = self._lines_of(stream.medium)
        if not lines:
            return PAGE  # nothing carries it any more, which the rows are to say
        wet = [line for line in lines if line.dry_until < time.monotonic()]
        return sum(self._standing(busy, line.channel_id, stream.medium).room for line in wet)  # of all, since each has its own pace

    def _claim(self, stream: Stream, room: int, busy: Counter[str]) -> Claim:
        now, token = self.gateway.clock(), self.gateway.new_id()
        lease = timedelta(seconds=self.gateway.settings.lease_seconds)
        claim = claiming.Claim(token, now, now + lease)
        waiting = self.paths.put_off if self.paths else 0
        with self.gateway.database.write() as db:
            choice = self.paths.choice(db, now, partial(self._standing, busy)) if self.paths else claiming.Choice(self._own)
            rows = claiming.claim_page(db, stream, room, claim, choice)
            if rows and stream.broadcast_id and stream.medium == "sms" and self.errand is not None and self.errand.personal:
                rows = self._addressed(db, self.errand.broadcast, rows)
            if rows and stream.broadcast_id and self.errand is not None and self.errand.costs:
                self.errand.costs.write(db, rows)
        by_channel: dict[str, list[Claimed]] = {}
        for row in rows:
            by_channel.setdefault(row.channel_id, []).append(row)
        cleared = self.paths is not None and self.paths.put_off > waiting
        if self.paths and stream.broadcast_id and len(rows) < room and not cleared:
            for line in self._lines_of(stream.medium):
                if line.channel_id not in by_channel:  # the next one comes at its pace, if any does
                    line.dry_until = time.monotonic() + (1 / line.turns.rate if busy[line.channel_id] else DRY_FOR)
        return Claim([Page(stream, token, own) for own in by_channel.values()], go_on=bool(rows) or cleared)

    def _own(self, row: Claimed) -> str:
        return self.own.get(row.channel_id, row.channel_id)

    def _standing(self, busy: Mapping[str, int], channel_id: str, medium: Medium) -> Standing:
        line = self._line(channel_id, medium)
        pace = line.turns.rate * line.turns.share
        if not self._open(line):
            return Standing(0, PAGES_AT_ONCE * self._share(line), pace, line.free_in, away=line.away)
        if line.turns.probing:
            return Standing(0 if busy[channel_id] else 1, 0, pace, 0.0, away=True)
        page = self._share(line)
        page = max(1, page * PAGE // max(PAGE, sum(map(self._share, self._lines_of(medium)))))
        return Standing(page if busy[channel_id] < PAGES_AT_ONCE else 0, PAGES_AT_ONCE * page, pace, 0.0, away=False)

    def _addressed(self, db: Connection, broadcast: Broadcast, rows: Sequence[Claimed]) -> list[Claimed]:
        """The rows with the words for each person: kept with the row, since by them the provider is asked about it."""
        seal, hers = self.gateway.seal, audience.addressed(db, [row.id for row in rows])
        bodies: dict[int, bytes] = {}
        for row in rows:
            if row.round != HEADS_UP:
                name, number = hers.get(row.id, (None, None))
                person = Person(seal.open(name) if name else None, number) if number else None
                bodies[row.id] = seal.seal(fill(self.gateway, broadcast, row.language, person))
        claiming.keep_words(db, bodies)
        return [replace(row, sealed_body=bodies.get(row.id)) for row in rows]

    def _share(self, line: Line) -> int:
        """How many rows a page may have over this line, at the present pace, which the pages that are sent at once share. A page must also
        be through long before its lease is over."""
        pace = line.turns.rate * line.turns.share / PAGES_AT_ONCE
        return max(1, min(PAGE, int(pace * min(PAGE_SECONDS, self.gateway.settings.lease_seconds / 3))))

    # --- before the request --------------------------------------------------------------------------------------------------------

    async def _may_go(self, page: Page, index: int) -> bool:
        """Wait for a free connection and our turn, then look at the fence. True: the row must be sent at once, and holds a slot."""
        row = page.rows[index]
        barred: Outcome | None = outcomes.put_back(row, page.not_before)
        if not (self.ended or page.over):
            await self.slots.acquire()
            barred = await self._barred(page, index)
            if barred is None:
                return True
            self.slots.release()
        if barred is not None:
            page.outcomes.append(barred)
        return False

    async def _barred(self, page: Page, index: int) -> Outcome | None:
        """What becomes of a row that must not be sent now; None where it may."""
        row = page.rows[index]
        line = self._line(row.channel_id, row.medium)
        if no_way := self._no_way(row):
            return claiming.Outcome(row.id, "failed", error=no_way)
        if self.paths and not line.open:
            return outcomes.put_back(row, self.gateway.clock() + timedelta(seconds=line.free_in))
        try:
            await line.turns.one()
        except PacerDown:
            self.ended = True
            return outcomes.put_back(row)
        except Held as held:
            self._shut(line, held)
            # Of a broadcast by one channel nothing more goes out now; what goes by others goes on.
            page.over = page.stream.broadcast_id is not None and self.paths is None
            return outcomes.put_back(row, None if page.over else self.gateway.clock() + timedelta(seconds=held.seconds))
        if index >= page.cleared_to or time.monotonic() > page.cleared_until:
            await self._patiently(lambda: self._look_at_fence(page, index))
        if row.id not in page.cleared:
            return outcomes.put_back(row, page.not_before)
        error = page.cleared[row.id]
        return outcomes.suppressed(row, error) if error else None

    def _no_way(self, row: Claimed) -> str | None:
        """The error of a row that none of our numbers may take any more."""
        if self.paths:
            return None if self.paths.candidates(row) else "send:no-route"
        return None if self._line(row.channel_id, row.medium).provider in self.gateway.providers.by_name else "send:no-channel"

    def _look_at_fence(self, page: Page, index: int) -> None:
        now, group = self.gateway.clock(), page.rows[index : index + FENCED]
        page.cleared, page.cleared_to, page.cleared_until = {}, index + len(group), time.monotonic() + FRESH
        if page.stream == CALLS_BACK and consent.quiet(now):  # the day ended since they were claimed
            page.over = True
            return
        if page.stream.broadcast_id and self.errand and self.errand.hours.closed(now):
            page.not_before, page.over, self.ended = self.errand.hours.open_at(now), True, True
            return
        # What is left of the lease must be longer than a request may take.
        claim = claiming.Claim(page.token, now, now + timedelta(seconds=self.gateway.settings.lease_seconds / 3))
        with self.gateway.database.read() as db:
            page.cleared = claiming.fence(db, page.stream.broadcast_id, group, claim)
        page.over = not page.cleared

    def _line(self, channel_id: str, medium: Medium) -> Line:
        key = line_of(channel_id, medium)
        if key not in self.lines:
            with self.gateway.database.read() as db:
                channel = channels.get(db, channel_id)
            if channel is None:
                raise GatewayError("channels:not-written", name=channel_id)
            pace = channel.messages_per_second if medium == "sms" else channel.calls_per_second
            self.lines[key] = Line(channel.id, channel.provider, channel.address, Turns(self.gateway.pacer, key, pace))
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
            further = self.paths is not None and self.paths.further(row)
            self._heed(page, row, error, further=further)
            away = not self._line(row.channel_id, row.medium).open
            return outcomes.refused(row, error, self.gateway.clock(), further=further, away=away)
        except Exception as error:  # noqa: BLE001 - the request may have left: nobody can tell
            log.error("delivery %d ended unclear: %s", row.id, type(error).__name__)  # noqa: TRY400
            return outcomes.unclear(row, "send:internal")
        self._answered(row)
        line = self._line(row.channel_id, row.medium)
        line.misconfigured, line.throttled_at = 0, 0.0
        if self.window < IN_FLIGHT:
            self.window += 1
            self.slots.release()
        return claiming.Outcome(row.id, accepted.status, external_id=accepted.external_id)

    def _compose(self, page: Page, row: Claimed) -> Awaitable[Accepted]:
        line = self._line(row.channel_id, row.medium)
        provider: Provider = self.gateway.providers[line.provider]
        recipient = self.gateway.seal.open(row.sealed)
        if row.medium == "voice":
            return provider.place_call(self.http, OutboundCall(row.id, line.sender, recipient))
        return provider.send_message(self.http, OutboundMessage(row.id, line.sender, recipient, self._words(page, row)))

    def _words(self, page: Page, row: Claimed) -> str:
        if page.stream.broadcast_id is None or self.errand is None or row.sealed_body is not None:
            return self.gateway.seal.open(row.sealed_body or b"")
        return self.errand.broadcast.texts[row.language]

    def _answered(self, row: Claimed) -> None:
        """The provider is there."""
        line = self._line(row.channel_id, row.medium)
        line.faults = 0
        if line.turns.probing:
            line.turns.probing = False
            with suppress(PacerDown):
                self.gateway.pacer.resume(line.turns.key)

    def _failed(self, row: Claimed, tries: float) -> None:
        """The provider is perhaps away: after some faults in a row, after so many tries of one row, or after one try if it is back, it is
        left alone."""
        line = self._line(row.channel_id, row.medium)
        line.faults += 1
        if line.faults == FAULTS_IN_A_ROW or row.attempt >= tries or line.turns.probing:
            self._leave_alone(line)

    def _takes_nothing(self, line: Line) -> bool:
        """Whether a provider that says that it is too much has said so of everything for a while."""
        now = time.monotonic()
        line.throttled_at = line.throttled_at or now
        return line.turns.probing or now - line.throttled_at > THROTTLED_FOR

    def _leave_alone(self, line: Line) -> None:
        line.open = False
        line.turns.forget()
        self.gateway.pacer.hold(line.turns.key)

    def _heed(self, page: Page, row: Claimed, error: SendError, *, further: bool) -> None:
        """What a refusal means for the rows that come after this one; `further`: another channel takes them."""
        try:
            if error.fault in {SendFault.UNREACHABLE, SendFault.AMBIGUOUS}:
                self._failed(row, TRIES if further else math.inf)
                return
            line = self._line(row.channel_id, row.medium)
            if error.fault is SendFault.THROTTLED and further and self._takes_nothing(line):
                self._leave_alone(line)
                return
            self._answered(row)
            match error.fault:
                case SendFault.THROTTLED:
                    self.gateway.pacer.refused(line.turns.key, error.retry_after or 0.0)
                case SendFault.OPTED_OUT:
                    page.opted_out.append(row.phone_id)
                case SendFault.MISCONFIGURED:
                    line.misconfigured += 1
                    if further and line.misconfigured >= MISCONFIGURED_IN_A_ROW:
                        self._leave_alone(line)
                    elif max(line.misconfigured, row.attempt) >= MISCONFIGURED_IN_A_ROW:
                        self.ended = True
                        page.misconfigured = str(error)[:48]
                case _:
                    pass
        except PacerDown:
            self.ended = True

    # --- after the requests --------------------------------------------------------------------------------------------------------

    def _record(self, page: Page) -> None:
        now = self.gateway.clock()
        with self.gateway.database.write() as db:
            claiming.record(db, page.outcomes, page.token, now)
            for phone_id in page.opted_out:
                phones.stop(db, phone_id, now)
            if page.misconfigured and page.stream.broadcast_id:
                broadcasts.pause(db, page.stream.broadcast_id, page.misconfigured)
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
