"""What `gateway members` does about a member as a whole: give her all that is held on her, or erase her."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.actor import as_actor
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


@click.command("dossier")
@click.argument("number")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@as_actor
def dossier(gateway: Gateway, actor: Actor, number: str, file: Path) -> None:
    """Write all that is held on the member with this membership NUMBER to FILE (JSON), which only you can read."""
    from gateway.services.dossier import dossier as all_of

    found = all_of(gateway, actor, _member_id(gateway, actor, number))
    file.unlink(missing_ok=True)  # an older file may be readable by others
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump(found, stream, ensure_ascii=False, indent=2)
        stream.write("\n")
    click.echo(f"All that is held on member {number} stands in {file}.")


@click.command("erase")
@click.argument("number", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--again", is_flag=True, help="After a restore: erase once more all who were erased before.")
@as_actor
def erase(gateway: Gateway, actor: Actor, number: str | None, **flags: bool) -> None:
    """Erase the member with this membership NUMBER: name, phones, PIN, voice, words. Her contributions and claims stay, without her."""
    from gateway.services import erasure

    if (number is None) != flags["again"]:
        raise click.UsageError("give a membership number, or --again")
    if number is None:
        click.echo(f"{len(erasure.again(gateway, actor))} members were erased again.")
        return
    member_id = _member_id(gateway, actor, number)
    if not flags["yes"]:
        click.confirm(f"Erase member {number}? It does not come back.", abort=True)
    erasure.erase(gateway, actor, member_id)
    click.echo(f"Member {number} is erased.")


def _member_id(gateway: Gateway, actor: Actor, number: str) -> str:
    from gateway.store import members

    with gateway.database.read() as db:
        row = members.by_number(db, actor.organisation_id, number)
    if row is None:
        raise GatewayError("member:unknown", number=number)
    return row.id
