"""How the queues and those who work at them are, for whoever looks after an installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from rq import Queue, Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job as QueuedJob
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

SILENT_AFTER = 90.0  # seconds: a worker shows that it lives every half minute


@dataclass(frozen=True, slots=True)
class QueueSeen:
    """A queue: how many jobs wait, are being done and failed, and for how many seconds the oldest has waited (None: none waits)."""

    name: str
    waiting: int
    underway: int
    failed: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker: what it does (`busy`, `idle`, ...), and when it last showed that it lives."""

    name: str
    state: str
    seen_at: datetime | None
    is_alive: bool


@dataclass(frozen=True, slots=True)
class QueuesSeen:
    """All queues and workers, and the version of Redis."""

    queues: tuple[QueueSeen, ...]
    workers: tuple[WorkerSeen, ...]
    redis: str

    @property
    def alive(self) -> int:
        """How many workers live."""
        return sum(worker.is_alive for worker in self.workers)


def look(connection: Redis, queues: list[Queue], now: datetime) -> QueuesSeen:
    """How they are. Raises RedisError."""
    info: Any = connection.info("server")
    workers = sorted(Worker.all(connection=connection, serializer=JSONSerializer), key=lambda worker: str(worker.name))
    return QueuesSeen(
        tuple(_queue(connection, queue, now) for queue in queues),
        tuple(_worker(worker, now) for worker in workers),
        str(info.get("redis_version", "")),
    )


def _queue(connection: Redis, queue: Queue, now: datetime) -> QueueSeen:
    waiting = queue.get_job_ids(0, 1)
    oldest = None
    if waiting:
        try:
            since = QueuedJob.fetch(waiting[0], connection=connection, serializer=JSONSerializer).enqueued_at
        except NoSuchJobError:  # it was forgotten, or somebody just took it
            since = None
        oldest = max((now - _aware(since)).total_seconds(), 0.0) if since else None
    failed = FailedJobRegistry(queue=queue).get_job_count(cleanup=False)
    return QueueSeen(queue.name, queue.count, StartedJobRegistry(queue=queue).get_job_count(cleanup=False), failed, oldest)


def _worker(worker: BaseWorker, now: datetime) -> WorkerSeen:
    seen_at = _aware(worker.last_heartbeat) if worker.last_heartbeat else None
    is_alive = seen_at is not None and (now - seen_at).total_seconds() < SILENT_AFTER
    return WorkerSeen(str(worker.name), str(worker.get_state()), seen_at, is_alive)


def _aware(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
