"""Clips recorded by phone: who may, what she hears, and that nothing reaches callers before it was approved."""

from __future__ import annotations

import io
import shutil
import wave
from datetime import timedelta

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from fakes.sounds import words
from fakes.twilio import FakeTwilio

from gateway import config
from gateway.audio.catalogue import open_clips
from gateway.audio.coverage import findings, heard
from gateway.audio.numbers import read_numbers
from gateway.audio.wav import read
from gateway.cli import main
from gateway.errors import GatewayError
from gateway.services import recordings, studio

SITA = "+9779720000001"
PIN = "314159"
CLIP = ("ne", "goodbye/say_goodbye-1")


def wav_of(sound) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, sound.rate, 0, "NONE", ""))
        out.writeframes(sound.samples.tobytes())
    return file.getvalue()


@pytest.fixture
def twilio():
    with FakeTwilio() as fake:
        yield fake


@pytest.fixture
def here(installation_of, database_url, twilio, tmp_path) -> Installation:
    """An installation with a studio and clips of its own."""
    shutil.copytree(config.PACKAGE_ROOT / "audio_prompts", tmp_path / "audio")
    return installation_of(
        database_url,
        GATEWAY_STUDIO_PIN=PIN,
        GATEWAY_AUDIO_DIR=str(tmp_path / "audio"),
        TWILIO_ACCOUNT_SID=twilio.account_sid,
        TWILIO_AUTH_TOKEN=twilio.auth_token,
        TWILIO_API_BASE_URL=twilio.url,
    )


def phone_of(here, number=SITA):
    phone = here.phone(number)
    phone.account_sid, phone.auth_token = here.environ["TWILIO_ACCOUNT_SID"], here.environ["TWILIO_AUTH_TOKEN"]
    return phone


def number_of(here, clip=CLIP) -> str:
    return read_numbers(here.gateway.settings.audio_dir).by_clip[clip]


def enter(here):
    return phone_of(here).ring().press("6").press(PIN)


def arrive(here, twilio, sound=None) -> None:
    """The provider has the recordings of all calls ready, and the worker fetches them."""
    for external_id, recording_id in here.rows("SELECT external_id, id FROM recordings WHERE state = 'pending'"):
        twilio.recordings[external_id] = wav_of(sound or words(8000, 6000))
        recordings.fetch(here.gateway, recording_id)


def test_without_a_secret_number_key_six_is_a_wrong_key(on_sqlite: Installation) -> None:
    call = on_sqlite.phone(SITA).ring().press("6")
    assert "ne/defaults/wrong1-1" in call.heard
    assert "studio" not in " ".join(call.heard)


def test_a_clip_is_recorded_heard_kept_and_approved(here: Installation, twilio) -> None:
    call = enter(here)
    assert call.heard[-1] == "ne/studio/number-1"
    call.press(number_of(here))
    assert "ne/goodbye/say_goodbye-1" in call.heard
    assert call.waits_for == "Record"
    call.speak(2)
    arrive(here, twilio)
    call.press("8")
    assert [clip for clip in call.heard if clip.startswith("takes/")] != []
    call.press("1")
    assert "ne/studio/kept-1" in call.heard
    before = open_clips(here.gateway.settings.audio_dir).clip(*CLIP)
    assert before.source == "placeholder"
    [row] = studio.waiting(here.gateway)
    assert (row.number, row.take.clip) == (number_of(here), "goodbye/say_goodbye-1")
    assert row.file.is_file()
    studio.approve(here.gateway, number_of(here))
    clips = open_clips(here.gateway.settings.audio_dir)
    assert clips.clip(*CLIP).source == "recorded"
    assert heard(read(clips.path(*CLIP))) == {}
    assert findings(clips, here.gateway.catalogue.clips()) == []
    assert studio.waiting(here.gateway) == []
    assert row.file.exists()  # to go back to
    assert here.rows("SELECT state FROM takes") == [("approved",)]


