"""The gate before the application: bodies are read outside it, and few requests at a time go in."""

from __future__ import annotations

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from gateway.cli.serve import AT_WORK, WHOLE_BODY, body_first


class Refusing(io.RawIOBase):
    """A body that must not be read."""

    def read(self, size=-1):
        raise AssertionError(size)


def environ(body, length):
    return {"wsgi.input": body, **({"CONTENT_LENGTH": length} if length is not None else {})}


def test_a_body_is_whole_before_the_application_sees_it():
    seen = []
    application = body_first(lambda environ, _start: seen.append(type(environ["wsgi.input"]).__name__) or [environ["wsgi.input"].read()])
    assert application(environ(io.BufferedReader(io.BytesIO(b"Body=a and the next request")), "6"), None) == [b"Body=a"]
    assert seen == ["BytesIO"]


def test_a_body_without_a_length_or_too_large_is_left_to_the_application():
    application = body_first(lambda environ, _start: [str(environ["wsgi.input"]).encode()])
    for length in (None, "", str(WHOLE_BODY + 1), "-1", "१"):
        body = Refusing()
        assert application(environ(body, length), None) == [str(body).encode()]


def test_few_requests_at_a_time_are_inside_and_a_failed_one_leaves_its_place():
    lock, inside, most = threading.Lock(), 0, 0

    def answer(environ, _start):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.01)
        with lock:
            inside -= 1
        raise KeyError(environ["CONTENT_LENGTH"])

    application = body_first(answer)
    with ThreadPoolExecutor(8) as threads:
        ends = [threads.submit(application, environ(io.BytesIO(), "0"), None) for _ in range(24)]
    assert all(isinstance(end.exception(), KeyError) for end in ends)
    assert most == AT_WORK
