"""`gateway members`: found, registered and changed; from a spreadsheet and into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli import records, tables
from gateway.cli.actor import as_actor
from gateway.cli.people import details_of, line, says, show

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


@click.group("members")
def command() -> None:
    """Find, register and change members; import and export them as CSV."""


@command.command("show")
@click.argument("number")
@as_actor
def show_(gateway: Gateway, actor: Actor, number: str) -> None:
    """Show the member with this membership NUMBER."""
    from gateway.services import members

    show(members.numbered(gateway, actor, number))


@command.command("find")
@click.argument("text")
@as_actor
def find(gateway: Gateway, actor: Actor, text: str) -> None:
    """Find members by membership number, by phone, or by words of the name in Devanagari or Latin letters."""
    from gateway.services import members

    if not text.strip():
        raise click.UsageError("Say whom you look for: a membership number, a phone, or words of the name.")
    found = members.find(gateway, actor, text)
    for person in found:
        click.echo(line(person))
    if not found:
        click.echo("Nobody was found. A membership number whose last digit does not fit is not one of ours.", err=True)
        raise SystemExit(1)


@command.command("add")
@says
@click.option("--phone", "phones", multiple=True, help="In any form; once for each phone.")
@click.option("--pin", help="Four digits that she chose; - asks for it, so that it stands in no history.")
@click.option("--collector", "collector_id", help="The user whose group she belongs to.")
@click.option("--shares-phone", is_flag=True, help="Another member has the phone as well, and that is known.")
@as_actor
def add(gateway: Gateway, actor: Actor, phones: tuple[str, ...], pin: str | None, *, shares_phone: bool, **given: Any) -> None:  # noqa: ANN401  # options
    """Register a member who agreed to it: --name, --consent and --wording are needed."""
    from gateway.services import members

    if pin == "-":
        pin = click.prompt("PIN", hide_input=True, confirmation_prompt=True)
    person = members.register(gateway, actor, details_of(given, shares_phone=shares_phone), phones, pin)
    click.echo(f"Member {person.number} is registered.")


@command.command("change")
@click.argument("number")
@says
@click.option("--version", type=int, help="Change only who still has this version; `show` tells it.")
@as_actor
def change(gateway: Gateway, actor: Actor, number: str, version: int | None, **given: Any) -> None:  # noqa: ANN401  # options
    """Change the member with this membership NUMBER; an empty text ("") takes a value away."""
    from gateway.services import members

    if all(value is None for value in given.values()):
        raise click.UsageError("say what is to change: --name, --village and the like")
    person = members.numbered(gateway, actor, number)
    members.change(gateway, actor, person.id, person.version if version is None else version, details_of(given))
    click.echo(f"Member {person.number} is changed.")


@command.command("group")
@click.argument("number")
@click.option("--collector", "collector_id", required=True, help='The user whose group she belongs to; "" for nobody\'s.')
@as_actor
def group(gateway: Gateway, actor: Actor, number: str, collector_id: str) -> None:
    """Put the member with this membership NUMBER into a collector's group."""
    from gateway.services import members

    person = members.numbered(gateway, actor, number)
    members.change(gateway, actor, person.id, person.version, details_of({"collector_id": collector_id}))
    click.echo(f"Member {person.number} is in the group." if collector_id else f"Member {person.number} is in no group.")


@command.command("voice")
@click.argument("number")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_actor
def voice(gateway: Gateway, actor: Actor, number: str, file: Path) -> None:
    """Let FILE, a recording of any common format, say the name of the member with this membership NUMBER on a shared phone."""
    from gateway.services import members, voices

    voices.replace(gateway, actor, members.numbered(gateway, actor, number).id, file)
    click.echo(f"Member {number} has a new recorded name.")


@command.command("leave")
@click.argument("number")
@as_actor
def leave(gateway: Gateway, actor: Actor, number: str) -> None:
    """The member with this membership NUMBER withdraws her consent: nothing is sent to her any more."""
    from gateway.services import members

    members.leave(gateway, actor, members.numbered(gateway, actor, number).id)
    click.echo(f"Member {number} has left.")


@command.group("phone")
def phone_() -> None:
    """Give a member one more phone, or take one away."""


@phone_.command("add")
@click.argument("number")
@click.argument("phone")
@click.option("--shared", "--shares-phone", "shared", is_flag=True, help="Another member has the phone as well, and that is known.")
@as_actor
def add_phone(gateway: Gateway, actor: Actor, number: str, phone: str, *, shared: bool) -> None:
    """Let the member with this membership NUMBER be known by PHONE as well."""
    from gateway.services import members

    members.add_phone(gateway, actor, members.numbered(gateway, actor, number).id, phone, shared=shared)
    click.echo(f"Member {number} has this phone.")


@phone_.command("drop")
@click.argument("number")
@click.argument("phone")
@as_actor
def drop_phone(gateway: Gateway, actor: Actor, number: str, phone: str) -> None:
    """Let PHONE be no phone of the member with this membership NUMBER any more."""
    from gateway.services import members

    members.drop_phone(gateway, actor, members.numbered(gateway, actor, number).id, phone)
    click.echo(f"Member {number} does not have this phone any more.")


@phone_.command("restore")
@click.argument("number")
@click.argument("phone")
@as_actor
def restore_phone(gateway: Gateway, actor: Actor, number: str, phone: str) -> None:
    """Let PHONE, which somebody said is hers no more, be of the member with this membership NUMBER again."""
    from gateway.services import identity, members

    identity.restore_phone(gateway, actor, members.numbered(gateway, actor, number).id, phone)
    click.echo(f"Member {number} has this phone again.")


@command.command("pin")
@click.argument("number")
@click.option("--pin", help="Asked for if it is not given, so that it stands in no history.")
@click.option("--code", is_flag=True, help="Print a code to tell her instead: with it she sets her PIN herself on her next call.")
@as_actor
def pin(gateway: Gateway, actor: Actor, number: str, pin: str | None, *, code: bool) -> None:
    """Give the member with this membership NUMBER a PIN of four digits, or a code with which she sets one."""
    from gateway.services import pins

    member_id = pins.member_of(gateway, actor, number)
    if code:
        click.echo(pins.invite(gateway, actor, member_id))
        days = tables.counted(pins.CODE_HOLDS.days, "day")
        click.echo(f"Tell member {number} this code and nobody else: on her next call it sets a PIN of her own. It holds for {days}.")
        return
    pins.set_pin(gateway, actor, member_id, pin or click.prompt("PIN", hide_input=True, confirmation_prompt=True))
    click.echo(f"Member {number} has a new PIN.")


@command.command("unlock")
@click.argument("number")
@as_actor
def unlock(gateway: Gateway, actor: Actor, number: str) -> None:
    """Let the member with this membership NUMBER try her PIN again, after too many wrong ones."""
    from gateway.services import pins

    pins.unlock(gateway, actor, pins.member_of(gateway, actor, number))
    click.echo(f"Member {number} may try her PIN again.")


tables.add_to(command, "members")
command.add_command(records.dossier)
command.add_command(records.erase)
