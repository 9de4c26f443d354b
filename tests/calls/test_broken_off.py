"""Calls that break off: she is asked in her next call whether to go on, nobody else is, and no answer is lost or doubled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from calls.conftest import Installation

from gateway.services import track

SITA, MAYA, SHARED, STRANGER = "+9779720000001", "+9779720000002", "+9779720000003", "+9779841000001"
OFFER = "ne/resume/offer-1"


def drop(call) -> None:
    call.hang_up(report_to="/twilio/status/calls")


def offered(call) -> bool:
    return OFFER in call.heard


def contributions(here: Installation) -> list[tuple[object, ...]]:
    return here.rows("SELECT amount FROM contributions WHERE noted_by = 'voice'")


def test_she_goes_on_at_the_question_where_her_call_broke_off(here: Installation) -> None:
    drop(here.phone(SITA).ring().press("1").press("2").press("450"))
    call = here.phone(SITA).ring()
    assert offered(call)
    before = len(call.heard)
    call.press("1")
    assert call.heard[before:][:3] == ["ne/number/4", "ne/word/hundred", "ne/number/50"]  # the amount is read back once more
    assert contributions(here) == []
    call.press("1")
    assert contributions(here) == [(450_00,)]
    assert not offered(here.phone(SITA).ring())


# Keys up to the end of a task, by whom, and how many of the last answers leave something to go on with when the call breaks off after.
PATHS = {
    "another amount": (SITA, ["1", "2", "450", "1"]),
    "another amount, corrected": (SITA, ["1", "2", "45", "2", "450", "1"]),
    "the same amount twice": (SITA, ["1", "1", "9", "1", "1", "1"]),
    "registration": (STRANGER, ["5", "1", "speak", "2"]),
    "private": (MAYA, ["1", "4826", "2", "450", "1"]),
}
EFFECTS = (
    "SELECT member_id, amount FROM contributions WHERE noted_by = 'voice' ORDER BY amount",
    "SELECT trade, state, consent_wording IS NOT NULL FROM members WHERE length(id) = 32",
    "SELECT count(*) FROM recordings",
    "SELECT kind FROM tasks ORDER BY kind",
)


def play(call, keys):
    for key in keys:
        call = call.speak(4) if key == "speak" else call.press(key)
    return call


@pytest.mark.parametrize(("name", "broken_after"), [(name, place) for name, (_, keys) in PATHS.items() for place in range(len(keys))])
def test_wherever_a_call_breaks_off_no_answer_is_lost_or_doubled(on_sqlite: Installation, name: str, broken_after: int) -> None:
    here, (number, keys) = on_sqlite, PATHS[name]
    drop(play(here.phone(number).ring(), keys[:broken_after]))
    again = here.phone(number).ring()
    if again.heard[-1].startswith("ne/pin/"):
        again.press("4826")
    if offered(again):
        play(again.press("1"), keys[broken_after:])
    elif contributions(here):  # the first of two was noted before; only the second is left
        play(again, ["1", "1", "1"])
    else:
        play(again, keys)
    twice = 2 if name == "the same amount twice" else 1
    expected_amounts = [] if number == STRANGER else [300_00] * 2 if twice == 2 else [450_00]
    assert [row[0] for row in contributions(here)] == expected_amounts
    registered, recordings, tasks = (here.rows(statement) for statement in EFFECTS[1:])
    assert registered == ([("craft", "pending", 1)] if number == STRANGER else [])
    assert (recordings, tasks) == ([(1 if number == STRANGER else 0,)], [("write_down_name",)] if number == STRANGER else [])


@pytest.mark.parametrize("keys", [[], ["2"], ["1"], ["3"], ["3", "1"], ["1", "1"], ["4"], ["7"], ["1", "2", "9"], ["6"]])
def test_who_left_nothing_unfinished_is_not_asked(on_sqlite: Installation, keys: list[str]) -> None:
    drop(play(on_sqlite.phone(SITA).ring(), keys))
    assert not offered(on_sqlite.phone(SITA).ring())


def test_no_is_an_answer(on_sqlite: Installation) -> None:
    drop(on_sqlite.phone(SITA).ring().press("1").press("2"))
    call = on_sqlite.phone(SITA).ring().press("2")
    assert call.heard[-1].startswith("ne/main_menu/member")
    drop(call)
    assert not offered(on_sqlite.phone(SITA).ring())


def test_a_second_break_during_the_question_asks_again(on_sqlite: Installation) -> None:
    drop(on_sqlite.phone(SITA).ring().press("1").press("2").press("450"))
    drop(on_sqlite.phone(SITA).ring())
    call = on_sqlite.phone(SITA).ring()
    assert offered(call)
    call.press("1").press("1")
    assert contributions(on_sqlite) == [(450_00,)]


def test_after_a_day_she_begins_anew(on_sqlite: Installation) -> None:
    drop(on_sqlite.phone(SITA).ring().press("1").press("2"))
    on_sqlite.clock.move(hours=24, seconds=1)
    assert not offered(on_sqlite.phone(SITA).ring())


def test_who_had_given_her_pin_gives_it_again_first(on_sqlite: Installation) -> None:
    drop(on_sqlite.phone(MAYA).ring().press("1").press("4826").press("2"))
    call = on_sqlite.phone(MAYA).ring()
    assert not offered(call)
    assert call.heard[-1].startswith("ne/pin/ask")
    assert not offered(call.press("1111"))
    assert offered(call.press("4826"))
    call.press("1").press("450").press("1")
    assert on_sqlite.rows("SELECT member_id, amount FROM contributions WHERE noted_by = 'voice'") == [("sample-2", 450_00)]


def test_on_a_shared_phone_the_other_member_is_not_asked(on_sqlite: Installation) -> None:
    drop(on_sqlite.phone(SHARED).ring().press("1").press("7391").press("2").press("450"))
    call = on_sqlite.phone(SHARED).ring().press("5064")
    assert not offered(call)
    call.press("1")
    assert contributions(on_sqlite) == []


def test_on_a_shared_phone_she_herself_goes_on_after_her_pin(on_sqlite: Installation) -> None:
    drop(on_sqlite.phone(SHARED).ring().press("1").press("7391").press("2").press("450"))
    call = on_sqlite.phone(SHARED).ring().press("7391")
    assert offered(call)
    call.press("1").press("1")
    assert on_sqlite.rows("SELECT member_id, amount FROM contributions WHERE noted_by = 'voice'") == [("sample-3", 450_00)]


def test_a_flow_that_asks_for_no_pin_cannot_open_what_stood_behind_one(on_sqlite: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where an organiser's `resume` forgets to ask, the engine leads elsewhere."""
    drop(on_sqlite.phone(MAYA).ring().press("1").press("4826").press("2").press("450"))
    monkeypatch.setattr(
        "gateway.engine.steps.branch.Branch.enter", lambda _step, turn: "offer" if turn.flow.name == "resume" else "later_call"
    )
    call = on_sqlite.phone(MAYA).ring()
    assert offered(call)
    call.press("1")
    assert "ne/contribution/other_amount" not in " ".join(call.heard)
    assert contributions(on_sqlite) == []


