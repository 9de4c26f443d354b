"""`gateway call`: a whole call in the terminal, against the configured database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gateway.audio.catalogue import ClipCatalogue
    from gateway.core.events import Input
    from gateway.services.context import Gateway
    from gateway.transcripts.telephone import Heard

WAITS = {
    "key": "press a key",
    "keys": "press keys, then Enter",
    "speech": "Enter for four seconds of speech",
    "transfer": "Enter: the person has answered and hung up",
}


@click.command("call")
@click.argument("number")
@click.option("--keys", help="What is pressed at each wait, as 2,4826; an empty place is silence. Without it, keys are read from you.")
@click.option("--pick-up", is_flag=True, help="Answer the call that rings this phone: of a broadcast, or back after --missed.")
@click.option("--missed", is_flag=True, help="Ring and hang up at once, to be called back: answer with --pick-up.")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), help="Write the call into this file, as a transcript.")
def command(number: str, keys: str | None, record: Path | None, *, pick_up: bool, missed: bool) -> None:
    """Call the gateway from NUMBER and print what is said, with its seconds.

    Try +9779720000001, a sample member: 2 tells her claim.
    """
    from gateway.audio.catalogue import open_clips
    from gateway.cli import terminal
    from gateway.core.events import CallAnswered
    from gateway.providers.base import StatusReport
    from gateway.services import calls, track
    from gateway.transcripts import telephone
    from gateway.transcripts.record import Recorder

    installed = terminal.open_gateway()
    clips = open_clips(installed.settings.audio_dir, installed.settings.data_dir)
    sender = terminal.e164(number)
    if missed:
        _ring_once(installed, sender)
        return
    delivery_id, call_id = calls.ringing(installed, sender) if pick_up else (None, f"terminal-{installed.new_id()}")
    recorder = Recorder(installed, sender, call_id)
    gateway = telephone.without_wire(installed, recorder.enqueue)
    line = telephone.Line(gateway, "voice", sender, call_id)
    recorder.begin(delivery_id)
    heard = line.call(CallAnswered()) if delivery_id is None else line.picked_up(CallAnswered(), delivery_id)
    pressed = terminal.keys_of(keys) if keys is not None else None
    seconds = 0.0
    if heard.over and not heard.said:
        click.echo("  [not answered: you are called back; it rings within ten seconds: answer with --pick-up]")
    while True:
        recorder.hears(heard)
        seconds += _print(heard, clips)
        event = None if heard.over else _next_input(heard, pressed)
        if event is None:
            break
        recorder.does(event)
        heard = line.call(event, heard.step)
    if not heard.over:
        click.echo("  [you hang up]")
        recorder.hangs_up()
    over = StatusReport(line.gateway.providers.main.name, line.external_id, "completed", seconds=round(seconds))
    calls.reported(gateway, over)
    if delivery_id is not None:
        track.report(gateway, delivery_id, over)
    click.echo(f"  [the call took {seconds:.0f} s of speech]")
    if record is not None:
        recorder.write(record)
        click.echo(f"  [written to {record}; `gateway check --transcripts {record}` plays it]")


def _ring_once(gateway: Gateway, sender: str) -> None:
    from gateway.cli.rings import SAID
    from gateway.services import missed_calls

    became = missed_calls.try_out(gateway, sender)
    click.echo(f"  [you ring and hang up: {SAID[became]}]")
    if became == "called":
        click.echo("  [it rings within ten seconds: answer with --pick-up]")


def _print(heard: Heard, clips: ClipCatalogue) -> float:
    from gateway.core import phone

    total = 0.0
    for said in heard.said:
        seconds = said.seconds(clips)
        click.echo(f"{seconds:5.1f} s  {said.text}")
        total += seconds
    if heard.put_through:
        click.echo(f"         [the call is put through to {phone.mask(heard.put_through)}]")
    return total


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
        recording, others = f"terminal-{uuid.uuid4().hex}", typed in {"0", "8", "9"}
        return RecordingMade("", 0, typed) if others else RecordingMade(recording, 4)
    if heard.waits_for == "transfer":
        return TransferEnded(answered=True)
    return DigitsPressed(typed) if typed and set(typed) <= set("0123456789*#") else SilenceHeard()
