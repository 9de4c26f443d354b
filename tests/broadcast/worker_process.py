"""A worker in a process of its own: the real one, with the fake Twilio, and a clock that is SECONDS ahead so that it is day in Nepal.

python tests/broadcast/worker_process.py DATABASE_URL REDIS_URL TWILIO_URL DATA_DIR SECONDS
"""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from fakes.outbound import build, settings
from fakes.twilio import ACCOUNT_SID, AUTH_TOKEN

from gateway import worker
from gateway.queues.enqueue import Doorbell
from gateway.store.database import open_database

LEASE = 3  # seconds
RECONCILE_AFTER = 2  # seconds


def main(database_url: str, redis_url: str, twilio_url: str, data_dir: str, seconds: str) -> None:
    ahead = timedelta(seconds=float(seconds))
    given = settings(database_url, redis_url, Path(data_dir), lease_seconds=LEASE, reconcile_after=RECONCILE_AFTER)
    twilio = SimpleNamespace(account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, url=twilio_url)
    database = open_database(database_url)
    ring = Doorbell(redis_url).ring
    worker.run(build(given, database, twilio, clock=lambda: datetime.now(UTC) + ahead, new_id=lambda: uuid.uuid4().hex, enqueue=ring))


if __name__ == "__main__":
    main(*sys.argv[1:])
