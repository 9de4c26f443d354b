"""Reminders: who gets one, when, how often, and that nothing goes out at night."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from ledger.conftest import ADMIN, MEMBER, ORGANISATION, RITA, Books

from gateway.core.calendar import NEPAL
from gateway.core.schemes import Rate, SchemeFile
from gateway.services import contributions, reminders, schemes, track
from gateway.services.contributions import Report
from gateway.store import claiming, deliveries, members, phones

SAVINGS = SchemeFile("savings", {"en": "Savings"}, "monthly", (), (Rate("2083-01", amount=300_00, source="here"),))


@pytest.fixture
def owing(books: Books) -> Books:
    """A member who agreed to reminders by SMS, and owes two months."""
    schemes.add(books.gateway, ADMIN, SAVINGS)
    schemes.enrol(books.gateway, ADMIN, MEMBER, schemes.Plan("savings", "2083-06"))
    change(books, "reminders = true, preferred_medium = 'sms', consented_at = '2026-01-01 00:00:00'")
    return books


def change(books: Books, what: str, member: str = MEMBER) -> None:
    with books.gateway.database.write() as db:
        db.exec_driver_sql(f"UPDATE members SET {what} WHERE id = '{member}'")  # noqa: S608 - our own words


def owed(books: Books) -> list[str]:
    with books.gateway.database.read() as db:
        rows = db.exec_driver_sql("SELECT sealed_body FROM deliveries ORDER BY id").scalars()
        return [books.gateway.seal.open(body) for body in rows]


def at(books: Books, hour: int, day: int = 21) -> None:
    books.clock.at = datetime(2026, 11, day, hour, tzinfo=NEPAL)


def test_who_agreed_and_owes_is_reminded_once_in_neutral_words(owing: Books):
    for _ in range(3):
        track.sweep(owing.gateway)
    (words,) = owed(owing)
    assert words == owing.gateway.catalogue.phrases["reminder"]["ne"]
    assert not any(char.isdigit() for char in words)
    with owing.gateway.database.read() as db:
        rows = db.exec_driver_sql("SELECT actor, subject, detail FROM audit WHERE action = 'remind' ORDER BY id").all()
    assert ("gateway", "reminders:2026-11-21", '{"count": 1}') in [tuple(row) for row in rows]
    assert MEMBER not in str(rows)


@pytest.mark.parametrize(
    "what",
    [
        "reminders = false",
        "preferred_medium = 'voice'",
        "private = true",
        "state = 'left'",
        "state = 'pending'",
        "state = 'erased'",
        "consented_at = NULL",
    ],
)
def test_nobody_else_is_reminded(owing: Books, what: str):
    change(owing, what)
    assert reminders.remind(owing.gateway, ORGANISATION) == 0


def test_a_phone_that_stopped_or_is_shared_gets_no_reminder(owing: Books):
    gateway = owing.gateway
    with gateway.database.write() as db:
        phone = phones.find_or_create(db, gateway.seal, "+9779841234567", owing.clock())
        phones.stop(db, phone, owing.clock())
    assert reminders.remind(gateway, ORGANISATION) == 0
    with gateway.database.write() as db:
        phones.allow(db, phone)
        members.attach_phone(db, RITA, phone)
    assert reminders.remind(gateway, ORGANISATION) == 0
    with gateway.database.write() as db:
        own = phones.find_or_create(db, gateway.seal, "+9779841234568", owing.clock())
        members.attach_phone(db, MEMBER, own)
    assert reminders.remind(gateway, ORGANISATION) == 1
    with gateway.database.read() as db:
        assert db.exec_driver_sql("SELECT phone_id FROM deliveries").scalars().all() == [own]


def test_who_owes_nothing_is_left_in_peace(owing: Books):
    contributions.note(owing.gateway, ADMIN, MEMBER, Report(600_00))
    assert reminders.remind(owing.gateway, ORGANISATION) == 0


def test_a_skipped_month_is_not_owed(owing: Books):
    for month in ("2083-06", "2083-07"):
        schemes.skip(owing.gateway, ADMIN, MEMBER, "savings", month)
    assert reminders.remind(owing.gateway, ORGANISATION) == 0


def test_nothing_is_done_at_night(owing: Books):
    at(owing, 21)
    track.sweep(owing.gateway)
    assert owed(owing) == []


def test_a_reminder_waits_for_her_best_hour_and_never_goes_out_at_night(owing: Books):
    change(owing, "best_hour = 17")
    at(owing, 9)
    reminders.daily(owing.gateway)
    due = []
    for hour in (9, 16, 17, 19):
        at(owing, hour)
        with owing.gateway.database.read() as db:
            due.append(len(deliveries.replies_due(db, owing.clock(), 10)))
    assert due == [0, 0, 1, 1]
    at(owing, 20)  # whoever should have sent it was away
    claim = claiming.Claim("worker", owing.clock(), owing.clock() + timedelta(minutes=1))
    with owing.gateway.database.write() as db:
        assert deliveries.replies_due(db, owing.clock(), 10) == []
        assert claiming.claim_page(db, claiming.REPLIES, 10, claim) == []
    at(owing, 8, day=22)
    with owing.gateway.database.write() as db:
        assert (
            len(
                claiming.claim_page(db, claiming.REPLIES, 10, claiming.Claim("worker", owing.clock(), owing.clock() + timedelta(minutes=1)))
            )
            == 1
        )


@pytest.mark.parametrize(("hour", "expected"), [(None, 9), (9, 9), (17, 17), (3, 8), (22, 8)])
def test_an_hour_at_night_becomes_the_morning(hour, expected):
    now = datetime(2026, 11, 21, 9, 30, tzinfo=NEPAL)
    assert reminders.moment(now, hour).astimezone(NEPAL).hour == expected


def test_there_are_four_weeks_between_two_reminders(owing: Books):
    days = []
    owing.clock.at = datetime(2026, 12, 14, 10, tzinfo=NEPAL)  # the month ends two days later
    for _ in range(60):
        before = len(owed(owing))
        reminders.daily(owing.gateway)
        if len(owed(owing)) > before:
            days.append(owing.clock.at.date())
        owing.clock.move(days=1)
    assert [(later - earlier).days for earlier, later in pairwise(days)] == [28, 28]


def test_a_day_that_broke_off_is_finished_and_reminds_nobody_twice(owing: Books, monkeypatch):
    monkeypatch.setattr(reminders.access, "note", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reminders.daily(owing.gateway)
    monkeypatch.undo()
    reminders.daily(owing.gateway)
    assert len(owed(owing)) == 1
