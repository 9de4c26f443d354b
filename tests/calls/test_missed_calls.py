"""She rings and hangs up, and is called back: over HTTP and signed, with a fake Twilio that keeps a ledger of our calls."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import pytest
from calls.conftest import BASE_URL, Installation
from click.testing import CliRunner
from fakes.phone import Call, Phone, through
from fakes.told import a_broadcast, deliver
from fakes.twilio import FakeTwilio, Sent

from gateway.cli import main
from gateway.core.jobs import CallBack, SendBatch, SendReply
from gateway.errors import GatewayError
from gateway.queues.enqueue import ROUTES
from gateway.services import installation, missed_calls, receive, send, tasks, track
from gateway.services.access import terminal
from gateway.store import claiming, deliveries, phones
from gateway.store import tasks as stored_tasks
from gateway.store.deliveries import NewReply
from gateway.store.tasks import NewTask
from gateway.web.app import create_app

SITA, STRANGER, LANDLINE = "+9779720000001", "+9779841000009", "+97714112233"
MAIN = terminal("main")
AT_ONCE = 20  # calls of one page
TO_CALL = "SELECT organisation_id, sealed FROM tasks JOIN phones ON phones.id = phone_id WHERE kind = 'call_back' AND tasks.state = 'open'"
REJECTED = '<?xml version="1.0" encoding="UTF-8"?><Response><Reject reason="busy"/></Response>'


@dataclass
class Office:
    """An installation whose number calls back who rings it, and what the provider took of us."""

    here: Installation
    twilio: FakeTwilio

    def ring(self, number: str = SITA, sid: str = "", then: float = 5) -> Call:
        """Ring, be rejected, and put the phone down; so many seconds pass."""
        call = self.phone(number).ring(sid=sid)
        assert (call.twiml, call.rejected, call.over, call.heard) == (REJECTED, True, True, [])
        self.move(seconds=then)
        return call

    def phone(self, number: str) -> Phone:
        return Phone(BASE_URL, self.twilio.account_sid, self.twilio.auth_token, number, **through(self.here.client, BASE_URL))

    def work(self) -> None:
        """What the clock and the workers do."""
        for job in track.sweep(self.here.gateway):
            match job:
                case SendReply(delivery_id):
                    send.send_reply(self.here.gateway, delivery_id)
                case CallBack():
                    send.call_back(self.here.gateway)

    def called(self) -> list[Sent]:
        """All calls that we placed, in order, once the workers have had their turn."""
        self.work()
        return [sent for sent in self.twilio.ledger if sent.kind == "call"]

    def texts(self, number: str = SITA) -> list[str]:
        self.work()
        return [sent.body for sent in self.twilio.ledger if sent.kind == "message" and sent.to == number]

    def report(self, sent: Sent, status: str, **more: str) -> None:
        """The provider's word about a call of ours."""
        form = {"CallSid": sent.sid, "CallStatus": status, "From": sent.sender, "To": sent.to, "Direction": "outbound-api", **more}
        self.phone(sent.to).send(sent.callback.removeprefix(BASE_URL), form)

    def pick_up(self, sent: Sent) -> Call:
        self.report(sent, "ringing")
        call = self.phone(sent.to).pick_up(int(sent.url.rsplit("/", 1)[1]), sid=sent.sid)
        self.report(sent, "in-progress")
        return call

    def answered(self, sent: Sent) -> None:
        """She picks up, listens for a while, and hangs up."""
        self.pick_up(sent)
        self.here.clock.move(seconds=40)
        self.report(sent, "completed", CallDuration="40")

    def not_answered(self, sent: Sent, status: str = "no-answer") -> None:
        self.report(sent, "ringing")
        self.report(sent, status)

    def rings(self) -> dict[str, int]:
        """What became of the rings of today."""
        return {became: number for (_, became), number in missed_calls.rings_today(self.here.gateway, MAIN).items()}

    def move(self, **by: float) -> None:
        self.here.clock.move(**by)


@pytest.fixture
def office_of(installation_of: Callable[..., Installation]) -> Iterator[Callable[..., Office]]:
    with FakeTwilio() as twilio:
        account = {
            "TWILIO_ACCOUNT_SID": twilio.account_sid,
            "TWILIO_AUTH_TOKEN": twilio.auth_token,
            "TWILIO_API_BASE_URL": twilio.url,
            "GATEWAY_CALLS_PER_SECOND": "1000",
            "GATEWAY_MESSAGES_PER_SECOND": "1000",
            "GATEWAY_MISSED_CALLS": "yes",
        }
        yield lambda database_url, **more: Office(installation_of(database_url, **{**account, **more}), twilio)


@pytest.fixture
def office(office_of: Callable[..., Office], database_url: str) -> Office:
    return office_of(database_url)


