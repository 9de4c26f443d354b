"""`gateway up`: everything on this machine; what `./run` starts."""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

import click


@click.command
@click.option("--port", type=click.IntRange(0, 65535), envvar="PORT", default=8000, show_default=True, help="0: any free port.")
@click.option("--data", type=click.Path(path_type=Path), envvar="GATEWAY_DATA_DIR", default="data", show_default=True)
def command(port: int, data: Path) -> None:
    """Start everything on this machine, with sample members, until Ctrl-C."""
    from gateway.embedded.start import up

    up(data, port, os.environ, Terminal(sys.stdout.fileno()).say)


class Terminal:
    """Where lines are shown. A reader that stopped reading, or left, must not stop the gateway: then lines are dropped."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._patience = 1.0

    def say(self, line: str) -> None:
        """Show one line."""
        _, writable, _ = select.select([], [self._descriptor], [], self._patience)
        self._patience = 1.0 if writable else 0.0
        if writable:
            try:
                os.write(self._descriptor, f"{line}\n".encode())
            except OSError:
                self._descriptor = os.open(os.devnull, os.O_WRONLY)
