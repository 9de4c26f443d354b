"""Whether the phones that our SIMs are in are on: asked now and then, so that somebody sees it before anybody has to be told anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.providers.android import Watched
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import HttpSession, open_http
from gateway.services import lines
from gateway.store import channels, sweeps

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel

ASKED = "presence"  # of `gateway.store.sweeps`
ASKED_EVERY = timedelta(minutes=10)
ASKED_AT_ONCE = 4


def look(gateway: Gateway) -> None:
    """Hold the channels whose phone is off, and let those go on whose phone is back."""
    watched = {name: provider for name, provider in gateway.providers.by_name.items() if isinstance(provider, Watched)}
    if not watched:
        return
    with gateway.database.write() as db:
        if not sweeps.my_turn(db, ASKED, gateway.clock(), ASKED_EVERY):
            return
        ours = [channel for channel in channels.every(db) if channel.provider in watched]
    for channel, is_on in asyncio.run(_ask((channel, watched[channel.provider]) for channel in ours)):
        if is_on is not None:
            lines.tell(gateway, channel.provider, channel.address, is_there=is_on)


async def _ask(phones: Iterable[tuple[Channel, Watched]]) -> list[tuple[Channel, bool | None]]:
    async with open_http(ASKED_AT_ONCE) as http:
        answers = {channel: asyncio.create_task(_is_on(http, provider, channel.address)) for channel, provider in phones}
        return [(channel, await answer) for channel, answer in answers.items()]


async def _is_on(http: HttpSession, provider: Watched, number: str) -> bool | None:
    try:
        return await provider.is_on(http, number)
    except SendError as error:
        return False if error.fault is SendFault.UNREACHABLE else None
