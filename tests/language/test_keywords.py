"""What texted words are understood as: those that are listed, those that nobody listed, and those that mean nothing here."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.language.keywords import Lexicon, consent_word, fold_digits, yes_or_no
from gateway.language.skeleton import skeleton
from gateway.language.speech import LANGUAGES, language_of

FLOWS = Path(__file__).parent.parent.parent / "flows"
KEYWORDS = (FLOWS / "keywords.tsv").read_text(encoding="utf-8")
ORDINARY = (FLOWS / "ordinary-words.txt").read_text(encoding="utf-8")
MESSAGES = Path(__file__).parent.parent / "data" / "messages.tsv"
FORMS = [line.split("\t") for line in KEYWORDS.splitlines()[1:]]

# Written by hand as people might, and listed nowhere.
UNLISTED = """
register: dartaaa, darthaa, dartah, rejistration, naam dartaa, malai darta garnu cha, sadasye, dartta garna paryo
contribution: yogdhan, yogdann, jogdaan, kistaaa, kissta, maile kista tireko, paisa bujhaye, yogdaan tirey
balance: hisaap, hisabh, jammma, mero hisab kati cha, balanse, mero jamma kati bhayo
claim: daabii, dabhi, klaeme, claaim, bima dabii, mero dabi
status: sthithee, stithee, isthithi, statuss, stattus
help: maddath, madatt, madhat, sahaayata, sahayogh, hellp
language: bhaasaa, bhasaaa, languege, langauge, maithilli, bhojpurri
meeting: baithakk, baitthak, bhaitak, meetingg, mitinng, bholi baithak kaha
training: taalimm, talimko, trainingg, trannning, silai talim
safety: surakshaa, surakchhya, hinssa, jokhimma, durgatna, sikayat ujuri
call_me: phonne, malai phone garnus na, fon garnush, missed cal
childcare: bachchha, balbachha, baalbalika, childcaree, shishhu
"""
EVERYDAY = """
namaste didi kalam khayo rati hajar siune bela randa sathi ghar pani bhat dherai ramro aaja bholi hijo asti kaam bazar gaun
chiya dudh tarkari bahini aama buwa dai manche pasal bato gadi garmi jado badal kapada dhago luga machine bijuli dhanyabad
hello morning friend love happy where what rain water food market school brother house
पानी भात घर काम साथी आमा दिदी बजार आज भोलि धन्यवाद राम्रो कलम
""".split()


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load(KEYWORDS, ORDINARY)


def test_every_listed_form_is_its_intent(lexicon):
    for intent, form in FORMS:
        found = lexicon.match(form)
        assert (found.intent, found.score, found.exact) == (intent, 1.0, True), form


def test_forms_that_nobody_listed_reach_their_intent(lexicon):
    groups = (line.split(": ") for line in UNLISTED.strip().splitlines())
    wanted = [(intent, form) for intent, forms in groups for form in forms.split(", ")]
    missed = [(intent, form, found) for intent, form in wanted if (found := lexicon.match(form).intent) != intent]
    assert len(missed) <= len(wanted) // 12, missed
    assert [found for _, _, found in missed if found] == []


def test_most_messages_that_nobody_listed_are_understood(lexicon):
    """`data/messages.tsv` was written down before the matcher was tuned: on one half of it, by chance. The other half is this test."""
    listed = {form for _, form in FORMS}
    rows = [line.split("\t") for line in MESSAGES.read_text(encoding="utf-8").splitlines()[1:]]
    for half in ("tune", "report"):
        unlisted = [(intents.split("|"), text) for which, intents, text in rows if which == half and text not in listed]
        found = [(intents, text, lexicon.match(text).intent) for intents, text in unlisted]
        messages = [row for row in found if row[0] != ["-"]]
        taken = [row for row in found if row[0] == ["-"] and row[2]]
        wrong = [row for row in messages if row[2] and row[2] not in row[0]]
        right = sum(intent in intents for intents, _, intent in messages)
        assert len(messages) > 270
        assert right >= 0.92 * len(messages)
        assert len(wrong) <= 0.01 * len(messages), wrong
        assert len(taken) <= 0.03 * (len(found) - len(messages)), taken


def test_a_message_is_understood_within_a_millisecond(lexicon):
    texts = [line.split("\t")[2] for line in MESSAGES.read_text(encoding="utf-8").splitlines()[1:]]
    began = time.process_time()
    for text in texts:
        lexicon.match(text)
    assert time.process_time() - began < 0.001 * len(texts)


def corrupt(form: str, rng: random.Random) -> str:
    """One slip: a letter lost, doubled, swapped with the next, or another one."""
    place = rng.randrange(len(form))
    before, letter, after = form[:place], form[place], form[place + 1 :]
    slips = [
        before + after,
        before + letter * 2 + after,
        before + after[:1] + letter + after[1:],
        before + rng.choice("aeioukmnrst") + after,
    ]
    return rng.choice(slips)


def test_one_slip_seldom_loses_a_word_and_hardly_ever_makes_it_another(lexicon):
    rng = random.Random(2083)
    listed = {form for _, form in FORMS}
    slips = [(intent, corrupt(form, rng)) for intent, form in FORMS if len(form) > 3]
    unlisted = [(intent, slip) for intent, slip in slips if slip not in listed]
    found = [(intent, lexicon.match(slip).intent) for intent, slip in unlisted]
    assert sum(intent == understood for intent, understood in found) >= 0.92 * len(found)
    assert sum(understood not in {intent, None} for intent, understood in found) <= 0.015 * len(found)


def test_everyday_words_are_no_commands(lexicon):
    assert [word for word in EVERYDAY if lexicon.match(word).intent] == []


@pytest.mark.parametrize(
    ("text", "intent", "number"),
    [
        *(("yogdan 500", "contribution", 500), ("योगदान ५००", "contribution", 500), ("योगदान५००", "contribution", 500)),
        *(("yogdan rs 1,000", "contribution", 1000), ("rs.500 yogdan", "contribution", 500), ("योगदान १,००,०००/-", "contribution", 100000)),
        *(("yogdan ५०.५", "contribution", None), ("yogdan 1e3", "contribution", None), ("yogdan -5", "contribution", None)),
        *(
            ("yogdan ०", "contribution", None),
            ("yogdan 99999999999999999999", "contribution", None),
            ("yogdan 500 300", "contribution", None),
        ),
        *(("dabi 1042", "claim", 1042), ("500", None, 500), ("6aina", "no", None), ("k6", None, None)),
    ],
)
def test_a_number_beside_the_word_is_taken(lexicon, text, intent, number):
    found = lexicon.match(text)
    assert (found.intent, found.number) == (intent, number)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        *(("kasari darta garne", "register"), ("talim ma darta hune", "training"), ("didi bholi baithak cha?", "meeting")),
        *(("stop sending sms", "stop"), ("please don't stop", None), ("dabi ra talim kahile", "claim"), ("arko talim baithak", None)),
        *(("ho, tyo ghar", None), ("kati manche aaye", None), ("", None), ("???", None), ("😜", None), ("\u200b", None)),
    ],
)
def test_a_keyword_within_a_message(lexicon, text, intent):
    assert lexicon.match(text).intent == intent


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        " stop. ",
        "Stop!",
        "stop all",
        "रोक",
        "बन्द",
        "ＳＴＯＰ",
        "\u202estop",
        "istop",
        "banda",
        "बन्द गर्नुहोस्",
        "रोक\u094d\u200bनु",
    ],
)
def test_stop_is_heard_however_it_is_decorated(text):
    assert consent_word(text) == "stop"


@pytest.mark.parametrize(
    "text", ["please don't stop", "stp", "stopwatch", "banda gobi", "", "yes", "stop it now", "Radha", "bhanda", "भन्दा"]
)
def test_stop_is_nothing_but_the_word(text):
    assert consent_word(text) is None


def test_a_decomposed_word_is_the_same_word():
    assert consent_word("बन्\u200cद") == "stop"
    assert skeleton("ज\u093cिला") == skeleton("\u095bिला")


def test_start_is_heard():
    assert consent_word("Start") == consent_word("सुरु") == "start"


@pytest.mark.parametrize(
    ("text", "answer"),
    [("हो", True), ("Hunxa!", True), ("YES", True), ("होइन", False), ("haina", False), ("no.", False), ("bholi", None), ("", None)],
)
def test_yes_and_no(text, answer):
    assert yes_or_no(text) is answer


def test_no_word_is_both_yes_and_no_or_stop_and_start():
    words = [
        skeleton(form)
        for code in LANGUAGES
        for own in [language_of(code)]
        for forms in (own.yes, own.no, own.stop, own.start)
        for form in set(map(skeleton, forms))
    ]
    assert len(words) == len(set(words))


def test_digits_of_any_script_are_folded():
    assert fold_digits("५０๓²") == "503²"


@pytest.mark.parametrize(
    ("line", "place", "fault"),
    [
        ("register", "9", "an intent, a tab and a form"),
        ("\tdarta", "1", "'' is no intent"),
        ("Regi ster\tdarta", "1", "no intent"),
        ("register\t", "10", "a form needs letters"),
        ("register\t!!", "10", "a form needs letters"),
        ("register\tdarta\tx", "10", "an intent, a tab and a form"),
        ("claim\tdartha", "7", "claimed by register and by claim"),
        ("claim\tband", "7", "claimed by stop and by claim"),
    ],
)
def test_every_faulty_line_is_named_with_its_place(line, place, fault):
    with pytest.raises(ExceptionGroup) as refused:
        Lexicon.load(f"intent\tform\n# a note\nregister\tdarta\n{line}\n\nhelp\n", where="flows/keywords.tsv")
    first, second = refused.value.exceptions
    assert str(first).startswith(f"flows/keywords.tsv:4:{place}: ")
    assert fault in str(first)
    assert str(second).startswith("flows/keywords.tsv:6:5: ")


def test_a_keyword_needs_letters(lexicon):
    with pytest.raises(GatewayError, match="has no letters"):
        lexicon.with_forms([("rights", "123")])


def test_a_flow_brings_its_own_words(lexicon):
    richer = lexicon.with_forms([("rights", "adhikar khabar")])
    assert richer.match("अधिकार खबर").intent == "rights"
    assert lexicon.match("अधिकार खबर").intent is None


@given(st.text())
def test_any_message_has_an_answer(text):
    found = Lexicon.load("intent\tform\nregister\tdarta\n", "ghar").match(text)
    assert 0 <= found.score <= 1
    assert (found.intent is None) == (found.score == 0)
