"""`gateway broadcast`: say something to many, and follow what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from gateway.cli import broadcast_results
from gateway.cli.actor import as_actor
from gateway.cli.drafting import says_what
from gateway.cli.tables import counted

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.services.access import Actor
    from gateway.services.broadcast import Dear, Draft, Part, Plan
    from gateway.services.context import Gateway

MOST_SHOWN = 5  # characters that make a text dear


@click.group("broadcast")
def command() -> None:
    """Plan, try, approve, send and follow a broadcast."""


@command.command()
@says_what
def plan(gateway: Gateway, actor: Actor, draft: Draft) -> None:
    """Show who would get it, what it costs and when it is through. Nothing is sent.

    Try: gateway broadcast plan --text ne=नमस्ते --text en=Hello
    """
    from gateway.services import broadcast

    _show_plan(broadcast.plan(gateway, actor, draft), gateway.clock())


@command.command("draft")
@says_what
@click.option("--key", help="Two commands with the same key make one draft.")
def draft_(gateway: Gateway, actor: Actor, draft: Draft, key: str | None) -> None:
    """Plan it and keep it, until somebody sends it with `gateway broadcast approve`."""
    from gateway.services import broadcast

    _show_plan(broadcast.plan(gateway, actor, draft), gateway.clock())
    click.echo(f"broadcast {broadcast.create(gateway, actor, draft, key)} is a draft. `gateway broadcast approve` sends it.")


@command.command()
@says_what
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-wait", is_flag=True, help="Do not follow it.")
def send(gateway: Gateway, actor: Actor, draft: Draft, **flags: bool) -> None:
    """Plan it, ask, send it, and follow it until it is through. Ctrl-C stops the following only."""
    from gateway.services import broadcast

    _show_plan(broadcast.plan(gateway, actor, draft), gateway.clock())
    if not flags["yes"]:
        click.confirm("Send it?", abort=True)
    _approve(gateway, actor, broadcast.create(gateway, actor, draft), follow=not flags["no_wait"])


@command.command()
@click.argument("broadcast_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-wait", is_flag=True, help="Do not follow it.")
@as_actor
def approve(gateway: Gateway, actor: Actor, broadcast_id: str, **flags: bool) -> None:
    """Look at the plan of a draft as it is now, and agree that it goes out.

    Above the organisation's threshold of recipients (`gateway sending show`) two people must: give your name with --as.
    """
    from gateway.services import broadcast

    draft = broadcast.Draft.of(broadcast.status(gateway, actor, broadcast_id).broadcast)
    _show_plan(broadcast.plan(gateway, actor, draft, kept=True), gateway.clock())
    if not flags["yes"]:
        click.confirm("Send it?", abort=True)
    _approve(gateway, actor, broadcast_id, follow=not flags["no_wait"])


def _approve(gateway: Gateway, actor: Actor, broadcast_id: str, *, follow: bool) -> None:
    from gateway.services import broadcast

    jobs = broadcast.approve(gateway, actor, broadcast_id)
    if not jobs:
        click.echo(f"broadcast {broadcast_id} waits for a second person: `gateway broadcast approve {broadcast_id} --as USER`.")
        return
    gateway.enqueue(jobs)
    click.echo(f"broadcast {broadcast_id} is approved.")
    if not gateway.queue_is_up():
        click.echo("The queue does not answer; sending begins by itself when it is back.")
    if follow:
        broadcast_results.watch(gateway, actor, broadcast_id)


@command.command()
@click.argument("broadcast_id", required=False)
@says_what
@click.option("--to", "number", required=True, help="The number of the phone in your hand.")
@click.option("--in", "chosen", default="", metavar="LANGUAGE", help="In this language; else the first that it has.")
def test(gateway: Gateway, actor: Actor, draft: Draft, broadcast_id: str | None, **to: str) -> None:
    """Send a draft, by its id or by the options of `plan`, to one phone, exactly as members will get it.

    A test is charged like any message, goes out in the day only, and there are a few a day.
    """
    from gateway.services import broadcast

    if broadcast_id:
        draft = broadcast.Draft.of(broadcast.status(gateway, actor, broadcast_id).broadcast)
    tried, jobs = broadcast.try_out(gateway, actor, draft, to["number"], to["chosen"])
    gateway.enqueue(jobs)
    click.echo(f"The test is on its way; `gateway broadcast status {tried}` shows what became of it.")


@command.command()
@click.argument("broadcast_id")
@as_actor
def pause(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    """Start no more messages until it is resumed."""
    from gateway.services import broadcast

    broadcast.pause(gateway, actor, broadcast_id)
    click.echo(f"broadcast {broadcast_id} is paused. `gateway broadcast resume {broadcast_id}` goes on.")


@command.command()
@click.argument("broadcast_id")
@as_actor
def resume(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    """Go on after a pause."""
    from gateway.services import broadcast

    gateway.enqueue(broadcast.resume(gateway, actor, broadcast_id))
    click.echo(f"broadcast {broadcast_id} goes on.")


@command.command()
@click.argument("broadcast_id")
@as_actor
def cancel(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    """Send nothing more of it, for ever."""
    from gateway.services import broadcast

    broadcast.cancel(gateway, actor, broadcast_id)
    broadcast_results.show(broadcast.progress(gateway, actor, broadcast_id))


@command.command()
@click.argument("broadcast_id")
@click.option("--resend", "decision", flag_value="resend", help="Send them again, at the risk of a second copy.")
@click.option("--close", "decision", flag_value="close", help="Leave them as they are, for good.")
@as_actor
def resolve(gateway: Gateway, actor: Actor, broadcast_id: str, decision: str | None) -> None:
    """Decide about the messages that wait for a person: they may or may not have gone out, and the provider does not know."""
    from gateway.services import broadcast

    if decision is None:
        raise click.UsageError("say --resend or --close")
    number, jobs = broadcast.resolve(gateway, actor, broadcast_id, resend=decision == "resend")
    gateway.enqueue(jobs)
    click.echo(f"{number} messages {'are sent again' if jobs else 'are closed'}.")


@command.command("replies")
@click.argument("broadcast_id")
@as_actor
def replies(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    """Show what members wrote back: when, membership number, name, their words."""
    from gateway.core.calendar import NEPAL
    from gateway.services import broadcast

    after = 0
    while page := broadcast.replies(gateway, actor, broadcast_id, after):
        for reply in page:
            who = f"{reply.number or '-'}  {reply.name or '-'}{' or who shares her phone' if reply.shared else ''}"
            click.echo(f"{reply.at.astimezone(NEPAL):%Y-%m-%d %H:%M}  {who}  {' '.join(reply.words.split()) or '(kept no longer)'}")
        after = page[-1].id


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List the newest broadcasts."""
    from gateway.services import broadcast

    for row in broadcast.latest(gateway, actor):
        click.echo(f"{row.id}  {row.created_at:%Y-%m-%d %H:%M}  {row.state:<9}  {row.medium:<9}  {row.title}")


