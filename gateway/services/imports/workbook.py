"""XLSX as rows of texts, in constant memory: the sheet is parsed as it is unpacked, and shared strings lie in a file of their own.

Formulas are never computed: a cell gives the value that was saved with it.
"""

from __future__ import annotations

import os
import re
import tempfile
from array import array
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from posixpath import join, normpath
from zipfile import ZipFile

from gateway.errors import GatewayError
from gateway.services.imports.archive import UNREADABLE, Given, damaged, local, parse, parser_of, weigh
from gateway.services.imports.reading import CHUNK, LONGEST_CELL, WORKBOOK_NAMES, Cells

LAST_ROW, LAST_COLUMN = 2**20, 2**14  # the format's own
MOST_COLUMNS = 256  # of a row that are kept; a heading names far fewer
MOST_STYLES = 100_000

DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))  # ECMA-376, 18.8.30
LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
DATE_LETTER = re.compile(r"[dyhs]", re.IGNORECASE)
EPOCH, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  # days of a calendar, at no place
LAST_DAY = 2_958_465  # 9999-12-31
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")

ERROR = "the cell holds an error of the spreadsheet"
NO_VALUE = "the cell holds a formula that was never computed; open the file in a spreadsheet and save it again"
TOO_LONG = f"a cell is longer than {LONGEST_CELL} characters"


class Unreadable(ValueError):  # noqa: N818  # what the cell is
    """A cell that gives no text, with the reason."""


def open_workbook(path: Path, digest: bytes) -> Workbook:
    """Look a workbook over; raise GatewayError `import:not-a-table` or `import:damaged` where it is none that can be read."""
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names:
                raise GatewayError("import:not-a-table", where=path.name, found="a ZIP archive")
            if path.suffix and path.suffix.lower() not in WORKBOOK_NAMES:
                raise GatewayError("import:not-a-table", where=path.name, found="a workbook with the name of something else")
            weigh(archive, path)
            return Workbook(path, digest, _Outline(archive, path))
    except UNREADABLE:
        damaged(path, "it cannot be unpacked")


class _Outline:
    """What must be known before the rows: where the first sheet and the shared strings are, and which styles are dates."""

    def __init__(self, archive: ZipFile, path: Path) -> None:
        self._sheets: list[tuple[str, str]] = []
        self._targets: dict[str, str] = {}
        self._formats: dict[str, str] = {}
        self._styles: list[str] = []
        self._in_styles = False
        self.epoch = EPOCH
        parts = set(archive.namelist())
        for part, see in (
            ("xl/workbook.xml", self._see_workbook),
            ("xl/_rels/workbook.xml.rels", self._see_relation),
            ("xl/styles.xml", self._see_style),
        ):
            if part in parts:
                for _ in parse(archive, part, parser_of(path, see, self._leave), path):
                    pass
        self.names = [name for name, _ in self._sheets]
        self.sheet = self._targets.get(self._sheets[0][1], "") if self._sheets else ""
        if self.sheet not in parts:
            damaged(path, "it has no sheet")
        self.size = max(archive.getinfo(self.sheet).file_size, 1)
        shared = next((target for target in self._targets.values() if target.lower().endswith("sharedstrings.xml")), "")
        self.strings = shared if shared in parts else ""
        self.is_date = [self._dates(number) for number in self._styles]

    def _see_workbook(self, tag: str, given: Given) -> None:
        name = local(tag)
        if name == "sheet":
            relation = next((value for key, value in given.items() if local(key) == "id"), "")
            self._sheets.append((given.get("name", ""), relation))
        elif name == "workbookPr" and given.get("date1904") in {"1", "true"}:
            self.epoch = EPOCH_1904

    def _see_relation(self, tag: str, given: Given) -> None:
        if local(tag) == "Relationship" and given.get("TargetMode") != "External":
            target = given.get("Target", "")
            self._targets[given.get("Id", "")] = normpath(target.lstrip("/") if target.startswith("/") else join("xl", target))

    def _see_style(self, tag: str, given: Given) -> None:
        name = local(tag)
        if name == "numFmt":
            self._formats[given.get("numFmtId", "")] = given.get("formatCode", "")[:200]
        elif name == "cellXfs":
            self._in_styles = True
        elif name == "xf" and self._in_styles and len(self._styles) < MOST_STYLES:
            self._styles.append(given.get("numFmtId", "0"))

    def _leave(self, tag: str) -> None:
        if local(tag) == "cellXfs":
            self._in_styles = False

    def _dates(self, number: str) -> bool:
        if (code := self._formats.get(number)) is not None:
            return DATE_LETTER.search(LITERAL.sub("", code)) is not None
        return number.isdecimal() and int(number) in DATE_FORMATS


class _Strings:
    """The texts that cells share, in a file without a name: a million of them need eight megabytes."""

    def __init__(self, archive: ZipFile, part: str, path: Path) -> None:
        self._file = tempfile.TemporaryFile("w+b", buffering=CHUNK)  # noqa: SIM115  # it lives as long as this object
        self._ends = array("Q", [0])
        self._said: list[str] = []
        self._deaf = False  # within how a word is pronounced
        self._parser = parser_of(path, self._enter, self._leave)
        if part:
            for _ in parse(archive, part, self._parser, path):
                pass
        self._file.flush()

    def _enter(self, tag: str, _given: Given) -> None:
        name = local(tag)
        if name == "t" and not self._deaf:
            self._parser.CharacterDataHandler = self._said.append
        elif name == "rPh":
            self._deaf = True

    def _leave(self, tag: str) -> None:
        name = local(tag)
        if name == "t":
            self._parser.CharacterDataHandler = None
        elif name == "rPh":
            self._deaf = False
        elif name == "si":
            self._ends.append(self._ends[-1] + self._file.write("".join(self._said).encode()))
            self._said.clear()

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self._ends) - 1:
            raise Unreadable(ERROR)
        start, end = self._ends[place], self._ends[place + 1]
        if end - start > 4 * LONGEST_CELL:
            raise Unreadable(TOO_LONG)
        return os.pread(self._file.fileno(), end - start, start).decode()


