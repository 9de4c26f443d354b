"""`gateway notices`: meetings, trainings and news: published, told, changed, and who came."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from gateway.cli.actor import as_actor
from gateway.core import calendar
from gateway.core.calendar import NEPAL

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.services.notices import Changed, NewNotice, Notice

KINDS = click.Choice(["meeting", "training", "news"])
FIELDS = ("place", "place_saying_id", "phrase", "saying_id")


@click.group("notices")
def command() -> None:
    """Publish meetings, trainings and news, tell them by broadcasts, note who came. ID is a notice's."""


def _says(run: click.decorators.FC) -> click.decorators.FC:
    """Give a command the options that say when, where and what."""
    for option in reversed(
        (
            click.option("--on", "day", metavar="DAY", help="As 2083-08-13 (Nepali) or 2026-11-29."),
            click.option("--at", "hour", metavar="HH:MM", help="When it begins, Nepal time."),
            click.option("--until", metavar="HH:MM", help="When it is over; else three hours after it began."),
            click.option("--place", metavar="PHRASE", help="Where: a phrase of flows/phrases.yaml."),
            click.option("--place-saying", "place_saying_id", metavar="ID", help="Where: words of your own, recorded (`gateway sayings`)."),
            click.option("--phrase", help="The news, or what else is to be known: a phrase of flows/phrases.yaml."),
            click.option("--saying", "saying_id", metavar="ID", help="The same in words of your own, recorded."),
        )
    ):
        run = option(run)
    return run


@command.command()
@click.argument("kind", type=KINDS)
@_says
@as_actor
def publish(gateway: Gateway, actor: Actor, kind: str, **about: object) -> None:
    """Publish a meeting, a training or news: callers hear it in menu 3, news in menu 4.

    Try: gateway notices publish meeting --on 2083-08-20 --at 8:00 --place ward_office
    """
    from gateway.services import notices

    click.echo(_line(notices.publish(gateway, actor, _read(notices.NewNotice(kind), about))))


@command.command()
@click.argument("notice_id", metavar="ID")
@_says
@as_actor
def change(gateway: Gateway, actor: Actor, notice_id: str, **about: object) -> None:
    """Change what is given and leave the rest. Who had said yes is told of another day or place."""
    from gateway.services import notices

    notice = notices.get(gateway, actor, notice_id)
    _show_changed(notices.change(gateway, actor, notice_id, notice.version, _read(notices.NewNotice.of(notice), about)))


@command.command()
@click.argument("notice_id", metavar="ID")
@as_actor
def cancel(gateway: Gateway, actor: Actor, notice_id: str) -> None:
    """Call it off. Who had said yes is told."""
    from gateway.services import notices

    notice = notices.get(gateway, actor, notice_id)
    _show_changed(notices.cancel(gateway, actor, notice_id, notice.version))


@command.command("list")
@as_actor
def list_(gateway: Gateway, actor: Actor) -> None:
    """List notices, the next one first."""
    from gateway.services import notices

    for notice in notices.list_all(gateway, actor):
        click.echo(_line(notice))


@command.command()
@click.argument("notice_id", metavar="ID")
@as_actor
def show(gateway: Gateway, actor: Actor, notice_id: str) -> None:
    """Show a notice: how many were told, said yes and no, came."""
    from gateway.services import notices

    click.echo(_line(notices.get(gateway, actor, notice_id)))
    found = notices.rsvps(gateway, actor, notice_id)
    click.echo(f"told {found.told}, yes {found.yes}, no {found.no}, came {found.came} (of those who said yes: {found.came_of_yes})")


