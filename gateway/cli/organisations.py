"""`gateway organisations`: who shares this installation."""

from __future__ import annotations

import os

import click


@click.group("organisations")
def command() -> None:
    """Show the organisations of this installation, and add one. Each sees only its own members."""


@command.command("add")
@click.argument("name")
@click.option("--id", "organisation_id", required=True, help="How commands name it: small letters, digits and hyphens, as mahila-sangh.")
@click.option("--number", default="", help="Its own number at the provider, as +97714000001; callers of it reach this organisation.")
@click.option("--language", default="", help="What is spoken where nothing else is known of a caller.")
def add(name: str, organisation_id: str, number: str, language: str) -> None:
    """Add the organisation NAME."""
    from gateway import bootstrap
    from gateway.engine import wording
    from gateway.services import organisations

    gateway = bootstrap.from_environment(os.environ)
    added = organisations.add(gateway, organisation_id, name, number=number, language=language)
    click.echo(f"The organisation {added.id} is added. Commands take --organisation {added.id} for it.")
    phrase = wording.own_phrase(added.id)
    if phrase not in gateway.catalogue.phrases:
        click.echo(f"Callers do not hear its name yet: write it into flows/phrases.yaml as {phrase}, and run `gateway prompts build`.")


@command.command("list")
def list_() -> None:
    """List the organisations with their numbers."""
    from gateway import bootstrap
    from gateway.services import organisations

    for organisation in organisations.list_all(bootstrap.from_environment(os.environ)):
        click.echo(f"{organisation.id:<20}  {organisation.name}  {' '.join(organisation.numbers)}".rstrip())
