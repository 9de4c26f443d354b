"""The manifest ties a clip to its text; what is missing, stale or damaged is named; a recording wins over the machine's voice."""

from __future__ import annotations

import json
from array import array

import pytest
from fakes.sounds import words

from gateway.audio import wav
from gateway.audio.build import build
from gateway.audio.catalogue import open_clips, read_manifest
from gateway.audio.coverage import coverage, findings, heard
from gateway.audio.numbers import read_numbers
from gateway.audio.placeholder import runs
from gateway.audio.taking import take_folder
from gateway.audio.wav import Sound
from gateway.errors import GatewayError

REQUIRED = [("ne", "menu/start-1", "एक थिच्नुहोस्।"), ("ne", "number/1", "एक"), ("en", "menu/start-1", "Press one.")]


class Machine:
    """A voice that remembers what it was asked to say."""

    def __init__(self):
        self.said = []

    def __call__(self, text):
        self.said.append(text)
        return words(22050, 4000 + len(text))


@pytest.fixture
def folder(tmp_path):
    build(tmp_path / "clips", REQUIRED, Machine())
    return tmp_path / "clips"


@pytest.fixture
def recordings(tmp_path):
    wav.write(tmp_path / "studio" / "menu" / "start-1.wav", words(44100, 20000))
    return tmp_path / "studio"


def take(folder, recordings):
    texts = {clip: text for language, clip, text in REQUIRED if language == "ne"}
    return take_folder(folder, recordings, "ne", texts, read_numbers(folder))


def test_a_build_makes_every_clip_and_leaves_nothing_to_complain_of(folder):
    clips = open_clips(folder)
    assert clips.problems(REQUIRED) == []
    assert clips.languages == ("en", "ne")
    assert clips.clip("ne", "number/1").text == "एक"
    assert clips.clip("ne", "number/1").source == "placeholder"


def test_the_seconds_of_the_manifest_are_those_of_the_file(folder):
    clips = open_clips(folder)
    seconds = wav.read(clips.path("ne", "menu/start-1")).seconds
    assert clips.seconds("ne", "menu/start-1") == pytest.approx(seconds, abs=0.001)
    assert clips.prompt_seconds("ne", ["menu/start-1", "menu/start-1"]) == pytest.approx(2 * seconds, abs=0.002)


def test_the_pauses_are_pure_silence(folder):
    clips = open_clips(folder)
    for name, seconds in (("500", 0.5), ("3000", 3.0)):
        sound = wav.read(clips.path("silence", name))
        assert sound.seconds == seconds
        assert not any(sound.samples)


def test_a_second_build_has_nothing_to_do(folder):
    machine = Machine()
    built = build(folder, REQUIRED, machine)
    assert (built.made, built.dropped, machine.said) == ((), (), [])


def test_a_changed_text_makes_its_clip_stale_until_it_is_built_again(folder):
    changed = [("ne", "number/1", "एउटा"), *[row for row in REQUIRED if row[1] != "number/1"]]
    assert open_clips(folder).problems(changed) == ["ne/number/1: the clip is stale: it says 'एक', the flow says 'एउटा'."]
    assert build(folder, changed, Machine()).made == ("ne/number/1",)
    assert open_clips(folder).problems(changed) == []


def test_missing_and_needless_clips_are_named(folder):
    wanted = [*REQUIRED[:2], ("en", "menu/other-1", "Other.")]
    assert open_clips(folder).problems(wanted) == ["en/menu/other-1: there is no clip.", "en/menu/start-1: no prompt uses this clip."]


def test_a_needless_placeholder_is_dropped_with_its_file(folder):
    built = build(folder, [*REQUIRED[:2], ("en", "menu/other-1", "Other.")], Machine())
    assert built.dropped == ("en/menu/start-1",)
    assert not (folder / "en" / "menu" / "start-1.wav").exists()
    assert "menu/start-1" not in read_manifest(folder / "en")


@pytest.mark.parametrize("content", [b"", b"RIFF", b"<html>"])
def test_a_damaged_file_is_found_and_built_again(folder, content):
    (folder / "ne" / "number" / "1.wav").write_bytes(content)
    [problem] = open_clips(folder).problems(REQUIRED)
    assert problem.startswith("ne/number/1: 1.wav cannot be used")
    assert build(folder, REQUIRED, Machine()).made == ("ne/number/1",)


def test_a_file_that_was_replaced_by_hand_is_found(folder):
    wav.write(folder / "ne" / "number" / "1.wav", words(8000, 99))
    [problem] = open_clips(folder).problems(REQUIRED)
    assert "not the one in the manifest" in problem


def test_a_clip_at_another_rate_is_found(folder):
    wav.write(folder / "ne" / "number" / "1.wav", words(16000, 99))
    [problem] = open_clips(folder).problems(REQUIRED)
    assert "16000 Hz" in problem


def test_a_recording_is_taken_in_and_no_build_overwrites_it(folder, recordings):
    assert take(folder, recordings).clips == ("menu/start-1",)
    recorded = (folder / "ne" / "menu" / "start-1.wav").read_bytes()
    changed = [("ne", "menu/start-1", "दुई थिच्नुहोस्।"), *REQUIRED[1:]]
    assert build(folder, changed, Machine()).made == ()
    assert (folder / "ne" / "menu" / "start-1.wav").read_bytes() == recorded
    assert open_clips(folder).clip("ne", "menu/start-1").source == "recorded"
    assert "stale" in open_clips(folder).problems(changed)[0]


def test_a_recording_that_no_prompt_uses_is_kept_and_reported(folder, recordings):
    take(folder, recordings)
    assert build(folder, REQUIRED[1:], Machine()).dropped == ()
    assert open_clips(folder).problems(REQUIRED[1:]) == ["ne/menu/start-1: no prompt uses this clip."]


