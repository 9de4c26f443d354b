"""What became of texts, as the APIs that docs/providers.md describes report it: by their id or by ours, in any order, many at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fakes import documented
from fakes.aggregators import TOKEN, FakeInfobip, FakeKannel
from fakes.outbound import DRAFT, MAIN, Clock, People, e164
from sqlalchemy import text

from gateway import bootstrap, config
from gateway.providers import http as door
from gateway.providers.base import StatusReport
from gateway.services import broadcast, installation, send, track
from gateway.services.context import Gateway
from gateway.web.app import create_app

PATH, THEIRS = "a-path-that-nobody-guesses-1", "203.0.113.20"
Fake = FakeKannel | FakeInfobip


@dataclass
class World:
    """An installation with one of the providers, who tells of what it took."""

    gateway: Gateway
    fake: Fake
    people: People
    client: Any

    def send(self, people: int) -> None:
        self.people(people)
        broadcast_id = broadcast.create(self.gateway, MAIN, DRAFT)
        broadcast.approve(self.gateway, MAIN, broadcast_id)
        broadcast.expand(self.gateway, broadcast_id)
        send.run_batch(self.gateway, broadcast_id)

    def tells(self, address: str, who: str = THEIRS, **more: object) -> int:
        return self.client.open(address, environ_overrides={"REMOTE_ADDR": who}, **more).status_code

    def kannel(self, at: int, state: str, **more: str) -> int:
        """Kannel's report of the text that it took then."""
        asked = urlsplit(self.fake.asked[at].replace("%d", state))
        return self.tells(f"{asked.path}?{asked.query}", **more)

    def infobip(self, *reports: tuple[str, str]) -> int:
        results = [{"messageId": named, "status": {"groupName": state}, "error": {"name": "EC_ABSENT"}} for named, state in reports]
        return self.tells(f"/infobip/reports/{PATH}", method="POST", json={"results": results})

    def rows(self, columns: str = "state") -> list[Any]:
        with self.gateway.database.read() as db:
            found = db.execute(text(f"SELECT {columns} FROM deliveries ORDER BY external_id")).all()  # noqa: S608
        return [row[0] if len(row) == 1 else tuple(row) for row in found]


@pytest.fixture
def world(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Callable[..., World]]:
    with ExitStack() as stack:

        def build(name: str, change: tuple[str, str] = ("", ""), **numbers: str) -> World:
            fake = stack.enter_context({"kannel": FakeKannel, "infobip": FakeInfobip}[name](numbers=numbers))
            written = (
                documented.example(name)
                .replace(*change)
                .replace("[0.0.0.0/0]", f"[{THEIRS}]")
                .replace("per_second: 20", "per_second: 1000")
            )
            (tmp_path / "channels.yaml").write_text(documented.HOST.sub(fake.url, written), encoding="utf-8")
            environ = {
                "SECRET_KEY": "the secret key of the tests, long enough",
                "PUBLIC_BASE_URL": "http://localhost:1",
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "GATEWAY_DATA_DIR": str(tmp_path),
                **{variable: PATH if variable.endswith("_PATH") else TOKEN for variable in documented.VARIABLES},
            }
            gateway = bootstrap.build(config.load(environ), environ=environ, clock=Clock())
            stack.callback(gateway.database.close)
            installation.prepare(gateway)
            return World(gateway, fake, People(gateway.database, gateway.seal), create_app(gateway).test_client())

        yield build


@pytest.mark.parametrize("seed", range(3))
def test_reports_by_our_id_in_any_order_and_twice_say_the_same(world: Callable[..., World], seed: int):
    here = world("kannel")
    here.send(6)
    said = [(at, state) for at in range(6) for state in ("8", "4", "1" if at < 4 else "2")] * 2
    random.Random(seed).shuffle(said)
    assert {here.kannel(at, state) for at, state in said} == {200}
    assert sorted(here.rows()) == ["delivered"] * 4 + ["undelivered"] * 2
    assert here.fake.requests == 6


