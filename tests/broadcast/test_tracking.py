"""Reports in any order, doubts and who resolves them, and the sweep. On SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.outbound import DRAFT, NUMBER, People, World, e164, owe, started, state_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from gateway.core.jobs import ExpandBroadcast, SendBatch, SendReply
from gateway.core.statuses import DELIVERY
from gateway.errors import GatewayError
from gateway.providers.base import Providers, StatusReport
from gateway.providers.faults import SendFault
from gateway.services import broadcast, send, track
from gateway.services.access import terminal
from gateway.services.broadcast import Draft
from gateway.store import claiming, models
from gateway.store.claiming import Claim, Stream

MAIN = terminal("main")

REPORTED = ["accepted", "sent", "delivered", "undelivered", "failed", "read"]


def said(status: str, external_id: str = "SM1", **more: object) -> StatusReport:
    return StatusReport("twilio", external_id, status, **more)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(REPORTED), min_size=1, max_size=6))
def test_reports_in_any_order_leave_the_furthest(world: World, people: People, statuses: list[str]) -> None:
    if not people.written:
        people(1)
    row = owe(world, 1)
    for status in statuses:
        track.report(world.gateway, row, said(status, f"SM{row}"))
    furthest = max(statuses, key=lambda status: DELIVERY[status])  # the first of those that rank equal
    assert world.rows("state")[-1] == (furthest,)
    with world.database.read() as db:
        kept = db.execute(select(models.callbacks.c.status).where(models.callbacks.c.delivery_id == row)).scalars()
        assert sorted(kept) == sorted(statuses)


def test_a_report_that_overtakes_our_own_result_is_not_undone(world: World, people: People) -> None:
    people(1)
    row = owe(world, 1)
    claim = Claim("me", world.clock.now, world.clock.now.replace(hour=7))
    with world.database.write() as db:
        claiming.claim_page(db, claiming.REPLIES, 1, claim)
    track.report(world.gateway, row, said("delivered"))
    with world.database.write() as db:
        claiming.record(db, [claiming.Outcome(row, "accepted", external_id="SM1")], "me", world.clock.now)
    assert world.rows("state", "external_id") == [("delivered", "SM1")]


def test_a_report_by_the_providers_id_alone_finds_its_row_even_before_the_row_knows_it(world: World, people: People, monkeypatch) -> None:
    people(2)
    broadcast_id = started(world)
    record = claiming.record

    def reported_first(db, outcomes, token, now) -> None:
        for outcome in outcomes:
            values = {"provider": "twilio", "external_id": outcome.external_id, "delivery_id": None, "status": "sent", "at": now}
            db.execute(models.callbacks.insert(), values)
        record(db, outcomes, token, now)

    monkeypatch.setattr(claiming, "record", reported_first)
    send.run_batch(world.gateway, broadcast_id)
    assert world.states() == ["sent", "sent"]
    track.report(world.gateway, None, said("delivered", str(world.rows("external_id")[0][0])))
    assert world.states() == ["delivered", "sent"]


def test_an_orphan_is_kept_and_harms_nobody(world: World) -> None:
    for row in (None, 77, 10**30):
        track.report(world.gateway, row, said("delivered"))
    track.report(world.gateway, 1, None)
    with world.database.read() as db:
        assert len(db.execute(select(models.callbacks)).all()) == 3


def test_a_report_about_another_copy_changes_nothing(world: World, people: People) -> None:
    people(1)
    row = owe(world, 1)
    track.report(world.gateway, row, said("sent", "SM1"))
    track.report(world.gateway, row, said("failed", "SM2"))
    assert world.rows("state", "external_id") == [("sent", "SM1")]


def test_a_report_that_she_stopped_us_stops_her_phone(world: World, people: People) -> None:
    people(1)
    track.report(world.gateway, owe(world, 1), said("failed", error="21610", fault=SendFault.OPTED_OUT))
    with world.database.read() as db:
        assert db.execute(select(models.phones.c.stopped_at)).scalar() == world.clock.now


def test_a_call_that_nobody_answered_is_undelivered_and_one_that_was_heard_keeps_its_seconds(world: World, people: People) -> None:
    people(2)
    send.run_batch(world.gateway, started(world, Draft("m", phrase="meeting_word")))
    for row, status in ((1, "no-answer"), (2, "answered"), (2, "completed")):
        sid = world.twilio.sent_to(e164(row))[0].sid
        track.report(world.gateway, row, said(status, sid, seconds=41 if status == "completed" else None))
    first, second, following = world.rows("state", "error", "seconds")
    assert (first, second) == (("undelivered", "no-answer", None), ("delivered", None, 41))
    assert following == ("queued", None, None)


# --- doubts ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(1): ["error_after"], e164(2): ["error_before"]}}])
def test_the_provider_is_asked_and_what_it_does_not_know_waits_for_a_person(world: World, people: People) -> None:
    people(2)
    broadcast_id = started(world)
    send.run_batch(world.gateway, broadcast_id)
    track.sweep(world.gateway)
    assert world.states() == ["unknown", "unknown"], "callbacks have their time first"
    world.clock.tick(61)
    track.sweep(world.gateway)
    assert world.rows("state", "error") == [("accepted", None), ("unknown", "send:unresolved")]
    track.sweep(world.gateway)
    found = broadcast.status(world.gateway, MAIN, broadcast_id)
    assert found.broadcast.state == "finished"
    assert (found.counts.held, found.counts.flagged) == (1, 2)
    track.report(world.gateway, 2, said("delivered", "SM9"))
    assert world.states() == ["accepted", "delivered"], "a late report still settles it"


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(2): ["error_before"], e164(3): ["reset_before"]}}])
def test_a_person_decides_to_send_again_what_was_held(world: World, people: People) -> None:
    people(3)
    broadcast_id = held(world)
    assert broadcast.resolve(world.gateway, MAIN, broadcast_id, resend=True) == (2, [SendBatch(broadcast_id)])
    assert state_of(world, broadcast_id) == "sending"
    send.run_batch(world.gateway, broadcast_id)
    track.sweep(world.gateway)
    assert state_of(world, broadcast_id) == "finished"
    assert world.rows("state", "ever_unknown") == [("accepted", False), ("accepted", True), ("accepted", True)]
    assert len(world.twilio.ledger) == 3


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(1): ["error_before"]}}])
def test_a_person_decides_to_leave_what_was_held(world: World, people: People) -> None:
    people(2)
    broadcast_id = held(world)
    assert broadcast.resolve(world.gateway, MAIN, broadcast_id, resend=False) == (1, [])
    world.clock.tick(61)
    track.sweep(world.gateway)
    assert world.rows("state", "error") == [("unknown", "send:closed"), ("accepted", None)]
    found = broadcast.status(world.gateway, MAIN, broadcast_id)
    assert (found.broadcast.state, found.counts.held, found.counts.open) == ("finished", 0, 0)
    with pytest.raises(GatewayError, match="waits for a person"):
        broadcast.resolve(world.gateway, MAIN, broadcast_id, resend=True)


def held(world: World) -> str:
    """A broadcast that is through, but for what its provider does not know of."""
    broadcast_id = started(world)
    send.run_batch(world.gateway, broadcast_id)
    world.clock.tick(61)
    track.sweep(world.gateway)
    assert state_of(world, broadcast_id) == "finished"
    return broadcast_id


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(1): ["error_after"], e164(2): ["reset_before"]}}])
def test_with_resend_the_unsent_goes_out_and_stays_flagged(world: World, people: People) -> None:
    people(2)
    broadcast_id = started(world, Draft("m", DRAFT.texts, on_ambiguous="resend"))
    send.run_batch(world.gateway, broadcast_id)
    world.clock.tick(61)
    assert track.sweep(world.gateway) == [SendBatch(broadcast_id)]
    send.run_batch(world.gateway, broadcast_id)
    assert world.rows("state", "ever_unknown") == [("accepted", True)] * 2
    assert sorted(sent.to for sent in world.twilio.ledger) == [e164(1), e164(2)]


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(1): ["", "error_before"]}}])
def test_an_earlier_text_with_the_same_words_is_not_taken_for_this_one(world: World, people: People) -> None:
    people(1)
    for _ in range(2):
        send.run_batch(world.gateway, started(world, replace(DRAFT, gap_hours=0)))
    world.clock.tick(61)
    track.sweep(world.gateway)
    assert world.rows("state", "error") == [("accepted", None), ("unknown", "send:unresolved")]


def test_a_provider_that_does_not_answer_leaves_the_doubt_for_the_next_sweep(world: World, people: People) -> None:
    people(30)
    world.twilio.faults = {"error_after": 1.0}
    send.run_batch(world.gateway, started(world))
    doubtful = world.states().count("unknown")
    provider = world.gateway.providers["twilio"]
    world.clock.tick(61)
    object.__setattr__(provider, "auth_token", "wrong")
    track.reconcile(world.gateway)
    assert world.states().count("unknown") == doubtful
    object.__setattr__(provider, "auth_token", world.twilio.auth_token)
    track.reconcile(world.gateway)
    assert world.states().count("accepted") == doubtful


def test_a_call_of_which_nothing_was_heard_is_asked_about_later(world: World, people: People) -> None:
    people(1)
    send.run_batch(world.gateway, started(world, Draft("m", phrase="meeting_word")))
    world.twilio.statuses[world.twilio.ledger[0].sid] = "completed"
    world.clock.tick(61)
    track.reconcile(world.gateway)
    assert world.states() == ["accepted"]
    world.clock.tick(200)
    track.reconcile(world.gateway)
    assert world.states() == ["delivered"]


def test_a_call_is_asked_about_by_its_id_though_she_was_called_again_since(world: World, people: People) -> None:
    people(1)
    send.run_batch(world.gateway, started(world, Draft("m", phrase="meeting_word")))
    (call,) = world.twilio.ledger
    again = replace(call, sid="CA" + "f" * 32)
    world.twilio.ledger.append(again)
    world.twilio.statuses = {call.sid: "busy", again.sid: "completed"}
    world.clock.tick(261)
    track.reconcile(world.gateway)
    assert world.rows("state", "external_id") == [("undelivered", call.sid)]


def test_a_lease_that_ran_out_makes_the_row_doubtful_never_queued(world: World, people: People) -> None:
    people(1)
    broadcast_id = started(world)
    now = world.clock.now
    with world.database.write() as db:
        claiming.claim_page(db, Stream(broadcast_id, "sms"), 1, Claim("dead", now, now.replace(minute=16)))
    assert track.sweep(world.gateway) == []
    world.clock.tick(61)
    assert track.sweep(world.gateway) == []
    assert world.rows("state", "ever_unknown", "error") == [("unknown", True, "send:lease-over")]


# --- the sweep ---------------------------------------------------------------------------------------------------------------------


def test_the_sweep_rings_for_everything_that_waits(world: World, people: People) -> None:
    people(2)
    waiting = started(world)
    new = broadcast.create(world.gateway, MAIN, DRAFT)
    broadcast.approve(world.gateway, MAIN, new)
    reply = owe(world, 1)
    assert track.sweep(world.gateway) == [SendReply(reply), ExpandBroadcast(new), SendBatch(waiting)]
    broadcast.pause(world.gateway, MAIN, waiting)
    broadcast.cancel(world.gateway, MAIN, new)
    assert track.sweep(world.gateway) == [SendReply(reply)]


def test_a_broadcast_without_anything_owed_is_finished_and_others_are_not(world: World, people: People) -> None:
    people(1)
    done, paused = started(world), started(world)
    broadcast.pause(world.gateway, MAIN, paused)
    with world.database.write() as db:
        db.execute(update(models.deliveries).values(state="delivered"))
    track.sweep(world.gateway)
    assert (state_of(world, done), state_of(world, paused)) == ("finished", "paused")


def test_a_cancelled_broadcast_settles_what_came_back_to_the_queue_late(world: World, people: People) -> None:
    people(1)
    broadcast_id = started(world)
    broadcast.cancel(world.gateway, MAIN, broadcast_id)
    with world.database.write() as db:
        db.execute(update(models.deliveries).values(state="queued"))
    track.sweep(world.gateway)
    assert world.rows("state", "error") == [("suppressed", "broadcast:cancelled")]


def test_our_number_is_the_sender(world: World, people: People) -> None:
    people(1)
    send.run_batch(world.gateway, started(world))
    assert world.twilio.ledger[0].sender == NUMBER
    assert isinstance(world.gateway.providers, Providers)
