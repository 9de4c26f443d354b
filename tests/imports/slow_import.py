"""A process that takes a file in and says how far it is, to be killed by a test.

Database, folder, kind of file, file, seconds that it rests after each batch.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from imports.conftest import environ_of

from gateway import bootstrap, config
from gateway.errors import GatewayError
from gateway.services import imports
from gateway.services.access import terminal


def main(url: str, folder: str, kind: str, path: str, rest: str) -> None:
    say = sys.stdout.write
    gateway = bootstrap.build(config.load(environ_of(url, Path(folder))), clock=lambda: datetime(2026, 11, 21, 4, 15, tzinfo=UTC))
    try:
        for progress in imports.take_in(gateway, terminal("main"), kind, Path(path)):
            say(f"{progress.row}\n")
            sys.stdout.flush()
            time.sleep(float(rest))
    except GatewayError as error:
        say(error.code)


if __name__ == "__main__":
    main(*sys.argv[1:])