@pytest.fixture
def on_sqlite(office_of: Callable[..., Office], sqlite_url: str) -> Office:
    return office_of(sqlite_url)


# --- she rings, and is called ------------------------------------------------------------------------------------------------------


def test_who_rings_is_rejected_and_called_back_into_the_flow_of_her_own_call(office: Office) -> None:
    office.ring()
    [sent] = office.called()
    assert (sent.to, sent.sender) == (SITA, "+97714000000")
    call = office.pick_up(sent)
    assert "main_menu" in " ".join(call.heard)
    call.press("2")
    assert "claim_status" in " ".join(call.heard)
    assert not office.twilio.violations
    assert office.here.rows("SELECT direction, status FROM calls ORDER BY id") == [("in", "no-answer"), ("out", "answered")]


def test_a_stranger_is_called_back_into_the_flow_for_strangers_as_on_a_first_call(office: Office) -> None:
    office.ring(STRANGER)
    [sent] = office.called()
    call = office.pick_up(sent)
    assert "welcome" in " ".join(call.heard)
    assert office.here.rows("SELECT count(*) FROM phones WHERE called_at IS NOT NULL AND id = (SELECT max(id) FROM phones)") == [(1,)]


def test_she_hears_it_in_the_language_of_her_phone(on_sqlite: Office) -> None:
    on_sqlite.ring(STRANGER)
    with on_sqlite.here.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE phones SET language = 'en' WHERE id = (SELECT max(id) FROM phones)")
    [sent] = on_sqlite.called()
    assert {clip.partition("/")[0] for clip in on_sqlite.pick_up(sent).heard} == {"en"}


def test_a_message_that_waits_for_her_comes_as_on_her_own_call(office: Office) -> None:
    gateway = office.here.gateway
    deliver(gateway, a_broadcast(gateway, phrase="message_signatures"), SITA, state="undelivered", error="no-answer")
    office.ring()
    call = office.pick_up(office.called()[-1])
    assert "missed_call/offer" in " ".join(call.heard)


def test_a_ring_that_is_told_twice_or_in_another_order_is_one(office: Office) -> None:
    phone = office.phone(SITA)
    sid = f"CA{uuid.uuid4().hex}"
    over = {"CallSid": sid, "CallStatus": "no-answer", "From": SITA, "To": "+97714000000", "Direction": "inbound"}
    phone.send("/twilio/status/calls", over)
    for _ in range(3):
        office.ring(sid=sid)
        phone.send("/twilio/status/calls", over)
    assert len(office.called()) == 1
    assert office.rings() == {"called": 1}


def test_nobody_who_is_not_the_provider_can_ring(on_sqlite: Office) -> None:
    form = {"CallSid": f"CA{uuid.uuid4().hex}", "From": SITA, "To": "+97714000000", "AccountSid": on_sqlite.twilio.account_sid}
    assert on_sqlite.here.client.post("/twilio/voice", data=form, headers={"X-Twilio-Signature": "forged"}).status_code == 403
    assert on_sqlite.called() == []


def test_without_the_setting_her_call_is_answered(installation_of: Callable[..., Installation], sqlite_url: str) -> None:
    call = installation_of(sqlite_url).phone(SITA).ring()
    assert call.heard
    assert not call.rejected


# --- once per caller and window ----------------------------------------------------------------------------------------------------


def test_two_hundred_rings_of_one_in_a_minute_are_one_call(office: Office) -> None:
    for number in range(200):
        office.ring(then=0.3)
        if number % 50 == 0:
            office.work()
    assert len(office.called()) == 1
    assert office.rings() == {"called": 1, "repeated": 199}


def test_two_hundred_callers_in_a_minute_are_all_called_in_their_order(office: Office) -> None:
    numbers = [f"+977984100{number:04}" for number in range(200)]
    for number in numbers:
        office.ring(number, then=0.3)
    office.move(seconds=5)
    called = [sent.to for sent in office.called()]
    assert sorted(called) == numbers  # each once
    places = [abs(numbers.index(number) - place) for place, number in enumerate(called)]
    assert max(places) < AT_ONCE  # but for those that are on their way at the same moment


