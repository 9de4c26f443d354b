"""PINs on whole calls: what is checked however many try, what locks whom, and how a member comes to a PIN of her own."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import redis
from calls.conftest import Installation
from calls.test_calls import MAYA, SHARED, SITA, STRANGER, said

from gateway.errors import GatewayError
from gateway.services import access, pins
from gateway.services.access import Actor
from gateway.services.pins import Attempt

ADMIN = access.terminal("main")
ENDED = "/twilio/status/calls"
MAYAS_NUMBER, GITAS_NUMBER = "10024", "10035"
NEIGHBOURS = [f"+97798410001{number:02}" for number in range(10)]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that were checked: one for each time that argon2 ran."""
    seen: list[str] = []
    verify = pins.HASHER.verify

    class Watched:
        def verify(self, hashed: str, pin: str) -> bool:
            seen.append(hashed)
            return verify(hashed, pin)

        def hash(self, pin: str) -> str:
            return pins_hash(pin)

    pins_hash = pins.HASHER.hash
    monkeypatch.setattr(pins, "HASHER", Watched())
    return seen


def guess(call, times: int) -> None:
    """Key wrong PINs, as long as one is asked for."""
    for _ in range(times):
        if not call.over:
            call.press("0007")


def elsewhere(here: Installation, phone: str, number: str = MAYAS_NUMBER):
    """A call from a phone that is no member's, up to the PIN."""
    return here.phone(phone).ring().press("2").press("1").press(number)


# --- what is checked ---------------------------------------------------------------------------------------------------------------


def test_fifty_wrong_pins_at_once_over_ten_phones_are_five_checks(here: Installation, checks: list[str]) -> None:
    calls = [elsewhere(here, NEIGHBOURS[number % 10]) for number in range(50)]
    with ThreadPoolExecutor(25) as threads:
        list(threads.map(lambda call: call.press("0007"), calls))
    assert len(checks) == 5
    call = elsewhere(here, STRANGER).press("4826")
    assert "ne/pin/locked-1" in call.heard
    assert len(checks) == 5


def test_fifty_wrong_pins_at_once_for_two_who_share_ten_phones_are_five_checks_each(here: Installation, checks: list[str]) -> None:
    gateway = here.gateway
    for number in NEIGHBOURS:
        here.phone(number).ring()
        with gateway.database.write() as db:
            db.exec_driver_sql(
                "INSERT INTO member_phones (member_id, phone_id) SELECT member.id, (SELECT max(id) FROM phones) FROM members member"
                " WHERE member.id IN ('sample-3', 'sample-4')"
            )
    calls = [here.phone(NEIGHBOURS[number % 10]).ring().press("1") for number in range(50)]
    with ThreadPoolExecutor(25) as threads:
        list(threads.map(lambda call: call.press("0007"), calls))
    assert len(checks) == 10
    assert {checks.count(each) for each in checks} == {5}


def test_a_stranger_locks_nobody_out_on_her_own_phone(here: Installation) -> None:
    for phone in NEIGHBOURS[:2]:
        call = elsewhere(here, phone)
        guess(call, 5)
    assert "ne/pin/locked-1" in elsewhere(here, STRANGER).press("4826").heard
    assert "ne/claim_status/review_until-1" in here.phone(MAYA).ring().press("2").press("4826").heard


def test_what_is_locked_stays_locked_through_a_flush_and_a_restart(here: Installation, redis_url: str) -> None:
    call = here.phone(MAYA).ring().press("2")
    guess(call, 5)
    redis.Redis.from_url(redis_url).flushall()
    here.gateway.database.close()
    here.restart()
    assert "ne/pin/locked-1" in here.phone(MAYA).ring().press("2").press("4826").heard
    here.clock.move(minutes=16)
    assert "ne/claim_status/review_until-1" in here.phone(MAYA).ring().press("2").press("4826").heard


def test_an_organiser_unlocks(on_sqlite: Installation) -> None:
    call = on_sqlite.phone(MAYA).ring().press("2")
    guess(call, 5)
    pins.unlock(on_sqlite.gateway, ADMIN, "sample-2")
    assert "ne/claim_status/review_until-1" in on_sqlite.phone(MAYA).ring().press("2").press("4826").heard
    assert on_sqlite.rows("SELECT actor, action, subject FROM audit") == [("terminal", "pin.unlocked", "member:sample-2")]


def test_one_phone_has_ten_tries_in_a_day_whoever_is_meant(on_sqlite: Installation, checks: list[str]) -> None:
    for number in (MAYAS_NUMBER, GITAS_NUMBER, "5724"):
        call = elsewhere(on_sqlite, STRANGER, number)
        guess(call, 4)
    assert len(checks) == 10
    assert "ne/pin/locked-1" in call.heard
    on_sqlite.clock.move(hours=25)
    assert "ne/claim_status/review_until-1" in elsewhere(on_sqlite, STRANGER).press("4826").heard


