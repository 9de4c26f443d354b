"""Recordings as studios and phones deliver them, and what pretends to be one."""

from __future__ import annotations

import io
import math
import random
import wave
from array import array

import av
import pytest
from fakes.sounds import words

from gateway.audio import wav
from gateway.audio.build import build
from gateway.audio.catalogue import open_clips, read_manifest
from gateway.audio.coverage import decibels, heard
from gateway.audio.decode import decode
from gateway.audio.numbers import read_numbers
from gateway.audio.taking import clean, take_folder
from gateway.errors import GatewayError

TEXTS = {"menu/start-1": "एक थिच्नुहोस्।", "menu/end-1": "नमस्ते।", "number/1": "एक"}
FORMATS = [
    ("wav", "pcm_s16le", 44100, "mono"),
    ("wav", "pcm_s24le", 48000, "stereo"),
    ("wav", "pcm_u8", 8000, "mono"),
    ("wav", "pcm_f32le", 96000, "stereo"),
    ("wav", "pcm_mulaw", 8000, "mono"),
    ("mp3", "libmp3lame", 44100, "stereo"),
    ("ogg", "libopus", 48000, "mono"),
    ("flac", "flac", 22050, "mono"),
    ("ipod", "aac", 44100, "mono"),  # m4a
    ("adts", "aac", 44100, "mono"),
    ("webm", "libopus", 48000, "mono"),
    ("aiff", "pcm_s16be", 44100, "stereo"),
]


def speech(seconds: float = 2.0, rate: int = 48000) -> array:
    """A voice between silences, in a room that is not quite still."""
    chance = random.Random(7)
    said = words(rate, 30000).samples
    lead = array("h", (chance.randrange(-20, 21) for _ in range(round(rate * seconds / 2))))
    return lead + said + lead


