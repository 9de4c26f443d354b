"""Every route of the console, every role, own records and others': the one table `matrix.tsv` says what is answered.

After a change to the routes: `WRITE_MATRIX=1 pytest tests/console/test_matrix.py` writes it anew; look at what changed in it.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fakes.api_world import World
from fakes.console import BASE, Client, Console, address, has_id, one_of_everything

from gateway import bootstrap, config
from gateway.core.roles import ALLOWED, Permission
from gateway.services import installation, studio, uploads
from gateway.store import organisations
from gateway.web.console import all_routes
from gateway.web.console.routes import Anybody, Route

DAY = re.compile(r"\d{4}-\d\d-\d\d")
FILE = Path(__file__).parent / "matrix.tsv"
ROLES = ("admin", "organiser", "collector", "reader", "nobody")
COLUMNS = ("method", "path", *ROLES, "theirs")
OURS, THEIRS = "main", "others"
WRITING = bool(os.environ.get("WRITE_MATRIX"))
TABLE = [] if WRITING else list(csv.DictReader(FILE.open(encoding="utf-8"), delimiter="\t"))
EVERY = pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['method']} {row['path']}")


@dataclass
class Installed:
    """Two organisations with the same people, a browser for each role, and how to bring all of it back to how it was."""

    console: Console
    ours: World
    theirs: World
    file: Path
    copy: Path
    folders: Path
    kept: dict[str, tuple[str, str]] = field(default_factory=dict)

    def restore(self) -> None:
        self.console.gateway.database.close()
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copy(self.copy, self.file)
        shutil.copytree(self.folders, self.file.parent, dirs_exist_ok=True)

    def ask(self, method: str, path: str, role: str, token: str | None = None) -> Any:
        """The answer to somebody of ours; a form is sent empty, but for its token."""
        client, own = self.browser(role)
        if method == "GET":
            return client.get(path, base_url=BASE)
        return client.post(path, base_url=BASE, data={"csrf_token": own if token is None else token})

    def browser(self, role: str) -> tuple[Any, str]:
        if role not in self.kept:
            client = Client(self.console.app.test_client()) if role == "nobody" else self.console.as_(role)
            token = client.token()
            cookie = client.flask.get_cookie("aawaj", domain="127.0.0.1")
            assert cookie is not None
            self.kept[role] = (str(cookie.value), token)
        client = self.console.app.test_client()
        value, token = self.kept[role]
        client.set_cookie("aawaj", value, domain="127.0.0.1")
        return client, token

    def rows(self) -> list[str]:
        """Everything that is in the database."""
        with sqlite3.connect(self.file) as db:
            return list(db.iterdump())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, redis_server: str) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("console")
    file = Path(shutil.copy(sqlite_template, folder / "gateway.sqlite3"))
    environ = {
        "SECRET_KEY": "the secret key of the tests, long enough",
        "PUBLIC_BASE_URL": BASE,
        "DATABASE_URL": f"sqlite:///{file}",
        "REDIS_URL": redis_server,
        "GATEWAY_DATA_DIR": str(folder),
        "GATEWAY_AUDIO_DIR": str(shutil.copytree(config.PACKAGE_ROOT / "audio_prompts", folder / "audio")),  # a recording is put into use
    }
    gateway = bootstrap.build(config.load(environ), clock=lambda: datetime(2026, 11, 21, 4, 15, tzinfo=UTC))
    installation.prepare(gateway)
    with gateway.database.write() as db:
        organisations.ensure(db, THEIRS, "The Others")
    console = Console(gateway)
    marks = ((OURS, "OURMARK", "984"), (THEIRS, "THEIRMARK", "985"))
    worlds = [one_of_everything(console, of, mark, prefix) for of, mark, prefix in marks]
    gateway.database.close()
    folders = tmp_path_factory.mktemp("folders")
    for name in ("sayings", "recordings", studio.FOLDER, uploads.FOLDER):
        shutil.copytree(folder / name, folders / name)
    yield Installed(console, *worlds, file, Path(shutil.copy(file, folder / "copy.sqlite3")), folders)
    gateway.database.close()


def answered(installed: Installed, method: str, path: str) -> dict[str, str]:
    """What the table says of a route."""
    found = {}
    for role in ROLES:
        if method == "POST":
            installed.restore()
        found[role] = str(installed.ask(method, address(path, installed.ours), role).status_code)
    found["theirs"] = "-"
    if has_id(path):
        found["theirs"] = str(installed.ask(method, address(path, installed.theirs), "admin").status_code)
    installed.restore()
    return found


def in_order() -> list[Route]:
    return sorted(all_routes(), key=lambda route: (route.path, route.method))


@pytest.mark.skipif(not WRITING, reason="only where it is asked for")
def test_the_table_is_written_anew(installed):
    with FILE.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        table.writeheader()
        for route in in_order():
            table.writerow({"method": route.method, "path": route.path, **answered(installed, route.method, route.path)})


@pytest.mark.skipif(WRITING, reason="it is being written")
def test_the_table_has_every_route_and_no_other():
    assert [(row["method"], row["path"]) for row in TABLE] == [(route.method, route.path) for route in in_order()]


@EVERY
def test_each_role_gets_what_the_table_says(installed, row):
    assert answered(installed, row["method"], row["path"]) == {name: row[name] for name in (*ROLES, "theirs")}


@pytest.mark.parametrize("route", in_order(), ids=lambda route: f"{route.method} {route.path}")
def test_the_table_says_what_the_routes_allow(route):
    """So that a table that was written anew with a hole in it does not pass."""
    row = next(row for row in TABLE if (row["method"], row["path"]) == (route.method, route.path)) if TABLE else {}
    if not row or route.allowed is Anybody.AT_THE_DOOR:
        return
    assert row["nobody"] == "303"
    if isinstance(route.allowed, Permission):
        assert {role for role in ROLES[:-1] if row[role] == "403"} >= {role for role in ROLES[:-1] if route.allowed not in ALLOWED[role]}
    assert row["theirs"] == ("404" if has_id(route.path) else "-")


@pytest.mark.parametrize("token", ["", "forged", "theirs"])
def test_a_form_without_a_token_of_its_own_visit_changes_nothing(installed, token):
    installed.restore()
    if token == "theirs":
        token = installed.browser("organiser")[1]
    installed.browser("admin")
    before = installed.rows()
    for route in all_routes():
        if route.method == "POST":
            answer = installed.ask("POST", address(route.path, installed.ours), "admin", token)
            assert (route.path, answer.status_code) == (route.path, 400)
    assert installed.rows() == before


def test_nothing_of_the_others_is_on_any_page(installed):
    installed.restore()
    marks = [mark for mark in installed.theirs.all_marks() if not DAY.fullmatch(mark)]  # a calendar shows every day
    for route in all_routes():
        if route.method == "GET":
            text = installed.ask("GET", address(route.path, installed.ours), "admin").get_data().decode(errors="replace")  # a sound, too
            assert not [mark for mark in marks if mark in text], route.path
