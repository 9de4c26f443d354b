"""`gateway lists`: members whom somebody named, to write to them or to leave them out."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING

import click

from gateway.cli import tables
from gateway.cli.actor import as_actor
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.services.lists import ListAdded

DELIMITERS = (",", ";", "\t")
of_file = click.argument("file", type=click.File(encoding="utf-8-sig"), default="-")
of_column = click.option("--column", help="Of a CSV file, the heading of the column; else each line is a number.")


@click.group("lists")
def command() -> None:
    """Make lists of members from their numbers or phones, and show, change and delete them."""


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List the lists."""
    from gateway.services import lists

    for row in lists.list_all(gateway, actor):
        click.echo(f"{row.id}  {row.title}  {tables.counted(row.members, 'member')}")


@command.command("create")
@click.argument("title")
@of_file
@of_column
@as_actor
def create(gateway: Gateway, actor: Actor, title: str, file: IO[str], column: str | None) -> None:
    """Make a list TITLE of the membership numbers or phones in FILE (- is what is typed), or add them where it is there.

    Try: echo 10424 | gateway lists create "Leaders of groups"
    """
    from gateway.services import lists

    _told(lists.create(gateway, actor, title, _numbers(file, column)), "added")


@command.command("add")
@click.argument("title")
@of_file
@of_column
@as_actor
def add(gateway: Gateway, actor: Actor, title: str, file: IO[str], column: str | None) -> None:
    """Write the members in FILE on a list, named by its title or id."""
    from gateway.services import lists

    _told(lists.add(gateway, actor, title, _numbers(file, column)), "added")


@command.command("remove")
@click.argument("title")
@of_file
@of_column
@as_actor
def remove(gateway: Gateway, actor: Actor, title: str, file: IO[str], column: str | None) -> None:
    """Strike the members in FILE off a list."""
    from gateway.services import lists

    _told(lists.remove(gateway, actor, title, _numbers(file, column)), "removed")


@command.command("show")
@click.argument("title")
@as_actor
def show(gateway: Gateway, actor: Actor, title: str) -> None:
    """Show who is on a list."""
    from gateway.services import lists

    after = ""
    while page := lists.show(gateway, actor, title, after)[1]:
        for member in page:
            click.echo(f"{member.number}  {member.name or '-'}")
        after = page[-1].number


@command.command("delete")
@click.argument("title")
@as_actor
def delete(gateway: Gateway, actor: Actor, title: str) -> None:
    """Take a list away; its members stay members."""
    from gateway.services import lists

    lists.delete(gateway, actor, title)


def _told(done: ListAdded, what: str) -> None:
    where = " to the list of this title, which was there" if done.was_there else ""
    click.echo(f"{tables.counted(done.added, 'member')} {what}{where}.")
    if not done.lines:
        click.echo("The file is empty.", err=True)
    if done.unknown:
        click.echo(f"Nobody is named in {'line' if len(done.unknown) == 1 else 'lines'} {', '.join(map(str, done.unknown))}.", err=True)


def _numbers(lines: Iterable[str], column: str | None) -> Iterator[str]:
    """What each line names, the heading as nothing, so that a line keeps its number."""
    if column is None:
        yield from lines
        return
    lines = iter(lines)
    heading = next(lines, "")
    delimiter = max(DELIMITERS, key=heading.count)
    names = [name.strip().casefold() for name in next(csv.reader([heading], delimiter=delimiter), [])]
    if column.casefold() not in names:
        raise GatewayError("list:column", column=column, known=", ".join(names))
    yield ""
    where = names.index(column.casefold())
    for row in csv.reader(lines, delimiter=delimiter):
        yield row[where] if len(row) > where else ""
