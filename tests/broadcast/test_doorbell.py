"""The queues, against a real Redis: a bell rings once, carries nothing about a person, and may be lost."""

from __future__ import annotations

import itertools
import zlib
from types import SimpleNamespace

import pytest
import redis
from rq.serializers import JSONSerializer

from gateway import worker
from gateway.core.jobs import ExpandBroadcast, FetchRecording, SendBatch, SendReply, Sweep
from gateway.errors import GatewayError
from gateway.queues.enqueue import FORGET_AFTER, QUEUES, ROUTES, SLOT, Doorbell


def waiting(redis_url: str) -> dict[str, int]:
    server = redis.Redis.from_url(redis_url)
    return {name: server.llen(f"rq:queue:{name}") for name in QUEUES}


def test_every_kind_of_job_has_its_queue_and_its_function(redis_url: str) -> None:
    assert Doorbell(redis_url).ring([SendReply(1), SendBatch("b"), ExpandBroadcast("b"), FetchRecording("r"), Sweep()])
    assert waiting(redis_url) == {"replies": 1, "sweep": 3, "bulk": 1}
    assert {function for _, function in ROUTES.values()} == set(worker.FUNCTIONS)


def test_a_bell_rings_once_in_a_while_and_is_forgotten_when_nobody_comes(redis_url: str) -> None:
    seconds = itertools.chain([0.0, SLOT - 0.1, SLOT])
    doorbell = Doorbell(redis_url, lambda: next(seconds))
    assert [doorbell.ring([SendBatch("b")]) for _ in range(3)] == [True] * 3
    assert waiting(redis_url)["bulk"] == 2
    server = redis.Redis.from_url(redis_url)
    assert all(0 < server.ttl(key) <= FORGET_AFTER for key in server.scan_iter("rq:job:*"))


def test_a_job_is_plain_json_with_a_rows_id(redis_url: str) -> None:
    Doorbell(redis_url).ring([SendReply(7)])
    server = redis.Redis.from_url(redis_url)
    job = server.hgetall(next(server.scan_iter("rq:job:*")))
    assert JSONSerializer.loads(zlib.decompress(job[b"data"])) == ["send_reply", None, [7], {}]
    assert job[b"description"] == b"send_reply"


def test_a_function_that_is_not_on_the_list_is_not_run() -> None:
    job = worker._job_class(None, lambda: False)(id="x", connection=redis.Redis())
    job._func_name = "os.system"
    with pytest.raises(KeyError):
        _ = job.func


def test_without_redis_the_bell_is_lost_and_nothing_else() -> None:
    doorbell = Doorbell("unix:///nowhere/redis.sock")
    assert doorbell.ring([Sweep()]) is False
    assert doorbell.is_up() is False


def test_a_worker_waits_for_redis_and_says_so_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([redis.ConnectionError(), redis.ConnectionError(), None])

    def ping() -> None:
        if (answer := next(answers)) is not None:
            raise answer

    monkeypatch.setattr(worker, "REDIS_WAITS", 0)
    worker._wait_for(SimpleNamespace(ping=ping))
    assert [record.getMessage() for record in caplog.records] == ["waiting for Redis: ConnectionError"]


def test_a_job_without_a_database_is_broken_off_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    def sweep(*_: object) -> None:
        raise GatewayError("database:unavailable")

    def other(*_: object) -> None:
        raise GatewayError("broadcast:unknown", id="b")

    worker._do(sweep, None, lambda: False)
    assert [(record.getMessage(), record.exc_info) for record in caplog.records] == [("sweep broken off: database:unavailable", None)]
    with pytest.raises(GatewayError):
        worker._do(other, None, lambda: False)
