"""The inbound path: processor time of the web process for each step of a call, against a bare Flask application."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks import callers, floor, installation, machine
from benchmarks.callers import Caller
from benchmarks.installation import Place
from benchmarks.machine import Program

# A caller asks where her claim stands, then goes back to the start: a step with an action that reads, and one from menu to menu.
CLAIM_KEY, START_KEY = "2", "9"
CLAIM, MENU = "claim_status/approved-1.wav", "main_menu/member-1.wav"
AT_ONCE = 4  # requests, where they come faster than they are answered


@dataclass(frozen=True, slots=True)
class Times:
    """Microseconds of the web process's processor time for each request, one number a round."""

    floor: list[float] = field(default_factory=list)
    begin: list[float] = field(default_factory=list)
    claim: list[float] = field(default_factory=list)
    menu: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Measured:
    """Requests one after the other, and `AT_ONCE` of them at a time; megabytes of the web process in the end."""

    alone: Times = field(default_factory=Times)
    together: Times = field(default_factory=Times)
    memory: float = 0.0


@dataclass(frozen=True, slots=True)
class Server:
    """A web process under load, and the port on which it listens."""

    program: Program
    port: int

    def burst(self, requests: Sequence[bytes], at_once: int, heard: str) -> float:
        """Send the requests; microseconds of processor time for each. RuntimeError where an answer lacks what must be heard."""
        before = self.program.cpu()
        answers = callers.send(self.port, requests, at_once)
        used = self.program.cpu() - before
        if not all(heard in answer for answer in answers):
            raise RuntimeError(f"an answer without {heard!r}")
        return used / len(requests) * 1e6


def measure(place: Place, rounds: int, calls: int, size: int) -> Measured:
    """Measure floor and gateway in turn, `rounds` times with so many calls, after one round that does not count."""
    numbers = itertools.count()

    def ring() -> list[Caller]:
        return [Caller(f"CA{index:032x}", installation.number(index % size)) for index in itertools.islice(numbers, calls)]

    with _floor(place) as bare, _gateway(place) as ours:
        measured = Measured()
        for turn in range(rounds + 1):
            into = measured if turn else Measured()
            _round(bare, ours, ring(), 1, into.alone)
            _round(bare, ours, ring(), AT_ONCE, into.together)
        measured.memory = ours.program.memory()
    return measured


def _round(bare: Server, ours: Server, ring: Sequence[Caller], at_once: int, into: Times) -> None:
    into.floor.append(bare.burst([caller.begins(bare.port) for caller in ring] * 3, at_once, floor.ANSWER))
    into.begin.append(ours.burst([caller.begins(ours.port) for caller in ring], at_once, MENU))
    into.claim.append(ours.burst([caller.presses(ours.port, 1, CLAIM_KEY) for caller in ring], at_once, CLAIM))
    into.menu.append(ours.burst([caller.presses(ours.port, 2, START_KEY) for caller in ring], at_once, MENU))


@contextmanager
def _floor(place: Place) -> Iterator[Server]:
    port = machine.free_port()
    with machine.running(
        machine.module("benchmarks.floor", str(port)), place.environ, place.folder / "floor.out", machine.listens(port)
    ) as program:
        yield Server(program, port)


@contextmanager
def _gateway(place: Place) -> Iterator[Server]:
    command = machine.module("gateway.cli", "serve", "--port", str(place.port), "--workers", "1")
    with machine.running(command, place.environ, place.folder / "web.out", machine.listens(place.port)) as program:
        yield Server(program, place.port)
