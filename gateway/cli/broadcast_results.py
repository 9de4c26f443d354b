"""What came of a broadcast: `gateway broadcast status`, `follow`, `export` and `again`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor
from gateway.cli.tables import counted

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.services.access import Actor
    from gateway.services.broadcast import Progress
    from gateway.services.context import Gateway

LOOK_EVERY = 0.5  # seconds
REST = 5  # times as long as a look takes, we do not look: one at a very large broadcast takes long
LINE_EVERY = 10  # seconds between two lines of what is followed into a pipe
OVER = {"finished", "cancelled"}
STILL = OVER | {"draft", "paused"}  # nothing moves until somebody does something
STATES = ("delivered", "read", "sent", "accepted", "sending", "queued", "undelivered", "failed", "suppressed", "unknown")
MILLIONTHS = 1_000_000


def add_to(group: click.Group) -> None:
    """Give `gateway broadcast` these commands."""
    for command in (status, follow, export, again):
        group.add_command(command)


@click.command()
@click.argument("broadcast_id")
@as_actor
def status(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    """Show where a broadcast is: who got it, who heard how much of it, what it cost, and what waits for a person."""
    from gateway.services import broadcast

    show(broadcast.progress(gateway, actor, broadcast_id))


@click.command("follow")
@click.argument("broadcast_id")
@as_actor
def follow(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    """Follow a broadcast until it is through. Ctrl-C stops the following only."""
    watch(gateway, actor, broadcast_id)


@click.command()
@click.argument("broadcast_id")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@as_actor
def export(gateway: Gateway, actor: Actor, broadcast_id: str, file: Path) -> None:
    """Write what became of each recipient to FILE, CSV or XLSX by its name, which only you can read."""
    from gateway.services import broadcast

    click.echo(f"{counted(broadcast.export(gateway, actor, broadcast_id, file), 'recipient')} written to {file}.")


@click.command()
@click.argument("broadcast_id")
@click.option("--title", help="What organisers call it; else as the first time.")
@as_actor
def again(gateway: Gateway, actor: Actor, broadcast_id: str, title: str | None) -> None:
    """Draft the same once more, for those who did not hear it. Nothing is sent until it is approved."""
    from gateway.services import broadcast

    draft = broadcast.again(gateway, actor, broadcast_id, **({"title": title} if title else {}))
    planned = broadcast.plan(gateway, actor, draft)
    new = broadcast.create(gateway, actor, draft)
    click.echo(f"{counted(planned.recipients, 'member')} did not hear it.")
    click.echo(f"broadcast {new} is a draft. `gateway broadcast approve {new}` shows its plan and sends it.")


# --- following ---------------------------------------------------------------------------------------------------------------------


def watch(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    """Show how a broadcast goes on, with a bar in a terminal and a line now and then in a pipe, and how it stands where it ends."""
    looks = _looks(gateway, actor, broadcast_id)
    try:
        last = _bar(looks) if _is_terminal() else _lines(looks)
    except KeyboardInterrupt:
        click.echo(f"\nIt goes on by itself. `gateway broadcast follow {broadcast_id}` shows it again.")
        return
    show(last)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _looks(gateway: Gateway, actor: Actor, broadcast_id: str) -> Iterator[Progress]:
    """How it stands, now and then, until nothing moves by itself."""
    from gateway.services import broadcast

    while True:
        began = time.monotonic()
        found = broadcast.progress(gateway, actor, broadcast_id)
        yield found
        if found.broadcast.state in STILL:
            return
        time.sleep(max(LOOK_EVERY, REST * (time.monotonic() - began)))


def _bar(looks: Iterator[Progress]) -> Progress:
    last = next(looks)
    with click.progressbar(length=max(_expected(last), 1), show_percent=True) as bar:
        while True:
            bar.length, bar.label = max(_expected(last), 1), _in_short(last)
            bar.update(last.people - last.open - bar.pos)
            following = next(looks, None)
            if following is None:
                return last
            last = following


def _lines(looks: Iterator[Progress]) -> Progress:
    said, at = "", -float(LINE_EVERY)
    for found in looks:
        line = f"{found.people - found.open} of {_expected(found)}: {_in_short(found)}"
        if line != said and time.monotonic() >= at + LINE_EVERY:
            click.echo(line)
            said, at = line, time.monotonic()
        last = found
    return last


def _expected(found: Progress) -> int:
    """How many it is for: as planned, until all of them are written down."""
    planned = (found.broadcast.planned or {}).get("recipients", 0)
    return found.people if found.broadcast.expanded else max(found.people, planned)


def _in_short(found: Progress) -> str:
    failed = sum(why.number for why in found.failed)
    parts = [f"{found.heard.people} reached", f"{failed} failed", _cost(found)]
    if found.unknown.held:
        parts.insert(2, f"{found.unknown.held} wait for you")
    if found.through_at:
        parts.append(f"through at about {_hour(found.through_at)}")
    return ", ".join(parts)


# --- how it stands -----------------------------------------------------------------------------------------------------------------


def show(found: Progress) -> None:
    """Write all that is known of a broadcast."""
    reason = f" ({found.broadcast.reason})" if found.broadcast.reason else ""
    click.echo(f"{found.broadcast.title}: {found.broadcast.state}{reason}")
    for state in STATES:
        if number := found.states.get(state):
            click.echo(f"  {state:<11} {number}")
    for why in (*found.failed, *found.suppressed):
        click.echo(f"    {why.number} because {why.sentence}")
    _show_heard(found)
    for number, people in found.rounds.items():
        if len(found.rounds) > 1:
            click.echo(f"  {counted(people, 'member')} after {'1 try' if number == 1 else f'{number} tries'}")
    _show_over(found)
    click.echo(f"  {_cost(found)}")
    for charge in found.cost.charged:
        of = f"for {charge.priced} of {counted(found.cost.sent, 'message')}"
        click.echo(f"  the provider charged {charge.currency} {charge.amount / MILLIONTHS:,.2f} {of}")
    if found.through_at:
        click.echo(f"  {found.a_minute} messages in the last minute; through at about {_hour(found.through_at)}, Nepal time")
    _show_what_waits(found)


def _show_over(found: Progress) -> None:
    from gateway.core.money import rupees

    if len(found.over) > 1 or found.passed_on:
        for each in found.over:
            click.echo(f"  over {each.number} ({each.medium}): {each.sent} sent, {each.reached} reached, Rs {rupees(each.price)}")
    if found.passed_on:
        click.echo(f"  {found.passed_on} of them went over another number because the first one had refused them")
    if found.tomorrow:
        click.echo(f"  {counted(found.tomorrow, 'text')} wait for tomorrow or later: our numbers may send no more today")


def _show_heard(found: Progress) -> None:
    heard = found.heard
    if found.people:
        click.echo(f"  {heard.people} of {found.people} reached")
    if heard.calls:
        share = "" if heard.half is None else f", {heard.half} of them to half of it or more, {heard.whole} to all of it"
        click.echo(f"  {counted(heard.calls, 'call')} picked up, {counted(heard.seconds, 'second')} listened in all{share}")
    if found.answered:
        click.echo(f"  {found.answered} answered, {counted(found.replies, 'text')} written back")
    if found.answers:
        click.echo(f"  will come: {', '.join(f'{answer} {number}' for answer, number in sorted(found.answers.items()))}")


def _show_what_waits(found: Progress) -> None:
    from gateway.store.broadcasts import TEST

    this = found.broadcast.id
    if found.unknown.held:
        click.echo(f"  {found.unknown.held} of the unknown wait for a person: the provider does not know of them. Decide with")
        click.echo(f"  `gateway broadcast resolve {this} --resend` (or `--close`).")
    if found.flagged:
        click.echo(f"  {found.flagged} were unclear at some time; only these can have arrived twice.")
    if found.missing:
        one_more = " --as USER" if found.agreed else ""
        click.echo(f"  it waits for {counted(found.missing, 'person')} to agree: `gateway broadcast approve {this}{one_more}`.")
    if found.broadcast.state == "paused":
        click.echo(f"  it is paused: `gateway broadcast resume {this}` goes on.")
    missed = found.people - found.heard.people
    if missed and found.broadcast.state in OVER and found.broadcast.purpose != TEST:
        so_far = f" ({found.silent} of them without a report so far)" if found.silent else ""
        click.echo(f"  {missed} did not hear it{so_far}: `gateway broadcast again {this}` drafts it for them once more.")


def _cost(found: Progress) -> str:
    from gateway.core.money import rupees

    planned = "" if found.cost.planned is None else f" of Rs {rupees(found.cost.planned)} planned"
    return f"Rs {rupees(found.cost.so_far)}{planned}"


def _hour(at: datetime) -> str:
    from gateway.core.calendar import NEPAL

    return f"{at.astimezone(NEPAL):%Y-%m-%d %H:%M}"
