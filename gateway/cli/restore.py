"""`gateway restore`: puts a backup in place."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Put the backup in FOLDER (an `aawaj-...` that `gateway backup` made) where the settings say. Stop the gateway first.

    A SQLite file that is there already is never written over; what is in a PostgreSQL database is replaced.
    """
    from gateway import config
    from gateway.environment import merged
    from gateway.services import backup

    files = backup.restore(config.load(merged(os.environ)), folder)
    click.echo(f"{files} files are back. Now `gateway members erase --again`, so that whoever was erased since stays erased; then start.")
