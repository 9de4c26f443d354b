"""Slow hands, silence and wrong keys, on a phone as strict as a real line: nobody is cut off, and nobody is hung up on in silence."""

from __future__ import annotations

import random
import re

import pytest
from calls.conftest import Installation
from fakes.phone import Call

from gateway.engine.session import FlowSession
from gateway.services import broadcast, claims, directory, users
from gateway.services.access import terminal
from gateway.services.installation import ORGANISATION
from gateway.store import claiming

MAIN = terminal("main")

SITA, MAYA, STRANGER = "+9779720000001", "+9779720000002", "+9779841000001"
SPEAK = "speak"

# How to come to every place where a call waits for a caller.
PLACES = {
    "main_menu/member": (SITA, []),
    "claim_status/again_menu": (SITA, ["2"]),
    "claim_status/another_menu": (SITA, ["2"]),
    "claim_status/ask_again": (SITA, ["2"]),
    "contribution/offer_usual": (SITA, ["1"]),
    "contribution/other_amount": (SITA, ["1", "2"]),
    "contribution/other_amount.confirm": (SITA, ["1", "2", "450"]),
    "contribution/again": (SITA, ["1", "1"]),
    "contribution/already": (SITA, ["1", "1", "9", "1", "1"]),
    "contribution/offer_any": (MAYA, ["1", "4826"]),
    "notices/coming": (SITA, ["3"]),
    "notices/further": (SITA, ["3", "1"]),
    "notices/to_start": (SITA, ["3", "1", "1", "1", "1"]),
    "rights_news/again": (SITA, ["4"]),
    "services/further": (SITA, ["4", "2"]),
    "services/to_start": (SITA, ["4", "2"]),
    "posture/after_1": (STRANGER, ["3", "3"]),
    "posture/question_1": (STRANGER, ["3", "3", "1", "1", "1", "1"]),
    "posture/after": (STRANGER, ["3", "3", "1", "1", "1", "1", "1", "1"]),
    "language/choose": (SITA, ["7"]),
    "pin/ask": (MAYA, ["2"]),
    "not_me/sure": (MAYA, ["5"]),
    "not_me/certain": (MAYA, ["5", "4"]),
    "register/shared": ("+9779720000003", ["5"]),
    "other_phone/which": (STRANGER, ["1"]),
    "other_phone/number": (STRANGER, ["1", "1"]),
    "main_menu/stranger": (STRANGER, []),
    "register/consent": (STRANGER, ["5"]),
    "register/introduction": (STRANGER, ["5", "1"]),
    "register/work": (STRANGER, ["5", "1", SPEAK]),
    "register/again": (STRANGER, ["5", "2"]),
    "register/friend_phone": (SITA, ["5"]),
    "register/is_it_hers": (SITA, ["5", "9841000002"]),
    "register/friend_name": (SITA, ["5", "9841000002", "1"]),
    "broadcast/after": (SITA, []),
    "needs/willing": (SITA, []),
    "needs/work": (SITA, ["1"]),
    "needs/hours": (SITA, ["1", "1"]),
    "needs/buyer": (SITA, ["1", "1", "1"]),
    "needs/hurts": (SITA, ["1", "1", "1", "1"]),
    "needs/wanted": (SITA, ["1", "1", "1", "1", "1"]),
    "testimony/consent": (SITA, []),
    "testimony/sure_named": (SITA, ["1"]),
    "testimony/sure_unnamed": (SITA, ["2"]),
    "testimony/speak": (SITA, ["1", "1"]),
}
RUNG_FOR = {place: place.partition("/")[0] for place in PLACES if place.startswith(("broadcast/", "needs/", "testimony/"))}  # by us
SECOND_CLAIM = {"claim_status/another_menu": ("review", None), "claim_status/ask_again": ("refused", "why_papers")}  # of Sita
HEARD_BACK = ("testimony/arrived", "testimony/decide")  # who waits there hears her recording
# These have tests elsewhere.
OF_THEIR_OWN = (
    "resume/",
    "studio/",
    "did_you_mean/",
    "collecting/",
    "contribution/offer_collecting",
    "notice_told/",
    "missed_call/",
    *HEARD_BACK,
)
KIND = {place: "record" if place in {"register/introduction", "register/friend_name", "testimony/speak"} else "keys" for place in PLACES}
OF_COLLECTORS = {"register/friend_phone", "register/is_it_hers", "register/friend_name"}


def come_to(here: Installation, place: str) -> Call:
    """A call that waits at this place."""
    number, keys = PLACES[place]
    if place in SECOND_CLAIM:
        state, reason = SECOND_CLAIM[place]
        claim = claims.take_up(here.gateway, terminal("main"), "sample-1", claims.Opening("health", again=True))
        claims.move(here.gateway, terminal("main"), claim.id, claim.version, claims.Move(state, reason=reason))
    if place in OF_COLLECTORS and here.rows("SELECT user_id FROM members WHERE id = 'sample-1'") == [(None,)]:
        users.add(here.gateway, terminal(ORGANISATION), "Sita", "collector", "10019")
    if place == "services/further":
        directory.add(here.gateway, MAIN, directory.NewService("legal_aid", "3-25-04", "01-4200105", {}))
    phone = here.phone(number)
    call = phone.pick_up(placed(here, RUNG_FOR[place])) if place in RUNG_FOR else phone.ring()
    for key in keys:
        call = call.speak(4) if key == SPEAK else call.press(key)
    assert where(here, call) == place
    return call


