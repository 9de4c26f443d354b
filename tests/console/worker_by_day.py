"""`gateway worker` as it is, with a clock that is SECONDS ahead, so that it is day in Nepal whenever the tests run.

python tests/console/worker_by_day.py SECONDS
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta

from gateway import bootstrap, config, worker


def main(seconds: str) -> None:
    """Take jobs until somebody ends it."""
    ahead = timedelta(seconds=float(seconds))
    worker.run(bootstrap.build(config.load(dict(os.environ)), clock=lambda: datetime.now(UTC) + ahead))


if __name__ == "__main__":
    main(*sys.argv[1:])
