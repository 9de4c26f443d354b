"""How an organisation sends: budget, gap, when two people must approve, what messages cost, and on which days nothing goes out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING

from gateway.core import money, people, phone
from gateway.core.calendar import NEPAL, day_of
from gateway.core.digits import fold_digits
from gateway.core.events import MEDIA
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Permission
from gateway.services.broadcast import content, planning
from gateway.services.broadcast.planning import Month
from gateway.store import channels, organisations, prices, rest_days
from gateway.store.organisations import Sending
from gateway.store.prices import PriceRow
from gateway.store.rest_days import RestDay

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel
    from gateway.store.database import Connection

__all__ = [
    "PriceRow",
    "RestDay",
    "Sending",
    "Shown",
    "add_rest_days",
    "change",
    "known_rest_days",
    "numbers",
    "prices_of",
    "read_prices",
    "read_rest_days",
    "remove_rest_day",
    "rest_days_of",
    "set_prices",
    "show",
]

PRICE_COLUMNS = ("medium", "operator", "from", "rupees", "source")
REST_COLUMNS = ("day", "title")
OPERATORS = ("", *sorted(phone.EVERYBODY))
DEAREST = 1_000_00  # paisa: more for a segment or a minute is a slip of the finger


@dataclass(frozen=True, slots=True)
class Shown:
    """The settings, and where the budget of this month stands (None: there is none)."""

    sending: Sending
    month: Month | None


def show(gateway: Gateway, actor: Actor) -> Shown:
    """How the actor's organisation sends."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        sending = organisations.sending(db, actor.organisation_id)
        return Shown(sending, planning.month_left(db, actor.organisation_id, sending, gateway.clock()))


def change(gateway: Gateway, actor: Actor, **new: int | None) -> Sending:
    """Change some of `Sending`'s fields: hours, paisa, recipients; None lifts the budget or the threshold. GatewayError `sending:value`."""
    actor.require(Permission.MANAGE_SENDING)
    with gateway.database.write() as db:
        sending = organisations.sending(db, actor.organisation_id, alone=True)._replace(**new)  # type: ignore[arg-type]  # checked below
        if sending.gap_hours is None or not 0 <= sending.gap_hours <= planning.MOST_GAP:
            raise GatewayError("sending:value", name="The gap", wanted=f"0 to {planning.MOST_GAP} hours")
        if sending.monthly_budget is not None and sending.monthly_budget < 0:
            raise GatewayError("sending:value", name="The monthly budget", wanted="an amount of rupees, or none")
        if sending.two_persons_above is not None and sending.two_persons_above < 0:
            raise GatewayError("sending:value", name="The number of recipients", wanted="0 or more, or none")
        organisations.set_sending(db, actor.organisation_id, sending)
        access.note(gateway, db, actor, Permission.MANAGE_SENDING, f"organisation:{actor.organisation_id}", **new)
    return sending


# --- prices ------------------------------------------------------------------------------------------------------------------------


def numbers(gateway: Gateway, actor: Actor) -> list[Channel]:
    """The channels of the actor's organisation, that of `prices_of` first."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        first = content.sending_channel(gateway, db, actor)
        others = [each for each in channels.of_organisation(db, actor.organisation_id) if each.id != first.id]
    return [first, *(each for each in others if gateway.ways and each.id in gateway.ways.channels)]


def prices_of(gateway: Gateway, actor: Actor, channel_id: str = "") -> tuple[list[PriceRow], prices.Prices]:
    """Every price of a channel ("": of the first) that was written down, and what holds today. GatewayError `channels:no-channel`."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        channel = _channel(gateway, db, actor, channel_id)
        return prices.list_all(db, channel.id), prices.on(db, channel, gateway.clock().astimezone(NEPAL).date())


def read_prices(text: str) -> list[dict[str, str]]:
    """The rows of a CSV with the columns `PRICE_COLUMNS`. GatewayError `sending:row`."""
    return list(_rows(text, PRICE_COLUMNS))


def _channel(gateway: Gateway, db: Connection, actor: Actor, channel_id: str) -> Channel:
    if not channel_id:
        return content.sending_channel(gateway, db, actor)
    channel = channels.get(db, channel_id)
    if channel is None or channel.organisation_id != actor.organisation_id:
        raise GatewayError("channels:no-channel", name=channel_id)
    return channel


