"""The audit log: whatever is done to it in SQL behind our back is found, and the row is named."""

# ruff: noqa: S608 - statements behind our back are the point
from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from trust.conftest import let_it_be_changed

from gateway.cli import main
from gateway.errors import GatewayError
from gateway.services import audit, track
from gateway.services.access import Actor, note, terminal
from gateway.store.audit import Filter
from gateway.store.secrets import Seal

ADMIN = terminal("main")
ROWS = 9
COLUMNS = "organisation_id, actor, action, subject, detail, at, hash"


@pytest.fixture
def logged(here: Installation) -> Installation:
    """An installation in whose log stand nine rows."""
    for number in range(1, ROWS + 1):
        here.clock.move(seconds=1, microseconds=number * 1000 + 7)
        with here.gateway.database.write() as db:
            note(here.gateway, db, ADMIN, "see_members", f"member:{number}", fields=["name"])
    return here


def tamper(here: Installation, *statements: str) -> audit.Verdict:
    with here.gateway.database.write() as db:
        let_it_be_changed(db)
        for statement in statements:
            db.exec_driver_sql(statement)
    return audit.verify(here.gateway)


def test_an_untouched_log_is_whole(logged):
    verdict = audit.verify(logged.gateway, audit.head(logged.gateway))
    assert (verdict.rows, verdict.fault, verdict.head) == (ROWS, None, audit.head(logged.gateway))


def test_an_empty_log_is_whole(here):
    assert audit.verify(here.gateway, audit.head(here.gateway)) == audit.Verdict(0, f"0:{'0' * 64}")


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'user:9'",
        "action = 'see_claims'",
        "subject = 'member:x'",
        "detail = '{}'",
        "at = (SELECT other.at FROM audit other WHERE other.id = 5)",
        "organisation_id = 'other'",
        "hash = (SELECT other.hash FROM audit other WHERE other.id = 5)",
    ],
)
@pytest.mark.parametrize("row", [1, 4, ROWS])
def test_a_changed_row_is_named(logged, change, row):
    verdict = tamper(
        logged, "INSERT INTO organisations (id, name) VALUES ('other', 'Other')", f"UPDATE audit SET {change} WHERE id = {row}"
    )
    assert verdict.row == row
    assert f"Row {row} " in verdict.fault


@pytest.mark.parametrize("value", ["'a text'", "x'00'", "7", "''", "9.5", "x'ff'"])
@pytest.mark.parametrize("column", ["actor", "action", "subject", "detail", "at", "hash"])
@pytest.mark.parametrize("row", [4, ROWS])
def test_what_no_such_column_can_hold_is_found_as_any_other_change(on_sqlite, column, value, row):
    """SQLite keeps a value of any kind anywhere."""
    for number in range(1, ROWS + 1):
        with on_sqlite.gateway.database.write() as db:
            note(on_sqlite.gateway, db, ADMIN, audit.ROTATED if number == row else "see_members", f"member:{number}", key="k", chain="")
    verdict = tamper(on_sqlite, f"UPDATE audit SET {column} = {value} WHERE id = {row}")
    assert (verdict.row, verdict.rows) == (row, row - 1)
    assert f"Row {row} " in verdict.fault
    with on_sqlite.gateway.database.write() as db:
        note(on_sqlite.gateway, db, ADMIN, "see_members", "member:later")
    audit.note_rotation(on_sqlite.gateway)
    assert audit.verify(on_sqlite.gateway, audit.head(on_sqlite.gateway)).row == row
    assert audit.page(on_sqlite.gateway, ADMIN, 0, 100)


def test_a_changed_row_is_called_changed(logged):
    assert "was changed" in tamper(logged, "UPDATE audit SET subject = 'member:9' WHERE id = 4").fault


@pytest.mark.parametrize("row", [1, 4])
def test_a_deleted_row_is_named(logged, row):
    verdict = tamper(logged, f"DELETE FROM audit WHERE id = {row}")
    assert (verdict.row, verdict.fault) == (row, f"Row {row} is missing: somebody took out what stood before row {row + 1}.")


def test_rows_that_were_counted_anew_behind_a_deleted_one_are_found(logged):
    shift = [f"UPDATE audit SET id = {number - 1} WHERE id = {number}" for number in range(5, ROWS + 1)]
    verdict = tamper(logged, "DELETE FROM audit WHERE id = 4", *shift)
    assert (verdict.row, verdict.fault) == (4, "Row 4 is missing: somebody took it out, and counted those behind it anew.")


@pytest.mark.parametrize(("one", "other"), [(3, 4), (2, 7), (1, ROWS)])
def test_rows_that_changed_places_are_named_with_their_own_place(logged, one, other):
    swap = [f"UPDATE audit SET id = {old} WHERE id = {new}" for old, new in ((99, one), (one, other), (other, 99))]
    verdict = tamper(logged, *swap)
    assert (verdict.row, verdict.fault) == (one, f"Row {one} stands in another place: it was written as row {other}.")


def test_a_row_that_was_put_in_is_named(logged):
    shift = [f"UPDATE audit SET id = {number + 1} WHERE id = {number}" for number in range(ROWS, 4, -1)]
    forged = f"INSERT INTO audit (id, {COLUMNS}) SELECT 5, {COLUMNS.replace('detail', 'action')} FROM audit WHERE id = 2"
    verdict = tamper(logged, *shift, forged)
    assert (verdict.row, verdict.fault) == (5, "Row 5 was put in: the row behind it is the one that was written there.")
    copied = f"INSERT INTO audit (id, {COLUMNS}) SELECT 5, {COLUMNS} FROM audit WHERE id = 2"
    assert tamper(logged, "DELETE FROM audit WHERE id = 5", copied).fault == "Row 5 was put in: it is a copy of row 2."


