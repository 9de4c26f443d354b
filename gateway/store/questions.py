"""Questions that are asked about very many rows, each about one of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func


def answered(question: Select[Any]) -> ColumnElement[bool]:
    """That a question about one row, which it names, has an answer.

    Counted, where EXISTS would mean the same: PostgreSQL makes joins of EXISTS, and one of all with all where it knows nothing of the
    tables yet, as after an import. It never does so with a number that stands by itself.
    """
    return question.with_only_columns(func.count(), maintain_column_froms=True).scalar_subquery() > 0
