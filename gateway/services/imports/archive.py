"""The archive that a workbook is: unpacked within bounds, parsed without document types, and never trusted in what it says of itself."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from gateway.errors import GatewayError

LARGEST = 2 * 2**30  # bytes, unpacked: a million rows of thirty cells
SMALL = 64 * 2**20  # below this nobody asks how tightly it is packed
TIGHTEST = 250  # times smaller when packed; a sheet of real rows is 5 to 40
MOST_PARTS = 2_000
LONGEST_TOKEN = 4 * 2**20  # bytes that the parser may hold back
BITE = 64 * 1024

UNREADABLE = (BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error)
Given = dict[str, str]


def damaged(path: Path, reason: str) -> NoReturn:
    """Refuse the file; `reason` is said to a person."""
    raise GatewayError("import:damaged", where=path.name, reason=reason) from None


def weigh(archive: ZipFile, path: Path) -> None:
    """Refuse what would unpack into far more than it looks like. Of no part more is unpacked than it says here."""
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        damaged(path, f"it has {len(parts)} parts")
    if len({part.filename for part in parts}) < len(parts):
        damaged(path, "it has two parts of one name")
    if sum(part.file_size for part in parts) > LARGEST:
        damaged(path, "it would unpack into too much")
    for part in parts:
        if part.flag_bits & 1:
            damaged(path, "it is encrypted; save it without a password")
        if part.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            damaged(path, "it is packed in an unusual way")
        if part.file_size > max(SMALL, TIGHTEST * part.compress_size):
            damaged(path, f"a part of it would unpack into {part.file_size / 2**20:.0f} MB")


def local(tag: str) -> str:
    """A name without its prefix: programs choose different ones."""
    return tag.rpartition(":")[2]


def parser_of(path: Path, start: Callable[[str, Given], None], end: Callable[[str], None]) -> expat.XMLParserType:
    """A parser that refuses a document type: without one there are no entities, neither bombs nor files of this machine."""

    def refuse(*_: object) -> None:
        damaged(path, "it holds a document type, which no spreadsheet writes")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.buffer_text = True
    return parser


def parse(archive: ZipFile, part: str, parser: expat.XMLParserType, path: Path) -> Iterator[int]:
    """Parse a part bite by bite; yields how many bytes are parsed. The parser may hold back no more than a long token."""
    fed = 0
    try:
        with archive.open(part) as stream:
            while bite := stream.read(BITE):
                parser.Parse(bite, False)
                fed += len(bite)
                if fed - parser.CurrentByteIndex > LONGEST_TOKEN:
                    damaged(path, "a part of it is no sheet")
                yield fed
            parser.Parse(b"", True)
            yield fed
    except (expat.ExpatError, *UNREADABLE):
        damaged(path, "a part of it is cut off or is no XML")
