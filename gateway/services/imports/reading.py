"""What a file holds: rows of texts, in constant memory, from CSV in any common dialect or from XLSX.

Nothing is believed: not the name of the file, not its size, not what it says of itself. A file that is no table is refused before its
first row; a row that cannot be read is a row with a `fault`, and the others are read.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
import stat
import unicodedata
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from gateway.errors import GatewayError

LARGEST_FILE = 256 * 2**20  # bytes; a million members are about 60 MB
LONGEST_LINE = 2**20  # characters
MOST_LINES = 50  # of one row
LONGEST_CELL = 131_072  # characters, as csv has it
LINE_END = re.compile(r"\r\n|\r|\n")
DELIMITERS = (",", ";", "\t", "|")
CHUNK = 2**20

# What a file begins with that is something else, and what people call it.
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old or encrypted Excel file"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a text document"),
    (b"\x7fELF", "a program"),
)
MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")
ZIP = b"PK\x03\x04"
WORKBOOK_NAMES = {".xlsx", ".xlsm"}
BRACKETS = re.compile(r"[(\[].*?[)\]]")
# What a spreadsheet may take for a formula, and what an apostrophe in front of it was put there for (`gateway.services.exports`).
FORMULA = r"\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
ESCAPED = re.compile(f"'+{FORMULA}")
SEPARATOR_LINE = re.compile(r"sep=(.)", re.IGNORECASE)  # Excel's own way to name the delimiter


class Cells(NamedTuple):
    """One row: its number as a spreadsheet shows it, its texts, and why it cannot be read, if it cannot; `at` is the cell at fault."""

    number: int
    texts: list[str]
    fault: str = ""
    at: int | None = None


class Table(Protocol):
    """A file that was looked over. `digest` is its SHA-256; `notes` are sentences for whoever brought it."""

    digest: bytes
    notes: list[str]
    ragged: bool  # whether rows leave out the empty cells at their end

    def rows(self, headings: Collection[str]) -> Iterator[Cells]:
        """Its rows from the first, the heading among them; `headings` are the folded names that a heading may have."""

    def share(self) -> float:
        """How much of it has been read, from 0 to 1."""


def open_table(path: Path) -> Table:
    """Look a file over: read it once from end to end, and refuse it where it is no table that can be read.

    Raises GatewayError `import:no-file`, `import:too-large`, `import:not-a-table`, `import:not-utf-8`, `import:damaged`.
    """
    try:
        file = path.stat()
    except OSError:
        raise GatewayError("import:no-file", where=path.name) from None
    if not stat.S_ISREG(file.st_mode):
        raise GatewayError("import:no-file", where=path.name)
    if file.st_size > LARGEST_FILE:
        raise GatewayError(
            "import:too-large", where=path.name, size=f"{file.st_size / 2**20:.0f} MB", most=f"{LARGEST_FILE / 2**20:.0f} MB"
        )
    with path.open("rb") as stream:
        head = stream.read(512)
    if head.startswith(ZIP):
        from gateway.services.imports.workbook import open_workbook  # what most files need not

        return open_workbook(path, digest_of(path))
    _refuse_what_is_no_text(path, head)
    return _open_text(path, head)


def _refuse_what_is_no_text(path: Path, head: bytes) -> None:
    found = next((what for begins, what in MAGIC if head.startswith(begins)), None)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        found = "a web page or XML"
    elif path.suffix.lower() in WORKBOOK_NAMES and found is None:
        found = "a text with the name of a workbook"
    elif found is None and b"\0" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        found = "no text, or one whose encoding it does not tell"
    if found:
        raise GatewayError("import:not-a-table", where=path.name, found=found)


def digest_of(path: Path) -> bytes:
    """The SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


# --- CSV ---------------------------------------------------------------------------------------------------------------------------


def _open_text(path: Path, head: bytes) -> Table:
    """Decode all of it once, so that no row goes in from a file whose end cannot be read."""
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not head.startswith(codecs.BOM_UTF32_LE)
    decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8")("strict")
    digest, position = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(CHUNK)
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise GatewayError("import:not-utf-8", where=path.name, position=position - waiting + error.start) from None
            if not chunk:
                break
            digest.update(chunk)
            position += len(chunk)
    return _Text(path, digest.digest(), "utf-16" if wide else "utf-8-sig")


class _TooLong(Exception):  # noqa: N818  # what happened to the line
    """A line longer than any row."""


class _TooMany(Exception):  # noqa: N818  # what happened to the row
    """More lines than any row has."""


