"""What the providers charged for broadcasts that are over: read from their lists, page by page, and on later days again for what had no
price yet."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from gateway.providers.base import Billed, Charges
from gateway.providers.faults import SendError
from gateway.providers.http import HttpSession, open_http
from gateway.store import charges
from gateway.store.charges import Bill, Charged, Listed

if TYPE_CHECKING:
    from gateway.services.context import Gateway

log = structlog.get_logger(__name__)

SETTLES = timedelta(hours=1)  # before that hardly anything has its price
EVERY = timedelta(days=1)
GIVES_UP = timedelta(days=5)  # what has no price by then never gets one: a call that nobody answered costs nothing
LONGEST = 3.0  # seconds of one sweep; the next one goes on where this one stopped


def collect(gateway: Gateway) -> None:
    """Read on in the providers' lists, for some seconds."""
    with gateway.database.read() as db:
        bills = charges.due(db, gateway.clock(), SETTLES, EVERY, GIVES_UP)
    if bills:
        asyncio.run(_read(gateway, bills))


async def _read(gateway: Gateway, bills: list[Bill]) -> None:
    until = time.monotonic() + LONGEST
    async with open_http(1) as http:
        for bill in bills:
            reading: Bill | None = bill
            with gateway.database.read() as db:
                lists = {f"{each.channel_id}:{each.medium}": each for each in charges.lists(db, bill.broadcast_id)}
            while reading is not None and time.monotonic() < until:
                name, _, page = (reading.page or next(iter(lists), "")).partition(" ")
                if name not in lists:  # what went out over it was erased meanwhile
                    break
                try:
                    read = await _page(gateway, http, bill, lists[name], page or None)
                except SendError as error:
                    log.warning("charges_not_read", fault=error.fault.value)
                    break  # another provider may answer
                told = [Charged(lists[name].channel_id, each.external_id, each.amount, each.currency) for each in read.charges]
                follows = f"{name} {read.page}" if read.page is not None else _next_list(list(lists), name)
                with gateway.database.write() as db:
                    charges.note(db, reading, told, follows, gateway.clock())
                reading = reading._replace(page=follows) if follows else None


async def _page(gateway: Gateway, http: HttpSession, bill: Bill, of: Listed, page: str | None) -> Charges:
    provider = gateway.providers.by_name.get(of.provider)
    if provider is None:  # channels.yaml names it no more
        return Charges()
    return await provider.charges(http, Billed(of.medium, of.sender, bill.approved_at.date(), bill.finished_at.date()), page)


def _next_list(names: list[str], read: str) -> str | None:
    """The list behind one that was read to its end, as it is kept in `charges_page`."""
    later = names[names.index(read) + 1 :]
    return later[0] if later else None
