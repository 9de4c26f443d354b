"""What all tables share: the kinds of their columns, and the catalogue `metadata` in which they stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Instant(TypeDecorator[datetime]):
    """A point in time, always aware and always UTC; a naive one is refused because its zone would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], object] | None:
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return value.astimezone(UTC)


@lru_cache(maxsize=64)
def _as_text(value: datetime | None) -> str | None:
    """As SQLAlchemy writes it on SQLite. All rows of a request have the same instant, and to write it once costs as much as a row."""
    return None if value is None else _in_utc(value).isoformat(" ", "microseconds").removesuffix("+00:00")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class HumanText(TypeDecorator[str]):
    """Text as a person wrote it, or that repeats such text. What no database can keep, NUL and halves of characters, becomes U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """A text without what no database can keep."""
    if text.isascii() and "\0" not in text:
        return text  # most answers; to look at each character costs as much as to write them
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives an automatic number only to INTEGER keys; PostgreSQL needs the wide one.
BigKey = BigInteger().with_variant(Integer(), "sqlite")


def text_key(name: str = "id") -> Column[str]:
    """A key of up to 36 characters that we draw ourselves."""
    return Column(name, String(36), primary_key=True)


def ref(name: str, target: str, *, nullable: bool = True, index: bool = False) -> Column[str]:
    """A column that names the key of another table."""
    return Column(name, String(36), ForeignKey(target), nullable=nullable, index=index)
