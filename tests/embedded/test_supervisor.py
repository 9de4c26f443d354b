"""The supervisor with tiny children, for real: what is killed comes back, what is stopped ends, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import pytest

IDLE = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
POLITE = """
import os, signal, time
signal.signal(15, lambda *_: (os.write(1, b'bye\\n'), os._exit(0)))  # print may be at work when the signal comes
print('here', flush=True)
time.sleep(60)
"""
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
FORKING = """
import os, time
from gateway.embedded.lifeline import end_forks_with_me
end_forks_with_me()
child = os.fork()
if child: print('fork', child, flush=True)
time.sleep(60)
"""
CHILD_OF_CHILD = """
import subprocess, sys, time
print('started', subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True)
time.sleep(60)
"""
SUPERVISE = """
import os, sys
from gateway.embedded.supervisor import Program, Supervisor
words = sys.argv[1:]
programs = [Program(name.rstrip('!'), (sys.executable, '-c', code), os.environ, stops_last=name.endswith('!'))
            for name, code in zip(words[::2], words[1::2])]
Supervisor(programs, lambda line: print(line, flush=True), patience=1.0).run(lambda: None)
print('all stopped', flush=True)
"""


@pytest.fixture
def supervise(start) -> Callable:
    """Start a supervisor; a name that ends with ! stops last."""
    return lambda *words: start([sys.executable, "-c", SUPERVISE, *words])


def test_a_killed_child_is_started_again_at_once(supervise):
    supervisor = supervise("web", IDLE)
    first = int(supervisor.wait_for(r"^web      \| pid (\d+)")[1])
    os.kill(first, signal.SIGKILL)
    supervisor.wait_for(r"web      \| ended \(killed by SIGKILL\), starts again in 0 s")
    assert int(supervisor.wait_for(r"pid (\d+)", seconds=3)[1]) != first


def test_a_child_that_keeps_ending_is_started_ever_more_slowly(supervise):
    supervisor = supervise("web", "print('no newline at the end', end=''); raise SystemExit(3)")
    waits = [float(supervisor.wait_for(r"ended \(exit code 3\), starts again in ([\d.]+) s")[1]) for _ in range(3)]
    assert waits == [0.0, 0.5, 1.0]
    assert "web      | no newline at the end" in supervisor.lines


def test_a_stop_ends_all_and_the_store_after_those_that_use_it(supervise):
    supervisor = supervise("redis!", POLITE, "web", POLITE, "worker", POLITE)
    for name in ("here", "here", "here"):
        supervisor.wait_for(name)
    assert supervisor.stop() == 0
    farewells = [line for line in supervisor.lines if line.endswith("bye")]
    assert sorted(farewells[:2]) == ["web      | bye", "worker   | bye"]
    assert farewells[2] == "redis    | bye"
    assert supervisor.lines[-1] == "all stopped"


def test_ctrl_c_is_a_stop(supervise):
    supervisor = supervise("web", POLITE)
    supervisor.wait_for("here")
    assert supervisor.stop(signal.SIGINT) == 0
    assert "web      | bye" in supervisor.lines


def test_a_child_that_does_not_stop_is_killed(supervise):
    supervisor = supervise("web", STUBBORN)
    supervisor.wait_for("here")
    assert supervisor.stop(seconds=10) == 0
    assert "web      | did not stop in time and is killed" in supervisor.lines


def test_a_killed_supervisor_leaves_no_child_behind(supervise, is_gone):
    supervisor = supervise("web", IDLE, "worker", FORKING)
    child = int(supervisor.wait_for(r"pid (\d+)")[1])
    fork = int(supervisor.wait_for(r"fork (\d+)")[1])
    supervisor.process.kill()
    assert is_gone(child)
    assert is_gone(fork)


def test_what_a_killed_child_had_started_ends_with_it(supervise, is_gone):
    supervisor = supervise("web", CHILD_OF_CHILD)
    grandchild = int(supervisor.wait_for(r"started (\d+)")[1])
    os.kill(os.getpgid(grandchild), signal.SIGKILL)
    supervisor.wait_for("ended")
    assert is_gone(grandchild)


def test_a_very_long_line_is_cut_and_the_next_one_comes_whole(supervise):
    supervisor = supervise("web", "print('x' * 10000); print('the end', flush=True); import time; time.sleep(60)")
    supervisor.wait_for("web      [|] the end")
    assert max(map(len, supervisor.lines)) < 4096
