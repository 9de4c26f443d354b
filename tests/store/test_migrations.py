"""The migrations make the very tables that the code uses, from nothing and in any number of processes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.store.database import open_database, upgrade
from gateway.store.models import metadata


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'a 100% new.sqlite3'}"
    return request.getfixturevalue("empty_postgres_url")


def differences(url: str) -> list[object]:
    with closing(open_database(url)) as database, database.read() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, metadata)


def test_the_migrations_make_the_tables_of_the_models(empty_url):
    upgrade(empty_url)
    assert differences(empty_url) == []


def test_upgrading_again_changes_nothing(empty_url):
    upgrade(empty_url)
    upgrade(empty_url)
    assert differences(empty_url) == []


def test_several_processes_may_upgrade_at_once(empty_url):
    command = [sys.executable, "-c", "import sys; from gateway.store.database import upgrade; upgrade(sys.argv[1])", empty_url]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in started] == [("", 0)] * 3
    assert differences(empty_url) == []
