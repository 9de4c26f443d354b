"""`gateway backup`: a copy of everything but the key."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--elsewhere", is_flag=True, help="Copy nothing: only note that another program made a backup just now.")
def command(folder: Path | None, *, elsewhere: bool) -> None:
    """Copy the database, the recordings and the clips into a new folder below FOLDER, while calls go on.

    The key (SECRET_KEY) is not in it: without the key nothing in it can be read, so keep a copy of that in another place.
    """
    from gateway import bootstrap
    from gateway.services import backup

    if (folder is None) != elsewhere:
        raise click.UsageError("Name the folder for the copies, or add --elsewhere.")
    gateway = bootstrap.from_environment(os.environ)
    if folder is None:
        backup.stamp(gateway)
        click.echo("Noted.")
        return
    made = backup.make(gateway, folder.expanduser().resolve())
    click.echo(f"{made.folder}: {made.files} files, {made.size / 1_000_000:.1f} MB. The key is not among them: keep it elsewhere.")
