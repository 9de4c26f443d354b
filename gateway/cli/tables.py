"""`import` and `export` of members, contributions and claims: made once, added to the group of each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.services.imports import Progress

STEPS = 1_000  # of the progress bar
SHOWN_NOTES = 200
WITHHELD = "few"  # for a count that would describe fewer than five people


def counted(count: float, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "rate"), counted(2.0, "rate"), counted(0.4, "rate")
    ('1 rate', '2 rates', '0.4 rates')
    """
    shown = int(count) if count == int(count) else count
    return f"{shown} {noun}" if count == 1 else f"{shown} {noun}s"


def add_to(group: click.Group, kind: str) -> None:
    """Give a group of commands `import FILE` and `export FILE`."""
    group.add_command(_import(kind))
    group.add_command(_export(kind))


def _import(kind: str) -> click.Command:
    @click.command("import", help=f"Take the {kind} of FILE, CSV or XLSX; docs/import.md lists the columns. The same FILE again goes on.")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
    @click.option("--again", is_flag=True, help="Compare a file anew that was taken in to its end.")
    @click.option("--shared-phones", is_flag=True, help="Members with different names share the phones as FILE says.")
    @as_actor
    def command(gateway: Gateway, actor: Actor, file: Path, **wish: bool) -> None:
        from gateway.services import imports

        progress = imports.take_in(gateway, actor, kind, file, **cast("imports.Wish", wish))
        last = _follow(file, progress)
        would = "would be " if wish["dry_run"] else ""
        click.echo(f"{last.added} {would}added, {last.changed} {would}changed, {last.known} known already, {last.refused} refused.")
        if not wish["dry_run"] and last.refused:
            click.echo(f"`gateway imports refusals {last.import_id}` shows them again.")
        if last.refused:
            raise SystemExit(1)

    return command


def _follow(file: Path, progress: Iterator[Progress]) -> Progress:
    """Show the progress, and what is to be said of single rows."""
    last = next(progress)
    said = 0
    with click.progressbar(length=STEPS, label=file.name, file=sys.stderr) as bar:
        while True:
            for place, column, reason in sorted((*last.refusals, *last.notes)):
                said += 1
                if said <= SHOWN_NOTES:
                    where = f"{file.name}:{place}: {column}: " if column else f"{file.name}:{place}: "
                    click.echo(f"{where}{reason}", err=True)
            bar.update(int(last.share * STEPS) - bar.pos)
            after = next(progress, None)
            if after is None:
                break
            last = after
    if said > SHOWN_NOTES:
        click.echo(f"... and {said - SHOWN_NOTES} more of the kind.", err=True)
    return last


def _export(kind: str) -> click.Command:
    @click.command("export", help=f"Write all {kind} to FILE, CSV or XLSX by its name, which only you can read.")
    @click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
    @as_actor
    def command(gateway: Gateway, actor: Actor, file: Path) -> None:
        from gateway.services import exports

        count = exports.write(gateway, actor, kind, file)
        click.echo(f"{count} {kind} written to {file}.")

    return command
