"""`gateway contributions`: the ledger of what members paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from gateway.cli import tables
from gateway.cli.actor import as_actor
from gateway.core import money
from gateway.core.calendar import NEPAL
from gateway.core.digits import fold_digits
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.services.contributions import Entry, Report

PAGE = 500
STATES = ("noted", "questioned", "confirmed", "reversed", "reversal")


@click.group("contributions")
def command() -> None:
    """Note what members paid, confirm, question and reverse it, and see how far a member has come."""


@command.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--month", help="Only those for this month, as 2083-08.")
@click.option("--member", "number", help="Only those of the member with this membership number.")
@as_actor
def list_(gateway: Gateway, actor: Actor, state: str | None, month: str | None, number: str | None) -> None:
    """List the entries in the order in which they were noted."""
    from gateway.services import contributions

    if number is not None and (state or month):
        raise click.UsageError("give --member alone, or --state and --month")
    member_id = member_of(gateway, actor, number) if number is not None else None
    after = ""
    while True:
        if member_id is not None:
            found = contributions.of_member(gateway, actor, member_id, after, PAGE)
        else:
            found = contributions.page(gateway, actor, after, PAGE, state, month)
        for entry in found:
            click.echo(_line(entry))
        if len(found) < PAGE:
            return
        after = found[-1].id


def _line(entry: Entry) -> str:
    more = (entry.scheme, entry.receipt and f"receipt {entry.receipt}", "government" if entry.payer == "government" else None)
    when = entry.noted_at.astimezone(NEPAL)
    about = "  ".join(one for one in more if one)
    paid = f"{entry.month}  {money.rupees(entry.amount):>12}"
    return f"{entry.reference:>10}  {entry.member:>7}  {when:%Y-%m-%d %H:%M}  {paid}  {entry.state:<10}  {about}".rstrip()


def _report(perform: Callable[..., None]) -> Callable[..., None]:
    """The arguments of a payment."""
    for option in (
        click.option("--again", is_flag=True, help="It was paid twice: note it though the same was noted within a day."),
        click.option("--note", help="A remark, kept sealed."),
        click.option("--receipt", help="The number of the paper receipt."),
        click.option("--scheme", help="The code of the scheme; by default the one that she pays into."),
        click.option("--month", help="The Bikram Sambat month, as 2083-08; by default this one."),
        click.argument("amount"),
        click.argument("number"),
    ):
        perform = option(perform)
    return perform


@command.command("note")
@_report
@as_actor
def note(gateway: Gateway, actor: Actor, number: str, amount: str, **details: object) -> None:
    """Note that the member with this NUMBER paid AMOUNT rupees."""
    from gateway.services import contributions

    entry = contributions.note(gateway, actor, member_of(gateway, actor, number), _read(amount, details))
    click.echo(f"Noted {money.rupees(entry.amount)} for {entry.month}, reference {entry.reference}.")


@command.command("match")
@_report
@as_actor
def match(gateway: Gateway, actor: Actor, number: str, amount: str, **details: object) -> None:
    """Enter that the government paid AMOUNT rupees for the member with this NUMBER: it is no longer awaited."""
    from gateway.services import contributions

    entry = contributions.match(gateway, actor, member_of(gateway, actor, number), _read(amount, details))
    click.echo(f"Matched {money.rupees(entry.amount)} of the government for {entry.month}, reference {entry.reference}.")


def _read(amount: str, details: dict[str, object]) -> Report:
    from gateway.services.contributions import Report

    paisa = money.parse(amount)
    if paisa is None:
        raise GatewayError("contribution:amount", value=amount)
    return Report(paisa, **details)  # type: ignore[arg-type]  # the options of `_report`


def member_of(gateway: Gateway, actor: Actor, number: str) -> str:
    """The id of the member with this membership number."""
    from gateway.store import members

    with gateway.database.read() as db:
        member = members.by_number(db, actor.organisation_id, fold_digits(number).strip())
    if member is None:
        raise GatewayError("member:unknown", number=number)
    return member.id


@command.command("confirm")
@click.argument("references", nargs=-1, required=True)
@click.option("--note", help="A remark, kept sealed.")
@as_actor
def confirm(gateway: Gateway, actor: Actor, references: tuple[str, ...], note: str | None) -> None:
    """Make the entries with these REFERENCES final."""
    from gateway.services import contributions

    faults = list(_each(references, lambda wanted: contributions.confirm(gateway, actor, contributions.find(gateway, actor, wanted), note)))
    if faults:
        raise ExceptionGroup("some entries could not be confirmed", faults)


def _each(references: tuple[str, ...], decide: Callable[[str], Entry]) -> Iterator[GatewayError]:
    """Decide about each entry; one that cannot be decided about holds up none behind it."""
    for wanted in references:
        try:
            click.echo(_line(decide(fold_digits(wanted).strip())))
        except GatewayError as fault:
            yield fault


@command.command("question")
@click.argument("reference")
@click.option("--note", required=True, help="What is not clear, kept sealed.")
@as_actor
def question(gateway: Gateway, actor: Actor, reference: str, note: str) -> None:
    """Doubt the entry with this REFERENCE; a task to clear it up is opened."""
    from gateway.services import contributions

    click.echo(_line(contributions.question(gateway, actor, contributions.find(gateway, actor, fold_digits(reference).strip()), note)))


@command.command("reverse")
@click.argument("reference")
@click.option("--note", required=True, help="Why it is taken back, kept sealed.")
@as_actor
def reverse(gateway: Gateway, actor: Actor, reference: str, note: str) -> None:
    """Take the entry with this REFERENCE back by one of the negative amount."""
    from gateway.services import contributions

    click.echo(_line(contributions.reverse(gateway, actor, contributions.find(gateway, actor, fold_digits(reference).strip()), note)))


@command.command("standing")
@click.argument("number")
@as_actor
def standing(gateway: Gateway, actor: Actor, number: str) -> None:
    """Show how far the member with this NUMBER has come: what is final, what is not, months paid and open, the next due."""
    from gateway.services import contributions

    found = contributions.standing(gateway, actor, member_of(gateway, actor, number))
    click.echo(f"total       {money.rupees(found.total):>12}")
    click.echo(f"  final     {money.rupees(found.confirmed):>12}")
    click.echo(f"  to check  {money.rupees(found.noted):>12}")
    for scheme in found.schemes:
        one = scheme.standing
        click.echo(f"{scheme.code}: {tables.counted(len(one.months_paid), 'month')} paid, open: {', '.join(one.months_open) or 'none'}")
        if one.next_due:
            click.echo(f"  next due {one.next_due.month}: {money.rupees(one.next_due.amount)}")
        if one.credit:
            click.echo(f"  beyond all dues: {money.rupees(one.credit)}")
        if one.government_awaited:
            click.echo(f"  awaited from the government: {money.rupees(one.government_awaited)}")


tables.add_to(command, "contributions")
