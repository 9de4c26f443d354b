"""The table that a measurement ends in: each figure with its floor, and beside it what performance must and should be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEADINGS = ("what", "floor", "ours", "figure", "must", "aim", "")


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. `form` shows it and its targets, as `{:.1f} B`. Where `aim` is above `must`, more is better."""

    what: str
    floor: str
    ours: str
    figure: float
    form: str
    must: float
    aim: float

    @property
    def verdict(self) -> str:
        """Whether the figure is as good as the aim, as what it must be, or neither.

        >>> Line("a step", "60 us", "400 us", 6.7, "{:.1f} B", must=7.5, aim=5.5).verdict
        'ok'
        """
        sign = 1 if self.aim > self.must else -1
        if sign * self.figure >= sign * self.aim:
            return "good"
        return "ok" if sign * self.figure >= sign * self.must else "MISSED"

    def cells(self) -> Sequence[str]:
        """The line as it stands in the table."""
        shown = (self.form.format(value) for value in (self.figure, self.must, self.aim))
        return (self.what, self.floor, self.ours, *shown, self.verdict)


def table(lines: Iterable[Line]) -> str:
    """The lines under their headings, in columns."""
    rows: list[Sequence[str]] = [HEADINGS, *(line.cells() for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_row(row, widths).rstrip() for row in rows)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, figures to the right."""
    what, *figures, verdict = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([what.strip().ljust(widths[0]), *figures, verdict.strip()])
