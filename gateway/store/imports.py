"""Files that are being taken in: how far each is, what was refused in it, and that one process at a time works on it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from gateway.store.database import Connection, Database
from gateway.store.models import import_refusals, imports
from gateway.store.rows import columns, insert_into
from gateway.store.scope import Scope, sees


class ImportRow(NamedTuple):
    """A file of `kind` and how far it is: the last row that was looked at, and what became of the rows until there."""

    id: str
    kind: str
    state: str
    row: int
    added: int
    changed: int
    known: int
    refused: int
    by: str
    created_at: datetime
    updated_at: datetime


class NewImport(NamedTuple):
    """A file that nobody has begun; `digest` is its SHA-256."""

    id: str
    organisation_id: str
    kind: str
    digest: bytes
    by: str


class Counts(NamedTuple):
    """The last row of a file that was looked at, and what became of the rows until there."""

    row: int
    added: int
    changed: int
    known: int
    refused: int


class RefusalRow(NamedTuple):
    """What is wrong with a cell of the file, or with the row (`column` is "")."""

    row: int
    column: str
    reason: str


_BEGIN = insert_into(imports).on_conflict_do_nothing(index_elements=["organisation_id", "kind", "digest"])
_ADVANCE = (
    update(imports)
    .where(imports.c.id == bindparam("import_id"), imports.c.row == bindparam("before"), imports.c.state == "running")
    .values({name: bindparam(f"now_{name}") for name in (*Counts._fields, "updated_at")})
)
_SET_STATE = update(imports).where(imports.c.id == bindparam("import_id")).values(state=bindparam("to"), updated_at=bindparam("now"))
_REFUSE = insert(import_refusals)
_FORGET = delete(import_refusals).where(import_refusals.c.import_id == bindparam("of_import"))
_REFUSALS = (
    select(*columns(import_refusals, RefusalRow))
    .where(import_refusals.c.import_id == bindparam("import_id"), import_refusals.c.row > bindparam("after"))
    .order_by(import_refusals.c.row, import_refusals.c.column)
    .limit(bindparam("limit"))
)


def begin(db: Connection, new: NewImport, now: datetime) -> ImportRow:
    """Write the file down unless somebody began it before; its row either way."""
    counts = dict.fromkeys(Counts._fields, 0)
    db.execute(_BEGIN, {**new._asdict(), **counts, "state": "running", "created_at": now, "updated_at": now})
    same = (imports.c.organisation_id == new.organisation_id) & (imports.c.kind == new.kind) & (imports.c.digest == new.digest)
    return ImportRow(*db.execute(select(*columns(imports, ImportRow)).where(same)).one())


def get(db: Connection, scope: Scope, import_id: str) -> ImportRow | None:
    """The import of this id."""
    row = db.execute(select(*columns(imports, ImportRow)).where(imports.c.id == import_id, sees(scope, imports))).first()
    return ImportRow(*row) if row else None


def latest(db: Connection, scope: Scope, limit: int) -> list[ImportRow]:
    """The newest imports."""
    newest = select(*columns(imports, ImportRow)).where(sees(scope, imports)).order_by(imports.c.created_at.desc(), imports.c.id.desc())
    return [ImportRow(*row) for row in db.execute(newest.limit(limit))]


def advance(db: Connection, import_id: str, before: int, counts: Counts, now: datetime) -> bool:
    """Note how far it is, in the transaction of the rows; False where it is not where we left it, or was cancelled."""
    at = {f"now_{name}": count for name, count in counts._asdict().items()}
    return db.execute(_ADVANCE, {"import_id": import_id, "before": before, **at, "now_updated_at": now}).rowcount == 1


def set_state(db: Connection, import_id: str, state: str, now: datetime) -> None:
    """It goes on (running), is through (finished), or somebody stopped it (cancelled)."""
    db.execute(_SET_STATE, {"import_id": import_id, "to": state, "now": now})


def restart(db: Connection, at: ImportRow, now: datetime) -> ImportRow:
    """Begin a file from its first row again."""
    anew = at._replace(state="running", row=0, added=0, changed=0, known=0, refused=0)
    set_state(db, at.id, "running", now)
    advance(db, at.id, at.row, Counts(0, 0, 0, 0, 0), now)
    db.execute(_FORGET, {"of_import": at.id})
    return anew


def refuse(db: Connection, import_id: str, refusals: Sequence[RefusalRow]) -> None:
    """Keep why rows were refused."""
    if refusals:
        db.execute(_REFUSE, [{"import_id": import_id, **refusal._asdict()} for refusal in refusals])


def refusals(db: Connection, import_id: str, after: int, limit: int) -> list[RefusalRow]:
    """What was refused behind the row `after`, in the order of the file."""
    return [RefusalRow(*row) for row in db.execute(_REFUSALS, {"import_id": import_id, "after": after, "limit": limit})]


@contextmanager
def alone(database: Database, import_id: str, folder: Path) -> Iterator[bool]:
    """Whether this process is the only one that works on the import; for as long as the block lasts nobody else is told True.

    It ends with the process, however that ends. On SQLite it is a lock on a file in `folder`, on PostgreSQL one of the server's.
    """
    with database.read() as db:
        if db.dialect.name == "postgresql":
            key = int.from_bytes(sha256(import_id.encode()).digest()[:7])
            got = bool(db.execute(select(func.pg_try_advisory_lock(key))).scalar_one())
            try:
                yield got
            finally:
                if got:
                    db.execute(select(func.pg_advisory_unlock(key)))
            return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"import-{import_id}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
        Path(file.name).unlink(missing_ok=True)