def test_rings_at_the_same_moment_are_called_back_once(office: Office) -> None:
    apps = [create_app(office.here.gateway).test_client() for _ in range(4)]
    numbers = [SITA, STRANGER] * 4
    faults: list[BaseException] = []

    def ring(client: object, number: str) -> None:
        try:
            assert Phone(BASE_URL, office.twilio.account_sid, office.twilio.auth_token, number, **through(client, BASE_URL)).ring().rejected
        except BaseException as error:  # noqa: BLE001 - told below, in the thread that decides
            faults.append(error)

    threads = [threading.Thread(target=ring, args=(apps[place % 4], number)) for place, number in enumerate(numbers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert office.called() == []  # they have yet to put their phones down
    office.move(seconds=5)
    assert Counter(sent.to for sent in office.called()) == {SITA: 1, STRANGER: 1}


def test_a_ring_counts_anew_a_minute_after_a_call_that_she_picked_up(office: Office) -> None:
    office.ring()
    office.answered(office.called()[-1])
    office.ring(then=59.9)
    assert len(office.called()) == 1
    office.move(seconds=0.1)
    office.ring()
    assert len(office.called()) == 2
    assert office.rings() == {"called": 2, "repeated": 1}


def test_two_hundred_rings_of_one_who_picks_up_at_once_are_one_call(on_sqlite: Office) -> None:
    for _ in range(200):
        on_sqlite.ring(then=0.3)
        for sent in on_sqlite.called()[len(on_sqlite.here.rows("SELECT id FROM call_backs WHERE outcome = 'answered'")) :]:
            on_sqlite.pick_up(sent)
            on_sqlite.report(sent, "completed", CallDuration="0")
    assert len(on_sqlite.called()) == 1


def test_a_ring_after_the_window_hastens_the_next_try(office: Office) -> None:
    office.ring()
    office.not_answered(office.called()[-1])
    office.move(minutes=2)
    office.not_answered(office.called()[-1])
    office.move(minutes=9)
    office.ring()
    assert len(office.called()) == 3
    assert office.rings() == {"called": 1, "repeated": 1}


def test_a_call_of_which_nobody_tells_the_end_does_not_bar_her_for_ever(office: Office) -> None:
    office.ring()
    assert len(office.called()) == 1
    office.move(minutes=11)
    office.ring()
    assert len(office.called()) == 2
    assert office.here.rows("SELECT outcome FROM call_backs ORDER BY id") == [("unclear",), (None,)]


def test_many_who_wait_for_a_call_hold_up_nothing_else(office: Office) -> None:
    """One bell rings for all of them, in the queue of what is sent in bulk: behind the sweep, and in turn with broadcasts."""
    for number in range(30):
        office.ring(f"+97798410000{number:02}", then=0)
    office.move(seconds=5)
    assert track.sweep(office.here.gateway) == [CallBack()]
    assert ROUTES[CallBack][0] == ROUTES[SendBatch][0]
    began = iter([0.0, 0.0, *[100.0] * 1000])  # its time is over after the first page
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(send, "time", SimpleNamespace(monotonic=lambda: next(began)))
        assert send.call_back(office.here.gateway) == [CallBack()]
    assert len(office.called()) == 30


def test_a_text_does_not_wait_until_many_are_called_back(office_of: Callable[..., Office], sqlite_url: str) -> None:
    office = office_of(sqlite_url, GATEWAY_CALLS_PER_SECOND="5")
    for number in range(8):
        office.ring(f"+97798410000{number:02}")
    with office.here.gateway.database.write() as db:
        reply = NewReply("main", 1, None, "ne", "दाबी पुग्यो।")
        deliveries.owe_reply(db, office.here.gateway.seal, reply, office.here.clock.at)
    send.call_back(office.here.gateway)
    kinds = [sent.kind for sent in office.twilio.ledger]
    assert kinds.count("call") == 8
    assert kinds.index("message") < 4


# --- hours -------------------------------------------------------------------------------------------------------------------------


def test_at_night_she_is_told_when_we_call_and_is_called_first_thing_in_the_morning(office: Office) -> None:
    office.move(hours=12)  # 22:00
    office.ring()
    office.move(minutes=20)
    office.ring()
    assert office.called() == []
    assert office.texts() == ["नमस्ते! बिहान आठ बजेपछि हामी फोन गर्छौँ।"]
    office.move(hours=9, minutes=39)  # 07:59
    assert office.called() == []
    office.move(minutes=1)
    assert [sent.to for sent in office.called()] == [SITA]
    assert office.rings() == {}  # of another day


def test_to_a_landline_no_text_goes(on_sqlite: Office) -> None:
    on_sqlite.move(hours=12)
    on_sqlite.ring(LANDLINE)
    assert on_sqlite.texts(LANDLINE) == []
    on_sqlite.move(hours=10)
    assert [sent.to for sent in on_sqlite.called()] == [LANDLINE]


def test_on_a_rest_day_who_rings_is_called(on_sqlite: Office) -> None:
    with on_sqlite.here.gateway.database.write() as db:
        db.exec_driver_sql("INSERT INTO rest_days (organisation_id, day, title) VALUES ('main', '2026-11-21', 'Tihar')")
    on_sqlite.ring()
    assert len(on_sqlite.called()) == 1


def test_whom_the_night_overtakes_is_told_so(office: Office) -> None:
    office.move(hours=9, minutes=59)
    office.ring()
    office.move(minutes=2)
    assert office.called() == []
    assert office.texts() == ["नमस्ते! बिहान आठ बजेपछि हामी फोन गर्छौँ।"]
    office.work()
    office.move(hours=12)
    assert len(office.called()) == 1
    assert len(office.texts()) == 1


@pytest.mark.parametrize("seconds", [-6, -5, -4, -0.001, 0])
def test_who_rings_as_the_day_ends_is_called_at_once_or_told_that_it_is_in_the_morning(on_sqlite: Office, seconds: float) -> None:
    on_sqlite.move(hours=10, seconds=seconds)
    on_sqlite.ring()
    by_day = seconds < -5
    assert len(on_sqlite.called()) == by_day
    assert on_sqlite.rings() == {"called" if by_day else "morning": 1}
    assert bool(on_sqlite.texts()) is not by_day
    on_sqlite.move(hours=12)
    assert len(on_sqlite.called()) == 1


def test_who_was_claimed_as_the_day_ended_is_called_in_the_morning(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.move(hours=10, seconds=-10)
    office.ring(then=9)
    claim = claiming.claim_page

    def slowly(*arguments: object) -> object:
        claimed = claim(*arguments)
        office.move(seconds=1)
        return claimed

    monkeypatch.setattr(claiming, "claim_page", slowly)
    assert office.called() == []
    monkeypatch.setattr(claiming, "claim_page", claim)
    assert office.texts() == ["नमस्ते! बिहान आठ बजेपछि हामी फोन गर्छौँ।"]
    office.move(hours=12)
    assert len(office.called()) == 1


def test_who_rang_at_night_is_called_in_the_morning_in_order_and_at_the_pace_of_the_number(office_of, database_url: str) -> None:
    office = office_of(database_url, GATEWAY_CALLS_PER_SECOND="50")
    office.move(hours=12)
    numbers = [f"+9779841000{number:03}" for number in range(120)]
    for number in numbers:
        office.ring(number, then=1)
    assert office.called() == []
    office.move(hours=9, minutes=58)
    called = [sent.to for sent in office.called()]
    assert sorted(called) == numbers
    assert max(abs(numbers.index(number) - place) for place, number in enumerate(called)) < AT_ONCE
    begun = [sent.at for sent in office.twilio.ledger if sent.kind == "call"]
    assert max(begun) - min(begun) > 1  # 120 at 50 a second


# --- whom not ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+266696687", "withheld"),
        ("anonymous", "withheld"),
        ("+919812345678", "barred"),  # another country
        ("+881612345678", "barred"),  # satellite
        ("+97716600122222", "barred"),  # toll-free: nobody rings from there
        ("+12423651234", "barred"),  # where one ring costs dear
    ],
)
def test_numbers_that_are_never_called(on_sqlite: Office, number: str, why: str) -> None:
    on_sqlite.ring(number)
    assert (on_sqlite.called(), on_sqlite.rings()) == ([], {why: 1})
    assert on_sqlite.here.rows("SELECT count(*) FROM call_backs") == [(0,)]


def test_our_own_numbers_are_never_called(office_of, sqlite_url, tmp_path) -> None:
    """Two of them that call back would call each other for ever, and so would a number that is put through to one of them."""
    office = written(office_of, sqlite_url, tmp_path)
    for number in ("+97714000000", "+97714000001"):
        office.ring(number)
    assert (office.called(), office.rings()) == ([], {"ours": 2})


def test_who_said_stop_is_not_rung_though_somebody_rings_in_her_name(office: Office) -> None:
    office.phone(SITA).text("STOP")
    office.ring()
    assert (office.called(), office.texts(), office.rings()) == ([], [], {"stopped": 1})


def test_stop_after_the_ring_takes_the_call_back(office: Office) -> None:
    office.ring()
    with office.here.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE phones SET stopped_at = CURRENT_TIMESTAMP")
    assert office.called() == []
    office.work()
    assert office.here.rows("SELECT outcome FROM call_backs") == [("dropped",)]


def test_a_number_is_called_back_five_times_a_day(office: Office) -> None:
    for _ in range(7):
        office.ring()
        if len(office.called()) > len(office.here.rows("SELECT id FROM call_backs WHERE ended_at IS NOT NULL")):
            office.answered(office.called()[-1])
        office.move(minutes=1)
    assert (len(office.called()), office.rings()) == (5, {"called": 5, "cap-number": 2})
    office.move(days=1)
    office.ring()
    assert len(office.called()) == 6


CHANNELS = """
providers:
  twilio: {{kind: twilio, account_sid: "{sid}", auth_token: "{token}", api_base_url: "{url}"}}
channels:
  main: {{provider: twilio, number: "+97714000000", missed_calls: true, calls_per_second: 1000, calls_back: {{{caps}}}}}
  other: {{provider: twilio, number: "+97714000001", calls_per_second: 1000}}
routes: [{routes}]
"""


def written(office_of: Callable[..., Office], database_url: str, tmp_path: object, caps: str = "", routes: str = "") -> Office:
    office = office_of(database_url)
    said = {"sid": office.twilio.account_sid, "token": office.twilio.auth_token, "url": office.twilio.url}
    (tmp_path / "channels.yaml").write_text(CHANNELS.format(**said, caps=caps, routes=routes), encoding="utf-8")
    office.here.restart()
    installation.prepare(office.here.gateway)
    return office


def test_caps_hold_for_numbers_that_begin_alike_and_for_the_channel(office_of, database_url, tmp_path) -> None:
    office = written(office_of, database_url, tmp_path, caps="per_prefix: 3, per_day: 5")
    for number in range(4):
        office.ring(f"+97798410000{number:02}")
    for number in range(4):
        office.ring(f"+97798510000{number:02}")
    assert Counter(sent.to[4:8] for sent in office.called()) == {"9841": 3, "9851": 2}
    assert office.rings() == {"called": 5, "cap-prefix": 1, "cap-day": 2}
    office.move(hours=1, seconds=1)
    office.ring("+9779861000001")
    assert office.rings()["cap-day"] == 3
    office.move(days=1)
    office.ring("+9779861000001")
    assert office.called()[-1].to == "+9779861000001"


def test_caps_hold_for_rings_at_the_same_moment(office_of, database_url, tmp_path) -> None:
    office = written(office_of, database_url, tmp_path, caps="per_prefix: 5")
    start = threading.Barrier(10)

    def ring(first: int) -> None:
        start.wait()
        for number in range(first, 50, 10):
            came(office, f"event-{number}", number=f"+97798410000{number:02}")

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(ring, range(10)))
    assert office.rings() == {"called": 5, "cap-prefix": 45}
    office.move(seconds=5)
    assert len(office.called()) == 5