def _show_plan(planned: Plan, now: datetime) -> None:
    from gateway.core.money import rupees
    from gateway.services.broadcast import LEFT_OUT

    for language, text in planned.texts.items():
        click.echo(f"{language}: {text}")
    for (medium, language), parts in _by_way(planned.parts).items():
        unit, most = ("segment", " at most") if medium == "sms" else ("minute", "")
        each = f"{counted(parts[0].units, unit)} each{most if language in planned.personal else ''}"
        way = "by text" if medium == "sms" else "by call"
        members, price = sum(part.recipients for part in parts), sum(part.price for part in parts)
        click.echo(f"{language} {way}: {counted(members, 'member')}, {each}, Rs {rupees(price)}{_by_operator(parts)}")
    for dear in planned.dear:
        _show_dear(dear)
    if planned.heads_up:
        click.echo(f"texts before the calls: Rs {rupees(planned.heads_up)}")
    click.echo(f"all: {counted(planned.recipients, 'member')}, Rs {rupees(planned.price)}")
    if planned.month:
        left, budget = planned.month.left, rupees(planned.month.budget)
        over = f", Rs {rupees(-left)} over it" if left < 0 else ""
        click.echo(f"budget of {planned.month.month}: Rs {rupees(max(0, left))} of Rs {budget} left before it{over}")
    for reason, number in sorted(planned.left_out.items()):
        click.echo(f"left out: {number} ({LEFT_OUT[reason]})")
    _show_over(planned)
    _show_when(planned, now)
    if planned.persons > 1:
        click.echo("Two people must approve it.")
    for block in planned.blocks:
        click.echo(f"It cannot be sent: {block.sentence}")


def _by_way(parts: Iterable[Part]) -> dict[tuple[str, str], list[Part]]:
    ways: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        ways.setdefault((part.medium, part.language), []).append(part)
    return ways


def _by_operator(parts: list[Part]) -> str:
    from gateway.core.money import rupees

    if len(parts) == 1:
        return ""
    return f" ({', '.join(f'{part.operator} {part.recipients}: Rs {rupees(part.price)}' for part in parts)})"


def _show_dear(dear: Dear) -> None:
    from gateway.core.money import rupees

    text = dear.text
    if text.strange:
        which = ", ".join(f"{char!r} at {place}" for char, place in text.strange[:MOST_SHOWN])
        more = f" and {len(text.strange) - MOST_SHOWN} more" if len(text.strange) > MOST_SHOWN else ""
        click.echo(f"{text.language}: {which}{more} makes the whole text Unicode: 70 places in an SMS, not 160. Write it in plain letters.")
    if dear.saves > 0:
        how = "in plain letters" if text.strange else "romanised"
        about = "about " if text.estimated else ""
        count = f"{about}{counted(text.plain, 'segment')} and not {text.segments}"
        click.echo(f"{text.language}: {how} it takes {count}, and Rs {rupees(dear.saves)} less for these members.")


def _show_over(planned: Plan) -> None:
    from gateway.core.money import rupees

    for each in planned.over if len(planned.over) > 1 else ():
        click.echo(f"over {each.number} ({each.medium}): {counted(each.recipients, 'member')}, Rs {rupees(each.price)}")


def _show_when(planned: Plan, now: datetime) -> None:
    from gateway.core.calendar import NEPAL

    if planned.begins > now:
        click.echo(f"sending begins on {planned.begins.astimezone(NEPAL):%Y-%m-%d at %H:%M}, Nepal time.")
    pace = ", ".join(f"{counted(number, 'text' if medium == 'sms' else 'call')} a second" for medium, number in planned.paces.items())
    rounds = " with the first round of calls" if "voice" in planned.paces else ""
    click.echo(f"through{rounds} at about {planned.ends.astimezone(NEPAL):%Y-%m-%d %H:%M}, Nepal time ({pace}).")
    if planned.days > 1:
        click.echo(f"it takes {planned.days} days: our numbers may send only so many texts a day.")
    if planned.nowhere:
        click.echo(f"to {planned.nowhere} of them none of our numbers sends: no route of channels.yaml takes it there.")
    if planned.later:
        click.echo(f"up to {planned.later} get it later: another broadcast went to their phones just now.")
    if planned.missed:
        click.echo(f"{planned.missed} would not get it before it expires. Begin earlier, or let it hold longer.")


broadcast_results.add_to(command)
