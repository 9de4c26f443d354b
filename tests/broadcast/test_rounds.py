"""Whole broadcasts by voice, try after try: with a fake provider and a clock that is moved. On SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fakes.outbound import NOON, People, World, started, state_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from gateway.core import tries
from gateway.core.calendar import NEPAL
from gateway.core.jobs import EndCall
from gateway.errors import GatewayError
from gateway.providers.base import StatusReport
from gateway.providers.faults import SendError, SendFault
from gateway.services import broadcast, charges, rounds, send, track
from gateway.services.access import terminal
from gateway.services.broadcast import Draft
from gateway.store import claiming, models
from gateway.store import rounds as kept
from gateway.store.claiming import Claim

MAIN = terminal("main")
PHRASES = {
    "meeting_word": {"ne": "बैठक", "en": "meeting"},
    "heads_up": {"ne": "फोन गर्छौँ।", "ne_latn": "Phone garchhau.", "en": "We will ring you."},
}
TEXTS = {"ne": "भोलि बैठक छ।", "ne_latn": "Bholi baithak chha.", "en": "Meeting tomorrow."}
COLUMNS = ("round", "medium", "state", "latest")


@pytest.fixture
def here(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    catalogue = SimpleNamespace(phrases=PHRASES, languages=("ne", "en"))
    monkeypatch.setattr(world.gateway.flows, "catalogue", catalogue)
    monkeypatch.setattr("gateway.services.broadcast.content._minutes", lambda *_: {"ne": 1, "en": 1})
    return world


@dataclass
class Told:
    """A broadcast that is on its way, and what becomes of its calls and texts."""

    world: World
    id: str

    def rows(self, member: int = 1, *columns: str) -> list[tuple[object, ...]]:
        deliveries = models.deliveries.c
        query = select(*(deliveries[name] for name in columns or COLUMNS)).where(
            deliveries.broadcast_id == self.id, deliveries.member_id == f"m{member:08}"
        )
        with self.world.database.read() as db:
            return [tuple(row) for row in db.execute(query.order_by(deliveries.round))]

    def due(self, member: int = 1) -> str:
        """When her latest try is due, in Nepal."""
        at = self.rows(member, "not_before")[-1][0]
        assert isinstance(at, datetime)
        return f"{at.astimezone(NEPAL):%d. %H:%M}"

    def send(self) -> None:
        """Send what is due, as a worker would: each row is accepted by the provider."""
        send.run_batch(self.world.gateway, self.id)

    def go_to(self, member: int = 1) -> None:
        """Move the clock to when her latest try is due, and send it."""
        at = self.rows(member, "not_before")[-1][0]
        if isinstance(at, datetime):
            self.world.clock.now = max(self.world.clock.now, at)
        self.send()

    def ends(self, status: str, member: int = 1, **more: object) -> None:
        """The provider reports how her latest try ended."""
        row, external_id = self.rows(member, "id", "external_id")[-1]
        assert isinstance(row, int)
        assert isinstance(external_id, str)
        track.report(self.world.gateway, row, StatusReport("twilio", external_id, status, **more))

    @property
    def state(self) -> str:
        return state_of(self.world, self.id)

    def sweep(self) -> None:
        track.sweep(self.world.gateway)


def begun(world: World, medium: str = "voice", first: str = "voice", **changes: Any) -> Told:
    """A broadcast whose first deliveries are written: those of `preferred` by `first`, which every member prefers."""
    if medium == "preferred":
        with world.database.write() as db:
            db.execute(update(models.members).values(preferred_medium=first))
    texts = TEXTS if medium != "voice" else {}
    draft = Draft("t", texts, phrase="meeting_word" if medium != "sms" else None, medium=medium)
    return Told(world, started(world, replace(draft, **changes)))


# --- calls -------------------------------------------------------------------------------------------------------------------------


def test_three_calls_at_three_hours_and_then_it_is_over(here: World, people: People) -> None:
    people(1)
    told = begun(here)
    told.send()
    here.clock.tick(90)
    told.ends("ringing")
    here.clock.tick(30)
    told.ends("no-answer")
    assert told.rows() == [(1, "voice", "undelivered", False), (2, "voice", "queued", True)]
    assert told.due() == "15. 14:01", "two hours after it rang, not after we asked for it"
    told.sweep()
    assert told.state == "sending", "there is more to come"
    told.go_to()
    told.ends("no-answer")
    assert told.due() == "16. 18:01", "the next day, at another part of the day"
    told.go_to()
    told.ends("no-answer")
    assert [row[3] for row in told.rows()] == [False, False, True]
    told.sweep()
    assert told.state == "finished"
    assert len(here.twilio.ledger) == 3
    assert told.rows(1, "price") == [(200,)] * 3
    counts = broadcast.status(here.gateway, MAIN, told.id).counts
    assert (counts.states, counts.open) == ({"undelivered": 1}, 0)


def test_a_busy_phone_is_rung_again_in_minutes_and_then_at_another_hour(here: World, people: People) -> None:
    people(1)
    told = begun(here)
    told.send()
    told.ends("busy")
    assert told.due() == "15. 12:10"
    told.go_to()
    told.ends("busy")
    assert told.due() == "16. 18:10"


@pytest.mark.parametrize("order", [("machine", "completed"), ("completed", "machine")])
def test_a_machine_that_answers_has_not_heard_it(here: World, people: People, order: Sequence[str]) -> None:
    people(1)
    told = begun(here)
    told.send()
    row, sid = told.rows(1, "id", "external_id")[0]
    for each in order:
        report = {
            "machine": StatusReport("twilio", str(sid), "answered", answered_by="machine"),
            "completed": StatusReport("twilio", str(sid), "completed", seconds=41),
        }[each]
        track.report(here.gateway, row, report)
    told.sweep()
    assert told.rows(1, *COLUMNS, "answered_by") == [(1, "voice", "delivered", False, "machine"), (2, "voice", "queued", True, None)]


@pytest.mark.parametrize(("seconds", "again"), [(0, True), (9, True), (10, False), (None, False)])
def test_who_hung_up_at_once_is_rung_again(here: World, people: People, seconds: int | None, again: bool) -> None:
    people(1)
    told = begun(here)
    told.send()
    told.ends("completed", seconds=seconds)
    told.sweep()
    assert (len(told.rows()), told.state) == ((2, "sending") if again else (1, "finished"))


def test_who_answered_at_once_has_heard_enough(here: World, people: People) -> None:
    people(1)
    told = begun(here)
    told.send()
    with here.database.write() as db:
        db.execute(update(models.deliveries).values(answered_at=here.clock.now))
    told.ends("completed", seconds=3)
    assert len(told.rows()) == 1


def test_a_late_word_about_a_machine_opens_the_broadcast_again(here: World, people: People) -> None:
    people(1)
    told = begun(here)
    told.send()
    told.ends("completed", seconds=41)
    told.sweep()
    assert told.state == "finished"
    told.ends("answered", answered_by="machine")
    told.sweep()
    assert (told.state, len(told.rows())) == ("sending", 2)


def test_a_wrong_number_is_not_tried_again(here: World, people: People) -> None:
    people(1)
    told = begun(here, "preferred")
    told.send()
    form = {"CallSid": str(told.rows(1, "external_id")[0][0]), "CallStatus": "failed", "ErrorCode": "13227"}
    track.report(here.gateway, 1, here.gateway.providers["twilio"].parse_status("voice", form))
    told.sweep()
    assert told.rows(1, "state", "error") == [("failed", "send:bad-number 13227")]
    assert told.state == "finished"


@pytest.mark.parametrize("twilio_options", [{"numbers": {"+9779800000001": ["error_after"]}}])
def test_an_unknown_call_that_was_made_after_all_goes_on_from_there(here: World, people: People) -> None:
    people(1)
    told = begun(here)
    told.send()
    assert told.rows(1, "state") == [("unknown",)]
    rounds.follow(here.gateway)
    here.twilio.statuses[here.twilio.ledger[0].sid] = "no-answer"
    here.clock.tick(61)
    told.sweep()
    assert told.rows() == [(1, "voice", "undelivered", False), (2, "voice", "queued", True)]


# --- the other way -----------------------------------------------------------------------------------------------------------------


def test_a_text_that_does_not_arrive_is_followed_by_calls_and_never_by_a_text(here: World, people: People) -> None:
    people(1)
    told = begun(here, "preferred", first="sms", tries=2)
    told.send()
    told.ends("undelivered")
    assert (told.rows(), told.due()) == ([(1, "sms", "undelivered", False), (2, "voice", "queued", True)], "15. 12:00")
    for _ in range(2):
        told.go_to()
        told.ends("no-answer")
    told.sweep()
    assert [row[1] for row in told.rows()] == ["sms", "voice", "voice"]
    assert told.state == "finished"


def test_after_three_calls_in_vain_a_text_goes_out_in_her_script(here: World, people: People) -> None:
    people(1, script="romanised")
    told = begun(here, "preferred")
    told.send()
    for _ in range(3):
        told.ends("no-answer")
        told.go_to()
    assert told.rows(1, "medium", "language", "price")[-1] == ("sms", "ne_latn", 140)
    assert here.twilio.ledger[-1].body == TEXTS["ne_latn"]
    told.ends("undelivered")
    told.sweep()
    assert (len(told.rows()), told.state) == (4, "finished")


def test_where_there_is_no_text_for_her_nothing_follows_the_calls(here: World, people: People) -> None:
    people(1)
    told = begun(here, "preferred", tries=1, texts={"en": "Meeting."})
    told.send()
    told.ends("no-answer")
    told.sweep()
    assert (len(told.rows()), told.state) == (1, "finished")


def test_a_text_is_not_sent_again_where_texts_are_all_there_is(here: World, people: People) -> None:
    people(1)
    told = begun(here, "sms")
    told.send()
    told.ends("undelivered")
    told.sweep()
    assert (len(told.rows()), told.state) == (1, "finished")


# --- when nothing follows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("phones", {"stopped_at": NOON}),
        ("phones", {"sealed": None, "blind_index": None}),
        ("members", {"state": "left"}),
        ("members", {"consented_at": None}),
        ("member_phones", {"stale_at": NOON}),
    ],
)
def test_nothing_follows_for_who_can_not_be_reached_any_more(here: World, people: People, table: str, changes: dict[str, object]) -> None:
    people(1)
    told = begun(here)
    told.send()
    with here.database.write() as db:
        db.execute(update(getattr(models, table)).values(**changes))
    told.ends("no-answer")
    told.sweep()
    assert told.rows(1, "state", "latest", "settled") == [("undelivered", True, True)]
    assert told.state == "finished"


def test_stop_between_two_tries_keeps_the_second_from_going_out(here: World, people: People) -> None:
    people(1)
    told = begun(here)
    told.send()
    told.ends("no-answer")
    with here.database.write() as db:
        db.execute(update(models.phones).values(stopped_at=here.clock.now))
    told.go_to()
    told.sweep()
    assert told.rows(1, "state", "error") == [("undelivered", "no-answer"), ("suppressed", "send:stopped")]
    assert (len(here.twilio.ledger), told.state) == (1, "finished")


def test_a_cancelled_broadcast_is_over_and_a_paused_one_waits(here: World, people: People) -> None:
    people(1)
    cancelled, paused = begun(here, gap_hours=0), begun(here, gap_hours=0)
    for each in (cancelled, paused):
        here.clock.tick(240)  # a phone has some minutes between two calls
        each.send()
    broadcast.cancel(here.gateway, MAIN, cancelled.id)
    broadcast.pause(here.gateway, MAIN, paused.id)
    for each in (cancelled, paused):
        each.ends("no-answer")
        each.sweep()
    assert (cancelled.rows(1, "settled"), paused.rows(1, "settled")) == ([(True,)], [(False,)])
    here.clock.tick(3 * 3600)
    broadcast.resume(here.gateway, MAIN, paused.id)
    paused.sweep()
    assert (len(cancelled.rows()), len(paused.rows()), paused.due()) == (1, 2, "15. 15:08")


def test_what_is_pointless_is_not_sent(here: World, people: People) -> None:
    people(2)
    told = begun(here, "preferred", expires_at=NOON + timedelta(hours=3))
    told.send()
    told.ends("no-answer")
    assert told.due() == "15. 14:00"
    here.clock.tick(2.5 * 3600)
    told.ends("no-answer", 2)
    assert told.rows(2, "medium")[-1] == ("sms",), "there is no time for a call, but for a text"
    here.clock.tick(1800)
    told.sweep()
    expired = ("suppressed", "broadcast:expired")
    assert [told.rows(member, "state", "error")[-1] for member in (1, 2)] == [expired, expired]
    assert told.state == "finished"


# --- hours -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rang", "best", "rest", "due"),
    [
        ((14, 14), None, (), "16. 11:59"),  # it rang at 19:59 in Nepal
        ((10, 30), None, (), "15. 18:15"),
        ((11, 15), None, (), "16. 11:00"),
        ((11, 15), None, ("2026-01-16", "2026-01-17"), "18. 11:00"),
        ((6, 15), 8, (), "16. 08:00"),
        ((6, 15), 18, (), "15. 18:00"),
        ((2, 30), None, (), "15. 11:15"),
    ],
)
def test_the_next_call_keeps_to_the_hours(rang: tuple[int, int], best: int | None, rest: Sequence[str], due: str) -> None:
    at = datetime(2026, 1, 15, *rang, tzinfo=UTC)
    hours = tries.Hours(best, frozenset(map(date.fromisoformat, rest)))
    assert f"{tries.again([at], at, hours):%d. %H:%M}" == due


def test_her_own_hour_and_the_days_of_rest_are_looked_up(here: World, people: People) -> None:
    people(1, best_hour=17)
    people(1)
    told = begun(here)
    told.send()
    with here.database.write() as db:
        db.execute(insert(models.rest_days), {"organisation_id": "main", "day": "2026-01-15", "title": "Maghe Sankranti"})
    for member in (1, 2):
        told.ends("no-answer", member)
    assert (told.due(1), told.due(2)) == ("16. 17:00", "16. 18:00")


def test_where_lives_depend_on_it_night_and_rest_days_do_not_count(here: World, people: People) -> None:
    people(1)
    here.clock.now = datetime(2026, 1, 15, 17, 0, tzinfo=UTC)
    told = begun(here, life_safety_by="the chair")
    told.send()
    told.ends("no-answer")
    assert told.due() == "15. 23:45"


# --- the text before the call ------------------------------------------------------------------------------------------------------


def test_a_text_goes_before_the_call_and_the_call_waits_for_it(here: World, people: People, monkeypatch) -> None:
    people(1)
    people(1, script="romanised")
    told = begun(here, heads_up=True)
    assert [row[:3] for row in told.rows()] == [(0, "sms", "queued"), (1, "voice", "queued")]
    assert told.rows(2, "language", "price")[0] == ("ne_latn", 140)
    told.sweep()
    assert told.rows(1, "not_before")[1] == (kept.UNTIL_TOLD,)
    with here.database.write() as db:
        texts = models.deliveries.c.round == 0
        db.execute(update(models.deliveries).where(texts).values(state="accepted", updated_at=here.clock.now))
    here.clock.tick(5)
    told.sweep()
    assert told.due() == "15. 12:10"
    told.go_to()
    told.ends("completed", seconds=40)
    told.ends("completed", 2, seconds=40)
    told.sweep()
    assert told.state == "finished"
    assert broadcast.status(here.gateway, MAIN, told.id).counts.states == {"delivered": 2}


def test_the_texts_are_written_with_the_calls_batch_by_batch(here: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people(7)
    monkeypatch.setattr("gateway.services.broadcast.expanding.FIRST_BATCH", 2)
    monkeypatch.setattr("gateway.services.broadcast.expanding.MEMBERS_EXPANDED", 3)
    with here.database.write() as db:
        db.execute(update(models.phones).where(models.phones.c.id == 3).values(operator="line"))
    told = Told(here, broadcast.create(here.gateway, MAIN, Draft("m", phrase="meeting_word", heads_up=True)))
    broadcast.approve(here.gateway, MAIN, told.id)
    broadcast.expand(here.gateway, told.id)
    assert [len(told.rows(member)) for member in range(1, 8)] == [2, 2, 1, 2, 2, 2, 2]
    assert told.rows(3, "not_before") == [(None,)], "a line takes no texts, so its call waits for none"


# --- machines ----------------------------------------------------------------------------------------------------------------------


def test_a_call_that_a_machine_answered_is_ended(here: World, people: People) -> None:
    people(1)
    told = begun(here)
    told.send()
    told.ends("answered", answered_by="human")
    assert EndCall(1) not in here.rung
    told.ends("answered", answered_by="machine")
    assert EndCall(1) in here.rung
    track.end_call(here.gateway, 1)
    assert here.twilio.ended == [here.twilio.ledger[0].sid]
    track.end_call(here.gateway, 1)  # it is over, says the provider
    told.ends("completed", seconds=8, answered_by="machine")
    track.end_call(here.gateway, 1)
    track.end_call(here.gateway, 99)
    assert len(here.twilio.ended) == 1
    assert told.rows()[1] == (2, "voice", "queued", True)


CALL = [
    ("ringing", {}),
    ("answered", {}),
    ("answered", {"answered_by": "machine"}),
    ("completed", {"seconds": 31}),
    ("completed", {"seconds": 31, "answered_by": "machine"}),
]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(CALL + CALL[:3]), st.integers(0, 8))
def test_reports_of_a_call_in_any_order_say_the_same(here: World, people: People, said, recorded_after: int) -> None:
    """The ring, who answered and the length too, and even where our own result comes after some of them."""
    people(1)
    member = people.written
    with here.database.write() as db:
        db.execute(update(models.members).where(models.members.c.id != f"m{member:08}").values(state="left"))
    told = begun(here, tries=2)
    [(row,)] = told.rows(member, "id")
    claim = Claim("me", here.clock.now, here.clock.now + timedelta(seconds=30))
    with here.database.write() as db:
        claiming.claim_page(db, claiming.Stream(told.id, "voice"), 1, claim)
    for number, (status, more) in enumerate(said):
        if number == recorded_after:
            with here.database.write() as db:
                claiming.record(db, [claiming.Outcome(row, "accepted", external_id=f"CA{row}")], "me", here.clock.now)
        at = NOON + timedelta(seconds={"ringing": 5, "answered": 20, "completed": 51}[status])
        here.clock.now = max(here.clock.now, at)
        track.report(here.gateway, row, StatusReport("twilio", f"CA{row}", status, at=at, **more))
    track.sweep(here.gateway)
    first, second = told.rows(member, "state", "answered_by", "seconds", "rang_at", "latest")
    assert first == ("delivered", "machine", 31, NOON + timedelta(seconds=5), False)
    assert second[0] == "queued"


# --- what it cost ------------------------------------------------------------------------------------------------------------------


def test_what_the_provider_charged_is_read_until_it_is_all_there(here: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.providers.twilio.client.CHARGES_LISTED", "2")
    here.clock.now = datetime.now(UTC)
    people(3)
    told = begun(here, "preferred", life_safety_by="the chair")
    with here.database.write() as db:
        db.execute(update(models.deliveries).where(models.deliveries.c.id == 3).values(medium="sms"))
    told.send()
    for member in (1, 2, 3):
        told.ends("completed" if member < 3 else "delivered", member, seconds=30 if member < 3 else None)
    told.sweep()
    assert told.state == "finished"
    first, second, third = (str(told.rows(member, "external_id")[0][0]) for member in (1, 2, 3))
    here.twilio.prices = {first: "-0.025", third: "-0.0075"}
    charges.collect(here.gateway)
    assert told.rows(1, "charged") == [(None,)], "prices come later"
    here.clock.tick(3601)
    charges.collect(here.gateway)
    paid = [told.rows(member, "charged", "charged_in")[0] for member in (1, 2, 3)]
    assert paid == [(25_000, "USD"), (None, None), (7_500, "USD")]
    here.twilio.prices[second] = "-0.05"
    charges.collect(here.gateway)
    assert told.rows(2, "charged") == [(None,)], "not before the next day"
    here.clock.tick(86_400)
    charges.collect(here.gateway)
    assert told.rows(2, "charged") == [(50_000,)]
    monkeypatch.setattr(type(here.gateway.providers["twilio"]), "charges", None)
    here.clock.tick(86_401)
    charges.collect(here.gateway)  # all is charged: nobody is asked


def test_reading_goes_on_where_it_broke_off_and_is_given_up_in_the_end(
    here: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.providers.twilio.client.CHARGES_LISTED", "1")
    here.clock.now = datetime.now(UTC)
    people(3)
    told = begun(here, "sms", life_safety_by="the chair")
    told.send()
    told.sweep()
    here.clock.tick(3601)
    provider = type(here.gateway.providers["twilio"])
    asked, read = [], provider.charges

    async def breaks_off(self, http, billed, page):
        asked.append(page)
        if len(asked) == 2:
            raise SendError(SendFault.UNREACHABLE)
        return await read(self, http, billed, page)

    monkeypatch.setattr(provider, "charges", breaks_off)
    charges.collect(here.gateway)
    charges.collect(here.gateway)
    assert asked[0] is None
    assert asked[1] == asked[2] is not None
    assert len(asked) == 4, "three pages, one of them twice"
    here.clock.tick(6 * 86_400)
    charges.collect(here.gateway)
    assert len(asked) == 4


# --- exactly once ------------------------------------------------------------------------------------------------------------------


def test_a_crash_between_the_two_writes_leaves_both_undone(here: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people(3)
    told = begun(here)
    told.send()
    with monkeypatch.context() as broken:
        broken.setattr(kept, "reopen", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            told.ends("no-answer")
        told.sweep()
    assert told.rows(1, "latest", "settled") == [(True, False)]
    assert told.state == "sending"
    told.sweep()
    assert told.rows() == [(1, "voice", "undelivered", False), (2, "voice", "queued", True)]


def test_two_that_decide_at_once_write_one_row(here: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people(3)
    told = begun(here)
    told.send()
    with here.database.write() as db:
        db.execute(update(models.deliveries).values(state="undelivered"))
    write = kept.write

    def after_another(db, broadcast_id, decided, now) -> int:
        monkeypatch.setattr(kept, "write", write)
        assert write(db, broadcast_id, decided, now) == 3
        return write(db, broadcast_id, decided, now)

    monkeypatch.setattr(kept, "write", after_another)
    rounds.follow(here.gateway)
    rounds.follow(here.gateway)
    assert [len(told.rows(member)) for member in (1, 2, 3)] == [2, 2, 2]


def test_many_that_sweep_at_once_write_one_row_for_each(here: World, people: People) -> None:
    people(60)
    told = begun(here, "preferred")
    with here.database.write() as db:
        db.execute(update(models.deliveries).values(state="undelivered"))
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(rounds.follow, here.gateway) for _ in range(12)]:
            done.result()
    rounds.follow(here.gateway)
    assert [row[0] for member in range(1, 61) for row in told.rows(member)] == [1, 2] * 60
    assert broadcast.status(here.gateway, MAIN, told.id).counts.states == {"queued": 60}


def test_what_waits_for_a_decision_is_found_by_its_index(here: World) -> None:
    with here.database.read() as db:
        query = kept._IDS.limit(5).params(broadcast="b").compile(dialect=db.dialect, compile_kwargs={"literal_binds": True})
        if db.dialect.name == "postgresql":
            db.exec_driver_sql("SET enable_seqscan = off")  # the table is empty
        plan = db.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if db.dialect.name == 'sqlite' else ''}{query}").all()
    assert "ix_deliveries_undecided" in str(plan)


def test_only_the_latest_try_is_decided_by_a_person(here: World, people: People) -> None:
    people(1)
    told = begun(here, heads_up=True)
    with here.database.write() as db:
        db.execute(update(models.deliveries).values(state="unknown", error="send:unresolved"))
    assert broadcast.resolve(here.gateway, MAIN, told.id, resend=False)[0] == 1
    with pytest.raises(GatewayError, match="waits for a person"):
        broadcast.resolve(here.gateway, MAIN, told.id, resend=True)


REPORTS = st.sampled_from(
    ["ringing", "answered", "completed", "short", "machine", "human", "busy", "no-answer", "failed", "canceled", "stop", "send", "sweep"]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(REPORTS, max_size=16))
def test_whatever_is_reported_there_is_one_latest_try_and_never_more_than_three_calls(here: World, people: People, said: list[str]) -> None:
    [phone] = people(1)
    member = people.written
    with here.database.write() as db:
        db.execute(update(models.members).where(models.members.c.id != f"m{member:08}").values(state="left"))
    told = begun(here, "preferred")
    told.send()
    calls, stopped = len(here.twilio.ledger), 0
    for each in said:
        match each:
            case "stop":
                with here.database.write() as db:
                    db.execute(update(models.phones).where(models.phones.c.id == phone).values(stopped_at=here.clock.now))
                stopped = stopped or len(here.twilio.ledger)
            case "send":
                told.go_to(member)
            case "sweep":
                told.sweep()
            case _ if told.rows(member, "external_id")[-1][0]:
                _report(told, member, each)
        rows = told.rows(member, "round", "latest", "medium")
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        assert [row[1] for row in rows] == [False] * (len(rows) - 1) + [True]
        assert [row[2] for row in rows].count("voice") <= 3
    assert not stopped or len(here.twilio.ledger) == stopped
    assert len(here.twilio.ledger) >= calls


def _report(told: Told, member: int, word: str) -> None:
    match word:
        case "short":
            told.ends("completed", member, seconds=2)
        case "completed":
            told.ends("completed", member, seconds=50)
        case "machine" | "human":
            told.ends("answered", member, answered_by=word)
        case _:
            told.ends(word, member)
