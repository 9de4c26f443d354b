"""`gateway contributions`: from a table and into one."""

from __future__ import annotations

import click

from gateway.cli import tables


@click.group("contributions")
def command() -> None:
    """Import and export contributions."""


tables.add_to(command, "contributions")