def test_a_caller_hears_what_was_approved_without_a_restart(here: Installation, twilio) -> None:
    call = enter(here).press(number_of(here)).speak(2)
    arrive(here, twilio)
    call.press("1")
    address = "/audio/ne/goodbye/say_goodbye-1.wav"
    before = here.client.get(address)
    studio.approve(here.gateway, number_of(here))
    after = here.client.get(address, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.data != before.data
    assert "max-age=3600" in after.headers["Cache-Control"]


def test_who_is_faster_than_the_recording_is_told_how_to_hear_it_and_may_keep_it_all_the_same(here: Installation, twilio) -> None:
    call = enter(here).press(number_of(here)).speak(2).press("8")
    assert not [clip for clip in call.heard if clip.startswith("takes/")]
    assert call.heard[-1] == "ne/phrase/keep_or_again"
    call.press("1")
    with pytest.raises(GatewayError, match="has not come from the provider yet"):
        studio.approve(here.gateway, number_of(here))
    arrive(here, twilio)
    assert studio.approve(here.gateway, number_of(here)).clip == "goodbye/say_goodbye-1"


def test_who_waits_hears_it_without_a_key(here: Installation, twilio) -> None:
    call = enter(here).press(number_of(here)).speak(2)
    arrive(here, twilio)
    call.wait()
    assert [clip for clip in call.heard if clip.startswith("takes/")]


def test_the_second_try_replaces_the_first(here: Installation, twilio) -> None:
    call = enter(here).press(number_of(here)).speak(2).press("1")
    call.press(number_of(here)).speak(3).press("2").speak(2).press("1")
    arrive(here, twilio)
    assert len(studio.waiting(here.gateway)) == 1
    assert sorted(here.rows("SELECT state FROM takes")) == [("made",), ("replaced",), ("waiting",)]


def test_where_nothing_was_said_she_is_asked_again(here: Installation, twilio) -> None:
    call = enter(here).press(number_of(here)).speak(2)
    arrive(here, twilio, sound=words(8000, 4))
    call.press("8")
    assert call.waits_for == "Record"
    assert "ne/phrase/not_right" in call.heard


def test_a_draft_can_be_recorded_though_nobody_is_offered_it(here: Installation, twilio) -> None:
    clip = ("mai", "goodbye/say_goodbye-1")
    call = enter(here).press(number_of(here, clip))
    assert call.waits_for == "Record"
    call.speak(2).press("1")
    arrive(here, twilio)
    studio.approve(here.gateway, number_of(here, clip))
    entry = open_clips(here.gateway.settings.audio_dir).clip(*clip)
    assert (entry.source, entry.text) == ("recorded", "धन्यवाद। प्रणाम।")


def test_a_slip_of_the_finger_is_no_other_clip(here: Installation) -> None:
    number = number_of(here)
    slipped = f"{number[0]}{(int(number[1]) + 1) % 10}{number[2:]}"
    call = enter(here).press(slipped)
    assert "ne/phrase/not_right" in call.heard
    assert call.waits_for == "Gather"


def test_a_rejected_recording_is_gone(here: Installation, twilio) -> None:
    enter(here).press(number_of(here)).speak(2).press("1")
    arrive(here, twilio)
    [row] = studio.waiting(here.gateway)
    studio.reject(here.gateway, row.number)
    assert not row.file.exists()
    assert open_clips(here.gateway.settings.audio_dir).clip(*CLIP).source == "placeholder"
    for decide in (studio.approve, studio.reject):
        with pytest.raises(GatewayError, match="No recording of"):
            decide(here.gateway, row.number)


def test_guessing_the_secret_number_ends_for_everybody_until_an_hour_has_passed(here: Installation) -> None:
    for guess in range(studio.MOST_TRIES):
        phone_of(here).ring().press("6").press(f"{guess:06}")
    call = enter(here)
    assert "ne/studio/number-1" not in call.heard
    assert call.over
    here.clock.at += timedelta(hours=1, seconds=1)
    assert enter(here).heard[-1] == "ne/studio/number-1"


def test_the_secret_number_is_never_written_down(here: Installation) -> None:
    enter(here).press(number_of(here))
    written = str(here.rows("SELECT * FROM session_events")) + str(here.rows("SELECT state FROM flow_sessions"))
    assert PIN not in written
    assert PIN not in repr(here.gateway.settings)


def test_a_member_s_recording_is_never_served(here: Installation, twilio) -> None:
    phone_of(here, "+9779841000001").ring().press("5").press("1").speak(4).press("2")
    arrive(here, twilio)
    [(recording_id,)] = here.rows("SELECT id FROM recordings")
    for folder in ("takes", "recordings", "takes/../recordings", "takes/..%2frecordings"):
        assert here.client.get(f"/audio/{folder}/{recording_id}.wav").status_code in {404, 400, 308}


def test_the_commands_list_approve_and_reject(here: Installation, twilio) -> None:
    enter(here).press(number_of(here)).speak(2).press("1")
    arrive(here, twilio)

    def typed(*command):
        return CliRunner().invoke(main, ["prompts", *command], env=here.environ)

    assert typed("waiting").output.startswith(f"{number_of(here)}\tne/goodbye/say_goodbye-1\t")
    assert typed("approve", "11111").exit_code == 1
    assert typed("approve", number_of(here)).output == "ne/goodbye/say_goodbye-1: recorded\n"
    assert typed("waiting").output == "nothing waits\n"