def set_prices(gateway: Gateway, actor: Actor, rows: list[dict[str, str]], channel_id: str = "") -> int:
    """Write prices of a channel ("": of the first) down, all or none: of a medium and an operator ("" for all that have none of their
    own), in rupees, from a day on (both calendars), with where they were published. Returns how many. GatewayErrors `sending:row`,
    `channels:no-channel`."""
    actor.require(Permission.MANAGE_SENDING)
    with gateway.database.write() as db:
        channel = _channel(gateway, db, actor, channel_id)
        new = [_price(channel.id, number, row) for number, row in enumerate(rows, 1)]
        prices.put(db, new)
        access.note(gateway, db, actor, Permission.MANAGE_SENDING, f"channel:{channel.id}", prices=len(new))
    return len(new)


def _price(channel_id: str, number: int, row: dict[str, str]) -> PriceRow:
    medium, operator, source = row["medium"].strip(), row["operator"].strip(), people.clean(row["source"])
    if medium not in MEDIA:
        raise _wrong(number, f"the medium is {' or '.join(MEDIA)}, not {medium!r}")
    if operator not in OPERATORS:
        raise _wrong(number, f"the operator is one of {', '.join(OPERATORS[1:])}, or empty for all others, not {operator!r}")
    paisa = 0 if fold_digits(row["rupees"]).strip() in {"0", "0.0", "0.00"} else money.parse(row["rupees"])
    if paisa is None or paisa > DEAREST:
        raise _wrong(number, f"{row['rupees']!r} is no price in rupees of a segment or a minute")
    if not source:
        raise _wrong(number, "say where the price was published")
    return PriceRow(channel_id, medium, operator, _day(number, row["from"]).isoformat(), paisa, source)


# --- rest days ---------------------------------------------------------------------------------------------------------------------


def rest_days_of(gateway: Gateway, actor: Actor) -> list[RestDay]:
    """The days on which nothing goes out, the earliest first."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        return rest_days.list_all(db, actor.organisation_id)


def known_rest_days() -> list[RestDay]:
    """Festivals of Nepal that are shipped, gateway/data/rest_days.csv; what depends on the moon is published year by year."""
    return read_rest_days(files("gateway").joinpath("data/rest_days.csv").read_text(encoding="utf-8"))


def read_rest_days(text: str) -> list[RestDay]:
    """The rows of a CSV with the columns `REST_COLUMNS`; a day in either calendar. GatewayError `sending:row`."""
    return [RestDay(_day(number, row["day"]), row["title"]) for number, row in enumerate(_rows(text, REST_COLUMNS), 1)]


def add_rest_days(gateway: Gateway, actor: Actor, days: list[RestDay]) -> int:
    """Send nothing on these days; how many. GatewayError `sending:row` where one has no title."""
    actor.require(Permission.MANAGE_SENDING)
    with gateway.database.write() as db:
        for number, day in enumerate(days, 1):
            if not (title := people.clean(day.title)):
                raise _wrong(number, "say what day it is")
            rest_days.add(db, actor.organisation_id, RestDay(day.day, title))
        access.note(gateway, db, actor, Permission.MANAGE_SENDING, f"organisation:{actor.organisation_id}", rest_days=len(days))
    return len(days)


def remove_rest_day(gateway: Gateway, actor: Actor, day: date) -> None:
    """Send on this day again. GatewayError `sending:no-rest-day`."""
    actor.require(Permission.MANAGE_SENDING)
    with gateway.database.write() as db:
        if not rest_days.remove(db, actor.organisation_id, day):
            raise GatewayError("sending:no-rest-day", day=day.isoformat())
        access.note(gateway, db, actor, Permission.MANAGE_SENDING, f"organisation:{actor.organisation_id}", no_rest_day=day.isoformat())


# --- files -------------------------------------------------------------------------------------------------------------------------


def _rows(text: str, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    lines = (line for line in io.StringIO(text.removeprefix("\ufeff")) if not line.startswith("#"))
    reader = csv.DictReader(lines)
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise GatewayError("sending:row", fault=f"The first line must name the columns {', '.join(columns)}; {missing[0]} is missing.")
    for row in reader:
        yield {name: row[name] or "" for name in columns}


def _day(number: int, written: str) -> date:
    try:
        return day_of(written)
    except GatewayError as error:
        raise _wrong(number, error.sentence) from None


def _wrong(number: int, reason: str) -> GatewayError:
    return GatewayError("sending:row", fault=f"Row {number}: {reason.rstrip('.')}.")
