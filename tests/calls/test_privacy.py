"""Whatever happens, no number, name, PIN or message is left in logs, Redis or URLs (promise I9)."""

from __future__ import annotations

import io
import logging

import pytest
import redis
from calls.conftest import Installation

from gateway import logs
from gateway.services import broadcast, send, track
from gateway.services.access import terminal
from gateway.services.broadcast import Draft

MAIN = terminal("main")

NUMBER, NAME, PIN, WORDS = "9841357924", "Canary Kanchan Bardiya", "4826", "canary words of a message"
CANARIES = (NUMBER, "984-135-7924", "९८४१३५७९२४", NAME, WORDS, "9720000002", "माया राई", "भोलि बैठक")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch):
    """What goes to the log, with everything that libraries say."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure(logging.DEBUG)
    yield stream.getvalue
    root.handlers = handlers
    root.setLevel(level)


def everything_in(url: str) -> str:
    """All keys and values of a Redis."""
    client = redis.Redis.from_url(url)
    found = []
    for key in client.scan_iter():
        found.append(repr(key))
        kind = client.type(key)
        read = {b"hash": client.hgetall, b"list": lambda k: client.lrange(k, 0, -1), b"zset": lambda k: client.zrange(k, 0, -1)}
        found.append(repr(read.get(kind, client.dump)(key)))
    return "\n".join(found)


def test_nothing_personal_is_left_behind(on_sqlite: Installation, redis_url: str, written) -> None:
    here = on_sqlite
    stranger = here.phone(f"+977{NUMBER}")
    for words in ("darta", "1", NAME, "1", WORDS, "STOP"):
        stranger.text(words)
    call = here.phone("+9779720000002").ring().press("2").press("9999").press(PIN)
    urls = list(call.heard)
    here.phone("+9779720000001").ring().press("1").press("1")
    with pytest.raises(AssertionError, match="403"):
        here.phone("+9779720000002").__class__("https://gateway.example", "AC" + "0" * 32, "wrong", NUMBER, post=stranger.post).text(WORDS)
    broadcast_id = broadcast.create(here.gateway, MAIN, Draft("alert", {"ne": "भोलि बैठक"}))
    here.gateway.enqueue(broadcast.approve(here.gateway, MAIN, broadcast_id))
    here.gateway.enqueue(broadcast.expand(here.gateway, broadcast_id))
    here.gateway.enqueue(send.run_batch(here.gateway, broadcast_id))
    here.gateway.enqueue(track.sweep(here.gateway))
    left = {"the log": written(), "Redis": everything_in(redis_url), "URLs": "\n".join(urls)}
    assert left["Redis"]
    assert "webhook_refused" in left["the log"]
    for place, text in left.items():
        for canary in CANARIES:
            assert canary not in text, f"{canary} in {place}"


@pytest.mark.parametrize("said", ["+977 984-135-7924", "९८४१३५७९२४", "0977 9841357924", "9841357924", "9 8 4 1 3 5 7 9 2 4"])
def test_a_number_in_a_log_line_is_masked(written, said: str) -> None:
    logging.getLogger("some.library").warning("cannot reach %s today", said)
    try:
        int(f"{said} is no number")
    except ValueError:
        logging.getLogger("some.library").exception("failed")
    text = written()
    assert "cannot reach [number] today" in text
    assert said not in text


def test_a_line_break_in_a_value_stays_one_line(written) -> None:
    logging.getLogger("some.library").warning("said %s", 'x\r\n{"level": "fake"}')
    assert len([line for line in written().splitlines() if "fake" in line]) == 1
