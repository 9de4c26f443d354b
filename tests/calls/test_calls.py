"""Whole calls over HTTP with real signatures, heard by a strict phone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from calls.conftest import Installation

from gateway.errors import GatewayError
from gateway.services import installation

SITA, MAYA, SHARED = "+9779720000001", "+9779720000002", "+9779720000003"
STRANGER = "+9779841000001"


def said(call) -> str:
    """The clips of a call as one line."""
    return " ".join(call.heard)


def test_a_member_hears_her_claim_with_one_key_within_twenty_seconds(here: Installation) -> None:
    call = here.phone(SITA).ring()
    before = call.seconds
    call.press("2", at=8.0)  # her option is the second: she has heard it by then
    assert before < 3
    assert "ne/claim_status/approved-1" in call.heard
    assert call.heard[call.heard.index("ne/claim_status/approved-1") + 1 :][:3] == ["ne/number/5", "ne/word/thousand", "ne/word/rupees"]


def test_a_private_member_hears_nothing_before_her_pin(here: Installation) -> None:
    call = here.phone(MAYA).ring().press("2")
    assert call.heard[-1].startswith("ne/pin/ask")
    call.press("1111")
    assert "claim_status" not in said(call)
    call.press("4826")
    assert "ne/claim_status/review_until-1" in call.heard


def test_five_wrong_pins_lock_and_the_right_one_is_then_refused(here: Installation) -> None:
    for pin in ("0001", "0002", "0003", "0004", "0005"):
        here.phone(MAYA).ring().press("2").press(pin)
    call = here.phone(MAYA).ring().press("2").press("4826")
    assert "claim_status" not in said(call)
    assert "ne/pin/locked-1" in call.heard


def test_a_shared_phone_tells_each_member_her_own_by_her_pin(here: Installation) -> None:
    call = here.phone(SHARED).ring().press("1")
    assert call.heard[-1].startswith("ne/pin/ask")
    call.press("7391")
    assert "ne/contribution/balance-1" in call.heard


def test_the_usual_contribution_takes_two_keys(here: Installation) -> None:
    call = here.phone(SITA).ring().press("1").press("1")
    assert "ne/contribution/noted-1" in said(call) or "contribution" in said(call)
    assert here.rows("SELECT amount, noted_by FROM contributions WHERE noted_by = 'voice'") == [(300_00, "voice")]


def test_another_amount_is_read_back_before_it_is_noted(here: Installation) -> None:
    call = here.phone(SITA).ring().press("1").press("2").press("450")
    assert here.rows("SELECT amount FROM contributions WHERE noted_by = 'voice'") == []
    call.press("1")
    assert here.rows("SELECT amount FROM contributions WHERE noted_by = 'voice'") == [(450_00,)]


def test_a_stranger_registers_with_four_keys_and_her_voice(here: Installation) -> None:
    call = here.phone(STRANGER).ring()
    assert not any("main_menu/member" in clip for clip in call.heard)
    call.press("5").press("1").speak(4).press("2")
    assert call.over
    assert here.rows("SELECT state, trade FROM members WHERE length(id) = 32") == [("pending", "craft")]
    assert here.rows("SELECT kind, state FROM tasks") == [("write_down_name", "open")]
    assert here.rows("SELECT state FROM recordings") == [("pending",)]
    assert here.rows("SELECT consent_wording IS NOT NULL FROM members WHERE length(id) = 32") == [(True,)]


def test_zero_and_nine_work_while_a_name_is_recorded(on_sqlite: Installation) -> None:
    call = on_sqlite.phone(STRANGER).ring().press("5").press("1")
    call.speak(2, finish="9")
    assert call.heard[-1].startswith("ne/main_menu/stranger")
    call.press("5").press("1").speak(1, finish="0")
    assert on_sqlite.rows("SELECT kind FROM tasks") == [("call_back",)]
    assert on_sqlite.rows("SELECT count(*) FROM recordings") == [(0,)]


def test_a_first_call_has_more_time_for_its_first_key(on_sqlite: Installation) -> None:
    call = on_sqlite.phone(STRANGER).ring()
    assert 'timeout="10"' in call.twiml
    assert 'timeout="8"' in call.wait().twiml
    assert 'timeout="8"' in on_sqlite.phone(SITA).ring().press("1").twiml


def test_silence_is_answered_three_times_and_ends_with_a_promise_to_call(here: Installation) -> None:
    call = here.phone(SITA).ring()
    for _ in range(6):
        if call.over:
            break
        call.wait()
    assert call.over
    assert "ne/defaults/silence1-1" in call.heard
    assert "ne/defaults/silence2-1" in call.heard
    assert here.rows("SELECT kind FROM tasks") == [("call_back",)]


def test_wrong_keys_are_answered_gently_and_zero_always_reaches_a_person(here: Installation) -> None:
    call = here.phone(SITA).ring().press("6")
    assert "ne/defaults/wrong1-1" in call.heard
    call.press("0")
    assert here.rows("SELECT kind FROM tasks") == [("call_back",)]


def test_eight_says_it_again_and_nine_goes_to_the_start(here: Installation) -> None:
    call = here.phone(SITA).ring().press("2")
    call.press("8")
    assert call.heard.count("ne/claim_status/approved-1") == 2
    call.press("9").press("2")
    assert call.heard.count("ne/claim_status/approved-1") == 3


def test_she_says_whether_she_comes_to_the_meeting(here: Installation) -> None:
    here.phone(SITA).ring().press("3").press("1")
    assert here.rows("SELECT notice_id, member_id, answer FROM rsvps") == [("sample-meeting", "sample-1", "yes")]


def test_the_language_that_she_chose_is_spoken_in_her_next_call(here: Installation) -> None:
    call = here.phone(SITA).ring().press("7").press("2")
    assert any(clip.startswith("en/") for clip in call.heard)
    assert all(clip.startswith(("en/", "silence/")) for clip in here.phone(SITA).ring().heard)


def test_a_conversation_goes_on_after_every_process_was_restarted(here: Installation) -> None:
    call = here.phone(SITA).ring().press("1")
    here.restart()
    call.phone.post = here.phone(SITA).post
    call.press("1")
    assert here.rows("SELECT count(*) FROM contributions WHERE noted_by = 'voice'") == [(1,)]


def test_every_request_twice_has_one_effect_and_the_same_answers(here: Installation) -> None:
    here.phone(SITA, double=True).ring().press("1").press("1")
    assert here.rows("SELECT count(*) FROM contributions WHERE noted_by = 'voice'") == [(1,)]
    assert here.rows("SELECT count(*) FROM calls") == [(1,)]


def test_twenty_copies_of_a_request_at_once_have_one_effect(here: Installation) -> None:
    call = here.phone(SITA).ring().press("1")
    sid = call.sid
    phone = here.phone(SITA)
    form = {"CallSid": sid, "From": SITA, "To": "+97714000000", "Direction": "inbound", "CallStatus": "in-progress", "Digits": "1"}
    with ThreadPoolExecutor(20) as threads:
        answers = set(threads.map(lambda _: phone.send("/twilio/voice/2", form), range(20)))
    assert len(answers) == 1
    assert here.rows("SELECT count(*) FROM contributions WHERE noted_by = 'voice'") == [(1,)]


def test_a_withheld_number_is_served_the_public_menu_and_never_registered(here: Installation) -> None:
    call = here.phone("anonymous").ring().press("5").press("1")
    while not call.over:
        call = call.speak(3) if call.waits_for == "speech" else call.wait()
    assert here.rows("SELECT count(*) FROM members WHERE length(id) = 32") == [(0,)]


def test_a_step_of_an_unknown_call_begins_again(here: Installation) -> None:
    answer = here.phone(SITA).send("/twilio/voice/7", {"CallSid": "CA" + "9" * 32, "From": SITA, "To": "+97714000000", "Digits": "2"})
    assert "ne/welcome/" in answer


def test_a_call_that_is_over_answers_nothing_more(here: Installation) -> None:
    phone = here.phone(SITA)
    call = phone.ring()
    phone.send("/twilio/status/calls", {"CallSid": call.sid, "CallStatus": "completed", "CallDuration": "12", "From": SITA})
    assert here.rows("SELECT status, seconds FROM calls") == [("completed", 12)]
    call.press("2")
    assert call.over
    assert "claim_status" not in said(call)


@pytest.mark.parametrize("digits", ["#", "*", "१", "1a", "²"])
def test_what_is_no_key_counts_as_a_wrong_key(on_sqlite: Installation, digits: str) -> None:
    phone = on_sqlite.phone(SITA)
    call = phone.ring()
    answer = phone.send("/twilio/voice/1", {"CallSid": call.sid, "From": SITA, "To": "+97714000000", "Digits": digits})
    assert "ne/defaults/wrong1-1" in answer


def test_a_caller_hears_an_apology_when_the_database_is_away(on_sqlite: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("the disk is full of 9841234567")

    monkeypatch.setattr("gateway.services.receive.calls._once", lambda *_: fail())
    answer = on_sqlite.phone(SITA).send("/twilio/voice", {"CallSid": "CA" + "1" * 32, "From": SITA, "To": "+97714000000"})
    assert "ne/phrase/trouble" in answer
    assert "Hangup" in answer
    assert "disk" not in answer


def test_a_call_of_our_own_at_the_door_is_hung_up(on_sqlite: Installation) -> None:
    form = {"CallSid": "CA" + "2" * 32, "From": "+97714000000", "To": SITA, "Direction": "outbound-api"}
    answer = on_sqlite.phone(SITA).send("/twilio/voice", form)
    assert "<Hangup/>" in answer
    assert "<Play>" not in answer
    assert on_sqlite.rows("SELECT count(*) FROM flow_sessions") == [(0,)]


def test_an_installation_without_a_number_adopts_the_one_at_which_it_is_reached(installation_of, sqlite_url: str) -> None:
    here = installation_of(sqlite_url, GATEWAY_NUMBER="")
    assert here.rows("SELECT address FROM channels") == [("",)]
    here.phone(SITA).ring()
    assert here.rows("SELECT address FROM channels") == [("+97714000000",)]
    installation.prepare(here.gateway)
    assert here.rows("SELECT address FROM channels") == [("+97714000000",)]


def test_a_call_to_a_number_that_is_not_ours_is_hung_up(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    phone.gateway_number = "+97714999999"
    assert phone.ring().over
    assert phone.text("dabi") == []


def test_nothing_is_acknowledged_while_the_database_is_away(on_sqlite: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise GatewayError("database:unavailable")

    monkeypatch.setattr("gateway.store.receipts.insert", lambda *_: away())
    phone = on_sqlite.phone(SITA)
    with pytest.raises(AssertionError, match="503"):
        phone.text("dabi")
    assert on_sqlite.rows("SELECT count(*) FROM messages") == [(0,)]


OURS = "+97714000000"


def over(here: Installation, sid: str) -> None:
    form = {"CallSid": sid, "From": STRANGER, "To": OURS, "CallStatus": "completed", "CallDuration": "12"}
    here.phone(STRANGER).send("/twilio/status/calls", form)


def recorded(here: Installation, call, step: int) -> str:
    form = {"CallSid": call.sid, "From": STRANGER, "To": OURS, "CallStatus": "completed", "Digits": "hangup"}
    more = {"RecordingSid": "RE" + "3" * 32, "RecordingDuration": "4"}
    return here.phone(STRANGER).send(f"/twilio/voice/{step}", {**form, **more})


NAMES = "SELECT kind, member_id, phone_id IS NOT NULL, recording_id IS NOT NULL FROM tasks"


@pytest.mark.parametrize("ended_first", [True, False])
def test_a_name_said_before_hanging_up_is_left_to_somebody(here: Installation, ended_first: bool) -> None:
    call = here.phone(STRANGER).ring().press("5").press("1")
    if ended_first:
        over(here, call.sid)
    recorded(here, call, 3)
    recorded(here, call, 3)
    if not ended_first:
        over(here, call.sid)
    over(here, call.sid)
    assert here.rows("SELECT count(*) FROM recordings") == [(1,)]
    assert [tuple(map(bool, row[2:])) for row in here.rows(NAMES)] == [(True, True)]
    assert [row[:2] for row in here.rows(NAMES)] == [("write_down_name", None)]


def test_a_call_whose_end_was_the_first_that_we_heard_of_it_is_over(here: Installation) -> None:
    sid = "CA" + "7" * 32
    over(here, sid)
    answer = here.phone(STRANGER).send("/twilio/voice/1", {"CallSid": sid, "From": STRANGER, "To": OURS, "Digits": "5"})
    assert "<Hangup/>" in answer
    assert "<Play>" not in answer
    assert here.rows("SELECT count(*) FROM flow_sessions") == [(0,)]


def test_the_fallback_apologises_in_the_language_of_the_call(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    call = phone.ring().press("7").press("2")
    form = {"CallSid": call.sid, "From": SITA, "To": OURS, "ErrorCode": "11200"}
    assert "en/phrase/trouble" in phone.send("/twilio/fallback", form)
    assert "ne/phrase/trouble" in phone.send("/twilio/fallback", {**form, "CallSid": "CA" + "8" * 32})


def test_three_calls_of_one_phone_at_once_register_one_member(here: Installation) -> None:
    calls = [here.phone(STRANGER).ring().press("5").press("1").speak(3) for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda call: call.press("2"), calls))
    assert here.rows("SELECT count(*) FROM members WHERE length(id) = 32") == [(1,)]


def test_silence_after_the_account_ends_with_somebody_calling(on_sqlite: Installation) -> None:
    on_sqlite.phone(SITA).ring().press("1").wait().wait().wait()
    assert on_sqlite.rows("SELECT kind FROM tasks") == [("call_back",)]


def test_whoever_withholds_her_number_leaves_no_task(on_sqlite: Installation) -> None:
    call = on_sqlite.phone("anonymous").ring().press("0")
    while not call.over:
        call = call.wait()
    assert on_sqlite.rows("SELECT count(*) FROM tasks") == [(0,)]
