"""What the provider charged for broadcasts that are over: read from its lists, page by page, and on later days again for what had no
price yet."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from gateway.core.events import Medium
from gateway.providers.base import Billed, Charges
from gateway.providers.faults import SendError
from gateway.providers.http import open_http
from gateway.store import charges
from gateway.store.charges import Bill, Charged

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
            provider, reading = gateway.providers[bill.provider], bill
            while time.monotonic() < until:
                medium, _, page = (reading.page or _media(bill)[0]).partition(" ")
                billed = Billed(_medium(medium), bill.sender, bill.approved_at.date(), bill.finished_at.date())
                try:
                    read = await provider.charges(http, billed, page or None)
                except SendError as error:
                    log.warning("charges_not_read", fault=error.fault.value)
                    return
                follows = _follows(bill, medium, read)
                with gateway.database.write() as db:
                    told = [Charged(each.external_id, each.amount, each.currency) for each in read.charges]
                    charges.note(db, reading, told, follows, gateway.clock())
                if follows is None:
                    break
                reading = reading._replace(page=follows)


def _media(bill: Bill) -> list[Medium]:
    """The lists in which this broadcast stands."""
    if bill.medium == "sms":
        return ["sms"]
    return ["voice", "sms"] if bill.medium == "preferred" or bill.heads_up else ["voice"]


def _medium(word: str) -> Medium:
    return "sms" if word == "sms" else "voice"


def _follows(bill: Bill, medium: str, read: Charges) -> str | None:
    """Where reading goes on, as it is kept: the list, and its page."""
    if read.page is not None:
        return f"{medium} {read.page}"
    later = _media(bill)[_media(bill).index(_medium(medium)) + 1 :]
    return later[0] if later else None
