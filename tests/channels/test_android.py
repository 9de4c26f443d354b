"""Whole conversations and broadcasts over a SIM in an Android phone, with SMS Gate and with httpSMS."""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
from calls.conftest import hashed_once
from fakes.android import FakeApi, FakeHttpSms, FakeSmsGate, Sent
from fakes.outbound import DRAFT, MAIN, Clock, People, e164
from sqlalchemy import text
from werkzeug.test import TestResponse

from gateway import bootstrap, config
from gateway import channels as channels_file
from gateway.errors import GatewayError
from gateway.providers.kinds import KINDS
from gateway.services import broadcast, installation, lines, pins, sample, send, track
from gateway.services.context import Gateway
from gateway.store import channels
from gateway.web.app import create_app
from gateway.web.webhooks import android

BASE_URL = "https://gateway.example"
ADDRESS = f"{BASE_URL}/drawer"
PAGE = Path(__file__).parents[2] / "docs" / "sim-in-a-drawer.md"
SITA = "+9779720000001"
FILE = """
providers:
  drawer: {{kind: {kind}, {account}}}
channels:
  sim: {{provider: drawer, number: "{number}", carries: [sms], messages_per_second: 1000{more}}}
"""
EVENTS = {
    FakeSmsGate: {"sent": "sms:sent", "delivered": "sms:delivered", "failed": "sms:failed"},
    FakeHttpSms: {"sent": "message.phone.sent", "delivered": "message.phone.delivered", "failed": "message.send.failed"},
}
REASON = {FakeSmsGate: {"reason": "RESULT_NO_SERVICE"}, FakeHttpSms: {"error_message": "RESULT_NO_SERVICE"}}


@dataclass
class Drawer:
    """An installation with a phone in a drawer."""

    gateway: Gateway
    phone: FakeApi
    clock: Clock
    people: People

    def post(self, event: tuple[bytes, dict[str, str]], path: str = "/drawer") -> TestResponse:
        body, headers = event
        return create_app(self.gateway).test_client().post(path, data=body, headers=headers, base_url=BASE_URL)

    def text(self, sender: str, words: str, **more: object) -> tuple[bytes, dict[str, str]]:
        if isinstance(self.phone, FakeHttpSms):
            return self.phone.text(sender, words, ADDRESS, time.time())
        return self.phone.text(sender, words, time.time(), **more)

    def texted(self, sender: str, words: str) -> list[str]:
        """What she reads after she wrote this."""
        before = len(self.phone.sent_to(sender))
        assert self.post(self.text(sender, words)).status_code == 204
        send.send_reply(self.gateway, 0)
        return self.phone.sent_to(sender)[before:]

    def report(self, sent: Sent, what: str) -> None:
        """The phone tells what became of a text."""
        kind, more = EVENTS[type(self.phone)][what], REASON[type(self.phone)] if what == "failed" else {}
        if isinstance(self.phone, FakeHttpSms):
            event = self.phone.about(kind, sent, ADDRESS, time.time(), **more)
        else:
            event = self.phone.event(kind, messageId=sent.id, recipient=sent.to, **more)
        assert self.post(event).status_code == 204

    def started(self) -> str:
        broadcast_id = broadcast.create(self.gateway, MAIN, DRAFT)
        broadcast.approve(self.gateway, MAIN, broadcast_id)
        broadcast.expand(self.gateway, broadcast_id)
        return broadcast_id

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with self.gateway.database.read() as db:
            return [tuple(row) for row in db.execute(text(statement))]

    def states(self) -> Counter[object]:
        return Counter(row[0] for row in self.rows("SELECT state FROM deliveries"))