class _Lines:
    """The lines of a text, by their `number` from 1; `taken` are those of the row that is being read.

    A line that is too long is passed over and raises `_TooLong`; a row of too many raises `_TooMany`; the next call goes on behind it.
    """

    def __init__(self, text: TextIOWrapper) -> None:
        self._readline = text.readline
        self._waiting: deque[str | None] = deque()  # to be read once more; None is one that is too long
        self.taken: list[str | None] = []
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) == MOST_LINES:
            raise _TooMany
        line = self._waiting.popleft() if self._waiting else self._read()
        if line == "":
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if line is None:
            raise _TooLong
        return line

    def put_back(self) -> None:
        """Let all lines of this row but its first be read once more."""
        self._waiting.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1

    def _read(self) -> str | None:
        line = self._readline(LONGEST_LINE)
        if len(line) < LONGEST_LINE or line[-1] in "\r\n":
            return line
        while (rest := self._readline(LONGEST_LINE)) and rest[-1] not in "\r\n":
            pass
        return None


class _Text:
    """A text with one row a line, or in quotes over several."""

    def __init__(self, path: Path, digest: bytes, encoding: str) -> None:
        self.digest, self.ragged = digest, False
        self.notes: list[str] = []
        self._path, self._encoding = path, encoding
        self._size = max(path.stat().st_size, 1)
        self._stream: BinaryIO | None = None

    def share(self) -> float:
        return min(self._stream.tell() / self._size, 1.0) if self._stream and not self._stream.closed else 0.0

    def rows(self, headings: Collection[str]) -> Iterator[Cells]:
        skip, delimiter = self._dialect(headings)
        with self._open() as text:
            lines = _Lines(text)
            for _ in range(skip):
                next(lines)
            yield from _parsed(lines, delimiter, skip)

    def _open(self) -> TextIOWrapper:
        self._stream = self._path.open("rb")
        return TextIOWrapper(self._stream, self._encoding, newline="")

    def _dialect(self, headings: Collection[str]) -> tuple[int, str]:
        """How many lines stand before the heading, and what parts its cells: what makes the most known names out of it."""
        with self._open() as text:
            said = SEPARATOR_LINE.fullmatch(text.readline(LONGEST_LINE).rstrip("\r\n"))
        if said:
            return 1, said[1]
        return 0, max(DELIMITERS, key=lambda delimiter: self._known(delimiter, headings))

    def _known(self, delimiter: str, headings: Collection[str]) -> int:
        with self._open() as text:
            first = next((row for row in _parsed(_Lines(text), delimiter, 0) if any(row.texts)), Cells(0, []))
        return sum(fold(name) in headings for name in first.texts)


def fold(name: str) -> str:
    """A heading without what people vary: capitals, blanks, dashes, underscores, a note in brackets.

    >>> fold(" Phone-Number (mobile)")
    'phonenumber'
    """
    bare = BRACKETS.sub("", unicodedata.normalize("NFC", name).casefold())
    return "".join(char for char in bare if unicodedata.category(char)[0] in "LMN")


def _is_torn(lines: Sequence[str | None], texts: list[str], delimiter: str, width: int) -> bool:
    """Whether a row over several lines was put together by a quotation mark that should not be there, as far as that can be seen.

    It has another number of cells than the rows before it, what it swallowed is a whole row by itself, or it is no strict CSV.
    """
    inside = [piece for text in texts for piece in LINE_END.split(text)[1:]]
    if width > 1 and (len(texts) != width or any(piece.count(delimiter) >= width - 1 for piece in inside)):
        return True
    try:
        list(csv.reader((line or "" for line in lines), delimiter=delimiter, strict=True))
    except csv.Error:
        return True
    return False


def _parsed(lines: _Lines, delimiter: str, number: int) -> Iterator[Cells]:
    """The rows of these lines behind the row `number`; where a stray quotation mark swallows lines, each of them is read as its own row."""
    reader = csv.reader(lines, delimiter=delimiter)
    width = 0
    while True:
        number += 1
        lines.taken = []
        fault = ""
        try:
            texts = next(reader)
        except StopIteration:
            return
        except _TooLong:
            fault = f"the row is longer than {LONGEST_LINE} characters"
        except _TooMany:
            fault = f"the row has more than {MOST_LINES} lines"
        except csv.Error:
            fault = f"a cell is longer than {LONGEST_CELL} characters; perhaps a quotation mark is missing"
        many = len(lines.taken)
        if many > 1 and (fault or _is_torn(lines.taken, texts, delimiter, width)):
            lines.put_back()
            fault = f"a quotation begins in line {lines.number} of the file and takes {many} lines; the others are read by themselves"
        if fault:
            yield Cells(number, [], fault)
            continue
        width = max(width, len(texts))
        line = "\n".join(texts)
        if "\0" in line:
            yield Cells(number, texts, "there is a NUL character in it")
        elif "'" in line:
            yield Cells(number, [text[1:] if ESCAPED.match(text) else text for text in texts])
        else:
            yield Cells(number, texts)
