"""`gateway sayings`: an organisation's own words, recorded, for broadcasts, notices and the directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.services.sayings import Saying

PAGE = 100


@click.group("sayings")
def command() -> None:
    """Words of your organisation's own: write them down, record them from a file or by phone, listen. SAYING is a saying's id."""


@command.command("add")
@click.option("--text", "texts", multiple=True, required=True, metavar="LANGUAGE=TEXT", help="What is said; once for each language.")
@as_actor
def add(gateway: Gateway, actor: Actor, texts: Sequence[str]) -> None:
    """Write words down, and show the numbers under which they are recorded by phone.

    Try: gateway sayings add --text ne=भोलि कार्यालय बन्द छ। --text en="The office is closed tomorrow."
    """
    from gateway.services import sayings

    _show(sayings.create(gateway, actor, dict(map(_pair, texts))))


@command.command("record")
@click.argument("saying")
@click.argument("language")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@as_actor
def record(gateway: Gateway, actor: Actor, saying: str, language: str, file: Path) -> None:
    """Take FILE, a recording in any common format, as the words in LANGUAGE. It is cleaned and brought to one loudness."""
    from gateway.services import sayings

    _show(sayings.record(gateway, actor, saying, language, file))


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List all sayings."""
    from gateway.services import sayings

    after = 0
    while page := sayings.page(gateway, actor, after, PAGE):
        for saying in page:
            _show(saying)
        after = page[-1].number


@command.command("show")
@click.argument("saying")
@as_actor
def show(gateway: Gateway, actor: Actor, saying: str) -> None:
    """Show a saying: its words, its numbers, and what is recorded."""
    from gateway.services import sayings

    _show(sayings.show(gateway, actor, saying))


@command.command("play")
@click.argument("saying")
@click.argument("language")
@as_actor
def play(gateway: Gateway, actor: Actor, saying: str, language: str) -> None:
    """Print where the recording lies, for a player: aplay "$(gateway sayings play ID ne)"."""
    from gateway.services import sayings

    click.echo(sayings.recorded_file(gateway, actor, saying, language))


@command.command("remove")
@click.argument("saying")
@as_actor
def remove(gateway: Gateway, actor: Actor, saying: str) -> None:
    """Take away a saying that nothing uses, with its recordings."""
    from gateway.services import sayings

    sayings.remove(gateway, actor, saying)
    click.echo("removed")


def _pair(given: str) -> tuple[str, str]:
    language, _, words = given.partition("=")
    if not language.strip() or not words.strip():
        raise click.BadParameter(f"write {given!r} as LANGUAGE=TEXT, for example ne=नमस्ते", param_hint="--text")
    return language.strip(), words.strip()


def _show(saying: Saying) -> None:
    click.echo(f"saying {saying.id}")
    for language, text in sorted(saying.texts.items()):
        seconds = saying.clips.get(language)
        state = "not recorded" if seconds is None else f"{seconds:.1f} s"
        click.echo(f"  {language}  by phone {saying.numbers[language]}  {state:<12}  {text}")
