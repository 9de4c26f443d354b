"""`gateway audit`: who saw and did what, and whether that record is whole."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

PAGE = 500


@click.group("audit")
def command() -> None:
    """Show who saw and did what, and check that nothing of it was changed."""


@command.command("verify")
@click.option("--head", metavar="NUMBER:HEX", help="A head that was written down earlier: rows that were cut off behind it are found.")
def verify(head: str | None) -> None:
    """Walk the whole log and name the first row that was changed, deleted, moved or put in."""
    from gateway import bootstrap
    from gateway.services import audit

    verdict = audit.verify(bootstrap.from_environment(os.environ), head)
    if verdict.fault:
        click.echo(verdict.fault, err=True)
        raise SystemExit(1)
    click.echo(f"{verdict.rows} rows, each as it was written. Head: {verdict.head}")


@command.command("head")
def head() -> None:
    """Print the number and the hash of the last row. Keep a copy elsewhere, for `gateway audit verify --head`."""
    from gateway import bootstrap
    from gateway.services import audit

    click.echo(audit.head(bootstrap.from_environment(os.environ)))


@command.command("list")
@click.option("--actor", "name", metavar="NAME", help="Only what this one did: terminal, user:ID, token:ID, gateway.")
@click.option("--subject", metavar="SUBJECT", help="Only what was done to this, for example member:ID.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Only what was done since then, Nepal time.")
@as_actor
def list_(gateway: Gateway, actor: Actor, name: str | None, subject: str | None, since: datetime | None) -> None:
    """List what was seen and done, the oldest first. This look is written down too."""
    from gateway.core.calendar import NEPAL
    from gateway.services import audit
    from gateway.store.audit import Filter

    wanted, after = Filter(name, subject, since.replace(tzinfo=NEPAL) if since else None), 0
    while rows := audit.page(gateway, actor, after, PAGE, wanted):
        for row in rows:
            about = row.entry
            at = f"{row.at.astimezone(NEPAL):%Y-%m-%d %H:%M:%S}"
            click.echo(f"{row.number:>7}  {at}  {about.actor:<12}  {about.action:<20}  {about.subject}  {about.detail}")
        after = rows[-1].number
