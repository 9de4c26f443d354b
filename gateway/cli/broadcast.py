"""`gateway broadcast`: say something to many, and follow what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import reduce, wraps
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.core.audience import Audience
    from gateway.services.access import Actor
    from gateway.services.broadcast import Draft, Plan, Status
    from gateway.services.context import Gateway

LOOK_EVERY = 0.5  # seconds
FILTERS = ("trade", "language")
OVER = {"finished", "cancelled"}
STATES = ("delivered", "read", "sent", "accepted", "sending", "queued", "undelivered", "failed", "suppressed", "unknown")


@click.group("broadcast")
def command() -> None:
    """Plan, send and follow a broadcast."""


def _says_what(run: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what goes to whom, and as its first parameters the gateway and the draft that they make."""

    @as_actor
    @wraps(run)
    def with_draft(  # options
        gateway: Gateway, actor: Actor, texts: tuple[str, ...], phrase: str | None, life_safety_by: str | None, **others: object
    ) -> None:
        from dataclasses import replace

        from gateway.core.audience import Audience

        chosen = {f"{name}s": [str(value)] for name in FILTERS if (value := others.pop(name))}
        draft = _draft(texts, phrase, Audience.from_json(chosen))
        run(gateway, actor, replace(draft, life_safety_by=life_safety_by), **others)

    options = (
        click.option("--text", "texts", multiple=True, metavar="LANGUAGE=TEXT", help="The text in a language; once for each language."),
        click.option("--voice", "phrase", metavar="PHRASE", help="Ring everybody and say this phrase of flows/phrases.yaml."),
        click.option("--trade", help="Only members of this trade."),
        click.option("--language", help="Only members of this language."),
        click.option("--life-safety", "life_safety_by", metavar="NAME", help="Send at night too: lives depend on it, NAME answers for it."),
        click.option("--one-sms", is_flag=True, help="Cut each text to one SMS, at a word, with our number for the rest."),
    )
    return reduce(lambda function, option: option(function), reversed(options), with_draft)


@command.command()
@_says_what
def plan(gateway: Gateway, actor: Actor, draft: Draft, *, one_sms: bool) -> None:
    """Show who would get it, what it costs and when it is through. Nothing is sent.

    Try: gateway broadcast plan --text ne=नमस्ते --text en=Hello
    """
    from gateway.services import broadcast

    draft = broadcast.in_one_sms(gateway, actor, draft) if one_sms else draft
    _show_texts(draft, cut=one_sms)
    _show_plan(broadcast.plan(gateway, actor, draft), gateway.clock())


@command.command()
@_says_what
@click.option("--title", help="What organisers call it; else its first words.")
@click.option(
    "--on-ambiguous",
    type=click.Choice(["hold", "resend"]),
    default="hold",
    show_default=True,
    help="What to do with a message that may or may not have gone out when the provider does not know: wait for a person, or send again.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-wait", is_flag=True, help="Do not follow it.")
def send(gateway: Gateway, actor: Actor, draft: Draft, title: str | None, on_ambiguous: str, **flags: bool) -> None:
    """Plan it, ask, send it, and follow it until it is through. Ctrl-C stops the following only."""
    from dataclasses import replace

    from gateway.services import broadcast

    draft = replace(draft, title=title or draft.title, on_ambiguous=on_ambiguous)
    draft = broadcast.in_one_sms(gateway, actor, draft) if flags["one_sms"] else draft
    _show_texts(draft, cut=flags["one_sms"])
    _show_plan(broadcast.plan(gateway, actor, draft), gateway.clock())
    if not flags["yes"]:
        click.confirm("Send it?", abort=True)
    broadcast_id = broadcast.create(gateway, actor, draft)
    gateway.enqueue(broadcast.approve(gateway, actor, broadcast_id))
    click.echo(f"broadcast {broadcast_id} is approved.")
    if not gateway.queue_is_up():
        click.echo("The queue does not answer; sending begins by itself when it is back.")
    if not flags["no_wait"]:
        _follow(gateway, actor, broadcast_id)


