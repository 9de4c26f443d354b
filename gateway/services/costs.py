"""What the rows of a broadcast cost by the channels over which they go. When they are written nobody knows these: the price of the plan is
that of the first channel of a route, and where another one takes a row, its price is written instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gateway.core import phone
from gateway.core.calendar import NEPAL
from gateway.errors import GatewayError
from gateway.services.broadcast import content
from gateway.services.broadcast.draft import Draft
from gateway.services.broadcast.heads_up import ROUND as HEADS_UP
from gateway.services.tariff import Tariff, tariff
from gateway.store import channels, claiming

if TYPE_CHECKING:
    from gateway.services.broadcast.content import Lengths
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast
    from gateway.store.claiming import Claimed
    from gateway.store.database import Connection


@dataclass(frozen=True)  # without slots: what is looked up once is kept beside the fields
class Costs:
    """The prices of one broadcast, looked up when the first row needs them."""

    gateway: Gateway
    broadcast: Broadcast

    def write(self, db: Connection, rows: Sequence[Claimed]) -> None:
        """Write what these rows cost, in the transaction in which they were claimed, where that may not be what was planned."""
        if self.gateway.ways is None or len(self.gateway.ways.channels) == 1:
            return
        known = self._tariff
        if known is None:
            return
        found: dict[int, list[int]] = {}
        for row in rows:
            operator = phone.operator(self.gateway.seal.open(row.sealed))
            each = known.over(row.channel_id, row.medium, operator)
            if row.attempt > 1 or each != known.of(row.medium, operator):
                units = 1 if row.round == HEADS_UP else self._lengths.of(row.medium).get(row.language)
                if units is not None:
                    found.setdefault(units * each, []).append(row.id)
        claiming.price(db, found)

    @cached_property
    def _tariff(self) -> Tariff | None:
        with self.gateway.database.read() as db:
            channel = channels.get(db, self.broadcast.channel_id)
            return tariff(self.gateway, db, channel, self.gateway.clock().astimezone(NEPAL).date()) if channel else None

    @cached_property
    def _lengths(self) -> Lengths:
        """Empty where what it says is there no more."""
        with self.gateway.database.read() as db:
            try:
                return content.measure(self.gateway, db, self.broadcast.organisation_id, Draft.of(self.broadcast))
            except GatewayError:
                return content.Lengths({}, {}, {})
