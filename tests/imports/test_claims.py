"""Claims from an insurer's file: where they stand, what may follow, and that old news changes nothing."""

from __future__ import annotations

import pytest
from imports.conftest import Office

from gateway.core.claims import PAPERS
from gateway.services import exports

HEADING = "phone,insurer reference,kind,status,amount,date,reason\n"
CLAIMS = "SELECT insurer_reference, kind, state, amount FROM claims ORDER BY 1"
EVENTS = "SELECT e.state FROM claim_events e JOIN claims c ON c.id = e.claim_id WHERE c.insurer_reference = 'X/1' ORDER BY e.id"


@pytest.fixture
def insured(anywhere: Office) -> Office:
    anywhere.take("name,phone\nराधा,9841234567\nसीता,9841234568\n")
    return anywhere


def take(office, rows, **wish):
    return office.take(HEADING + rows, "claims", **wish)


def test_a_new_claim_goes_through_the_states_that_the_insurer_left_out(insured):
    rows = '9841234567,X/1,Health,Settled,"5,000",2026-11-20,\n9841234568,X/2,old age,,,,\n'
    assert take(insured, rows, dry_run=True).counts == (2, 0, 0, 0)
    assert take(insured, rows).counts == (2, 0, 0, 0)
    assert insured.rows(CLAIMS) == [("X/1", "health", "paid", 5_000_00), ("X/2", "old_age", "received", None)]
    assert [state for (state,) in insured.rows(EVENTS)] == ["received", "approved", "paid"]
    assert len(insured.rows("SELECT paper FROM claim_papers")) == len(PAPERS["health"]) + len(PAPERS["old_age"])
    assert take(insured, rows, again=True).counts == (0, 0, 2, 0)


def test_a_claim_moves_and_news_that_it_left_behind_changes_nothing(insured):
    first = "9841234567,X/1,health,review,,2026-11-10,\n"
    second = "9841234567,X/1,health,approved,5000,2026-11-15,\n"
    assert take(insured, first).counts == (1, 0, 0, 0)
    assert take(insured, second, dry_run=True).counts == (0, 1, 0, 0)
    assert take(insured, second).counts == (0, 1, 0, 0)
    assert take(insured, first, again=True).counts == (0, 0, 1, 0)
    assert take(insured, second, again=True).counts == (0, 0, 1, 0)
    assert take(insured, "9841234567,X/1,health,review,,2026-11-20,\n").counts == (0, 1, 0, 0)
    assert [state for (state,) in insured.rows(EVENTS)] == ["received", "review", "approved", "review"]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("9841234567,X/1,health,refused,,,", "state"),
        ("9841234567,X/1,life,paid,,,", "kind"),
        ("9841234568,X/1,health,paid,,,", "number"),
        ("9841234567,X/1,health,paid,7000,,", "amount"),
        ("9841234567,X/3,health,approved,,,", "amount"),
        ("9841234567,X/3,,received,,,", "kind"),
        ("9841234567,X/3,cancer,received,,,", "kind"),
        ("9841234567,X/3,health,lost,,,", "state"),
        ("9841234567,X/3,health,refused,,,because", "reason"),
        ("9841234567,X/3,health,paid,5,2083-08-05,", "date"),
        ("9841234567,,health,received,,,", "insurer_reference"),
        (",X/3,health,received,,,", "number"),
        ("9841234569,X/3,health,received,,,", "phone"),
    ],
)
def test_what_cannot_be_is_refused_with_its_column(insured, row, column):
    take(insured, "9841234567,X/1,health,paid,5000,,\n")
    before = insured.rows("SELECT * FROM claims")
    taken = take(insured, row + "\n")
    assert [refusal.column for refusal in taken.refusals] == [column]
    assert insured.rows("SELECT * FROM claims") == before


def test_the_paper_that_is_missing_is_the_one_that_is_asked_for(insured):
    insured.take("phone,insurer_reference,kind,state,paper\n9841234567,X/1,health,paper_missing,bank_book\n", "claims")
    assert insured.rows("SELECT paper FROM claim_papers") == [("bank_book",)]


def test_claims_go_out_and_come_in_again_unchanged(insured, tmp_path):
    take(insured, "9841234567,X/1,health,paid,5000.5,2026-11-20,\n9841234568,X/2,life,refused,,,why_papers\n9841234568,X/3,life,,,,\n")
    before = insured.rows("SELECT * FROM claims ORDER BY id"), insured.rows("SELECT * FROM claim_events ORDER BY id")
    for name in ("out.csv", "out.xlsx"):
        assert exports.write(insured.gateway, insured.actor, "claims", tmp_path / name) == 3
        taken = insured.take(tmp_path / name, "claims")
        assert (taken.counts, taken.refusals) == ((0, 0, 3, 0), [])
    assert before == (insured.rows("SELECT * FROM claims ORDER BY id"), insured.rows("SELECT * FROM claim_events ORDER BY id"))
