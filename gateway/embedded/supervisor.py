"""Keeps the programs of one machine running: starts them, passes their lines on, starts again what ends, and stops them in order."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from gateway.embedded.lifeline import end_with

TICK = 0.1  # seconds between two looks at the children
DELAYS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before the first, second, ... restart
STEADY = 15.0  # a program that ran for so many seconds starts again with the first delay
PATIENCE = 12.0  # seconds for a clean stop; a sender needs 10
LONGEST_LINE = 4000  # bytes; under PIPE_BUF, so that a line goes into a pipe whole


@dataclass(frozen=True, slots=True)
class Program:
    """One child. `stops_last`: the others need it until they have ended. `keeps_open`: file descriptors that it inherits."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(repr=False)
    stops_last: bool = False
    keeps_open: tuple[int, ...] = ()


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    due: float = 0.0
    failures: int = 0
    unfinished: bytes = b""


class Supervisor:
    """Runs programs until it is told to stop. `say(line)` gets every line of them, with the program's name before it."""

    def __init__(self, programs: Sequence[Program], say: Callable[[str], None], *, patience: float = PATIENCE) -> None:
        self._children = [_Child(program) for program in programs]
        self._say = say
        self._patience = patience
        self._selector = selectors.DefaultSelector()
        self._stop_signals = 0

    def run(self, on_tick: Callable[[], None]) -> None:
        """Run until SIGTERM, SIGINT or SIGHUP, calling `on_tick` several times a second; whatever it raises stops everything too."""
        with self._signals_noted():
            try:
                while not self._stop_signals:
                    self._start_due()
                    self._pass_lines_on(TICK)
                    self._notice_ends()
                    on_tick()
            finally:
                self._stop()

    @contextmanager
    def _signals_noted(self) -> Iterator[None]:
        def note(_number: int, _frame: FrameType | None) -> None:
            self._stop_signals += 1

        numbers = [signal.SIGTERM, signal.SIGINT]  # a script that starts us with `&` has SIGINT ignored, and still may send it
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # whoever starts us with nohup wants it ignored
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, note) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start_due(self) -> None:
        for child in self._children:
            if child.process is None and time.monotonic() >= child.due:
                self._start(child)

    def _start(self, child: _Child) -> None:
        us = os.getpid()
        child.begun = time.monotonic()
        child.process = subprocess.Popen(  # noqa: S603  # our own commands
            child.program.command,
            env=child.program.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=child.program.keeps_open,
            start_new_session=True,  # Ctrl-C in the terminal reaches us alone, and we stop them in order
            preexec_fn=lambda: end_with(us),  # noqa: PLW1509  # safe: this process has one thread
        )
        output = child.process.stdout
        if output is not None:
            os.set_blocking(output.fileno(), False)
            self._selector.register(output, selectors.EVENT_READ, child)

    def _pass_lines_on(self, wait: float) -> None:
        ready = self._selector.select(wait)
        if not ready and not self._selector.get_map():
            time.sleep(wait)
        for key, _ in ready:
            self._read(key.data)

    def _read(self, child: _Child) -> None:
        output = child.process.stdout if child.process else None
        if output is None or output.closed:
            return
        try:
            chunk = os.read(output.fileno(), 65536)
        except BlockingIOError:
            return
        *lines, child.unfinished = (child.unfinished + chunk).split(b"\n")
        if not chunk:
            self._selector.unregister(output)
            output.close()
        if child.unfinished and (not chunk or len(child.unfinished) > LONGEST_LINE):
            lines.append(child.unfinished)
            child.unfinished = b""
        for line in lines:
            self._say(f"{child.program.name:<8} | {line[:LONGEST_LINE].decode(errors='replace').rstrip()}")

    def _notice_ends(self) -> None:
        for child in self._children:
            process = child.process
            if process is None or process.poll() is None:
                continue
            lived = time.monotonic() - child.begun
            child.failures = 0 if lived >= STEADY else child.failures
            delay = DELAYS[min(child.failures, len(DELAYS) - 1)]
            child.failures += 1
            child.due = time.monotonic() + delay
            self._say(f"{child.program.name:<8} | ended ({_reason(process.returncode)}), starts again in {delay:g} s")
            self._forget(child, process)

    def _forget(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        _kill_group(process)  # what it started must not outlive it
        if process.stdout is not None and not process.stdout.closed:
            self._read(child)
        if process.stdout is not None and not process.stdout.closed:
            self._selector.unregister(process.stdout)
            process.stdout.close()
        child.process = None
        child.unfinished = b""

    def _stop(self) -> None:
        for last in (False, True):
            self._stop_these([child for child in self._children if child.program.stops_last is last])
        self._selector.close()

    def _stop_these(self, children: list[_Child]) -> None:
        running = [(child, child.process) for child in children if child.process is not None]
        for _, process in running:
            process.terminate()
        deadline = time.monotonic() + self._patience
        while any(process.poll() is None for _, process in running):
            if time.monotonic() > deadline or self._stop_signals > 1:  # asked twice: at once
                break
            self._pass_lines_on(TICK)
        for child, process in running:
            if process.poll() is None:
                self._say(f"{child.program.name:<8} | did not stop in time and is killed")
                process.kill()
                process.wait()
            self._forget(child, process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _reason(code: int) -> str:
    """Return how a process ended, in words.

    >>> _reason(-9), _reason(2)
    ('killed by SIGKILL', 'exit code 2')
    """
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
