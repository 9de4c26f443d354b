"""Two at once, on connections of their own: one wins, and the other is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from fakes.rows import CHANNEL, MEMBER, ORGANISATION, World, a_session, add_member

from gateway.store import claims, flow_sessions, phones, pins, receipts, recordings, tasks
from gateway.store.database import AlreadyReceived, Conflict, Connection
from gateway.store.scope import Scope


def at_once(world: World, act: Callable[[Connection, int], object], count: int = 2) -> list:
    """Let `count` threads act in transactions of their own at the same moment; a Conflict counts as the name of its class."""
    start = Barrier(count)

    def run(number: int) -> object:
        start.wait()
        try:
            with world.database.write() as db:
                return act(db, number)
        except Conflict as conflict:
            return type(conflict).__name__

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def test_a_phone_that_calls_twice_at_once_is_one_phone(world: World):
    for last in range(10):
        number = f"+977980000000{last}"
        ids = at_once(world, lambda db, _, number=number: phones.find_or_create(db, world.seal, number, world.now))
        assert len(set(ids)) == 1


def test_one_request_is_answered_once(world: World):
    def answer(db: Connection, number: int) -> str:
        receipts.insert(db, world.seal, receipts.Receipt("twilio", "CA1", 1, f"answer {number}", world.now))
        return f"answer {number}"

    results = at_once(world, answer, count=12)
    assert results.count(AlreadyReceived.__name__) == 11
    with world.database.read() as db:
        assert receipts.find(db, world.seal, ("twilio", "CA1", 1)) in results


def test_one_conversation_begins_once(world: World):
    results = at_once(world, lambda db, number: flow_sessions.insert(db, world.seal, a_session(world, f"s{number}", external_id="CA1")))
    assert sorted(map(str, results)) == ["Conflict", "None"]


def test_two_texts_at_once_open_one_conversation(world: World):
    results = at_once(world, lambda db, number: flow_sessions.insert(db, world.seal, a_session(world, f"s{number}", medium="sms")))
    assert sorted(map(str, results)) == ["Conflict", "None"]


def test_one_step_is_taken_once(world: World):
    row = a_session(world)
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, row)
    for version in range(1, 11):
        step = row._replace(version=version + 1)
        results = at_once(world, lambda db, _, step=step, version=version: flow_sessions.advance(db, world.seal, step, version))
        assert sorted(results) == [False, True]


def test_many_pins_at_once_are_five_tries(world: World):
    results = at_once(world, lambda db, _: pins.count_for_member(db, "own", MEMBER, world.now), count=12)
    results += at_once(world, lambda db, _: pins.count_for_member(db, "own", MEMBER, world.now), count=12)
    assert results.count(True) == pins.QUICK


def test_one_membership_number_is_given_once(world: World):
    results = at_once(world, lambda db, number: add_member(db, world.seal, f"m{number}", world.now, number="20006"))
    assert sorted(map(str, results)) == ["Conflict", "None"]


def test_one_claim_is_decided_once(world: World):
    with world.database.write() as db:
        claims.open_claim(db, world.seal, claims.NewClaim("claim", ORGANISATION, MEMBER, "1", "health", "Maya"), world.now)
    made = [claims.Move("claim", 1, state, "Maya") for state in ("approved", "refused")]
    results = at_once(world, lambda db, number: claims.move(db, world.seal, made[number], world.now))
    assert sorted(results) == [False, True]
    with world.database.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM claim_events").scalar() == 2


def test_one_recording_is_kept_and_one_task_done_once(world: World):
    with world.database.write() as db:
        flow_sessions.insert(db, world.seal, a_session(world, channel_id=CHANNEL))
        recordings.keep(db, recordings.NewRecording("r", "call-1", "twilio", "RE1", 3), world.now)
        tasks.open_task(db, tasks.NewTask("t", ORGANISATION, "call_back"), world.now)
    assert sorted(at_once(world, lambda db, number: recordings.kept(db, "r", f"{number}.wav"))) == [False, True]
    assert sorted(at_once(world, lambda db, _: tasks.done(db, Scope(ORGANISATION), "t", "didi", world.now))) == [False, True]
