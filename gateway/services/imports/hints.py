"""Whether names look as if they were written in Preeti or another old font: Latin letters and signs that are Nepali only in that font."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.services.imports.columns import Refusal, Row

DEVANAGARI = re.compile("[\u0900-\u097f]")
# The old fonts put letters where signs are: ;Ltf tfdfª is सीता तामाङ. In names as they are romanised no such sign stands in a word.
PREETI = re.compile(r"[A-Za-z][;/\[\]{}|\\+=^%$#@~<>&*§¶ª«»][A-Za-z]?|[;/\[\]{}|\\+=^%$#@~<>&*][A-Za-z]|[a-z][A-Z]")
ENOUGH, MOST = 5, 500  # names that are looked at
FEW, MANY = 0.05, 0.3  # shares of the names
HINT = "the names look as if they were written in Preeti; if they are not readable here, convert them to Unicode first"


class Hints:
    """Looks at the names of the first rows, and says once what it thinks of them."""

    def __init__(self) -> None:
        self._names: list[str] | None = []

    def of(self, rows: Sequence[Row]) -> tuple[Refusal, ...]:
        """What is worth saying after these rows.

        >>> preeti = [Row(n, {"name": name}) for n, name in enumerate([";Ltf tfdfª", "dfof /fO{", "uLtf yf?", "/Ltf", "s'df/L"])]
        >>> Hints().of(preeti)[0].column
        'name'
        """
        if self._names is None:
            return ()
        self._names += [row.cells["name"] for row in rows if "name" in row.cells]
        names, self._names = self._names[:MOST], None
        if len(names) < ENOUGH or sum(bool(DEVANAGARI.search(name)) for name in names) >= FEW * len(names):
            return ()
        if sum(bool(PREETI.search(name)) for name in names) < MANY * len(names):
            return ()
        return (Refusal(rows[0].number, "name", HINT),)
