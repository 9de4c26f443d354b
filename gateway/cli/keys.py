"""`gateway keys`: which key everything is sealed with, and sealing it with another one. docs/trust.md tells the whole way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.services.context import Gateway


@click.group("keys")
def command() -> None:
    """Show which key everything is sealed with, and seal it with another one."""


@command.command("status")
def status() -> None:
    """Count what rests on SECRET_KEY, on GATEWAY_PREVIOUS_SECRET_KEYS, and on keys that are not here."""
    _show(_gateway())


@command.command("rotate")
def rotate() -> None:
    """Seal everything anew with SECRET_KEY. It may run beside the gateway, and be broken off and started again."""
    from gateway.services import keys

    gateway = _gateway()
    rows = 0
    for progress in keys.rotate(gateway):
        rows += progress.rows
        click.echo(f"\r{progress.table:<24}{rows:>10} rows", nl=False, err=True)
    click.echo("", err=True)
    click.echo(f"{rows} rows were sealed anew.")
    left = _show(gateway)
    if left:
        raise GatewayError("keys:left", number=left)
    click.echo("Nothing rests on an earlier key: take GATEWAY_PREVIOUS_SECRET_KEYS away and start the gateway again.")


def _show(gateway: Gateway) -> int:
    """Print the table; how many values do not rest on the key of today."""
    from gateway.services import keys

    left = 0
    click.echo(f"{'table':<24}{'this key':>10}{'earlier':>10}{'unknown':>10}")
    for row in keys.status(gateway):
        left += row.earlier + row.unknown
        click.echo(f"{row.table:<24}{row.current:>10}{row.earlier:>10}{row.unknown:>10}")
    return left


def _gateway() -> Gateway:
    from gateway import bootstrap

    return bootstrap.from_environment(os.environ)
