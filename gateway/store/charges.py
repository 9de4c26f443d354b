"""What the provider charged for what was sent, as its list tells some time later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, exists, or_, select, update

from gateway.core.events import Medium
from gateway.store.models import Instant, broadcasts, channels, deliveries


class Bill(NamedTuple):
    """A broadcast that is over and of which not all is charged. `page` is where reading the providers' lists goes on."""

    broadcast_id: str
    approved_at: datetime
    finished_at: datetime
    page: str | None


class Listed(NamedTuple):
    """A provider's list in which a part of a broadcast stands: what went out by a medium from one of our numbers."""

    channel_id: str
    provider: str
    sender: str
    medium: Medium


class Charged(NamedTuple):
    """Of something that went out over a channel; `amount` is millionths of `currency`."""

    of_channel: str
    charged_id: str  # the provider's
    amount: int
    currency: str


_UNCHARGED = exists(
    select(deliveries.c.id).where(
        deliveries.c.broadcast_id == broadcasts.c.id,
        deliveries.c.state.not_in(("queued", "sending", "suppressed")),
        deliveries.c.external_id.is_not(None),
        deliveries.c.charged.is_(None),
    )
)
_DUE = (
    select(
        *(broadcasts.c[name] for name in ("id", "approved_at", "finished_at", "charges_page")),
    )
    .where(
        broadcasts.c.approved_at.is_not(None),
        broadcasts.c.finished_at.between(bindparam("given_up", type_=Instant()), bindparam("over", type_=Instant())),
        or_(
            broadcasts.c.charges_page.is_not(None),
            and_(or_(broadcasts.c.charges_at.is_(None), broadcasts.c.charges_at <= bindparam("before", type_=Instant())), _UNCHARGED),
        ),
    )
    .order_by(broadcasts.c.finished_at)
)
_LISTED = (
    select(deliveries.c.channel_id, channels.c.provider, channels.c.address, deliveries.c.medium)
    .join(channels, channels.c.id == deliveries.c.channel_id)
    .where(deliveries.c.broadcast_id == bindparam("broadcast"), deliveries.c.external_id.is_not(None))
    .distinct()
    .order_by(deliveries.c.channel_id, deliveries.c.medium)
)
_CHARGE = (
    update(deliveries)
    .where(
        deliveries.c.external_id == bindparam("charged_id"),
        deliveries.c.channel_id == bindparam("of_channel"),
        deliveries.c.charged.is_(None),
    )
    .values(charged=bindparam("amount"), charged_in=bindparam("currency"))
)
_READ_TO = update(broadcasts).where(
    broadcasts.c.id == bindparam("broadcast"),
    broadcasts.c.charges_page.is_not_distinct_from(bindparam("was", type_=broadcasts.c.charges_page.type)),
)
_GO_ON = _READ_TO.values(charges_page=bindparam("page"))
_END = _READ_TO.values(charges_page=None, charges_at=bindparam("now", type_=Instant()))


def due(db: Connection, now: datetime, settles: timedelta, every: timedelta, gives_up: timedelta) -> list[Bill]:
    """Broadcasts that were over between `gives_up` and `settles` ago, not read in the last `every`, those that were over first first."""
    parameters = {"given_up": now - gives_up, "over": now - settles, "before": now - every}
    return [Bill(*row) for row in db.execute(_DUE, parameters)]


def lists(db: Connection, broadcast_id: str) -> list[Listed]:
    """The lists in which a broadcast stands: one for each channel and medium by which something of it went out."""
    return [Listed(*row) for row in db.execute(_LISTED, {"broadcast": broadcast_id})]


def note(db: Connection, bill: Bill, charges: Iterable[Charged], page: str | None, now: datetime) -> None:
    """Write down a page of what a channel's provider charged, and where reading goes on; None: it was read to the end."""
    rows = [each._asdict() for each in charges]
    if rows:
        db.execute(_CHARGE, rows)
    read = {"broadcast": bill.broadcast_id, "was": bill.page}
    db.execute(*(_END, read | {"now": now}) if page is None else (_GO_ON, read | {"page": page}))
