"""`gateway serve`: the web processes, under granian.

Granian keeps connections open and starts a process again that died; the calls' state is in the database, so any process answers any
step. It reads a request's body only when the application asks for it, in one of the application's threads: a few slow clients would
hold all of them. So there are many threads, which wait for bodies, and few of them at a time go on into the application.
"""

from __future__ import annotations

import gc
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from multiprocessing import parent_process
from queue import SimpleQueue
from typing import Any

import click

from gateway import config
from gateway.embedded.lifeline import end_with
from gateway.environment import merged

THREADS = 64  # of each process; they start when they are needed, and a slow client holds one
AT_WORK = 2  # threads inside the application: one answers while another waits for the disk; more would only wait for each other
WHOLE_BODY = 64 * 1024  # bytes; larger ones are uploads of organisers, read as they come
IN_FLIGHT = 256  # requests in one process at a time; further connections wait in the kernel
HEADERS_WITHIN = 10_000  # milliseconds
STOP_WITHIN = 10  # seconds for requests in flight when the process is told to stop

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@click.command
@click.option("--port", type=click.IntRange(1, 65535), envvar="PORT", default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--workers", type=click.IntRange(min=1), envvar="WEB_CONCURRENCY", default=2, show_default=True, help="Web processes.")
def command(port: int, host: str, workers: int) -> None:
    """Answer webhooks and the browser until SIGTERM."""
    os.environ.update(merged(os.environ))
    settings = config.load(os.environ)  # faults are named here, once, and not in each process
    if settings.channels_file.exists():  # by a process of its own, since what it takes to read it would stay in this one
        checked = subprocess.run(
            [sys.executable, "-m", "gateway.cli", "channels", "check", "--secrets"], stdout=subprocess.DEVNULL, check=False
        )
        if checked.returncode:
            raise click.exceptions.Exit(checked.returncode)

    serve(_load, host, port, workers)


def serve(load: Callable[[], Wsgi], host: str, port: int, workers: int) -> None:
    """Serve what `load` builds in each web process, until SIGTERM. `gateway bench` serves its floor with it too."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    server = Server(
        "gateway.web.app:create_app",  # a name for the logs; `load` builds it
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=IN_FLIGHT,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN),
        log_level=LogLevels.error,
        log_access=False,  # it would write queries
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN,
    )
    server.serve(target_loader=load, wrap_loader=False)


def _load() -> Wsgi:
    """Build the application in a web process."""
    parent = parent_process()
    if parent is not None and parent.pid is not None:
        end_with(parent.pid)
    from gateway.web.app import create_app

    application = create_app()
    gc.freeze()  # flows, routes and libraries stay for ever; the collector need not look at them again
    # Granian copies the environment into every request; the settings have been read, and secrets do not belong there.
    for setting in config.SETTINGS.values():
        os.environ.pop(setting.variable, None)
    return body_first(application)


def body_first(application: Wsgi) -> Wsgi:
    """Return the application behind a gate: a request goes in when its body is here, and `AT_WORK` of them at a time."""
    gate: SimpleQueue[None] = SimpleQueue()
    for _ in range(AT_WORK):
        gate.put(None)

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH", "")
        whole = length.isascii() and length.isdigit() and int(length) <= WHOLE_BODY
        if whole:
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(length)))
        elif length:
            return application(environ, start_response)
        gate.get()
        try:
            return application(environ, start_response)
        finally:
            gate.put(None)

    return guarded
