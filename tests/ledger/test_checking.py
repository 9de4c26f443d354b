"""A day's entries, by collector, against the money that came."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from ledger.conftest import COLLECTOR, FOREIGN, MEMBER, ORGANISER, RITA, Books
from sqlalchemy import update

from gateway.errors import GatewayError
from gateway.services import checking, contributions
from gateway.services.contributions import Report
from gateway.store.models import users

TODAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def didi_has_a_name(books: Books) -> None:
    with books.gateway.database.write() as db:
        sealed = books.gateway.seal.seal("दिदी")
        db.execute(update(users).where(users.c.id == "didi").values(sealed_name=sealed))


def note(books: Books, member_id: str, rupees: int, **more) -> contributions.Entry:
    return contributions.note(books.gateway, ORGANISER, member_id, Report(rupees * 100, **more))


def test_each_collectors_members_stand_together_with_the_sum_that_she_brings(books: Books):
    note(books, MEMBER, 300)
    taken_back = note(books, MEMBER, 200)
    contributions.reverse(books.gateway, ORGANISER, taken_back.id, "never came")
    final = note(books, RITA, 500)
    contributions.confirm(books.gateway, ORGANISER, final.id)
    day = checking.day_of(books.gateway, ORGANISER, TODAY)
    assert [(group.name, group.total, group.waiting) for group in day.groups] == [("दिदी", 300_00, 300_00), (None, 500_00, 0)]
    assert (day.total, day.waiting) == (800_00, 300_00)
    assert [entry.state for entry in day.groups[0].entries] == ["reversed", "noted"]


def test_without_a_day_it_is_the_latest_on_which_something_waits(books: Books):
    assert checking.day_of(books.gateway, ORGANISER).day == TODAY
    note(books, MEMBER, 300)
    books.clock.at += timedelta(days=3)
    note(books, MEMBER, 400)
    books.clock.at += timedelta(days=2)
    day = checking.day_of(books.gateway, ORGANISER)
    assert (day.day, day.before, day.after) == (date(2026, 11, 24), TODAY, None)
    assert checking.day_of(books.gateway, ORGANISER, TODAY).after == date(2026, 11, 24)


def test_a_day_is_one_in_nepal(books: Books):
    books.clock.at = books.clock.at.replace(hour=18, minute=10)  # five to midnight
    note(books, MEMBER, 300)
    books.clock.at += timedelta(minutes=10)
    note(books, MEMBER, 400)
    assert [checking.day_of(books.gateway, ORGANISER, day).total for day in (TODAY, TODAY + timedelta(days=1))] == [300_00, 400_00]


def test_the_same_of_a_member_on_another_day_is_named_too(books: Books):
    first = note(books, MEMBER, 300)
    books.clock.at += timedelta(days=2)
    note(books, MEMBER, 300, month=first.month)
    note(books, RITA, 300, month=first.month)
    day = checking.day_of(books.gateway, ORGANISER)
    assert {entry.member_id: entry.twin for group in day.groups for entry in group.entries} == {MEMBER: first.reference, RITA: None}


def test_a_collector_sees_her_group_and_another_organisation_nothing(books: Books):
    note(books, MEMBER, 300)
    note(books, RITA, 500)
    assert checking.day_of(books.gateway, COLLECTOR, TODAY).total == 300_00
    assert checking.day_of(books.gateway, FOREIGN, TODAY).groups == ()
    with pytest.raises(GatewayError, match="access:denied"):
        checking.confirm(books.gateway, COLLECTOR, ["x"])


def test_confirming_many_counts_what_others_decided_and_refuses_what_is_not_there(books: Books):
    entries = [note(books, MEMBER, 100 + index) for index in range(5)]
    contributions.confirm(books.gateway, ORGANISER, entries[0].id)
    assert checking.confirm(books.gateway, ORGANISER, [entry.id for entry in (*entries, entries[1])]) == (4, 1)
    with pytest.raises(GatewayError, match="contribution:unknown"):
        checking.confirm(books.gateway, FOREIGN, [entries[0].id])


def test_sent_twice_it_is_noted_once(books: Books):
    report = Report(300_00, id="abcdefghijklmnopabcdefghijklmnop")
    assert contributions.note(books.gateway, ORGANISER, MEMBER, report) == contributions.note(books.gateway, ORGANISER, MEMBER, report)
    assert books.count("contributions") == 1
