"""An organisation's own words: written down, recorded from a file or by phone, heard, and kept as they were approved."""

from __future__ import annotations

import io
import wave

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from fakes.sounds import words
from fakes.told import a_broadcast
from fakes.twilio import FakeTwilio

from gateway.audio.wav import ACTIVE, RATE, Sound, read, write
from gateway.cli import main
from gateway.core.reference import is_valid
from gateway.errors import GatewayError
from gateway.services import recordings, sayings, studio
from gateway.services.access import Actor, terminal

MAIN = terminal("main")
SITA = "+9779720000001"
PIN = "314159"
TEXTS = {"ne": "भोलि कार्यालय बन्द छ।", "en": "The office is closed tomorrow."}


@pytest.fixture
def twilio():
    with FakeTwilio() as fake:
        yield fake


@pytest.fixture
def here(installation_of, database_url, twilio) -> Installation:
    return installation_of(
        database_url,
        GATEWAY_STUDIO_PIN=PIN,
        TWILIO_ACCOUNT_SID=twilio.account_sid,
        TWILIO_AUTH_TOKEN=twilio.auth_token,
        TWILIO_API_BASE_URL=twilio.url,
    )


@pytest.fixture
def recording(tmp_path):
    """A recording of some words as a phone's app makes it."""
    file = tmp_path / "message.wav"
    write(file, words(44_100, 12_000))
    return file


def files(here) -> list[str]:
    return sorted(file.name for file in (here.gateway.settings.data_dir / sayings.FOLDER).glob("*"))


def test_words_are_written_down_recorded_from_a_file_and_served(here, recording) -> None:
    made = sayings.create(here.gateway, MAIN, TEXTS)
    assert set(made.numbers) == {"ne", "en"}
    assert all(is_valid(number) and number.startswith("9") and len(number) == 5 for number in made.numbers.values())
    assert sayings.value(here.gateway, made.id, "ne") is None
    there = sayings.record(here.gateway, MAIN, made.id, "ne", recording)
    assert there.clips["ne"] == pytest.approx(1.2, abs=0.3)
    clip, _, text = sayings.value(here.gateway, made.id, "ne").partition(" ")
    assert text == TEXTS["ne"]
    assert sayings.value(here.gateway, made.id, "en") is None
    answer = here.client.get(f"/audio{clip}.wav")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    with wave.open(io.BytesIO(answer.data)) as heard:
        assert (heard.getframerate(), heard.getnchannels()) == (RATE, 1)
    assert max(read(sayings.recorded_file(here.gateway, MAIN, made.id, "ne")).samples) > ACTIVE


def test_a_new_recording_replaces_the_old_whole_and_a_bad_one_nothing(here, recording, tmp_path) -> None:
    made = sayings.create(here.gateway, MAIN, TEXTS)
    sayings.record(here.gateway, MAIN, made.id, "ne", recording)
    [first] = files(here)
    sayings.record(here.gateway, MAIN, made.id, "ne", recording)
    [second] = files(here)
    assert first != second
    half = tmp_path / "half.wav"
    half.write_bytes(recording.read_bytes()[:1000])
    for refused in (half, tmp_path / "none.mp3"):
        with pytest.raises(GatewayError, match="audio:"):
            sayings.record(here.gateway, MAIN, made.id, "ne", refused)
    with pytest.raises(GatewayError, match="saying:language"):
        sayings.record(here.gateway, MAIN, made.id, "mai", recording)
    with pytest.raises(GatewayError, match="saying:unknown"):
        sayings.record(here.gateway, MAIN, "nobody", "ne", recording)
    assert files(here) == [second]


def test_a_message_is_a_minute_at_most(here, tmp_path) -> None:
    long = tmp_path / "long.wav"
    write(long, Sound(words(RATE, 9000).samples * 30, RATE))
    made = sayings.create(here.gateway, MAIN, TEXTS)
    with pytest.raises(GatewayError, match="saying:too-long"):
        sayings.record(here.gateway, MAIN, made.id, "ne", long)
    assert files(here) == []


@pytest.mark.parametrize("texts", [{}, {"ne": "  "}, {"xx": "words"}, {"ne": "x" * 1001}, {"ne_latn": "Namaste"}, {"ne": "a\x00b"}])
def test_words_that_cannot_be_said_are_refused(on_sqlite, texts) -> None:
    with pytest.raises(GatewayError, match=r"saying:text|language:unknown"):
        sayings.create(on_sqlite.gateway, MAIN, texts)


def test_each_organisation_has_its_own_and_a_reader_makes_none(here, recording) -> None:
    made = sayings.create(here.gateway, MAIN, TEXTS)
    other = terminal("other")
    assert sayings.page(here.gateway, other) == []
    for verb in (sayings.show, sayings.remove):
        with pytest.raises(GatewayError, match="saying:unknown"):
            verb(here.gateway, other, made.id)
    with pytest.raises(GatewayError, match="access:denied"):
        sayings.create(here.gateway, Actor("main", "reader", "user:1"), TEXTS)
    with pytest.raises(GatewayError, match="access:denied"):
        sayings.record(here.gateway, Actor("main", "collector", "user:1"), made.id, "ne", recording)


