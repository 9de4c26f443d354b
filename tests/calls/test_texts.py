"""Whole conversations by SMS over HTTP with real signatures."""

from __future__ import annotations

import pytest
from calls.conftest import Installation

from gateway.core.digits import fold_digits
from gateway.errors import GatewayError
from gateway.services import access, pins

ADMIN = access.terminal("main")
SITA, MAYA, SHARED = "+9779720000001", "+9779720000002", "+9779720000003"
STRANGER = "+9779841000001"


@pytest.mark.parametrize("words", ["दाबी", "dabi", "DAABI", "claim", "mero dabi kaha pugyo"])
def test_a_keyword_in_any_script_tells_her_claim(here: Installation, words: str) -> None:
    (answer,) = here.phone(SITA).text(words)
    assert ("5,000" if words.isascii() else "५,०००") in answer


def test_an_amount_beside_the_word_is_read_back_and_noted(here: Installation) -> None:
    phone = here.phone(SITA)
    (question,) = phone.text("yogdan ५००")
    assert "५००" in question
    phone.text("1")
    assert here.rows("SELECT amount, noted_by FROM contributions WHERE noted_by = 'sms'") == [(500_00, "sms")]


@pytest.mark.parametrize("amount", ["-5", "1e3", "०", "9", "100001", "9" * 20, "300 400"])
@pytest.mark.parametrize("asked", [True, False])
def test_what_is_no_amount_is_refused_with_the_range(on_sqlite: Installation, amount: str, asked: bool) -> None:
    phone = on_sqlite.phone(SITA)
    if asked:
        phone.text("yogdan 5")
        if amount in {"०", "9"}:
            return  # by themselves they lead to a person and to the start, wherever she is
        (answer,) = phone.text(amount)
    else:
        (answer,) = phone.text(f"yogdan {amount}")
    assert ("Rs 10 " if amount.isascii() else "10 देखि") in answer
    assert "1,00,000" in answer
    assert len(answer) <= (160 if amount.isascii() else 70)
    phone.text("1")
    assert on_sqlite.rows("SELECT count(*) FROM contributions WHERE noted_by = 'sms'") == [(0,)]


@pytest.mark.parametrize("first", ["योगदान ५", "योगदान -५"])
def test_the_range_and_the_question_are_one_segment_in_devanagari(on_sqlite: Installation, first: str) -> None:
    phone = on_sqlite.phone(SITA)
    answers = [*phone.text(first), *phone.text("-५"), *phone.text("१००००१")]
    assert all(len(answer) <= 70 for answer in answers), answers


@pytest.mark.parametrize("words", [["yogdan 50.5"], ["yogdan 5", "50.5"], ["योगदान ५०.५"]])
def test_paisa_are_read_back_before_they_are_noted(on_sqlite: Installation, words: list[str]) -> None:
    phone = on_sqlite.phone(SITA)
    for text in words:
        (answer,) = phone.text(text)
    assert "50.50" in fold_digits(answer)
    phone.text("1")
    assert on_sqlite.rows("SELECT amount FROM contributions WHERE noted_by = 'sms'") == [(50_50,)]


def test_a_wrong_answer_to_a_read_back_amount_is_not_told_the_range(on_sqlite: Installation) -> None:
    call = on_sqlite.phone(SITA).ring().press("1").press("2").press("450").press("5")
    assert "ne/defaults/wrong1-1" in call.heard
    assert "ne/phrase/amount_range" not in call.heard


def test_nothing_private_is_texted_before_her_pin_and_the_pin_is_not_kept(here: Installation) -> None:
    phone = here.phone(MAYA)
    (question,) = phone.text("dabi")
    (answer,) = phone.text("४८२६")
    assert "हेर्दै" not in question
    assert "हेर्दै" in answer
    assert [row for row in here.rows("SELECT sealed_body FROM messages") if "४८२६" in str(row) or "4826" in str(row)] == []
    assert [row for row in here.rows("SELECT state FROM flow_sessions") if "4826" in str(row)] == []


@pytest.mark.parametrize("word", ["STOP", " stop. ", "Stop!", "बन्द", "रोक", "ＳＴＯＰ", "pls stop", "stop plz"])
def test_stop_is_recorded_and_confirmed_once(here: Installation, word: str) -> None:
    phone = here.phone(SITA)
    assert len(phone.text(word)) == 1
    assert phone.text(word) == []
    assert here.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL") == [(1,)]


def test_start_takes_stop_back(here: Installation) -> None:
    phone = here.phone(SITA)
    phone.text("STOP")
    assert len(phone.text("suru")) == 1
    assert here.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL") == [(0,)]


def test_an_ordinary_sentence_is_not_a_command(here: Installation) -> None:
    here.phone(SITA).text("please don't stop")
    assert here.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL") == [(0,)]


