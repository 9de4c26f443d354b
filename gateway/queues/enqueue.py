"""Ringing the doorbell: jobs into the queues of RQ. What is owed stands in the database, so a bell may be lost or ring twice."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import UTC, datetime

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from gateway.core.jobs import CallBack, EndCall, ExpandBroadcast, FetchRecording, Job, SendBatch, SendReply, Sweep, TakeIn
from gateway.queues import watching

log = logging.getLogger(__name__)

TIMEOUT = 2.0  # seconds
QUEUES = ("replies", "sweep", "bulk")  # in this order a worker looks for work

# The queue of each kind of job, and the name of the function in `gateway.worker` that does it.
ROUTES: dict[type[Job], tuple[str, str]] = {
    SendReply: ("replies", "send_reply"),
    EndCall: ("replies", "end_call"),
    Sweep: ("sweep", "sweep"),
    ExpandBroadcast: ("sweep", "expand_broadcast"),
    FetchRecording: ("sweep", "fetch_recording"),
    CallBack: ("bulk", "call_back"),
    SendBatch: ("bulk", "send_batch"),
    TakeIn: ("bulk", "take_in"),
}

# The same bell rings once in this time, and is forgotten when nobody came. An id without the time in it would be refused for as long
# as RQ takes to notice that the worker of the last ring was killed, which is minutes.
SLOT = 2  # seconds
FORGET_AFTER = 30  # seconds
LONGEST = 600  # seconds that a job may run; sending gives up its place long before


class Doorbell:
    """The queues, as those see them who have work for others. Never raises: the sweep rings again for whatever was lost."""

    def __init__(self, redis_url: str, now: Callable[[], float] = time.time) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 1))
        self._queues = {name: Queue(name, connection=self._redis, serializer=JSONSerializer) for name in QUEUES}
        self._now = now

    def ring(self, jobs: Iterable[Job]) -> bool:
        """Ask for these jobs to be done; False where Redis did not take them all."""
        try:
            for job in jobs:
                self._ring(job)
        except (RedisError, OSError) as error:
            log.warning("queue unavailable: %s", type(error).__name__)
            return False
        return True

    def _ring(self, job: Job) -> None:
        queue, function = ROUTES[type(job)]
        arguments = [getattr(job, field.name) for field in fields(job)]
        name = "-".join([function, *map(str, arguments), str(int(self._now()) // SLOT)])
        try:
            self._queues[queue].enqueue_call(
                function,
                args=arguments,
                job_id=name,
                unique=True,
                description=function,  # RQ would write the arguments into its log
                timeout=LONGEST,
                ttl=FORGET_AFTER,
                result_ttl=0,
                failure_ttl=FORGET_AFTER,
            )
        except DuplicateJobError:
            log.debug("already rung: %s", function)

    def look(self) -> watching.QueuesSeen | None:
        """How the queues and workers are; None where Redis does not answer."""
        try:
            return watching.look(self._redis, list(self._queues.values()), datetime.fromtimestamp(self._now(), UTC))
        except (RedisError, OSError):
            return None

    def is_up(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._redis.ping())
        except (RedisError, OSError):
            return False
