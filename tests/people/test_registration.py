"""Registration, the friend whom a collector brings, and the welcome: whole calls over HTTP, and what an organiser does between them."""

from __future__ import annotations

import io
import wave
from array import array
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fakes.sounds import words
from fakes.twilio import FakeTwilio
from people.conftest import ADMIN, ORGANISER, OTHERS, Installation

from gateway.audio import naming, wav
from gateway.audio.wav import RATE, Sound
from gateway.errors import GatewayError
from gateway.services import members, organisations, recordings, tasks, users, voices
from gateway.services.members import Details

STRANGER, FRIEND, DIDI = "+9779841000001", "+9779841000002", "+9779720000001"
GITA = Details(name="गीता थापा", village="लेले")


@pytest.fixture
def twilio():
    with FakeTwilio() as fake:
        yield fake


@pytest.fixture
def here(installation_of, database_url, twilio) -> Installation:
    return installation_of(
        database_url,
        TWILIO_ACCOUNT_SID=twilio.account_sid,
        TWILIO_AUTH_TOKEN=twilio.auth_token,
        TWILIO_API_BASE_URL=twilio.url,
    )


def phone_of(here: Installation, number: str):
    phone = here.phone(number)
    phone.account_sid, phone.auth_token = here.environ["TWILIO_ACCOUNT_SID"], here.environ["TWILIO_AUTH_TOKEN"]
    return phone


def two_utterances() -> Sound:
    """A name, a pause, and a village that is said for longer."""
    name, village = words(RATE, 6000).samples, words(RATE, 5000).samples
    return Sound(name + array("h", bytes(2 * RATE)) + village + village, RATE)


def arrive(here: Installation, twilio: FakeTwilio) -> None:
    """The provider has the recordings ready, and the worker fetches them."""
    for external_id, recording_id in here.rows("SELECT external_id, id FROM recordings WHERE state = 'pending'"):
        file, sound = io.BytesIO(), two_utterances()
        with wave.open(file, "wb") as out:
            out.setparams((1, 2, sound.rate, 0, "NONE", ""))
            out.writeframes(sound.samples.tobytes())
        twilio.recordings[external_id] = file.getvalue()
        recordings.fetch(here.gateway, recording_id)


def register(here: Installation, number: str = STRANGER) -> None:
    phone_of(here, number).ring().press("5").press("1").speak(4).press("2")


def task_of(here: Installation) -> tasks.OpenTask:
    [task] = [task for task in tasks.list_open(here.gateway, ADMIN) if task.kind == "write_down_name"]
    return task


def owed(here: Installation) -> list[tuple[object, ...]]:
    return here.rows("SELECT sealed_body, state, not_before FROM deliveries ORDER BY id")


def only(here: Installation, number: str) -> members.Person:
    [person] = members.find(here.gateway, ADMIN, number)
    return person


def is_told_her_number(call) -> bool:
    return "ne/phrase/your_number" in " ".join(call.heard)


# --- by voice ----------------------------------------------------------------------------------------------------------------------


def test_a_spoken_name_becomes_a_member_who_hears_her_number_once(here: Installation, twilio: FakeTwilio) -> None:
    register(here)
    arrive(here, twilio)
    task = task_of(here)
    assert only(here, STRANGER).state == "pending"
    assert only(here, STRANGER).consent_wording.startswith("register@")
    assert only(here, STRANGER).consent_how == "voice"
    assert task.recording.is_file()
    assert task.phone == STRANGER
    assert not is_told_her_number(phone_of(here, STRANGER).ring())  # she waits for her name
    gita = members.write_down(here.gateway, ORGANISER, task.id, GITA)
    assert (gita.name, gita.village, gita.state, gita.has_voice, gita.trade) == ("गीता थापा", "लेले", "active", True, "craft")
    assert here.rows("SELECT state, done_by FROM tasks") == [("done", "user:o")]
    assert owed(here) == [(f"तपाईंको सदस्यता नम्बर: {gita.number}", "queued", None)]
    first, second = phone_of(here, STRANGER).ring(), phone_of(here, STRANGER).ring()
    assert is_told_her_number(first)
    assert not is_told_her_number(second)
    assert only(here, STRANGER).welcomed_at == here.clock()


