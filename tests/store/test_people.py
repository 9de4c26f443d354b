"""Organisations, channels, phones and members."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes.rows import CHANNEL, MEMBER, NUMBER, ORGANISATION, World, add_member

from gateway.core import reference
from gateway.store import channels, members, organisations, phones
from gateway.store.database import Conflict

OTHER_NUMBER = "+9779800000001"


# --- organisations and channels ----------------------------------------------------------------------------------------------------


def test_an_organisation_is_written_once_and_renamed_after(world: World):
    with world.database.write() as db:
        organisations.ensure(db, ORGANISATION, "New Name")
    with world.database.read() as db:
        assert db.exec_driver_sql("SELECT id, name FROM organisations").all() == [(ORGANISATION, "New Name")]


def test_a_channel_is_found_by_id_by_address_and_by_provider(world: World):
    with world.database.read() as db:
        channel = channels.get(db, CHANNEL)
        assert channel is not None
        assert channels.by_address(db, "twilio", "+97714000000") == channel
        assert channels.of_provider(db, "twilio") == [channel]
        assert channels.by_address(db, "sparrow", "+97714000000") is None
        assert channels.get(db, "other") is None


def test_a_channel_takes_new_settings_and_a_new_address(world: World):
    with world.database.read() as db:
        old = channels.of_provider(db, "twilio")[0]
    new = old._replace(address="+97714000001", calls_per_second=5)
    with world.database.write() as db:
        channels.ensure(db, new)
    with world.database.read() as db:
        assert channels.of_provider(db, "twilio") == [new]


def test_two_channels_cannot_have_one_address(world: World):
    with world.database.read() as db:
        old = channels.of_provider(db, "twilio")[0]
    with pytest.raises(Conflict), world.database.write() as db:
        channels.ensure(db, old._replace(id="other"))


# --- phones ------------------------------------------------------------------------------------------------------------------------


def test_a_phone_keeps_its_id_and_gives_its_number_back(world: World):
    with world.database.write() as db:
        assert phones.find_or_create(db, world.seal, NUMBER, world.now) == world.phone_id
        other = phones.find_or_create(db, world.seal, OTHER_NUMBER, world.now)
    with world.database.read() as db:
        assert phones.open_many(db, world.seal, [world.phone_id]) == {world.phone_id: NUMBER}
        assert phones.open_many(db, world.seal, [world.phone_id, other, 999]) == {world.phone_id: NUMBER, other: OTHER_NUMBER}
        assert phones.open_many(db, world.seal, []) == {}


def test_a_phone_is_found_by_its_number_alone(world: World):
    with world.database.read() as db:
        assert phones.find(db, world.seal, NUMBER) == phones.PhoneRow(world.phone_id, language=None, stopped_at=None)
        assert phones.find(db, world.seal, OTHER_NUMBER) is None


def test_a_second_stop_keeps_the_time_of_the_first_and_start_undoes_both(world: World):
    with world.database.write() as db:
        phones.stop(db, world.phone_id, world.now)
        phones.stop(db, world.phone_id, world.now + timedelta(hours=1))
        stopped = phones.find(db, world.seal, NUMBER)
        phones.allow(db, world.phone_id)
        allowed = phones.find(db, world.seal, NUMBER)
    assert (stopped and stopped.stopped_at) == world.now
    assert allowed is not None
    assert allowed.stopped_at is None


def test_a_phone_keeps_the_language_chosen_on_it(world: World):
    with world.database.write() as db:
        phones.set_language(db, world.phone_id, "en")
        row = phones.find(db, world.seal, NUMBER)
    assert row is not None
    assert row.language == "en"


# --- members -----------------------------------------------------------------------------------------------------------------------


def test_a_stranger_is_nobody_we_know(world: World):
    with world.database.write() as db:
        assert members.caller(db, world.seal.index(OTHER_NUMBER)) is None
        phone_id = phones.find_or_create(db, world.seal, OTHER_NUMBER, world.now)
        assert members.caller(db, world.seal.index(OTHER_NUMBER)) == members.CallerRow(phone_id, None, None, None, None, None, None, ())


def test_a_caller_is_the_member_of_her_phone(world: World):
    with world.database.read() as db:
        caller = members.caller(db, world.seal.index(NUMBER))
        assert caller is not None
        assert caller.members == (members.get(db, MEMBER),)
        assert members.by_number(db, ORGANISATION, "10005") == caller.members[0]
        assert members.by_number(db, ORGANISATION, "10013") is None
    assert caller.members[0].has_pin is False


def test_those_who_share_a_phone_are_all_there_but_for_who_has_left(world: World):
    with world.database.write() as db:
        add_member(db, world.seal, "gita", world.now + timedelta(days=1), number="2", private=True, pin_hash="hash", name="गीता")
        add_member(db, world.seal, "rita", world.now + timedelta(days=2), number="3", state="left")
        for member_id in ("gita", "rita", "gita"):
            members.attach_phone(db, member_id, world.phone_id)
    with world.database.read() as db:
        caller = members.caller(db, world.seal.index(NUMBER))
    assert caller is not None
    assert [(member.id, member.private, member.has_pin) for member in caller.members] == [(MEMBER, False, False), ("gita", True, True)]


def test_a_member_keeps_the_language_she_chose(world: World):
    with world.database.write() as db:
        members.set_language(db, MEMBER, "en")
        member = members.get(db, MEMBER)
    assert member is not None
    assert member.language == "en"


def test_members_are_listed_by_pages_and_with_their_phones(world: World):
    with world.database.write() as db:
        other = phones.find_or_create(db, world.seal, OTHER_NUMBER, world.now)
        for number in ("2", "3", "4"):
            add_member(db, world.seal, f"m{number}", world.now, number=number)
        for phone_id in (other, world.phone_id):
            members.attach_phone(db, "m2", phone_id)
    with world.database.read() as db:
        first = members.list_all(db, ORGANISATION, after="", limit=3)
        second = members.list_all(db, ORGANISATION, after=first[-1].number, limit=3)
        assert members.phones_of(db, ["m2", "m3"]) == {"m2": [world.phone_id, other], "m3": []}
    assert [member.id for member in first + second] == [MEMBER, "m2", "m3", "m4"]


# --- membership numbers ------------------------------------------------------------------------------------------------------------


def test_a_new_number_is_short_free_and_checks_itself(world: World):
    numbers = []
    for seed in (5, 5, 5, 5, 10**30):
        with world.database.write() as db:
            numbers.append(members.new_number(db, ORGANISATION, seed))
            add_member(db, world.seal, f"m{len(numbers)}", world.now, number=numbers[-1])
    assert len(set(numbers)) == 5
    assert all(reference.is_valid(number) for number in numbers)
    assert [len(number) for number in numbers] == [5, 5, 5, 6, 5]  # the fourth found three taken and took a digit more


def test_a_number_that_somebody_took_meanwhile_is_a_conflict(world: World):
    with pytest.raises(Conflict), world.database.write() as db:
        add_member(db, world.seal, "gita", world.now, number="10005")
