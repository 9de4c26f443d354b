"""Members, contributions and claims from files: CSV or XLSX, tried out first, taken in row by row, broken off and gone on with.

>>> sorted(KINDS)
['claims', 'contributions', 'members']
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.imports import claims, contributions, members
from gateway.services.imports.batches import Kind, Setting
from gateway.services.imports.columns import Refusal
from gateway.services.imports.jobs import Job, Progress
from gateway.services.imports.reading import open_table
from gateway.store import imports as store
from gateway.store import phones
from gateway.store.imports import ImportRow

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

__all__ = ["KINDS", "ImportRow", "Progress", "Refusal", "Wish", "cancel", "get", "latest", "refusals", "take_in"]

KINDS: Mapping[str, Kind[Any]] = {kind.name: kind for kind in (members.KIND, contributions.KIND, claims.KIND)}
MOST_SHOWN = 1_000


class Wish(TypedDict, total=False):
    """How a file is taken in.

    `dry_run`: say what would happen and write nothing. `again`: compare a file anew that was taken in to its end. `shared_phones`: who
    brings the file answers for it that members with different names share the phones that the file says.
    """

    dry_run: bool
    again: bool | None
    shared_phones: bool


def take_in(gateway: Gateway, actor: Actor, kind: str, path: Path, **wish: Unpack[Wish]) -> Iterator[Progress]:
    """Take a file in, or go on with it where it was broken off; the work is done while the progress is asked for.

    What is wrong with the file as a whole is raised at once, before any row: GatewayError `import:heading`, `import:empty`,
    `import:not-a-table`, `import:not-utf-8`, `import:too-large`, `import:damaged`, `import:finished`, `import:running`, `import:keys`
    (phones of the file might not be found again).
    """
    actor.require(Permission.IMPORT)
    if kind not in KINDS:
        raise GatewayError("import:kind", kind=kind, known=", ".join(KINDS))
    with gateway.database.read() as db:
        if phones.rest_on_earlier_key(db, gateway.seal):
            raise GatewayError("import:keys")
    setting = Setting(gateway, actor, wish.get("dry_run", False), wish.get("shared_phones", False))
    job = Job(setting, KINDS[kind], open_table(path))
    progress = job.try_out() if setting.dry_run else job.run(again=bool(wish.get("again")))
    return chain([next(progress)], progress)


def latest(gateway: Gateway, actor: Actor) -> list[ImportRow]:
    """The newest imports and how far they are."""
    actor.require(Permission.IMPORT)
    with gateway.database.read() as db:
        return store.latest(db, actor.scope, MOST_SHOWN)


def get(gateway: Gateway, actor: Actor, import_id: str) -> ImportRow:
    """How far an import is; GatewayError `import:unknown`."""
    actor.require(Permission.IMPORT)
    with gateway.database.read() as db:
        found = store.get(db, actor.scope, import_id)
    if found is None:
        raise GatewayError("import:unknown", id=import_id)
    return found


def refusals(gateway: Gateway, actor: Actor, import_id: str, after: int = 0) -> list[Refusal]:
    """What was refused behind the row `after`, about a thousand of it and whole rows; GatewayError `import:unknown`."""
    found = get(gateway, actor, import_id)
    with gateway.database.read() as db:
        page = [Refusal(*row) for row in store.refusals(db, found.id, after, MOST_SHOWN)]
    return [refusal for refusal in page if refusal.row < page[-1].row] if len(page) == MOST_SHOWN else page


def cancel(gateway: Gateway, actor: Actor, import_id: str) -> ImportRow:
    """Let an import that is being taken in stop after its batch; what went in stays, and the same file goes on from there."""
    found = get(gateway, actor, import_id)
    if found.state == "running":
        with gateway.database.write() as db:
            store.set_state(db, found.id, "cancelled", gateway.clock())
            access.note(gateway, db, actor, "import", f"import:{found.id}", cancelled=True)
    return get(gateway, actor, import_id)
