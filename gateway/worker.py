"""The worker: takes bells from the queues and lets services do the work.

It works in its own process instead of forking for each job: its connections to the database stay open, its libraries are loaded, and a
broadcast, which is a few long jobs, is sent by one event loop over one pool. A crash of it loses nothing, since the rows tell the truth.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.job import Job as QueuedJob
from rq.serializers import JSONSerializer

from gateway.errors import GatewayError
from gateway.queues.enqueue import QUEUES
from gateway.services import broadcast, recordings, send, track, uploads

if TYPE_CHECKING:
    from gateway.services.context import Gateway

WORKER_TTL = 30  # seconds; the longest wait for a bell, after which the worker shows that it lives
MAINTENANCE = 10  # seconds between two looks for workers that died

REDIS_WAITS = 1.0  # seconds between two looks whether Redis is there

Stop = Callable[[], bool]
log = logging.getLogger(__name__)


def sweep(gateway: Gateway, _stop: Stop) -> None:
    gateway.enqueue(track.sweep(gateway))


def send_batch(gateway: Gateway, stop: Stop, broadcast_id: str) -> None:
    gateway.enqueue(send.run_batch(gateway, broadcast_id, stop=stop))


def send_reply(gateway: Gateway, stop: Stop, delivery_id: int) -> None:
    gateway.enqueue(send.send_reply(gateway, delivery_id, stop=stop))


def call_back(gateway: Gateway, stop: Stop) -> None:
    gateway.enqueue(send.call_back(gateway, stop=stop))


def expand_broadcast(gateway: Gateway, stop: Stop, broadcast_id: str) -> None:
    gateway.enqueue(broadcast.expand(gateway, broadcast_id, stop=stop))


def end_call(gateway: Gateway, _stop: Stop, delivery_id: int) -> None:
    track.end_call(gateway, delivery_id)


def fetch_recording(gateway: Gateway, _stop: Stop, recording_id: str) -> None:
    recordings.fetch(gateway, recording_id)


def take_in(gateway: Gateway, stop: Stop, upload_id: str) -> None:
    gateway.enqueue(uploads.go_on(gateway, upload_id, stop=stop))


# Whoever can write to Redis can name a function: these are all there are.
FUNCTIONS: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (sweep, send_batch, send_reply, call_back, expand_broadcast, end_call, fetch_recording, take_in)
}


class GatewayWorker(SimpleWorker):
    """A worker that tells its jobs when it is asked to stop."""

    stopping: threading.Event

    def handle_warm_shutdown_request(self) -> None:
        self.stopping.set()


def run(gateway: Gateway | None = None) -> None:
    """Work until SIGTERM: replies first, then what was lost and what is new, then broadcasts.

    It waits until Redis is there; where Redis goes away later and stays away, it exits with 1.
    """
    if gateway is None:
        from gateway import bootstrap

        gateway = bootstrap.of_this_process()
        gateway.flows.keep_looking()
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    stopping = threading.Event()
    connection = Redis.from_url(gateway.settings.redis_url)
    _wait_for(connection)
    worker = GatewayWorker(
        list(QUEUES),
        connection=connection,
        serializer=JSONSerializer,
        job_class=_job_class(gateway, stopping.is_set),
        worker_ttl=WORKER_TTL,
        maintenance_interval=MAINTENANCE,
        log_job_description=False,
    )
    worker.stopping = stopping
    worker.work(logging_level="WARNING")
    if not stopping.is_set():
        raise SystemExit(1)  # whoever supervises us starts us again


def _wait_for(connection: Redis) -> None:
    """Return when Redis answers; say once that it does not."""
    told = False
    while True:
        try:
            connection.ping()
        except (RedisError, OSError) as error:
            if not told:
                log.warning("waiting for Redis: %s", type(error).__name__)
            told = True
            time.sleep(REDIS_WAITS)
        else:
            return


def _do(function: Callable[..., None], gateway: Gateway, stop: Stop, *arguments: object) -> None:
    """Do a job. What a passing fault breaks off is in one line of the log: the next sweep finds what is left of it."""
    try:
        function(gateway, stop, *arguments)
    except GatewayError as error:
        if not error.retryable:
            raise
        log.warning("%s broken off: %s", function.__name__, error.code)


def _job_class(gateway: Gateway, stop: Stop) -> type[QueuedJob]:
    class GatewayJob(QueuedJob):
        @property
        def func(self) -> Callable[..., None]:
            return partial(_do, FUNCTIONS[str(self.func_name)], gateway, stop)

    return GatewayJob
