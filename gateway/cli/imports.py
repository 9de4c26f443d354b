"""`gateway imports`: files that were taken in or are being taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


@click.group("imports")
def command() -> None:
    """See how far imports are, and what was refused in them."""


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List the newest imports."""
    from gateway.core.calendar import NEPAL
    from gateway.services import imports

    for at in imports.latest(gateway, actor):
        counts = f"{at.added} added, {at.changed} changed, {at.known} known, {at.refused} refused"
        began = f"{at.created_at.astimezone(NEPAL):%Y-%m-%d %H:%M}"
        click.echo(f"{at.id}  {began}  {at.kind:<13}  {at.state:<9}  row {at.row}: {counts}")


@command.command("refusals")
@click.argument("import_id")
@as_actor
def refusals(gateway: Gateway, actor: Actor, import_id: str) -> None:
    """Show the rows that were refused, each with its column and the reason."""
    from gateway.services import imports

    after = 0
    while found := imports.refusals(gateway, actor, import_id, after):
        for row, column, reason in found:
            click.echo(f"{row}: {column}: {reason}" if column else f"{row}: {reason}")
        after = found[-1].row


@command.command("cancel")
@click.argument("import_id")
@as_actor
def cancel(gateway: Gateway, actor: Actor, import_id: str) -> None:
    """Stop an import after the rows that it has begun; what went in stays. The same file goes on from there."""
    from gateway.services import imports

    at = imports.cancel(gateway, actor, import_id)
    click.echo(f"import {import_id} is {at.state} at row {at.row}.")