def test_her_recorded_name_is_what_she_said_first(here: Installation, twilio: FakeTwilio) -> None:
    register(here)
    arrive(here, twilio)
    members.write_down(here.gateway, ORGANISER, task_of(here).id, GITA)
    [(clip,)] = here.rows("SELECT name_clip FROM members WHERE name_clip IS NOT NULL")
    sound = wav.read(voices.file_of(here.gateway, str(clip)))
    assert sound.rate == RATE
    assert 0.8 < sound.seconds < 1.5
    assert 1800 < wav.active_rms(sound.samples) < 3400


def test_by_night_the_welcome_waits_for_the_morning(here: Installation) -> None:
    register(here)
    here.clock.move(hours=12)
    members.write_down(here.gateway, ORGANISER, task_of(here).id, GITA)
    [(_, state, not_before)] = owed(here)
    assert state == "queued"
    assert str(not_before).startswith("2026-11-22 02:15")  # eight in the morning in Nepal


@pytest.mark.parametrize("reason", ["stopped", "shared"])
def test_nothing_is_sent_where_she_stopped_us_or_others_read_her_phone(here: Installation, reason: str) -> None:
    register(here)
    if reason == "stopped":
        phone_of(here, STRANGER).text("STOP")
    else:
        other = Details(name="Rita", consent_how="paper", consent_wording="1", shares_phone=True)
        members.register(here.gateway, ORGANISER, other, [STRANGER])
    members.write_down(here.gateway, ORGANISER, task_of(here).id, GITA)
    assert owed(here) == []


def test_a_task_is_written_down_once_by_whoever_may(here: Installation, collector) -> None:
    register(here)
    task = task_of(here)
    organisations.add(here.gateway, "sangh", "Mahila Sangh")
    for actor, code in ((OTHERS, "task:unknown"), (collector, "access:denied")):
        with pytest.raises(GatewayError, match=code):
            members.write_down(here.gateway, actor, task.id, GITA)
    with pytest.raises(GatewayError, match="member:no-name"):
        members.write_down(here.gateway, ORGANISER, task.id, Details(village="Lele"))

    def write_down(name: str) -> str:
        try:
            return members.write_down(here.gateway, ORGANISER, task.id, Details(name=name)).state
        except GatewayError as error:
            return error.code

    with ThreadPoolExecutor(3) as threads:
        done, *refused = sorted(threads.map(write_down, ["a", "b", "c"]))
    assert done == "active"
    assert set(refused) <= {"task:unknown", "task:named"}  # whoever looked before the first was through finds the member
    assert len(owed(here)) == 1


def test_who_hung_up_before_the_end_is_not_written_down_as_a_member(here: Installation) -> None:
    call = phone_of(here, STRANGER).ring().press("5").press("1").speak(4)
    call.hang_up("/twilio/status/calls")
    with pytest.raises(GatewayError, match="task:no-member"):
        members.write_down(here.gateway, ORGANISER, task_of(here).id, GITA)


# --- by SMS ------------------------------------------------------------------------------------------------------------------------


def test_a_texted_name_is_written_down_as_well_and_answered_in_her_script(here: Installation) -> None:
    phone = phone_of(here, STRANGER)
    for text in ("darta", "1", "Gita\u202e Thapa,\n Lele", "2"):
        phone.text(text)
    task = task_of(here)
    assert (task.said, task.recording) == ("Gita Thapa, Lele", None)
    assert (only(here, "thapa gita").consent_how, only(here, "thapa gita").preferred_medium) == ("sms", "sms")
    gita = members.write_down(here.gateway, ORGANISER, task.id, Details(name="Gita Thapa", village="Lele"))
    assert gita.state == "active"
    assert [body for body, *_ in owed(here)] == [f"Tapaiko sadasyata number: {gita.number}"]


