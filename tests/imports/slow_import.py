"""A process that takes a file in and says how far it is, to be killed by a test.

Database, folder, kind of file, file, seconds that it rests after each batch.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from imports.conftest import environ_of

from gateway import bootstrap, config
from gateway.errors import GatewayError
from gateway.services import imports
from gateway.services.access import terminal

url, folder, kind, path, rest = sys.argv[1:]
say = sys.stdout.write
gateway = bootstrap.build(config.load(environ_of(url, Path(folder))), clock=lambda: datetime(2026, 11, 21, 4, 15, tzinfo=UTC))
try:
    for progress in imports.take_in(gateway, terminal("main"), kind, Path(path)):
        say(f"{progress.row}\n")
        sys.stdout.flush()
        time.sleep(float(rest))
except GatewayError as error:
    say(error.code)
