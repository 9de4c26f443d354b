"""Texts go over the channel of their route, and over the next one where the first definitely does not take them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from channels.conftest import CHEAP_THEN_DEAR, Ways
from fakes.outbound import DRAFT, MAIN, e164
from fakes.statements import statements_of
from sqlalchemy import text, update

from gateway.providers.base import StatusReport
from gateway.providers.faults import SendFault
from gateway.services import broadcast, charges, health, send, sender, track
from gateway.store import deliveries, models, phones
from gateway.store.deliveries import NewReply
from gateway.web.app import create_app

NTC, NCELL = 40_000_000, 0  # after so many members, the phones are of this operator
BY_OPERATOR = "  - {medium: sms, operator: ntc, channels: [cheap]}\n  - {medium: sms, operator: ncell, channels: [dear]}"


def test_each_operator_is_reached_over_its_own_channel(ways: Callable[..., Ways]):
    world = ways(BY_OPERATOR)
    world.people(5)
    world.people.written = NTC
    world.people(4)
    send.run_batch(world.gateway, world.started())
    assert world.sent(world.second) == dict.fromkeys(map(e164, range(1, 6)), 1)
    assert world.sent(world.first) == dict.fromkeys(map(e164, range(NTC + 1, NTC + 5)), 1)


@pytest.mark.parametrize("code", ["21408", "20003"], ids=["this text is refused", "our account is refused"])
def test_what_one_channel_definitely_refuses_goes_over_the_next(ways: Callable[..., Ways], code: str):
    world = ways(CHEAP_THEN_DEAR)
    world.people(30)
    world.first.faults = {code: 1.0}
    broadcast_id = world.started()
    for _ in range(4):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(30)
    assert world.sent(world.first) == {}
    assert world.sent(world.second) == dict.fromkeys(map(e164, range(1, 31)), 1)
    assert broadcast.status(world.gateway, MAIN, broadcast_id).broadcast.state == "sending"  # nobody had to look after it


def test_what_may_have_gone_out_is_never_sent_over_another(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.people(6)
    world.first.faults = {"reset_after": 1.0}
    broadcast_id = world.started()
    for _ in range(3):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(30)
    assert max((world.sent(world.first) + world.sent(world.second)).values()) == 1


def test_a_number_that_is_wrong_is_wrong_for_all_channels(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.people(1)
    world.first.faults = {"21211": 1.0}
    send.run_batch(world.gateway, world.started())
    assert (world.sent(world.second), [state for state, _ in world.rows()]) == ({}, ["failed"])


def test_a_provider_that_dies_in_the_middle_is_passed_over(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.people(60)
    broadcast_id = world.started()
    world.first_dies()
    for _ in range(4):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(30)
    assert world.sent(world.second) == dict.fromkeys(map(e164, range(1, 61)), 1)


def test_a_single_answer_goes_over_the_next_channel_where_the_first_does_not_answer(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    phone_id = world.people(1)[0]
    world.first_dies()
    with world.gateway.database.write() as db:
        row = deliveries.owe_reply(db, world.gateway.seal, NewReply("cheap", phone_id, None, "ne", "दाबी पुग्यो।"), world.clock.now)
    for _ in range(3):  # as the sweep rings
        send.send_reply(world.gateway, row)
        world.clock.tick(5)
    assert (len(world.second.ledger), world.rows()) == (1, [("accepted", None)])


def test_a_provider_to_which_everything_is_too_much_is_passed_over(ways: Callable[..., Ways], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sender, "THROTTLED_FOR", 1.0)
    world = ways(CHEAP_THEN_DEAR, pace=20)
    world.people(60)
    world.first.faults = {"throttled": 1.0}
    broadcast_id = world.started()
    for _ in range(6):
        send.run_batch(world.gateway, broadcast_id)
        time.sleep(0.5)
        world.clock.tick(30)
    assert world.sent(world.second) == dict.fromkeys(map(e164, range(1, 61)), 1)


def test_a_day_has_only_so_many(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, channels: [cheap]}", limit=10)
    world.people(25)
    broadcast_id = world.started()
    send.run_batch(world.gateway, broadcast_id)
    send.run_batch(world.gateway, broadcast_id)
    assert len(world.first.ledger) == 10
    world.clock.tick(timedelta(days=1).total_seconds())
    send.run_batch(world.gateway, broadcast_id)
    assert len(world.first.ledger) == 20


def test_a_full_day_goes_on_over_the_next_channel(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR, limit=10)
    world.people(25)
    send.run_batch(world.gateway, world.started())
    assert (len(world.first.ledger), len(world.second.ledger)) == (10, 15)


def test_whoever_no_route_reaches_is_said_to_be_so(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, operator: ntc, channels: [cheap]}")
    world.people(2)
    send.run_batch(world.gateway, world.started())
    assert world.rows() == [("failed", "send:no-route")] * 2
    assert not world.first.ledger


def test_a_plan_counts_with_the_prices_and_paces_of_the_routes(ways: Callable[..., Ways]):
    world = ways(BY_OPERATOR, price="segment_price: 100")
    world.people(3)
    with world.gateway.database.write() as db:
        db.execute(text("UPDATE phones SET operator = 'ncell'"))
    world.people.written = NTC
    world.people(2)
    with world.gateway.database.write() as db:
        db.execute(text("UPDATE phones SET operator = 'ntc' WHERE operator IS NULL"))
    plan = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert {part.operator: part.price for part in plan.parts} == {"ntc": 2 * 100, "ncell": 3 * 140}
    assert plan.paces["sms"] == 2000


def test_a_plan_ends_when_the_slowest_channel_is_through(ways: Callable[..., Ways]):
    world = ways(BY_OPERATOR, pace=1)
    world.people(40)
    with world.gateway.database.write() as db:
        db.execute(text("UPDATE phones SET operator = CASE WHEN id > 30 THEN 'ntc' ELSE 'ncell' END"))
    plan = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert (plan.ends - plan.begins).total_seconds() == pytest.approx(10)


def test_an_answer_goes_over_the_channel_on_which_she_asked(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    phone_id = world.people(1)[0]
    with world.gateway.database.write() as db:
        row = deliveries.owe_reply(db, world.gateway.seal, NewReply("dear", phone_id, None, "ne", "दाबी पुग्यो।"), world.clock.now)
    send.send_reply(world.gateway, row)
    assert (len(world.first.ledger), len(world.second.ledger)) == (0, 1)


def test_two_workers_at_once_never_take_more_than_is_left_of_a_day(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, channels: [cheap]}", limit=30)
    world.people(80)
    broadcast_id = world.started()
    workers = [threading.Thread(target=send.run_batch, args=(world.gateway, broadcast_id)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(world.first.ledger) == 30
    assert max(world.sent(world.first).values()) == 1


def test_what_was_not_sent_after_all_is_given_back_to_the_day(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, channels: [cheap]}", limit=10)
    world.people(10)
    world.first.faults = {"throttled": 1.0}
    broadcast_id = world.started()
    send.run_batch(world.gateway, broadcast_id)
    world.first.faults = {}
    world.clock.tick(60)
    send.run_batch(world.gateway, broadcast_id)
    assert len(world.first.ledger) == 10


def test_what_a_dead_worker_held_counts_until_it_is_known_that_it_did_not_go_out(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, channels: [cheap]}", limit=10)
    world.people(10)
    draft = replace(DRAFT, on_ambiguous="resend")
    broadcast_id = broadcast.create(world.gateway, MAIN, draft)
    broadcast.approve(world.gateway, MAIN, broadcast_id)
    broadcast.expand(world.gateway, broadcast_id)
    killed = world.gateway.clock() + timedelta(seconds=30)
    with world.gateway.database.write() as db:
        values = {"state": "sending", "channel_id": "cheap", "token": "dead", "lease_until": killed, "counted_on": "2026-01-15"}
        db.execute(update(models.deliveries).values(values))
    world.clock.tick(31)
    track.sweep(world.gateway)
    assert {state for state, _ in world.rows()} == {"unknown"}
    send.run_batch(world.gateway, broadcast_id)
    assert not world.first.ledger
    world.clock.tick(3600)
    track.sweep(world.gateway)  # the provider knows nothing of them
    send.run_batch(world.gateway, broadcast_id)
    assert len(world.first.ledger) == 10


def test_rows_of_a_channel_that_the_file_names_no_more_go_by_the_routes(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, channels: [dear]}")
    world.people(3)
    broadcast_id = world.started()
    with world.gateway.database.write() as db:
        db.execute(
            text(
                "INSERT INTO channels SELECT 'gone', organisation_id, 'nobody', '+97714000009', language, 1, 1, 1, 1, missed_calls "
                "FROM channels LIMIT 1"
            )
        )
        db.execute(text("UPDATE deliveries SET channel_id = 'gone'"))
    send.run_batch(world.gateway, broadcast_id)
    assert len(world.second.ledger) == 3


def test_an_answer_that_its_channel_refuses_goes_over_all_the_others(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    phone_id = world.people(1)[0]
    world.second.faults = {"21408": 1.0}
    with world.gateway.database.write() as db:
        row = deliveries.owe_reply(db, world.gateway.seal, NewReply("dear", phone_id, None, "ne", "दाबी पुग्यो।"), world.clock.now)
    send.send_reply(world.gateway, row)
    send.send_reply(world.gateway, row)
    assert (len(world.first.ledger), world.rows("state", "refused_by")) == (1, [("accepted", "dear")])


def test_a_text_of_our_own_accord_is_no_answer(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, purpose: notice, channels: [cheap]}\n  - {medium: sms, channels: [dear]}")
    phone_id = world.people(1)[0]
    with world.gateway.database.write() as db:
        row = deliveries.owe_reply(
            db, world.gateway.seal, NewReply("dear", phone_id, None, "ne", "किस्ता तिर्ने दिन।", by_day=True), world.clock.now
        )
    send.send_reply(world.gateway, row)
    assert (len(world.first.ledger), len(world.second.ledger)) == (1, 0)


def test_who_lives_abroad_is_reached_by_the_route_of_her_country(ways: Callable[..., Ways]):
    world = ways('  - {medium: sms, country: "+971", channels: [dear]}\n  - {medium: sms, channels: [cheap]}')
    people = world.people(2)
    with world.gateway.database.write() as db:
        sealed = {"sealed": world.gateway.seal.seal("+971501234567"), "id": people[0]}
        db.execute(text("UPDATE phones SET sealed = :sealed, operator = 'abroad' WHERE id = :id"), sealed)
    send.run_batch(world.gateway, world.started())
    assert list(world.sent(world.second)) == ["+971501234567"]
    assert len(world.first.ledger) == 1


def test_a_slow_channel_holds_up_no_fast_one(ways: Callable[..., Ways]):
    world = ways(BY_OPERATOR, pace=1)
    world.people(60)
    world.people.written = NTC
    world.people(60)
    with world.gateway.database.write() as db:  # those of the slow channel stand in front
        db.execute(text("UPDATE phones SET operator = 'ncell' WHERE id <= 60"))
    broadcast_id = world.started()
    over = threading.Event()
    timer = threading.Timer(4.0, over.set)
    timer.start()
    send.run_batch(world.gateway, broadcast_id, stop=over.is_set)
    assert len(world.second.ledger) == 60
    assert len(world.first.ledger) <= 8


def test_a_number_may_take_less_than_one_text_in_a_second(ways: Callable[..., Ways]):
    world = ways(BY_OPERATOR, pace=0.5)
    world.people.written = NTC
    world.people(10)
    broadcast_id = world.started()
    over = threading.Event()
    threading.Timer(5.0, over.set).start()
    send.run_batch(world.gateway, broadcast_id, stop=over.is_set)
    assert 2 <= len(world.first.ledger) <= 4


def test_a_fast_channel_goes_on_however_many_rows_of_a_slow_one_stand_in_front(ways: Callable[..., Ways]):
    world = ways(BY_OPERATOR, pace=1)
    world.people(4200)
    with world.gateway.database.write() as db:
        db.execute(text("UPDATE phones SET operator = 'ntc' WHERE id <= 4000"))
        for person in range(1, 4001):
            sealed = {"sealed": world.gateway.seal.seal(e164(NTC + person)), "id": person}
            db.execute(text("UPDATE phones SET sealed = :sealed WHERE id = :id"), sealed)
    broadcast_id = world.started()
    over = threading.Event()
    timer = threading.Timer(5.0, over.set)
    timer.start()
    send.run_batch(world.gateway, broadcast_id, stop=over.is_set)
    assert world.sent(world.second) == dict.fromkeys(map(e164, range(4001, 4201)), 1)
    assert 2 <= len(world.first.ledger) <= 10  # and the slow one has its turns


def test_a_day_whose_limit_is_raised_goes_on_within_the_hour(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, channels: [cheap]}", limit=10)
    world.people(25)
    broadcast_id = world.started()
    send.run_batch(world.gateway, broadcast_id)
    assert len(world.first.ledger) == 10
    raised = ways("  - {medium: sms, channels: [cheap]}", limit=20)
    raised.clock.now = world.clock.now + timedelta(hours=1)
    send.run_batch(raised.gateway, broadcast_id)
    assert len(world.first.ledger) == 20


def test_rows_that_no_channel_takes_for_hours_are_looked_at_once_a_minute(ways: Callable[..., Ways]):
    """The provider of one operator is away, that of the other is there: nothing spins, and nothing is lost."""
    world = ways(BY_OPERATOR)
    world.people.written = NTC
    world.people(40)
    broadcast_id = world.started()
    world.gateway.pacer.hold("cheap:sms")
    with statements_of(world.gateway.database) as seen:
        for _ in range(12):  # two minutes
            send.run_batch(world.gateway, broadcast_id)
            world.clock.tick(10)
    put_off = [sent for sent, _ in seen.sent if sent.startswith("UPDATE deliveries SET not_before")]
    assert 1 <= len(put_off) <= 6  # for all rows at once
    assert len(seen.sent) < 12 * 40
    assert {state for state, _ in world.rows()} == {"queued"}
    assert not world.first.ledger


def test_an_opt_out_that_any_provider_reports_is_ours_for_all_channels(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.people(2)
    send.run_batch(world.gateway, world.started())
    (first, external), _ = world.rows("id", "external_id")
    track.report(world.gateway, first, StatusReport("first", external, "undelivered", "blocked", fault=SendFault.OPTED_OUT))
    world.clock.tick(timedelta(days=2).total_seconds())
    world.first.faults = {"21408": 1.0}
    broadcast_id = world.started()
    for _ in range(3):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(30)
    assert world.sent(world.second) == {e164(2): 1}


def test_an_opt_out_at_sending_is_ours_for_all_channels(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.people(1)
    world.first.faults = {"21610": 1.0}
    send.run_batch(world.gateway, world.started())
    world.clock.tick(timedelta(days=2).total_seconds())
    world.first_dies()
    with pytest.raises(Exception, match="no-recipients"):
        world.started()
    assert not world.second.ledger


def test_charges_are_asked_of_each_provider_that_took_a_part(ways: Callable[..., Ways], monkeypatch: pytest.MonkeyPatch):
    world = ways(CHEAP_THEN_DEAR, limit=1)
    world.people(2)
    send.run_batch(world.gateway, world.started())
    for fake in (world.first, world.second):
        fake.prices = {sent.sid: "-0.01" for sent in fake.ledger}
    track.sweep(world.gateway)
    asked: list[tuple[str, str]] = []
    read = type(world.gateway.providers["first"]).charges

    async def noted(self, http, billed, page):
        asked.append((self.name, billed.sender))
        return await read(self, http, billed, page)

    monkeypatch.setattr(type(world.gateway.providers["first"]), "charges", noted)
    world.clock.tick(3700)
    charges.collect(world.gateway)
    assert asked == [("first", "+97714000001"), ("second", "+97714000002")]


def test_doubts_of_a_provider_that_is_gone_hold_up_no_sweep(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.people(1)
    world.first.faults = {"reset_after": 1.0}
    send.run_batch(world.gateway, world.started())
    with world.gateway.database.write() as db:
        db.execute(text("UPDATE channels SET provider = 'nobody' WHERE id = 'cheap'"))
    world.clock.tick(4000)
    track.sweep(world.gateway)
    assert world.rows() == [("unknown", "send:unresolved")]


def test_the_figures_tell_how_each_channel_stands(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR, limit=3)
    world.people(2)
    send.run_batch(world.gateway, world.started())
    (row, external), _ = world.rows("id", "external_id")
    track.report(world.gateway, row, StatusReport("first", external, "delivered"))
    world.clock.tick(90)
    world.gateway.pacer.hold("dear:sms")
    cheap, dear = health.our_channels(world.gateway, MAIN)
    assert (cheap.sent["sms"], cheap.left, cheap.limit, cheap.held) == (2, 1, 3, {})
    assert (world.clock.now - cheap.callback_at).total_seconds() == 90
    assert (dear.sent["sms"], dear.left, set(dear.held), dear.callback_at) == (0, None, {"sms"}, None)
    measured = replace(world.gateway, settings=replace(world.gateway.settings, metrics_token="a token"))
    shown = create_app(measured).test_client().get("/metrics", headers={"Authorization": "Bearer a token"}).get_data(as_text=True)
    for line in (
        'aawaj_channel_held{channel="dear",medium="sms"} 1.0',
        'aawaj_channel_pace_share{channel="cheap",medium="sms"} 1.0',
        'aawaj_channel_day_left{channel="cheap"} 1.0',
        'aawaj_channel_callback_seconds{channel="cheap"} 90.0',
    ):
        assert line in shown
    assert "97714" not in shown


def test_texts_name_the_number_that_members_can_ring(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, channels: [dear]}", carries="sms, voice")
    world.people(1)
    told = replace(DRAFT, texts={"ne": "फोन {phone}", "en": "Call {phone}"})
    assert set(broadcast.plan(world.gateway, MAIN, told).texts.values()) == {"फोन 014000001", "Call 014000001"}


def test_a_provider_is_believed_about_its_own_channels_alone(ways: Callable[..., Ways]):
    """The first refused it and tells late, or lies, while the second has it."""
    world = ways(CHEAP_THEN_DEAR)
    world.people(1)
    world.first.faults = {"21408": 1.0}
    broadcast_id = world.started()
    for _ in range(2):
        send.run_batch(world.gateway, broadcast_id)
    [(row, external)] = world.rows("id", "external_id")
    for told in ("SM" + "f" * 32, external):
        track.report(world.gateway, row, StatusReport("first", told, "delivered"))
        track.report(world.gateway, None, StatusReport("first", told, "undelivered", "blocked", fault=SendFault.OPTED_OUT))
        track.report(world.gateway, row, StatusReport("first", told, "undelivered", "blocked", fault=SendFault.OPTED_OUT))
    assert world.rows("state", "external_id") == [("accepted", external)]
    with world.gateway.database.read() as db:
        assert not phones.has_stopped(db, 1)
    for word in ("delivered", "sent", "delivered"):
        track.report(world.gateway, row, StatusReport("second", external, word))
    assert world.rows("state") == [("delivered",)]


def test_what_another_provider_told_of_an_id_beforehand_is_not_believed(ways: Callable[..., Ways], monkeypatch: pytest.MonkeyPatch):
    world = ways(CHEAP_THEN_DEAR)
    world.people(1)
    known = "SM" + "a" * 32
    monkeypatch.setattr("fakes.twilio.FakeTwilio._accept", lambda *_: {"sid": known, "status": "queued"})
    track.report(world.gateway, None, StatusReport("second", known, "undelivered", "30005"))
    send.run_batch(world.gateway, world.started())
    assert world.rows("state") == [("accepted",)]


def test_a_channel_whose_account_is_refused_is_asked_again_once_it_was_put_right(ways: Callable[..., Ways]):
    """Both accounts are out of money, and only the first gets some."""
    world = ways(CHEAP_THEN_DEAR)
    world.people(4)
    world.first.faults = world.second.faults = {"20003": 1.0}
    broadcast_id = world.started()
    for _ in range(6):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(10)
    assert broadcast.status(world.gateway, MAIN, broadcast_id).broadcast.state == "paused"
    world.first.faults = {}
    world.gateway.pacer.resume("cheap:sms")
    broadcast.resume(world.gateway, MAIN, broadcast_id)
    for _ in range(4):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(70)
    assert world.sent(world.first) == dict.fromkeys(map(e164, range(1, 5)), 1)
    assert broadcast.status(world.gateway, MAIN, broadcast_id).broadcast.state != "paused"
