"""Contributions from the books of an organisation: what is one payment, what is two, and that the ledger is only added to."""

from __future__ import annotations

import pytest
from imports.conftest import Office

from gateway.services import exports

MEMBERS = "number,name,phone\n10008,राधा,9841234567\n10016,सीता,9841234568\n10024,माया,9841234568\n"
LEDGER = (
    "SELECT m.number, c.amount, c.month, c.receipt, (SELECT max(d.state) FROM contribution_decisions d WHERE d.contribution_id = c.id)"
    " FROM contributions c JOIN members m ON m.id = c.member_id ORDER BY 1, 2, 3, 4"
)


@pytest.fixture
def books(anywhere: Office) -> Office:
    from gateway.core.reference import with_check_digit

    numbers = [with_check_digit(number) for number in (1000, 1001, 1002)]
    content = MEMBERS
    for written, number in zip(("10008", "10016", "10024"), numbers, strict=True):
        content = content.replace(written, number)
    assert anywhere.take(content, shared_phones=True).counts == (3, 0, 0, 0)
    anywhere.numbers = numbers
    return anywhere


def take(books, content, **wish):
    return books.take(content, "contributions", **wish)


def test_a_row_is_a_payment_and_the_same_file_again_adds_nothing(books):
    content = 'phone,amount,month,receipt,state\n9841234567,300,2083-07,R-1,\n9841234567,"1,250.50",२०८३-०८,R-2,confirmed\n'
    assert take(books, content, dry_run=True).counts == (2, 0, 0, 0)
    assert books.rows("SELECT id FROM contributions") == []
    assert take(books, content).counts == (2, 0, 0, 0)
    assert take(books, content, again=True).counts == (0, 0, 2, 0)
    assert take(books, content.replace("R-1,", "R-1,confirmed")).counts == (0, 1, 1, 0)
    assert books.rows(LEDGER) == [
        (books.numbers[0], 300_00, "2083-07", "R-1", "confirmed"),
        (books.numbers[0], 1250_50, "2083-08", "R-2", "confirmed"),
    ]


def test_two_rows_alike_without_receipts_are_two_payments_each_time_the_same_two(books):
    row = f"{books.numbers[0]},300,2026-11-20\n"
    other = f"{books.numbers[1]},300,2026-11-20\n"
    content = "number,amount,paid_on\n" + row + other * 600 + row
    assert take(books, content).counts == (602, 0, 0, 0)
    assert take(books, content, again=True).counts == (0, 0, 602, 0)
    assert take(books, "number,amount,paid_on\n" + row).counts == (0, 0, 1, 0)
    assert take(books, "number,amount,paid_on\n" + row * 3).counts == (1, 0, 2, 0)


def test_what_she_noted_herself_and_the_line_in_the_books_are_one_entry(books):
    with books.gateway.database.write() as db:
        from gateway.store import contributions

        member_id = books.rows("SELECT id FROM members ORDER BY number")[0][0]
        contributions.note(
            db, contributions.NewContribution("hers", "main", member_id, 300_00, "2083-08", "12345", "voice"), books.gateway.clock()
        )
    assert take(books, f"number,amount,month,state\n{books.numbers[0]},300,2083-08,confirmed\n").counts == (0, 1, 0, 0)
    assert books.rows("SELECT contribution_id, state FROM contribution_decisions") == [("hers", "confirmed")]
    taken = take(books, f"number,amount,month,receipt\n{books.numbers[0]},300,2083-08,R-9\n")
    assert taken.counts == (1, 0, 0, 0)
    assert "one payment" in taken.notes[0].reason


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("9841234567,,0,2083-08,,", "amount"),
        ("9841234567,,-300,2083-08,,", "amount"),
        ("9841234567,,1e3,2083-08,,", "amount"),
        ("9841234567,,300,2083-13,,", "month"),
        ("9841234567,,300,2026-11,,", "month"),
        ("9841234567,,300,,,", "paid_on"),
        (",,300,2083-08,,", "number"),
        ("9841999999,,300,2083-08,,", "phone"),
        ("9841234568,,300,2083-08,,", "phone"),
        ("9841234568,नाम,300,2083-08,,", "phone"),
        (",,,2083-08,,", "amount"),
        ("9841234567,,300,2083-08,,reversed", "state"),
        ("9841234567,,400,2083-07,R-1,", "amount"),
        ("9841234568,माया,300,2083-07,R-1,", "number"),
    ],
)
def test_what_is_no_payment_is_refused_with_its_column(books, row, column):
    heading = "phone,name,amount,month,receipt,state\n"
    take(books, heading + "9841234567,,300,2083-07,R-1,\n")
    taken = take(books, heading + row + "\n9841234568,माया,300,2083-08,,\n")
    assert column in [refusal.column for refusal in taken.refusals]
    assert taken.counts == (1, 0, 0, 1)


def test_the_ledger_goes_out_and_comes_in_again_unchanged(books, tmp_path):
    take(
        books,
        "phone,name,amount,month,receipt,state,note\n9841234567,,300,2083-07,R-1,confirmed,=1+1\n9841234568,सीता,50.5,2083-08,,,\n",
    )
    with books.gateway.database.write() as db:
        db.exec_driver_sql(
            "INSERT INTO contributions (id, organisation_id, member_id, amount, month, payer, reference, reverses, noted_by, noted_at)"
            " SELECT 'back', organisation_id, member_id, -amount, month, payer, '999999', id, 'x', noted_at FROM contributions"
            " WHERE receipt IS NULL"
        )
    before = books.rows("SELECT * FROM contributions ORDER BY id")
    for name in ("out.csv", "out.xlsx"):
        assert exports.write(books.gateway, books.actor, "contributions", tmp_path / name) == 3
        taken = take(books, tmp_path / name)
        assert (taken.counts, taken.refusals) == ((0, 0, 3, 0), [])
    assert "'=1+1" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    assert books.rows("SELECT * FROM contributions ORDER BY id") == before
