"""She rings and hangs up, and is called back: over HTTP and signed, with a fake Twilio that keeps a ledger of our calls."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
from calls.conftest import BASE_URL, Installation
from click.testing import CliRunner
from fakes.phone import Call, Phone, through
from fakes.told import a_broadcast, deliver
from fakes.twilio import FakeTwilio, Sent

from gateway.cli import main
from gateway.errors import GatewayError
from gateway.services import installation, missed_calls, send, track
from gateway.services.access import terminal
from gateway.store import claiming, deliveries
from gateway.store.deliveries import NewReply
from gateway.web.app import create_app

SITA, STRANGER, LANDLINE = "+9779720000001", "+9779841000009", "+97714112233"
MAIN = terminal("main")
AT_ONCE = 20  # calls of one page
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
            if hasattr(job, "delivery_id"):
                send.send_reply(self.here.gateway, job.delivery_id)

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


def test_a_ring_after_her_call_was_answered_and_ended_counts_anew(office: Office) -> None:
    office.ring()
    office.answered(office.called()[-1])
    office.move(seconds=5)
    office.ring()
    assert len(office.called()) == 2


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


def test_a_text_does_not_wait_until_many_are_called_back(office_of: Callable[..., Office], sqlite_url: str) -> None:
    office = office_of(sqlite_url, GATEWAY_CALLS_PER_SECOND="5")
    for number in range(8):
        office.ring(f"+97798410000{number:02}")
    with office.here.gateway.database.write() as db:
        reply = NewReply("main", 1, None, "ne", "दाबी पुग्यो।")
        row = deliveries.owe_reply(db, office.here.gateway.seal, reply, office.here.clock.at)
    send.send_reply(office.here.gateway, row)
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


def test_who_is_busy_is_called_after_two_minutes_each_time(office: Office) -> None:
    office.ring()
    for _ in range(2):
        office.not_answered(office.called()[-1], "busy")
        office.move(minutes=2)
    assert len(office.called()) == 3


def test_a_machine_is_nobody(office: Office) -> None:
    office.ring()
    sent = office.called()[-1]
    office.report(sent, "in-progress", AnsweredBy="machine_start")
    office.report(sent, "completed", CallDuration="4")
    office.move(minutes=2)
    assert len(office.called()) == 2


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
    assert office.texts() == []


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


def test_who_could_not_be_called_for_a_day_is_not_called_the_day_after(office: Office) -> None:
    office.ring()
    office.move(days=1, hours=1)
    assert office.called() == []
    office.work()
    assert office.here.rows("SELECT outcome FROM call_backs") == [("dropped",)]


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


def test_it_can_be_tried_out_in_the_terminal(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in office.here.environ.items():
        monkeypatch.setenv(name, value)
    runner = CliRunner()
    monkeypatch.setattr("gateway.bootstrap.from_environment", lambda _environ: office.here.gateway)
    said = runner.invoke(main, ["call", "--missed", SITA])
    assert said.output == "  [you ring and hang up: called back]\n"
    assert "called back" in runner.invoke(main, ["rings"]).output


def test_it_cannot_be_tried_out_where_nobody_is_called_back(here: Installation) -> None:
    with pytest.raises(GatewayError, match="missed_calls: true"):
        missed_calls.try_out(here.gateway, SITA)
