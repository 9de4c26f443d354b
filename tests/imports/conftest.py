"""An installation without a provider, into which files are taken."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from gateway import bootstrap, config
from gateway.services import imports, installation
from gateway.services.access import Actor, terminal
from gateway.services.context import Gateway
from gateway.services.imports import Progress, Refusal

HEADING = "name,phone\n"


@dataclass
class Taken:
    """All that was said while a file was taken in."""

    last: Progress
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[Refusal] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Added, changed, known, refused."""
        return self.last.added, self.last.changed, self.last.known, self.last.refused


@dataclass
class Office:
    """The gateway of an organisation and a folder for its files."""

    gateway: Gateway
    folder: Path
    environ: dict[str, str]
    actor: Actor = field(default_factory=lambda: terminal("main"))

    def file(self, content: str | bytes, name: str = "members.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def workbook(self, *rows, name: str = "members.xlsx", **sheets) -> Path:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(list(row))
        for title, more in sheets.items():
            sheet = book.create_sheet(title)
            for row in more:
                sheet.append(list(row))
        book.save(self.folder / name)
        return self.folder / name

    def take(self, content: str | bytes | Path, kind: str = "members", **wish) -> Taken:
        path = content if isinstance(content, Path) else self.file(content, f"{kind}.csv")
        taken = Taken(Progress())
        for taken.last in imports.take_in(self.gateway, self.actor, kind, path, **wish):
            taken.refusals += taken.last.refusals
            taken.notes += taken.last.notes
        return taken

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """What a statement of plain SQL finds, with what is sealed opened."""
        with self.gateway.database.read() as db:
            return [tuple(map(self._readable, row)) for row in db.exec_driver_sql(statement)]

    def _readable(self, value: object) -> object:
        seal = self.gateway.seal
        return seal.open(value) if isinstance(value, bytes) and value.startswith(seal.current_name) else value

    def people(self) -> list[tuple[object, ...]]:
        """Names and phones, by name."""
        return sorted(
            self.rows(
                "SELECT m.sealed_name, p.sealed FROM members m LEFT JOIN member_phones mp ON mp.member_id = m.id"
                " LEFT JOIN phones p ON p.id = mp.phone_id"
            ),
            key=str,
        )


def environ_of(database_url: str, folder: Path) -> dict[str, str]:
    return {
        "SECRET_KEY": "the secret key of the tests, long enough",
        "PUBLIC_BASE_URL": "http://127.0.0.1",
        "REDIS_URL": "redis://127.0.0.1:1",
        "DATABASE_URL": database_url,
        "GATEWAY_DATA_DIR": str(folder),
    }


def open_office(database_url: str, folder: Path, now: datetime) -> Office:
    environ = environ_of(database_url, folder)
    gateway = bootstrap.build(config.load(environ), clock=lambda: now)
    installation.prepare(gateway)
    return Office(gateway, folder, environ)


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path, now: datetime) -> Iterator[Office]:
    """On SQLite, for what has nothing to do with the database."""
    opened = open_office(sqlite_url, tmp_path, now)
    yield opened
    opened.gateway.database.close()


@pytest.fixture
def anywhere(database_url: str, tmp_path: Path, now: datetime) -> Iterator[Office]:
    """The test runs once on SQLite, once on PostgreSQL."""
    opened = open_office(database_url, tmp_path, now)
    yield opened
    opened.gateway.database.close()


def rezipped(path: Path, **parts: bytes | None) -> bytes:
    """A workbook with some of its parts replaced (`xl/worksheets/sheet1.xml` as `sheet`), added or taken out."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml", "book": "xl/workbook.xml", "styles": "xl/styles.xml"}
    names["relations"] = "xl/_rels/workbook.xml.rels"
    changed = {names[part]: content for part, content in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            content = changed.pop(part, old.read(part))
            if content is not None:
                new.writestr(part, content)
        for part, content in changed.items():
            new.writestr(part, content or b"")
    return out.getvalue()
