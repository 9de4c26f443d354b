"""`gateway contributions` and `gateway schemes`, as an organiser types them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from calls.conftest import Installation
from click.testing import CliRunner

from gateway.cli import main
from gateway.config import PACKAGE_ROOT

SCHEMES = PACKAGE_ROOT / "gateway" / "data" / "schemes"
SITA, MAYA = "10019", "10024"


@pytest.fixture
def gateway(on_sqlite: Installation, monkeypatch: pytest.MonkeyPatch):
    def run(*arguments: object, code: int = 0) -> str:
        result = CliRunner().invoke(main, [str(one) for one in arguments], env=on_sqlite.environ, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result.output

    return run


def reference(output: str) -> str:
    return re.search(r"reference ([0-9]+)", output)[1]


def test_an_entry_is_noted_questioned_confirmed_and_reversed(gateway):
    first = reference(gateway("contributions", "note", SITA, "1,250.50", "--month", "2083-07", "--receipt", "A-17"))
    assert "receipt A-17" in gateway("contributions", "list", "--month", "2083-07")
    assert "questioned" in gateway("contributions", "question", first, "--note", "no paper")
    assert "confirmed" in gateway("contributions", "confirm", first)
    assert first in gateway("contributions", "list", "--state", "confirmed")
    assert "-1,250.50" in gateway("contributions", "reverse", first, "--note", "another member's")
    assert "contribution:changed" in gateway("contributions", "reverse", first, "--note", "again", code=1)


def test_of_many_the_faulty_ones_are_named_and_the_others_confirmed(gateway):
    first, second = (reference(gateway("contributions", "note", SITA, amount)) for amount in (10, 20))
    output = gateway("contributions", "confirm", first, "999", second, code=1)
    assert output.count("confirmed") == 2
    assert "There is no entry 999" in output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("note", SITA, "1e3"), "contribution:amount"),
        (("note", SITA, "10", "--month", "2083-13"), "contribution:month"),
        (("note", SITA, "10", "--scheme", "none"), "scheme:unknown"),
        (("note", "99999", "10"), "member:unknown"),
        (("list", "--organisation", "nobody"), "access:no-organisation"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(gateway, arguments, code):
    assert f"[{code}]" in gateway("contributions", *arguments, code=1)


def test_twice_within_a_day_needs_a_word(gateway):
    gateway("contributions", "note", SITA, "77")
    assert "--again" in gateway("contributions", "note", SITA, "77", code=1)
    gateway("contributions", "note", SITA, "77", "--again")


def test_the_member_is_listed_and_her_entries_alone(gateway):
    gateway("contributions", "note", MAYA, "77", "--month", "2083-05")
    assert MAYA in gateway("contributions", "list", "--month", "2083-05")
    hers = gateway("contributions", "list", "--member", SITA)
    assert SITA in hers
    assert MAYA not in hers


@pytest.mark.parametrize("amount", ["5", "5000000"])
def test_an_amount_that_nobody_pays_at_once_is_refused_with_the_range(gateway, amount):
    refusal = gateway("contributions", "note", SITA, amount, code=1)
    assert "from 10 to 1,00,000 rupees" in refusal


def test_an_entry_is_taken_back_for_a_reason_and_a_final_one_is_not_questioned(gateway):
    first = reference(gateway("contributions", "note", SITA, "77"))
    assert "[contribution:reason]" in gateway("contributions", "reverse", first, "--note", " ", code=1)
    gateway("contributions", "confirm", first)
    assert "reverse it" in gateway("contributions", "question", first, "--note", "no paper", code=1)


def test_a_member_of_the_social_security_fund_sees_what_is_awaited_until_it_is_matched(gateway):
    gateway("schemes", "add", SCHEMES / "ssf-informal.yaml")
    gateway("schemes", "add", SCHEMES / "ssf-informal.yaml")  # the same once more changes nothing
    assert "from 2082-04  1,338.70 of 12,170, from the government 1,140.33" in gateway("schemes", "list")
    gateway("schemes", "enrol", MAYA, "ssf-informal", "--from", "2083-06")
    assert "enrolment:already" in gateway("schemes", "enrol", MAYA, "ssf-informal", "--from", "2083-07", code=1)
    gateway("contributions", "note", MAYA, "1338.70")
    standing = gateway("contributions", "standing", MAYA)
    assert "1 month paid, open: 2083-07" in standing
    assert "next due 2083-07: 1,338.70" in standing
    assert "awaited from the government: 1,140.33" in standing
    for number, month, amount in ((MAYA, "2083-07", "1140.33"), (MAYA, "2083-06", "1140.34"), (SITA, "2083-06", "1140.33")):
        refusal = gateway("contributions", "match", number, amount, "--scheme", "ssf-informal", "--month", month, code=1)
        assert "contribution:not-awaited" in refusal
        assert ("but 1,140.33 for 2083-06" in refusal) is (number == MAYA)
    gateway("contributions", "match", MAYA, "1140.33", "--scheme", "ssf-informal", "--month", "2083-06")
    assert "but nothing" in gateway("contributions", "match", MAYA, "1140.33", "--scheme", "ssf-informal", "--month", "2083-06", code=1)
    standing = gateway("contributions", "standing", MAYA)
    assert "awaited" not in standing
    assert re.search(r"total +1,338.70", standing)
    assert "Nothing is due in 2083-07." in gateway("schemes", "skip", MAYA, "ssf-informal", "2083-07")
    assert "open: none" in gateway("contributions", "standing", MAYA)
    gateway("schemes", "end", MAYA, "ssf-informal", "2083-07")
    assert "next due" not in gateway("contributions", "standing", MAYA)
    gateway("schemes", "enrol", MAYA, "ssf-informal", "--from", "2083-10")
    assert "next due 2083-10" in gateway("contributions", "standing", MAYA)


def test_a_faulty_file_is_refused_with_every_fault(gateway, tmp_path: Path):
    file = tmp_path / "bad.yaml"
    file.write_text("code: A B\nschedule: daily\nrates: [{from: 2083-13}]\n", encoding="utf-8")
    output = gateway("schemes", "add", file, code=1)
    assert output.count("[scheme:invalid]") >= 4
    file.write_text("code: [", encoding="utf-8")
    assert "[flow:yaml]" in gateway("schemes", "add", file, code=1)
