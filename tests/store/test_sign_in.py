"""What signing in keeps, on both databases: tries, visits, links, second steps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes.rows import ORGANISATION, World

from gateway.store import invitations, second_steps, sign_in_tries, users, visits
from gateway.store.database import Conflict
from gateway.store.invitations import NewInvitation
from gateway.store.visits import NewVisit

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def sita(world: World, seal, now) -> str:
    with world.database.write() as db:
        for user_id in ("sita", "gita"):
            users.add(db, seal, users.NewUser(user_id, ORGANISATION, user_id, "organiser"), now)
        users.set_sign_in(db, seal, "sita", "sita")
        users.set_password(db, seal, "sita", "a hash")
    return "sita"


def visit(user_id: str, name: str, now) -> NewVisit:
    return NewVisit(name, user_id, name.encode().ljust(32), now, now, now, now, now + timedelta(days=7), "Firefox")


def test_tries_are_counted_until_one_must_wait_and_are_forgotten_after_a_day(world, now):
    with world.database.write() as db:
        assert [sign_in_tries.count(db, "name", b"n" * 32, now) for _ in range(5)] == [None] * 5
        assert sign_in_tries.count(db, "name", b"n" * 32, now) == now + A_MINUTE
        assert sign_in_tries.count(db, "name", b"o" * 32, now) is None
        assert sign_in_tries.count(db, "name", b"n" * 32, now + A_MINUTE) is None
        assert sign_in_tries.count(db, "name", b"n" * 32, now + A_MINUTE) == now + 6 * A_MINUTE
        later = now + timedelta(days=1) + A_MINUTE
        assert [sign_in_tries.count(db, "name", b"n" * 32, later) for _ in range(6)] == [None] * 5 + [later + A_MINUTE]
        sign_in_tries.clear(db, "name", b"n" * 32)
        assert sign_in_tries.count(db, "name", b"n" * 32, later) is None


def test_from_an_address_the_right_ones_do_not_count(world, now):
    with world.database.write() as db:
        for _ in range(200):
            assert sign_in_tries.count(db, "address", b"a" * 32, now) is None
            sign_in_tries.take_back(db, "address", b"a" * 32)


def test_a_name_to_sign_in_with_belongs_to_one(world, sita, seal):
    with pytest.raises(Conflict), world.database.write() as db:
        users.set_sign_in(db, seal, "gita", "sita")
    with world.database.write() as db:
        users.set_sign_in(db, seal, sita, "sita")
        found = users.keys(db, seal, "sita")
    assert found == users.Keys("sita", ORGANISATION, "organiser", "active", "sita", "sita", "a hash", has_second_step=False)


def test_visits_are_renewed_seen_and_ended(world, sita, now):
    later = now + A_MINUTE
    with world.database.write() as db:
        for name in ("office", "phone"):
            visits.add(db, visit(sita, name, now))
        visits.renew(db, "office", b"new".ljust(32), later)
        assert visits.visitor(db, b"office".ljust(32), later) is None
        found = visits.visitor(db, b"new".ljust(32), later)
        assert found is not None
        assert (found.user_id, found.proved_at, found.has_second_step) == (sita, later, False)
        assert [each.id for each in visits.of_user(db, sita, later, now - A_MINUTE)] == ["office", "phone"]
        assert not visits.end(db, "gita", "phone", later)
        assert visits.end_all(db, sita, later, but="office") == 1
        visits.end_with(db, b"new".ljust(32), later)
        assert visits.of_user(db, sita, later, now - A_MINUTE) == []


def test_of_two_links_the_later_opens_and_only_once(world, sita, seal, now):
    with world.database.write() as db:
        for name in ("first", "second"):
            invitations.add(db, NewInvitation(name, sita, name.encode().ljust(32), "user:gita", now, now + A_MINUTE))
        assert invitations.invited(db, seal, b"first".ljust(32), now) is None
        found = invitations.invited(db, seal, b"second".ljust(32), now)
        assert found is not None
        assert (found.user_id, found.sign_in) == (sita, "sita")
        assert [invitations.use(db, "second", now) for _ in range(2)] == [True, False]
        invitations.add(db, NewInvitation("third", sita, b"third".ljust(32), "user:gita", now, now + A_MINUTE))
        invitations.end_by(db, "gita", now)
        assert invitations.invited(db, seal, b"third".ljust(32), now) is None


def test_a_step_and_a_recovery_code_serve_once(world, sita, seal, now):
    codes = [b"1".ljust(32), b"2".ljust(32)]
    with world.database.write() as db:
        second_steps.put(db, seal, sita, "a key", 100)
        second_steps.set_codes(db, sita, codes)
        assert [second_steps.take(db, sita, step) for step in (100, 101, 101, 99, 102)] == [False, True, False, False, True]
        assert [second_steps.use_code(db, sita, code, now) for code in (codes[0], codes[0], codes[1])] == [True, False, True]
        assert second_steps.get(db, seal, sita) == ("a key", 0)
        second_steps.drop(db, sita)
        assert second_steps.get(db, seal, sita) == (None, 0)