@pytest.fixture(params=["smsgate", "httpsms"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def drawer_of(redis_url: str, tmp_path: Path) -> Iterator[Callable[..., Drawer]]:
    with ExitStack() as stack:

        def build(database_url: str, kind: str, more: str = "") -> Drawer:
            phone = stack.enter_context(FakeSmsGate() if kind == "smsgate" else FakeHttpSms())
            variables = {f"PHONE_{name.upper()}": value for name, value in phone.account().items()}
            account = ", ".join(f'{name}: "${{PHONE_{name.upper()}}}"' for name in phone.account())
            said = FILE.format(kind=kind, account=account, number=phone.number, more=more)
            (tmp_path / "channels.yaml").write_text(said, encoding="utf-8")
            environ = {
                "SECRET_KEY": "the secret key of the tests, long enough",
                "PUBLIC_BASE_URL": BASE_URL,
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "GATEWAY_DATA_DIR": str(tmp_path),
                "GATEWAY_RECONCILE_AFTER": "60",
                **variables,
            }
            clock = Clock()
            gateway = bootstrap.build(config.load(environ), environ=environ, clock=clock)
            installation.prepare(gateway)
            stack.callback(gateway.database.close)
            return Drawer(gateway, phone, clock, People(gateway.database, gateway.seal))

        yield build


@pytest.fixture
def drawer(drawer_of: Callable[..., Drawer], database_url: str, kind: str) -> Drawer:
    return drawer_of(database_url, kind)


@pytest.fixture
def on_sqlite(drawer_of: Callable[..., Drawer], sqlite_url: str, kind: str) -> Drawer:
    return drawer_of(sqlite_url, kind)


def with_members(made: Drawer) -> Drawer:
    with patch.object(pins, "hash_pin", hashed_once):
        sample.load(made.gateway)
    return made


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
def test_the_files_in_the_page_are_right(example: str, tmp_path: Path) -> None:
    (tmp_path / "channels.yaml").write_text(example, encoding="utf-8")
    ways = channels_file.load(tmp_path / "channels.yaml")
    for entry in ways.providers.values():
        secrets = dict.fromkeys(re.findall(r"\$\{(\w+)\}", example), "a secret that is long enough for everything")
        assert KINDS[entry.kind].build(entry.name, channels_file.settings_of(entry, KINDS[entry.kind].settings, secrets), BASE_URL)


# --- texts in, answers out --------------------------------------------------------------------------------------------------------


def test_she_texts_dabi_and_reads_the_answer(drawer: Drawer) -> None:
    with_members(drawer)
    (answer,) = drawer.texted(SITA, "dabi")
    assert "5,000" in answer
    (question,) = drawer.texted(SITA, "yogdan 500")
    assert "500" in question
    drawer.texted(SITA, "1")
    assert drawer.rows("SELECT amount, noted_by FROM contributions WHERE noted_by = 'sms'") == [(500_00, "sms")]


def test_a_text_that_comes_again_is_answered_once(drawer: Drawer) -> None:
    with_members(drawer)
    event = drawer.text(SITA, "dabi")
    for _ in range(3):
        assert drawer.post(event).status_code == 204
        send.send_reply(drawer.gateway, 0)
    assert len(drawer.phone.ledger) == 1
    assert drawer.rows("SELECT count(*) FROM messages WHERE direction = 'in'") == [(1,)]


def test_a_text_told_by_two_webhooks_is_answered_once(drawer_of: Callable[..., Drawer], sqlite_url: str) -> None:
    drawer = with_members(drawer_of(sqlite_url, "smsgate"))
    at = time.time()
    for webhook in ("one", "other"):
        drawer.post(drawer.phone.text(SITA, "dabi", at, event_id=webhook))
    send.send_reply(drawer.gateway, 0)
    assert len(drawer.phone.ledger) == 1


def test_stop_is_confirmed_once_and_then_she_reads_nothing_more(drawer: Drawer) -> None:
    with_members(drawer)
    assert len(drawer.texted(SITA, "STOP")) == 1
    assert drawer.texted(SITA, "STOP") == []
    assert drawer.texted(SITA, "dabi") == [], "she stopped us"
    assert len(drawer.texted(SITA, "START")) == 1
    assert len(drawer.texted(SITA, "dabi")) == 1


def test_what_companies_text_to_the_sim_is_not_answered(on_sqlite: Drawer) -> None:
    for sender in ("NTC_OFFER", "1415", ""):
        assert on_sqlite.post(on_sqlite.text(sender, "Recharge now and win")).status_code == 204
    send.send_reply(on_sqlite.gateway, 0)
    assert (on_sqlite.phone.ledger, on_sqlite.rows("SELECT count(*) FROM deliveries")) == ([], [(0,)])


# --- broadcasts -------------------------------------------------------------------------------------------------------------------


def test_a_broadcast_goes_out_and_is_followed_to_the_phones(drawer: Drawer) -> None:
    drawer.people(4)
    send.run_batch(drawer.gateway, drawer.started())
    assert Counter(sent.to for sent in drawer.phone.ledger) == dict.fromkeys(map(e164, range(1, 5)), 1)
    assert drawer.states() == {"accepted": 4}
    told = {0: ["sent", "delivered"], 1: ["delivered", "sent", "delivered"], 2: ["failed", "failed", "sent"], 3: ["sent"]}
    for index, words in told.items():
        for word in words:
            drawer.report(drawer.phone.ledger[index], word)
    states = {row[0]: row[1:] for row in drawer.rows("SELECT phone_id, state, error FROM deliveries WHERE latest")}
    wanted = {1: "delivered", 2: "delivered", 3: "failed", 4: "sent"}
    by_number = {sent.to: index + 1 for index, sent in enumerate(drawer.phone.ledger)}
    assert {by_number[e164(int(str(phone)))]: state for phone, (state, _) in states.items()} == wanted
    assert [error for state, error in states.values() if state == "failed"] == ["NO_SERVICE"]


def test_what_may_have_gone_out_is_settled_by_the_phones_own_word(drawer: Drawer) -> None:
    drawer.people(3)
    drawer.phone.faults = {"reset_after": 1.0}
    send.run_batch(drawer.gateway, drawer.started())
    assert drawer.states() == {"unknown": 3}, "nobody here can tell"
    drawer.report(drawer.phone.ledger[0], "sent")
    assert drawer.states() == {"unknown": 2, "sent": 1}, "our id in its event finds the row"
    drawer.clock.tick(61)
    track.reconcile(drawer.gateway)
    assert drawer.states() == {"accepted": 2, "sent": 1}, "and so does asking"
    assert max(Counter(sent.to for sent in drawer.phone.ledger).values()) == 1


def test_a_sim_sends_only_so_many_a_day(drawer_of: Callable[..., Drawer], database_url: str, kind: str) -> None:
    drawer = drawer_of(database_url, kind, ", messages_per_day: 3")
    drawer.people(5)
    broadcast_id = drawer.started()
    for _ in range(2):
        send.run_batch(drawer.gateway, broadcast_id)
    assert (len(drawer.phone.ledger), drawer.states()) == (3, {"accepted": 3, "queued": 2}), "held in the queue"
    drawer.clock.tick(86_400)
    send.run_batch(drawer.gateway, broadcast_id)
    assert (len(drawer.phone.ledger), drawer.states()) == (5, {"accepted": 5})


@pytest.mark.parametrize("why", ["offline", "queue_full"])
def test_a_phone_that_is_switched_off_is_a_held_channel_and_no_lost_text(
    drawer_of: Callable[..., Drawer], database_url: str, why: str
) -> None:
    drawer = drawer_of(database_url, "smsgate")
    drawer.people(12)
    setattr(drawer.phone, why, True)
    broadcast_id = drawer.started()
    send.run_batch(drawer.gateway, broadcast_id)
    (held,) = lines.held_channels(drawer.gateway, MAIN)
    assert (held.channel_id, drawer.phone.ledger, set(drawer.states())) == ("sim", [], {"queued"})
    setattr(drawer.phone, why, False)
    drawer.gateway.pacer.resume("sim:sms")  # as time does
    for _ in range(3):
        drawer.clock.tick(30)
        send.run_batch(drawer.gateway, broadcast_id)
    assert Counter(sent.to for sent in drawer.phone.ledger) == dict.fromkeys(map(e164, range(1, 13)), 1)


def test_a_text_that_waits_at_httpsms_for_a_phone_is_not_given_up(drawer_of: Callable[..., Drawer], sqlite_url: str) -> None:
    drawer = drawer_of(sqlite_url, "httpsms")
    drawer.people(1)
    send.run_batch(drawer.gateway, drawer.started())
    (sent,) = drawer.phone.ledger
    drawer.post(drawer.phone.about("message.send.expired", sent, ADDRESS, time.time()))
    assert drawer.states() == {"accepted": 1}
    drawer.report(sent, "delivered")
    assert drawer.states() == {"delivered": 1}


# --- missed calls -----------------------------------------------------------------------------------------------------------------


def test_a_missed_call_is_handed_on(on_sqlite: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[tuple[object, ...]] = []
    monkeypatch.setattr(android.missed_calls, "came", lambda _gateway, *told: came.append(told))
    phone = on_sqlite.phone
    if isinstance(phone, FakeHttpSms):
        at, event_id = "2026-01-15T06:15:00Z", "event-1"
        event = phone.event("message.call.missed", ADDRESS, time.time(), event_id=event_id, contact=SITA, timestamp=at)
        withheld = phone.event("message.call.missed", ADDRESS, time.time(), contact="Unknown", timestamp=at)
    else:
        event_id, event = "event-1", phone.event("call:ringing", event_id="event-1", phoneNumber="9720000001")
        withheld = phone.event("call:ringing", phoneNumber=None)
    assert on_sqlite.post(event).status_code == 204
    assert on_sqlite.post(withheld).status_code == 204
    assert came == [("drawer", event_id, SITA, phone.number, on_sqlite.clock.now)]


def test_the_number_that_was_rung_is_ours_even_where_the_phone_tells_another(on_sqlite: Drawer) -> None:
    with on_sqlite.gateway.database.read() as db:
        (ours,) = channels.of_organisation(db, "main")
    for told in ("", ours.address, "+9779700000000", "not a number"):
        assert android.callers.number_reached(on_sqlite.gateway, "drawer", told) == ours.address


# --- the door ---------------------------------------------------------------------------------------------------------------------


def test_nothing_is_written_for_who_is_not_the_phone(on_sqlite: Drawer) -> None:
    body, headers = on_sqlite.text(SITA, "dabi")
    unsigned = {"Content-Type": "application/json"}
    assert on_sqlite.post((body, unsigned)).status_code == 403
    assert on_sqlite.post((b"x" * 65_537, headers)).status_code == 413
    assert on_sqlite.post((body, headers), "/drawer/").status_code == 204
    client = create_app(on_sqlite.gateway).test_client()
    assert client.get("/drawer", base_url=BASE_URL).status_code == 405
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    assert client.post("/drawer", data=body, headers=headers, base_url=BASE_URL, environ_overrides=chunked).status_code == 411
    assert on_sqlite.rows("SELECT count(*) FROM messages WHERE direction = 'in'") == [(1,)]


def test_a_text_that_could_not_be_kept_is_asked_for_again(on_sqlite: Drawer) -> None:
    with_members(on_sqlite)
    event = on_sqlite.text(SITA, "dabi")
    with patch.object(type(on_sqlite.gateway.database), "write", side_effect=GatewayError("database:unavailable")):
        assert on_sqlite.post(event).status_code == 503
    assert on_sqlite.post(event).status_code == 204
    send.send_reply(on_sqlite.gateway, 0)
    assert len(on_sqlite.phone.ledger) == 1


def test_no_number_no_word_and_no_key_is_logged(
    on_sqlite: Drawer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with_members(on_sqlite)
    caplog.set_level(logging.DEBUG)
    on_sqlite.texted(SITA, "dabi secretword")
    on_sqlite.post((b"{}", {}))
    said = caplog.text + "".join(capfd.readouterr())
    secrets = [value for name, value in on_sqlite.phone.account().items() if name not in {"api_url", "username"}]
    assert not [word for word in (SITA, "9720000001", "secretword", *secrets) if word in said]
