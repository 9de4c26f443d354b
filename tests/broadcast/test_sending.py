"""From the claim to the result: what a row becomes in each case. On SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest
from fakes.outbound import DRAFT, People, World, e164, owe, started, state_of
from fakes.statements import statements_of
from sqlalchemy import update

from gateway.core.jobs import SendBatch, SendReply
from gateway.services import broadcast, lines, send, sender, track
from gateway.services.access import terminal
from gateway.services.broadcast import Draft
from gateway.services.turns import Turns
from gateway.store import audience, broadcasts, claiming, deliveries, models, phones, rest_days, told
from gateway.store.claiming import REPLIES, Claim, Stream

MAIN = terminal("main")


def test_everybody_gets_it_once_in_her_language(world: World, people: People) -> None:
    people(20)
    people(10, language="en")
    broadcast_id = started(world)
    assert send.run_batch(world.gateway, broadcast_id) == []
    assert Counter(sent.body for sent in world.twilio.ledger) == {"भोलि बैठक छ।": 20, "Meeting tomorrow.": 10}
    assert {sent.to for sent in world.twilio.ledger} == {e164(number) for number in range(1, 31)}
    assert world.rows("state", "external_id", "token", "lease_until", "attempt") == [
        ("accepted", sid, None, None, 1) for sid in (next(s.sid for s in world.twilio.sent_to(e164(n))) for n in range(1, 31))
    ]
    assert world.twilio.violations == []
    track.sweep(world.gateway)
    assert state_of(world, broadcast_id) == "finished"


def test_a_voice_broadcast_rings_everybody(world: World, people: People) -> None:
    people(3)
    broadcast_id = started(world, Draft("meeting", phrase="meeting_word"))
    send.run_batch(world.gateway, broadcast_id)
    assert [sent.kind for sent in world.twilio.ledger] == ["call"] * 3
    assert world.states() == ["accepted"] * 3
    with world.database.read() as db:
        content = told.content_of_call(db, 1)
    assert content is not None
    assert (content.broadcast_id, content.phrase, content.language) == (broadcast_id, "meeting_word", "ne")


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(1): ["throttled"]}}])
def test_a_throttled_row_waits_as_long_as_the_provider_says_and_costs_no_attempt(world: World, people: People) -> None:
    people(1)
    broadcast_id = started(world)
    send.run_batch(world.gateway, broadcast_id)
    assert world.rows("state", "attempt", "error", "ever_unknown") == [("queued", 0, "send:throttled 20429", False)]
    assert track.sweep(world.gateway) == []
    world.clock.tick(1)
    assert track.sweep(world.gateway) == [SendBatch(broadcast_id)]
    send.run_batch(world.gateway, broadcast_id)
    assert world.rows("state", "attempt", "error") == [("accepted", 1, None)]


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(1): ["error_after"], e164(2): ["reset_before"], e164(3): ["no_sid"]}}])
def test_whatever_leaves_open_if_it_went_out_is_unknown_and_flagged(world: World, people: People) -> None:
    people(3)
    send.run_batch(world.gateway, started(world))
    assert world.rows("state", "ever_unknown") == [("unknown", True)] * 3


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(1): "21211", e164(2): "21999"}}])
def test_a_refused_number_fails_alone(world: World, people: People) -> None:
    people(3)
    send.run_batch(world.gateway, started(world))
    assert world.rows("state", "error") == [("failed", "send:bad-number 21211"), ("failed", "send:refused 21999"), ("accepted", None)]


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(1): "21610"}}])
def test_who_stopped_us_at_the_provider_has_stopped_us_here(world: World, people: People) -> None:
    people(1)
    send.run_batch(world.gateway, started(world))
    assert world.rows("state", "error") == [("suppressed", "send:opted-out 21610")]
    with world.database.read() as db:
        assert db.execute(models.phones.select()).one().stopped_at == world.clock.now


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(5): ["redirect"]}}])
def test_one_answer_that_makes_no_sense_pauses_nothing(world: World, people: People) -> None:
    people(50)
    broadcast_id = started(world)
    send.run_batch(world.gateway, broadcast_id)
    world.clock.tick(10)
    send.run_batch(world.gateway, broadcast_id)
    assert set(world.states()) == {"accepted"}


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(5): ["21606"] * 3}}])
def test_a_single_row_that_is_refused_again_and_again_pauses_as_well(world: World, people: People) -> None:
    people(5)
    broadcast_id = started(world)
    for _ in range(3):
        assert state_of(world, broadcast_id) == "sending"
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(10)
    assert state_of(world, broadcast_id) == "paused"


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(number): ["21606"] for number in range(1, 301)}}])
def test_a_fault_of_our_own_account_pauses_the_broadcast_with_the_reason(world: World, people: People) -> None:
    people(300)
    broadcast_id = started(world)
    send.run_batch(world.gateway, broadcast_id)
    found = broadcast.status(world.gateway, MAIN, broadcast_id)
    assert (found.broadcast.state, found.broadcast.reason) == ("paused", "send:misconfigured 21606")
    assert set(found.counts.states) == {"queued"}
    world.twilio.numbers = {}
    world.clock.tick(60)
    assert broadcast.resume(world.gateway, MAIN, broadcast_id)[1] == SendBatch(broadcast_id)
    send.run_batch(world.gateway, broadcast_id)
    assert world.states() == ["accepted"] * 300
    assert len(world.twilio.ledger) == 300


def test_a_row_that_cannot_be_put_together_fails_alone_after_three_tries(world: World, people: People) -> None:
    people(3)
    with world.database.write() as db:
        db.execute(update(models.phones).where(models.phones.c.id == 2).values(sealed=b"not sealed by us"))
    broadcast_id = started(world)
    waits = []
    for _ in range(3):
        send.run_batch(world.gateway, broadcast_id)
        due = world.rows("not_before")[1][0]
        waits.append((due - world.clock.now).total_seconds() if due else None)
        world.clock.tick(60)
    assert waits == [2, 4, None]
    assert world.rows("state", "error") == [("accepted", None), ("failed", "send:internal"), ("accepted", None)]


def test_a_provider_that_is_away_costs_few_rows_and_is_left_alone_for_a_while(world: World, people: People) -> None:
    people(500)
    world.twilio.faults = {"error_before": 1.0}
    broadcast_id = started(world)
    for _ in range(5):
        assert send.run_batch(world.gateway, broadcast_id) == []
    counts = Counter(world.states())
    assert counts["unknown"] <= sender.FIRST_IN_FLIGHT + sender.FAULTS_IN_A_ROW
    assert counts["queued"] == 500 - counts["unknown"]


def away(world: World, broadcast_id: str) -> None:
    """Let the provider fail until its channel is held."""
    world.twilio.faults = {"error_before": 1.0}
    send.run_batch(world.gateway, broadcast_id)
    assert [(held.channel_id, held.medium) for held in lines.held_channels(world.gateway, MAIN)] == [("main", "sms")]


def hold_is_over(world: World) -> None:
    world.gateway.pacer._redis.hset("aawaj:pace:main:sms", "held", int(time.time() * 1_000_000) - 1)


def test_one_message_tries_if_the_provider_is_back(world: World, people: People) -> None:
    people(300)
    broadcast_id = started(world)
    away(world, broadcast_id)
    for waits in (10, 20):
        hold_is_over(world)
        asked = world.twilio.requests
        send.run_batch(world.gateway, broadcast_id)
        send.run_batch(world.gateway, broadcast_id)
        assert world.twilio.requests == asked + 1, "one, and no more until it is known"
        assert lines.held_channels(world.gateway, MAIN)[0].seconds == pytest.approx(waits, abs=1)
    world.twilio.faults = {}
    hold_is_over(world)
    send.run_batch(world.gateway, broadcast_id)
    assert lines.held_channels(world.gateway, MAIN) == []
    assert set(world.states()) == {"accepted", "unknown"}


def test_a_held_channel_claims_nothing_and_the_other_medium_goes_on(world: World, people: People) -> None:
    people(100)
    away(world, started(world))
    with statements_of(world.database) as seen:
        later = started(world, replace(DRAFT, gap_hours=0))
        before = seen.commits
        send.run_batch(world.gateway, later)
    assert seen.commits - before <= 2, "for replies"
    world.clock.tick(claiming.BETWEEN_CALLS.total_seconds())
    send.run_batch(world.gateway, started(world, Draft("m", phrase="meeting_word", gap_hours=0)))
    assert world.twilio.requests >= sender.FAULTS_IN_A_ROW + sender.FIRST_IN_FLIGHT, "by voice it was tried"


def test_texts_and_calls_of_one_broadcast_go_side_by_side(world: World, people: People) -> None:
    people(40)
    people(20, preferred_medium="voice")
    with world.database.write() as db:
        db.execute(update(models.channels).values(calls_per_second=5))
    broadcast_id = started(world, Draft("m", {"ne": "फोन आउँछ।"}, phrase="meeting_word"))
    asked = time.monotonic()
    send.run_batch(world.gateway, broadcast_id, stop=lambda: time.monotonic() > asked + 2)
    texts = [sent for sent in world.twilio.ledger if sent.kind == "message"]
    assert {sent.body for sent in texts} == {"फोन आउँछ।"}
    assert len(texts) == 40, "they do not wait for the calls"
    assert 5 <= len(world.twilio.ledger) - 40 <= 20
    assert world.twilio.violations == []


def test_each_person_reads_her_own_words_and_who_shares_a_phone_a_neutral_one(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(3, sealed_name=world.gateway.seal.seal("Sita"))
    people.share(3, 2)
    neutral = {"dear_friend": {"ne": "साथी"}}
    monkeypatch.setattr(world.gateway.flows.catalogue, "phrases", {**world.gateway.catalogue.phrases, **neutral})
    started_id = started(world, Draft("m", {"ne": "{name}, भोलि बैठक छ।"}))
    send.run_batch(world.gateway, started_id)
    assert [sent.body for sent in world.twilio.sent_to(e164(1))] == ["Sita, भोलि बैठक छ।"]
    assert world.twilio.sent_to(e164(2))[0].body == "साथी, भोलि बैठक छ।"


def test_a_pause_and_a_cancellation_take_hold_within_seconds(world: World, people: People) -> None:
    people(4000)
    with world.database.write() as db:
        db.execute(update(models.channels).values(messages_per_second=200))
    broadcast_id = started(world)
    for act in (broadcast.pause, broadcast.cancel):
        running = threading.Thread(target=send.run_batch, args=(world.gateway, broadcast_id))
        running.start()
        time.sleep(1)
        act(world.gateway, MAIN, broadcast_id)
        acted = time.time()
        running.join(5)
        assert not running.is_alive()
        track.sweep(world.gateway)
        assert max(sent.at for sent in world.twilio.ledger) - acted < 1
        assert "sending" not in world.states()
        if act is broadcast.pause:
            broadcast.resume(world.gateway, MAIN, broadcast_id)
    assert 0 < len(world.twilio.ledger) < 1000
    assert Counter(world.states()) == {"accepted": len(world.twilio.ledger), "suppressed": 4000 - len(world.twilio.ledger)}


def test_nothing_is_sent_at_night_and_the_sweep_rings_in_the_morning(world: World, people: People) -> None:
    people(2)
    broadcast_id = started(world)
    world.clock.tick(8 * 3600)  # 20:00 in Nepal
    assert track.sweep(world.gateway) == []
    assert send.run_batch(world.gateway, broadcast_id) == []
    assert world.twilio.requests == 0
    world.clock.tick(12 * 3600)
    assert track.sweep(world.gateway) == [SendBatch(broadcast_id)]
    send.run_batch(world.gateway, broadcast_id)
    assert world.states() == ["accepted"] * 2


def test_nothing_is_sent_on_a_rest_day_and_a_page_in_hand_waits_for_the_day_after(world: World, people: People) -> None:
    people(2)
    with world.database.write() as db:
        rest_days.add(db, "main", rest_days.RestDay(world.clock.now.date(), "Maghe Sankranti"))
    broadcast_id = started(world)
    send.run_batch(world.gateway, broadcast_id)
    send.run_batch(world.gateway, alert := started(world, replace(DRAFT, life_safety_by="Kamala, coordinator")))
    assert {row[0] for row in world.rows("broadcast_id", "state") if row[1] == "accepted"} == {alert}
    world.clock.tick(24 * 3600)
    send.run_batch(world.gateway, broadcast_id)
    assert world.states() == ["accepted"] * 4


class Interruption:
    """Lets something happen just before the first look at the fence: after the claim, before the request."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, act) -> None:
        self.act, self.look = act, claiming.fence
        monkeypatch.setattr(claiming, "fence", self)

    def __call__(self, *arguments):
        act, self.act = self.act, lambda: None
        act()
        return self.look(*arguments)


