"""Programs of our own on this machine: started for a measurement, watched through /proc, and ended by their own id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
READY_WITHIN = 30.0  # seconds
MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    """A running program with its children."""

    pid: int

    def cpu(self) -> float:
        """Seconds of processor time, user and system, that its threads and its children's have used.

        Read from the scheduler, which counts nanoseconds: `/proc/PID/stat` counts in hundredths of a second. It forgets threads that
        ended, so it is for differences between two moments at which the same threads live.
        """
        return sum(_nanoseconds(thread) for pid in self._family() for thread in Path(f"/proc/{pid}/task").iterdir()) / 1e9

    def memory(self) -> float:
        """Megabytes that the largest of its processes has in memory."""
        return max(_resident(pid) for pid in self._family()) / MB

    def _family(self) -> list[int]:
        """The process and all that descend from it."""
        family = [self.pid]
        for pid in family:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                family.extend(map(int, children.read_text().split()))
        return family


def _nanoseconds(thread: Path) -> int:
    try:
        return int((thread / "schedstat").read_text().split()[0])
    except FileNotFoundError:
        return 0


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@contextmanager
def running(command: Sequence[str], environ: Mapping[str, str], log: Path, ready: Callable[[], bool]) -> Iterator[Program]:
    """Run a program until the block is left. What it says goes to `log`, which is shown where it does not get ready."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=dict(environ), cwd=ROOT, stdout=output, stderr=output)  # noqa: S603  # our own programs
    try:
        deadline = time.monotonic() + READY_WITHIN
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)} did not get ready:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        yield Program(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def module(name: str, *words: str) -> tuple[str, ...]:
    """The command line that runs a module of this repository."""
    return (sys.executable, "-m", name, *words)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def listens(port: int) -> Callable[[], bool]:
    """Whether somebody answers on this port, as a question to be asked again."""

    def answers() -> bool:
        with socket.socket() as client:
            return client.connect_ex((HOST, port)) == 0

    return answers
