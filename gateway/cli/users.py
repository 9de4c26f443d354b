"""`gateway users`: who works for an organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.cli.actor import as_actor
from gateway.core.roles import ROLES

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.services.users import Link

PAGE = 200


@click.group("users")
def command() -> None:
    """Show who works for an organisation, let somebody in or out."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--member", "number", help="Her own membership number, where she is a member too: then she reports for her group by phone.")
@click.option("--sign-in", help="The name with which she signs in to the console: prints a link with which she chooses her password.")
@as_actor
def add(gateway: Gateway, actor: Actor, **new: Any) -> None:  # noqa: ANN401  # texts, as click checked them
    """Let NAME work for the organisation."""
    from gateway.services import users

    if new["sign_in"]:
        _hand_over(users.welcome(gateway, actor, users.Newcomer(new["name"], new["role"], new["sign_in"], new["number"])))
        return
    user = users.add(gateway, actor, new["name"], new["role"], new["number"])
    click.echo(f"{user.id}  {user.role}")


@command.command("invite")
@click.argument("user_id")
@click.option("--sign-in", help="The name with which she signs in from now on; without it, as before.")
@as_actor
def invite(gateway: Gateway, actor: Actor, user_id: str, sign_in: str | None) -> None:
    """Print a link with which the user USER_ID chooses a password, for the first time or because she forgot it."""
    from gateway.services import users

    _hand_over(users.invite(gateway, actor, user_id, sign_in))


@command.command("reset")
@click.argument("user_id")
@as_actor
def reset(gateway: Gateway, actor: Actor, user_id: str) -> None:
    """Take the second step of the user USER_ID away, whose telephone is lost."""
    from gateway.services import users

    users.without_second_step(gateway, actor, user_id)
    click.echo(f"User {user_id} signs in with her password alone.")


def _hand_over(link: Link) -> None:
    click.echo(link.address)
    click.echo(f"Give it to her alone: it works once, until {link.expires_at:%Y-%m-%d %H:%M} UTC. She is user {link.user.id}.", err=True)


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