def test_an_alert_that_protects_lives_goes_out_at_night(world: World, people: People) -> None:
    people(3)
    world.clock.tick(11 * 3600)
    broadcast_id = started(world, replace(DRAFT, life_safety_by="Kamala, coordinator"))
    assert track.sweep(world.gateway) == [SendBatch(broadcast_id)]
    send.run_batch(world.gateway, broadcast_id)
    assert world.states() == ["accepted"] * 3


def test_the_night_falls_on_a_page_in_hand(world: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people(2)
    broadcast_id = started(world)
    claim_page = claiming.claim_page

    def claim_at_nightfall(*arguments):
        rows = claim_page(*arguments)
        world.clock.tick(8 * 3600 if rows else 0)
        return rows

    monkeypatch.setattr(claiming, "claim_page", claim_at_nightfall)
    send.run_batch(world.gateway, broadcast_id)
    assert world.twilio.requests == 0
    assert [(state, due.isoformat()) for state, due in world.rows("state", "not_before")] == [("queued", "2026-01-16T02:15:00+00:00")] * 2


def test_stop_between_claim_and_request_is_heeded(world: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people(3)

    def stop() -> None:
        with world.database.write() as db:
            phones.stop(db, 2, world.clock.now)

    Interruption(monkeypatch, stop)
    send.run_batch(world.gateway, started(world))
    assert world.rows("state", "error") == [("accepted", None), ("suppressed", "send:stopped"), ("accepted", None)]
    assert world.twilio.sent_to(e164(2)) == []


@pytest.mark.parametrize(("act", "state"), [(broadcast.pause, "queued"), (broadcast.cancel, "suppressed")])
def test_no_request_starts_after_a_pause_or_cancel(world: World, people: People, monkeypatch, act, state: str) -> None:
    people(3)
    broadcast_id = started(world)
    Interruption(monkeypatch, lambda: act(world.gateway, MAIN, broadcast_id))
    send.run_batch(world.gateway, broadcast_id)
    assert world.twilio.requests == 0
    track.sweep(world.gateway)
    assert world.rows("state", "attempt") == [(state, 0)] * 3


def test_a_worker_that_was_frozen_longer_than_its_lease_leaves_its_rows_to_others(world: World, people: People, monkeypatch) -> None:
    people(2)
    broadcast_id = started(world, replace(DRAFT, on_ambiguous="resend"))

    def freeze() -> None:
        world.clock.tick(world.gateway.settings.lease_seconds + 1)
        now = world.clock.now
        with world.database.write() as db:
            deliveries.expire_leases(db, now)
            for doubt in deliveries.unknown(db, world.gateway.seal, now, now, 10):
                deliveries.leave_unresolved(db, doubt, now)
            claiming.claim_page(db, Stream(broadcast_id, "sms"), 10, Claim("another", now, now.replace(hour=7)))

    Interruption(monkeypatch, freeze)
    send.run_batch(world.gateway, broadcast_id)
    assert world.twilio.requests == 0
    assert world.rows("state", "token", "ever_unknown") == [("sending", "another", True)] * 2


def test_two_workers_never_claim_the_same_row(world: World, people: People) -> None:
    people(10)
    broadcast_id = started(world)
    now = world.clock.now
    with world.database.write() as db:
        mine = claiming.claim_page(db, Stream(broadcast_id, "sms"), 6, Claim("a", now, now.replace(hour=7)))
    with world.database.write() as db:
        others = claiming.claim_page(db, Stream(broadcast_id, "sms"), 6, Claim("b", now, now.replace(hour=7)))
    assert [row.id for row in mine] + [row.id for row in others] == list(range(1, 11))
    with world.database.read() as db:
        assert claiming.fence(db, broadcast_id, mine, Claim("a", now, now)) == dict.fromkeys(range(1, 7))
        assert claiming.fence(db, broadcast_id, mine, Claim("b", now, now)) == {}


def test_a_reply_goes_out_once_and_also_at_night(world: World, people: People) -> None:
    people(2)
    world.clock.tick(10 * 3600)
    reply = owe(world, 1)
    assert track.sweep(world.gateway) == [SendReply(reply)]
    send.send_reply(world.gateway, reply)
    send.send_reply(world.gateway, reply)
    assert [(sent.to, sent.body) for sent in world.twilio.ledger] == [(e164(1), "दाबी पुग्यो।")]
    assert world.states() == ["accepted"]


def test_a_reply_to_a_stopped_phone_is_suppressed(world: World, people: People) -> None:
    people(1, stopped=True)
    send.send_reply(world.gateway, owe(world, 1))
    assert world.rows("state", "error") == [("suppressed", "send:stopped")]
    assert world.twilio.requests == 0


@pytest.mark.parametrize("twilio_options", [{"latency": 0.05}])
def test_a_reply_does_not_wait_for_the_end_of_a_broadcast(world: World, people: People) -> None:
    people(3000)
    broadcast_id = started(world)

    async def both() -> None:
        running = asyncio.create_task(asyncio.to_thread(send.run_batch, world.gateway, broadcast_id))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(owe, world, 7, "reply")
        await running

    asyncio.run(both())
    order = [sent.body for sent in world.twilio.ledger]
    assert order.index("reply") < len(order) - 500


def test_commits_statements_and_connections_stay_few(world: World, people: People) -> None:
    people(1000)
    broadcast_id = started(world)
    before = world.gateway.pacer._redis.info("stats")["total_commands_processed"]
    with statements_of(world.database) as seen:
        send.run_batch(world.gateway, broadcast_id)
        first = len(seen.objects)
    commands = world.gateway.pacer._redis.info("stats")["total_commands_processed"] - before
    assert len(world.twilio.ledger) == 1000
    assert seen.commits <= 0.05 * 1000
    assert commands <= 1000
    assert len(world.twilio.peers) <= sender.IN_FLIGHT
    assert first <= 20, "statements are built once"


def test_an_interrupted_batch_asks_to_be_continued(world: World, people: People) -> None:
    people(600)
    broadcast_id = started(world)
    asked = iter([False] * 3 + [True] * 10_000)
    assert send.run_batch(world.gateway, broadcast_id, stop=lambda: next(asked)) == [SendBatch(broadcast_id)]
    assert {"accepted", "queued"} == set(world.states())


def test_a_slow_pace_claims_no_more_than_goes_out_in_a_few_seconds(world: World, people: People) -> None:
    people(100)
    broadcast_id = started(world)
    with world.database.read() as db:
        found = broadcasts.load(db, broadcast_id)
    stream = Stream(broadcast_id, "sms")
    for rate, size in ((100_000, sender.PAGE), (1, 1), (10, 12)):
        one = sender.Sender(world.gateway, None, lambda: False, sender.Errand(found, sender.Hours(frozenset(), life_safety=False)))
        one.lines["main:sms"] = lines.Line("main", "twilio", "", Turns(world.gateway.pacer, "main:sms", rate))
        assert one._room(stream, Counter()) == size
    slow = replace(world.gateway, settings=replace(world.gateway.settings, messages_per_second=1))
    assert sender.Sender(slow, None, lambda: False)._room(REPLIES, Counter()) == 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda db, at: phones.disown(db, 1, "m00000001", at), "send:not-hers"),
        (lambda db, _: db.execute(update(models.members).values(state="left")), "send:left"),
        (lambda db, _: db.execute(update(models.members).values(consented_at=None)), "send:no-consent"),
    ],
)
def test_what_is_queued_for_somebody_who_is_not_there_any_more_does_not_go_out(world: World, people: People, change, error: str) -> None:
    people(1)
    broadcast_id = started(world)
    with world.database.write() as db:
        change(db, world.clock.now)
    send.run_batch(world.gateway, broadcast_id)
    send.send_reply(world.gateway, owe(world, 1))
    assert world.rows("state", "error") == [("suppressed", error), ("accepted", None)], "a reply answers whoever wrote"
    assert [why.code for why in broadcast.progress(world.gateway, MAIN, broadcast_id).suppressed] == [error]


def test_a_phone_of_two_is_told_for_the_second_where_it_is_the_firsts_no_more(world: World, people: People) -> None:
    people(1)
    people(1, phone=False)
    people.share(2, 1)
    broadcast_id = started(world)
    with world.database.write() as db:
        phones.disown(db, 1, "m00000001", world.clock.now)
        mine = Claim("a", world.clock.now, world.clock.now.replace(hour=7))
        [row] = claiming.claim_page(db, Stream(broadcast_id, "sms"), 1, mine)
        assert audience.addressed(db, [row.id]) == {}, "and nobody is named"
        assert claiming.fence(db, broadcast_id, [row], Claim("a", world.clock.now, world.clock.now)) == {row.id: None}
        phones.disown(db, 1, "m00000002", world.clock.now)
        assert claiming.fence(db, broadcast_id, [row], Claim("a", world.clock.now, world.clock.now)) == {row.id: "send:not-hers"}
