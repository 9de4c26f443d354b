"""What one segment, or one begun minute, costs on a channel: a dated table for each operator. A price holds until the next one.

What the table does not name costs what the channel's own price says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, select

from gateway.store.channels import Channel
from gateway.store.database import Connection
from gateway.store.models import prices
from gateway.store.rows import columns, insert_into


class PriceRow(NamedTuple):
    """A price from a day of Nepal on, in ISO form. `operator` is one of `gateway.core.phone.operator`, or "" for all that have none of
    their own; `paisa` are of a segment, or of a begun minute; `source` tells where it was published."""

    channel_id: str
    medium: str
    operator: str
    from_day: str
    paisa: int
    source: str


@dataclass(frozen=True, slots=True)
class Prices:
    """What a channel costs on one day, in paisa."""

    channel: Channel
    named: Mapping[tuple[str, str], int]

    def of(self, medium: str, operator: str) -> int:
        """One segment to, or one begun minute with, somebody of this operator."""
        own = self.channel.segment_price if medium == "sms" else self.channel.minute_price
        return self.named.get((medium, operator), self.named.get((medium, ""), own))

    def operators(self, medium: str) -> list[str]:
        """The operators that have a price of their own, and "" for all others."""
        return sorted({operator for of, operator in self.named if of == medium} | {""})


_OF_CHANNEL = select(*columns(prices, PriceRow)).where(prices.c.channel_id == bindparam("channel"))
_UNTIL = _OF_CHANNEL.where(prices.c.from_day <= bindparam("day")).order_by(prices.c.from_day)
_LIST = _OF_CHANNEL.order_by(prices.c.medium, prices.c.operator, prices.c.from_day)
_SET = insert_into(prices)
_SET = _SET.on_conflict_do_update(
    index_elements=["channel_id", "medium", "operator", "from_day"], set_={name: _SET.excluded[name] for name in ("paisa", "source")}
)


def on(db: Connection, channel: Channel, day: date) -> Prices:
    """The prices of a channel on a day of Nepal: of each medium and operator the newest that has begun."""
    rows = (PriceRow(*row) for row in db.execute(_UNTIL, {"channel": channel.id, "day": day.isoformat()}))
    return Prices(channel, {(row.medium, row.operator): row.paisa for row in rows})


def price(db: Connection, channel: Channel, medium: str, operator: str, day: date) -> int:
    """Paisa for one segment, or one begun minute, on a day of Nepal."""
    return on(db, channel, day).of(medium, operator)


def list_all(db: Connection, channel_id: str) -> list[PriceRow]:
    """Every price of a channel, the earlier ones too."""
    return [PriceRow(*row) for row in db.execute(_LIST, {"channel": channel_id})]


def put(db: Connection, rows: Iterable[PriceRow]) -> None:
    """Write prices down; one of the same day is replaced."""
    for row in rows:
        db.execute(_SET, row._asdict())