@command.command()
@click.argument("broadcast_id")
@as_actor
def status(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    """Show where a broadcast is."""
    from gateway.services import broadcast

    _show_status(broadcast.status(gateway, actor, broadcast_id))


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
    _show_status(broadcast.status(gateway, actor, broadcast_id))


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
        click.echo(f"{row.id}  {row.created_at:%Y-%m-%d %H:%M}  {row.state:<9}  {row.medium:<5}  {row.title}")


def _draft(texts: Iterable[str], phrase: str | None, audience: Audience) -> Draft:
    from gateway.services.broadcast import Draft

    by_language: dict[str, str] = {}
    for given in texts:
        name, separator, words = given.partition("=")
        if not separator or not name.strip() or not words.strip():
            raise click.BadParameter(f"write {given!r} as LANGUAGE=TEXT, for example ne=नमस्ते", param_hint="--text")
        if name.strip() in by_language:
            raise click.BadParameter(f"there are two texts in {name.strip()!r}", param_hint="--text")
        by_language[name.strip()] = words.strip()
    title = phrase or " ".join(next(iter(by_language.values()), "").split()[:6])
    return Draft(title, by_language, phrase, audience=audience)


def _show_texts(draft: Draft, *, cut: bool) -> None:
    from gateway.services.broadcast import costly_characters

    if cut:
        for language, text in draft.texts.items():
            click.echo(f"{language}: {text}")
    for language, char in costly_characters(draft).items():
        click.echo(f"{language}: {char!r} makes the whole text Unicode: 70 places in an SMS, not 160. Write it in plain letters.")


def _show_plan(planned: Plan, now: datetime) -> None:
    from gateway.core.calendar import NEPAL
    from gateway.core.money import rupees
    from gateway.services.broadcast import LEFT_OUT

    unit = "segment" if planned.medium == "sms" else "minute"
    for part in planned.parts:
        each = f"{part.units} {unit}{'s' if part.units > 1 else ''} each"
        click.echo(f"{part.language}: {part.recipients} members, {each}, Rs {rupees(part.price)}")
    click.echo(f"all: {planned.recipients} members, Rs {rupees(planned.price)}")
    for reason, number in sorted(planned.left_out.items()):
        click.echo(f"left out: {number} ({LEFT_OUT[reason]})")
    if planned.begins > now:
        click.echo(f"It is night in Nepal: sending begins on {planned.begins.astimezone(NEPAL):%Y-%m-%d at %H:%M}, Nepal time.")
    click.echo(f"through at about {planned.ends.astimezone(NEPAL):%Y-%m-%d %H:%M}, Nepal time.")


def _show_status(found: Status) -> None:
    reason = f" ({found.broadcast.reason})" if found.broadcast.reason else ""
    click.echo(f"{found.broadcast.title}: {found.broadcast.state}{reason}")
    for state in STATES:
        if number := found.counts.states.get(state):
            click.echo(f"  {state:<11} {number}")
    if found.counts.held:
        click.echo(f"  {found.counts.held} of the unknown wait for a person: the provider does not know of them. Decide with")
        click.echo(f"  `gateway broadcast resolve {found.broadcast.id} --resend` (or `--close`).")
    if found.counts.flagged:
        click.echo(f"  {found.counts.flagged} were unclear at some time; only these can have arrived twice.")


def _follow(gateway: Gateway, actor: Actor, broadcast_id: str) -> None:
    from gateway.services import broadcast

    try:
        found = broadcast.status(gateway, actor, broadcast_id)
        while not found.broadcast.expanded and found.broadcast.state not in OVER | {"paused"}:
            time.sleep(LOOK_EVERY)
            found = broadcast.status(gateway, actor, broadcast_id)
        with click.progressbar(length=found.counts.total, label="sent") as bar:
            while found.broadcast.state not in OVER | {"paused"}:
                bar.update(found.counts.total - found.counts.open - bar.pos)
                time.sleep(LOOK_EVERY)
                found = broadcast.status(gateway, actor, broadcast_id)
            bar.update(found.counts.total - found.counts.open - bar.pos)
    except KeyboardInterrupt:
        click.echo(f"\nIt goes on by itself. `gateway broadcast status {broadcast_id}` shows how far it is.")
        return
    _show_status(found)
