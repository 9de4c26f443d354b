"""A collector reports for many, in one text or in one call, over HTTP."""

from __future__ import annotations

import re

import pytest
from calls.conftest import Installation
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import money
from gateway.core.reference import is_valid
from gateway.language import keywords
from gateway.services import installation, members, pins
from gateway.services.access import Actor, terminal
from gateway.store import pins as stored_pins
from gateway.store import users

SITA, MAYA = "+9779720000001", "+9779720000002"
OWN, FIRST, SECOND, OUTSIDE = "10019", "10024", "10035", "10043"  # the sample's membership numbers
ORGANISER = Actor(installation.ORGANISATION, "organiser", "user:1", "1")


def appoint(here: Installation, *, collector: str = "sample-1", group: tuple[str, ...] = ("sample-2", "sample-3")) -> None:
    """Let a sample member collect for others."""
    admin = terminal(installation.ORGANISATION)
    with here.gateway.database.write() as db:
        users.add(db, here.gateway.seal, users.NewUser("didi", installation.ORGANISATION, "didi", "collector"), here.clock())
        users.link(db, collector, "didi")
    for member in group:
        version = members.get(here.gateway, admin, member).version
        members.change(here.gateway, admin, member, version, members.Details(collector_id="didi"))


def give_pin(here: Installation, member: str, pin: str) -> None:
    with here.gateway.database.write() as db:
        stored_pins.set_hers(db, here.gateway.seal, member, pins.hash_pin(pin))


def noted(here: Installation) -> list[tuple[object, ...]]:
    return here.rows("SELECT member_id, amount, noted_by FROM contributions WHERE noted_by = 'user:didi' ORDER BY member_id, noted_at")


BOTH = [("sample-2", 300_00, "user:didi"), ("sample-3", 200_00, "user:didi")]


@pytest.mark.parametrize(
    "words",
    [
        f"yogdan {FIRST} 300, {SECOND} 200",
        f"kista {FIRST} 300 {SECOND} 200",
        f"yogdan\n{FIRST} 300\n{SECOND} 200",
        f"yogdan {FIRST}=300; {SECOND}=200",
        f"Yogdan: {FIRST}-300 {SECOND}-200.",
        f"yogdan {FIRST} Rs 300, {SECOND} Rs 200",
        f"yogdan {FIRST} 300,{SECOND} 200",
        "योगदान १००२४ ३००, १००३५ २००",
        "किस्ता १००२४ रु ३००\n१००३५ रु २००",
    ],
)
def test_many_are_reported_in_one_text_and_noted_on_one_answer(on_sqlite: Installation, words: str) -> None:
    appoint(on_sqlite)
    phone = on_sqlite.phone(SITA, double=True)
    (question,) = phone.text(words)
    assert keywords.fold_digits(question).startswith("2 ")
    assert "500" in keywords.fold_digits(question)
    assert noted(on_sqlite) == []
    (answer,) = phone.text("1")
    assert noted(on_sqlite) == BOTH
    references = {str(row[0]) for row in on_sqlite.rows("SELECT reference FROM contributions WHERE noted_by = 'user:didi'")}
    assert len(references) == 2
    assert all(is_valid(reference) and reference in keywords.fold_digits(answer) for reference in references)


def test_on_both_databases_and_a_repeat_notes_nothing_twice(here: Installation) -> None:
    appoint(here)
    phone = here.phone(SITA)
    words = f"yogdan {FIRST} 300, {SECOND} 200"
    phone.text(words)
    phone.text("1")
    (again,) = phone.text(words)
    assert again == f"Tipenau: {FIRST} tipisakyau, {SECOND} tipisakyau"
    phone.text("1")
    assert noted(here) == BOTH
    phone.text(f"yogdan {FIRST} 300, {SECOND} 250")
    phone.text("1")
    assert [row[1] for row in noted(here)] == [300_00, 200_00, 250_00]


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        ("10025 300", "10025 number milena"),
        (f"{OUTSIDE} 300", f"{OUTSIDE} samuha ma chhaina"),
        (f"{OWN} 300", f"{OWN} samuha ma chhaina"),
        (f"{SECOND} 5", f"{SECOND} rakam milena"),
        (f"{SECOND} 200000", f"{SECOND} rakam milena"),
        (f"{SECOND} 1e3", f"{SECOND} rakam milena"),
        (SECOND, f"{SECOND} rakam milena"),
        (f"{FIRST} 200", f"{FIRST} dui patak"),
    ],
)
def test_what_cannot_be_noted_is_named_with_why(on_sqlite: Installation, pair: str, why: str) -> None:
    appoint(on_sqlite)
    phone = on_sqlite.phone(SITA)
    (question,) = phone.text(f"yogdan {FIRST} 300, {pair}")
    assert question == f"1 wata, jamma Rs 300; {why}. Tipna 1, natipna 2 pathaunuhos."
    phone.text("ho")
    assert noted(on_sqlite) == BOTH[:1]


def test_to_a_private_collector_no_sum_is_written(here: Installation) -> None:
    appoint(here, collector="sample-2", group=("sample-1",))
    phone = here.phone("+9779720000002")
    answers = [*phone.text(f"yogdan {OWN} 300, {SECOND} 200"), *phone.text("4826"), *phone.text("1")]
    assert answers[1] == f"1 wata; {SECOND} samuha ma chhaina. Tipna 1, natipna 2 pathaunuhos."
    assert answers[2].startswith("1 wata tipyau.")
    assert not any("Rs" in answer or "300" in answer for answer in answers)
    assert len(noted(here)) == 1