@pytest.mark.parametrize(
    ("number", "said"), [(ROWS + 1, f"Row {ROWS + 1} was put in: it is a copy of row 2."), (0, "Row 0 was put in"), (-3, "Row -3")]
)
def test_a_row_that_was_put_in_at_an_end_is_named(logged, number, said):
    verdict = tamper(logged, f"INSERT INTO audit (id, {COLUMNS}) SELECT {number}, {COLUMNS} FROM audit WHERE id = 2")
    assert verdict.row == number
    assert said in verdict.fault


def test_rows_that_were_cut_off_are_found_with_a_head_that_was_kept(logged):
    kept = audit.head(logged.gateway)
    assert tamper(logged, "DELETE FROM audit WHERE id > 6").fault is None
    verdict = audit.verify(logged.gateway, kept)
    assert (verdict.row, verdict.fault) == (7, "Row 7 is missing, up to row 9: the end was cut off.")


def test_a_log_that_was_written_anew_with_the_key_is_found_with_a_head_that_was_kept(logged):
    kept = audit.head(logged.gateway)
    tamper(logged, "DELETE FROM audit")
    with logged.gateway.database.write() as db:
        for _ in range(ROWS + 3):
            note(logged.gateway, db, ADMIN, "see_members", "member:other")
    assert audit.verify(logged.gateway).fault is None
    assert audit.verify(logged.gateway, kept).row == ROWS


def test_rows_keep_the_link_that_they_were_written_with_when_the_key_changes(logged):
    keys = Seal("another secret key, which is as long as that", "the secret key of the tests, long enough")
    gateway = replace(logged.gateway, seal=keys)
    with gateway.database.write() as db:
        note(gateway, db, ADMIN, "see_members", "member:later")
    assert audit.verify(gateway, audit.head(logged.gateway)).rows == ROWS + 1
    assert audit.verify(replace(gateway, seal=Seal("a key that nobody ever had, as long as that"))).row == 1


def test_eight_who_write_at_once_make_one_chain(here):
    def write(writer: int) -> None:
        for number in range(25):
            with here.gateway.database.write() as db:
                note(here.gateway, db, ADMIN, "see_members", f"member:{writer}-{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    assert audit.verify(here.gateway) == audit.Verdict(200, audit.head(here.gateway))


def test_texts_that_no_database_takes_as_they_are_do_not_break_the_chain(here):
    with here.gateway.database.write() as db:
        note(here.gateway, db, ADMIN, "see_members", 'member:माया ‘\\"', text='\x00 \ud800 "\n')
    assert audit.verify(here.gateway).fault is None


def test_an_admin_sees_the_rows_of_her_organisation_alone_and_is_seen_looking(logged):
    with logged.gateway.database.write() as db:
        db.exec_driver_sql("INSERT INTO organisations (id, name) VALUES ('other', 'Other')")
        note(logged.gateway, db, terminal("other"), "see_members", "member:theirs")
    rows = audit.page(logged.gateway, ADMIN, 0, 100)
    assert [row.entry.subject for row in rows] == [f"member:{number}" for number in range(1, ROWS + 1)]
    (look,) = audit.page(logged.gateway, ADMIN, 0, 100, Filter(subject="audit"))
    assert (look.entry.action, look.entry.organisation_id) == ("see_audit", "main")
    assert [row.entry.subject for row in audit.page(logged.gateway, ADMIN, 0, 100, Filter(actor="terminal", since=rows[7].at))][:2] == [
        "member:8",
        "member:9",
    ]


@pytest.mark.parametrize("role", ["organiser", "collector", "reader"])
def test_nobody_but_an_admin_sees_the_log(logged, role):
    with pytest.raises(GatewayError, match="access:denied"):
        audit.page(logged.gateway, Actor("main", role, "user:1", "1"), 0, 10)


def test_once_a_day_the_sweep_writes_the_head_into_the_log(logged, capsys):
    def heads() -> list[str]:
        return [line["head"] for line in map(json.loads, capsys.readouterr().err.splitlines()) if line["event"] == "audit_head"]

    from gateway import logs

    logs.configure()
    track.sweep(logged.gateway)
    track.sweep(logged.gateway)
    (first,) = heads()
    assert first == audit.head(logged.gateway)
    assert audit.verify(logged.gateway, first).fault is None
    logged.clock.at += timedelta(days=1)
    track.sweep(logged.gateway)
    assert len(heads()) == 1


def test_the_commands_check_the_log_and_name_what_is_wrong(logged, monkeypatch):
    for name, value in logged.environ.items():
        monkeypatch.setenv(name, value)

    def run(*words: str):
        return CliRunner().invoke(main, ["audit", *words])

    kept = run("head").output.strip()
    assert kept.startswith(f"{ROWS}:")
    assert run("verify", "--head", kept).output == f"{ROWS} rows, each as it was written. Head: {kept}\n"
    listed = run("list", "--subject", "member:4", "--since", "2026-11-21")
    assert (listed.exit_code, len(listed.output.splitlines())) == (0, 1)
    assert "see_members" in listed.output
    tamper(logged, "UPDATE audit SET actor = 'nobody' WHERE id = 3")
    broken = run("verify")
    assert (broken.exit_code, broken.stderr) == (1, f"{audit.verify(logged.gateway).fault}\n")
    assert run("verify", "--head", "nonsense").exit_code == 1