def write(path, container="wav", codec="pcm_s16le", rate=44100, layout="mono", *, samples=None):
    """Encode a recording as somebody's machine would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = speech() if samples is None else samples
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate = 48000
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        wanted = stream.codec_context.format.name if stream.codec_context.format else "s16"
        fitter = av.AudioResampler(format=wanted, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size or 1024)
        for part in (*fitter.resample(frame), *fitter.resample(None)):
            part.pts = None
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return path


@pytest.fixture
def folder(tmp_path):
    build(tmp_path / "clips", [("ne", clip, text) for clip, text in TEXTS.items()], lambda _text: words(22050, 5000))
    return tmp_path / "clips"


def take(folder, recordings):
    return take_folder(folder, recordings, "ne", TEXTS, read_numbers(folder))


@pytest.mark.parametrize(("container", "codec", "rate", "layout"), FORMATS)
def test_a_recording_of_any_common_kind_becomes_a_clip_like_the_others(tmp_path, container, codec, rate, layout):
    sound = clean(write(tmp_path / "a", container, codec, rate, layout))
    assert sound.rate == wav.RATE
    assert sound.seconds == pytest.approx(1.2, abs=0.25)
    assert heard(sound) == {}
    assert decibels(wav.active_rms(sound.samples)) == pytest.approx(-22, abs=0.5)


def test_quiet_and_loud_rooms_come_out_alike(tmp_path):
    quiet = array("h", (sample // 30 for sample in speech()))
    levels = [wav.active_rms(clean(write(tmp_path / name, samples=samples)).samples) for name, samples in (("a", quiet), ("b", speech()))]
    assert abs(20 * math.log10(levels[0] / levels[1])) < 1


def riff(payload: bytes, claimed: int) -> bytes:
    beginning = io.BytesIO()
    with wave.open(beginning, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
    head = beginning.getvalue()
    return head[:-4] + claimed.to_bytes(4, "little") + payload


HOSTILE = {
    "nothing": b"",
    "a page": b"<!doctype html><html>not found</html>",
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\nhttp://192.0.2.1/a.wav\n",
    "a list for FFmpeg": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "four gigabytes in its heading": riff(bytes(4000), 0xFFFFFF00),
    "half of a file": riff(bytes(4000), 90_000),
    "a heading alone": riff(b"", 0),
    "MP3 in name only": b"ID3" + bytes(5000),
    "Ogg in name only": b"OggS" + random.Random(1).randbytes(5000),
    "FLAC in name only": b"fLaC" + random.Random(2).randbytes(5000),
    "M4A in name only": b"\0\0\0\x18ftypM4A " + random.Random(3).randbytes(5000),
    "Matroska in name only": b"\x1aE\xdf\xa3" + random.Random(4).randbytes(5000),
    "a program": b"MZ" + bytes(3000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_recording_is_refused_with_a_sentence(tmp_path, name):
    path = tmp_path / "menu.wav"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(GatewayError, match=r"menu\.wav cannot be used: .+\. Record it again as WAV") as caught:
        decode(path)
    assert caught.value.code == "audio:unreadable"


def test_two_hours_are_refused_whether_they_are_large_or_packed(tmp_path):
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.write(riff(b"", 16000 * 7200))
        file.truncate(16000 * 7200)
    with pytest.raises(GatewayError, match="larger than 64 MB"):
        decode(large)
    packed = write(tmp_path / "packed.ogg", "ogg", "libopus", 48000, samples=array("h", bytes(2 * 48000 * 300)))
    with pytest.raises(GatewayError, match="longer than 120 seconds"):
        decode(packed)


def test_silence_and_rattling_are_refused_with_what_to_do(tmp_path):
    with pytest.raises(GatewayError, match="nearer to the microphone"):
        clean(write(tmp_path / "silent.wav", samples=array("h", bytes(2 * 48000))))
    rattling = array("h", (max(-32768, min(32767, sample * 12)) for sample in speech()))
    with pytest.raises(GatewayError, match="a hand further away"):
        clean(write(tmp_path / "rattling.wav", samples=rattling))


def test_a_file_may_be_named_by_its_clip_or_its_number_in_any_folder_and_case_of_suffix(folder, tmp_path):
    number = read_numbers(folder).by_clip["ne", "menu/end-1"]
    write(tmp_path / "studio" / "menu" / "start-1.MP3", "mp3", "libmp3lame")
    write(tmp_path / "studio" / "second day" / f"{number} namaste.m4a", "ipod", "aac")
    assert set(take(folder, tmp_path / "studio").clips) == {"menu/start-1", "menu/end-1"}
    assert open_clips(folder).clip("ne", "menu/end-1").source == "recorded"
    assert open_clips(folder).clip("ne", "number/1").source == "placeholder"


def test_what_is_good_is_taken_and_what_is_not_is_refused_by_name(folder, tmp_path):
    studio = tmp_path / "studio"
    write(studio / "menu" / "start-1.wav")
    write(studio / "menu" / "stort-1.wav")
    write(studio / "number" / "1.wav")
    write(studio / "number" / "1.ogg", "ogg", "libopus", 48000)
    (studio / "menu" / "end-1.wav").write_bytes(b"<html>")
    (studio / ".DS_Store").write_bytes(b"x")
    (studio / "script.html").write_bytes(b"<html>")
    (studio / "menu" / "secret.wav").symlink_to("/etc/passwd")
    taken = take(folder, studio)
    assert taken.clips == ("menu/start-1",)
    assert sorted((fault.code, fault.sentence.split(". ")[0]) for fault in taken.refused) == [
        ("audio:twice", "number/1.wav and number/1.ogg are both for the clip number/1"),
        ("audio:unknown-name", "menu/stort-1.wav is not the name of a clip in ne"),
        ("audio:unreadable", "end-1.wav cannot be used: it is no sound, whatever its name says"),
    ]
    assert "Did you mean menu/start-1?" in next(fault.sentence for fault in taken.refused if fault.code == "audio:unknown-name")


def test_a_disk_that_is_full_leaves_every_clip_as_its_manifest_says(folder, tmp_path, monkeypatch):
    write(tmp_path / "studio" / "menu" / "start-1.wav")
    before = read_manifest(folder / "ne")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wav.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        take(folder, tmp_path / "studio")
    assert read_manifest(folder / "ne") == before
    assert not list(folder.rglob("*.part"))


def test_a_recording_of_another_length_than_the_placeholder_is_to_be_listened_to(folder, tmp_path):
    write(tmp_path / "studio" / "menu" / "start-1.wav", samples=speech() * 4)
    [doubt] = take(folder, tmp_path / "studio").doubts
    assert "Is it the right text?" in doubt
