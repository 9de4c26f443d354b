"""`gateway segments`: how many SMS parts texts take, as Twilio counts them."""

from __future__ import annotations

import json
from typing import BinaryIO

import click


@click.command("segments")
@click.argument("lines", type=click.File("rb"), default="-", metavar="[FILE]")
def command(lines: BinaryIO) -> None:
    """Count the SMS segments of JSON strings, one a line, from FILE or standard input.

    For each line one {"encoding": "GSM-7" or "UCS-2", "segments": n} is printed.
    """
    from gateway.core.sms import segments

    for number, line in enumerate(lines, start=1):
        try:
            text = json.loads(line)
        except ValueError:  # no JSON, or not UTF-8
            text = None
        if not isinstance(text, str):
            raise click.UsageError(f'Line {number} is not a JSON string. Write a text as "Namaste", one on each line.')
        counted = segments(text)
        click.echo(json.dumps({"encoding": counted.encoding, "segments": counted.count}))
