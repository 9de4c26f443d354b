"""What a step of a call may cost, counted: statements, commits, compilations, YAML, Redis commands. `gateway bench` measures times."""

from __future__ import annotations

import subprocess
import sys

import pytest
import redis
import yaml
from fakes.statements import Seen, statements_of

from gateway.store import prepared

MEMBER = "+9779720000001"
MOST_STATEMENTS = 6

# Keys of a call and what they lead through: a claim that is read, the start again, the notices, a key that means nothing.
KEYS = ["2", "9", "3", "9", "6"]


def call_through(here, keys=KEYS):
    """Ring, press the keys one after the other, and see what each request costs the database."""
    with statements_of(here.gateway.database) as seen:
        call = here.phone(MEMBER).ring()
    costs = [seen]
    for key in keys:
        with statements_of(here.gateway.database) as seen:
            call.press(key)
        costs.append(seen)
    return costs


def redis_commands(url: str) -> int:
    """How many commands this Redis has had so far, without those that ask for this."""
    stats = redis.Redis.from_url(url).info("commandstats")
    asking = {"cmdstat_info", "cmdstat_client|setinfo", "cmdstat_client", "cmdstat_hello"}
    return sum(one["calls"] for name, one in stats.items() if name not in asking)


@pytest.fixture
def costs(here) -> list[Seen]:
    return call_through(here)


def test_every_request_of_a_call_is_at_most_six_statements(costs):
    assert max(len(seen.sent) for seen in costs) <= MOST_STATEMENTS, [seen.sent for seen in costs]


def test_a_step_from_menu_to_menu_is_four_statements(costs):
    assert len(costs[2].sent) == 4, costs[2].sent


def test_every_request_of_a_call_is_one_commit(costs):
    assert [seen.commits for seen in costs] == [1] * len(costs)


def test_no_statement_is_built_for_a_call(here):
    first, second = (set().union(*(seen.objects for seen in call_through(here))) for _ in range(2))
    assert second <= first


def test_no_statement_is_compiled_once_every_step_was_taken(here, monkeypatch):
    call_through(here)
    compiled = set(here.gateway.database._engine._compiled_cache)
    monkeypatch.delattr(prepared, "_Form")
    call_through(here)
    assert set(here.gateway.database._engine._compiled_cache) == compiled


def test_no_flow_file_is_read_for_a_call(here, monkeypatch):
    def read(*_arguments, **_more):
        raise AssertionError("YAML was parsed")

    for name in ("load", "compose", "parse", "scan"):
        monkeypatch.setattr(yaml, name, read)
    call_through(here)


def test_a_step_without_later_work_leaves_redis_alone(on_sqlite, redis_url):
    call = on_sqlite.phone(MEMBER).ring()
    before = redis_commands(redis_url)
    for key in KEYS:
        call.press(key)
    assert redis_commands(redis_url) == before


def test_a_web_process_loads_nothing_that_it_does_not_need():
    look = "import sys, gateway.web.app; print({'aiohttp', 'alembic', 'phonenumbers', 'pydantic', 'twilio'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "set()\n"