def test_an_organisation_may_call_back_to_another_country(office_of, sqlite_url, tmp_path) -> None:
    office = written(office_of, sqlite_url, tmp_path, caps="countries: [NP, IN]")
    office.ring("+919812345678")
    assert [sent.to for sent in office.called()] == ["+919812345678"]


@pytest.mark.parametrize(
    ("routes", "sender"),
    [
        ("", "+97714000000"),
        ("{medium: voice, channels: [other, main]}", "+97714000001"),
        ("{medium: voice, purpose: call_back, channels: [other]}, {medium: voice, channels: [main]}", "+97714000001"),
        ("{medium: voice, purpose: broadcast, channels: [other]}, {medium: voice, channels: [main]}", "+97714000000"),
    ],
)
def test_she_is_called_over_the_route_for_calls_back(office_of, sqlite_url, tmp_path, routes: str, sender: str) -> None:
    office = written(office_of, sqlite_url, tmp_path, routes=routes)
    office.ring()
    [sent] = office.called()
    assert sent.sender == sender
    call = Phone(
        BASE_URL, office.twilio.account_sid, office.twilio.auth_token, SITA, sender, **through(office.here.client, BASE_URL)
    ).pick_up(int(sent.url.rsplit("/", 1)[1]), sid=sent.sid)
    assert "main_menu" in " ".join(call.heard)


