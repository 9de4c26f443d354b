"""A table as text on the terminal and as CSV, and how a single cell is written."""

from __future__ import annotations

import csv
import io
import unicodedata

from gateway.core import money
from gateway.services.statistics.table import Table, Value
from gateway.services.statistics.words import HEADINGS, pick

DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def shown(value: Value, form: str, language: str) -> str:
    """A cell as people read it: in the language's digits, with lakh grouping; a withheld one says so.

    >>> shown(1234567, "count", "ne"), shown(123450000, "money", "en"), shown(None, "count", "en")
    ('१२,३४,५६७', '12,34,500', 'withheld')
    """
    if value is None:
        return pick(HEADINGS["withheld"], language)
    if isinstance(value, str):
        return value
    if form == "money":
        text = money.rupees(int(value))
    elif isinstance(value, float) and not value.is_integer():
        text = f"{value:.1f}"
    else:
        text = money.group(int(value))
    return digits(text, language)


def digits(text: str, language: str) -> str:
    """The text with its digits as the language writes them."""
    return text.translate(DEVANAGARI) if language == "ne" else text


def as_text(table: Table) -> str:
    """The table for a terminal, its title above and its note below."""
    rows = [
        table.header,
        *(tuple(shown(value, form, table.language) for value, form in zip(row, table.formats, strict=True)) for row in table.rows),
    ]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(_padded(cell, width, left=at == 0) for at, (cell, width) in enumerate(zip(row, widths, strict=True))) for row in rows
    ]
    if table.totals and table.rows:
        lines.insert(-1, "-" * _width(lines[0]))
    body = [lines[0], "-" * _width(lines[0]), *lines[1:]] if table.rows else [pick(HEADINGS["no_rows"], table.language)]
    return "\n".join(
        line.rstrip() for line in (_printable(table.title), "", *map(_printable, body), *(("", table.note) if table.note else ()))
    )


def as_csv(table: Table) -> str:
    """The table for a spreadsheet, with plain numbers: no cell can be taken for a formula, and money is in rupees."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(map(_safe, table.header))
    for row in table.rows:
        writer.writerow([_cell(value, form, table.language) for value, form in zip(row, table.formats, strict=True)])
    return file.getvalue()


def _cell(value: Value, form: str, language: str) -> str:
    if value is None or isinstance(value, str):
        return _safe(shown(value, form, language))
    return f"{int(value) / money.PAISA_PER_RUPEE:.2f}" if form == "money" else str(value)


def _safe(text: str) -> str:
    """A text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA) else text


def _width(text: str) -> int:
    """Places on the terminal: marks that stand on other letters take none."""
    return sum(unicodedata.category(char) not in {"Mn", "Me", "Cf"} for char in text)


def _padded(text: str, width: int, *, left: bool) -> str:
    gap = " " * (width - _width(text))
    return text + gap if left else gap + text


def _printable(line: str) -> str:
    """Without what would move the cursor or colour the terminal: a title is what somebody typed."""
    return "".join(" " if unicodedata.category(char) == "Cc" else char for char in line)
