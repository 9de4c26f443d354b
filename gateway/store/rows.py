"""Between tables and records: a record's fields are named like the columns they come from and go to.

Records that each request of a call reads or writes are named tuples: a frozen dataclass takes six times as long to make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import insert as insert_into

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# PostgreSQL's form of INSERT, which knows ON CONFLICT: SQLite took over that grammar, and its compiler in SQLAlchemy takes this construct.
__all__ = ["columns", "insert_into", "values"]


def columns(table: Table, record: type) -> list[Column[Any]]:
    """The columns that fill a record, in the order of its fields: `Record(*row)`."""
    return [table.c[name] for name in record.__annotations__]


def values(record: DataclassInstance) -> dict[str, Any]:
    """A record as parameters of an insert. `dataclasses.asdict` does the same and copies every value deeply."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
