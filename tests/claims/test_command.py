"""`gateway claims` in a terminal."""

from __future__ import annotations

import re

import pytest
from calls.conftest import Installation
from click.testing import CliRunner

from gateway.cli import main


@pytest.fixture
def claims(on_sqlite: Installation):
    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["claims", *arguments], env=on_sqlite.environ)
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_a_claim_from_its_opening_to_its_payment(on_sqlite: Installation, claims):
    number = str(on_sqlite.rows("SELECT number FROM members WHERE id = 'sample-1'")[0][0])
    out = claims("open", number, "old_age", "--note", "brought by her son", "--reference", "INS-9")
    claim = out.split()[0]
    assert re.search(r"old_age +received +0 d", out)
    assert "[ ] bank_book" in out
    claims("move", claim, "paper_missing", "--paper", "bank_book")
    assert "review" in claims("tick", claim, "bank_book")
    assert "approved" in claims("move", claim, "approved", "--amount", "12,500.50")
    claims("move", claim, "paid")
    shown = claims("show", claim)
    assert "insurer: INS-9" in shown
    assert "note: brought by her son" in shown
    assert "[x] bank_book" in shown
    assert [line.split()[2] for line in shown.splitlines() if "terminal" in line] == [
        "received", "paper_missing", "review", "approved", "paid",
    ]  # fmt: skip
    assert "12,500.50" in shown
    assert len(claims("list").splitlines()) == 3
    assert claims("list", "--state", "paid").split()[0] == claim


def test_a_claim_names_its_member_and_when_the_review_is_over_and_a_second_one_is_asked_about(on_sqlite: Installation, claims):
    number = str(on_sqlite.rows("SELECT number FROM members WHERE id = 'sample-1'")[0][0])
    claim = claims("open", number, "old_age").split()[0]
    assert claim in claims("open", number, "old_age", code=1)
    claims("open", number, "old_age", "--again")
    claims("move", claim, "review", "--until", "2099-01-02")
    shown = claims("show", claim)
    assert number in shown.splitlines()[0]
    assert "review until: 2099-01-02" in shown
    assert number in claims("list")


def test_what_cannot_be_is_said_and_ends_with_one(on_sqlite: Installation, claims):
    claim = str(on_sqlite.rows("SELECT number FROM claims WHERE id = 'sample-1'")[0][0])
    assert "It can become: paid, review. [claim:not-possible]" in claims("move", claim, "refused", "--reason", "why_papers", code=1)
    assert "[claim:amount]" in claims("move", claim, "paid", "--amount", "much", code=1)
    assert "[claim:unknown]" in claims("show", "1", code=1)
    assert "[member:unknown]" in claims("open", "1", "health", code=1)
    assert "[access:no-organisation]" in claims("list", "--organisation", "nobody", code=1)
    claims("move", claim, "lost", code=2)
