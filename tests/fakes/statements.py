"""Counting what goes to the database: through SQLAlchemy, and past it (`gateway.store.prepared`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import event

from gateway.store import prepared
from gateway.store.database import Database


@dataclass
class Seen:
    """The statements with their parameters as they were sent, without the one that begins a transaction; and the commits.

    `objects` are the identities of the statements as SQLAlchemy got them, and of prepared ones: one that is built once has the same each
    time.
    """

    sent: list[tuple[str, Any]] = field(default_factory=list)
    objects: set[int] = field(default_factory=set)
    commits: int = 0


@contextmanager
def statements_of(database: Database) -> Iterator[Seen]:
    """Watch one database from all threads of this process."""
    seen, engine = Seen(), database._engine
    execute, form_of = prepared._execute, prepared.Prepared._form

    def note(_db, _cursor, statement, parameters, _context, _many) -> None:
        if not statement.startswith("BEGIN"):
            seen.sent.append((statement, parameters))

    def note_prepared(db, sql, parameters, **how):
        if db.engine is engine:
            note(db, None, sql, parameters, None, None)
        return execute(db, sql, parameters, **how)

    def note_prepared_object(statement, db, values):
        if db.engine is engine:
            seen.objects.add(id(statement))
        return form_of(statement, db, values)

    def note_object(_db, statement, _many, _parameters, _options) -> None:
        seen.objects.add(id(statement))

    def count(_db) -> None:
        seen.commits += 1

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "before_execute", note_object)
    event.listen(engine, "commit", count)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(prepared, "_execute", note_prepared)
            patch.setattr(prepared.Prepared, "_form", note_prepared_object)
            yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "before_execute", note_object)
        event.remove(engine, "commit", count)
