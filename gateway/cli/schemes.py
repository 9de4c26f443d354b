"""`gateway schemes`: what members pay into, and who pays into which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml

from gateway.cli import tables
from gateway.cli.actor import as_actor
from gateway.cli.contributions import member_of
from gateway.core import money
from gateway.core.schemes import SCHEDULES
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.core.schemes import Rate
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


@click.group("schemes")
def command() -> None:
    """Show and add schemes; let members pay into them, skip a month, or end."""


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List the schemes with their rates."""
    from gateway.services import schemes

    for scheme in schemes.list_all(gateway, actor):
        click.echo(f"{scheme.code}  {scheme.schedule}  {scheme.title.get('en') or next(iter(scheme.title.values()))}")
        for rate in scheme.rates:
            click.echo(f"  from {rate.from_month}  {_said(rate)}")


def _said(rate: Rate) -> str:
    if rate.amount is not None:
        return money.rupees(rate.amount)
    shares = f"{money.rupees(rate.of_member)} of {money.rupees(rate.base or 0)}"
    return f"{shares}, from the government {money.rupees(rate.of_government)}" if rate.government_share else shares


@command.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_actor
def add(gateway: Gateway, actor: Actor, file: Path) -> None:
    """Take the scheme of FILE, or the new rates of one that is there; gateway/data/schemes holds examples."""
    from gateway.core import schemes as core
    from gateway.services import schemes

    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - makes texts, lists and mappings
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise GatewayError("flow:yaml", where=str(file), reason=str(error).splitlines()[0]) from None
    scheme = schemes.add(gateway, actor, core.read(document, str(file)))
    click.echo(f"{scheme.code} has {tables.counted(len(scheme.rates), 'rate')}.")


@command.command("close")
@click.argument("code")
@click.argument("month")
@as_actor
def close(gateway: Gateway, actor: Actor, code: str, month: str) -> None:
    """Let nothing be due in the scheme CODE after MONTH: nobody joins it, and for all who pay into it, it ends then."""
    from gateway.services import schemes

    schemes.close(gateway, actor, code, month)
    click.echo(f"{code} ends with {month}.")


@command.command("enrol")
@click.argument("number")
@click.argument("code")
@click.option("--from", "from_month", required=True, help="The first month, as 2083-08.")
@click.option("--schedule", type=click.Choice(SCHEDULES), help="Hers, where it is another than the scheme's.")
@click.option("--instalment", help="Hers in rupees at each due date, where she agreed on another.")
@as_actor
def enrol(gateway: Gateway, actor: Actor, number: str, code: str, **plan: str | None) -> None:
    """Let the member with this NUMBER pay into the scheme CODE."""
    from gateway.services import schemes

    instalment = plan["instalment"]
    paisa = money.parse(instalment) if instalment else None
    if instalment and paisa is None:
        raise GatewayError("contribution:amount", value=instalment)
    schemes.enrol(gateway, actor, member_of(gateway, actor, number), schemes.Plan(code, plan["from_month"] or "", plan["schedule"], paisa))
    click.echo(f"Member {number} pays into {code} from {plan['from_month']}.")


@command.command("skip")
@click.argument("number")
@click.argument("code")
@click.argument("month")
@as_actor
def skip(gateway: Gateway, actor: Actor, number: str, code: str, month: str) -> None:
    """Let nothing be due in MONTH from the member with this NUMBER: no work, a birth, a flood."""
    from gateway.services import schemes

    skipped = schemes.skip(gateway, actor, member_of(gateway, actor, number), code, month)
    click.echo(f"Nothing is due in {month}." if skipped else f"Nothing was due in {month} already.")


@command.command("end")
@click.argument("number")
@click.argument("code")
@click.argument("month")
@as_actor
def end(gateway: Gateway, actor: Actor, number: str, code: str, month: str) -> None:
    """Let the member with this NUMBER pay into the scheme CODE for the last time in MONTH."""
    from gateway.services import schemes

    schemes.end(gateway, actor, member_of(gateway, actor, number), code, month)
    click.echo(f"Member {number} pays into {code} until {month}.")