def test_a_recording_comes_out_as_loud_as_the_rest(folder, recordings):
    take(folder, recordings)
    levels = [wav.active_rms(wav.read(open_clips(folder).path("ne", clip)).samples) for clip in ("menu/start-1", "number/1")]
    assert max(levels) / min(levels) < 1.26  # 2 dB


def test_a_recording_whose_file_was_deleted_gives_way_to_the_placeholder(folder, recordings):
    take(folder, recordings)
    (folder / "ne" / "menu" / "start-1.wav").unlink()
    assert build(folder, REQUIRED, Machine()).made == ("ne/menu/start-1",)
    assert open_clips(folder).clip("ne", "menu/start-1").source == "placeholder"


def test_a_running_process_notices_a_new_recording(folder, recordings):
    clips = open_clips(folder)
    assert clips.clip("ne", "menu/start-1").source == "placeholder"
    take(folder, recordings)
    assert clips.clip("ne", "menu/start-1").source == "recorded"
    (folder / "ne" / "manifest.json").write_text("{")
    assert clips.clip("ne", "menu/start-1").source == "recorded"


# --- what a caller would be disturbed by -------------------------------------------------------------------------------------------


def altered(samples, change):
    return Sound(array("h", (max(-32768, min(32767, round(change(n, sample)))) for n, sample in enumerate(samples))), wav.RATE)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ({"silent"}, lambda _n, _sample: 0),
        ({"uneven"}, lambda _n, sample: sample / 2),
        ({"uneven", "clipped"}, lambda _n, sample: sample * 20),
        ({"loud"}, lambda n, sample: 20000 if n == 4000 else sample),
    ],
)
def test_clips_that_do_not_sound_like_the_others_are_found(kind, change):
    samples = wav.fit(words(8000, 9000)).samples
    assert heard(Sound(samples, wav.RATE)) == {}
    assert set(heard(altered(samples, change))) >= kind


def test_silence_around_the_speech_is_found():
    samples = wav.fit(words(8000, 9000)).samples
    quiet = array("h", bytes(2 * 4000))
    assert set(heard(Sound(quiet + samples + quiet, wav.RATE))) == {"silence-before", "silence-after"}


def test_every_finding_names_its_file_and_a_remedy(folder):
    wav.write(folder / "ne" / "number" / "1.wav", words(8000, 99))
    wanted = [("ne", "menu/start-1", "दुई थिच्नुहोस्।"), REQUIRED[1], ("ne", "menu/other-1", "अर्को")]
    found = findings(open_clips(folder), wanted)
    kinds = {finding.clip: finding.kind for finding in found}
    assert kinds == {"menu/other-1": "missing", "menu/start-1": "stale", "number/1": "damaged"}
    assert all("gateway prompts build" in str(finding) and str(finding).startswith("ne/") for finding in found)
    [row] = coverage(open_clips(folder), wanted)
    assert (row.needed, row.placeholder, row.missing, row.stale) == (3, 2, 1, 1)


@pytest.mark.parametrize(
    ("language", "clip"),
    [
        ("ne", "../en/menu/start-1"),
        ("..", "etc/passwd"),
        ("ne", "menu/../../../../etc/passwd"),
        ("ne", "%2e%2e/menu"),
        ("ne", "menu/start-1\0"),
        ("ne", "C:\\windows"),
        ("ne", "manifest"),
        ("", "menu/start-1"),
        ("ne", "menu/start-2"),
    ],
)
def test_no_name_leads_out_of_the_folder(folder, language, clip):
    with pytest.raises(GatewayError) as caught:
        open_clips(folder).path(language, clip)
    assert caught.value.code == "audio:unknown-clip"


def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path):
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"secret")
    clip = folder / "ne" / "number" / "1.wav"
    clip.unlink()
    clip.symlink_to(secret)
    with pytest.raises(GatewayError):
        open_clips(folder).path("ne", "number/1")


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        "{",
        '{"a": 1}',
        '{"number/1": {"text": "x"}}',
        json.dumps({"../x": {"text": "", "seconds": 1, "sha256": "", "source": "recorded"}}),
    ],
)
def test_a_manifest_that_cannot_be_understood_is_named(folder, manifest):
    (folder / "ne" / "manifest.json").write_text(manifest)
    with pytest.raises(GatewayError) as caught:
        open_clips(folder)
    assert caught.value.code == "audio:manifest"


def test_a_text_in_two_scripts_is_read_by_two_voices():
    assert [script for script, _ in runs("नेपालीका लागि, एक। For English, press two. धन्यवाद")] == ["devanagari", "latin", "devanagari"]
    assert list(runs("...")) == []


def test_without_the_wheel_the_builder_says_what_to_install(monkeypatch):
    from gateway.audio import placeholder

    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(placeholder.importlib, "import_module", missing)
    with pytest.raises(GatewayError, match="pip install espeakng-loader"):
        placeholder.Voice()


def test_a_recording_for_the_middle_of_a_phrase_is_taken_in_and_known(folder, tmp_path):
    wav.write(tmp_path / "studio" / "number" / "1.mid.wav", words(44100, 20000))
    assert take(folder, tmp_path / "studio").clips == ("number/1.mid",)
    build(folder, REQUIRED, Machine())
    clips = open_clips(folder)
    assert clips.middles() == {("ne", "number/1")}
    assert clips.problems(REQUIRED) == []
    assert clips.path("ne", "number/1.mid").is_file()


def test_silence_is_of_no_language(folder):
    clips = open_clips(folder)
    assert clips.seconds("ne", "/silence/500") == 0.5
    assert clips.path("en", "/silence/500") == clips.path("silence", "500")
