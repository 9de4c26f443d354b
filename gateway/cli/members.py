"""`gateway members`: from a spreadsheet and into one."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


@click.group("members")
def command() -> None:
    """Import and export members as CSV (name, phone, language, trade, place, usual_instalment, private, preferred_medium)."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
def import_(file: Path, *, dry_run: bool) -> None:
    """Take the members of FILE; import only people who agreed that their number is kept."""
    from gateway import bootstrap
    from gateway.services import imports

    gateway = bootstrap.from_environment(os.environ)
    counted: Counter[str] = Counter()
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            for line in imports.read_members(gateway, stream, dry_run=dry_run):
                counted[line.outcome] += 1
                if line.reason:
                    click.echo(f"{file.name}:{line.number}: {line.reason}", err=True)
    except UnicodeDecodeError as error:
        raise GatewayError("import:not-utf-8", where=str(file), position=error.start) from None
    except imports.Refused as refused:
        raise GatewayError("import:heading", where=f"{file}:1", reason=refused) from None
    would = "would be " if dry_run else ""
    click.echo(f"{counted['added']} {would}added, {counted['known']} known already, {counted['refused']} refused.")
    if counted["refused"]:
        raise SystemExit(1)


@command.command("pin")
@click.argument("number")
@click.option("--pin", help="Asked for if it is not given, so that it stands in no history.")
@click.option("--code", is_flag=True, help="Print a code to tell her instead: with it she sets her PIN herself on her next call.")
@as_actor
def pin(gateway: Gateway, actor: Actor, number: str, pin: str | None, *, code: bool) -> None:
    """Give the member with this membership NUMBER a PIN of four digits, or a code with which she sets one."""
    from gateway.services import pins

    member_id = pins.member_of(gateway, actor, number)
    if code:
        click.echo(pins.invite(gateway, actor, member_id))
        return
    pins.set_pin(gateway, actor, member_id, pin or click.prompt("PIN", hide_input=True, confirmation_prompt=True))
    click.echo(f"Member {number} has a new PIN.")


@command.command("unlock")
@click.argument("number")
@as_actor
def unlock(gateway: Gateway, actor: Actor, number: str) -> None:
    """Let the member with this membership NUMBER try her PIN again, after too many wrong ones."""
    from gateway.services import pins

    pins.unlock(gateway, actor, pins.member_of(gateway, actor, number))
    click.echo(f"Member {number} may try her PIN again.")


@command.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export(file: Path) -> None:
    """Write all members with their numbers to FILE, which only you can read."""
    from gateway import bootstrap
    from gateway.services import imports

    gateway = bootstrap.from_environment(os.environ)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="") as stream:
        count = imports.write_members(gateway, stream)
    click.echo(f"{count} members written to {file}.")
