"""A whole gateway as `./run` starts it: every program may be killed, a second start finds the data, and nothing is left behind."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from urllib.parse import urlsplit

import psutil
import pytest

from gateway import config
from gateway.core.passwords import derived
from gateway.embedded import start as embedded

GATEWAY = [sys.executable, "-P", "-m", "gateway.cli"]
SETTINGS = ("PORT", "DATABASE_URL", "REDIS_URL", "PUBLIC_BASE_URL", "SECRET_KEY")
ROLLED_UP = {"step_counts": 0}  # what the clock counts from the other rows whenever it comes to it
PROGRAMS = ("redis-server", "serve", "worker", "clock")
MEMBER = "+9779720000001"


@pytest.fixture
def environ(monkeypatch):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


def test_behind_a_public_address_it_is_named_where_it_listens_here(monkeypatch, tmp_path):
    said: list[str] = []
    monkeypatch.setattr(embedded, "_healthy", lambda _port, host: host == "gateway.example")
    hints = embedded._hints(tmp_path, 8123)
    embedded._announcing(8123, "https://gateway.example", said.append, hints)()
    assert said[0] == "ready https://gateway.example (listening on http://127.0.0.1:8123)"
    assert "  curl http://127.0.0.1:8123/health" in said
    monkeypatch.setattr(embedded, "_healthy", lambda *_: True)
    said.clear()
    embedded._announcing(8123, "http://127.0.0.1:8123", said.append, [])()
    assert said == ["ready http://127.0.0.1:8123"]


def test_newcomers_are_told_how_to_sign_in_where_nobody_real_is_reached():
    here = {"SECRET_KEY": "k" * 32, "PUBLIC_BASE_URL": "http://127.0.0.1:8000", "REDIS_URL": "redis://localhost"}
    said = embedded._newcomers(config.load(here))
    assert f"      admin      with the password  {derived('k' * 32, 'admin')}" in said
    assert any("http://127.0.0.1:8000/phone " in line for line in said)
    real = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "t"}
    assert embedded._newcomers(config.load(here | real)) == []


def test_a_whole_gateway_survives_the_end_of_each_of_its_programs_and_keeps_its_data(environ, start, tmp_path, is_gone):
    folder = tmp_path / "data"
    command = [*GATEWAY, "up", "--port", "0", "--data", str(folder)]
    first = start(command)
    address = first.wait_for(r"^ready (http://127\.0\.0\.1:\d+)$", seconds=60)[1]
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in ("secret", "environment", "lock")} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("Another gateway runs on the data in ")

    assert seconds_beside_slow_clients(address, 50) < 1
    for name in PROGRAMS:
        victim = programs(first, name)[0]
        victim.kill()
        assert_back(first, name, victim.pid, address)
    web_process = programs(first, "serve")[0].children()[-1]
    web_process.kill()
    assert_back(first, "serve", web_process.pid, address)

    text(folder)
    before = counted(folder) | ROLLED_UP
    family = psutil.Process(first.process.pid).children(recursive=True)
    assert first.stop() == 0
    assert all(is_gone(child.pid) for child in family)

    second = start(command)
    second.wait_for(r"^ready ", seconds=60)
    assert counted(folder) | ROLLED_UP == before
    family = psutil.Process(second.process.pid).children(recursive=True)
    assert len(family) >= len(PROGRAMS) + 1
    second.process.kill()
    assert all(is_gone(child.pid) for child in family)


def test_a_taken_port_is_named(environ, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [*GATEWAY, "up", "--port", port, "--data", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"Port {port} is taken by another program" in done.stderr


def test_a_reader_who_leaves_or_sleeps_does_not_stop_the_gateway():
    from gateway.cli.up import Terminal

    reading, writing = os.pipe()
    terminal = Terminal(writing)
    begun = time.monotonic()
    for _ in range(100):
        terminal.say("x" * 4000)  # more than the pipe holds
    assert time.monotonic() - begun < 5
    os.close(reading)
    terminal.say("nobody is there")
    terminal.say("nor now")
    os.close(writing)


def programs(started, name):
    """The children of this name that have not ended."""
    return [child for child in psutil.Process(started.process.pid).children() if runs(child, name)]


def runs(process, name):
    """Whether a process runs this program; one that ended since it was listed runs nothing."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and name in words(process)
    except psutil.NoSuchProcess:
        return False


def words(process):
    """A process's command line, paths cut to their last part; Redis writes its own as one word."""
    return [word.rpartition("/")[2] for word in " ".join(process.cmdline()).split()]


def assert_back(started, name, pid, address):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = programs(started, name)
        if found and not psutil.pid_exists(pid) and health(address) == "ok":
            return
        time.sleep(0.1)
    pytest.fail(f"{name} did not come back:\n" + "\n".join(started.lines))


def health(address):
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=5)
    try:
        connection.request("GET", "/health")
        return json.loads(connection.getresponse().read())["status"]
    except (OSError, http.client.HTTPException):
        return "no answer"
    finally:
        connection.close()


def seconds_beside_slow_clients(address, number):
    """How long the slowest of some answers takes while so many clients have begun a request and do not go on."""
    host = urlsplit(address).hostname, urlsplit(address).port
    slow = [socket.create_connection(host) for _ in range(number)]
    for client in slow:
        client.sendall(b"POST /twilio/sms HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\nBody=a")
    time.sleep(0.5)
    longest = 0.0
    for _ in range(20):
        begun = time.monotonic()
        assert health(address) == "ok"
        longest = max(longest, time.monotonic() - begun)
    for client in slow:
        client.close()
    return longest


def text(folder):
    environ = {**os.environ, "GATEWAY_DATA_DIR": str(folder)}
    done = subprocess.run([*GATEWAY, "text", MEMBER, "dabi"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def counted(folder):
    database = sqlite3.connect(folder / "gateway.sqlite3")
    try:
        tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table' order by 1")]
        return {table: database.execute(f"select count(*) from {table}").fetchone()[0] for table in tables}  # noqa: S608
    finally:
        database.close()
