"""`gateway text`: one text message in the terminal, and what a phone has been sent."""

from __future__ import annotations

import click


@click.command("text")
@click.argument("number")
@click.argument("words", required=False)
def command(number: str, words: str | None) -> None:
    """Text WORDS to the gateway from NUMBER and print the answer; without WORDS, print what this phone has been sent.

    Try: gateway text +9779720000001 dabi
    """
    from gateway.cli import terminal
    from gateway.core import sms
    from gateway.core.events import MessageReceived
    from gateway.services import inbox
    from gateway.transcripts import telephone

    gateway = telephone.without_wire(terminal.open_gateway())
    sender = terminal.e164(number)
    if words is None:
        for at, text in inbox.of_phone(gateway, sender):
            click.echo(f"{at:%Y-%m-%d %H:%M}  {text}")
        return
    answer = telephone.Line(gateway, "sms", sender, f"terminal-{gateway.new_id()}").text(MessageReceived(words))
    if not answer:
        click.echo("[no answer]")
        return
    counted = sms.segments(answer)
    click.echo(answer)
    click.echo(f"  [{counted.encoding}, {counted.count} segment{'s' if counted.count > 1 else ''}]")
