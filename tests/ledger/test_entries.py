"""Entries of the ledger: what becomes of them, who may, and that two at once come out as one after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from ledger.conftest import COLLECTOR, FOREIGN, MEMBER, ORGANISER, RITA, Books
from sqlalchemy.exc import DBAPIError

from gateway.core import reference
from gateway.errors import GatewayError
from gateway.services import contributions
from gateway.services.access import Actor
from gateway.services.contributions import Report

MONTH = "2083-08"


def noted(books: Books, amount: int = 300_00, member: str = MEMBER, **report) -> contributions.Entry:
    return contributions.note(books.gateway, ORGANISER, member, Report(amount, **{"month": MONTH, "again": True, **report}))


def refused(act, *arguments) -> str:
    with pytest.raises(GatewayError) as fault:
        act(*arguments)
    return fault.value.code


def test_an_entry_is_noted_with_a_number_that_checks_itself(books: Books):
    entry = noted(books, note="at the well")
    assert (entry.amount, entry.month, entry.state, entry.payer, entry.noted_by, entry.note) == (
        300_00,
        MONTH,
        "noted",
        "member",
        "user:1",
        "at the well",
    )
    assert reference.is_valid(entry.reference)
    assert entry.noted_at == books.clock()
    assert contributions.find(books.gateway, ORGANISER, entry.reference) == entry.id


def test_an_entry_is_questioned_then_confirmed_then_reversed(books: Books):
    gateway, entry = books.gateway, noted(books)
    assert contributions.question(gateway, ORGANISER, entry.id, "no receipt").state == "questioned"
    assert contributions.confirm(gateway, ORGANISER, entry.id).state == "confirmed"
    back = contributions.reverse(gateway, ORGANISER, entry.id, "wrong member")
    assert (back.amount, back.month, back.state, back.reverses, back.note) == (-300_00, MONTH, "reversal", entry.id, "wrong member")
    assert contributions.get(gateway, ORGANISER, entry.id).state == "reversed"
    assert contributions.standing(gateway, ORGANISER, MEMBER).total == 0


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (["confirm"], "confirm"),
        (["confirm"], "question"),
        (["question"], "question"),
        (["reverse"], "confirm"),
        (["reverse"], "question"),
        (["confirm", "reverse"], "reverse"),
    ],
)
def test_what_is_settled_is_not_decided_about_again(books: Books, before, wanted):
    gateway, entry = books.gateway, noted(books)
    for verb in before:
        getattr(contributions, verb)(gateway, ORGANISER, entry.id)
    assert refused(getattr(contributions, wanted), gateway, ORGANISER, entry.id) == "contribution:changed"


@pytest.mark.parametrize("verb", ["confirm", "question", "reverse"])
def test_nothing_is_decided_about_an_entry_that_takes_another_back(books: Books, verb):
    back = contributions.reverse(books.gateway, ORGANISER, noted(books).id)
    assert refused(getattr(contributions, verb), books.gateway, ORGANISER, back.id) == "contribution:changed"


def test_the_same_within_a_day_is_asked_about_and_not_swallowed(books: Books):
    first = noted(books)
    assert refused(contributions.note, books.gateway, ORGANISER, MEMBER, Report(300_00, MONTH)) == "contribution:already"
    for other in (Report(301_00, MONTH), Report(300_00, "2083-07"), Report(300_00, MONTH, again=True)):
        contributions.note(books.gateway, ORGANISER, MEMBER, other)
    contributions.note(books.gateway, ORGANISER, RITA, Report(300_00, MONTH))
    books.clock.move(days=1, seconds=1)
    contributions.note(books.gateway, ORGANISER, MEMBER, Report(300_00, MONTH))
    assert first.state == "noted"


def test_what_was_taken_back_is_no_duplicate(books: Books):
    contributions.reverse(books.gateway, ORGANISER, noted(books).id)
    assert contributions.note(books.gateway, ORGANISER, MEMBER, Report(300_00, MONTH)).state == "noted"


def test_a_receipt_is_entered_once_in_an_organisation(books: Books):
    entry = noted(books, receipt="A-17")
    assert entry.receipt == "A-17"
    assert refused(contributions.note, books.gateway, ORGANISER, RITA, Report(10_00, MONTH, receipt="A-17")) == "receipt:already"


@pytest.mark.parametrize("amount", [0, -300_00, 100_00_00_000_00 + 1])
def test_what_is_no_amount_is_refused(books: Books, amount):
    assert refused(contributions.note, books.gateway, ORGANISER, MEMBER, Report(amount, MONTH)) == "contribution:amount"


@pytest.mark.parametrize("month", ["2083-13", "2026-11-21", "२०८३-०८", "2084-09"])
def test_what_is_no_month_or_too_far_ahead_is_refused(books: Books, month):
    assert refused(contributions.note, books.gateway, ORGANISER, MEMBER, Report(10_00, month)) == "contribution:month"


# --- who may -----------------------------------------------------------------------------------------------------------------------


def test_what_is_another_organisations_is_as_if_it_were_not_there(books: Books):
    gateway, entry = books.gateway, noted(books)
    for verb in (contributions.get, contributions.confirm, contributions.question, contributions.reverse):
        assert refused(verb, gateway, FOREIGN, entry.id) == "contribution:unknown"
    assert refused(contributions.find, gateway, FOREIGN, entry.reference) == "contribution:unknown"
    assert refused(contributions.note, gateway, FOREIGN, MEMBER, Report(10_00)) == "member:unknown"
    assert refused(contributions.standing, gateway, FOREIGN, MEMBER) == "member:unknown"
    assert refused(contributions.of_member, gateway, FOREIGN, MEMBER, "", 10) == "member:unknown"
    assert contributions.page(gateway, FOREIGN, "", 10) == []
    assert books.count("contribution_decisions") == 0


def test_a_collector_notes_and_sees_her_group_and_decides_nothing(books: Books):
    gateway = books.gateway
    mine, other = contributions.note(gateway, COLLECTOR, MEMBER, Report(10_00)), noted(books, member=RITA)
    assert mine.noted_by == "user:didi"
    assert [entry.id for entry in contributions.page(gateway, COLLECTOR, "", 10)] == [mine.id]
    assert refused(contributions.note, gateway, COLLECTOR, RITA, Report(10_00)) == "member:unknown"
    assert refused(contributions.get, gateway, COLLECTOR, other.id) == "contribution:unknown"
    for verb in (contributions.confirm, contributions.question, contributions.reverse):
        assert refused(verb, gateway, COLLECTOR, mine.id) == "access:denied"


@pytest.mark.parametrize("role", ["reader"])
def test_a_reader_sees_no_entry(books: Books, role):
    reader = Actor(ORGANISER.organisation_id, role, "user:2", "2")
    assert refused(contributions.page, books.gateway, reader, "", 10) == "access:denied"
    assert refused(contributions.standing, books.gateway, reader, MEMBER) == "access:denied"


def test_each_change_and_each_view_is_in_the_audit_log_without_the_note(books: Books):
    gateway, entry = books.gateway, noted(books, note="secret words")
    contributions.question(gateway, ORGANISER, entry.id, "secret words")
    contributions.page(gateway, ORGANISER, "", 10, "questioned")
    contributions.standing(gateway, ORGANISER, MEMBER)
    with gateway.database.read() as db:
        rows = db.exec_driver_sql("SELECT actor, action, subject, detail FROM audit ORDER BY id").all()
        sealed = db.exec_driver_sql("SELECT sealed_note FROM contribution_decisions").scalar_one()
    assert [(row.action, row.subject) for row in rows] == [
        ("note_contribution", f"contribution:{entry.id}"),
        ("check_contribution", f"contribution:{entry.id}"),
        ("see_contributions", "contributions"),
        ("see_contributions", f"member:{MEMBER}"),
    ]
    assert "secret" not in str(rows)
    assert b"secret" not in bytes(sealed)


# --- nothing is ever edited --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE contributions SET amount = 1",
        "UPDATE contributions SET month = '2083-01'",
        "UPDATE contributions SET member_id = 'rita'",
        "DELETE FROM contributions",
        "UPDATE contribution_decisions SET state = 'confirmed'",
        "DELETE FROM contribution_decisions",
    ],
)
def test_the_database_itself_refuses_to_change_an_entry(books: Books, statement):
    contributions.question(books.gateway, ORGANISER, noted(books).id)
    with pytest.raises(DBAPIError, match="only added to"), books.gateway.database.write() as db:
        db.exec_driver_sql(statement)
    assert contributions.standing(books.gateway, ORGANISER, MEMBER).total == 300_00


# --- two at once -------------------------------------------------------------------------------------------------------------------


def at_once(act, count: int = 4) -> list[str]:
    start = Barrier(count)

    def run(number: int) -> str:
        start.wait()
        try:
            act(number)
        except GatewayError as fault:
            return fault.code
        return "done"

    with ThreadPoolExecutor(count) as threads:
        return sorted(threads.map(run, range(count)))


def test_an_entry_is_taken_back_once_however_many_try(books: Books):
    for _ in range(3):
        entry = noted(books)
        results = at_once(lambda _, entry=entry: contributions.reverse(books.gateway, ORGANISER, entry.id))
        assert results == ["contribution:changed"] * 3 + ["done"]
    assert contributions.standing(books.gateway, ORGANISER, MEMBER).total == 0


def test_of_confirming_and_doubting_at_once_each_has_its_turn(books: Books):
    verbs = (contributions.confirm, contributions.question)
    for _ in range(3):
        entry = noted(books)
        at_once(lambda number, entry=entry: verbs[number % 2](books.gateway, ORGANISER, entry.id), 2)
        assert contributions.get(books.gateway, ORGANISER, entry.id).state == "confirmed"
        assert books.count("tasks", "state = 'open'") == 0


def test_the_same_report_of_two_collectors_at_once_is_noted_once(books: Books):
    results = at_once(lambda _: contributions.note(books.gateway, ORGANISER, MEMBER, Report(300_00, MONTH)))
    assert results == ["contribution:already"] * 3 + ["done"]


def test_one_receipt_at_once_is_entered_once(books: Books):
    results = at_once(lambda number: contributions.note(books.gateway, ORGANISER, MEMBER, Report(100_00 + number, MONTH, receipt="R1")))
    assert results == ["done"] + ["receipt:already"] * 3


# --- pages, sums and tasks ---------------------------------------------------------------------------------------------------------


def test_pages_follow_one_another_without_a_gap(books: Books):
    entries = [noted(books, amount=100_00 + number) for number in range(7)]
    contributions.confirm(books.gateway, ORGANISER, entries[2].id)
    seen, after = [], ""
    while found := contributions.page(books.gateway, ORGANISER, after, 3):
        seen += found
        after = found[-1].id
    assert [entry.id for entry in seen] == [entry.id for entry in entries]
    assert [entry.id for entry in contributions.page(books.gateway, ORGANISER, "", 9, "confirmed")] == [entries[2].id]
    assert len(contributions.page(books.gateway, ORGANISER, "", 9, "noted", MONTH)) == 6
    assert contributions.page(books.gateway, ORGANISER, "", 9, "noted", "2083-07") == []
    assert contributions.page(books.gateway, ORGANISER, "", 9, "lost") == []
    assert len(contributions.of_member(books.gateway, ORGANISER, MEMBER, entries[4].id, 9)) == 2


def test_a_standing_tells_what_is_final_from_what_is_not(books: Books):
    one, two, three = (noted(books, amount=amount) for amount in (100_00, 200_00, 400_00))
    contributions.confirm(books.gateway, ORGANISER, one.id)
    contributions.question(books.gateway, ORGANISER, two.id)
    contributions.reverse(books.gateway, ORGANISER, three.id)
    found = contributions.standing(books.gateway, ORGANISER, MEMBER)
    assert (found.total, found.confirmed, found.noted, found.schemes) == (300_00, 100_00, 200_00, ())


def test_a_doubted_entry_is_a_task_until_somebody_decides(books: Books):
    entry = noted(books)
    contributions.question(books.gateway, ORGANISER, entry.id)
    assert books.count("tasks", f"kind = 'check_contribution' AND contribution_id = '{entry.id}' AND state = 'open'") == 1
    contributions.confirm(books.gateway, ORGANISER, entry.id)
    assert books.count("tasks", "state = 'done' AND done_by = 'user:1'") == 1


def test_what_nobody_looks_at_becomes_a_task_once(books: Books):
    waits, settled = noted(books), noted(books, amount=10_00)
    contributions.confirm(books.gateway, ORGANISER, settled.id)
    back = contributions.reverse(books.gateway, ORGANISER, noted(books, amount=20_00).id)
    assert contributions.check_waiting(books.gateway) == 0
    books.clock.at += timedelta(days=15)
    assert [contributions.check_waiting(books.gateway) for _ in range(3)] == [1, 0, 0]
    assert books.count("tasks", f"contribution_id = '{waits.id}'") == 1
    with books.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE tasks SET state = 'done'")
    assert contributions.check_waiting(books.gateway) == 0  # whoever ticked it off knows of it
    assert back.state == "reversal"
