"""SMS parts, against vectors that Twilio's own calculator (npm sms-segments-calculator 1.3.0) made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.sms import GSM_EXTENSION, Segments, fit, segments

VECTORS = Path(__file__).parent.parent / "data" / "segments.jsonl"


def test_parts_are_counted_as_twilio_counts_them():
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        vector = json.loads(line)
        counted = segments(vector["text"])
        assert (counted.encoding, counted.count) == (vector["encoding"], vector["segments"]), vector["text"]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("दाबी १०४२ पास भयो। रु ५,००० आउँछ। बुझ्न मिसकल गर्नुहोस्।", 56),
        ("बैठक: मंसिर १०, शनि, बिहान ८ बजे, वडा कार्यालय। आउने भए HO पठाउनुहोस्।", 70),
    ],
)
def test_a_usual_nepali_text_takes_one_part(text, units):
    assert (segments(text).count, segments(text).units) == (1, units)


def test_the_culprit_is_the_first_character_outside_gsm():
    assert segments("Rs 500 – paid ç").culprit == "–"


def test_an_escape_is_never_split_from_its_character():
    assert segments("a" * 152 + "{" + "b" * 152) == Segments("GSM-7", 3, 306, None)


def test_a_lone_surrogate_counts_as_one_unit():
    assert segments("\ud83d").units == 1


@given(
    st.lists(st.text(st.sampled_from("abनमस्ते किस्ता {’👍🏽"), min_size=1), max_size=60),
    st.sampled_from(["... call 4112233", "… फोन: ४११२२३३"]),
)
def test_a_text_cut_to_one_part_ends_at_a_word_and_says_whom_to_call(words, rest):
    text = " ".join(words)
    cut = fit(text, rest)
    assert segments(cut).count == 1
    if segments(text.strip()).count == 1:
        assert cut == text.strip()
    else:
        assert cut.endswith(rest)
        kept = cut.removesuffix(rest).split()
        assert kept == text.split()[: len(kept)]


@given(st.text())
def test_parts_hold_everything_and_waste_at_most_a_grapheme(text):
    counted = segments(text)
    if counted.encoding == "GSM-7":
        assert counted.units == len(text) + sum(char in GSM_EXTENSION for char in text)
        whole, part = 160, 153
    else:
        assert counted.units == len(text.encode("utf-16-le", "surrogatepass")) // 2
        whole, part = 70, 67
    assert (counted.count == 1) == (counted.units <= whole)
    assert counted.count == 1 or counted.count >= -(-counted.units // part) or max(map(len, text.split())) > part