def test_a_report_settles_a_text_whose_answer_never_came(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(door, "TIMEOUT", 1.0)
    here = world("kannel", **{e164(1)[1:]: "reset_after"})
    here.send(1)
    assert here.rows() == ["unknown"]
    here.kannel(0, "1")
    assert here.rows() == ["delivered"]


def test_many_reports_come_in_one_request(world: Callable[..., World]):
    here = world("infobip")
    here.send(3)
    first, second, third = here.rows("external_id")
    assert (
        here.infobip((first, "DELIVERED"), ("nobody-knows-it", "DELIVERED"), ("", "DELIVERED"), (second, "EXPIRED"), (third, "PENDING"))
        == 200
    )
    assert here.rows("state, error") == [("delivered", None), ("undelivered", "EC_ABSENT"), ("accepted", None)]
    assert here.infobip((first, "EXPIRED"), (second, "DELIVERED"), (third, "DELIVERED")) == 200
    assert here.rows() == ["delivered", "undelivered", "delivered"]


def test_a_hundred_long_reports_are_all_heard(world: Callable[..., World]):
    here = world("infobip")
    here.send(1)
    results = [{"messageId": f"x-{each}", "padding": dict.fromkeys(map(str, range(30)), "x" * 20)} for each in range(99)]
    results.append({"messageId": here.rows("external_id")[0], "status": {"groupName": "DELIVERED"}})
    assert here.tells(f"/infobip/reports/{PATH}", method="POST", json={"results": results}) == 200
    assert here.rows() == ["delivered"]


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"address": f"/infobip/reports/{PATH}", "who": "198.51.100.7"}, 403),
        ({"address": f"/infobip/reports/{PATH[:-1]}"}, 403),
        ({"address": f"/kannel/reports/{PATH}"}, 404),
        ({"address": f"/infobip/reports/{PATH}", "json": {"other": []}}, 400),
        ({"address": f"/infobip/reports/{PATH}", "json": {"results": [{"messageId": None}]}}, 400),
        ({"address": f"/infobip/reports/{PATH}", "json": {"results": [{"padding": "x" * 2_000_000}]}}, 413),
    ],
)
def test_what_is_no_report_of_theirs_is_refused(world: Callable[..., World], how: dict[str, Any], status: int):
    here = world("infobip")
    here.send(1)
    given = {"json": {"results": [{"messageId": here.rows("external_id")[0], "status": {"groupName": "DELIVERED"}}]}, **how}
    assert here.tells(**given, method="POST") == status
    assert here.rows() == ["accepted"]


def test_the_id_of_another_installation_is_not_ours(world: Callable[..., World]):
    here = world("kannel")
    here.send(1)
    ours = here.rows("external_id")[0]
    for other in ("00000000" + ours[8:], ours + "9", "9" * 40, "-1", "", "dabi"):
        here.tells(f"/kannel/reports/{PATH}?ours={other}&state=1")
    assert here.rows() == ["accepted"]


def test_a_report_may_come_before_the_answer_but_only_from_whom_the_text_went_to(world: Callable[..., World]):
    here = world("infobip")
    track.report(here.gateway, None, StatusReport("elsewhere", "2250be2d-00000001", "undelivered"))
    here.infobip(("2250be2d-00000002", "DELIVERED"))
    here.send(2)
    assert here.rows("external_id, state") == [("2250be2d-00000001", "accepted"), ("2250be2d-00000002", "delivered")]


def test_who_opted_out_at_the_provider_gets_no_more(world: Callable[..., World]):
    here = world("infobip", ("{means: undelivered,", "{means: opted_out,"))
    here.send(1)
    here.infobip((here.rows("external_id")[0], "REJECTED"))
    assert here.rows("state, error") == [("undelivered", "send:opted-out EC_ABSENT")]
    with here.gateway.database.read() as db:
        assert db.execute(text("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL")).scalar() == 1
