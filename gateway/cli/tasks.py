"""`gateway tasks`: what a person must do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.cli.actor import as_actor
from gateway.cli.people import details_of, says

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


@click.group("tasks")
def command() -> None:
    """Show what a person must do, write a name down, and tick a task off."""


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List the open tasks: the oldest first, each with the number to ring, the member and the recording to listen to."""
    from gateway.core.calendar import NEPAL
    from gateway.services import tasks

    for task in tasks.list_open(gateway, actor):
        member = f"member {task.member}" if task.member else ""
        said = f"texted: {task.said}" if task.said else ""
        withheld = "number withheld" if task.kind == "call_back" else ""
        claim = f"claim {task.claim}" if task.claim else ""
        entry = f"entry {task.reference}" if task.reference else ""
        had = f"phone of {', '.join(task.had)}" if task.had else ""
        about = (task.phone or withheld, member, claim, entry, had, said, str(task.recording or ""))
        click.echo(f"{task.id}  {task.since.astimezone(NEPAL):%Y-%m-%d %H:%M}  {task.kind:<15}  {'  '.join(filter(None, about))}")


@command.command("done")
@click.argument("task_id")
@as_actor
def done(gateway: Gateway, actor: Actor, task_id: str) -> None:
    """Tick the task with this id off."""
    from gateway.services import tasks

    tasks.finish(gateway, actor, task_id)
    click.echo("Done.")


@command.command("write-down")
@click.argument("task_id")
@says
@as_actor
def write_down(gateway: Gateway, actor: Actor, task_id: str, **given: Any) -> None:  # noqa: ANN401  # options
    """Write down who spoke in the recording of a task: --name and, as far as it is heard, --village and the rest."""
    from gateway.services import members

    person = members.write_down(gateway, actor, task_id, details_of(given))
    click.echo(f"Member {person.number} is {person.state}.")
