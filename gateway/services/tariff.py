"""What one segment, or one begun minute, costs to whom, and how fast it goes: by the channel that would take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

from gateway.core.events import MEDIA
from gateway.core.phone import ABROAD, EVERYBODY
from gateway.services import routing
from gateway.store import channels, prices
from gateway.store.prices import Prices

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel
    from gateway.store.database import Connection


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices of the channels that would take something, by medium and operator; `otherwise` is for all that are not named."""

    otherwise: Prices
    named: Mapping[tuple[str, str], Prices]

    def of(self, medium: str, operator: str) -> int:
        """Paisa for one segment to, or one begun minute with, somebody of this operator."""
        return self.named.get((medium, operator), self.otherwise).of(medium, operator)

    def operators(self, medium: str) -> list[str]:
        """The operators that have a price of their own, and "" for all others."""
        return sorted({operator for of, operator in self.named if of == medium} | set(self.otherwise.operators(medium)))

    def pace(self, medium: str) -> int:
        """Texts, or calls begun, in a second: of all channels together that would take some."""
        used = {found.channel.id: found.channel for (of, operator), found in self.named.items() if of == medium and operator != ABROAD}
        return sum(_pace(channel, medium) for channel in used.values()) or _pace(self.otherwise.channel, medium)

    def seconds_each(self, medium: str, reached: Mapping[tuple[str, str, str], int]) -> float:
        """Seconds for each of those who get it by a medium (`gateway.store.audience.Counted`): each channel takes its own, and the last of
        them is through when the slowest is."""
        owed: Counter[Channel] = Counter()
        for (of, _, operator), number in reached.items():
            if of == medium:
                owed[self.named.get((medium, operator), self.otherwise).channel] += number
        return max(number / _pace(channel, medium) for channel, number in owed.items()) / owed.total()


def tariff(gateway: Gateway, db: Connection, channel: Channel, day: date) -> Tariff:
    """The prices of a day of Nepal; `channel` takes what no route names."""
    router = routing.router(gateway, channel.organisation_id)
    listed: dict[str, Prices] = {channel.id: prices.on(db, channel, day)}
    named: dict[tuple[str, str], Prices] = {}
    if router is None:
        return Tariff(listed[channel.id], named)
    for medium, operator in product(MEDIA, EVERYBODY):
        first = next(iter(router.planned(medium, "broadcast", operator)), None)
        if first is not None and first not in listed and (found := channels.get(db, first)):
            listed[first] = prices.on(db, found, day)
        if first in listed:
            named[medium, operator] = listed[first]
    return Tariff(listed[channel.id], named)


def _pace(channel: Channel, medium: str) -> int:
    return channel.messages_per_second if medium == "sms" else channel.calls_per_second