def test_what_is_refused_is_logged_without_the_number(on_sqlite: Office, capsys: pytest.CaptureFixture[str]) -> None:
    on_sqlite.ring("+919812345678")
    assert "9812345678" not in "".join(capsys.readouterr())


# --- again, as a person would ------------------------------------------------------------------------------------------------------


def test_who_does_not_pick_up_is_called_after_two_minutes_then_fifteen_then_written_to(office: Office) -> None:
    office.ring()
    for wait in (2, 15):
        office.not_answered(office.called()[-1])
        before = len(office.called())
        office.move(minutes=wait, seconds=-1)
        assert len(office.called()) == before
        office.move(seconds=1)
        assert len(office.called()) == before + 1
    office.not_answered(office.called()[-1])
    assert office.texts() == ["नमस्ते! हामीले फोन गर्‍यौँ, उठेन। फेरि घण्टी दिनुहोस्, पैसा लाग्दैन।"]
    office.move(hours=2)
    assert (len(office.called()), len(office.texts())) == (3, 1)
    assert office.here.rows("SELECT outcome FROM call_backs") == [("missed",)]
    office.ring()
    assert len(office.called()) == 4


def test_who_is_busy_is_called_after_half_a_minute_then_two(office: Office) -> None:
    """A phone tells of a ring as it begins: who lets it ring to its end is called within a minute all the same."""
    office.ring()
    for wait in (30, 120):
        office.not_answered(office.called()[-1], "busy")
        before = len(office.called())
        office.move(seconds=wait - 1)
        assert len(office.called()) == before
        office.move(seconds=1)
        assert len(office.called()) == before + 1


