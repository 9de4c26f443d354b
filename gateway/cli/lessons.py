"""`gateway lessons`: what there is to hear, and how many heard it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor
from gateway.cli.tables import WITHHELD, counted

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


@click.group("lessons")
def command() -> None:
    """Show the lessons of flows/lessons, and how many members heard them; docs/lessons.md says how to add one."""


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List the lessons in the order in which callers are offered them."""
    from gateway.services import lessons

    for lesson in lessons.list_all(gateway, actor):
        titles = " / ".join(lesson.title[language] for language in gateway.catalogue.languages if language in lesson.title)
        click.echo(f"{lesson.name:<16}  {counted(lesson.chapters, 'chapter')}  {titles}")


@command.command("progress")
@as_actor
def progress(gateway: Gateway, actor: Actor) -> None:
    """Count who is in the middle of each lesson and who heard all of it; so few that they might be known are not told."""
    from gateway.services import lessons

    for lesson in lessons.progress(gateway, actor):
        begun, underway, completed = (WITHHELD if count is None else count for count in (lesson.begun, lesson.underway, lesson.completed))
        click.echo(f"{lesson.name:<16}  {begun} began, {underway} are in the middle of it, {completed} heard all of it")
