"""`gateway services`: the directory of services near members."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


@click.group("services")
def command() -> None:
    """Keep the directory of services that callers hear: health posts, day-care centres, legal aid; docs/lessons.md tells of it."""


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List the services with their ids."""
    from gateway.core.places import find
    from gateway.services import directory

    for entry in directory.list_all(gateway, actor):
        where, names = find(entry.place).title("en"), " / ".join(entry.names.values())
        click.echo(f"{entry.id}  {entry.kind:<16}  {entry.place:<10}  {where}  {entry.local_number}  {names}".rstrip())


@command.command("add")
@click.argument("kind")
@click.argument("place")
@click.argument("number")
@click.option("--name", "names", multiple=True, metavar="LANGUAGE=NAME", help="What it is called, as en='Lele health post'.")
@click.option("--saying", "saying_id", help="The recorded words that say its name: the id of a saying.")
@as_actor
def add(gateway: Gateway, actor: Actor, *, names: tuple[str, ...], saying_id: str | None, **new: str) -> None:
    """Add the service of this KIND (a phrase, as health_post) with this NUMBER for a PLACE (a code: `gateway places` finds it)."""
    from gateway.services import directory

    called = dict(name.partition("=")[::2] for name in names)
    if unknown := called.keys() - {*gateway.catalogue.languages}:
        raise click.UsageError(f"--name begins with one of {', '.join(gateway.catalogue.languages)} and =, not with {', '.join(unknown)}.")
    entry = directory.add(gateway, actor, directory.NewService(**new, names=called, saying_id=saying_id))
    click.echo(f"{entry.id}  {entry.kind}  {entry.place}  {entry.local_number}")


@command.command("remove")
@click.argument("service_id")
@as_actor
def remove(gateway: Gateway, actor: Actor, service_id: str) -> None:
    """Take the service with this id away."""
    from gateway.services import directory

    directory.remove(gateway, actor, service_id)
    click.echo("It is told no more.")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@as_actor
def import_(gateway: Gateway, actor: Actor, file: Path, *, dry_run: bool) -> None:
    """Take the services of FILE, CSV or XLSX: kind, place, number, name_ne, name_en. The same FILE again changes nothing."""
    from gateway.services import directory

    taken = directory.take_in(gateway, actor, file, dry_run=dry_run)
    for row, column, reason in taken.refusals:
        click.echo(f"{file.name}:{row}: {f'{column}: ' if column else ''}{reason}", err=True)
    would = "would be " if dry_run else ""
    click.echo(f"{taken.added} {would}added, {taken.changed} {would}changed, {taken.known} known already, {len(taken.refusals)} refused.")
    if taken.refusals:
        raise SystemExit(1)
