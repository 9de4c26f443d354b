"""`gateway budget`: what each task costs a caller, from the clips, beside what it may cost."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.config import PACKAGE_ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.transcripts.budget import Row
    from gateway.transcripts.lengths import Length

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
HEAD = f"{'task':44} {'language':8} {'keys':>9} {'answer':>13} {'early':>12} {'call':>13}"


@click.command("budget")
@click.option("--flows", type=FOLDER, envvar="GATEWAY_FLOWS_DIR", default=PACKAGE_ROOT / "flows", help="The folder of the flows.")
@click.option("--audio", type=FOLDER, envvar="GATEWAY_AUDIO_DIR", default=PACKAGE_ROOT / "audio_prompts", help="The folder of the clips.")
@click.option("--language", help="Walk the tasks in this language alone.")
@click.option("--all-prompts", is_flag=True, help="Print the length of every prompt, not only of the longest.")
def command(flows: Path, audio: Path, language: str | None, *, all_prompts: bool) -> None:
    """Walk the tasks of flows/budget.yaml with the clips' real seconds: keys, seconds to the answer, seconds of the call.

    `early` is for who knows the key. Ends with 1 where something is over its limit, marked with an exclamation mark.
    """
    from gateway.audio.catalogue import open_clips
    from gateway.errors import GatewayError
    from gateway.transcripts import budget, lengths
    from gateway.transcripts.stage import Stage

    tasks = budget.read(flows / "budget.yaml")
    with tempfile.TemporaryDirectory(prefix="aawaj-") as folder:
        walker = budget.Walker(Stage(Path(folder), flows, audio), open_clips(audio))
        known = walker.stage.gateway.catalogue.languages
        if language is not None and language not in known:
            raise GatewayError("language:unknown", language=language, known=", ".join(known))
        languages = (language,) if language else known
        rows = [walker.row(task, spoken) for task in tasks for spoken in languages]
        measured = [length for spoken in languages for length in lengths.measure(walker, spoken)]
    click.echo(HEAD)
    for row in rows:
        click.echo(_row(row))
    click.echo()
    for length in measured if all_prompts else _longest(measured):
        mark = "!" if length.over else " "
        unit = "" if length.what == "options" else " s"
        click.echo(f"{length.what:16} {length.value:5.1f}{mark} of {length.limit:g}{unit}  {length.language} {length.prompt}")
    over = sum(bool(row.over) for row in rows) + sum(length.over for length in measured)
    if over:
        click.echo(f"{over} over the limit.", err=True)
        raise click.exceptions.Exit(1)


def _row(row: Row) -> str:
    def cell(name: str, width: int) -> str:
        if name not in row.task.limits:
            return f"{row.costs[name]:.1f}".rjust(width - 6) + " " * 6 if name in ("answer", "call") else " " * width
        number = f"{row.costs[name]:.0f}" if name == "keys" else f"{row.costs[name]:.1f}"
        mark = "!" if name in row.over else " "
        return f"{number}{mark}/ {row.task.limits[name]:g}".rjust(width)

    cells = (cell("keys", 9), cell("answer", 13), cell("early", 12), cell("call", 13))
    return f"{row.task.title:44} {row.language:8} {' '.join(cells)}"


def _longest(measured: Iterable[Length]) -> list[Length]:
    """Of each kind and language the longest, and all that are over."""
    measured = list(measured)
    longest = {(one.what, one.language): one for one in sorted(measured, key=lambda length: length.value)}
    return [one for one in measured if one.over or longest[one.what, one.language] is one]
