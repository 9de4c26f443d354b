"""`gateway organisations`, `gateway users`, `gateway members` and `gateway tasks`, typed."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from fakes.sounds import words
from people.conftest import Installation

from gateway.audio import wav
from gateway.cli import main


@pytest.fixture
def typed(on_sqlite: Installation):
    def run(*arguments: object, fails: bool = False) -> str:
        result = CliRunner().invoke(main, [str(each) for each in arguments], env=on_sqlite.environ)
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    return run


ADD = ("members", "add", "--name", "गीता थापा", "--phone", "9841-000009", "--consent", "paper", "--wording", "form 1")


def registered(typed, *more: str) -> str:
    return typed(*ADD, *more).split()[1]


def test_a_member_is_added_found_shown_and_changed(typed) -> None:
    number = registered(typed, "--village", "Lele", "--trade", "bidi", "--instalment", "250.50", "--private", "no", "--reminders", "yes")
    assert typed("members", "find", "geeta thapa") == f"{number}  गीता थापा  active  9841000009\n"
    shown = typed("members", "show", number)
    for line in (
        "name               गीता थापा",
        "usual instalment   Rs 250.5",
        "reminders          yes",
        "phone              +9779841000009",
    ):
        assert line in shown
    typed("members", "change", number, "--village", "", "--best-hour", "17")
    assert "village" not in typed("members", "show", number)
    assert "best hour          17" in typed("members", "show", number)
    assert "Somebody changed this member meanwhile" in typed("members", "change", number, "--version", "1", "--sex", "female", fails=True)


def test_phones_groups_and_leaving(typed) -> None:
    number = registered(typed)
    didi = typed("users", "add", "Didi", "--role", "collector").split()[0]
    typed("members", "group", number, "--collector", didi)
    assert f"collector id       {didi}" in typed("members", "show", number)
    typed("members", "phone", "add", number, "9841000008")
    typed("members", "phone", "drop", number, "9841000009")
    assert "9841000008" in typed("members", "find", number)
    assert "phone:already" in typed("members", "phone", "add", number, "9720000001", fails=True)
    typed("members", "leave", number)
    assert "left" in typed("members", "show", number)


def test_what_is_wrong_ends_with_a_sentence(typed) -> None:
    assert "member:no-consent" in typed("members", "add", "--name", "x", fails=True)
    assert "member:invalid" in typed(*ADD, "--birth-year", "2042", fails=True)
    assert "member:invalid" in typed(*ADD, "--instalment", "much", fails=True)
    assert "member:unknown" in typed("members", "show", "12345", fails=True)
    assert "last digit" in typed("members", "find", "12346", fails=True)
    assert "access:no-organisation" in typed("members", "find", "x", "--organisation", "nobody", fails=True)


def test_organisations_and_users_are_listed(typed) -> None:
    typed("organisations", "add", "Mahila Sangh", "--id", "sangh", "--number", "+97714000001")
    assert "sangh                 Mahila Sangh  +97714000001\n" in typed("organisations", "list")
    user = typed("users", "add", "राधा", "--role", "organiser", "--organisation", "sangh").split()[0]
    assert typed("users", "list", "--organisation", "sangh") == f"{user}  organiser  राधा\n"
    assert user not in typed("users", "list")
    typed("users", "role", user, "admin", "--organisation", "sangh")
    typed("users", "disable", user, "--organisation", "sangh")
    assert typed("users", "list", "--organisation", "sangh") == f"{user}  admin      राधा  disabled\n"
    typed("users", "enable", user, "--organisation", "sangh")
    assert "user:unknown" in typed("users", "disable", user, fails=True)
    assert "Nobody was found" in typed("members", "find", "9720000001", "--organisation", "sangh", fails=True)


def test_a_name_is_written_down_from_a_task(typed, on_sqlite: Installation) -> None:
    on_sqlite.phone("+9779841000001").ring().press("5").press("1").speak(3).press("2")
    listed = typed("tasks", "list")
    assert "+9779841000001" in listed
    task = listed.split()[0]
    assert "is active" in typed("tasks", "write-down", task, "--name", "Maya", "--village", "Lele", "--place", "3-25-04")
    assert "task:unknown" in typed("tasks", "done", task, fails=True)


def test_a_recorded_name_is_replaced(typed, tmp_path) -> None:
    number = registered(typed)
    wav.write(tmp_path / "name.wav", words(44100, 6000))
    typed("members", "voice", number, tmp_path / "name.wav")
    assert "has voice          yes" in typed("members", "show", number)


def test_a_pin_is_asked_for_where_it_should_stand_in_no_history(on_sqlite: Installation) -> None:
    result = CliRunner().invoke(main, [*ADD, "--pin", "-"], env=on_sqlite.environ, input="4826\n4826\n")
    assert result.exit_code == 0
    assert "4826" not in result.output
