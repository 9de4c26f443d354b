"""What is past its time goes, by itself and in small pieces; what is proof stays."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from fakes.everything import MEMBER, plant
from sqlalchemy import func, select

from gateway import logs
from gateway.cli import main
from gateway.services import audit, retention, track
from gateway.store.models import members, messages, metadata, tasks
from gateway.store.retention import PURGES

KEPT = {rule.table for rule in retention.RULES if rule.purge is None}


def counted(here: Installation) -> dict[str, int]:
    with here.gateway.database.read() as db:
        return {name: db.execute(select(func.count()).select_from(table)).scalar_one() for name, table in metadata.tables.items()}


def after(here: Installation, days: int) -> dict[str, int]:
    """What is there when so many days have gone by, and the sweep came every day until nothing was left to do."""
    here.clock.move(days=days)
    retention.sweep(here.gateway)
    return counted(here)


def test_every_table_is_named_with_how_long_it_is_kept_and_why():
    assert {rule.table for rule in retention.RULES} == set(metadata.tables)
    assert all(rule.why for rule in retention.RULES)
    assert [rule.purge for rule in retention.RULES if rule.purge] == list(PURGES)
    assert all(PURGES[rule.purge].table.name == rule.table for rule in retention.RULES if rule.purge)


def test_after_years_only_proof_is_left(here):
    planted = plant(here.gateway)
    with here.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE takes SET decided_at = created_at")
        db.exec_driver_sql("DELETE FROM testimonies")  # her recording stays as long as she lets others hear it
    take = here.gateway.settings.data_dir / "takes" / "her-recording.wav"
    take.parent.mkdir()
    take.touch()
    before = counted(here)
    empty = {name for name, rows in before.items() if not rows}
    ours = {
        "testimonies",
        "broadcasts",
        "approvals",
        "prices",
        "rest_days",
        "sayings",
        "saying_clips",
        "services",
        "missed_call_days",
        "step_counts",
    }
    assert empty == {*ours, "audit", "imports", "import_refusals", "scheme_rates", "sign_in_tries", "studio_tries", "sweeps"}
    assert after(here, 29) | {"audit": 0} == before | {"receipts": 0, "idempotency_keys": 0, "audit": 0}
    with here.gateway.database.write() as db:
        db.execute(tasks.update().where(tasks.c.recording_id.is_not(None)).values(state="done", done_at=here.clock.at))
        db.exec_driver_sql("UPDATE deliveries SET state = 'delivered'")
    for _ in range(20):
        last = after(here, 40)
    for name, rows in last.items():
        if name in KEPT - {"audit", "session_events"}:
            assert rows == before[name], name
    gone = {name for name, rows in last.items() if not rows and before[name]}
    assert gone == {
        *("receipts", "callbacks", "messages", "deliveries", "calls", "tasks", "takes", "recordings", "flow_sessions", "session_events"),
        *("idempotency_keys", "visits", "invitations", "uploads", "call_backs"),
    }
    assert not (here.gateway.settings.data_dir / planted.files[0]).exists()
    assert not take.exists()
    assert (here.gateway.settings.data_dir / planted.files[1]).exists()
    assert audit.verify(here.gateway).fault is None


def test_a_recording_is_kept_until_it_was_written_down_and_thirty_days_more(here):
    planted = plant(here.gateway)
    file = here.gateway.settings.data_dir / planted.files[0]
    with here.gateway.database.write() as db:
        db.exec_driver_sql("DELETE FROM takes")
    assert after(here, 400)["recordings"] == 1, "she lets others hear it"
    with here.gateway.database.write() as db:
        db.exec_driver_sql("DELETE FROM testimonies")
    assert after(here, 400)["recordings"] == 1
    with here.gateway.database.write() as db:
        db.execute(tasks.update().values(state="done", done_at=here.clock.at))
    assert after(here, 29)["recordings"] == 1
    assert file.exists()
    assert after(here, 2)["recordings"] == 0
    assert not file.exists()


def test_a_conversation_that_somebody_must_look_into_is_kept(here):
    plant(here.gateway)
    assert after(here, 2000)["flow_sessions"] == 1


def test_words_go_before_the_rows_that_held_them(here):
    here.phone("+9779720000001").text("dabi")
    after(here, 91)
    with here.gateway.database.read() as db:
        bodies = db.execute(select(messages.c.sealed_body)).scalars().all()
    assert len(bodies) == 2
    assert set(bodies) == {None}


@pytest.mark.parametrize(("words", "kept"), [("dabi", False), ("STOP", True)])
def test_the_number_of_a_stranger_goes_unless_she_said_stop(here, words, kept):
    stranger = here.phone("+9779841357924")
    stranger.text(words)
    after(here, 399)
    assert len(here.rows("SELECT id FROM phones WHERE sealed IS NULL")) == 0
    for _ in range(3):
        after(here, 30)
    assert len(here.rows("SELECT id FROM phones WHERE sealed IS NOT NULL")) == 3 + kept
    assert len(here.rows("SELECT id FROM phones WHERE blind_index IS NOT NULL")) == 3 + kept
    assert stranger.text("dabi")
    assert len(here.rows("SELECT id FROM phones WHERE sealed IS NOT NULL")) == 4


def test_it_comes_once_a_day_and_tells_what_went(here, capsys):
    here.phone("+9779720000001").text("dabi")
    logs.configure()

    def told() -> list[dict[str, object]]:
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        return [line for line in lines if line["event"] == "kept_no_longer"]

    here.clock.move(days=8)
    track.sweep(here.gateway)
    (line,) = told()
    assert line["receipts"] == 1
    here.phone("+9779720000001").text("dabi")
    here.clock.move(hours=23)
    track.sweep(here.gateway)
    assert told() == []
    assert audit.verify(here.gateway).fault is None


def test_a_sweep_that_has_no_time_left_is_gone_on_with(here, monkeypatch):
    for _ in range(5):
        here.phone("+9779720000001").text("dabi")
    here.clock.move(days=8)
    monkeypatch.setattr(retention, "BATCH", 1)
    monkeypatch.setattr(retention, "LONGEST", 0.0)
    retention.sweep(here.gateway)
    assert counted(here)["receipts"] == 5
    assert audit.is_due(here.gateway, retention.SUBJECT)
    monkeypatch.setattr(retention, "LONGEST", 60.0)
    retention.sweep(here.gateway)
    assert counted(here)["receipts"] == 0
    assert not audit.is_due(here.gateway, retention.SUBJECT)


def test_a_member_is_kept_however_long_she_is_silent(here):
    after(here, 5000)
    with here.gateway.database.read() as db:
        assert db.execute(select(members.c.sealed_name).where(members.c.id == MEMBER)).scalar()
    assert "Dabi" in here.phone("+9779720000001").text("dabi")[0]


def test_the_command_shows_periods_and_what_would_go(here, monkeypatch):
    for name, value in here.environ.items():
        monkeypatch.setenv(name, value)
    shown = CliRunner().invoke(main, ["retention"])
    assert shown.exit_code == 0
    lines = {line[:24].strip(): line[24:].split() for line in shown.output.splitlines()}
    assert lines["receipts"][:3] == ["7", "days", "0"]
    assert lines["contributions"][:2] == ["kept", "0"]


def test_a_sweep_a_day_later_finds_what_is_due_then(here):
    here.phone("+9779720000001").text("dabi")
    retention.sweep(here.gateway)
    here.clock.at += timedelta(days=7, seconds=1)
    retention.sweep(here.gateway)
    assert counted(here)["receipts"] == 0
