"""`gateway migrate`: brings the database up to this version; repeat it as often as you like."""

from __future__ import annotations

import os

import click

from gateway import config
from gateway.environment import merged


@click.command
@click.option("--sample", "with_sample", is_flag=True, help="Load the sample members too, if the database is new.")
def command(*, with_sample: bool) -> None:
    """Bring the database up to date."""
    environ = merged(os.environ)
    settings = config.load(environ)

    from gateway import bootstrap
    from gateway.services import installation, sample
    from gateway.store import organisations
    from gateway.store.database import upgrade

    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade(settings.database_url)
    gateway = bootstrap.from_environment(environ)
    with gateway.database.read() as db:
        new = not organisations.exists(db, installation.ORGANISATION)
    installation.prepare(gateway)
    if with_sample and new:
        sample.load(gateway)
        sample.let_in(gateway)
    gateway.database.close()
