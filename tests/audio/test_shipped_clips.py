"""The clips in `audio_prompts` as callers hear them."""

from __future__ import annotations

import math
import re

import pytest

from gateway.audio import wav
from gateway.audio.catalogue import SILENCE, open_clips
from gateway.config import PACKAGE_ROOT

AUDIO = PACKAGE_ROOT / "audio_prompts"
CLIPS = open_clips(AUDIO)


@pytest.mark.parametrize("language", CLIPS.languages)
def test_every_clip_is_8_khz_mono_and_about_as_loud_as_the_others(language):
    wrong = []
    for clip in CLIPS.manifests[language]:
        sound = wav.read(CLIPS.path(language, clip))
        level = 20 * math.log10(max(1, wav.active_rms(sound.samples)) / 32767)
        if sound.rate != wav.RATE or not -24 <= level <= -20 or max(map(abs, sound.samples)) > 16423:
            wrong.append((clip, sound.rate, round(level, 1)))
    assert wrong == []


def test_both_languages_have_the_same_pieces_where_words_are_counted():
    numbers = {language: {clip for clip in CLIPS.manifests[language] if clip.startswith("number/")} for language in ("ne", "en")}
    assert numbers["ne"] == numbers["en"] == {f"number/{n}" for n in range(100)}


def test_no_spoken_text_holds_digits():
    texts = [clip.text for language in CLIPS.languages for clip in CLIPS.manifests[language].values()]
    assert [text for text in texts if re.search(r"[0-9०-९]", text)] == []


def test_the_pauses_are_there():
    assert CLIPS.seconds(SILENCE, "500") == 0.5
    assert CLIPS.seconds(SILENCE, "3000") == 3.0


def test_all_clips_together_stay_small_enough_to_ship():
    # Two lessons in two languages, seven minutes in all, are 6 MB of it.
    assert sum(path.stat().st_size for path in AUDIO.rglob("*.wav")) < 34_000_000
