"""Writing the deliveries of an approved broadcast, batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from gateway.core import consent
from gateway.core.calendar import NEPAL
from gateway.core.jobs import Job, SendBatch
from gateway.services.broadcast import content, heads_up
from gateway.services.broadcast.draft import Draft
from gateway.services.tariff import tariff
from gateway.store import audience, broadcasts, channels
from gateway.store.audience import Due

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast

MEMBERS_EXPANDED = 2_000  # in one transaction, for which others wait on SQLite
FIRST_BATCH = 500  # so that the first message leaves at once
CALLS_FROM, CALLS_TO = 11, 19  # in which hours somebody is called whose own hour we do not know


def expand(gateway: Gateway, broadcast_id: str, *, stop: Callable[[], bool] = lambda: False) -> list[Job]:
    """Write the deliveries of an approved broadcast from where the last run ended; sending begins after the first batch."""
    with gateway.database.read() as db:
        broadcast = broadcasts.load(db, broadcast_id)
        channel = channels.get(db, broadcast.channel_id) if broadcast else None
    if broadcast is None or channel is None or broadcast.expanded or broadcast.state not in {"approved", "sending"}:
        return []
    with gateway.database.read() as db:
        long = content.measure(gateway, db, broadcast.organisation_id, Draft.of(broadcast))
        prices = content.price_list(
            tariff(gateway, db, channel, content.first_day(broadcast, broadcast.approved_at or gateway.clock())), long
        )
    expansion = audience.Expansion(broadcast, long.told, prices, due(broadcast, gateway.clock()))
    size, rung = FIRST_BATCH, False
    while not stop():
        with gateway.database.write() as db:
            after = broadcasts.expanded_to(db, broadcast_id)
            written = expansion.write_batch(db, size, gateway.clock())
            heads_up.announce(gateway, db, broadcast, after)
            broadcasts.begin(db, broadcast_id)
        if written is None:
            break
        if written and not rung:
            gateway.enqueue([SendBatch(broadcast_id)])
            rung = True
        gateway.database.let_others()
        size = MEMBERS_EXPANDED
    with gateway.database.read() as db:
        broadcasts.analyse(db)
    return [SendBatch(broadcast_id)]


def due(broadcast: Broadcast | Draft, now: datetime, opens_at: Callable[[datetime], datetime] = consent.opens_at) -> Due:
    """When the deliveries of a broadcast may go out at the earliest: from its start on, and each in her best hour where it asks for that.

    A best hour in the quiet hours becomes the nearest outside them. Who would be told too late in hers, is told as soon as may be.
    """
    start = broadcast.starts_at if broadcast.starts_at and broadcast.starts_at > now else None
    if not broadcast.best_hour or broadcast.life_safety_by:
        return Due(otherwise={"sms": start, "voice": start})

    def within(first: int, end: int) -> datetime:
        at = _next_within(start or now, (first, end), opens_at)
        return opens_at(start or now) if broadcast.expires_at and at >= broadcast.expires_at else at

    hours = range(consent.OPENS.hour, consent.CLOSES.hour)
    own = {hour: min(max(hour, hours[0]), hours[-1]) for hour in range(24)}
    return Due({hour: within(near, near + 1) for hour, near in own.items()}, {"sms": start, "voice": within(CALLS_FROM, CALLS_TO)})


def _next_within(begins: datetime, hours: tuple[int, int], opens_at: Callable[[datetime], datetime]) -> datetime:
    """The first moment from `begins` on that lies between two hours in Nepal, on a day on which we may send."""
    at = opens_at(begins.astimezone(NEPAL))
    while not hours[0] <= at.hour < hours[1]:
        day = at.date() if at.hour < hours[0] else at.date() + timedelta(days=1)
        at = opens_at(datetime.combine(day, time(hours[0]), NEPAL))
    return at
