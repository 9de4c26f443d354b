"""`gateway sending`: how an organisation sends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor
from gateway.cli.tables import counted

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

NONE = "none"
CSV_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OF_CHANNEL = click.option("--channel", default="", metavar="NAME", help="Of this number of channels.yaml; else of its first.")


@click.group("sending")
def command() -> None:
    """Show and set budget, gap and who must approve; what messages cost; on which days nothing goes out."""


@command.command()
@as_actor
def show(gateway: Gateway, actor: Actor) -> None:
    """Show how the organisation sends."""
    from gateway.core.money import rupees
    from gateway.services import sending_settings

    shown = sending_settings.show(gateway, actor)
    above = shown.sending.two_persons_above
    click.echo(f"two people approve a broadcast to more than: {NONE if above is None else above}")
    if shown.month:
        left = f"Rs {rupees(shown.month.left)} left in {shown.month.month}"
        click.echo(f"budget of a month: Rs {rupees(shown.month.budget)}, {left}")
    else:
        click.echo(f"budget of a month: {NONE}")
    click.echo(f"gap between two broadcasts to one phone: {counted(shown.sending.gap_hours, 'hour')}")


@command.command("set")
@click.option("--two-persons-above", metavar="NUMBER|none", help="Two people must approve a broadcast to more members than this.")
@click.option("--monthly-budget", metavar="RUPEES|none", help="What the broadcasts that begin in a month (Bikram Sambat) may cost in all.")
@click.option("--gap", type=click.IntRange(0, 720), metavar="HOURS", help="At least so long between two broadcasts to one phone.")
@as_actor
def set_(gateway: Gateway, actor: Actor, two_persons_above: str | None, monthly_budget: str | None, gap: int | None) -> None:
    """Change how the organisation sends; what is not named stays as it is."""
    from gateway.services import sending_settings

    new: dict[str, int | None] = {} if gap is None else {"gap_hours": gap}
    if two_persons_above is not None:
        new["two_persons_above"] = None if two_persons_above == NONE else _number(two_persons_above)
    if monthly_budget is not None:
        new["monthly_budget"] = None if monthly_budget == NONE else _paisa(monthly_budget)
    if not new:
        raise click.UsageError("say what to change: --two-persons-above, --monthly-budget or --gap")
    sending_settings.change(gateway, actor, **new)
    click.echo("It is changed; `gateway sending show` shows it.")


def _number(written: str) -> int:
    from gateway.core.digits import fold_digits

    if not (folded := fold_digits(written).strip()).isascii() or not folded.isdigit():
        raise click.BadParameter(f"{written!r} is no number", param_hint="--two-persons-above")
    return int(folded)


def _paisa(written: str) -> int:
    from gateway.core import money

    if (paisa := money.parse(written)) is None:
        raise click.BadParameter(f"{written!r} is no amount of rupees", param_hint="--monthly-budget")
    return paisa


# --- prices ------------------------------------------------------------------------------------------------------------------------


@command.group("prices")
def prices() -> None:
    """What a segment and a begun minute cost, by operator and from which day on."""


@prices.command("list")
@OF_CHANNEL
@as_actor
def list_prices(gateway: Gateway, actor: Actor, channel: str) -> None:
    """List the prices with where they were published; what is not listed costs what the channel's settings say."""
    from gateway.core.money import rupees
    from gateway.services import sending_settings

    rows, today = sending_settings.prices_of(gateway, actor, channel)
    for row in rows:
        click.echo(f"{row.medium:<5}  {row.operator or 'all others':<10}  from {row.from_day}  Rs {rupees(row.paisa)}  {row.source}")
    for medium, unit in (("sms", "segment"), ("voice", "begun minute")):
        click.echo(f"today, a {unit} to all others: Rs {rupees(today.of(medium, ''))}")


@prices.command("set")
@click.argument("medium", type=click.Choice(["sms", "voice"]))
@click.argument("rupees")
@click.option(
    "--operator", default="", help="Of this operator (ntc, ncell, smart, other, line, abroad); else of all that have none of their own."
)
@click.option("--from", "from_day", required=True, metavar="DAY", help="From this day on: 2026-12-01, or 2083-08-15.")
@click.option("--source", required=True, help="Where it was published.")
@OF_CHANNEL
@as_actor
def set_price(gateway: Gateway, actor: Actor, channel: str, **row: str) -> None:
    """Set what one segment (sms) or begun minute (voice) costs in RUPEES."""
    from gateway.services import sending_settings

    sending_settings.set_prices(gateway, actor, [{**row, "from": row.pop("from_day")}], channel)
    click.echo("It is set; `gateway sending prices list` shows it.")


@prices.command("import")
@click.argument("file", type=CSV_FILE)
@OF_CHANNEL
@as_actor
def import_prices(gateway: Gateway, actor: Actor, file: Path, channel: str) -> None:
    """Take the prices of FILE, a CSV with the columns medium, operator, from, rupees and source."""
    from gateway.services import sending_settings

    number = sending_settings.set_prices(gateway, actor, sending_settings.read_prices(file.read_text(encoding="utf-8")), channel)
    click.echo(f"{counted(number, 'price')} taken.")


# --- rest days ---------------------------------------------------------------------------------------------------------------------


@command.group("rest-days")
def rest_days() -> None:
    """Festivals: no broadcast goes out on them."""


@rest_days.command("list")
@as_actor
def list_rest_days(gateway: Gateway, actor: Actor) -> None:
    """List the rest days."""
    from gateway.services import sending_settings

    for day in sending_settings.rest_days_of(gateway, actor):
        click.echo(f"{day.day.isoformat()}  {day.title}")


@rest_days.command("add")
@click.argument("day")
@click.argument("title")
@as_actor
def add_rest_day(gateway: Gateway, actor: Actor, day: str, title: str) -> None:
    """Send nothing on DAY, 2026-11-08 or 2083-07-22; TITLE says why."""
    from gateway.core.calendar import day_of
    from gateway.services import sending_settings

    sending_settings.add_rest_days(gateway, actor, [sending_settings.RestDay(day_of(day), title)])
    click.echo(f"Nothing goes out on {day_of(day).isoformat()}.")


@rest_days.command("remove")
@click.argument("day")
@as_actor
def remove_rest_day(gateway: Gateway, actor: Actor, day: str) -> None:
    """Send on DAY again."""
    from gateway.core.calendar import day_of
    from gateway.services import sending_settings

    sending_settings.remove_rest_day(gateway, actor, day_of(day))
    click.echo(f"{day_of(day).isoformat()} is a day like any other.")


@rest_days.command("import")
@click.argument("file", type=CSV_FILE, required=False)
@as_actor
def import_rest_days(gateway: Gateway, actor: Actor, file: Path | None) -> None:
    """Take the rest days of FILE, a CSV with the columns day and title; without FILE, the festivals that are shipped for 2083."""
    from gateway.services import sending_settings

    days = sending_settings.read_rest_days(file.read_text(encoding="utf-8")) if file else sending_settings.known_rest_days()
    click.echo(f"{counted(sending_settings.add_rest_days(gateway, actor, days), 'rest day')} taken.")
