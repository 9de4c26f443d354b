"""Programs of ours, started for real, whose lines can be waited for."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest


class Started:
    """A process in a session of its own; `wait_for` reads its lines until one matches."""

    def __init__(self, command: list[str], environ: Mapping[str, str], cwd: Path | None) -> None:
        self.process = subprocess.Popen(
            command, env=environ, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self.lines: list[str] = []
        self._unmatched: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, pattern: str, seconds: float = 20) -> re.Match[str]:
        """Return the match of the first line in which the pattern is found and that was not returned before."""
        deadline = time.monotonic() + seconds
        for line in self._unmatched:
            if match := re.search(pattern, line):
                self._unmatched.remove(line)
                return match
        while (line := self._next(deadline)) is not None:
            if match := re.search(pattern, line):
                return match
            self._unmatched.append(line)
        pytest.fail(f"no line like {pattern!r} in:\n" + "\n".join(self.lines))

    def _next(self, deadline: float) -> str | None:
        try:
            line = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return None
        if line is not None:
            self.lines.append(line)
        return line

    def stop(self, number: int = signal.SIGTERM, seconds: float = 30) -> int:
        """Send a signal, wait for the end and return the exit code; all lines are in `lines` then."""
        self.process.send_signal(number)
        code = self.process.wait(seconds)
        while self._next(time.monotonic() + 5) is not None:
            pass
        return code


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    started: list[Started] = []

    def run(command: list[str], *, environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> Started:
        started.append(Started(command, {**os.environ, **(environ or {})}, cwd))
        return started[-1]

    yield run
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait()


@pytest.fixture
def is_gone() -> Callable[[int], bool]:
    """Whether a process ends within 5 seconds."""

    def look(pid: int) -> bool:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            except FileNotFoundError:
                return True
            if state == "Z":  # ended; nobody has asked for its exit code yet
                return True
            time.sleep(0.02)
        return False

    return look
