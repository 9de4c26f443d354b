"""A table as a picture (SVG): bars for groups, a line for months. The table itself stands beside it wherever it is shown.

It is 360 units wide, so that its letters are as large on a small phone as on paper. Text is text; nothing depends on colour, so it can be
printed in black and white; there is no style sheet and no script in it, so that a page with the strictest policy may hold it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from gateway.services.statistics.table import Table, Value
from gateway.services.statistics.words import HEADINGS, pick
from gateway.services.statistics.writing import digits, shown

WIDTH = 360
FONT = "Noto Sans Devanagari, Noto Sans, Nirmala UI, Mangal, sans-serif"
INK, QUIET, ACCENT, PAPER = "#23302b", "#6b746f", "#a3371f", "#ffffff"
MOST_SERIES = 4
LABEL, BAR, GAP = 18, 12, 6  # heights in a bar plot: the name above a bar, the bar, the room below
LETTERS = 44  # of a name, in one line
JOINERS = "\u200c\u200d"  # invisible, and part of how some Devanagari words are written

# Each row of a legend, and each series: told apart by fill alone, in grey as in colour.
FILLS = (
    f'fill="{ACCENT}"',
    f'fill="{PAPER}" stroke="{INK}"',
    'fill="url(#{id}-lines)" stroke="{ink}"',
    'fill="url(#{id}-dots)" stroke="{ink}"',
)
PATTERNS = (
    '<defs><pattern id="{id}-lines" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="6" height="6" fill="{PAPER}"/><rect width="2" height="6" fill="{INK}"/></pattern>'
    '<pattern id="{id}-dots" width="6" height="6" patternUnits="userSpaceOnUse">'
    f'<rect width="6" height="6" fill="{PAPER}"/><circle cx="3" cy="3" r="1.4" fill="{INK}"/></pattern></defs>'
)


def as_svg(table: Table, *, heading: bool = True) -> str:
    """The picture of a table; `heading` writes its title into it, for a picture that stands alone."""
    series = _series(table)
    top = 34 if heading else 6
    parts, bottom = _line_plot(table, series, top) if table.plot == "line" else _bar_plot(table, series, top)
    note = list(_wrapped(table.note, 58)) if heading else []
    height = bottom + 6 + 15 * len(note)
    plot = f"plot-{table.name}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" role="img" '
        f'aria-labelledby="{plot}-title {plot}-desc" lang="{table.language}" font-family={quoteattr(FONT)} font-size="13" fill="{INK}">'
    )
    lines = [head, f'<title id="{plot}-title">{_text(table.title)}</title>', f'<desc id="{plot}-desc">{_text(_told(table, series))}</desc>']
    if len(series) > 2:
        lines.append(PATTERNS.replace("{id}", plot))
    if heading:
        lines.append(f'<text x="0" y="18" font-size="16" font-weight="bold">{_text(table.title)}</text>')
    lines += parts
    lines += (
        f'<text x="0" y="{bottom + 14 + 15 * at:.0f}" font-size="11" fill="{QUIET}">{_text(line)}</text>' for at, line in enumerate(note)
    )
    return "\n".join((*lines, "</svg>\n"))


def _series(table: Table) -> Sequence[int]:
    """The columns that are drawn: all that can be told apart, else the totals alone."""
    plotted = [at for at in table.plotted if at < len(table.header)]
    return plotted if 0 < len(plotted) <= MOST_SERIES else [len(table.header) - 1]


def _told(table: Table, series: Sequence[int]) -> str:
    """The whole picture in words, for who hears it read aloud."""
    if not table.body:
        return pick(HEADINGS["no_rows"], table.language)
    named = len(series) > 1
    return "; ".join(
        f"{row[0]}: "
        + ", ".join((f"{table.header[at]} " if named else "") + shown(row[at], table.formats[at], table.language) for at in series)
        for row in table.body
    )


# --- bars --------------------------------------------------------------------------------------------------------------------------


def _bar_plot(table: Table, series: Sequence[int], top: float) -> tuple[list[str], float]:
    """For each row its name, below it a bar for each series with the number at its end."""
    parts: list[str] = []
    y = top
    if len(series) > 1:
        legend, y = _legend(table, series, y)
        parts += legend
    highest = max((_size(row[at]) for row in table.body for at in series), default=0)
    for row in table.body:
        parts.append(f'<text x="0" y="{y + 12:.0f}">{_text(_cut(str(row[0])))}</text>')
        y += LABEL
        for position, at in enumerate(series):
            text = shown(row[at], table.formats[at], table.language)
            if row[at] is None:
                parts.append(f'<text x="68" y="{y + 11:.0f}" fill="{QUIET}" font-size="12">{_text(text)}</text>')
            parts += _bar(None if row[at] is None else text, y, _share(row[at], highest), _fill(table, position))
            y += BAR + 3
        y += GAP
    if not table.body:
        parts.append(f'<text x="0" y="{y + 13:.0f}" fill="{QUIET}">{_text(pick(HEADINGS["no_rows"], table.language))}</text>')
        y += LABEL + GAP
    return parts, y


def _bar(text: str | None, y: float, share: float, fill: str) -> Iterator[str]:
    """A bar with its number; where that is withheld (`text` None), a dashed line of a length that tells nothing."""
    middle = y + BAR / 2
    if text is None:
        yield f'<line x1="1" y1="{middle:.1f}" x2="60" y2="{middle:.1f}" stroke="{QUIET}" stroke-dasharray="2 4" stroke-width="2"/>'
        return
    length = share * (WIDTH - 92)
    if length:
        yield f'<rect x="0.5" y="{y + 0.5:.1f}" width="{max(length, 1.5):.1f}" height="{BAR - 1}" {fill}/>'
    yield f'<text x="{length + 7:.1f}" y="{y + 11:.0f}" font-weight="bold">{_text(text)}</text>'


def _legend(table: Table, series: Sequence[int], y: float) -> tuple[list[str], float]:
    parts = []
    for position, at in enumerate(series):
        parts.append(f'<rect x="0.5" y="{y + 3.5:.1f}" width="22" height="11" {_fill(table, position)}/>')
        parts.append(f'<text x="30" y="{y + 14:.0f}">{_text(_cut(table.header[at]))}</text>')
        y += LABEL
    return parts, y + GAP


def _fill(table: Table, position: int) -> str:
    return FILLS[position].replace("{id}", f"plot-{table.name}").replace("{ink}", INK)


# --- a line ------------------------------------------------------------------------------------------------------------------------

LEFT, RIGHT, TALL = 52, 12, 120
DASHES = ("", "7 4", "2 3", "9 3 2 3")


def _line_plot(table: Table, series: Sequence[int], top: float) -> tuple[list[str], float]:
    """Months along the bottom, a line for each series; a month that is withheld breaks the line, and a dashed column says so."""
    parts: list[str] = []
    y = top
    withheld = [index for index, row in enumerate(table.body) if any(row[at] is None for at in series)]
    if len(series) > 1:
        for position, at in enumerate(series):
            dash = f' stroke-dasharray="{DASHES[position]}"' if DASHES[position] else ""
            parts.append(f'<line x1="0" y1="{y + 9:.0f}" x2="24" y2="{y + 9:.0f}" stroke="{_ink(position)}" stroke-width="2.5"{dash}/>')
            parts.append(f'<text x="32" y="{y + 14:.0f}">{_text(_cut(table.header[at]))}</text>')
            y += LABEL
    if withheld:
        parts.append(_column(12, y, y + 16))
        parts.append(f'<text x="32" y="{y + 14:.0f}">{_text(pick(HEADINGS["withheld"], table.language))}</text>')
        y += LABEL
    if y > top:
        y += GAP
    rows = table.body
    highest = _round_up(max((_size(row[at]) for row in rows for at in series), default=0))
    ground = y + 10 + TALL
    for step in range(3):
        height = ground - TALL * step / 2
        parts.append(
            f'<line x1="{LEFT}" y1="{height:.1f}" x2="{WIDTH}" y2="{height:.1f}" stroke="{QUIET}" stroke-width="{0.4 if step else 1}"/>'
        )
        mark = digits(_short(highest * step / 2, table), table.language)
        parts.append(f'<text x="{LEFT - 7}" y="{height + 4:.1f}" text-anchor="end" font-size="11" fill="{QUIET}">{_text(mark)}</text>')
    parts += [_column(_x(index, len(rows)), ground - TALL, ground) for index in withheld]
    for position, at in enumerate(series):
        parts += _drawn([row[at] for row in rows], ground, highest, position)
    every = -(-len(rows) // 4)
    for index in range(0, len(rows), every or 1):
        name = str(rows[index][0])
        anchor = "middle" if index else "start"
        x = _x(index, len(rows)) if index else LEFT - 8
        month, _, year = name.rpartition(" ")
        parts.append(f'<text x="{x:.1f}" y="{ground + 17:.0f}" text-anchor="{anchor}" font-size="11">{_text(month)}</text>')
        parts.append(f'<text x="{x:.1f}" y="{ground + 31:.0f}" text-anchor="{anchor}" font-size="11" fill="{QUIET}">{_text(year)}</text>')
    return parts, ground + 38


def _column(x: float, top: float, bottom: float) -> str:
    """What stands for a month that is withheld: as high as the whole picture, so that nobody takes it for a number."""
    return f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{bottom:.1f}" stroke="{QUIET}" stroke-width="2" stroke-dasharray="2 4"/>'


def _drawn(values: Sequence[Value], ground: float, highest: float, position: int) -> Iterator[str]:
    """The pieces of a line between what is withheld, and a mark for each month that is not."""
    piece: list[str] = []
    pieces = [piece]
    marks = []
    for index, value in enumerate(values):
        x = _x(index, len(values))
        if value is None:
            piece = []
            pieces.append(piece)
            continue
        y = ground - TALL * _share(value, highest)
        piece.append(f"{x:.1f},{y:.1f}")
        marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_ink(position)}"/>')
    dash = f' stroke-dasharray="{DASHES[position]}"' if DASHES[position] else ""
    for points in pieces:
        if len(points) > 1:
            yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{_ink(position)}" stroke-width="2.5"{dash}/>'
    yield from marks


def _x(index: int, count: int) -> float:
    return LEFT + 8 + (WIDTH - LEFT - RIGHT - 16) * (index / (count - 1) if count > 1 else 0.5)


def _ink(position: int) -> str:
    return ACCENT if position == 0 else INK


def _short(number: float, table: Table) -> str:
    """A mark of the axis: as the plotted column is written, without anything behind the point."""
    form = table.formats[_series(table)[0]]
    return shown(int(number), form, "en")


def _round_up(number: float) -> float:
    """The next number that begins an axis well: 1, 2, 4, 5 or 10 with zeros.

    >>> _round_up(0), _round_up(37), _round_up(4100)
    (2, 40, 5000)
    """
    size = 1
    while size * 10 < number:
        size *= 10
    return max(2, next(size * step for step in (1, 2, 4, 5, 10) if size * step >= number))


# --- texts -------------------------------------------------------------------------------------------------------------------------


def _size(value: Value) -> float:
    return value if isinstance(value, int | float) else 0


def _share(value: Value, highest: float) -> float:
    return max(0.0, _size(value)) / highest if highest else 0


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def _text(text: str) -> str:
    """As XML can hold it, whatever somebody typed: no control characters, none that turn the direction of writing around."""
    return escape("".join(char if char in JOINERS or unicodedata.category(char)[0] != "C" else " " for char in text))


def _wrapped(text: str, letters: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + len(word) >= letters:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line
