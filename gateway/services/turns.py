"""Waiting for one's turn to send: the pacer's blocks, spent one by one at their own moments."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.queues.pacer import Pacer

TOLERANCE = 0.002  # seconds by which a turn may be late and still be used
WORTH_SLEEPING = 0.0005  # seconds; the event loop cannot wait more finely


class Held(Exception):  # noqa: N818 - the name of what happened
    """No turn is to be had for so many `seconds`: somebody else has them, or the provider is away."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(slots=True)
class Turns:
    """The turns of one channel and medium (`key`), `rate` a second at most. `probing`: the one turn that tries if the provider is back."""

    pacer: Pacer
    key: str
    rate: float
    share: float = 1.0
    probing: bool = False
    _left: int = field(default=0, init=False)
    _next: float = field(default=0.0, init=False)
    _interval: float = field(default=0.0, init=False)

    async def one(self) -> None:
        """Return when it is our turn. Raises Held, or PacerDown."""
        self._drop_the_late()
        self.have_some()
        due = self._next
        self._next += self._interval
        self._left -= 1
        wait = due - time.monotonic()
        if wait > WORTH_SLEEPING:
            await asyncio.sleep(wait)

    def have_some(self) -> None:
        """Take turns from the pacer where there are none in hand. Raises Held, or PacerDown."""
        if self._left == 0:
            self._take()

    def forget(self) -> None:
        """Give up what is in hand: the provider is away."""
        self._left, self.probing = 0, False

    def _drop_the_late(self) -> None:
        # What was missed while the process was busy is lost: to make up for it would put more than the rate into one second.
        late = time.monotonic() - self._next
        if self._left and not self.probing and late > max(self._interval, TOLERANCE):
            missed = min(self._left, int(late / self._interval))
            self._left -= missed
            self._next += missed * self._interval

    def _take(self) -> None:
        block = self.pacer.take(self.key, self.rate)
        self.share = block.share
        if block.count == 0:
            raise Held(block.wait)
        self._left, self.probing = block.count, block.probe
        self._next = time.monotonic() + block.wait
        self._interval = block.interval
