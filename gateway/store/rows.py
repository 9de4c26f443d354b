"""Between tables and records: a record's fields are named like the columns they come from and go to."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import insert as insert_into

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# PostgreSQL's form of INSERT, which knows ON CONFLICT: SQLite took over that grammar, and its compiler in SQLAlchemy takes this construct.
__all__ = ["columns", "insert_into", "values"]


def columns(table: Table, record: type[DataclassInstance]) -> list[Column[Any]]:
    """The columns that fill a record, in the order of its fields: `Record(*row)`."""
    return [table.c[field.name] for field in fields(record)]


def values(record: DataclassInstance) -> dict[str, Any]:
    """A record as parameters of an insert. `dataclasses.asdict` does the same and copies every value deeply."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
