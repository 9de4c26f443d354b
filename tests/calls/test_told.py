"""What a broadcast tells one phone: our call, her call after she missed it, her answer by text. Over HTTP and signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from fakes.sounds import words
from fakes.told import a_broadcast, deliver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from gateway.audio import wav
from gateway.audio.wav import Sound
from gateway.cli import main
from gateway.errors import GatewayError
from gateway.services import broadcast, sayings
from gateway.services.access import Actor, terminal
from gateway.services.callers import NAMES
from gateway.store import models

MAIN = terminal("main")
SITA, PRIVATE, SHARED = "+9779720000001", "+9779720000002", "+9779720000003"
PHRASE = "message_signatures"
NAME_WITHIN = 3.0  # seconds
MOST = 60.0


def a_saying(here: Installation, seconds: float = 2.0) -> str:
    made = sayings.create(here.gateway, MAIN, {"ne": "भोलि कार्यालय बन्द छ।", "en": "The office is closed tomorrow."})
    file = here.gateway.settings.data_dir / "recorded.wav"
    sound = words(wav.RATE, 9000)
    wav.write(file, Sound(sound.samples * max(1, round(seconds / sound.seconds)), wav.RATE))
    for language in made.texts:
        sayings.record(here.gateway, MAIN, made.id, language, file)
    return made.id


def name_them(here: Installation, *, private: bool = False) -> list[str]:
    """Recorded names of the two who share a phone, in the order of their registration."""
    link, member = models.member_phones, models.members
    with here.gateway.database.write() as db:
        shared = select(link.c.phone_id).group_by(link.c.phone_id).having(func.count() > 1)
        ids = sorted(db.execute(select(link.c.member_id).where(link.c.phone_id.in_(shared))).scalars())
        for place, member_id in enumerate(ids):
            wav.write(here.gateway.settings.data_dir / NAMES / f"name-{place}.wav", words(wav.RATE, 9000))
            hidden = private and place == 0
            db.execute(update(member).where(member.c.id == member_id).values(name_clip=f"name-{place}", private=hidden))
    return [f"names/name-{place}" for place in range(len(ids))]


def ring(here: Installation, number: str = SITA, *, language: str = "ne", row: dict | None = None, **said):
    delivery = deliver(here.gateway, a_broadcast(here.gateway, **said), number, language=language, **(row or {}))
    return delivery, here.phone(number, double=True).pick_up(delivery)


def answered_at(here: Installation, delivery: int) -> object:
    return of_delivery(here, delivery).answered_at


def of_delivery(here: Installation, delivery: int):
    with here.gateway.database.read() as db:
        return db.execute(select(models.deliveries).where(models.deliveries.c.id == delivery)).one()


@pytest.mark.parametrize("language", ["ne", "en"])
def test_the_organisation_names_itself_first_and_at_once_then_says_its_own_words(here, language) -> None:
    _, call = ring(here, language=language, saying_id=a_saying(here))
    greeting = call.heard[: call.heard.index(f"{language}/broadcast/greeting-1") + 2]
    assert f"{language}/phrase/organisation_main" in greeting
    assert f"{language}/phrase/a_message" in greeting
    base = here.gateway.settings.public_base_url
    assert sum(call.phone.seconds_of(f"{base}/audio/{clip}.wav") for clip in greeting) <= NAME_WITHIN
    assert call.heard[len(greeting)].startswith("sayings/")


def test_a_message_of_a_minute_is_over_within_a_minute_of_its_own(here) -> None:
    _, call = ring(here, saying_id=a_saying(here, seconds=58.0))
    [saying] = [clip for clip in call.heard if clip.startswith("sayings/")]
    assert call.phone.seconds_of(f"{here.gateway.settings.public_base_url}/audio/{saying}.wav") <= MOST


def test_a_reminder_says_that_it_is_one(here) -> None:
    _, call = ring(here, phrase=PHRASE, purpose="reminder")
    assert "ne/phrase/a_reminder" in call.heard


def test_eight_says_it_again_and_marks_that_she_answered_once(here) -> None:
    delivery, call = ring(here, saying_id=a_saying(here))
    assert answered_at(here, delivery) is None
    call.press("8")
    first = answered_at(here, delivery)
    assert first is not None
    here.clock.move(seconds=30)
    call.press("8")
    assert answered_at(here, delivery) == first
    assert sum(clip.startswith("sayings/") for clip in call.heard) == 3
    assert here.phone(SITA).ring().press("2").heard  # an ordinary call answers no broadcast


def test_silence_and_wrong_keys_are_no_answer(here) -> None:
    delivery, call = ring(here, phrase=PHRASE)
    call.wait()
    call.press("6")
    assert answered_at(here, delivery) is None


def test_it_leads_into_a_flow_that_keeps_her_answers(here) -> None:
    delivery, call = ring(here, flow="notices")
    assert "ne/notices/coming-1" in " ".join(call.heard)
    call.press("1")
    assert here.rows("SELECT answer FROM rsvps")[-1] == ("yes",)
    assert answered_at(here, delivery) is not None


def test_a_notice_is_told_by_its_own_flow_where_there_is_one_and_by_its_phrase_where_not(here) -> None:
    [(notice_id,)] = here.rows("SELECT id FROM notices WHERE starts_at IS NOT NULL ORDER BY starts_at LIMIT 1")
    _, call = ring(here, purpose="notice", notice_id=notice_id, phrase=PHRASE)
    told_by = "notice_told" if "notice_told" in here.gateway.catalogue.flows else f"phrase/{PHRASE}"
    assert told_by in " ".join(call.heard)


def test_a_flow_of_her_own_affairs_tells_nothing_before_the_pin(here) -> None:
    _, call = ring(here, PRIVATE, flow="claim_status")
    heard = " ".join(call.heard)
    assert "claim_status" not in heard
    assert "pin/" in heard
    call.press("0000")
    assert "claim_status" not in " ".join(call.heard)


def test_who_is_no_member_hears_the_message_and_is_asked_who_she_is_before_a_flow_for_members(here) -> None:
    _, call = ring(here, "+9779841000009", phrase=PHRASE)
    assert f"ne/phrase/{PHRASE}" in call.heard
    _, call = ring(here, "+9779841000009", flow="claim_status")
    assert "other_phone/" in " ".join(call.heard)


def test_a_flow_that_is_gone_is_passed_over(here) -> None:
    _, call = ring(here, flow="last_years_survey", phrase=PHRASE)
    assert f"ne/phrase/{PHRASE}" in call.heard


def test_those_who_share_a_phone_are_named_in_their_own_voices(here) -> None:
    names = name_them(here)
    _, call = ring(here, SHARED, phrase=PHRASE)
    assert call.heard[call.heard.index("ne/broadcast/for_whom-1") - 2 :][:2] == names


def test_who_asked_for_privacy_or_is_not_told_is_not_named(here) -> None:
    names = name_them(here, private=True)
    delivery, call = ring(here, SHARED, phrase=PHRASE)
    assert [clip for clip in call.heard if clip.startswith("names/")] == names[1:]
    with here.gateway.database.write() as db:
        db.execute(delete(models.deliveries).where(models.deliveries.c.id > delivery))
    assert not [clip for clip in here.phone(SHARED).pick_up(delivery).heard if clip.startswith("names/")]


def test_a_machine_hears_no_names_and_who_has_the_phone_alone_hears_none_either(here) -> None:
    name_them(here)
    _, call = ring(here, SHARED, phrase=PHRASE, row={"answered_by": "machine"})
    assert "ne/broadcast/for_whom-1" not in call.heard
    _, call = ring(here, SITA, phrase=PHRASE)
    assert "ne/broadcast/for_whom-1" not in call.heard


def test_names_without_a_file_are_left_out(here) -> None:
    first, _ = name_them(here)
    (here.gateway.settings.data_dir / f"{first}.wav").unlink()
    _, call = ring(here, SHARED, phrase=PHRASE)
    assert [clip for clip in call.heard if clip.startswith("names/")] == ["names/name-1"]


def test_a_call_that_is_no_broadcast_is_hung_up_or_goes_on_as_hers(here) -> None:
    call = here.phone(SITA).pick_up(4711)
    assert call.heard or call.over


# --- she rings back ----------------------------------------------------------------------------------------------------------------

MISSED = {"state": "undelivered", "error": "no-answer"}


def missed(here: Installation, row: dict | None = None, **said) -> int:
    return deliver(here.gateway, a_broadcast(here.gateway, **(said or {"phrase": PHRASE})), SITA, **(row or MISSED))


def offered(here: Installation) -> bool:
    return "missed_call/offer" in " ".join(here.phone(SITA).ring().heard)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (MISSED, True),
        ({"state": "failed"}, True),
        ({"state": "queued", "round": 2}, True),
        ({"state": "delivered", "seconds": 2}, True),
        ({"state": "delivered", "seconds": 40, "answered_by": "machine"}, True),
        ({"state": "delivered", "seconds": 40}, False),
        ({"state": "queued"}, False),
        ({"state": "accepted"}, False),
        ({"state": "suppressed", "error": "send:stopped"}, False),
    ],
)
def test_what_nobody_heard_is_offered_to_who_rings_back(on_sqlite, row, expected) -> None:
    missed(on_sqlite, row)
    assert offered(on_sqlite) is expected


def test_she_hears_it_once_and_is_not_rung_for_it_again(here) -> None:
    delivery = missed(here, {"state": "queued", "round": 2, "price": 200}, saying_id=a_saying(here))
    call = here.phone(SITA, double=True).ring().press("1")
    assert [clip for clip in call.heard if clip.startswith("sayings/")]
    assert "ne/broadcast/greeting-1" not in call.heard
    heard = of_delivery(here, delivery)
    assert (heard.state, heard.price) == ("delivered", 0)
    found = broadcast.progress(here.gateway, MAIN, heard.broadcast_id)
    assert (found.rounds, found.cost.so_far, found.cost.sent) == ({1: 1}, 0, 0)  # the try that she forestalled was none
    assert not offered(here)


def test_only_the_latest_counts_and_only_for_two_days(here) -> None:
    missed(here)
    here.clock.move(days=2, seconds=1)
    assert not offered(here)
    missed(here)
    deliver(here.gateway, a_broadcast(here.gateway, phrase=PHRASE), SITA, state="delivered", seconds=30)
    assert not offered(here)


@pytest.mark.parametrize("change", [{"state": "cancelled"}, {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}])
def test_what_is_pointless_by_now_is_not_offered(on_sqlite, change) -> None:
    missed(on_sqlite)
    with on_sqlite.gateway.database.write() as db:
        db.execute(update(models.broadcasts).values(change))
    assert not offered(on_sqlite)


def test_another_organisations_call_is_not_ours_to_tell(on_sqlite) -> None:
    missed(on_sqlite)
    with on_sqlite.gateway.database.write() as db:
        db.exec_driver_sql("INSERT INTO organisations (id, name) VALUES ('other', 'Other')")
        db.exec_driver_sql("UPDATE broadcasts SET organisation_id = 'other'")
    assert not offered(on_sqlite)


# --- she writes back ---------------------------------------------------------------------------------------------------------------


def texted(here: Installation, number: str = SITA, row: dict | None = None, **said) -> tuple[str, int]:
    made = a_broadcast(here.gateway, medium="sms", texts={"ne": "आउनुहुन्छ? 1 हो, 2 होइन"}, **said)
    return made, deliver(here.gateway, made, number, state="delivered", **(row or {}))


def kept(here: Installation, made: str) -> list[str]:
    return [reply.words for reply in broadcast.replies(here.gateway, MAIN, made)]


@pytest.mark.parametrize(("text", "answer"), [("1", "yes"), ("१", "yes"), ("ho", "yes"), ("2", "no"), ("aaudina", "no"), ("हुँदैन", "no")])
def test_a_number_or_yes_and_no_go_into_the_flow_of_the_broadcast(here, text, answer) -> None:
    made, delivery = texted(here, flow="notices")
    [said] = here.phone(SITA, double=True).text(text)
    assert here.rows("SELECT answer FROM rsvps")[-1] == (answer,)
    assert said
    assert answered_at(here, delivery) is not None
    assert kept(here, made) == [text]


def test_other_words_are_kept_for_the_organiser_who_is_told_once(here) -> None:
    made, delivery = texted(here)
    first = here.phone(SITA, double=True).text("चाडपछि राख्नु राम्रो")
    second = here.phone(SITA).text("घाम लागेपछि मात्र")
    assert "दिदीले पढ्नुहुन्छ" in first[0]
    assert "दिदीले पढ्नुहुन्छ" not in second[0]
    assert kept(here, made) == ["चाडपछि राख्नु राम्रो", "घाम लागेपछि मात्र"]
    assert here.rows("SELECT count(*) FROM tasks WHERE kind = 'check_messages'") == [(1,)]
    assert answered_at(here, delivery) is not None


@pytest.mark.parametrize("text", ["STOP", "dabi", "KISTA", "0", "9", "बन्द"])
def test_words_of_ours_keep_their_meaning(here, text) -> None:
    made, delivery = texted(here, flow="notices")
    rsvps = here.rows("SELECT count(*) FROM rsvps")
    here.phone(SITA).text(text)
    assert kept(here, made) == []
    assert answered_at(here, delivery) is None
    assert here.rows("SELECT count(*) FROM rsvps") == rsvps


def test_a_conversation_that_goes_on_comes_first(here) -> None:
    made, _ = texted(here, flow="notices")
    here.phone(SITA).text("bhasa")
    here.phone(SITA).text("1")
    assert kept(here, made) == []


def test_after_three_days_and_to_a_stranger_nothing_is_an_answer(here) -> None:
    made, _ = texted(here, flow="notices")
    here.clock.move(days=3, seconds=1)
    here.phone(SITA).text("1")
    here.phone("+9779841000009").text("1")
    assert kept(here, made) == []


def test_a_question_that_was_left_lying_before_the_broadcast_does_not_take_its_answer(here) -> None:
    here.phone(SITA).text("bhasa")
    here.clock.move(minutes=45)
    made, _ = texted(here, flow="notices")
    here.clock.move(minutes=5)
    here.phone(SITA).text("1")
    assert kept(here, made) == ["1"]
    assert here.rows("SELECT answer FROM rsvps")[-1] == ("yes",)


def test_a_broadcast_about_her_own_affairs_tells_nothing_by_text_without_her_pin(here) -> None:
    made, _ = texted(here, PRIVATE, flow="claim_status")
    [said] = here.phone(PRIVATE).text("1")
    assert "5,000" not in said
    assert kept(here, made) == ["1"]


def test_on_a_shared_phone_the_reply_says_that_either_may_have_written(here) -> None:
    made, _ = texted(here, SHARED, flow="notices")
    here.phone(SHARED).text("1")
    [reply] = broadcast.replies(here.gateway, MAIN, made)
    assert reply.shared
    assert reply.number
    assert reply.words == "1"


def test_a_pin_beside_her_words_is_not_kept(here) -> None:
    made, _ = texted(here, PRIVATE)
    here.phone(PRIVATE).text("घाम लागेपछि मात्र 4826")
    assert "4826" not in kept(here, made)[0]


def test_a_machine_that_answers_everything_is_silenced_within_the_hour(on_sqlite) -> None:
    made, _ = texted(on_sqlite)
    answers = [on_sqlite.phone(SITA).text(f"घाम लागेपछि मात्र, {number} बजे") for number in range(66)]
    assert sum(bool(one) for one in answers) == 60
    assert len(kept(on_sqlite, made)) == 60  # what it got no answer to is kept, with no broadcast


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=400))
def test_no_text_breaks_it(on_sqlite, text) -> None:
    if not on_sqlite.rows("SELECT id FROM deliveries WHERE broadcast_id IS NOT NULL"):
        texted(on_sqlite, flow="notices")
    on_sqlite.clock.at += timedelta(minutes=2)
    assert on_sqlite.phone(SITA).text(text.replace("\x00", "")) is not None


def test_only_who_may_see_members_reads_replies_and_it_is_written_down(here) -> None:
    made, _ = texted(here)
    here.phone(SITA).text("घाम लागेपछि मात्र")
    for actor in (Actor("main", "reader", "user:1"), Actor("main", "collector", "user:2", "2")):
        with pytest.raises(GatewayError, match="access:denied"):
            broadcast.replies(here.gateway, actor, made)
    with pytest.raises(GatewayError, match="broadcast:unknown"):
        broadcast.replies(here.gateway, terminal("other"), made)
    [reply] = broadcast.replies(here.gateway, MAIN, made)
    assert broadcast.replies(here.gateway, MAIN, made, after=reply.id) == []
    assert here.rows("SELECT count(*) FROM audit WHERE action = 'view_replies'") == [(2,)]
    shown = CliRunner().invoke(main, ["broadcast", "replies", made], env=here.environ).output
    assert "घाम लागेपछि मात्र" in shown