def test_a_machine_is_nobody(office: Office) -> None:
    office.ring()
    sent = office.called()[-1]
    office.report(sent, "in-progress", AnsweredBy="machine_start")
    office.report(sent, "completed", CallDuration="4")
    office.move(minutes=2)
    assert len(office.called()) == 2


def test_a_machine_of_which_we_hear_after_the_end_is_nobody_either(office: Office) -> None:
    office.ring()
    sent = office.called()[-1]
    office.pick_up(sent)
    office.report(sent, "completed", CallDuration="4")
    assert office.here.rows("SELECT outcome FROM call_backs") == [("answered",)]
    for _ in range(2):
        office.report(sent, "in-progress", AnsweredBy="machine_start")
    office.move(minutes=2)
    assert len(office.called()) == 2
    office.answered(office.called()[-1])
    office.report(sent, "in-progress", AnsweredBy="machine_start")  # told again when somebody has picked up
    office.move(minutes=20)
    assert len(office.called()) == 2
    assert office.here.rows("SELECT outcome FROM call_backs") == [("answered",)]


def test_a_machine_told_after_she_rang_again_calls_her_no_third_time(on_sqlite: Office) -> None:
    on_sqlite.ring()
    first = on_sqlite.called()[-1]
    on_sqlite.answered(first)
    on_sqlite.move(minutes=1)
    on_sqlite.ring()
    on_sqlite.answered(on_sqlite.called()[-1])
    on_sqlite.report(first, "in-progress", AnsweredBy="machine_start")
    on_sqlite.move(minutes=20)
    assert len(on_sqlite.called()) == 2


def test_a_try_that_would_fall_into_the_night_waits_for_the_morning(office: Office) -> None:
    office.move(hours=9, minutes=59)
    office.ring()
    office.not_answered(office.called()[-1])
    assert office.texts() == ["नमस्ते! बिहान आठ बजेपछि हामी फोन गर्छौँ।"]
    office.move(hours=11)
    assert len(office.called()) == 1
    office.move(hours=1, minutes=2)
    assert len(office.called()) == 2


def test_reports_twice_and_in_another_order_lead_to_one_more_try(office: Office) -> None:
    office.ring()
    sent = office.called()[-1]
    for status in ("no-answer", "ringing", "no-answer", "initiated"):
        office.report(sent, status)
        office.work()
    office.move(minutes=2)
    assert len(office.called()) == 2


def test_a_wrong_number_is_called_once(office: Office) -> None:
    office.twilio.faults = {"21211": 1.0}
    office.ring()
    office.work()
    office.work()
    assert office.here.rows("SELECT state FROM deliveries WHERE call_back_id IS NOT NULL") == [("failed",)]
    assert office.here.rows("SELECT outcome FROM call_backs") == [("failed",)]
    assert (office.texts(), office.here.rows(TO_CALL)) == ([], [])


def test_whom_no_way_of_ours_takes_a_person_calls_and_she_is_told_so_once(office: Office) -> None:
    office.twilio.faults = {"21215": 1.0}  # our account may not call there
    office.ring()
    office.work()
    office.twilio.faults = {}
    office.work()
    assert office.here.rows("SELECT outcome FROM call_backs") == [("failed",)]
    assert office.texts() == ["नमस्ते! दिदीले तपाईंलाई फोन गर्नुहुन्छ।"]
    office.twilio.faults = {"21215": 1.0}
    office.move(minutes=11)
    office.ring()
    office.work()
    office.twilio.faults = {}
    office.work()
    assert office.here.rows("SELECT count(*) FROM call_backs") == [(2,)]
    assert len(office.texts()) == 1
    assert office.here.rows(TO_CALL) == [("main", SITA)]
    [task] = [task for task in tasks.list_open(office.here.gateway, MAIN) if task.kind == "call_back"]
    assert task.phone == SITA
    assert task.member is not None


def test_a_task_at_another_organisation_is_none_of_this_one(office: Office) -> None:
    with office.here.gateway.database.write() as db:
        db.exec_driver_sql("INSERT INTO organisations (id, name) VALUES ('other', 'Another')")
        phone_id = phones.find_or_create(db, office.here.gateway.seal, SITA, office.here.clock.at)
        stored_tasks.open_task(db, NewTask("theirs", "other", "call_back", phone_id), office.here.clock.at)
    office.twilio.faults = {"21215": 1.0}
    office.ring()
    office.work()
    office.work()
    assert sorted(office.here.rows(TO_CALL)) == [("main", SITA), ("other", SITA)]


