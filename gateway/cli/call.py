"""`gateway call`: a whole call in the terminal, against the configured database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gateway.cli.terminal import Heard
    from gateway.core.events import Input

WAITS = {
    "key": "press a key",
    "keys": "press keys, then Enter",
    "speech": "Enter for four seconds of speech",
    "transfer": "Enter: the person has answered and hung up",
}


@click.command("call")
@click.argument("number")
@click.option("--keys", help="What is pressed at each wait, as 2,4826; an empty place is silence. Without it, keys are read from you.")
@click.option("--pick-up", is_flag=True, help="Answer the call that a broadcast is making to this phone.")
def command(number: str, keys: str | None, pick_up: bool) -> None:
    """Call the gateway from NUMBER and print what is said, with its seconds.

    Try +9779720000001, a sample member: 2 tells her claim.
    """
    from gateway.cli import terminal
    from gateway.core.events import CallAnswered
    from gateway.providers.base import StatusReport
    from gateway.services import calls, receive, track

    gateway, clips = terminal.open_gateway()
    sender = terminal.e164(number)
    delivery_id, call_id = calls.ringing(gateway, sender) if pick_up else (None, f"terminal-{gateway.new_id()}")
    line = terminal.Line(gateway, "voice", sender, call_id)
    first = line.inbound(CallAnswered())
    answer = receive.call(gateway, first) if delivery_id is None else receive.picked_up(gateway, first, delivery_id)
    pressed = terminal.keys_of(keys) if keys is not None else None
    seconds = 0.0
    while True:
        heard = terminal.read(answer, clips)
        seconds += _print(heard)
        if heard.waits_for == "over":
            break
        event = _next_input(heard, pressed)
        if event is None:
            click.echo("  [you hang up]")
            break
        answer = receive.call(gateway, line.inbound(event, heard.step))
    over = StatusReport(first.provider, line.external_id, "completed", seconds=round(seconds))
    calls.reported(gateway, over)
    if delivery_id is not None:
        track.report(gateway, delivery_id, over)
    click.echo(f"  [the call took {seconds:.0f} s of speech]")


def _print(heard: Heard) -> float:
    for text, seconds in heard.lines:
        click.echo(f"{seconds:5.1f} s  {text}")
    return sum(seconds for _, seconds in heard.lines)


def _next_input(heard: Heard, pressed: Iterator[str] | None) -> Input | None:
    """What the caller does at this wait; None: she hangs up."""
    from gateway.core.events import DigitsPressed, RecordingMade, SilenceHeard, TransferEnded

    if pressed is not None:
        typed = next(pressed, None)
    else:
        try:
            typed = click.prompt(f"  [{WAITS[heard.waits_for]}; q hangs up]", default="", show_default=False).strip()
        except click.Abort:
            typed = None
    if typed is None or typed == "q":
        return None
    if pressed is not None:
        click.echo(f"  > {typed or '(silence)'}")
    if heard.waits_for == "speech":
        return RecordingMade(f"terminal-{uuid.uuid4().hex}", 4)
    if heard.waits_for == "transfer":
        return TransferEnded(answered=True)
    return DigitsPressed(typed) if typed and set(typed) <= set("0123456789*#") else SilenceHeard()
