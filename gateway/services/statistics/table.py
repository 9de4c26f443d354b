"""A table of statistics as everybody gets it: on the terminal, as CSV, as a picture, over the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.services.statistics.words import NOTES, pick

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A title, a heading and rows; a cell that is None is withheld. The first column names the row.

    `formats` says what stands in each column: text, count, money (paisa), days or seconds. `totals` says whether the last row is one of
    totals. `plot` is the kind of its picture (bar, line or none at all) and `plotted` the columns that it shows.
    """

    name: str
    language: str
    title: str
    header: tuple[str, ...]
    formats: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    own_note: str = ""
    totals: bool = True
    plot: str = "bar"
    plotted: Sequence[int] = (1,)

    @property
    def note(self) -> str:
        """The table's own note, and why cells are withheld where some are."""
        return " ".join(filter(None, (self.own_note, pick(NOTES["withheld"], self.language) if self.is_withheld_somewhere else "")))

    @property
    def is_withheld_somewhere(self) -> bool:
        """Whether a cell is withheld."""
        return any(value is None for row in self.rows for value in row)

    @property
    def body(self) -> tuple[tuple[Value, ...], ...]:
        """The rows without the totals."""
        return self.rows[:-1] if self.totals else self.rows