def test_an_old_ring_that_is_told_after_we_tried_in_vain_is_no_new_one(office: Office) -> None:
    office.ring()
    for wait in (2, 15, 0):
        office.not_answered(office.called()[-1])
        office.move(minutes=wait)
    assert office.here.rows("SELECT outcome FROM call_backs") == [("missed",)]
    came(office, "event-1", timedelta(minutes=3))  # between our second call and our third
    office.move(seconds=5)
    assert len(office.called()) == 3


def test_a_call_of_whose_end_nobody_told_is_asked_about(office: Office) -> None:
    office.ring()
    [sent] = office.called()
    office.twilio.statuses[sent.sid] = "no-answer"
    office.move(hours=1, minutes=1)
    office.work()
    office.move(minutes=2)
    office.work()
    assert len(office.called()) == 2


# --- nothing is lost ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("point", "done"), [("claim_page", True), ("fence", False), ("record", False), ("record", True)])
def test_a_worker_that_dies_at_any_point_loses_and_doubles_nobody(office: Office, point: str, done: bool) -> None:
    office.ring()
    work = getattr(claiming, point)

    class Killed(BaseException):
        pass

    def die(*arguments: object) -> None:
        if done:
            work(*arguments)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claiming, point, die)
        with suppress(Killed, BaseExceptionGroup):
            office.work()
    for _ in range(3):
        office.move(seconds=31)
        office.work()
    office.move(seconds=61)
    office.work()
    assert [sent.to for sent in office.called()] == [SITA]
    sure = point == "claim_page"  # it was not kept that it may have gone out, since it was not
    assert [bool(ever) for (ever,) in office.here.rows("SELECT ever_unknown FROM deliveries")] == [not sure]


def test_a_call_that_was_taken_without_our_hearing_of_it_is_found_and_not_repeated(office: Office) -> None:
    office.twilio.faults = {"reset_after": 1.0}
    office.ring()
    office.work()
    office.twilio.faults = {}
    office.move(seconds=61)
    office.work()
    assert len(office.called()) == 1


def test_a_provider_that_is_away_is_waited_for(office: Office) -> None:
    office.twilio.faults = {"throttled": 1.0}
    office.ring()
    office.work()
    office.twilio.faults = {}
    office.move(seconds=30)
    assert len(office.called()) == 1


def test_who_could_not_be_called_for_a_day_is_called_by_a_person(office: Office) -> None:
    office.move(hours=9)  # 19:00
    office.ring()
    office.move(days=1, hours=3)
    assert office.called() == []
    office.work()
    assert office.here.rows("SELECT outcome FROM call_backs") == [("dropped",)]
    assert office.here.rows(TO_CALL) == [("main", SITA)]
    assert office.texts() == []  # not at night
    office.move(hours=10)
    assert office.texts() == ["नमस्ते! दिदीले तपाईंलाई फोन गर्नुहुन्छ।"]


