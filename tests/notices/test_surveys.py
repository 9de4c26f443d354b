"""Surveys: what is kept of the answers, counted and exported. On SQLite and on PostgreSQL."""

from __future__ import annotations

import csv

import pytest
from calls.conftest import Installation
from click.testing import CliRunner

from gateway.cli import main
from gateway.errors import GatewayError
from gateway.services import erasure, exports, surveys
from gateway.services.access import Actor, terminal
from gateway.store import surveys as stored

SITA = "sample-1"


def text(here: Installation, number: str, *words: str) -> None:
    phone = here.phone(number)
    for each in words:
        here.clock.move(seconds=5)
        phone.text(each)


def listeners(here: Installation, count: int, **answers: str) -> None:
    with here.gateway.database.write() as db:
        for each in range(count):
            for step, value in answers.items():
                new = stored.NewAnswer("main", None, None, f"talk-{value}-{each}", "needs", step, step, value, None)
                stored.keep(db, here.gateway.seal, new, here.clock())


def rows(here: Installation, organiser: Actor, tmp_path) -> list[dict[str, str]]:
    file = tmp_path / "needs.csv"
    exports.write_rows(here.gateway, organiser, "survey:needs", file, surveys.sheet(here.gateway, organiser, "needs"))
    return list(csv.DictReader(file.open(encoding="utf-8-sig")))


def test_answers_are_kept_by_step_sealed_and_the_last_one_counts(here: Installation, organiser: Actor, tmp_path):
    text(here, "+9779720000001", "survey", "1", "4", "10", "1", "2", "3")
    here.clock.move(hours=1)
    text(here, "+9779720000001", "survey", "1", "1")
    [row] = rows(here, organiser, tmp_path)
    number = str(dict(here.rows("SELECT id, number FROM members"))[SITA])
    assert row == {
        "row": "1", "number": number, "willing": "1", "work": "sewing",
        "hours": "10", "buyer": "contractor", "hurts": "back", "wanted": "health",
    }  # fmt: skip
    with here.gateway.database.read() as db:
        assert b"contractor" not in b"".join(
            bytes(value) for value in db.exec_driver_sql("SELECT sealed_value FROM survey_answers").scalars()
        )


def test_who_is_private_is_not_named_in_the_table(here: Installation, organiser: Actor, tmp_path):
    text(here, "+9779720000002", "survey", "1", "2")
    [row] = rows(here, organiser, tmp_path)
    assert (row["number"], row["work"]) == ("", "craft")


def shown(here: Installation, organiser: Actor, step: str) -> surveys.Question:
    return next(question for question in surveys.show(here.gateway, organiser, "needs") if question.step == step)


def test_small_counts_are_withheld(here: Installation, organiser: Actor):
    listeners(here, 9, work="sewing")
    listeners(here, 7, work="food")
    listeners(here, 2, work="craft")
    question = shown(here, organiser, "work")
    assert question.answers["other_work"] is None  # nobody: else the few were known to be elsewhere
    assert question.answers["craft"] is None
    assert sum(count is None for count in (*question.answers.values(), question.answered)) > 1  # else it could be worked out
    assert question.answers["sewing"] in {9, None}


def test_what_a_few_chose_is_not_told_by_what_nobody_chose(here: Installation, organiser: Actor):
    listeners(here, 3, work="sewing")
    for question in surveys.show(here.gateway, organiser, "needs"):
        assert question.answered is None
        assert set(question.answers.values()) <= {None}
    assert set(shown(here, organiser, "work").answers) == {"sewing", "craft", "food", "other_work"}
    listed = {survey.flow: survey.listeners for survey in surveys.list_all(here.gateway, organiser)}
    assert listed["needs"] is None


def test_numbers_are_not_counted_one_by_one(here: Installation, organiser: Actor):
    listeners(here, 9, hours="10")
    assert shown(here, organiser, "hours") == surveys.Question("hours", 9, {})


def test_what_was_erased_is_counted_and_is_no_recording(here: Installation, organiser: Actor, tmp_path):
    listeners(here, 9, work="sewing")
    text(here, "+9779720000001", "survey", "1", "2")
    erasure.erase(here.gateway, terminal("main"), SITA)
    assert shown(here, organiser, "work").answers["sewing"] is None  # else that she answered is told by the difference
    [hers] = [row for row in rows(here, organiser, tmp_path) if not row["work"]]
    assert (hers["number"], hers["willing"], hers["work"]) == ("", "", "")


def test_views_are_audited_and_the_broadcast_must_be_there(here: Installation, organiser: Actor):
    surveys.list_all(here.gateway, organiser)
    surveys.show(here.gateway, organiser, "needs")
    noted = [tuple(row) for row in here.rows("SELECT action, subject FROM audit ORDER BY id")]
    assert noted[-2:] == [("view_surveys", "surveys"), ("view_surveys", "survey:needs")]
    with pytest.raises(GatewayError) as caught:
        surveys.show(here.gateway, organiser, "needs", "nope")
    assert caught.value.code == "broadcast:unknown"


def test_what_is_not_a_survey_keeps_nothing(here: Installation, organiser: Actor):
    text(here, "+9779720000001", "baithak", "1")
    assert [(one.flow, one.listeners) for one in surveys.list_all(here.gateway, organiser) if one.listeners] == []
    with pytest.raises(GatewayError) as caught:
        surveys.show(here.gateway, organiser, "need")
    assert str(caught.value).startswith("There is no survey 'need'. Did you mean 'needs'?")


def test_no_cell_is_a_formula(here: Installation, organiser: Actor, tmp_path):
    listeners(here, 1, own_words="=1+1")
    [row] = rows(here, organiser, tmp_path)
    assert row["own_words"] == "'=1+1"


def test_another_organisation_sees_nothing(here: Installation):
    listeners(here, 6, work="sewing")
    with here.gateway.database.write() as db:
        db.exec_driver_sql("INSERT INTO organisations (id, name) VALUES ('another', 'Another')")
    questions = surveys.show(here.gateway, Actor("another", "admin", "user:x"), "needs")
    assert {question.answered for question in questions} == {None}


def test_the_command(on_sqlite: Installation, tmp_path):
    def gateway(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["surveys", *arguments], env=on_sqlite.environ)
        assert result.exit_code == 0, result.output
        return result.output

    listeners(on_sqlite, 6, work="sewing")
    assert "needs  6  2026-11-21  What home-based workers need" in gateway("list")
    assert "work: 6\n  sewing           6\n" in gateway("show", "needs")
    assert "6 listeners written" in gateway("export", "needs", str(tmp_path / "needs.xlsx"))
