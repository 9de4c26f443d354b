"""Long lists, a page at a time: each page begins behind the last row of the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Self, TypeVar

from gateway.core.digits import fold_digits

ROWS = 50
Row = TypeVar("Row")


class Pager(NamedTuple):
    """Where the next page begins; None: this is the last."""

    after: str | None

    @classmethod
    def behind(cls, rows: Sequence[Row], key: Callable[[Row], object], shown: int = ROWS) -> Self:
        """Of rows, of which one more was asked for than is shown."""
        return cls(str(key(rows[shown - 1])) if len(rows) > shown else None)


def number_in(given: Mapping[str, str], name: str, otherwise: int = 0) -> int:
    """A whole number of an address or a form, in any script; `otherwise` where there is none."""
    written = fold_digits(given.get(name, "")).strip()
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else otherwise
