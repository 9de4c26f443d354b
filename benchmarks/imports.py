"""What a file of members takes: `python -m benchmarks.imports [ROWS]`, against reading the same file with the bare `csv` module.

The file is made of common names and of numbers in the whole mobile range; the database is a SQLite file that goes away again.
"""

from __future__ import annotations

import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import machine
from benchmarks.table import Line, table

MILLION = 1_000_000
SEED = 5
MUST, AIM = 60, 15  # seconds of a million rows
MEMORY = (300, 100)  # megabytes
FIRST = "सीता गीता रीता माया राधा कमला बिमला सरिता सुनिता अनिता मन्जु लक्ष्मी पार्वती दुर्गा सरस्वती विष्णुमाया देवी हरिमाया".split()
MIDDLE = ["", "", "", "देवी ", "कुमारी ", "माया "]
LAST = "तामाङ थारू राई लिम्बू गुरुङ मगर श्रेष्ठ शर्मा अधिकारी पौडेल खड्का बस्नेत थापा कार्की विश्वकर्मा परियार नेपाली चौधरी".split()


class Measured(NamedTuple):
    """Seconds and megabytes for a file of `rows` members; `floor` are the seconds of the bare reading."""

    rows: int
    floor: float
    ours: float
    memory: float


def measure(rows: int) -> Measured:
    """Make a file, read it barely, and take it in, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="aawaj-bench-") as folder:
        path = Path(folder) / "members.csv"
        write(path, rows)
        began = time.perf_counter()
        with path.open(encoding="utf-8", newline="") as file:
            for _ in csv.reader(file):
                pass
        floor = time.perf_counter() - began
        command = machine.module("benchmarks.imports", "--take", folder)
        done = subprocess.run(command, check=True, cwd=machine.ROOT, capture_output=True, text=True)  # noqa: S603  # our own command
        ours, memory = map(float, done.stdout.split())
    return Measured(rows, floor, ours, memory)


def write(path: Path, rows: int) -> None:
    """A file of members, each with a phone of her own."""
    draw = random.Random(SEED)  # noqa: S311  # the same file each time
    with path.open("w", encoding="utf-8") as file:
        file.write("name,phone,language,trade,usual_instalment,private,preferred_medium\n")
        for index in range(rows):
            name = f"{draw.choice(FIRST)} {draw.choice(MIDDLE)}{draw.choice(LAST)}"
            trade, instalment = draw.choice(("sewing", "craft", "food")), draw.choice((200, 300, 500))
            file.write(f"{name},98{index * 7919 % 10**8:08},ne,{trade},{instalment},no,voice\n")


def lines(measured: Measured) -> list[Line]:
    """The figures as they stand in the table, as for a million rows."""
    scale = MILLION / measured.rows
    shown = (f"{measured.floor * scale:.1f} s", f"{measured.ours * scale:.0f} s")
    return [
        Line("an import of a million members", *shown, measured.ours * scale, "{:.0f} s", MUST, AIM),
        Line("memory of the import", "", f"{measured.memory:.0f} MB", measured.memory, "{:.0f} MB", *MEMORY),
    ]


def _take(folder: Path) -> tuple[float, float]:
    from gateway import bootstrap, config
    from gateway.services import imports, installation
    from gateway.services.access import terminal
    from gateway.store.database import upgrade

    environ = {
        "SECRET_KEY": "of the benchmark, and of nothing else",
        "DATABASE_URL": f"sqlite:///{folder}/gateway.sqlite3",
        "REDIS_URL": "redis://127.0.0.1:1",
        "PUBLIC_BASE_URL": f"http://{machine.HOST}",
        "GATEWAY_DATA_DIR": str(folder),
    }
    upgrade(environ["DATABASE_URL"])
    gateway = bootstrap.build(config.load(environ))
    installation.prepare(gateway)
    began = time.perf_counter()
    for progress in imports.take_in(gateway, terminal(installation.ORGANISATION), "members", folder / "members.csv"):
        last = progress
    seconds = time.perf_counter() - began
    if last.refused or last.known:
        raise SystemExit("the file was not taken in whole")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["--take"]:
        sys.stdout.write("{} {}\n".format(*_take(Path(sys.argv[2]))))
    else:
        found = measure(int(sys.argv[1]) if sys.argv[1:] else MILLION)
        sys.stdout.write(f"{found.rows} rows, load average {os.getloadavg()[0]:.1f}\n{table(lines(found))}\n")
