"""`gateway statistics`: what an organisation may say of itself in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

FILE = click.Path(path_type=Path, dir_okay=False)
LANGUAGE = click.option("--language", type=click.Choice(["ne", "en"]), default="en", show_default=True)


@click.group("statistics")
def command() -> None:
    """Count members, contributions, claims and what reached whom; counts of fewer than five people are withheld."""


@command.command("list")
@LANGUAGE
def list_(language: str) -> None:
    """List the tables."""
    from gateway.services import statistics

    for name in statistics.TABLES:
        click.echo(f"{name:<32}{statistics.title(name, language)}")


@command.command("show")
@click.argument("name")
@click.option("--by", multiple=True, help="Instead of a whole name: `show members --by trade --by province`.")
@click.option("--place", help="The code of a place, as `gateway places` finds it.")
@click.option("--trade")
@click.option("--from", "since", help="The first month, as 2083-01.")
@click.option("--until", help="The last month, as 2083-08.")
@click.option("--csv", "csv_file", type=FILE, help="Write it as a table for a spreadsheet as well.")
@click.option("--svg", "svg_file", type=FILE, help="Write it as a picture as well.")
@LANGUAGE
@as_actor
def show(  # noqa: PLR0913  # each is an option
    gateway: Gateway,
    actor: Actor,
    *,
    name: str,
    by: tuple[str, ...],
    place: str | None,
    trade: str | None,
    since: str | None,
    until: str | None,
    csv_file: Path | None,
    svg_file: Path | None,
    language: str,
) -> None:
    """Show one table, as `members-by-trade`."""
    from gateway.services import statistics

    asked = f"{name}-by-{'-and-'.join(by)}" if by else name
    filters = statistics.Filters(place, trade, since, until)
    table = statistics.table(gateway, actor, asked, filters, language=language)
    if csv_file is not None:
        csv_file.write_text("\ufeff" + statistics.as_csv(table), encoding="utf-8", newline="")
    if svg_file is not None:
        svg_file.write_text(statistics.as_svg(table), encoding="utf-8")
    click.echo(statistics.as_text(table))
