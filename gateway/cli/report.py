"""`gateway report`: one page for a meeting with a ministry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


@click.command("report")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--language", type=click.Choice(["ne", "en"]), default="ne", show_default=True)
@click.option("--place", help="The code of a place, as `gateway places` finds it.")
@as_actor
def command(gateway: Gateway, actor: Actor, *, file: Path, language: str, place: str | None) -> None:
    """Write a page on who the members are and what they ask for, to be printed or shown. Its words stand in flows/report.yaml."""
    from gateway.services.report import report

    file.write_text(report(gateway, actor, language=language, place=place), encoding="utf-8")
    click.echo(f"{file}: open it in a browser; it prints on A4.")
