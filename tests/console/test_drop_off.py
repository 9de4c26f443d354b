"""Where callers leave a flow, counted from whole conversations on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fakes.statements import statements_of

from gateway import bootstrap, config
from gateway.config import PACKAGE_ROOT
from gateway.core.events import CallAnswered, DigitsPressed, MessageReceived, SilenceHeard
from gateway.providers.base import StatusReport
from gateway.services import access, calls, drop_off, installation, sample
from gateway.services.access import Actor
from gateway.services.context import Gateway
from gateway.services.drop_off import Numbers
from gateway.store import step_counts
from gateway.store.step_counts import Count
from gateway.transcripts.telephone import Line, without_wire

SITA = "+9779720000001"


@pytest.fixture
def gateway(database_url: str, redis_url: str, tmp_path: Path, now: datetime) -> Iterator[Gateway]:
    """An installation with the sample members whose phones need no provider."""
    environ = {
        "SECRET_KEY": "the secret key of the tests, long enough",
        "PUBLIC_BASE_URL": "http://localhost:1",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "GATEWAY_DATA_DIR": str(tmp_path / "data"),
        "GATEWAY_FLOWS_DIR": str(shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows")),
    }
    built = bootstrap.build(config.load(environ), clock=lambda: now)
    installation.prepare(built)
    sample.load(built)
    yield without_wire(built)
    built.database.close()


@pytest.fixture
def organiser() -> Actor:
    return access.terminal(installation.ORGANISATION)


class Phone:
    """Calls from one phone, each ended as a provider reports it."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway, self.count = gateway, 0

    def call(self, *presses: str) -> None:
        """Call, press these keys one after the other ("" is silence), and hang up."""
        self.count += 1
        line = Line(self.gateway, "voice", SITA, f"call-{self.count}")
        heard = line.call(CallAnswered())
        for keys in presses:
            if not heard.over:
                heard = line.call(DigitsPressed(keys) if keys else SilenceHeard(), heard.step)
        calls.reported(self.gateway, StatusReport(self.gateway.providers.main.name, line.external_id, "completed"))

    def text(self, words: str) -> None:
        self.count += 1
        Line(self.gateway, "sms", SITA, f"text-{self.count}").text(MessageReceived(words))


def steps(gateway: Gateway, organiser: Actor, flow: str, medium: str = "voice") -> dict[str, Numbers]:
    return dict(drop_off.of_flow(gateway, organiser, flow, 30)[medium].steps or {})


def test_silence_wrong_keys_hanging_up_and_giving_up_are_told_apart(gateway: Gateway, organiser: Actor):
    phone = Phone(gateway)
    phone.call()  # hangs up at the menu
    phone.call("")  # is silent once, then hangs up
    phone.call("#", "2")  # a wrong key, then her claim
    phone.call("2")
    phone.call("", "", "", "")  # no answer ever
    menu = steps(gateway, organiser, "main_menu")["member"]
    assert menu.reached == menu.went_on + menu.hung_up + menu.gave_up
    assert (menu.silent, menu.wrong, menu.gave_up) == (1 + gateway.catalogue.defaults.retries, 1, 1)
    assert menu.hung_up == 2
    whole = drop_off.of_flow(gateway, organiser, "main_menu", 30)["voice"].whole
    assert (whole.reached, whole.hung_up, whole.gave_up) == (5, 2, 1)


def test_what_few_conversations_came_to_is_not_told_by_step(gateway: Gateway, organiser: Actor):
    phone = Phone(gateway)
    for _ in range(4):
        phone.call("2")
    passage = drop_off.of_flow(gateway, organiser, "claim_status", 30)["voice"]
    assert (passage.whole.reached, passage.steps) == (4, None)
    phone.call("2")
    assert drop_off.of_flow(gateway, organiser, "claim_status", 30)["voice"].steps


def test_each_conversation_is_counted_once_and_only_when_it_is_over(gateway: Gateway, organiser: Actor):
    phone = Phone(gateway)
    for _ in range(5):
        phone.call()
    line = Line(gateway, "voice", SITA, "still-talking")
    line.call(CallAnswered())
    first = drop_off.of_flow(gateway, organiser, "main_menu", 30)
    drop_off.count_finished(gateway)
    assert drop_off.of_flow(gateway, organiser, "main_menu", 30) == first
    assert first["voice"].whole.reached == 5


def test_calls_and_texts_stand_apart_and_another_organisation_sees_nothing(gateway: Gateway, organiser: Actor):
    phone = Phone(gateway)
    phone.text("claim")
    for _ in range(5):
        phone.call("2")
    found = drop_off.of_flow(gateway, organiser, "claim_status", 30)
    assert found["voice"].whole.reached == 5
    assert found["sms"].whole.reached <= 1
    other = access.terminal("another")
    assert not drop_off.of_flow(gateway, other, "claim_status", 30)["voice"].whole.reached


def test_a_conversation_that_began_in_an_older_version_is_counted_in_the_steps_of_that_one(gateway: Gateway, organiser: Actor):
    phone = Phone(gateway)
    for _ in range(5):
        phone.call()
    line = Line(gateway, "voice", SITA, "before-the-change")
    heard = line.call(CallAnswered())
    file = gateway.settings.flows_dir / "main_menu.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("next: member}", "next: greeted}").replace("  member:", "  greeted:"), "utf-8")
    gateway.flows.look()
    gateway.flows.look()
    line.call(SilenceHeard(), heard.step)  # goes on where it was: the older version is kept
    calls.reported(gateway, StatusReport(gateway.providers.main.name, line.external_id, "completed"))
    phone.call("#")
    found = steps(gateway, organiser, "main_menu")
    assert (found["member"].reached, found["member"].silent, found["member"].hung_up) == (6, 1, 6)
    assert (found["greeted"].reached, found["greeted"].wrong, found["greeted"].hung_up) == (1, 1, 1)


def test_days_before_the_period_are_left_out(gateway: Gateway, organiser: Actor, now: datetime):
    for day, reached in ((now.date(), 7), (now.date() - timedelta(days=31), 100)):
        with gateway.database.write() as db:
            step_counts.add(db, installation.ORGANISATION, [Count("person", "", "voice", str(day), reached, 0, 0, 2, 0)])
    assert drop_off.of_all(gateway, organiser, 30)["person"] == Numbers(7, 0, 0, 2, 0)


def test_to_look_costs_few_statements(gateway: Gateway, organiser: Actor):
    Phone(gateway).call("2")
    drop_off.count_finished(gateway)
    with statements_of(gateway.database) as seen:
        drop_off.of_flow(gateway, organiser, "main_menu", 30)
    assert len(seen.sent) == 2
