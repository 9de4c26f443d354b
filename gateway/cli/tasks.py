"""`gateway tasks`: what a person must do."""

from __future__ import annotations

import os

import click


@click.group("tasks")
def command() -> None:
    """Show what a person must do, and tick it off."""


@command.command("list")
def list_() -> None:
    """List the open tasks: the oldest first, each with the number to ring, the member and the recording to listen to."""
    from gateway import bootstrap
    from gateway.core.calendar import NEPAL
    from gateway.services import tasks

    for task in tasks.list_open(bootstrap.from_environment(os.environ)):
        about = (task.phone or "number withheld", f"member {task.member}" if task.member else "", str(task.recording or ""))
        click.echo(f"{task.id}  {task.since.astimezone(NEPAL):%Y-%m-%d %H:%M}  {task.kind:<15}  {'  '.join(filter(None, about))}")


@command.command("done")
@click.argument("task_id")
def done(task_id: str) -> None:
    """Tick the task with this id off."""
    from gateway import bootstrap
    from gateway.services import tasks

    tasks.finish(bootstrap.from_environment(os.environ), task_id)
    click.echo("Done.")
