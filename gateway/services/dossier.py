"""All that is held on one member, opened, for herself: whoever asks what we know of her gets this."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.core.calendar import NEPAL
from gateway.errors import GatewayError
from gateway.services.access import Actor, Permission, note
from gateway.services.callers import NAMES
from gateway.store import concerning
from gateway.store.scope import holds

if TYPE_CHECKING:
    from gateway.services.context import Gateway


def dossier(gateway: Gateway, actor: Actor, member_id: str) -> dict[str, Any]:
    """Every row about a member by table, and the files of her voice below the data directory: ready for JSON, instants in Nepal's time.

    GatewayError `member:unknown`. The export is noted before anything is given away.
    """
    actor.require(Permission.EXPORT)
    with gateway.database.read() as db:
        if not holds(db, actor.scope, member_id):
            raise GatewayError("member:unknown", number=member_id)
        found = concerning.rows(db, gateway.seal, member_id)
    with gateway.database.write() as db:
        note(gateway, db, actor, "dossier", f"member:{member_id}", tables={table: len(rows) for table, rows in found.items()})
    (member,) = found["members"]
    files = [str(row["file"]) for row in found.get("recordings", ()) if row["file"]]
    if member["name_clip"]:
        files.append(f"{NAMES}/{member['name_clip']}.wav")
    return {"written_at": _plain(gateway.clock()), "files": files, **{table: _all_plain(rows) for table, rows in found.items()}}


def _all_plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: object) -> object:
    return value.astimezone(NEPAL).isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else value
