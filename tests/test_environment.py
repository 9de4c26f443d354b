"""The settings that `gateway up` leaves for commands in other terminals."""

from __future__ import annotations

import stat

from gateway import environment


def test_a_command_finds_what_was_started_in_the_data_folder(tmp_path):
    environment.write(tmp_path, {"DATABASE_URL": "sqlite:////x?a=b", "REDIS_URL": "unix:///y"})
    assert environment.merged({"GATEWAY_DATA_DIR": str(tmp_path)}) == {
        "GATEWAY_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "sqlite:////x?a=b",
        "REDIS_URL": "unix:///y",
    }


def test_without_a_word_the_folder_is_data_where_the_command_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    environment.write(tmp_path / "data", {"REDIS_URL": "unix:///y"})
    assert environment.merged({}) == {"REDIS_URL": "unix:///y"}


def test_what_is_set_wins_even_when_it_is_empty(tmp_path):
    environment.write(tmp_path, {"TWILIO_ACCOUNT_SID": "AC1"})
    settings = environment.merged({"GATEWAY_DATA_DIR": str(tmp_path), "TWILIO_ACCOUNT_SID": ""})
    assert settings["TWILIO_ACCOUNT_SID"] == ""


def test_only_settings_are_written_and_only_settings_are_taken(tmp_path):
    environment.write(tmp_path, {"REDIS_URL": "unix:///y", "HOME": "/somewhere"})
    file = tmp_path / environment.FILE
    assert file.read_text(encoding="utf-8") == "REDIS_URL=unix:///y\n"
    file.write_text("LD_PRELOAD=/evil.so\nREDIS_URL=unix:///y\n", encoding="utf-8")
    assert environment.merged({"GATEWAY_DATA_DIR": str(tmp_path)}).keys() == {"GATEWAY_DATA_DIR", "REDIS_URL"}


def test_nobody_else_can_read_the_file(tmp_path):
    environment.write(tmp_path, {"SECRET_KEY": "x" * 32})
    assert stat.S_IMODE((tmp_path / environment.FILE).stat().st_mode) == 0o600


def test_without_a_file_nothing_is_added(tmp_path):
    assert environment.merged({"GATEWAY_DATA_DIR": str(tmp_path)}) == {"GATEWAY_DATA_DIR": str(tmp_path)}