class Workbook:
    """A workbook that was looked over: the rows of its first sheet."""

    def __init__(self, path: Path, digest: bytes, outline: _Outline) -> None:
        self.digest, self.ragged = digest, True
        self.notes: list[str] = []
        self._path, self._outline, self._done = path, outline, 0
        if len(outline.names) > 1:
            self.notes.append(f"The workbook has {len(outline.names)} sheets; only the first is read.")

    def share(self) -> float:
        """How much of the sheet has been read, from 0 to 1."""
        return min(self._done / self._outline.size, 1.0)

    def rows(self, headings: Collection[str]) -> Iterator[Cells]:
        """The rows of the first sheet; rows that it leaves out are empty and are not given."""
        del headings
        with ZipFile(self._path) as archive:
            sheet = _Sheet(self._path, self._outline, _Strings(archive, self._outline.strings, self._path))
            for done in parse(archive, self._outline.sheet, sheet.parser, self._path):
                self._done = done
                if sheet.rows:
                    yield from sheet.rows
                    sheet.rows.clear()


class _Sheet:
    """What the parser of a sheet calls; whole rows gather in `rows`."""

    def __init__(self, path: Path, outline: _Outline, strings: _Strings) -> None:
        self.rows: list[Cells] = []
        self.parser = parser_of(path, self._enter, self._leave)
        self._path, self._outline, self._strings = path, outline, strings
        self._row = self._column = 0
        self._texts: list[str] = []
        self._fault: tuple[str, int | None] = ("", None)
        self._kind = self._style = ""
        self._said: list[str] = []
        self._length = 0
        self._computed = self._deaf = False

    def _enter(self, tag: str, given: Given) -> None:
        name = tag if ":" not in tag else local(tag)
        if name == "c":
            self._begin_cell(given)
        elif (name == "v" or name == "t") and not self._deaf:  # noqa: PLR1714  # for each cell; a set is slower
            self.parser.CharacterDataHandler = self._say
        elif name == "f":
            self._computed = True
        elif name == "row":
            self._begin_row(given)
        elif name == "rPh":
            self._deaf = True

    def _leave(self, tag: str) -> None:
        name = tag if ":" not in tag else local(tag)
        if name == "v" or name == "t":  # noqa: PLR1714
            self.parser.CharacterDataHandler = None
        elif name == "c":
            self._end_cell()
        elif name == "row":
            self.rows.append(Cells(self._row, self._texts, *self._fault))
        elif name == "rPh":
            self._deaf = False

    def _say(self, text: str) -> None:
        self._length += len(text)
        if self._length <= LONGEST_CELL:
            self._said.append(text)

    def _begin_row(self, given: Given) -> None:
        number = given.get("r", str(self._row + 1))
        if not number.isascii() or not number.isdecimal() or not self._row < int(number[:9]) <= LAST_ROW:
            damaged(self._path, f"its rows are not numbered from 1 to {LAST_ROW}")
        self._row, self._column, self._texts, self._fault = int(number), 0, [], ("", None)

    def _begin_cell(self, given: Given) -> None:
        place = REFERENCE.fullmatch(given.get("r", ""))
        self._column = _column(place[1]) if place else self._column + 1
        self._kind, self._style = given.get("t", "n"), given.get("s", "")
        self._said.clear()
        self._length = 0
        self._computed = False

    def _end_cell(self) -> None:
        if not self._said and not self._computed:
            return
        try:
            text = self._text("".join(self._said))
        except Unreadable as unreadable:
            text, self._fault = "?", (str(unreadable), self._column - 1)
        if text:
            if self._column > MOST_COLUMNS:
                self._fault = ("the row has more cells than any heading", None)
                return
            missing = self._column - len(self._texts)
            if missing > 0:
                self._texts.extend([""] * missing)
            self._texts[self._column - 1] = text

    def _text(self, value: str) -> str:
        if self._length > LONGEST_CELL:
            raise Unreadable(TOO_LONG)
        kind = self._kind
        if kind == "s":
            return self._strings[int(value) if value.isascii() and value.isdecimal() else -1]
        if kind == "e":
            raise Unreadable(ERROR)
        if self._computed and not value and kind != "str":
            raise Unreadable(NO_VALUE)
        if kind == "b":
            return "yes" if value in {"1", "true"} else "no"
        return self._number(value) if kind == "n" else value

    def _number(self, value: str) -> str:
        dated = self._style.isdecimal() and int(self._style) < len(self._outline.is_date) and self._outline.is_date[int(self._style)]
        if not dated and value.isascii() and value.isdecimal():
            return value
        try:
            number = float(value)
        except ValueError:
            raise Unreadable(ERROR) from None
        if dated and 0 <= number <= LAST_DAY:
            return self._date(number)
        return f"{int(number)}" if number.is_integer() and abs(number) < 1e15 else f"{number:.15g}"

    def _date(self, days: float) -> str:
        instant = self._outline.epoch + timedelta(seconds=round(days * 86400))
        if days < 1:
            return f"{instant:%H:%M}"
        return f"{instant:%Y-%m-%d}" if days == int(days) else f"{instant:%Y-%m-%d %H:%M}"


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
