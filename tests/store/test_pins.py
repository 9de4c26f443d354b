"""The counting of PIN tries: the statement that counts one decides whether it may be."""

from __future__ import annotations

from datetime import timedelta

from fakes.rows import CHANNEL, MEMBER, ORGANISATION, World, add_member

from gateway.store import pins
from gateway.store.pins import MOST, PAUSES, QUICK, Stored
from gateway.store.scope import Scope

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def used_up(world: World, whose: str = "own") -> int:
    """How many tries there are at this moment."""
    counted = 0
    with world.database.write() as db:
        while pins.count_for_member(db, whose, MEMBER, world.now):
            counted += 1
    return counted


def test_after_five_quick_tries_there_is_one_after_each_longer_pause_and_ten_in_all(world: World):
    assert used_up(world) == QUICK
    now = world.now
    with world.database.write() as db:
        for pause in PAUSES:
            assert not pins.count_for_member(db, "own", MEMBER, now + pause - timedelta(seconds=1))
            now += pause
            assert pins.count_for_member(db, "own", MEMBER, now)
            assert not pins.count_for_member(db, "own", MEMBER, now)
        assert not pins.count_for_member(db, "own", MEMBER, now + timedelta(days=400))
        assert db.exec_driver_sql("SELECT tries FROM pin_tries").scalar() == MOST
        pins.unlock(db, MEMBER)
        assert pins.count_for_member(db, "own", MEMBER, now)


def test_tries_from_other_phones_use_up_none_of_her_own(world: World):
    assert used_up(world, "foreign") == QUICK
    assert used_up(world, "own") == QUICK
    with world.database.write() as db:
        pins.clear(db, "own", MEMBER)
        assert not pins.count_for_member(db, "foreign", MEMBER, world.now)


def test_a_try_that_was_meant_for_another_is_taken_back_with_its_pause(world: World):
    used_up(world)
    with world.database.write() as db:
        pins.take_back_of_member(db, "own", MEMBER)
        assert pins.count_for_member(db, "own", MEMBER, world.now)
        assert not pins.count_for_member(db, "own", MEMBER, world.now)
        pins.take_back_of_member(db, "own", "nobody")


def test_a_phone_has_ten_tries_within_a_day_of_the_first(world: World):
    with world.database.write() as db:
        count = [pins.count_for_phone(db, world.phone_id, world.now + number * HOUR) for number in range(12)]
        assert count == [True] * 10 + [False] * 2
        assert not pins.count_for_phone(db, world.phone_id, world.now + DAY - timedelta(seconds=1))
        assert [pins.count_for_phone(db, world.phone_id, world.now + DAY) for _ in range(11)] == [True] * 10 + [False]


def test_a_right_pin_counts_neither_for_the_phone_nor_for_the_channel(world: World):
    with world.database.write() as db:
        for _ in range(30):
            assert pins.count_for_phone(db, world.phone_id, world.now)
            assert pins.count_for_channel(db, CHANNEL, world.now)
            pins.take_back_of_place(db, world.phone_id, CHANNEL)
        assert db.exec_driver_sql("SELECT sum(tries) FROM pin_tries").scalar() == 0


def test_unlocking_her_frees_her_own_phones_and_no_others(world: World):
    with world.database.write() as db:
        for phone_id in (world.phone_id, world.phone_id + 1):
            while pins.count_for_phone(db, phone_id, world.now):
                pass
        pins.unlock(db, MEMBER)
        assert pins.count_for_phone(db, world.phone_id, world.now)
        assert not pins.count_for_phone(db, world.phone_id + 1, world.now)


def test_a_pin_is_set_within_the_scope_alone_and_begins_with_no_tries(world: World):
    used_up(world)
    with world.database.write() as db:
        assert not pins.set_for(db, world.seal, Scope("another"), MEMBER, Stored("new", None))
        assert not pins.set_for(db, world.seal, Scope(ORGANISATION, "a collector of others"), MEMBER, Stored("new", None))
        assert pins.stored(db, world.seal, MEMBER) == (None, None)
        assert not pins.count_for_member(db, "own", MEMBER, world.now)
        assert pins.set_for(db, world.seal, Scope(ORGANISATION), MEMBER, Stored("new", world.now))
        assert pins.stored(db, world.seal, MEMBER) == ("new", world.now)
        assert pins.count_for_member(db, "own", MEMBER, world.now)
        pins.set_hers(db, world.seal, MEMBER, "newer")
        assert pins.stored(db, world.seal, MEMBER) == ("newer", None)
        assert pins.stored(db, world.seal, "nobody") == (None, None)


def test_who_left_has_no_pin_to_try(world: World):
    with world.database.write() as db:
        add_member(db, world.seal, "left", world.now, number="20006", state="left")
        assert pins.by_number(db, ORGANISATION, "20006") is None
        assert pins.person(db, Scope(ORGANISATION), number="20006") is None
        assert pins.by_number(db, ORGANISATION, "10005") == (MEMBER, "10005", None)
        assert pins.by_number(db, "another", "10005") is None
