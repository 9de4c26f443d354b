"""Slots as they are spoken and written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sambat
from digits_to_word_nepali import digit_to_nepali_words
from hypothesis import given, settings
from hypothesis import strategies as st
from nepali_num2word import convert_to_words

from gateway.core.calendar import FIRST_DAY, MONTH_LENGTHS
from gateway.errors import GatewayError
from gateway.language.base import BREATH, LARGEST_NUMBER
from gateway.language.ne import Nepali
from gateway.language.speech import FORMATS, LANGUAGES, language_of, speak, vocabulary, write

# How nepali-num2word spells the same words.
SPELT = dict(
    pair.split("=")
    for pair in """चौबीस=चौबिस अठ्ठाईस=अठ्ठाइस उनन्तीस=उनन्तिस एकतीस=एकत्तिस बत्तीस=बत्तिस तेत्तीस=तेत्तिस चौँतीस=चौँतिस पैँतीस=पैँतिस
    छत्तीस=छत्तिस सैँतीस=सैँतिस अठतीस=अठतिस बयालीस=बयालिस सच्चालीस=सतचालीस चौवन्न=चवन्न पच्पन्न=पचपन्न एकसठ्ठी=एकसट्ठी
    त्रिसठ्ठी=त्रिसट्ठी चौँसठ्ठी=चौंसट्ठी पैँसठ्ठी=पैंसट्ठी सन्तान्\u200dनब्बे=सन्तान्नब्बे""".split()
)


def said(language: str, format: str, value: object) -> str:  # noqa: A002
    words = vocabulary(language)
    return " ".join("|" if clip == BREATH else words[clip] for clip in speak(language, format, value))


def test_every_day_of_the_calendar_is_said_by_its_month_and_day():
    months = language_of("ne").months
    for index in range(sum(map(sum, MONTH_LENGTHS))):
        day = FIRST_DAY + timedelta(days=index)
        there = sambat.date.from_gregorian(day)
        month, *number, gate = said("ne", "date", day).split()
        assert (months.index(month) + 1, counted(" ".join(number)), gate) == (there.month, there.day, "गते")
    with pytest.raises(GatewayError):
        speak("ne", "date", FIRST_DAY + timedelta(days=index + 1))


def counted(words: str) -> int:
    """The number that these words say: what a listener makes of the clips."""
    names = {word: value for value, word in enumerate(language_of("ne").numbers)}
    sizes = {"सय": 100, "हजार": 1_000, "लाख": 1_00_000, "करोड": 1_00_00_000, "अरब": 100_00_00_000}
    total = ahead = 0
    for word in words.split():
        if word in names:
            ahead += names[word]
        elif word == "सय":
            ahead *= 100
        else:
            total, ahead = total + ahead * sizes[word], 0
    return total + ahead


def check_number(number: int) -> None:
    words = said("ne", "number", number)
    assert words == digit_to_nepali_words(number)
    if number < LARGEST_NUMBER:  # the other package ends there; it spells some words otherwise (बयालीस)
        assert counted(" ".join(SPELT.get(word, word) for word in convert_to_words(number, lang="np").split())) == number
    assert counted(words) == number


@given(st.integers(min_value=0, max_value=LARGEST_NUMBER))
@settings(max_examples=2000)
def test_nepali_numbers_are_said_as_two_other_packages_say_them(number):
    check_number(number)


def test_nepali_numbers_are_right_around_every_power_of_ten():
    powers = [base * 10**power for power in range(10) for base in (1, 2, 5, 9, 11, 99)]
    for number in {*range(1100), *(near for power in powers for near in (power - 1, power, power + 1)), LARGEST_NUMBER}:
        if number <= LARGEST_NUMBER:
            check_number(number)


def test_every_nepali_number_below_a_hundred_is_the_word_of_another_package():
    assert [said("ne", "number", number) for number in range(100)] == [digit_to_nepali_words(number) for number in range(100)]


@pytest.mark.parametrize(
    ("language", "format", "value", "words"),
    [
        ("en", "number", 1234567, "twelve lakh thirty-four thousand five hundred sixty-seven"),
        ("en", "number", LARGEST_NUMBER, "one hundred crore"),
        ("ne", "number", "42", "बयालिस"),
        ("ne", "money", 500_000, "पाँच हजार रुपैयाँ"),
        ("ne", "money", 5_050, "पचास रुपैयाँ पचास पैसा"),
        ("ne", "money", 50, "पचास पैसा"),
        ("ne", "money", 0, "शून्य रुपैयाँ"),
        ("en", "money", 120_000, "one thousand two hundred rupees"),
        ("ne", "number", LARGEST_NUMBER, "एक अरब"),
        ("ne", "money", 99_99_99_99_999, "उनान्सय करोड उनान्सय लाख उनान्सय हजार नौ सय उनान्सय रुपैयाँ उनान्सय पैसा"),
        ("ne", "digits", "९८4०", "नौ आठ चार जिरो"),
        ("ne", "digits", "9841234567", "नौ आठ | चार एक | दुई तीन | चार पाँच | छ सात"),
        ("en", "digits", "123456789", "one two three | four five six | seven eight nine"),
        ("ne", "date", "2026-11-26", "मंसिर दश गते"),
        ("en", "date", "2026-11-21", "twenty-one November"),
        ("ne", "date", "2026-11-25T20:00+00:00", "मंसिर दश गते"),
        ("ne", "month", "2083-08", "मंसिर"),
        ("en", "month", "2083-08", "Mangsir"),
        ("ne", "weekday", "2026-11-21", "शनिबार"),
        ("en", "weekday", "2026-11-20T20:00Z", "Saturday"),
    ],
)
def test_a_value_is_said(language, format, value, words):  # noqa: A002
    assert said(language, format, value) == words


@pytest.mark.parametrize(
    ("clock", "nepali", "english"),
    [
        ("08:00", "बिहान आठ बजे", "eight o'clock in the morning"),
        ("07:15", "बिहान सवा सात बजे", "seven fifteen in the morning"),
        ("13:30", "दिउँसो डेढ बजे", "one thirty in the afternoon"),
        ("14:30", "दिउँसो अढाई बजे", "two thirty in the afternoon"),
        ("18:30", "बेलुका साढे छ बजे", "six thirty in the evening"),
        ("12:45", "दिउँसो पौने एक बजे", "twelve forty-five in the afternoon"),
        ("00:05", "राति बाह्र बजेर पाँच मिनेट", "twelve oh five at night"),
        ("23:45", "राति पौने बाह्र बजे", "eleven forty-five at night"),
    ],
)
def test_a_time_is_said_as_people_say_it(clock, nepali, english):
    moment = f"2026-11-21T{clock}+05:45"
    assert (said("ne", "time", moment), said("en", "time", moment)) == (nepali, english)


@pytest.mark.parametrize(
    ("format", "value", "nepali", "english"),
    [
        ("number", 123456, "१,२३,४५६", "1,23,456"),
        ("money", 123_400, "रु १,२३४", "Rs 1,234"),
        ("money", 5_050, "रु ५०.५०", "Rs 50.50"),
        ("digits", "1042", "१०४२", "1042"),
        ("date", date(2026, 11, 26), "मंसिर १०", "26 Nov"),
        ("month", "2083-01", "बैशाख", "Baishakh"),
        ("weekday", datetime(2026, 11, 20, 20, 0, tzinfo=UTC), "शनिबार", "Saturday"),
        ("time", "2026-11-21T08:00+05:45", "बिहान ८ बजे", "8 am"),
        ("time", "2026-11-21T06:45Z", "दिउँसो १२:३०", "12:30 pm"),
    ],
)
def test_a_value_is_written(format, value, nepali, english):  # noqa: A002
    assert (write("ne", format, value), write("en", format, value)) == (nepali, english)


@pytest.mark.parametrize(
    ("format", "value"),
    [
        *(("number", -1), ("number", LARGEST_NUMBER + 1), ("number", "1e3"), ("number", 1.5), ("number", True), ("number", None)),
        *(("number", "१"), ("money", -50), ("digits", "none"), ("date", "tomorrow"), ("date", "2026-02-30"), ("time", "2026-11-21T08:00")),
        *(("time", "2026-11-21"), ("time", 8), ("month", "2083-13"), ("month", "08"), ("weekday", None)),
    ],
)
def test_a_value_that_cannot_be_said_is_refused(format, value):  # noqa: A002
    with pytest.raises(GatewayError) as refused:
        speak("ne", format, value)
    assert refused.value.code == "language:value"


def test_an_unknown_language_or_format_is_named():
    with pytest.raises(GatewayError, match="'xx'"):
        speak("xx", "number", 1)
    with pytest.raises(GatewayError, match="'fraction'"):
        write("ne", "fraction", 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_clip_that_can_be_named_is_in_the_vocabulary(language):
    words = vocabulary(language)
    assert all(words.values())
    midnight = datetime(2026, 11, 21, tzinfo=UTC)
    values = {
        "number": [*range(1000), 1234567, 99_99_99_999, LARGEST_NUMBER],
        "digits": ["0123456789", "9841234567"],
        "money": [0, 50, 5050, LARGEST_NUMBER * 100],
        "date": [date(2026, 4, 14) + timedelta(days=index) for index in range(360)],
        "month": [f"2083-{month:02}" for month in range(1, 13)],
        "weekday": [date(2026, 11, day) for day in range(1, 8)],
        "time": [midnight + timedelta(minutes=index) for index in range(24 * 60)],
    }
    assert set(values) == FORMATS
    named = {clip for format_, samples in values.items() for value in samples for clip in speak(language, format_, value)}
    assert named - {BREATH} == set(words)


@pytest.mark.parametrize(
    ("hour", "said"), [(4, "बिहान ४ बजे"), (11, "बिहान ११ बजे"), (12, "दिउँसो १२ बजे"), (16, "बेलुका ४ बजे"), (19, "राति ७ बजे")]
)
def test_the_hours_of_the_day_in_nepali(hour: int, said: str):
    assert Nepali().write_time(datetime(2026, 11, 21, hour, tzinfo=UTC)) == said
