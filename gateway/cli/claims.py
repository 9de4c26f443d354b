"""`gateway claims`: taking claims up, ticking off their papers, deciding about them."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING

import click

from gateway.cli import tables
from gateway.cli.actor import as_actor
from gateway.core import claims as rules
from gateway.core import money
from gateway.core.calendar import NEPAL
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.claims import Claim
    from gateway.services.context import Gateway

PAGE = 200
DAY = click.DateTime(["%Y-%m-%d"])
STATES, KINDS = click.Choice(rules.STATES), click.Choice(rules.KINDS)


@click.group("claims")
def command() -> None:
    """Take claims up, tick off their papers, decide about them. CLAIM is a claim's number."""


@command.command("list")
@click.option("--state", type=STATES, help="Only those that stand there.")
@click.option("--kind", type=KINDS)
@as_actor
def list_(gateway: Gateway, actor: Actor, state: str | None, kind: str | None) -> None:
    """List claims: number, membership number, kind, state, days in that state, amount."""
    from gateway.services import claims

    after = ""
    while True:
        page = claims.page(gateway, actor, after, PAGE, state=state, kind=kind)
        for claim in page:
            click.echo(_line(claim))
        if len(page) < PAGE:
            return
        after = page[-1].id


@command.command("show")
@click.argument("claim")
@as_actor
def show(gateway: Gateway, actor: Actor, claim: str) -> None:
    """Show a claim: its papers, and each of its moves with who and when."""
    from gateway.services import claims

    found = claims.by_number(gateway, actor, claim)
    click.echo(_line(found))
    if found.insurer_reference:
        click.echo(f"insurer: {found.insurer_reference}")
    if found.reason:
        click.echo(f"reason: {found.reason}")
    if found.review_until:
        click.echo(f"review until: {_day(found.review_until)}")
    if found.note:
        click.echo(f"note: {found.note}")
    for paper in found.papers:
        click.echo(f"[{'x' if paper.received_at else ' '}] {paper.name}")
    for event in claims.events(gateway, actor, found.id):
        amount = money.rupees(event.amount) if event.amount else ""
        about = (event.state, event.by, amount, event.reason or "", event.note or "")
        click.echo(f"{_day(event.at)}  {'  '.join(filter(None, about))}")
    days = claims.days_in_each_state(gateway, actor, found.id)
    click.echo("days: " + ", ".join(f"{state} {spent:.0f}" for state, spent in days.items()))


@command.command("open")
@click.argument("number")
@click.argument("kind", type=KINDS)
@click.option("--note", help="What else is to be known; never what somebody is ill with.")
@click.option("--reference", help="Under which the insurer knows it.")
@click.option("--task", help="The call-back from which it came: it is ticked off.")
@click.option("--again", is_flag=True, help="It is another one, though one of this kind is open for her.")
@as_actor
def open_(gateway: Gateway, actor: Actor, number: str, *, again: bool, **about: str | None) -> None:
    """Take up a claim of the member with this membership NUMBER."""
    from gateway.services import claims

    opening = claims.Opening(str(about["kind"]), about["note"], about["reference"], about["task"], again)
    claim = claims.take_up(gateway, actor, claims.member_numbered(gateway, actor, number), opening)
    click.echo(_line(claim))
    for paper in claim.papers:
        click.echo(f"[ ] {paper.name}")


@command.command("move")
@click.argument("claim")
@click.argument("state", type=STATES)
@click.option("--amount", help="approved: rupees, as 5000 or 5,000.50. Paid: where it is another than was approved.")
@click.option("--reason", type=click.Choice(rules.REASONS), help="refused: why.")
@click.option("--until", type=DAY, help="review: the day by which it is over.")
@click.option("--on", type=DAY, help="paid: the day, where it is not today.")
@click.option("--paper", "papers", multiple=True, type=click.Choice(rules.ALL_PAPERS), help="paper_missing: which; may be given again.")
@click.option("--note")
@as_actor
def move(gateway: Gateway, actor: Actor, claim: str, state: str, **about: object) -> None:
    """Move a claim on. Its member hears of it on her next call."""
    from gateway.services import claims

    until, on, amount, papers = about["until"], about["on"], about["amount"], about["papers"]
    paisa = money.parse(amount) if isinstance(amount, str) else None
    if amount is not None and paisa is None:
        raise GatewayError("claim:amount")
    wanted = claims.Move(
        state,
        amount=paisa,
        reason=_text(about["reason"]),
        review_until=datetime.combine(until, time.max, NEPAL) if isinstance(until, datetime) else None,
        paid_on=on.date() if isinstance(on, datetime) else None,
        papers=papers if isinstance(papers, tuple) else (),
        note=_text(about["note"]),
    )
    found = claims.by_number(gateway, actor, claim)
    click.echo(_line(claims.move(gateway, actor, found.id, found.version, wanted)))


@command.command("tick")
@click.argument("claim")
@click.argument("paper")
@click.option("--back", is_flag=True, help="It did not come after all.")
@as_actor
def tick(gateway: Gateway, actor: Actor, claim: str, paper: str, *, back: bool) -> None:
    """Tick a PAPER off; with the last one the claim goes on to the review by itself."""
    from gateway.services import claims

    found = claims.by_number(gateway, actor, claim)
    change = claims.untick if back else claims.tick
    click.echo(_line(change(gateway, actor, found.id, paper)))


def _line(claim: Claim) -> str:
    amount = money.rupees(claim.amount) if claim.amount else ""
    return f"{claim.number:<8} {claim.member:<8} {claim.kind:<10} {claim.state:<13} {claim.days_in_state:>4} d  {amount}".rstrip()


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(NEPAL):%Y-%m-%d %H:%M}"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


tables.add_to(command, "claims")
