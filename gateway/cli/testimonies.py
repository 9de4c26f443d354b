"""`gateway testimonies`: what members said for others to hear."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor
from gateway.core.calendar import NEPAL

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


@click.group("testimonies")
def command() -> None:
    """Listen to testimonies, write them down, keep and withdraw them. ID is a testimony's."""


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List testimonies: id, day, state, what she agreed to, language, name."""
    from gateway.services import testimonies

    for one in testimonies.list_all(gateway, actor):
        day = f"{one.created_at.astimezone(NEPAL):%Y-%m-%d}"
        click.echo("  ".join(filter(None, (one.id, day, one.state, one.consent, one.language, one.name))))


@command.command()
@click.argument("testimony_id", metavar="ID")
@as_actor
def listen(gateway: Gateway, actor: Actor, testimony_id: str) -> None:
    """Print the file to listen to."""
    from gateway.services import testimonies

    click.echo(testimonies.listen(gateway, actor, testimony_id))


@command.command()
@click.argument("testimony_id", metavar="ID")
@click.argument("words")
@as_actor
def write(gateway: Gateway, actor: Actor, testimony_id: str, words: str) -> None:
    """Write down the WORDS that she said."""
    from gateway.services import testimonies

    testimonies.write_down(gateway, actor, testimony_id, words)
    click.echo(f"What she said is written down with {testimony_id}.")


@command.command()
@click.argument("testimony_id", metavar="ID")
@as_actor
def keep(gateway: Gateway, actor: Actor, testimony_id: str) -> None:
    """Let it be exported, with or without her name as she agreed."""
    from gateway.services import testimonies

    testimonies.keep(gateway, actor, testimony_id)
    click.echo(f"{testimony_id} is kept: `gateway testimonies export` takes it along.")


@command.command()
@click.argument("testimony_id", metavar="ID")
@as_actor
def withdraw(gateway: Gateway, actor: Actor, testimony_id: str) -> None:
    """She wants it back: her voice and her words are deleted."""
    from gateway.services import testimonies

    testimonies.withdraw(gateway, actor, testimony_id)
    click.echo(f"{testimony_id} is withdrawn: her voice and her words are deleted.")


@command.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@as_actor
def export(gateway: Gateway, actor: Actor, path: Path) -> None:
    """Write those that were kept to a file, CSV or XLSX, with their recordings beside it."""
    from gateway.services import testimonies

    click.echo(f"{testimonies.export(gateway, actor, path)} testimonies written to {path}.")
