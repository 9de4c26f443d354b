"""`gateway tokens`: the keys of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.cli.actor import as_actor
from gateway.core.roles import ROLES

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

MOST_SHOWN = 1000


@click.group("tokens")
def command() -> None:
    """Make, list and revoke the keys of the API."""


@command.command("create")
@click.argument("label")
@click.option("--role", type=click.Choice(ROLES), help="What a program with it may do.")
@click.option("--user", "user_id", help="The id of the user for whom it acts, with her role.")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="After these it ends.")
@as_actor
def create(gateway: Gateway, actor: Actor, **wanted: Any) -> None:  # noqa: ANN401  # the fields of NewToken, as click checked them
    """Make a token and print it, this once; LABEL says what it is for."""
    from gateway.services import tokens

    if not wanted["role"] and not wanted["user_id"]:
        raise click.UsageError("Say what it may do with --role, or for whom it acts with --user.")
    made = tokens.create(gateway, actor, tokens.NewToken(**wanted))
    click.echo(made.secret)
    click.echo(f"This is token {made.id}. It is not shown again: put it where only the program can read it.", err=True)


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List the tokens of the organisation, those that ended too."""
    from gateway.services import tokens

    now = gateway.clock()
    for row in tokens.page(gateway, actor, "", MOST_SHOWN):
        until = f"until {row.expires_at:%Y-%m-%d}" if row.expires_at else "for ever"
        state = "revoked" if row.revoked_at else "over" if row.expires_at and row.expires_at <= now else until
        whose = f"user {row.user_id}" if row.user_id else row.role
        click.echo(f"{row.id}  {row.created_at:%Y-%m-%d}  {state:<16}  {whose:<12}  {row.label}")


@command.command("revoke")
@click.argument("token_id")
@as_actor
def revoke(gateway: Gateway, actor: Actor, token_id: str) -> None:
    """End the token with this id at once."""
    from gateway.services import tokens

    tokens.revoke(gateway, actor, token_id)
    click.echo("It no longer opens anything.")