@pytest.mark.parametrize(
    ("words", "stopped"), [("sms napathaunu", 1), ("stop sending sms please", 1), ("एसएमएस नपठाउनुस् न", 1), ("please don't stop", 0)]
)
def test_a_doubtful_stop_is_asked_about_and_then_done(here: Installation, words: str, stopped: int) -> None:
    phone = here.phone(SITA)
    phone.text(words)
    assert here.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL") == [(0,)]
    phone.text("ho ni")
    assert here.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL") == [(stopped,)]


@pytest.mark.parametrize("before", [None, "yogdan 500", "talim"])
@pytest.mark.parametrize("words", ["nachahine", "chahidaina", "नचाहिने", "remove me"])
def test_every_listed_word_for_stop_stops_after_one_question(on_sqlite: Installation, words: str, before: str | None) -> None:
    phone = on_sqlite.phone(SITA)
    if before:
        phone.text(before)
    phone.text(words)
    phone.text("1")
    assert on_sqlite.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL") == [(1,)]
    assert on_sqlite.rows("SELECT count(*) FROM contributions WHERE noted_by = 'sms'") == [(0,)]


def test_a_doubtful_stop_that_was_none_changes_nothing(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    phone.text("stop sending sms")
    phone.text("hoina")
    assert on_sqlite.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL") == [(0,)]


def test_a_misspelled_call_is_asked_about_before_somebody_must_ring(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    (question,) = phone.text("kura garna paryo hola")
    assert "1" in question
    assert on_sqlite.rows("SELECT count(*) FROM tasks WHERE kind = 'call_back'") == [(0,)]
    phone.text("ek")
    assert on_sqlite.rows("SELECT count(*) FROM tasks WHERE kind = 'call_back'") == [(1,)]


def test_a_menu_takes_the_word_and_the_word_misspelled(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    phone.text("bhasa")
    (answer,) = phone.text("inglish")
    assert answer == "From now on we write in English."


def test_her_name_is_never_taken_for_a_doubtful_stop(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(STRANGER)
    for words in ("darta", "hunxa", "Banda Kumari, Lele", "silai"):
        phone.text(words)
    assert on_sqlite.rows("SELECT sealed_name, trade FROM members WHERE length(id) = 32") == [("Banda Kumari, Lele", "sewing")]


def test_an_answer_that_comes_too_late_is_told_so(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    phone.text("yogdan 500")
    on_sqlite.clock.move(minutes=31)
    (answer,) = phone.text("1")
    assert "sakiyo" in answer
    assert on_sqlite.rows("SELECT count(*) FROM contributions WHERE noted_by = 'sms'") == [(0,)]
    assert "5,000" in phone.text("dabi")[0]


def test_she_is_answered_in_the_script_in_which_she_writes(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    assert phone.text("yogdan 500")[0].isascii()
    assert phone.text("2")[0].isascii()
    assert not phone.text("दाबी")[0].isascii()


def test_a_script_that_a_member_chose_is_kept(on_sqlite: Installation) -> None:
    with on_sqlite.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE members SET script = 'romanised'")
    assert on_sqlite.phone(SITA).text("दाबी")[0].isascii()


def test_a_stranger_registers_by_text(here: Installation) -> None:
    phone = here.phone(STRANGER)
    for words in ("darta", "1", "राधा चौधरी, बर्दिया", "3"):
        assert len(phone.text(words)) == 1
    assert here.rows("SELECT sealed_name, trade, state FROM members WHERE length(id) = 32") == [("राधा चौधरी, बर्दिया", "food", "pending")]


def test_the_same_message_twice_gets_the_same_answer_and_one_effect(here: Installation) -> None:
    phone = here.phone(SITA)
    phone.text("yogdan 500")
    first = phone.text("1", sid="SM" + "5" * 32)
    assert phone.text("1", sid="SM" + "5" * 32) == first
    assert here.rows("SELECT count(*) FROM contributions WHERE noted_by = 'sms'") == [(1,)]


def test_an_unknown_word_is_told_what_can_be_texted(here: Installation) -> None:
    (answer,) = here.phone(SITA).text("xyzzy plugh")
    assert answer


def test_a_machine_that_answers_our_answers_is_met_with_silence(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    answers = [phone.text(f"hello {number}") for number in range(70)]
    assert answers[0]
    assert answers[-1] == []
    assert on_sqlite.rows("SELECT kind, count(*) FROM tasks GROUP BY kind") == [("check_messages", 1)]
    on_sqlite.clock.move(hours=1, seconds=1)
    assert phone.text("hello") != []


def test_a_machine_that_says_the_same_each_time_is_known_sooner(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    answers = [phone.text("Thank you, we will call you back.") for _ in range(20)]
    assert sum(map(bool, answers)) == 10
    assert on_sqlite.rows("SELECT kind, count(*) FROM tasks GROUP BY kind") == [("check_messages", 1)]
    assert phone.text("dabi") != [], "other words are a person's"
    assert len(phone.text("STOP")) == 1


def test_the_same_answer_to_question_after_question_is_no_machines(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    assert all(phone.text("1") for _ in range(15))


def test_stop_is_heard_however_much_was_written_before(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    for number in range(60):
        phone.text(f"hello {number}")
    assert phone.text("dabi") == []
    assert len(phone.text("STOP")) == 1
    assert on_sqlite.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL") == [(1,)]
    for _ in range(10):
        phone.text("START")
        phone.text("STOP")
    assert phone.text("START") == []
    assert on_sqlite.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL") == [(0,)]


def test_a_pin_is_not_kept_while_a_phone_gets_no_answers(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(MAYA)
    for number in range(59):
        phone.text(f"hello {number}")
    phone.text("dabi")
    assert phone.text("4826") == []
    assert "4826" not in str(on_sqlite.rows("SELECT sealed_body FROM messages"))


@pytest.mark.parametrize(("words", "kept"), [("dabi 4826", "dabi ****"), ("दाबी ४८२६।", "दाबी ****।"), ("dabi 48265", "dabi 48265")])
def test_a_pin_beside_a_word_is_not_kept(on_sqlite: Installation, words: str, kept: str) -> None:
    on_sqlite.phone(MAYA).text(words)
    assert on_sqlite.rows("SELECT sealed_body FROM messages WHERE direction = 'in'") == [(kept,)]


def test_an_amount_of_four_digits_is_kept_of_whoever_has_no_pin(on_sqlite: Installation) -> None:
    on_sqlite.phone(SITA).text("yogdan 4826")
    assert on_sqlite.rows("SELECT sealed_body FROM messages WHERE direction = 'in'") == [("yogdan 4826",)]


@pytest.mark.parametrize("sender", ["anonymous", "+266696687", "+979123456789", "client:bob", ""])
def test_who_cannot_be_written_to_gets_no_answer_and_makes_no_member(on_sqlite: Installation, sender: str) -> None:
    assert on_sqlite.phone(sender).text("dabi") == []
    assert on_sqlite.rows("SELECT count(*) FROM members WHERE length(id) = 32") == [(0,)]


@pytest.mark.parametrize("body", ["<Dial>+1900</Dial>", "=HYPERLINK(1)", "{{7*7}}", "'; DROP TABLE members;--", "a\x00b", "😀" * 400])
def test_hostile_texts_are_kept_as_they_are_and_answered(here: Installation, body: str) -> None:
    assert len(here.phone(SITA).text(body)) == 1
    ((kept,),) = here.rows("SELECT sealed_body FROM messages WHERE direction = 'in'")
    assert kept == body.replace("\x00", "\ufffd")


def test_an_empty_text_is_helped_once_a_day(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    assert len(phone.text("")) == 1
    assert phone.text("  ") == []
    on_sqlite.clock.move(hours=25)
    assert len(phone.text("")) == 1


def test_zero_and_nine_by_themselves_lead_where_they_always_lead(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    assert "1" in phone.text("9")[0]
    on_sqlite.clock.move(days=2)
    on_sqlite.phone(STRANGER).text("०")
    assert on_sqlite.rows("SELECT kind FROM tasks") == [("call_back",)]


def test_a_pin_of_any_length_is_a_try(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(MAYA)
    phone.text("dabi")
    phone.text("1" * 50)
    assert on_sqlite.rows("SELECT max(tries) FROM pin_tries") == [(1,)]


def test_a_locked_pin_is_unlocked_by_number(on_sqlite: Installation) -> None:
    with on_sqlite.gateway.database.write() as db:
        db.exec_driver_sql("INSERT INTO pin_tries SELECT 'own', id, 5, NULL, created_at FROM members WHERE sealed_pin IS NOT NULL")
    for (number,) in on_sqlite.rows("SELECT number FROM members WHERE sealed_pin IS NOT NULL"):
        pins.unlock(on_sqlite.gateway, ADMIN, pins.member_of(on_sqlite.gateway, ADMIN, str(number)))
    assert on_sqlite.rows("SELECT max(tries) FROM pin_tries") == [(None,)]
    with pytest.raises(GatewayError, match="no member"):
        pins.unlock(on_sqlite.gateway, ADMIN, pins.member_of(on_sqlite.gateway, ADMIN, "1"))


@pytest.mark.parametrize(("before", "after", "told"), [("talim", "hisab kati bhayo", "1,500"), ("yogdan 500", "baithak chha?", "baithak")])
def test_a_plain_sentence_leaves_an_open_question(on_sqlite: Installation, before: str, after: str, told: str) -> None:
    phone = on_sqlite.phone(SITA)
    phone.text(before)
    (answer,) = phone.text(after)
    assert "Bujhiena" not in answer, told


def test_a_text_that_is_never_understood_ends_with_somebody_calling(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    phone.text("hisab")
    for _ in range(3):
        phone.text("xyzzy")
    assert on_sqlite.rows("SELECT kind FROM tasks") == [("call_back",)]
