"""Sound for the telephone: rate, level, silence at the ends, and files that are whole or not there."""

from __future__ import annotations

import math
import wave
from array import array

import pytest
from fakes.sounds import tone, words

from gateway.audio import wav
from gateway.errors import GatewayError


def decibels(samples: array[int]) -> float:
    return 20 * math.log10(wav.active_rms(samples) / 32767)


@pytest.mark.parametrize(
    ("hertz", "least", "most"), [(300, -0.5, 0.5), (1000, -0.5, 0.5), (3000, -1, 0.5), (4500, -99, -40), (6000, -99, -40)]
)
def test_resampling_keeps_speech_and_removes_what_would_come_back_as_a_hiss(hertz, least, most):
    loud = wav.resample(tone(hertz, 0.5)).samples[400:-400]
    rms = math.sqrt(sum(sample * sample for sample in loud) / len(loud))
    assert least <= 20 * math.log10(max(rms, 0.1) / (10000 / math.sqrt(2))) <= most


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_every_common_rate_becomes_8000_with_the_same_length(rate):
    sound = wav.resample(tone(440, 1.0, rate))
    assert sound.rate == wav.RATE
    assert sound.seconds == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize("amplitude", [300, 3000, 30000])
def test_quiet_and_loud_speakers_come_out_alike(amplitude):
    fitted = wav.fit(words(22050, amplitude))
    assert decibels(fitted.samples) == pytest.approx(-22, abs=0.5)
    assert max(map(abs, fitted.samples)) <= wav.CEILING


def test_a_sudden_peak_is_rounded_off_and_the_speech_keeps_its_level():
    sound = words(8000, 8000)
    sound.samples[6000] = 32767
    fitted = wav.fit(sound)
    assert max(map(abs, fitted.samples)) <= wav.CEILING
    assert decibels(fitted.samples) == pytest.approx(-22, abs=1)


def test_silence_at_the_ends_is_cut_so_that_two_clips_are_a_tenth_of_a_second_apart():
    samples = wav.fit(words(22050, 9000)).samples
    loud = [n for n, sample in enumerate(samples) if abs(sample) > 300]
    assert 0.03 <= loud[0] / wav.RATE <= 0.08
    assert 0.03 <= (len(samples) - loud[-1]) / wav.RATE <= 0.08


def test_nothing_said_leaves_no_sound():
    assert wav.fit(wav.silence(2)).seconds == 0


def test_what_is_written_is_read_back(tmp_path):
    sound = words(8000, 5000)
    wav.write(tmp_path / "a" / "b.wav", sound)
    assert wav.read(tmp_path / "a" / "b.wav") == sound


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "b.wav"
    wav.write(path, words(8000, 5000))
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wav.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        wav.write(path, words(8000, 9000))
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["b.wav"]


def test_only_the_left_channel_of_a_stereo_recording_is_taken(tmp_path):
    with wave.open(str(tmp_path / "s.wav"), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(array("h", [1, -1, 2, -2, 3, -3]).tobytes())
    assert list(wav.read(tmp_path / "s.wav").samples) == [1, 2, 3]


def _riff(payload: bytes, claimed: int) -> bytes:
    head = (
        b"fmt "
        + (16).to_bytes(4, "little")
        + bytes([1, 0, 1, 0])
        + (8000).to_bytes(4, "little")
        + (16000).to_bytes(4, "little")
        + bytes([2, 0, 16, 0])
    )
    return b"RIFF" + (36 + claimed).to_bytes(4, "little") + b"WAVE" + head + b"data" + claimed.to_bytes(4, "little") + payload


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>not found</html>",
        b"#EXTM3U\nfile:///etc/passwd\n",
        _riff(b"", 0),
        _riff(bytes(1000), 4_000_000),  # breaks off
        _riff(bytes(1000), 0xFFFFFF00),  # claims 4 GB
        _riff(bytes(2 * 8000 * 121), 2 * 8000 * 121),  # longer than anybody speaks
        _riff(bytes(1000), 1000)[:30],
    ],
    ids=["empty", "html", "playlist", "no samples", "broken off", "4 GB", "too long", "half a header"],
)
def test_what_is_no_usable_sound_is_refused(tmp_path, content):
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(GatewayError) as caught:
        wav.read(path)
    assert caught.value.code == "audio:unreadable"
