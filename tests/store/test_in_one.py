"""Several writes as one transaction: each a part that can fail alone, all of them committed or none."""

from __future__ import annotations

import pytest
from fakes.rows import ORGANISATION, World
from fakes.statements import statements_of

from gateway.store import organisations
from gateway.store.database import Conflict, Database
from gateway.store.models import organisations as tables


def names(database: Database) -> set[str]:
    with database.read() as db:
        return set(db.exec_driver_sql("SELECT name FROM organisations").scalars())


def add(database: Database, name: str) -> None:
    with database.write() as db:
        organisations.ensure(db, name.lower(), name)


def test_writes_inside_are_one_commit(database):
    with statements_of(database) as seen, database.in_one():
        add(database, "A")
        add(database, "B")
        assert names(database) == {"A", "B"}  # it sees its own
    assert names(database) == {"A", "B"}
    assert seen.commits == 1


def test_an_error_undoes_all_of_them(database):
    def fail_after_writing() -> None:
        with database.in_one():
            add(database, "A")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert names(database) == set()
    add(database, "B")  # and the thread writes as before
    assert names(database) == {"B"}


def test_a_part_that_fails_leaves_the_others(world: World):
    """A conflict has its name inside as well, so that whoever met it can decide again."""
    database = world.database

    def add_what_is_there() -> None:
        with database.write() as db:
            organisations.ensure(db, "b", "B")
            db.execute(tables.insert(), {"id": ORGANISATION, "name": "Twice"})

    with database.in_one():
        add(database, "A")
        with pytest.raises(Conflict):
            add_what_is_there()
        add(database, "C")
    assert names(database) == {"Home Workers", "A", "C"}


def test_without_a_write_nothing_begins(database):
    with statements_of(database) as seen, database.in_one():
        names(database)
    assert seen.commits == 0
