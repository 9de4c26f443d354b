"""`gateway members`: from a spreadsheet and into one."""

from __future__ import annotations

import os

import click

from gateway.cli import tables


@click.group("members")
def command() -> None:
    """Import and export members; set and unlock PINs."""


@command.command("pin")
@click.argument("number")
@click.password_option("--pin", prompt="PIN", help="Asked for if it is not given, so that it stands in no history.")
def pin(number: str, pin: str) -> None:
    """Give the member with this membership NUMBER a PIN of four digits."""
    from gateway import bootstrap
    from gateway.services import pins

    pins.set_pin(bootstrap.from_environment(os.environ), number, pin)
    click.echo(f"Member {number} has a new PIN.")


@command.command("unlock")
@click.argument("number")
def unlock(number: str) -> None:
    """Let the member with this membership NUMBER try her PIN again, after too many wrong ones."""
    from gateway import bootstrap
    from gateway.services import pins

    pins.unlock(bootstrap.from_environment(os.environ), number)
    click.echo(f"Member {number} may try her PIN again.")


tables.add_to(command, "members")
