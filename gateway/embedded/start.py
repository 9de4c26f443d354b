"""`gateway up`: everything on this machine from one data folder, with its own Redis and sample members, under one supervisor."""

from __future__ import annotations

import fcntl
import http.client
import os
import secrets
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from gateway import config, environment
from gateway.core import passwords
from gateway.embedded import redis
from gateway.embedded.supervisor import Program, Supervisor
from gateway.errors import GatewayError

HOST = "127.0.0.1"
WORKERS = 2
READY_WITHIN = 120.0  # seconds; a slow machine needs its time on the first start
LOCK_WAIT = 3.0  # seconds for which the rest of a killed gateway may still hold the lock


def up(folder: Path, port: int, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Start everything and return when it was stopped; port 0 takes a free one. Raises GatewayError `config:*` or `embedded:*`."""
    os.umask(0o077)  # whatever we or our children write is for their owner alone
    folder = folder.expanduser().resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder) as lock:
        port = _free_port(port)
        programs = []
        settings = _settings(folder, port, environ)
        if not settings.get("REDIS_URL"):
            settings["REDIS_URL"], program = _own_redis(folder, lock)
            programs.append(program)
        given = config.load(settings)
        environment.write(folder, settings)
        _prepare(settings)
        programs += _our_programs(port, settings)
        Supervisor(programs, say).run(_announcing(port, given.public_base_url, say, [*_newcomers(given), *_hints(folder, port)]))


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Hold the folder for us alone, or raise `config:data-in-use`. Yields the descriptor, which our Redis inherits and so holds too."""
    file = folder / "lock"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + LOCK_WAIT
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise GatewayError("config:data-in-use", folder=folder) from None
                time.sleep(0.1)
        yield descriptor
    finally:
        os.close(descriptor)


def _free_port(port: int) -> int:
    """Return the port where we can listen. Without this look the server would share a taken port with another one of ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise GatewayError("config:port-in-use", port=port) from None
        return int(probe.getsockname()[1])


def _settings(folder: Path, port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the children: ours, with what one machine needs where it is not set."""
    settings = {name: value for name, value in environ.items() if value.strip()}
    settings["GATEWAY_DATA_DIR"] = str(folder)
    settings["PYTHONUNBUFFERED"] = "1"
    settings.setdefault("DATABASE_URL", f"sqlite:///{folder}/gateway.sqlite3")
    settings.setdefault("PUBLIC_BASE_URL", _address(port))
    if "SECRET_KEY" not in settings:
        settings["SECRET_KEY"] = _own_secret(folder / "secret")
    return settings


def _own_secret(file: Path) -> str:
    """Return the key of this data folder, made on the first start: without it sealed phones cannot be opened again."""
    if not file.exists():
        environment.write_private(file, secrets.token_hex(32))
    return file.read_text(encoding="utf-8").strip()


def _own_redis(folder: Path, lock: int) -> tuple[str, Program]:
    """Return the address of our own Redis and how it is started."""
    files = folder / "redis"
    files.mkdir(mode=0o700, exist_ok=True)
    listens = redis.socket_for(files)
    command = redis.command(redis.find_server(), files, listens)
    return f"unix://{listens}", Program("redis", command, {"PATH": os.environ.get("PATH", os.defpath)}, stops_last=True, keeps_open=(lock,))


def _gateway(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "gateway.cli", *words)


def _prepare(settings: Mapping[str, str]) -> None:
    """Bring the database up to date, in a process of its own: this one stays small and has one thread."""
    done = subprocess.run(_gateway("migrate", "--sample"), env=settings, check=False)  # noqa: S603  # our own command
    if done.returncode:
        raise SystemExit(done.returncode)  # it has said why


def _our_programs(port: int, settings: Mapping[str, str]) -> list[Program]:
    workers = [Program(f"worker {number}", _gateway("worker"), settings) for number in range(1, WORKERS + 1)]
    web = Program("web", _gateway("serve", "--host", HOST, "--port", str(port)), settings)
    return [web, *workers, Program("clock", _gateway("clock"), settings)]


def _announcing(port: int, base_url: str, say: Callable[[str], None], hints: list[str]) -> Callable[[], None]:
    """Return what watches for the first good answer, and says `ready` once."""
    deadline = time.monotonic() + READY_WITHIN
    announced = False

    def watch() -> None:
        nonlocal announced
        if announced:
            return
        if _healthy(port, urlsplit(base_url).netloc):
            announced = True
            here = _address(port)
            for line in (f"ready {base_url}" + ("" if base_url == here else f" (listening on {here})"), *hints):
                say(line)
        elif time.monotonic() > deadline:
            raise GatewayError("embedded:not-ready", seconds=f"{READY_WITHIN:g}")

    return watch


def _address(port: int) -> str:
    """Where we listen on this machine; a proxy or tunnel leads from the public address to here."""
    return f"http://{HOST}:{port}"


def _healthy(port: int, host: str) -> bool:
    """Whether /health says that all is well."""
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    with suppress(OSError, http.client.HTTPException):
        try:
            connection.request("GET", "/health", headers={"Host": host})
            return connection.getresponse().status == http.client.OK
        finally:
            connection.close()
    return False


def _newcomers(given: config.Settings) -> list[str]:
    """Return what to try in a browser."""
    shown = ["", "In a browser:"]
    if given.has_phone:
        shown.append(f"  {given.public_base_url}/phone    a telephone that rings our number: press its green key")
    if given.uses_simulator:
        organiser, admin = (passwords.derived(given.secret_key, role) for role in ("organiser", "admin"))
        shown += [
            f"  {given.public_base_url}/         the organisers' console. Sign in as",
            f"      organiser  with the password  {organiser}",
            f"      admin      with the password  {admin}",
        ]
    return shown if len(shown) > 2 else []


def _hints(folder: Path, port: int) -> list[str]:
    """Return what to try in another terminal, written so that it can be copied from here."""
    program = Path(sys.prefix) / "bin" / "gateway"
    here = Path.cwd()
    gateway = str(program.relative_to(here) if program.is_relative_to(here) else program)
    if folder != here / "data":
        gateway = f"GATEWAY_DATA_DIR={shlex.quote(str(folder))} {gateway}"
    return [
        "",
        "In another terminal (sample members are +9779720000001, ...02 with PIN 4826, and ...03, a phone that two share):",
        f"  {gateway} call +9779720000001 --keys 2     a call, key by key",
        f"  {gateway} call +9779720000002 --keys 2,4826",
        f"  {gateway} text +9779720000001 dabi         a text about her claim",
        f"  {gateway} broadcast --help                 a message to many",
        f"  curl {_address(port)}/health",
        "Ctrl-C stops everything; the data stays.",
    ]
