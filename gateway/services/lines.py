"""Lines: a channel as one medium uses it, with its turns; and which of them are left alone because their provider is away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

import structlog

from gateway.core.events import MEDIA, Medium
from gateway.errors import GatewayError
from gateway.queues.pacer import PacerDown
from gateway.services.access import Permission
from gateway.services.turns import Turns
from gateway.store import channels

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel

log = structlog.get_logger(__name__)


def line_of(channel_id: str, medium: Medium) -> str:
    """The name of a line at the pacer."""
    return f"{channel_id}:{medium}"


@dataclass(slots=True)
class Line:
    """A channel in use for one medium: whose API, from which number, at whose turns."""

    channel_id: str
    provider: str
    sender: str
    turns: Turns
    open: bool = False  # it had turns for us in this run
    free_in: float = 0.0  # seconds, where it had none
    away: bool = False  # its provider is, so that another channel may take its place
    dry_until: float = 0.0  # monotonic: nothing was due for it when all that is due was looked at
    faults: int = 0  # in a row
    misconfigured: int = 0  # refusals since something was accepted
    throttled_at: float = 0.0  # monotonic: the first time since then that it was too much


@dataclass(frozen=True, slots=True)
class HeldChannel:
    """A channel that is left alone by one medium because its provider failed again and again, `since` then: tried anew in `seconds`."""

    channel_id: str
    address: str
    medium: Medium
    seconds: float
    since: datetime


def tell(gateway: Gateway, provider: str, address: str, *, is_there: bool) -> None:
    """A provider says whether anybody is behind this number of ours, as when a phone is switched off and on: while nobody is, its texts go
    another way, or wait, until one that tries gets through. GatewayError `queue:unavailable`."""
    with gateway.database.read() as db:
        channel = channels.by_address(db, provider, address)
    if channel is None:
        return
    line = line_of(channel.id, "sms")
    try:
        if is_there is (gateway.pacer.held(line) is None):
            return
        (gateway.pacer.resume if is_there else gateway.pacer.hold)(line)
    except PacerDown as error:
        raise GatewayError("queue:unavailable") from error
    log.warning("channel_is_back" if is_there else "channel_is_away", channel=channel.id)


def held_channels(gateway: Gateway, actor: Actor) -> list[HeldChannel]:
    """Which channels of the actor's organisation are held. GatewayError `queue:unavailable` where Redis does not answer."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        ours = channels.of_organisation(db, actor.organisation_id)
    try:
        return held_of(gateway, ours)
    except PacerDown as error:
        raise GatewayError("queue:unavailable") from error


def held_of(gateway: Gateway, these: Iterable[Channel]) -> list[HeldChannel]:
    """Which of these channels are held. Raises PacerDown."""
    found = []
    for channel, medium in product(these, MEDIA):
        line = line_of(channel.id, medium)
        seconds, away = gateway.pacer.held(line), gateway.pacer.away(line)
        if seconds is not None and away is not None:
            since = gateway.clock() - timedelta(seconds=away)
            found.append(HeldChannel(channel.id, channel.address, medium, seconds, since))
    return found