@pytest.mark.parametrize("digits", ["1" * 20, "482", "48261"])
def test_a_pin_of_another_length_is_a_try_and_is_not_hashed(on_sqlite: Installation, checks: list[str], digits: str) -> None:
    gateway = on_sqlite.gateway
    on_sqlite.phone(MAYA).ring()
    [(phone_id,)] = on_sqlite.rows("SELECT id FROM phones WHERE id IN (SELECT phone_id FROM member_phones WHERE member_id = 'sample-2')")
    assert pins.verify(gateway, Attempt("main", phone_id, ["sample-2"]), digits) == ("wrong", None)
    assert checks == []
    assert on_sqlite.rows("SELECT tries FROM pin_tries WHERE bucket = 'own'") == [(1,)]


def test_a_refusal_takes_as_long_as_a_wrong_pin_and_an_unknown_number_too(on_sqlite: Installation) -> None:
    on_sqlite.phone(STRANGER).ring()
    [(phone_id,)] = on_sqlite.rows("SELECT max(id) FROM phones")
    attempts = [Attempt("main", phone_id, ["sample-2"]), Attempt("main", phone_id, (), "5724"), Attempt("main", None, ["sample-2"])]
    seconds = []
    for attempt in attempts:
        began = time.monotonic()
        assert pins.verify(on_sqlite.gateway, attempt, "0007")[1] is None
        seconds.append(time.monotonic() - began)
    assert min(seconds) >= pins.LEAST_SECONDS * 0.99
    assert max(seconds) < pins.LEAST_SECONDS * 3


def test_a_number_that_is_nobodys_locks_as_one_that_is_somebodys(on_sqlite: Installation) -> None:
    heard = {}
    for phone, number in ((NEIGHBOURS[0], MAYAS_NUMBER), (NEIGHBOURS[1], "5724")):
        call = elsewhere(on_sqlite, phone, number)
        before = len(call.heard)
        guess(call, 6)
        heard[number] = call.heard[before:]
    assert heard[MAYAS_NUMBER] == heard["5724"]


def test_pins_are_counted_on_a_line_that_many_use_and_right_ones_are_not(on_sqlite: Installation) -> None:
    for _ in range(12):
        assert "ne/claim_status/review_until-1" in elsewhere(on_sqlite, STRANGER).press("4826").heard
    assert on_sqlite.rows("SELECT bucket, tries FROM pin_tries ORDER BY bucket") == [("channel", 0), ("phone", 0)]


# --- who sets one ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pin", ["1111", "1212", "1234", "4321", "0123", "9876", "1979", "2035", "2036", "0024", "123", "12a4", ""])
def test_a_pin_that_is_guessed_first_is_refused(on_sqlite: Installation, pin: str) -> None:
    with on_sqlite.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE members SET birth_year = 1979, number = '900024' WHERE id = 'sample-2'")
    with pytest.raises(GatewayError, match="guessed first"):
        pins.set_pin(on_sqlite.gateway, ADMIN, "sample-2", pin)


def test_an_organiser_sets_a_pin_in_any_digits(on_sqlite: Installation) -> None:
    pins.set_pin(on_sqlite.gateway, ADMIN, "sample-2", "०५८३")
    assert "ne/claim_status/review_until-1" in on_sqlite.phone(MAYA).ring().press("2").press("0583").heard
    assert on_sqlite.rows("SELECT action, subject, detail FROM audit") == [("pin.set", "member:sample-2", "{}")]


@pytest.mark.parametrize(
    ("actor", "code"),
    [
        (access.terminal("another"), "member:unknown"),
        (Actor("main", "collector", "user:1", "1"), "access:denied"),
        (Actor("main", "reader", "user:2", "2"), "access:denied"),
    ],
)
def test_nobody_else_sets_one(on_sqlite: Installation, actor: Actor, code: str) -> None:
    gateway = on_sqlite.gateway
    for verb in (lambda: pins.set_pin(gateway, actor, "sample-2", "0583"), lambda: pins.invite(gateway, actor, "sample-2")):
        with pytest.raises(GatewayError) as refused:
            verb()
        assert refused.value.code == code
    with pytest.raises(GatewayError):
        pins.unlock(gateway, actor, "sample-2")
    assert "ne/claim_status/review_until-1" in on_sqlite.phone(MAYA).ring().press("2").press("4826").heard
    assert on_sqlite.rows("SELECT count(*) FROM audit") == [(0,)]


