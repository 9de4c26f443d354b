"""What is only ever added to stays as it was written, whatever statement comes: in SQLite and in PostgreSQL."""

# ruff: noqa: S608 - statements behind our back are the point
from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fakes.rows import MEMBER, ORGANISATION, World
from sqlalchemy import Table, insert
from sqlalchemy.exc import DBAPIError

from gateway.store.database import Conflict
from gateway.store.models import audit, claim_events, claims, contribution_decisions, contributions

AT = datetime(2026, 11, 21, tzinfo=UTC)
HERS = {"organisation_id": ORGANISATION, "member_id": MEMBER}
ENTRY = {**HERS, "amount": 300_00, "month": "2083-08", "noted_by": "voice", "noted_at": AT}
CLAIM = {**HERS, "id": "claim", "number": "70", "kind": "health", "state": "received", "opened_at": AT, "changed_at": AT}
DECISION = {"contribution_id": "one", "by": "terminal", "at": AT}
EVENT = {"claim_id": "claim", "state": "received", "by": "terminal", "at": AT}
NOTE = {"organisation_id": ORGANISATION, "actor": "terminal", "action": "see", "subject": "members", "detail": "{}", "at": AT}
ROWS = {
    claims: [CLAIM],
    contributions: [
        {**ENTRY, "id": "one", "reference": "1", "receipt": "1", "reverses": None},
        {**ENTRY, "id": "two", "reference": "2", "receipt": "2", "reverses": "one"},
    ],
    contribution_decisions: [{**DECISION, "id": 1, "state": "questioned"}, {**DECISION, "id": 2, "state": "confirmed"}],
    claim_events: [{**EVENT, "id": 1}, {**EVENT, "id": 2}],
    audit: [{**NOTE, "id": 1, "hash": bytes(32)}, {**NOTE, "id": 2, "hash": bytes(32)}],
}
KEPT = [table for table in ROWS if table is not claims]
NEW = {"id": "'new'", "reference": "'9'", "receipt": "'9'", "reverses": "NULL"}  # nothing of an entry that there is already

each_table = pytest.mark.parametrize("table", KEPT, ids=lambda table: table.name)


@pytest.fixture
def kept(world: World) -> World:
    """A world with two rows in each table that is only added to."""
    with world.database.write() as db:
        for table, rows in ROWS.items():
            db.execute(insert(table), rows)
    return world


def is_sqlite(world: World) -> bool:
    with world.database.read() as db:
        return db.dialect.name == "sqlite"


def assert_refused(world: World, table: Table, statement: str) -> None:
    def stands() -> list[object]:
        with world.database.read() as db:
            return list(db.exec_driver_sql(f"SELECT * FROM {table.name} ORDER BY id"))

    before = stands()
    with pytest.raises((DBAPIError, Conflict)), world.database.write() as db:
        db.exec_driver_sql(statement)
    assert stands() == before


@each_table
def test_no_column_but_a_sealed_one_can_be_changed(kept, table):
    for column in table.columns:
        if not column.name.startswith("sealed_"):
            assert_refused(kept, table, f"UPDATE {table.name} SET {column.name} = {column.name}")


@each_table
def test_no_row_can_be_taken_out(kept, table):
    assert_refused(kept, table, f"DELETE FROM {table.name}")
    if not is_sqlite(kept):
        assert_refused(kept, table, f"TRUNCATE {table.name} CASCADE")
        assert_refused(kept, table, "TRUNCATE organisations CASCADE")


@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"])
@pytest.mark.parametrize(
    ("table", "other"),
    [
        pytest.param(contributions, NEW | {"id": "id"}, id="the id of an entry"),
        pytest.param(contributions, NEW | {"reference": "reference"}, id="the reference of an entry"),
        pytest.param(contributions, NEW | {"receipt": "receipt"}, id="the receipt of an entry"),
        pytest.param(contributions, NEW | {"reverses": "reverses"}, id="what an entry reverses"),
        pytest.param(contributions, NEW | {"rowid": "rowid"}, id="the hidden number of an entry"),
        pytest.param(contribution_decisions, {"state": "'new'"}, id="the id of a decision"),
        pytest.param(contribution_decisions, {"id": "9"}, id="what a decision says of an entry"),
        pytest.param(claim_events, {"state": "'paid'"}, id="the id of an event"),
        pytest.param(audit, {"actor": "'nobody'"}, id="the number of a row of the log"),
    ],
)
def test_no_row_can_be_put_in_place_of_another(kept, table, other, verb):
    if not is_sqlite(kept):
        pytest.skip("a grammar of SQLite's")
    columns = {column.name: column.name for column in table.columns} | other
    copy = f"SELECT {', '.join(columns.values())} FROM {table.name} WHERE rowid = 2"
    assert_refused(kept, table, f"{verb} INTO {table.name} ({', '.join(columns)}) {copy}")


@each_table
def test_no_row_can_be_moved_onto_another(kept, table):
    if not is_sqlite(kept):
        pytest.skip("only SQLite's rows have a hidden number that can be set")
    assert_refused(kept, table, f"UPDATE OR REPLACE {table.name} SET rowid = 1 WHERE rowid = 2")


def test_an_entry_whose_reference_is_taken_is_a_conflict_as_in_any_table(kept):
    again = ROWS[contributions][0] | {"id": "three", "receipt": None}
    with pytest.raises(Conflict), kept.database.write() as db:
        db.execute(insert(contributions), again)