# --- a friend whom a collector brings ----------------------------------------------------------------------------------------------


@pytest.fixture
def didi(here: Installation) -> users.User:
    """Sita, who is a member, as a collector."""
    [sita] = members.find(here.gateway, ADMIN, DIDI)
    return users.add(here.gateway, ADMIN, "Sita", "collector", sita.number)


def bring(here: Installation, number: str = FRIEND) -> object:
    return phone_of(here, DIDI).ring().press("5").press(number[4:]).press("1").speak(4).press("3")


def test_a_friend_is_written_down_and_agrees_herself(here: Installation, twilio: FakeTwilio, didi: users.User) -> None:
    bring(here)
    arrive(here, twilio)
    friend = only(here, FRIEND)
    assert (friend.state, friend.trade, friend.consented_at, friend.collector_id) == ("pending", "food", None, didi.id)
    task = task_of(here)
    assert task.phone == FRIEND
    named = members.write_down(here.gateway, ORGANISER, task.id, GITA)
    assert (named.state, named.has_voice) == ("pending", True)
    assert owed(here) == []
    call = phone_of(here, FRIEND).ring()
    assert "ne/register/brought-1" in call.heard
    call.press("1")
    agreed = only(here, FRIEND)
    assert (agreed.state, agreed.consent_how, agreed.consented_at) == ("active", "voice", here.clock())
    assert agreed.consent_wording.startswith("register@")
    assert [body for body, *_ in owed(here)] == [f"तपाईंको सदस्यता नम्बर: {agreed.number}"]
    assert is_told_her_number(phone_of(here, FRIEND).ring())


def test_a_friend_may_agree_before_her_name_is_written_down(here: Installation, didi: users.User) -> None:
    bring(here)
    phone_of(here, FRIEND).ring().press("1")
    assert (only(here, FRIEND).state, owed(here)) == ("pending", [])
    assert members.write_down(here.gateway, ORGANISER, task_of(here).id, GITA).state == "active"
    assert len(owed(here)) == 1


def test_of_a_friend_who_does_not_agree_nothing_is_kept(here: Installation, twilio: FakeTwilio, didi: users.User, tmp_path) -> None:
    bring(here)
    arrive(here, twilio)
    members.write_down(here.gateway, ORGANISER, task_of(here).id, GITA)
    phone_of(here, FRIEND).ring().press("2")
    assert members.find(here.gateway, ADMIN, FRIEND) == []
    assert members.find(here.gateway, ADMIN, "गीता थापा") == []
    assert here.rows("SELECT sealed_name, sealed_village, name_clip FROM members WHERE state = 'left'") == [(None, None, None)]
    assert [list((tmp_path / folder).iterdir()) for folder in ("names", "recordings")] == [[], []]
    assert tasks.list_open(here.gateway, ADMIN) == []
    assert "ne/register/brought-1" not in phone_of(here, FRIEND).ring().heard


def test_two_collectors_bring_one_friend_once(here: Installation, didi: users.User) -> None:
    calls = [phone_of(here, DIDI).ring().press("5").press(FRIEND[4:]).press("1").speak(3) for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda call: call.press("3"), calls))
    assert len(members.find(here.gateway, ADMIN, FRIEND)) == 1
    assert here.rows("SELECT count(*) FROM tasks") == [(1,)]


@pytest.mark.parametrize(("keyed", "heard"), [("9720000003", "friend_taken"), ("1234", "friend_phone")])
def test_a_phone_that_cannot_be_hers_is_not_taken(here: Installation, didi: users.User, keyed: str, heard: str) -> None:
    call = phone_of(here, DIDI).ring().press("5").press(keyed)
    assert heard in " ".join(call.heard)
    assert here.rows("SELECT count(*) FROM members WHERE state = 'pending'") == [(0,)]


def test_who_is_no_collector_any_more_brings_nobody(here: Installation, didi: users.User) -> None:
    call = phone_of(here, DIDI).ring().press("5").press(FRIEND[4:]).press("1").speak(3)
    users.disable(here.gateway, ADMIN, didi.id)
    call.press("3")
    assert members.find(here.gateway, ADMIN, FRIEND) == []
    assert "ne/register/friend_phone-1" not in phone_of(here, DIDI).ring().press("5").heard