def test_she_sets_her_own_pin_with_the_code_that_she_was_told(here: Installation) -> None:
    code = pins.invite(here.gateway, ADMIN, "sample-2")
    assert len(code) == 6
    call = here.phone(MAYA).ring().press("2")
    assert call.heard[-1] == "ne/pin/code-1"
    call.press(code).press("1234")
    assert call.heard[-2:] == ["ne/pin/weak-1", "ne/pin/choose-1"]
    call.press("0583").press("0584")
    assert call.heard[-2:] == ["ne/phrase/not_right", "ne/pin/choose-1"]
    call.press("0583").press("0583")
    assert "ne/pin/chosen-1" in call.heard
    assert "ne/claim_status/review_until-1" in call.heard
    again = here.phone(MAYA).ring().press("2").press("4826")
    assert again.heard[-2:] == ["ne/pin/wrong-1", "ne/pin/ask-1"]
    again.press("0583")
    assert "ne/claim_status/review_until-1" in again.heard
    assert here.rows("SELECT actor, action FROM audit ORDER BY id") == [("terminal", "pin.invited"), ("voice", "pin.chosen")]


def test_nothing_that_she_keyed_is_kept(here: Installation) -> None:
    code = pins.invite(here.gateway, ADMIN, "sample-2")
    here.phone(MAYA).ring().press("2").press(code).press("0583")
    [(state,)] = here.rows("SELECT state FROM flow_sessions WHERE open")
    logged = str(here.rows("SELECT kind, detail FROM session_events")) + str(here.rows("SELECT detail FROM audit"))
    for secret in (code, "0583"):
        assert secret not in str(state)
        assert secret not in logged
    assert "argon2" in json.dumps(json.loads(str(state))["frames"])


def test_who_holds_her_phone_and_does_not_know_the_code_sets_nothing(here: Installation, checks: list[str]) -> None:
    code = pins.invite(here.gateway, ADMIN, "sample-2")
    wrong = f"{(int(code) + 1) % 10**6:06}"
    call = here.phone(MAYA).ring().press("2").press(wrong)
    assert call.heard[-2:] == ["ne/phrase/not_right", "ne/pin/code-1"]
    for _ in range(4):
        call.press(wrong)
    call.press(code)
    assert "ne/pin/locked-1" in call.heard
    assert len(checks) == 5
    assert "pin/choose" not in said(call)


def test_a_call_that_broke_off_after_the_code_asks_for_it_again(on_sqlite: Installation) -> None:
    here = on_sqlite
    call = here.phone(SITA).ring().press("1").press("2").press("450")  # something is left unfinished
    call.hang_up(ENDED)
    code = pins.invite(here.gateway, ADMIN, "sample-1")
    call = here.phone(SITA).ring()
    assert "ne/resume/offer-1" in said(call)
    call.press("9").press("2").press(code).press("0583")
    call.hang_up(ENDED)
    call = here.phone(SITA).ring()
    assert "resume/offer" not in said(call)
    assert call.press("2").heard[-1] == "ne/pin/code-1"


def test_a_code_holds_for_a_week_and_is_no_pin(on_sqlite: Installation) -> None:
    here = on_sqlite
    code = pins.invite(here.gateway, ADMIN, "sample-2")
    assert "ne/pin/wrong-1" in elsewhere(here, STRANGER).press(code[:4]).heard
    assert "ne/pin/wrong-1" in elsewhere(here, STRANGER).press("4826").heard  # it took the place of her PIN
    here.clock.move(days=8)
    assert "ne/pin/no_pin-1" in here.phone(MAYA).ring().press("2").heard


def test_on_a_shared_phone_the_code_is_hers_whose_it_is(here: Installation) -> None:
    code = pins.invite(here.gateway, ADMIN, "sample-4")
    call = here.phone(SHARED).ring().press("1")
    assert call.heard[-1].startswith("ne/pin/which")
    call.press("2").press(code).press("0583").press("0583")
    assert "ne/pin/chosen-1" in call.heard
    [(member_id,)] = here.rows("SELECT member_id FROM flow_sessions WHERE open")
    assert member_id == "sample-4"
    call = here.phone(SHARED).ring().press("1").press("7391")
    assert "ne/contribution/balance-1" in call.heard


def test_no_code_is_asked_for_by_text(on_sqlite: Installation) -> None:
    pins.invite(on_sqlite.gateway, ADMIN, "sample-2")
    [answer] = on_sqlite.phone(MAYA).text("दाबी")
    assert "दिदीसँग" in answer
    assert on_sqlite.rows("SELECT kind FROM tasks") == [("call_back",)]


def test_many_checks_at_once_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = [], []
    hashed = pins.hash_pin("0583")

    class Slow:
        def verify(self, _hashed: str, _pin: str) -> bool:
            running.append(1)
            most.append(len(running))
            time.sleep(0.01)
            running.pop()
            return True

    monkeypatch.setattr(pins, "HASHER", Slow())
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda _: pins.is_of(hashed, "0583"), range(40)))
    assert max(most) <= 4


def test_an_attempt_from_a_withheld_number_is_refused_uncounted(on_sqlite: Installation, checks: list[str]) -> None:
    attempt = replace(Attempt("main", 1, ["sample-2"]), phone_id=None)
    assert pins.verify(on_sqlite.gateway, attempt, "4826") == ("locked", None)
    assert checks == []
    assert on_sqlite.rows("SELECT count(*) FROM pin_tries") == [(0,)]
