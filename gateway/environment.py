"""The file by which a command in another terminal finds what `gateway up` started: KEY=VALUE lines in the data folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.config import SETTINGS

FILE = "environment"


def merged(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment, and under it the settings that `gateway up` wrote into the data folder; what is set, even empty, wins.

    The folder is `GATEWAY_DATA_DIR`, else `./data`. Only variables of `gateway.config.SETTINGS` are taken from the file.
    """
    folder = Path(environ.get("GATEWAY_DATA_DIR") or SETTINGS["data_dir"].default or "")
    return {**read(folder), **environ}


def read(folder: Path) -> dict[str, str]:
    """Return the settings that were written into this folder; none where there is no file."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    variables = {setting.variable for setting in SETTINGS.values()}
    pairs = (line.partition("=") for line in lines)
    return {variable: value for variable, _, value in pairs if variable in variables}


def write(folder: Path, values: Mapping[str, str]) -> None:
    """Write the settings among these values, readable by the owner alone; a reader sees the old file or the new one."""
    settings = (setting.variable for setting in SETTINGS.values() if setting.variable in values)
    write_private(folder / FILE, "".join(f"{variable}={values[variable].strip()}\n" for variable in settings))


def write_private(file: Path, text: str) -> None:
    """Write a file of mode 0600 in one move."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
