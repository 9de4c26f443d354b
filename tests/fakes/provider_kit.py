"""What all fakes of providers share: a real server on loopback with a ledger, which fails on order.

    with FakeSparrow(faults={"throttled": 0.05, "reset_after": 0.02}) as fake:
        ...                      # point the provider's address at fake.url
        assert [sent.to for sent in fake.ledger] == [...]

The ledger is the truth about what reached people: an entry stands in it exactly when the provider accepted. `faults` are probabilities for
each request, `numbers` gives single numbers (as they are written to this provider) a fault, always, or a list of them, each once and then
none. Besides the names in FAULTS a code of the provider is a fault: a refusal with that code.

A new fake of a text provider is a `FakeTexts` with three methods: `read`, `accepted` and `refusal`.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

FAULTS = (
    "throttled",  # 429 with Retry-After, not taken
    "error_before",  # 500, not taken
    "error_after",  # 500, taken
    "reset_before",  # the connection breaks, not taken
    "reset_after",  # the connection breaks, taken
    "drip",  # taken, then the answer comes a byte at a time
    "slow",  # taken, then nothing comes for longer than anybody waits
    "garbage",  # taken, and answered with a page of HTML
    "huge",  # taken, and answered with ten megabytes
    "redirect",  # 307 to elsewhere, not taken
)
NOT_TAKEN = {"throttled", "error_before", "reset_before", "redirect"}


class FakeProvider:
    """The server; a context manager. `requests` counts what came, `violations` names breaches of the provider's contract."""

    known_faults: tuple[str, ...] = FAULTS

    def __init__(
        self,
        *,
        faults: Mapping[str, float] | None = None,
        numbers: Mapping[str, str | Sequence[str]] | None = None,
        seed: int = 1,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        unknown = [name for name in faults or {} if name not in self.known_faults and not name.isdigit()]
        if unknown:
            raise ValueError(f"no such fault: {sorted(unknown)}")
        self.faults = dict(faults or {})
        self.numbers = {to: itertools.repeat(given) if isinstance(given, str) else iter(given) for to, given in (numbers or {}).items()}
        self.latency = latency
        self.requests = 0
        self.violations: list[str] = []
        self.peers: set[object] = set()  # one for each connection that was made
        self._random = random.Random(seed)
        self._port = port
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name=type(self).__name__, daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError(f"{type(self).__name__} did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        raise NotImplementedError

    def error(self) -> web.Response:
        """What it answers when it fails."""
        return web.Response(status=500, text="Internal Server Error")

    def too_many(self) -> web.Response:
        return web.Response(status=429, text="Too Many Requests", headers={"Retry-After": "1"})

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.ServerRunner(web.Server(self._meet, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self._port, backlog=1024).start()
        self._port = runner.addresses[0][1]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _meet(self, request: web.BaseRequest) -> web.StreamResponse:
        self.peers.add(request.transport.get_extra_info("peername"))
        return await self.handle(request)

    def choose(self, to: str) -> str:
        """The fault that this request meets; mostly none."""
        if to in self.numbers:
            return next(self.numbers[to], "")
        draw = self._random.random()
        for fault, probability in self.faults.items():
            draw -= probability
            if draw < 0:
                return fault
        return ""

    async def answered(self, request: web.BaseRequest, fault: str, good: web.Response) -> web.StreamResponse:
        """The good answer, or what the fault makes of it."""
        if fault.startswith("reset"):
            request.transport.abort()
        if fault == "slow":
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(30)
        if fault == "drip":
            return await _drip(request, good)
        wrong = {
            "throttled": self.too_many,
            "error_before": self.error,
            "error_after": self.error,
            "redirect": lambda: web.Response(status=307, headers={"Location": f"{self.url}/elsewhere"}),
            "garbage": lambda: web.Response(status=good.status, text="<html><body>It works!</body></html>", content_type="text/html"),
            "huge": lambda: web.Response(text=" " * 10_000_000 + (good.text or ""), status=good.status, content_type=good.content_type),
        }
        return wrong[fault]() if fault in wrong else good


@dataclass(frozen=True)
class Text:
    """One accepted text, its numbers as they were written to this provider. `at` is seconds since 1970."""

    to: str
    text: str
    sender: str = ""
    at: float = field(default_factory=time.time, compare=False)


class FakeTexts(FakeProvider):
    """A provider that takes one text in one request."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.ledger: list[Text] = []

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests += 1
        if self.latency:
            await asyncio.sleep(self.latency)
        read = await self.read(request)
        if not isinstance(read, Text):
            return read
        fault = self.choose(read.to)
        if fault and fault not in self.known_faults:
            return self.refusal(fault)
        if fault not in NOT_TAKEN:
            self.ledger.append(read)
        return await self.answered(request, fault, self.accepted(read))

    async def read(self, request: web.BaseRequest) -> Text | web.Response:
        """The text, or the provider's answer to what it does not take."""
        raise NotImplementedError

    def accepted(self, _taken: Text) -> web.Response:
        raise NotImplementedError

    def refusal(self, code: str) -> web.Response:
        raise NotImplementedError


async def _drip(request: web.BaseRequest, good: web.Response) -> web.StreamResponse:
    body = (good.text or "").encode()
    response = web.StreamResponse(status=good.status, headers={"Content-Length": str(len(body))})
    await response.prepare(request)
    with suppress(ConnectionError):  # nobody waits so long
        for byte in body:
            await response.write(bytes([byte]))
            await asyncio.sleep(0.5)
    return response
