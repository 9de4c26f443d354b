"""One measurement from beginning to end: what is measured, how often, and how the figures are put together."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from sqlalchemy import create_engine, make_url

from benchmarks import grouping, imports, inbound, installation, machine, sending
from benchmarks.table import Line, table

MEMBERS = 4_000
LATENCIES = (0, 50)  # milliseconds that the provider takes
COUNTED = 1_000_000  # members of the statistics
CEILING = 2_000  # messages a second that 100 connections can carry at 50 ms
MEMORY, HELP = (120, 90), (0.3, 0.2)  # megabytes of the web process; seconds of `gateway --help`


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: rounds, calls in each, messages in each, rows of one file."""

    rounds: int
    calls: int
    messages: int
    imported: int


def run(rounds: int, *, quick: bool, postgres: str | None, say: Callable[[str], None]) -> bool:
    """Measure, say the table, and return whether everything is as it must be.

    `quick` takes smaller rounds. `postgres` is the address of a server in which a database may be made, and is dropped again.
    """
    size = (
        Size(rounds, calls=100, messages=1_000, imported=20_000)
        if quick
        else Size(rounds, calls=400, messages=MEMBERS, imported=imports.MILLION)
    )
    say(f"{size.rounds} rounds after one that does not count; medians; load average {os.getloadavg()[0]:.1f}. Nothing leaves this machine.")
    began = time.monotonic()
    with installation.prepared(None, size.messages) as place:
        lines = _inbound_lines(inbound.measure(place, size.rounds, size.calls, size.messages), "SQLite FULL", (7.5, 5.5))
        for latency in LATENCIES:
            lines += _sending_lines(sending.measure(place, size.rounds, size.messages, latency), latency)
    if postgres is not None:
        with _fresh_database(postgres) as url, installation.prepared(url, size.calls) as place:
            measured = inbound.measure(place, size.rounds, size.calls, size.calls)
            lines += _inbound_lines(measured, "PostgreSQL", (10, 7))[:-1]
    lines += _grouping_lines(grouping.measure(size.rounds, 100_000 if quick else COUNTED))
    lines += imports.lines(imports.measure(size.imported))
    lines.append(_help_line(size.rounds))
    say("")
    say(table(lines))
    say("")
    say("B: processor time of the web process for one answer of a bare Flask application. C: a plain count of the same members.")
    say(f"It took {time.monotonic() - began:.0f} s.")
    return all(line.verdict != "MISSED" for line in lines)


def _inbound_lines(measured: inbound.Measured, database: str, targets: tuple[float, float]) -> list[Line]:
    alone, together = measured.alone, measured.together
    at_once = f"{inbound.AT_ONCE} at once"
    lines = [
        _against_floor(f"{database}: a call begins", alone.floor, alone.begin, targets),
        _against_floor(f"{database}: a step from menu to menu", alone.floor, alone.menu, targets),
        _against_floor(f"{database}: a step that reads a claim", alone.floor, alone.claim, targets),
        _against_floor(f"{database}: from menu to menu, {at_once}", together.floor, together.menu, targets),
        _against_floor(f"{database}: that reads a claim, {at_once}", together.floor, together.claim, targets),
    ]
    return [*lines, Line("memory of the web process", "", f"{measured.memory:.0f} MB", measured.memory, "{:.0f} MB", *MEMORY)]


def _against_floor(what: str, floor: Sequence[float], ours: Sequence[float], targets: tuple[float, float]) -> Line:
    ratio = median(one / other for one, other in zip(ours, floor, strict=True))
    return Line(what, f"{median(floor):.0f} us", f"{median(ours):.0f} us", ratio, "{:.1f} B", *targets)


def _sending_lines(measured: sending.Measured, latency: int) -> list[Line]:
    floor, ours = (median(run.rate for run in runs) for runs in (measured.floor, measured.ours))
    cpu = [median(run.cpu for run in runs) for runs in (measured.floor, measured.ours)]
    share = 100 * median(one.rate / other.rate for one, other in zip(measured.ours, measured.floor, strict=True))
    what = f"messages a second, provider at {latency} ms"
    shown = (f"{floor:.0f}/s, {cpu[0]:.0f} us", f"{ours:.0f}/s, {cpu[1]:.0f} us")
    if latency:
        return [
            Line(f"{what}, of the ceiling", *shown, 100 * ours / CEILING, "{:.0f} %", 80, 93),
            Line(f"{what}, of the bare loop", *shown, share, "{:.0f} %", 80, 93),
        ]
    return [Line(what, *shown, ours, "{:.0f}/s", 3_000, 5_000)]


def _grouping_lines(measured: grouping.Measured) -> list[Line]:
    floor = median(measured.floor)
    wanted = (("by trade", measured.one, (10, 7)), ("by trade and district", measured.two, (16, 11)))
    return [
        Line(f"members {what}", f"{floor:.2f} s", f"{median(ours):.2f} s", median(ours) / floor, "{:.1f} C", *targets)
        for what, ours, targets in wanted
    ]


def _help_line(rounds: int) -> Line:
    floor = [_seconds((sys.executable, "-c", "")) for _ in range(rounds)]
    ours = median(_seconds(machine.module("gateway.cli", "--help")) for _ in range(rounds))
    return Line("gateway --help", f"{median(floor):.2f} s", f"{ours:.2f} s", ours, "{:.2f} s", *HELP)


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, cwd=machine.ROOT, stdout=subprocess.DEVNULL)  # noqa: S603  # our own command
    return time.perf_counter() - began


@contextmanager
def _fresh_database(server: str) -> Iterator[str]:
    """Make a database of our own in this server; it is dropped in the end."""
    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"aawaj_bench_{uuid.uuid4().hex[:12]}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
        finally:
            db.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()
