"""`/imports`: files of members, contributions and claims, tried out first, taken in by a worker; and the same kinds of files out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import partial

from flask import Response, request

from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import exports, imports, uploads
from gateway.services.imports.hints import DEVANAGARI
from gateway.services.imports.reading import LARGEST_FILE
from gateway.web.console import faults, files
from gateway.web.console.members import form_id
from gateway.web.console.naming import who_of
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _
from gateway.web.console.words import language

routes = Routes("imports")

# Two rows that show how a file of each kind is written; nobody's.
SAMPLES = {
    "members": (
        ("name", "phone", "trade", "place", "language", "usual_instalment", "consented_on", "consent_how", "consent_wording"),
        ("सीता तामाङ", "9841000001", "sewing", "3-25-04", "ne", "300", "2026-11-01", "paper", "सदस्यता फारम"),
        ("Maya Rai", "9841000002", "craft", "3-25-04", "ne", "200", "2026-11-01", "paper", "सदस्यता फारम"),
    ),
    "contributions": (
        ("phone", "amount", "month", "receipt", "state"),
        ("9841000001", "300", "2083-07", "R-1", "confirmed"),
        ("9841000002", "200", "2083-07", "R-2", ""),
    ),
    "claims": (
        ("insurer_reference", "phone", "kind", "state", "amount", "date"),
        ("NLIC-1", "9841000001", "health", "received", "", "2026-11-01"),
        ("NLIC-2", "9841000002", "maternity", "approved", "5000", "2026-11-01"),
    ),
}


@routes.page("/imports", Permission.IMPORT)
def page(visit: Visit) -> Page:
    """Hand a file in, and what became of others."""
    return Page(
        "imports.html",
        id=visit.gateway.new_id(),
        kinds=list(imports.KINDS),
        files=uploads.latest(visit.gateway, visit.actor),
        others=imports.latest(visit.gateway, visit.actor)[:20],
        who=who_of(visit),
    )


@routes.form("/imports", Permission.IMPORT, back=page, most=LARGEST_FILE)
def hand_in(visit: Visit) -> Done:
    """Keep the file, and let it be tried out."""
    brought = request.files.get("file")
    if brought is None or not brought.filename:
        raise GatewayError("import:no-file", where="file")
    upload_id = form_id(visit.form.get("id", "")) or visit.gateway.new_id()
    handed = uploads.Handed(upload_id, visit.form.get("kind", ""), brought.stream, "shared_phones" in visit.form)
    uploads.hand_in(visit.gateway, visit.actor, handed)
    return Done(f"/imports/{upload_id}")


@routes.page("/imports/<upload_id>", Permission.IMPORT)
def upload(visit: Visit, upload_id: str) -> Page:
    """How far a file is, and what its trial found."""
    return _progress(visit, "import.html", upload_id)


@routes.part("/imports/<upload_id>/progress", Permission.IMPORT)
def progress(visit: Visit, upload_id: str) -> Page:
    """The part of that page that moves."""
    return _progress(visit, "import_progress.html", upload_id)


def _progress(visit: Visit, template: str, upload_id: str) -> Page:
    found = uploads.get(visit.gateway, visit.actor, upload_id)
    return Page(template, upload=found, called=_headings(found.kind))


def _headings(kind: str) -> Callable[[str], str]:
    """How the page's language calls the columns of a file: in Nepali by the first Nepali heading that such a file may have."""
    called = {column.name: column.name.replace("_", " ") for column in imports.KINDS[kind].columns}
    if language() == "ne":
        called |= {
            column.name: next(filter(DEVANAGARI.match, column.aliases.split(",")), called[column.name])
            for column in imports.KINDS[kind].columns
        }
    return lambda name: called.get(name, name)


@routes.form("/imports/<upload_id>/take", Permission.IMPORT, back=upload)
def take(visit: Visit, upload_id: str) -> Done:
    """Take it in."""
    uploads.take(visit.gateway, visit.actor, upload_id)
    return Done(f"/imports/{upload_id}")


@routes.form("/imports/<upload_id>/cancel", Permission.IMPORT, back=upload)
def cancel(visit: Visit, upload_id: str) -> Done:
    """Let it be."""
    uploads.cancel(visit.gateway, visit.actor, upload_id)
    return Done(f"/imports/{upload_id}", _("The file is deleted, and nothing more of it is taken in."))


@routes.page("/imports/<upload_id>/refusals.csv", Permission.IMPORT)
def refusals(visit: Visit, upload_id: str) -> Response:
    """What was refused, as a file: the trial's refusals, or after it was taken in all of them."""
    found = uploads.get(visit.gateway, visit.actor, upload_id)
    rows = list(found.refusals)
    if found.import_id:
        rows, after = [], 0
        while more := imports.refusals(visit.gateway, visit.actor, found.import_id, after):
            rows += more
            after = more[-1].row
    called = _headings(found.kind)
    heading = (_("Row"), _("Column"), _("Reason"))
    return _csv([heading, *((str(row), called(column), faults.reason(reason)) for row, column, reason in rows)], f"refusals-{found.kind}")


@routes.page("/imports/samples/<kind>.csv", Permission.IMPORT)
def sample(visit: Visit, kind: str) -> Response:
    """A file of this kind that shows the headings."""
    del visit
    if kind not in SAMPLES:
        raise GatewayError("import:kind", kind=kind, known=", ".join(SAMPLES))
    return _csv(SAMPLES[kind], f"sample-{kind}")


def _csv(rows: object, name: str) -> Response:
    written = io.StringIO()
    csv.writer(written).writerows(rows)  # type: ignore[arg-type]  # rows of texts
    return files.attached(f"\ufeff{written.getvalue()}", "text/csv", f"{name}.csv")


@routes.page("/exports/<kind>.<form>", Permission.EXPORT)
def export(visit: Visit, kind: str, form: str) -> Response:
    """All records of a kind that she may see, as a file in which no cell is a formula."""
    return files.download(kind, form, partial(exports.write, visit.gateway, visit.actor, kind))
