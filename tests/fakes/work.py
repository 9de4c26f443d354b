"""How much a database does for a statement: rows on PostgreSQL, instructions on SQLite. Unlike seconds, the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import event

from gateway.store.database import Database

INSTRUCTIONS = 1000  # of SQLite, between two looks
PER_ROW = 25  # instructions that SQLite needs, roughly, where PostgreSQL counts a row
QUESTIONS = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")


@dataclass
class Work:
    """The rows, roughly, that each statement touched, by its text; of one that was sent more than once the most."""

    rows: dict[str, int]

    @property
    def most(self) -> tuple[int, str]:
        return max(((rows, statement) for statement, rows in self.rows.items()), default=(0, ""))


@contextmanager
def work_of(database: Database) -> Iterator[Work]:
    """Count what one database does for this process. PostgreSQL runs each statement twice for it, the first time without effect."""
    work, engine = Work({}), database._engine
    steps = [0]

    def look() -> int:
        steps[0] += INSTRUCTIONS
        return 0

    def note(statement: str, rows: int) -> None:
        work.rows[statement] = max(rows, work.rows.get(statement, 0))

    def before(db, _cursor, statement, parameters, _context, many) -> None:
        if db.dialect.name == "sqlite":
            steps[0] = 0
            db.connection.driver_connection.set_progress_handler(look, INSTRUCTIONS)
        elif statement.startswith(QUESTIONS):
            note(statement, _explained(db.connection.driver_connection, statement, parameters[0] if many else parameters))

    def after(db, _cursor, statement, _parameters, _context, _many) -> None:
        if db.dialect.name == "sqlite":
            note(statement, steps[0] // PER_ROW)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield work
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def _explained(connection: Any, statement: str, parameters: Any) -> int:
    inside = connection.info.transaction_status == TransactionStatus.INTRANS
    begin, undo = ("SAVEPOINT work", "ROLLBACK TO SAVEPOINT work") if inside else ("BEGIN", "ROLLBACK")
    with connection.cursor() as cursor:
        cursor.execute(begin)
        (plan,) = cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters).fetchone()
        cursor.execute(undo)
    return _rows(plan[0]["Plan"])


def _rows(node: Mapping[str, Any]) -> int:
    found = node["Actual Rows"] + sum(number for name, number in node.items() if name.startswith("Rows Removed by"))
    return int(found * node["Actual Loops"]) + sum(_rows(part) for part in node.get("Plans", ()))
