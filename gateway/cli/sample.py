"""`gateway sample`: members, claims and notices to try things with."""

from __future__ import annotations

import os

import click


@click.command("sample")
def command() -> None:
    """Load the sample members (+9779720000001, ...02 with PIN 4826, and ...03, a phone that two share), and users who can sign in."""
    from gateway import bootstrap
    from gateway.services import installation, sample

    gateway = bootstrap.from_environment(os.environ)
    installation.prepare(gateway)
    sample.let_in(gateway)
    click.echo("The sample members are loaded." if sample.load(gateway) else "The sample members were here already.")
