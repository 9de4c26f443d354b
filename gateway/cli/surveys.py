"""`gateway surveys`: what members answered in flows that say `survey: true`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor
from gateway.cli.tables import WITHHELD
from gateway.core.calendar import NEPAL

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

BROADCAST = click.option("--broadcast", "broadcast_id", metavar="ID", help="Only what was answered to this broadcast.")


@click.group("surveys")
def command() -> None:
    """Show and export surveys. SURVEY is the name of a flow that says `survey: true`."""


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List surveys: name, how many answered (few: fewer than five), when the last did, title."""
    from gateway.services import surveys

    for survey in surveys.list_all(gateway, actor):
        last = f"{survey.last_at.astimezone(NEPAL):%Y-%m-%d}" if survey.last_at else "-"
        listeners = WITHHELD if survey.listeners is None else survey.listeners
        click.echo(f"{survey.flow}  {listeners}  {last}  {survey.title.get('en', '')}".rstrip())


@command.command()
@click.argument("survey")
@BROADCAST
@as_actor
def show(gateway: Gateway, actor: Actor, survey: str, broadcast_id: str | None) -> None:
    """Count the answers, step by step. What would describe fewer than five people is withheld (--)."""
    from gateway.services import surveys

    for question in surveys.show(gateway, actor, survey, broadcast_id):
        click.echo(f"{question.step}: {_count(question.answered)}")
        for answer, count in question.answers.items():
            click.echo(f"  {answer:<16} {_count(count)}")


@command.command()
@click.argument("survey")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@BROADCAST
@as_actor
def export(gateway: Gateway, actor: Actor, survey: str, path: Path, broadcast_id: str | None) -> None:
    """Write a row for each listener and a column for each step to a file, CSV or XLSX."""
    from gateway.services import exports, surveys

    rows = surveys.sheet(gateway, actor, survey, broadcast_id)
    count = exports.write_rows(gateway, actor, f"survey:{survey}", path, rows)
    click.echo(f"{count} listeners written to {path}.")


def _count(count: int | None) -> str:
    return "--" if count is None else str(count)