def placed(here: Installation, flow: str) -> int:
    """The delivery of a call that we make to Sita, with a phrase (`broadcast`) or a flow in which she answers."""
    gateway = here.gateway
    told = broadcast.Draft("call", phrase="message_signatures") if flow == "broadcast" else broadcast.Draft("call", flow=flow)
    draft = broadcast.create(gateway, MAIN, told)
    with gateway.database.write() as db:
        db.exec_driver_sql("UPDATE phones SET told_at = NULL")  # as if the call before had been long ago
    broadcast.approve(gateway, MAIN, draft)
    broadcast.expand(gateway, draft)
    with gateway.database.write() as db:
        rows = claiming.claim_page(db, claiming.Stream(draft, "voice"), 100, claiming.Claim("test", gateway.clock(), gateway.clock()))
    return next(row.id for row in rows if gateway.seal.open(row.sealed) == SITA)


def where(here: Installation, call: Call) -> str:
    """The flow and step in which this call waits; empty where it is over."""
    [(state,)] = here.rows(f"SELECT state FROM flow_sessions WHERE external_id = '{call.sid}'")  # noqa: S608  # our own id
    frames = FlowSession.from_json(str(state)).frames
    return f"{frames[-1].flow}/{frames[-1].step}" if frames else ""


def said_since(call: Call, before: int) -> list[str]:
    return call.heard[before:]


def test_these_are_all_the_places_where_a_call_waits(on_sqlite: Installation) -> None:
    flows = on_sqlite.gateway.catalogue.flows
    listening = {f"{flow.name}/{name}" for flow in flows.values() for name, step in flow.steps.items() if step.listens}
    elsewhere = {place for place in listening if place.startswith(OF_THEIR_OWN)}
    opened_for_her = {"pin/which", "pin/code", "pin/choose", "pin/once_more"}  # these too: tests/calls/test_pins.py
    by_text = {
        "contribution/texted",
        "contribution/texted_quietly",
        "contribution/already_quietly",
        "other_phone/by_text",
        "services/further_text",
    }
    lessons = tuple(f"{lesson}/" for lesson in on_sqlite.gateway.catalogue.lessons)
    alike = {place for place in listening - PLACES.keys() if place.startswith(lessons)}  # one chapter waits like another
    assert listening - elsewhere - opened_for_her - by_text - alike == set(PLACES)


@pytest.mark.parametrize("place", [place for place in PLACES if KIND[place] == "keys"])
def test_the_first_key_may_take_eight_seconds_everywhere(on_sqlite: Installation, place: str) -> None:
    call = come_to(on_sqlite, place)
    before = len(call.heard)
    call.press("9", at=call.speech + 7.9)
    assert not any("defaults/silence" in clip for clip in said_since(call, before))


@pytest.mark.parametrize("place", PLACES)
def test_after_silence_she_is_asked_gently_and_again(on_sqlite: Installation, place: str) -> None:
    call = come_to(on_sqlite, place)
    before, began = len(call.heard), call.seconds
    call.wait()
    said = said_since(call, before)
    assert any("silence1" in clip for clip in said), said
    assert any(clip.startswith(f"ne/{place}") or "phrase/" in clip for clip in said), said
    assert call.seconds - began >= (8 if KIND[place] == "keys" else 4)
    assert where(on_sqlite, call) == place


@pytest.mark.parametrize("place", PLACES)
def test_three_times_silence_ends_in_words_never_in_silence(on_sqlite: Installation, place: str) -> None:
    call = come_to(on_sqlite, place)
    for _ in range(2):
        call.wait()
        assert not call.over
    before = len(call.heard)
    call.wait()
    assert call.over
    assert said_since(call, before) != []
    promised = any("give_up/promise" in clip for clip in call.heard)
    assert (("call_back",) in on_sqlite.rows("SELECT kind FROM tasks")) is promised


@pytest.mark.parametrize("place", PLACES)
def test_after_the_second_miss_a_person_is_offered(on_sqlite: Installation, place: str) -> None:
    call = come_to(on_sqlite, place).wait()
    before = len(call.heard)
    call.wait()
    assert "ne/phrase/if_hard" in said_since(call, before)


@pytest.mark.parametrize("place", PLACES)
def test_zero_reaches_a_person_from_everywhere(on_sqlite: Installation, place: str) -> None:
    call = come_to(on_sqlite, place)
    before = len(call.heard)
    call = call.speak(1, finish="0") if KIND[place] == "record" else call.press("0")
    assert "ne/person/promise_later-1" in said_since(call, before)
    assert on_sqlite.rows("SELECT count(*) FROM tasks WHERE kind = 'call_back'") == [(1,)]
    assert on_sqlite.rows("SELECT count(*) FROM recordings WHERE state = 'pending'") == [(int(place == "register/work"),)]


