"""`gateway users`: who works for an organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor
from gateway.core.roles import ROLES

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

PAGE = 200


@click.group("users")
def command() -> None:
    """Show who works for an organisation, and add or disable somebody."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--member", "number", help="Her own membership number, where she is a member too: then she reports for her group by phone.")
@as_actor
def add(gateway: Gateway, actor: Actor, name: str, role: str, number: str | None) -> None:
    """Let NAME work for the organisation."""
    from gateway.services import users

    user = users.add(gateway, actor, name, role, number)
    click.echo(f"{user.id}  {user.role}")


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List the users; those who are disabled are marked."""
    from gateway.services import users

    after = ""
    while found := users.page(gateway, actor, after, PAGE):
        for user in found:
            more = [f"member {user.member_number}" if user.member_number else "", "disabled" if user.state == "disabled" else ""]
            click.echo("  ".join(filter(None, (user.id, f"{user.role:<9}", user.name, *more))))
        after = found[-1].id


@command.command("role")
@click.argument("user_id")
@click.argument("role", type=click.Choice(ROLES))
@as_actor
def role_(gateway: Gateway, actor: Actor, user_id: str, role: str) -> None:
    """Give the user USER_ID another role."""
    from gateway.services import users

    users.set_role(gateway, actor, user_id, role)
    click.echo(f"User {user_id} is {role} now.")


@command.command("disable")
@click.argument("user_id")
@as_actor
def disable(gateway: Gateway, actor: Actor, user_id: str) -> None:
    """Let the user USER_ID do nothing any more."""
    from gateway.services import users

    users.disable(gateway, actor, user_id)
    click.echo(f"User {user_id} is disabled.")


@command.command("enable")
@click.argument("user_id")
@as_actor
def enable(gateway: Gateway, actor: Actor, user_id: str) -> None:
    """Let the user USER_ID work again."""
    from gateway.services import users

    users.enable(gateway, actor, user_id)
    click.echo(f"User {user_id} is active.")
