"""PostgreSQL's own programs for whole databases: they know every version of it, and copy while others write."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import make_url

from gateway.errors import GatewayError

DUMP = ("--format=custom", "--no-owner", "--no-privileges")
RESTORE = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")


def dump(url: str, file: Path) -> None:
    """Write the database into a file, as it is at one moment. GatewayErrors `backup:no-program`, `backup:failed`."""
    _run(url, "pg_dump", *DUMP, f"--file={file}")


def restore(url: str, file: Path) -> None:
    """Put a dump in place of what is in the database, all of it or nothing. GatewayErrors as of `dump`."""
    _run(url, "pg_restore", *RESTORE, str(file))


def _run(url: str, program: str, *words: str) -> None:
    """The password goes by the environment: words of a command are seen by everybody on the machine."""
    address = make_url(url)
    path = shutil.which(program)
    if path is None:
        raise GatewayError("backup:no-program", program=program)
    shown = address.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environ = os.environ | ({"PGPASSWORD": str(address.password)} if address.password else {})
    done = subprocess.run((path, f"--dbname={shown}", *words), env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise GatewayError("backup:failed", program=program, reason=(done.stderr.strip().splitlines() or ["no reason given"])[-1])
