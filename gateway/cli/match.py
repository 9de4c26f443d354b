"""`gateway match`: what texted words are understood as."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from gateway.config import PACKAGE_ROOT


@click.command("match")
@click.argument("lines", type=click.File("rb"), default="-", metavar="[FILE]")
@click.option(
    "--flows",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="GATEWAY_FLOWS_DIR",
    default=PACKAGE_ROOT / "flows",
    help="The folder with keywords.tsv and ordinary-words.txt.",
)
def command(lines: BinaryIO, flows: Path) -> None:
    """Find the intent of texted messages, one a line, from FILE or standard input.

    For each line the intent and its score from 0 to 1 are printed, with a tab between; - where there is no intent.
    """
    from gateway.language.keywords import Lexicon

    texts = {}
    for name in ("keywords.tsv", "ordinary-words.txt"):
        try:
            texts[name] = (flows / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.UsageError(f"{flows / name} cannot be read as UTF-8 text.") from error
    lexicon = Lexicon.load(texts["keywords.tsv"], texts["ordinary-words.txt"])
    for number, line in enumerate(lines, start=1):
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise click.UsageError(f"Line {number} is not UTF-8 text.") from error
        found = lexicon.match(text)
        click.echo(f"{found.intent or '-'}\t{found.score:.2f}")
