"""`gateway rings`: what became of the missed calls of today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

SAID = {
    "called": "called back",
    "morning": "called back in the morning",
    "repeated": "rang again: one call answers them",
    "late": "told to us more than a day later",
    "withheld": "withheld their number",
    "ours": "our own numbers",
    "barred": "no number that may be called",
    "stopped": "said STOP",
    "cap-number": "called back often enough today",
    "cap-prefix": "too many numbers like it within the hour",
    "cap-day": "too many for this number of ours today",
}


@click.command("rings")
@as_actor
def command(gateway: Gateway, actor: Actor) -> None:
    """Count the missed calls of today by channel, and what became of them."""
    from gateway.services import missed_calls

    found = missed_calls.rings_today(gateway, actor)
    for channel in sorted({name for name, _ in found}):
        for became in missed_calls.BECAME:
            if rings := found.get((channel, became)):
                click.echo(f"{channel:<20}  {rings:>6}  {SAID[became]}")
    if not found:
        click.echo("Nobody rang today.")