@pytest.mark.parametrize("place", PLACES)
def test_eight_says_it_again_and_nine_goes_to_the_start(on_sqlite: Installation, place: str) -> None:
    call = come_to(on_sqlite, place)
    press = (lambda key: call.speak(1, finish=key)) if KIND[place] == "record" else call.press
    before = len(call.heard)
    press("8")
    assert not call.over
    assert said_since(call, before) != []
    assert not any("/defaults/" in clip for clip in said_since(call, before))
    call = come_to(on_sqlite, place) if call.waits_for == "Record" or place == "contribution/already" else call
    before = len(call.heard)
    call = call.speak(1, finish="9") if call.waits_for == "Record" else call.press("9")
    assert where(on_sqlite, call) == f"main_menu/{'stranger' if call.form['From'] == STRANGER else 'member'}"


@pytest.mark.parametrize("place", [place for place in PLACES if KIND[place] == "keys"])
def test_a_wrong_key_is_nobodys_fault(on_sqlite: Installation, place: str) -> None:
    call = come_to(on_sqlite, place)
    before = len(call.heard)
    call.press("*")
    assert any("wrong1" in clip or "amount_range" in clip for clip in said_since(call, before)), said_since(call, before)
    assert where(on_sqlite, call) == place


def test_slow_fingers_finish_an_amount_and_a_pin_without_any_finish_key(here: Installation) -> None:
    call = here.phone(SITA).ring().press("1").press("2")
    call.press("450", at=call.speech + 7.5, pause=4.5)
    call.press("1", at=call.speech + 7.5)
    assert here.rows("SELECT amount FROM contributions WHERE noted_by = 'voice'") == [(450_00,)]
    call = here.phone(MAYA).ring().press("2")
    call.press("4826", at=call.speech + 7.5, pause=4.5)
    assert "ne/claim_status/review_until-1" in call.heard


@pytest.mark.parametrize("keys", ["450", "450#"])
def test_a_finish_key_is_never_needed_and_does_no_harm(on_sqlite: Installation, keys: str) -> None:
    on_sqlite.phone(SITA).ring().press("1").press("2").press(keys).press("1")
    assert on_sqlite.rows("SELECT amount FROM contributions WHERE noted_by = 'voice'") == [(450_00,)]


def test_a_key_cuts_us_short_from_the_first_word(on_sqlite: Installation) -> None:
    call = on_sqlite.phone(SITA).ring()
    call.press("2", at=0.2)
    assert call.heard[:2] == ["ne/phrase/organisation_main", "ne/claim_status/approved-1"]
    assert call.seconds < 8
    call.press("9", at=0.2)
    assert where(on_sqlite, call) == "main_menu/member"


@pytest.mark.parametrize("place", ["register/consent", "contribution/other_amount.confirm", "contribution/already"])
def test_consent_and_what_is_read_back_are_heard_to_the_end(on_sqlite: Installation, place: str) -> None:
    call = come_to(on_sqlite, place)
    assert call.speech == 0  # all of it was played before a key could be pressed
    again = call.wait()
    assert again.speech == 0


def test_no_two_things_are_more_than_three_seconds_of_silence_apart(on_sqlite: Installation) -> None:
    for place in PLACES:
        if place in {"register/is_it_hers", "services/further"}:
            continue  # a number is read there, with a breath between its groups
        call = come_to(on_sqlite, place)
        document = call.twiml.partition("<Gather")[0] + call.twiml.partition("<Gather")[2].partition("</Gather>")[0]
        clips = [part.partition(".wav")[0].rpartition("/audio/")[2] for part in document.split("<Play>")[1:]]
        spoken = [place for place, clip in enumerate(clips) if not clip.startswith("silence/")]
        between = [clip for clip in clips[spoken[0] : spoken[-1]] if clip.startswith("silence/")]
        assert between == []


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_pressed_a_call_never_ends_in_silence(on_sqlite: Installation, seed: int) -> None:
    chance = random.Random(seed)
    call = on_sqlite.phone(chance.choice([SITA, MAYA, STRANGER, "+9779720000003", "anonymous"])).ring()
    for _ in range(40):
        if call.over:
            break
        if call.waits_for == "Dial":
            call.transfer(answered=False)
        elif call.waits_for == "Record":
            call.speak(chance.choice([0, 3]), finish=chance.choice(["", "1", "8"]))
        else:
            keys = chance.choice(["", "1", "2", "3", "4", "5", "6", "7", "8", "9", "450", "4826", "1111", "*", "#", "12345678901234567890"])
            call = call.press(keys, at=chance.choice([None, 0.1, 30])) if keys else call.wait()
        assert re.search(r"/audio/(?!silence/)", call.twiml), call.twiml