def test_of_two_calls_at_once_one_goes_on(here: Installation) -> None:
    drop(here.phone(SITA).ring().press("1").press("2").press("450"))
    with ThreadPoolExecutor(8) as threads:
        calls = list(threads.map(lambda _: here.phone(SITA).ring(), range(8)))
    assert sum(map(offered, calls)) == 1


def test_a_call_that_nobody_ended_is_ended_by_the_sweep_and_can_be_gone_on_with(here: Installation) -> None:
    here.phone(SITA).ring().press("1").press("2").press("450")
    here.phone("+9779841000002").text("dabi")
    here.clock.move(hours=4)
    track.sweep(here.gateway)
    assert here.rows("SELECT medium FROM flow_sessions WHERE open") == [("sms",)]
    assert offered(here.phone(SITA).ring())
    here.clock.move(hours=24)
    track.sweep(here.gateway)
    assert here.rows("SELECT medium FROM flow_sessions WHERE open") == []


def test_an_end_that_is_reported_twice_or_late_changes_nothing(on_sqlite: Installation) -> None:
    first = on_sqlite.phone(SITA).ring().press("1").press("2").press("450")
    drop(first)
    on_sqlite.phone(SITA).ring().press("1").press("1")
    drop(first)
    assert not offered(on_sqlite.phone(SITA).ring())
    assert contributions(on_sqlite) == [(450_00,)]