def test_no_leaves_all_of_it(on_sqlite: Installation) -> None:
    appoint(on_sqlite)
    phone = on_sqlite.phone(SITA)
    phone.text(f"yogdan {FIRST} 300, {SECOND} 200")
    phone.text("hoina")
    assert noted(on_sqlite) == []


def test_another_organisations_member_is_not_in_her_group(on_sqlite: Installation) -> None:
    appoint(on_sqlite)
    with on_sqlite.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE users SET state = 'disabled'")
    (answer,) = on_sqlite.phone(SITA).text(f"yogdan {FIRST} 300")
    assert "1,00,000" in answer  # she is a member like any other, and two numbers are no amount


def test_who_collects_for_nobody_is_asked_for_an_amount_as_before(on_sqlite: Installation) -> None:
    (answer,) = on_sqlite.phone(SITA).text(f"yogdan {FIRST} 300")
    assert "1,00,000" in answer
    assert FIRST not in answer


def test_her_pin_comes_first_where_she_has_one_though_she_is_not_private(here: Installation) -> None:
    appoint(here)
    give_pin(here, "sample-1", "7302")
    phone = here.phone(SITA)
    (question,) = phone.text(f"yogdan {FIRST} 300, {SECOND} 200")
    assert "number" in question
    assert FIRST not in question
    (wrong,) = phone.text("1111")
    assert "Rs" not in wrong
    (read_back,) = phone.text("7302")
    assert "500" in read_back
    phone.text("1")
    assert noted(here) == BOTH
    assert [row for row in here.rows("SELECT sealed_body FROM messages") if "7302" in str(row)] == []


def test_a_whole_group_in_one_call(here: Installation) -> None:
    appoint(here)
    call = here.phone(SITA, double=True).ring().press("1").press("3")
    call.press("10025")
    assert "ne/phrase/wrong_number" in call.heard
    call.press(OUTSIDE)
    assert "ne/phrase/not_in_group" in call.heard
    call.press(FIRST).press("300").press("1")
    call.press("1").press(SECOND).press("250").press("2").press("200").press("1")
    call.press("2")
    assert call.heard[-8:].count("ne/collecting/sums-2") == 1
    assert noted(here) == BOTH


def test_the_same_in_a_call_is_asked_about(on_sqlite: Installation) -> None:
    appoint(on_sqlite)
    call = on_sqlite.phone(SITA).ring().press("1").press("3").press(FIRST).press("300").press("1")
    call.press("1").press(FIRST).press("300").press("1")
    assert "ne/collecting/already-1" in call.heard
    call.press("2").press("2")
    assert noted(on_sqlite) == BOTH[:1]


def test_in_a_call_too_her_pin_comes_first(on_sqlite: Installation) -> None:
    appoint(on_sqlite)
    give_pin(on_sqlite, "sample-1", "7302")
    call = on_sqlite.phone(SITA).ring().press("1").press("3")
    assert "ne/collecting/number-1" not in call.heard
    call.press("7302")
    assert "ne/collecting/number-1" in call.heard


def test_silence_in_a_call_ends_with_the_sums_and_what_was_noted_stays(on_sqlite: Installation) -> None:
    appoint(on_sqlite)
    call = on_sqlite.phone(SITA).ring().press("1").press("3").press(FIRST).press("300").press("1")
    for _ in range(3):
        call.wait()
    assert any("collecting/sums" in clip for clip in call.heard)
    assert noted(on_sqlite) == BOTH[:1]


# --- the words ---------------------------------------------------------------------------------------------------------------------

numbers = st.integers(1000, 10**11 - 1).map(str)
paisa = st.integers(10_00, 1_00_000_00)
INSIDE = st.sampled_from([" ", ": ", " = ", " rs ", "  ", " - "])
BETWEEN = st.sampled_from([", ", "\n", " ", "; ", " ra "])


@given(st.lists(st.tuples(numbers, paisa, INSIDE), min_size=1, max_size=8), st.sampled_from([", ", "\n", " ", "; ", " ra "]), st.booleans())
def test_pairs_are_read_back_as_they_were_written(pairs, between, devanagari):
    text = "yogdan " + between.join(f"{number}{inside}{money.rupees(amount)}" for number, amount, inside in pairs)
    if devanagari:
        text = text.translate(str.maketrans("0123456789", "०१२३४५६७८९"))
    found = keywords.pairs_beside(text)
    assert found is not None
    assert keywords.read_pairs(found) == [(number, amount) for number, amount, _ in pairs]


@given(st.text(max_size=60))
def test_any_text_has_pairs_or_none(text):
    found = keywords.pairs_beside(text)
    assert found is None or all(re.fullmatch("[0-9]{4,11}", number) for number, _ in keywords.read_pairs(found))


@pytest.mark.parametrize("text", ["yogdan", "yogdan 500", "yogdan 300 400", "kista 50.5", "yogdan 1042", "98412345678901 300"])
def test_what_is_no_pair_is_left_alone(text):
    assert keywords.pairs_beside(text) is None
