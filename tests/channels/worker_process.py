"""A worker in a process of its own, with its environment's channels.yaml and a clock that is SECONDS ahead, so that it is day in Nepal.

python tests/channels/worker_process.py SECONDS
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta

from gateway import bootstrap, config, worker

if __name__ == "__main__":
    ahead = timedelta(seconds=float(sys.argv[1]))
    worker.run(bootstrap.build(config.load(os.environ), environ=os.environ, clock=lambda: datetime.now(UTC) + ahead))
