"""Files that a page gives: tables and sounds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from flask import Response, send_file

from gateway.errors import GatewayError

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


def download(name: str, form: str, write: Callable[[Path], object]) -> Response:
    """What `write` makes of a path, to be kept as NAME.FORM; `form` is one of `TYPES`. GatewayError `export:form`."""
    if form not in TYPES:
        raise GatewayError("export:form", forms=" or ".join(TYPES))
    with tempfile.TemporaryDirectory(prefix="aawaj-") as folder:
        path = Path(folder) / f"{name}.{form}"
        write(path)
        stream = path.open("rb")  # it is open from now on, so that its name may go
    return send_file(stream, TYPES[form], as_attachment=True, download_name=path.name)


def attached(content: str | bytes, mimetype: str, name: str) -> Response:
    """What stands in memory already, to be kept under this name."""
    return Response(content, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def sound(wav: bytes) -> Response:
    """A sound to be played in the page."""
    return Response(wav, mimetype="audio/wav")