def test_a_collector_who_hangs_up_early_is_not_renamed(here: Installation, didi: users.User) -> None:
    call = phone_of(here, DIDI).ring().press("5").press(FRIEND[4:]).press("1").speak(4)
    call.hang_up("/twilio/status/calls")
    task = task_of(here)
    assert (task.said, task.phone) == (None, DIDI)
    with pytest.raises(GatewayError, match="task:named"):
        members.write_down(here.gateway, ORGANISER, task.id, GITA)
    assert only(here, DIDI).name == "सीता तामाङ"


def test_a_friend_is_not_led_past_the_question(here: Installation, didi: users.User) -> None:
    bring(here)
    call = phone_of(here, FRIEND).ring().press("9")
    assert "ne/register/consent-1" in call.heard[-1]
    assert not any("main_menu" in clip for clip in call.heard)


# --- her recorded name -------------------------------------------------------------------------------------------------------------


def test_a_recording_of_any_format_replaces_her_name(here: Installation, tmp_path) -> None:
    for rate in (44100, 8000):
        wav.write(tmp_path / "name.wav", words(rate, 6000))
        assert voices.replace(here.gateway, ORGANISER, "sample-1", tmp_path / "name.wav").has_voice
    assert len(list((tmp_path / "names").iterdir())) == 1
    organisations.add(here.gateway, "sangh", "Mahila Sangh")
    with pytest.raises(GatewayError, match="member:unknown"):
        voices.replace(here.gateway, OTHERS, "sample-1", tmp_path / "name.wav")
    assert len(list((tmp_path / "names").iterdir())) == 1


def test_what_is_no_name_is_refused(here: Installation, tmp_path) -> None:
    wav.write(tmp_path / "long.wav", Sound(words(RATE, 6000).samples * 5, RATE))
    wav.write(tmp_path / "silent.wav", wav.silence(1))
    for file, code in (("long", "audio:long-name"), ("silent", "audio:silent")):
        with pytest.raises(GatewayError, match=code):
            voices.replace(here.gateway, ORGANISER, "sample-1", tmp_path / f"{file}.wav")


def test_who_never_pauses_is_cut_short(tmp_path) -> None:
    burst = [sample for sample in words(RATE, 6000).samples if sample]
    wav.write(tmp_path / "endless.wav", Sound(array("h", burst * 20), RATE))
    assert naming.of_registration(tmp_path / "endless.wav").seconds == naming.LONGEST


# --- the first call ------------------------------------------------------------------------------------------------------------------


def test_whom_an_organiser_wrote_down_hears_on_her_first_call_how_it_works(here: Installation) -> None:
    members.register(here.gateway, ADMIN, replace(GITA, consent_how="paper", consent_wording="form 1"), [STRANGER])
    phone = phone_of(here, STRANGER)
    phone.text("9")  # a text is no call
    first = phone.ring()
    assert first.heard[0] == "ne/welcome/first_call-1"
    assert "ne/phrase/your_number" in first.heard
    assert 'timeout="10"' in first.twiml
    assert 'timeout="8"' in first.wait().twiml
    second = phone.ring()
    assert "ne/welcome/later_call-1" in second.heard
    assert "ne/phrase/your_number" not in second.heard


def test_a_friend_has_time_for_the_first_key_of_her_first_call(here: Installation, didi: users.User) -> None:
    bring(here)
    call = phone_of(here, FRIEND).ring()
    assert "ne/register/brought-1" in call.heard
    assert 'timeout="10"' in call.twiml


def test_of_a_recording_in_which_nobody_spoke_there_is_no_name(tmp_path):
    wav.write(tmp_path / "silent.wav", wav.silence(2.0))
    with pytest.raises(GatewayError, match="audio:silent"):
        naming.of_registration(tmp_path / "silent.wav")