def test_numbers_are_never_given_to_two_and_given_again_when_free(here) -> None:
    three = [sayings.create(here.gateway, MAIN, texts) for texts in (TEXTS, {"ne": "एक"}, {**TEXTS, "mai": "काल्हि"})]
    numbers = [number for one in three for number in one.numbers.values()]
    assert len(set(numbers)) == 6
    sayings.remove(here.gateway, MAIN, three[0].id)
    assert sayings.create(here.gateway, MAIN, {"en": "Free"}).numbers["en"] in three[0].numbers.values()
    assert [one.number for one in sayings.page(here.gateway, MAIN)] == sorted(one.number for one in sayings.page(here.gateway, MAIN))


def test_what_was_approved_stays_as_it_was(here, recording) -> None:
    made = sayings.create(here.gateway, MAIN, TEXTS)
    sayings.record(here.gateway, MAIN, made.id, "ne", recording)
    a_broadcast(here.gateway, state="draft", saying_id=made.id)
    sayings.record(here.gateway, MAIN, made.id, "ne", recording)
    with pytest.raises(GatewayError, match="saying:used"):
        sayings.remove(here.gateway, MAIN, made.id)
    with here.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE broadcasts SET state = 'sending'")
    with pytest.raises(GatewayError, match="saying:sent"):
        sayings.record(here.gateway, MAIN, made.id, "ne", recording)
    assert "ne/phrase/not_right" in enter(here).press(made.numbers["ne"]).heard
    assert len(files(here)) == 1


def test_what_nothing_uses_is_removed_with_its_recordings(here, recording) -> None:
    made = sayings.create(here.gateway, MAIN, TEXTS)
    sayings.record(here.gateway, MAIN, made.id, "en", recording)
    sayings.remove(here.gateway, MAIN, made.id)
    assert files(here) == []
    assert here.rows("SELECT count(*) FROM saying_clips") == [(0,)]


# --- by phone ----------------------------------------------------------------------------------------------------------------------


def enter(here):
    phone = here.phone(SITA)
    phone.account_sid, phone.auth_token = here.environ["TWILIO_ACCOUNT_SID"], here.environ["TWILIO_AUTH_TOKEN"]
    return phone.ring().press("6").press(PIN)


def arrive(here, twilio) -> None:
    for external_id, recording_id in here.rows("SELECT external_id, id FROM recordings WHERE state = 'pending'"):
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setparams((1, 2, RATE, 0, "NONE", ""))
            out.writeframes(words(RATE, 6000).samples.tobytes())
        twilio.recordings[external_id] = file.getvalue()
        recordings.fetch(here.gateway, recording_id)


@pytest.mark.parametrize("kept_first", [False, True])
def test_a_saying_is_recorded_by_phone_heard_back_and_used_without_another_step(here, twilio, kept_first) -> None:
    made = sayings.create(here.gateway, MAIN, TEXTS)
    call = enter(here).press(made.numbers["en"])
    assert call.waits_for == "Record"
    call.speak(2)
    if not kept_first:
        arrive(here, twilio)
        call.press("8")
        assert [clip for clip in call.heard if clip.startswith("takes/")]
    call.press("1")
    assert "ne/studio/kept-1" in call.heard
    if kept_first:
        assert sayings.value(here.gateway, made.id, "en") is None
        arrive(here, twilio)
    clip, _, text = sayings.value(here.gateway, made.id, "en").partition(" ")
    assert text == TEXTS["en"]
    assert here.client.get(f"/audio{clip}.wav").status_code == 200
    assert studio.waiting(here.gateway) == []
    assert here.rows("SELECT state FROM takes") == [("approved",)]
    again = enter(here).press(made.numbers["en"])
    assert clip.removeprefix("/") in again.heard


def test_what_is_not_kept_is_not_used(here, twilio) -> None:
    made = sayings.create(here.gateway, MAIN, TEXTS)
    enter(here).press(made.numbers["ne"]).speak(2)
    arrive(here, twilio)
    assert sayings.value(here.gateway, made.id, "ne") is None
    assert files(here) == []


def test_the_command_writes_down_records_lists_plays_and_removes(here, recording) -> None:
    def typed(*command):
        return CliRunner().invoke(main, ["sayings", *command], env=here.environ)

    assert typed("add", "--text", "ne").exit_code == 2
    added = typed("add", "--text", "ne=भोलि बन्द छ।", "--text", "en=Closed tomorrow.")
    saying_id = added.output.split()[1]
    assert "by phone 9" in added.output
    assert typed("record", saying_id, "ne", str(recording)).exit_code == 0
    assert typed("play", saying_id, "ne").output.strip().endswith(".wav")
    assert "not recorded in 'en'" in typed("play", saying_id, "en").output
    assert saying_id in typed("list").output
    assert "not recorded" in typed("show", saying_id).output
    assert typed("remove", saying_id).output == "removed\n"
    assert typed("list").output == ""
