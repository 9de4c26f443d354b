"""Who is called back, once at a time, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fakes.rows import CHANNEL, ORGANISATION, World

from gateway.store import call_backs, claiming, deliveries
from gateway.store.call_backs import NewCallBack, Try
from gateway.store.claiming import Claim

MINUTE = timedelta(minutes=1)


def new(world: World) -> NewCallBack:
    return NewCallBack(ORGANISATION, CHANNEL, world.phone_id, b"p" * 32, "2026-11-21", world.now)


def owed(world: World, round_: int = 1, call_back_id: int | None = None) -> tuple[int, int]:
    """A call back with a try that is due: the ids of both."""
    with world.database.write() as db:
        made = call_back_id or call_backs.begin(db, new(world))
        assert made is not None
        return made, call_backs.owe(db, Try(made, round_, CHANNEL, world.phone_id, "ne", world.now), world.now)


def test_nobody_is_called_back_twice_at_a_time_and_everybody_again(world: World):
    first, _ = owed(world)
    with world.database.write() as db:
        assert call_backs.begin(db, new(world)) is None
        call_backs.end(db, first, "answered", world.now)
        call_backs.end(db, first, "missed", world.now)
    second, row = owed(world)
    with world.database.read() as db:
        before = call_backs.latest(db, ORGANISATION, world.phone_id)
        assert before == (second, world.now, None, None, row, "queued", world.now)
        assert call_backs.counts(db, new(world), world.now - MINUTE) == (2, 2, 2)
        assert call_backs.counts(db, replace(new(world), prefix=b"q" * 32, day="2026-11-22"), world.now) == (0, 0, 0)
        assert call_backs.latest(db, "another", world.phone_id) is None


def test_a_call_is_claimed_apart_from_texts_and_by_day_alone(world: World):
    made, row = owed(world)
    night = world.now + timedelta(hours=12)
    with world.database.write() as db:
        assert claiming.claim_page(db, claiming.REPLIES, 5, Claim("w", world.now, world.now + MINUTE)) == []
        assert claiming.claim_page(db, claiming.CALLS_BACK, 5, Claim("w", night, night + MINUTE)) == []
        [claimed] = claiming.claim_page(db, claiming.CALLS_BACK, 5, Claim("w", world.now, world.now + MINUTE))
        assert (claimed.id, claimed.medium, claimed.sealed_body, claimed.purpose) == (row, "voice", None, "call_back")
        assert claiming.fence(db, None, [claimed], Claim("w", world.now, world.now)) == {row: None}
        call_backs.end(db, made, "unclear", world.now)
        assert claiming.fence(db, None, [claimed], Claim("w", world.now, world.now)) == {row: "send:over"}


def test_what_comes_after_a_try_is_decided_once(world: World):
    made, row = owed(world)
    with world.database.write() as db:
        assert call_backs.over(db, 5) == []
        deliveries.advance(db, row, deliveries.Report("undelivered", "CA1", "busy", rang_at=world.now), world.now)
        [tried] = call_backs.over(db, 5, row)
        assert (tried.call_back_id, tried.round, tried.error, tried.rang_at) == (made, 1, "busy", world.now)
        assert [call_backs.settle(db, row), call_backs.settle(db, row)] == [True, False]
        assert call_backs.over(db, 5) == []


def test_a_try_is_hastened_or_put_off_only_while_it_waits(world: World):
    _, row = owed(world)
    with world.database.write() as db:
        assert call_backs.put_off(db, row, world.now + MINUTE)
        assert call_backs.waiting(db, world.now, 5) == []
        assert call_backs.hasten(db, row, world.now)
        assert not call_backs.hasten(db, row, world.now)
        assert [waits.id for waits in call_backs.waiting(db, world.now, 5)] == [row]
        claiming.claim_page(db, claiming.CALLS_BACK, 5, Claim("w", world.now, world.now + MINUTE))
        assert not call_backs.put_off(db, row, world.now + MINUTE)


def test_a_doubt_about_a_call_back_is_asked_about_sooner_and_ends_with_it(world: World):
    made, row = owed(world)
    with world.database.write() as db:
        claiming.claim_page(db, claiming.CALLS_BACK, 5, Claim("w", world.now, world.now + MINUTE))
        deliveries.expire_leases(db, world.now + 2 * MINUTE)
        later = world.now + 3 * MINUTE
        assert deliveries.unknown(db, world.seal, world.now, world.now, 5) == []
        [doubt] = deliveries.unknown(db, world.seal, world.now, later, 5)
        assert (doubt.id, doubt.resend) == (row, True)
        call_backs.end(db, made, "unclear", later)
        [doubt] = deliveries.unknown(db, world.seal, world.now, later, 5)
        assert not doubt.resend


def test_who_waited_too_long_is_not_called(world: World):
    _, row = owed(world)
    with world.database.write() as db:
        call_backs.expire(db, world.now, world.now)
        assert call_backs.over(db, 5) == []
        call_backs.expire(db, world.now + MINUTE, world.now)
        assert [(tried.id, tried.state, tried.error) for tried in call_backs.over(db, 5)] == [(row, "suppressed", "send:too-late")]


def test_rings_are_counted_by_what_became_of_them(world: World):
    with world.database.write() as db:
        for became in ("called", "repeated", "repeated"):
            call_backs.count(db, CHANNEL, "2026-11-21", became)
        assert call_backs.rings_on(db, [CHANNEL], "2026-11-21") == {(CHANNEL, "called"): 1, (CHANNEL, "repeated"): 2}
        assert call_backs.rings_on(db, [CHANNEL], "2026-11-22") == {}