@command.command()
@click.argument("notice_id", metavar="ID")
@click.option("--medium", type=click.Choice(["sms", "voice", "preferred"]), default="preferred", show_default=True)
@click.option("--trade", "trades", multiple=True, help="Only members of this trade; may be given again.")
@click.option("--place", "places", multiple=True, help="Only members of this place (a code); may be given again.")
@click.option("--language", "languages", multiple=True, help="Only members of this language; may be given again.")
@click.option("--list", "lists", multiple=True, help="Only members of this list; may be given again.")
@click.option("--best-hour", is_flag=True, help="Each in her own best hour.")
@as_actor
def announce(gateway: Gateway, actor: Actor, notice_id: str, medium: str, *, best_hour: bool, **chosen: tuple[str, ...]) -> None:
    """Draft the broadcast that tells it, with its reminder the day before. Look at it, then approve it with `gateway broadcast`."""
    from gateway.core.audience import Audience
    from gateway.services import broadcast, notices

    options = broadcast.Draft(
        "", medium=medium, audience=Audience.from_json({name: list(one) for name, one in chosen.items() if one}), best_hour=best_hour
    )
    broadcast_id = notices.announce(gateway, actor, notice_id, options)
    for language, text in broadcast.status(gateway, actor, broadcast_id).broadcast.texts.items():
        click.echo(f"{language}: {text}")
    click.echo(f"broadcast {broadcast_id} is drafted.")


@command.command()
@click.argument("notice_id", metavar="ID")
@click.argument("numbers", nargs=-1)
@click.option("--file", type=click.File(encoding="utf-8-sig"), help="A number a line; - is the terminal.")
@as_actor
def attendance(gateway: Gateway, actor: Actor, notice_id: str, numbers: tuple[str, ...], file: TextIO | None) -> None:
    """Note who came, by membership NUMBERS or phones. The same number once more changes nothing."""
    from gateway.services import notices

    lines = [*numbers, *(file.read().splitlines() if file else ())]
    found = notices.attendance(gateway, actor, notice_id, lines)
    click.echo(f"{found.added} noted.")
    for line in found.unknown:
        click.echo(f"line {line} is nobody's number, or a phone that several share: {lines[line - 1].strip()}", err=True)
    if found.unknown:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("notice_id", metavar="ID")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@as_actor
def export(gateway: Gateway, actor: Actor, notice_id: str, path: Path) -> None:
    """Write who was told, what she answered and whether she came to a file, CSV or XLSX."""
    from gateway.services import exports, notices

    notice = notices.get(gateway, actor, notice_id)
    count = exports.write_rows(gateway, actor, f"notice:{notice.id}", path, notices.sheet(gateway, actor, notice.id))
    click.echo(f"{count} members written to {path}.")


def _read(notice: NewNotice, about: dict[str, object]) -> NewNotice:
    """The notice with what was given. A day without an hour, or an hour without a day, changes that alone."""
    starts = notice.starts_at.astimezone(NEPAL) if notice.starts_at else None
    day, hour, until = about["day"], about["hour"], about["until"]
    on = calendar.day_of(day) if isinstance(day, str) else starts.date() if starts else None
    at = calendar.hour_of(hour) if isinstance(hour, str) else starts.time() if starts else None
    if (on is None) != (at is None):
        raise click.UsageError("Give --on and --at together.")
    begins = datetime.combine(on, at or time(), NEPAL) if on else None
    over_at = datetime.combine(on, calendar.hour_of(until), NEPAL) if on and isinstance(until, str) else notice.over_at
    given = {name: about[name] for name in FIELDS if about[name] is not None}
    if {"place", "place_saying_id"} & given.keys():
        notice = replace(notice, place=None, place_saying_id=None)
    if {"phrase", "saying_id"} & given.keys():
        notice = replace(notice, phrase=None, saying_id=None)
    return replace(notice, starts_at=begins, over_at=over_at, **given)  # type: ignore[arg-type]  # they are texts


def _line(notice: Notice) -> str:
    starts = notice.starts_at.astimezone(NEPAL) if notice.starts_at else None
    bs = calendar.to_bs(starts.date()) if starts else None
    when = f"{starts:%Y-%m-%d %H:%M} ({bs.year}-{bs.month:02}-{bs.day:02})" if starts and bs else ""
    parts = (notice.id, notice.kind, when, notice.place or notice.place_saying_id, notice.phrase or notice.saying_id)
    return "  ".join(filter(None, (*parts, "cancelled" if notice.cancelled_at else "")))


def _show_changed(changed: Changed) -> None:
    click.echo(_line(changed.notice))
    for broadcast_id in changed.stopped:
        click.echo(f"broadcast {broadcast_id} is stopped: it says what holds no longer.")
    if changed.told_by:
        click.echo(f"broadcast {changed.told_by} tells those who had said yes.")