def test_what_goes_wrong_here_answers_no_ring_for_which_she_would_pay(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_arguments: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(receive, "call", breaks)
        office.ring()
    assert office.called() == []


def test_a_ring_for_which_the_provider_falls_back_is_taken_and_rejected(office: Office) -> None:
    sid = f"CA{uuid.uuid4().hex}"
    form = {"CallSid": sid, "CallStatus": "ringing", "From": SITA, "To": "+97714000000", "Direction": "inbound", "ErrorCode": "11205"}
    for _ in range(2):
        assert office.phone(SITA).send("/twilio/fallback", form) == REJECTED
    office.ring(sid=sid)
    assert len(office.called()) == 1
    assert office.rings() == {"called": 1}


def test_after_a_crash_of_everything_she_is_called(office: Office) -> None:
    office.ring()
    office.here.restart()
    assert len(office.called()) == 1


# --- other ways to ask -------------------------------------------------------------------------------------------------------------


def came(office: Office, name: str, at: timedelta = timedelta(0), number: str = SITA) -> None:
    missed_calls.came(office.here.gateway, "twilio", name, number, "+97714000000", office.here.clock.at - at)


def test_a_phone_that_reports_missed_calls_does_the_same(office: Office) -> None:
    for _ in range(2):
        came(office, "event-1")
    came(office, "event-2")
    office.move(seconds=5)
    assert len(office.called()) == 1
    assert office.rings() == {"called": 1, "repeated": 1}


def test_a_phone_that_was_offline_reports_late(office: Office) -> None:
    came(office, "event-1", timedelta(hours=3))
    assert len(office.called()) == 1
    came(office, "event-2", timedelta(hours=25), STRANGER)
    assert len(office.called()) == 1
    assert office.rings() == {"called": 1, "late": 1}


def test_forty_rings_of_three_hours_told_at_once_in_any_order_are_a_call_to_each(office: Office) -> None:
    numbers = [f"+97798410000{number:02}" for number in range(8)]
    rings = [(numbers[place % 8], timedelta(minutes=180 - 4 * place)) for place in range(40)]
    random.Random(7).shuffle(rings)
    for _ in range(2):  # and told twice
        for place, (number, before) in enumerate(rings):
            came(office, f"event-{place}", before, number)
    assert sorted(sent.to for sent in office.called()) == numbers
    for sent in office.called():
        office.answered(sent)
    came(office, "event-41", timedelta(minutes=3), numbers[0])
    assert len(office.called()) == 8


def test_a_ring_by_day_that_is_told_at_night_is_called_in_the_morning_and_wakes_nobody(office: Office) -> None:
    office.move(hours=17)  # 03:00
    came(office, "event-1", timedelta(hours=8))
    assert (office.called(), office.texts(), office.rings()) == ([], [], {"morning": 1})
    office.move(hours=5)
    assert len(office.called()) == 1


def test_a_ring_in_the_future_is_one_of_now(office: Office) -> None:
    came(office, "event-1", -timedelta(days=2))
    office.move(seconds=5)
    assert len(office.called()) == 1
    office.move(minutes=1)
    came(office, "event-2", -timedelta(days=2))
    assert len(office.called()) == 1


def test_an_old_ring_that_is_told_after_she_was_called_is_no_new_one(office: Office) -> None:
    office.ring()
    office.answered(office.called()[-1])
    came(office, "event-1", timedelta(seconds=20))
    assert len(office.called()) == 1


def test_a_number_that_does_not_call_back_ignores_missed_calls(here: Installation) -> None:
    missed_calls.came(here.gateway, "twilio", "event-1", SITA, "+97714000000", here.clock.at)
    assert here.rows("SELECT count(*) FROM call_backs") == [(0,)]


def test_call_me_by_text_is_the_same_as_a_ring(office: Office) -> None:
    assert office.phone(SITA).text("call me") == ["Hunchha, ekchhin ma phone garchhau."]
    office.ring()
    assert len(office.called()) == 1
    assert office.here.rows("SELECT count(*) FROM tasks WHERE kind = 'call_back'") == [(0,)]
    assert office.rings() == {"called": 1, "repeated": 1}


def test_call_me_by_night_says_when(office: Office) -> None:
    office.move(hours=12)
    assert office.phone(SITA).text("call me") == ["Namaste! Bihana 8 baje pachhi hami phone garchhau."]
    assert office.texts() == []
    office.move(hours=10)
    assert len(office.called()) == 1


def test_call_me_beyond_the_caps_or_where_nobody_is_called_back_is_for_a_person(office_of, installation_of, sqlite_url, tmp_path) -> None:
    office = written(office_of, sqlite_url, tmp_path, caps="per_number: 0")
    assert office.phone(SITA).text("call me") == ["Hunchha, hami tapailai phone garchhau."]
    assert office.called() == []
    assert office.here.rows("SELECT count(*) FROM tasks WHERE kind = 'call_back'") == [(1,)]


def test_call_me_when_a_cap_is_reached_in_the_same_moment_is_for_a_person(office_of, sqlite_url, tmp_path, monkeypatch) -> None:
    office = written(office_of, sqlite_url, tmp_path, caps="per_number: 0")
    monkeypatch.setattr(missed_calls, "would", lambda *_: "called")
    assert office.phone(SITA).text("call me") == ["Hunchha, ekchhin ma phone garchhau."]
    assert (office.called(), office.here.rows(TO_CALL)) == ([], [("main", SITA)])


def test_it_can_be_tried_out_in_the_terminal(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in office.here.environ.items():
        monkeypatch.setenv(name, value)
    runner = CliRunner()
    monkeypatch.setattr("gateway.bootstrap.from_environment", lambda _environ: office.here.gateway)
    said = runner.invoke(main, ["call", "--missed", SITA])
    assert said.output == "  [you ring and hang up: called back]\n  [it rings within ten seconds: answer with --pick-up]\n"
    assert "called back" in runner.invoke(main, ["rings"]).output


def test_it_cannot_be_tried_out_where_nobody_is_called_back(here: Installation) -> None:
    with pytest.raises(GatewayError, match="missed_calls: true"):
        missed_calls.try_out(here.gateway, SITA)
