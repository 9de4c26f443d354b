"""Files into records and records into files. The rows are taken in while the answer is read: whoever hangs up breaks it off."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.core.roles import Permission
from gateway.services import exports, imports
from gateway.web.api.problems import Problem, named
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import File, Given, Query, Upload, one_of

routes = Routes("imports")

LINES = "application/x-ndjson"
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class Refusal(Given):
    row: int
    column: str = Field(description="empty where the row as a whole cannot be taken")
    reason: str = Field(description="a sentence that repeats nothing of the cell")


class Progress(Given):
    row: int
    added: int
    changed: int
    known: int
    refused: int
    import_id: str = Field(description="empty in a dry run")
    share: float = Field(description="how much of the file that is, from 0 to 1")
    refusals: tuple[Refusal, ...]
    notes: tuple[Refusal, ...] = Field(description="what is worth saying of rows that go in")


class Import(Given):
    id: str
    kind: str
    state: str
    row: int
    added: int
    changed: int
    known: int
    refused: int
    by: str
    created_at: datetime
    updated_at: datetime


class Imports(Given):
    items: list[Import]


class Refusals(Given):
    items: list[Refusal]
    next: int | None


class Wish(Query):
    kind: Annotated[str, one_of(imports.KINDS)]
    dry_run: bool = Field(default=False, description="say what would happen and write nothing")
    again: bool = Field(default=False, description="compare a file anew that was taken in to its end")
    shared_phones: bool = Field(default=False, description="members with different names share the phones that the file says")


class Behind(Query):
    after: int = Field(default=0, ge=0, le=2**31 - 1, description="a row of the file")


class Form(Query):
    format: Annotated[str, one_of(CONTENT_TYPES)] = "csv"


@routes.post("/imports", Permission.IMPORT, once=False)
def take_in(call: Call, query: Wish, upload: Upload) -> File:
    """Take a CSV or XLSX file in, or go on with it where it was broken off.

    The answer is one line of JSON for each batch of rows: how far it is, and what was refused since the last line. A last line may be a
    refusal, as any other answer. The same file again changes nothing, so no Idempotency-Key is needed.
    """
    wish = imports.Wish(dry_run=query.dry_run, again=query.again, shared_phones=query.shared_phones)
    return File(LINES, _lines(call, imports.take_in(call.gateway, call.actor, query.kind, Path(upload.path), **wish)))


def _lines(call: Call, found: Iterable[imports.Progress]) -> Iterator[str]:
    try:
        for progress in found:
            yield Progress.model_validate(progress).model_dump_json() + "\n"
    except Exception as error:  # noqa: BLE001  # the status has gone out already
        yield Problem.of(named(error, call.gateway.new_id())).model_dump_json() + "\n"


@routes.get("/imports", Permission.IMPORT)
def list_(call: Call) -> Imports:
    """List the newest imports and how far they are."""
    return Imports(items=[Import.model_validate(row) for row in imports.latest(call.gateway, call.actor)])


@routes.get("/imports/{import_id}", Permission.IMPORT)
def get(call: Call, import_id: str) -> Import:
    """Tell how far an import is."""
    return Import.model_validate(imports.get(call.gateway, call.actor, import_id))


@routes.get("/imports/{import_id}/refusals", Permission.IMPORT)
def refusals(call: Call, import_id: str, query: Behind) -> Refusals:
    """List what was refused, behind a row: whole rows, about a thousand."""
    found = imports.refusals(call.gateway, call.actor, import_id, query.after)
    return Refusals(items=[Refusal.model_validate(refusal) for refusal in found], next=found[-1].row if found else None)


@routes.post("/imports/{import_id}/cancel", Permission.IMPORT)
def cancel(call: Call, import_id: str) -> Import:
    """Let an import stop after its batch; what went in stays, and the same file goes on from there."""
    return Import.model_validate(imports.cancel(call.gateway, call.actor, import_id))


@routes.get("/exports/{kind}", Permission.EXPORT)
def export(call: Call, kind: str, query: Form) -> File:
    """Give all records of a kind (members, contributions, claims) as a file in which no cell is a formula."""
    return table(kind, query, lambda path: exports.write(call.gateway, call.actor, kind, path))


def table(name: str, form: Form, write: Callable[[Path], object]) -> File:
    """What `write` makes of a path, as a file to be kept under this name."""
    with tempfile.TemporaryDirectory(prefix="aawaj-") as folder:
        path = Path(folder) / f"{name}.{form.format}"
        write(path)
        return File.at(path, CONTENT_TYPES[form.format], path.name)
