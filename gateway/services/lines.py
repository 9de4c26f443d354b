"""Lines: a channel as one medium uses it, with its turns; and which of them are left alone because their provider is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.core.events import MEDIA, Medium
from gateway.services.turns import Turns

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel


def line_of(channel_id: str, medium: Medium) -> str:
    """The name of a line at the pacer."""
    return f"{channel_id}:{medium}"


@dataclass(slots=True)
class Line:
    """A channel in use for one medium: whose API, from which number, at whose turns."""

    provider: str
    sender: str
    turns: Turns
    open: bool = False  # it had turns for us in this run
    free_in: float = 0.0  # seconds, where it had none
    away: bool = False  # its provider is, so that another channel may take its place
    faults: int = 0  # in a row
    misconfigured: int = 0  # refusals since something was accepted


@dataclass(frozen=True, slots=True)
class Held:
    """By this medium a channel is left alone `since` then, because its provider failed again and again: tried anew in `seconds`."""

    medium: Medium
    seconds: float
    since: datetime


def held(gateway: Gateway, channel: Channel) -> list[Held]:
    """By which media a channel is held. Raises PacerDown."""
    found = []
    for medium in MEDIA:
        line = line_of(channel.id, medium)
        seconds, away = gateway.pacer.held(line), gateway.pacer.away(line)
        if seconds is not None and away is not None:
            found.append(Held(medium, seconds, gateway.clock() - timedelta(seconds=away)))
    return found
