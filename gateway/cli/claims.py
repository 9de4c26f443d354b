"""`gateway claims`: from a table and into one."""

from __future__ import annotations

import click

from gateway.cli import tables


@click.group("claims")
def command() -> None:
    """Import and export claims."""


tables.add_to(command, "claims")
