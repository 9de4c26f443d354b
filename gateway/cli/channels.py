"""`gateway channels`: our numbers at providers, how they stand today, and a real text or call over one of them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.services.health import ChannelSeen

PATIENCE = 60  # seconds for which a test waits for the provider's word; a call rings that long
SAID = {
    "accepted": "The provider has taken it; it has not said yet whether it arrived.",
    "sent": "It is on its way; the provider has not said yet whether it arrived.",
    "delivered": "It arrived.",
    "read": "It arrived.",
    "unknown": "Nobody can tell whether it went out: the provider did not answer clearly.",
}
NEVER = "never"


@click.group("channels")
def command() -> None:
    """Our numbers at providers, as channels.yaml names them (see docs/channels.md)."""


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List our numbers: what they carry, their pace and prices, what went over them today."""
    from gateway.services import health

    seen = health.our_channels(gateway, actor)
    if not seen:
        click.echo("There is no channel yet. It stands here when channels.yaml names it, or a provider has forwarded the first call to us.")
    for each in seen:
        click.echo(_line(each, gateway.clock()))


def _line(seen: ChannelSeen, now: datetime) -> str:
    from gateway.core.money import rupees

    channel = seen.channel
    ways = {
        "sms": f"sms {channel.messages_per_second:g}/s Rs {rupees(channel.segment_price)} a segment",
        "voice": f"voice {channel.calls_per_second:g}/s Rs {rupees(channel.minute_price)} a minute",
    }
    sent, failed, unknown = (sum(each.values()) for each in (seen.sent, seen.failed, seen.unknown))
    day = "" if seen.limit is None else f", {seen.left} of {seen.limit} texts left"
    held = "; ".join(f"{medium} held, tried again in {each.seconds:.0f} s" for medium, each in seen.held.items()) or "open"
    held = held if seen.shares else "nobody can tell if it is held: Redis does not answer"
    told = f"{int((now - seen.callback_at).total_seconds() // 60)} min ago" if seen.callback_at else NEVER
    parts = (
        f"{channel.id}  {channel.address or '(no number yet)'}  {channel.provider} ({seen.kind})",
        "; ".join(ways[medium] for medium in seen.carries),
        f"today {sent} sent, {failed} failed, {unknown} unclear{day}",
        held,
        f"last word of the provider: {told}",
    )
    return "\n    ".join(parts)


def written_in() -> Path:
    """Where channels.yaml lies, if there is one; needs no other settings and no secrets."""
    from gateway import channels
    from gateway.environment import merged

    environ = merged(os.environ)
    return Path(environ.get("GATEWAY_CHANNELS") or Path(environ.get("GATEWAY_DATA_DIR") or "data") / channels.FILE)


@command.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--secrets", is_flag=True, help="Also whether the variables that it names are set.")
def check(file: Path | None, *, secrets: bool) -> None:
    """Check FILE (by default the installation's channels.yaml) and name every fault with its line and column.

    Ends with 1 where it is faulty.
    """
    from gateway import bootstrap
    from gateway.environment import merged

    path = file or written_in()
    if not path.exists():
        raise click.UsageError(f"there is no {path}; without it the environment alone decides, with one channel")
    ways = bootstrap.check_channels(path, merged(os.environ) if secrets else None)
    click.echo(f"{len(ways.providers)} providers, {len(ways.channels)} channels, {len(ways.routes)} routes: all is well.")


@command.command("test")
@click.argument("name")
@click.option("--to", "number", required=True, metavar="NUMBER", help="The phone in your hand.")
@click.option("--call", "by_call", is_flag=True, help="Place a call instead of sending a text.")
@click.option("--now", "by_night", is_flag=True, help="In quiet hours as well: you know that it rings.")
@as_actor
def test(gateway: Gateway, actor: Actor, name: str, number: str, **wish: bool) -> None:
    """Send one real text (or place a call) over exactly the channel NAME, and wait for what its provider says. It costs what it costs."""
    from gateway.services import trying_channels
    from gateway.services.broadcast.results import WHY

    trial = trying_channels.Trial(name, number, "voice" if wish["by_call"] else "sms", wish["by_night"])
    delivery_id = trying_channels.send(gateway, actor, trial)
    first = word = trying_channels.word(gateway, delivery_id)
    if not word.is_last:
        click.echo(SAID[word.state])
        word = trying_channels.await_word(gateway, delivery_id, PATIENCE, time.sleep)
    if word == first and not word.is_last:
        click.echo(f"Nothing more was heard of it in {PATIENCE} seconds. Look at the phone: not every provider tells, and some tell late.")
        return
    if word.state in SAID:
        click.echo(SAID[word.state])
        return
    code = (word.error or "").split(" ")[0]
    click.echo(f"It did not arrive: {WHY.get(code, word.error or word.state)}. ({word.error or word.state})", err=True)
    raise click.exceptions.Exit(1)
