"""What a texted message asks for. Nobody spells a keyword as we list it, so skeletons are compared, and near ones are accepted.

STOP and START are the exception: they act at once, so the whole message must be one of the words (`consent_word`); everything else
leads to a conversation in which she can still say no.

>>> lexicon = Lexicon.load("intent\\tform\\nregister\\tdarta\\ncontribution\\tyogdan\\n")
>>> lexicon.match("YOGDAAN 1,000")
Match(intent='contribution', score=1.0, number=1000, exact=True)
>>> lexicon.match("dartaw").intent, lexicon.match("namaste").intent
('register', None)
>>> consent_word(" stop. "), consent_word("please don't stop")
('stop', None)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from gateway.core import money
from gateway.core.digits import fold_digits
from gateway.errors import GatewayError
from gateway.language.skeleton import SIX_FOR_CHHA, plain, skeleton, words
from gateway.language.speech import LANGUAGES, language_of

__all__ = [
    "Choices",
    "Lexicon",
    "Match",
    "amount_beside",
    "consent_word",
    "fold_digits",
    "number_word",
    "pairs_beside",
    "read_pairs",
    "script_of",
    "yes_or_no",
]

HEADING = "intent\tform"
INTENT = re.compile("[a-z][a-z0-9_]*")

MOST_WORDS = 4  # of a keyword that stands within a longer message
WITHIN = 0.9  # the score of a keyword within a longer message, against the keyword alone
AGREEING = 0.8  # the score of words that mean little alone ("kati", "paisa") and agree
LONG_WORD = 7  # letters: "napathaunu" asks us to stop wherever it stands, "stop" only where it leads

# How near is near enough: tuned on one half of tests/data/messages.tsv and on the listed forms with one slip each.
SHORTEST_NEAR = 3  # letters of a form: shorter ones (ho, no) are near to everything
ONE_EDIT_FROM = 3  # letters as written
TWO_EDITS_FROM = 9
FIRST_LETTER_FREE_FROM = 5  # letters of a skeleton: in shorter words nobody mistakes the first one
LETTERS_FREE_FROM = 4  # letters as written: in shorter ones another letter makes another word, one more or less does not
SKELETON_EDIT_FROM = 6  # letters of a skeleton: folded words have more neighbours
TOO_FAR = 3  # edits
FARTHEST = 3  # edits of spelling and skeleton together
ORDINARY_HANDICAP = 1  # people who text us mean a command more often than not
CLEARLY = 0.02  # by how much one of two equally distant keywords must look more alike

WHOLE_ONLY = frozenset({"yes", "no"})  # "ho" and "no" stand in many sentences: they are the message, or nothing
LEADING_ONLY = frozenset({"stop", "start"})  # "stop sending sms" asks for it; "please don't stop" does not

# The skeletons of Radha and भन्दा (than) are those of रद्द and बन्द: what ends our writing at once may not be guessed.
ASPIRATED = re.compile("[bdgjkt]h|[भधघझखथ]", re.IGNORECASE)

CURRENCY = frozenset({"rs", "nrs", "npr", "ru", "rupes", "rupiya", "rupaiya", "rupaya"})  # skeletons
BETWEEN_PAIRS = re.compile(r"[\s;:=|]+|(?<=[0-9])-(?=[0-9])|,(?=\s|$)|(?<=[0-9]),(?=[0-9]{4})")
MEMBERSHIP = re.compile("[0-9]{4,11}")
UNCLEAR = "?"  # stands for an amount that is none
AMOUNT_BESIDE_WORD = re.compile(r"([^0-9+-]{2,})?(.*[0-9].*)")


@dataclass(frozen=True, slots=True)
class Match:
    """What a message means. `score` is 0 to 1, 1.0 for a listed word and less the farther away; `exact` says that the message is a
    listed word and, at most, a number; `number` is the one whole number beside it (rupees, or a claim's number)."""

    intent: str | None
    score: float
    number: int | None
    exact: bool


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Keywords with their intents, and ordinary words that are no keywords.

    `intents` are found by skeleton; `ordinary_spellings` and `ordinary` are ordinary words as spelt and as skeletons. To find what is
    near, `written` and `folded` hold keywords and ordinary words, each in one piece, as spelt and as skeleton, in one order with
    `meant`: the intent, or None.
    """

    intents: Mapping[str, str]
    ordinary_spellings: frozenset[str]
    ordinary: frozenset[str]
    written: tuple[str, ...]
    folded: tuple[str, ...]
    meant: tuple[str | None, ...]

    @classmethod
    def load(cls, tsv: str, ordinary: str = "", where: str = "keywords.tsv") -> Lexicon:
        """Read `keywords.tsv` (a heading, then intent, tab, form; lines that begin with # are notes) and, optionally,
        `ordinary-words.txt`.

        The languages' own words for yes, no, stop and start are added. Raises an ExceptionGroup with a `keywords:malformed` for each
        line without an intent or a form, and for each form that two intents claim; `where` is the file's name in them.
        """
        rows = [*(row for code in LANGUAGES for row in _own_words(code)), *_read_rows(tsv, where)]
        ordinary_words = [word for line in ordinary.splitlines() for word in line.partition("#")[0].split()]
        spelt, folded = list(map(plain, ordinary_words)), list(map(skeleton, ordinary_words))
        lexicon = cls({}, frozenset(spelt), frozenset(folded), (), (), ()).with_forms(rows)
        neighbours = [(written, bones) for written, bones in zip(spelt, folded, strict=True) if bones not in lexicon.intents]
        return replace(
            lexicon,
            written=lexicon.written + tuple(written for written, _ in neighbours),
            folded=lexicon.folded + tuple(bones for _, bones in neighbours),
            meant=lexicon.meant + (None,) * len(neighbours),
        )

    def with_forms(self, rows: Iterable[tuple[str, str]]) -> Lexicon:
        """The lexicon with more (intent, form) pairs, such as the `keywords` of a flow."""
        rows, intents = list(rows), dict(self.intents)
        near: list[tuple[str, str]] = []
        for intent, form in rows:
            folded = skeleton(form)
            known = intents.setdefault(folded, intent)
            if not folded:
                raise GatewayError("keywords:malformed", fault=f"{form!r} has no letters: a keyword needs some.")
            if known != intent:
                raise GatewayError("keywords:malformed", fault=f"{form!r} is claimed by {known} and by {intent}: leave it to one.")
            if len(plain(form)) >= SHORTEST_NEAR:
                near.append((intent, form))
        return Lexicon(
            intents,
            self.ordinary_spellings - {plain(form) for _, form in rows},
            self.ordinary,
            self.written + tuple(plain(form) for _, form in near),
            self.folded + tuple(skeleton(form).replace(" ", "") for _, form in near),
            self.meant + tuple(intent for intent, _ in near),
        )

    def match(self, text: str) -> Match:
        """The intent of a message, or a match without one."""
        worded, paisa, _ = _take_amount(text)
        number = _whole_rupees(paisa)
        said = words(worded)
        if plain(worded) in self.ordinary_spellings:
            return Match(None, 0.0, number, exact=False)
        if (intent := self.intents.get(" ".join(said))) is not None:
            return Match(intent, 1.0, number, exact=True)
        if (intent := self.intents.get(" ".join(_without_courtesy(said)))) is not None:
            return Match(intent, WITHIN, number, exact=False)
        intent, score = self._listed_within(said, number) or self._near(said, worded) or (None, 0.0)
        return Match(intent, round(score, 3), number, exact=False)

    def _listed_within(self, said: list[str], number: int | None) -> tuple[str, float] | None:
        """A keyword among other words: the longest at the beginning, else the only one there is. Words that are ordinary as well
        ("kati") count where two of them agree, or with a number beside them."""
        scanned = [*self._scan(said), *self._scan([stem for word in said if (stem := _endings().sub("", word))])]
        found = sorted({(start, -length, intent) for start, length, intent, ordinary in scanned if not ordinary})
        if found and (found[0][0] == 0 or len({intent for _, _, intent in found}) == 1):
            return found[0][2], WITHIN
        if found:
            return None
        hints = {(start, intent) for start, _, intent, _ in scanned}
        intents = {intent for _, intent in hints}
        if len(intents) == 1 and (len(hints) > 1 or number is not None):
            return intents.pop(), AGREEING
        return None

    def _scan(self, said: list[str]) -> Iterator[tuple[int, int, str, bool]]:
        """Where a listed form stands, of how many words, its intent, and whether it is an ordinary word as well."""
        for length in range(1, MOST_WORDS + 1):
            for start in range(len(said) - length + 1):
                form = " ".join(said[start : start + length])
                intent = self.intents.get(form)
                if intent and _may_stand_at(start, intent, form):
                    yield start, length, intent, form in self.ordinary

    def _near(self, said: list[str], text: str) -> tuple[str, float] | None:
        """A misspelt keyword: the message as one word, else one of its words."""
        if near := self._nearest(plain(text), "".join(said)):
            return near
        if len(said) == 1:
            return None
        hits = {
            near
            for start, word in enumerate(text.split())
            if skeleton(word) not in self.ordinary
            and (near := self._nearest(plain(word), skeleton(word)))
            and _may_stand_at(start, near[0], word)
        }
        if len({intent for intent, _ in hits}) != 1:
            return None
        intent, score = max(hits, key=lambda hit: hit[1])
        return intent, score * WITHIN

    def _nearest(self, written: str, folded: str) -> tuple[str, float] | None:
        """The one intent whose form comes nearest, in spelling and skeleton together, if no ordinary word comes as near."""
        if folded in self.ordinary and not written.isascii():
            return None  # a skeleton loses little of Devanagari: the same skeleton is the same word
        best: dict[str | None, tuple[int, float]] = {}
        for index, (spelling, bones) in self._neighbours(written, folded).items():
            meant = self.meant[index]
            if not _is_near(written, folded, spelling, bones) if meant else bones > 1:
                continue
            if meant and spelling and _another_word(written, folded, self.written[index], self.folded[index]):
                continue
            rank = (spelling + bones + (0 if meant else ORDINARY_HANDICAP), -JaroWinkler.similarity(written, self.written[index]))
            best[meant] = min(rank, best.get(meant, rank))
        nearest, *others = sorted(best, key=best.__getitem__) or [None]
        if nearest is None:
            return None
        edits, unlikeness = best[nearest]
        if others and best[others[0]] < (edits, unlikeness + CLEARLY):
            return None
        return nearest, 1 - edits / (len(written) + len(folded) + 1)

    def _neighbours(self, written: str, folded: str) -> dict[int, tuple[int, int]]:
        """Index of a form -> edits of its spelling and of its skeleton."""
        by_spelling, by_skeleton = _distances(written, self.written), _distances(folded, self.folded)
        return {
            index: (by_spelling.get(index, TOO_FAR), by_skeleton.get(index, TOO_FAR)) for index in by_spelling.keys() | by_skeleton.keys()
        }


@cache
def _courtesy() -> frozenset[str]:
    return frozenset(skeleton(word) for code in LANGUAGES for word in language_of(code).courtesy)


@cache
def _endings() -> re.Pattern[str]:
    """The endings that are written to a word, after a stem of three letters, or as a word of their own."""
    endings = "|".join(skeleton(ending) for code in LANGUAGES for ending in language_of(code).endings)
    return re.compile(f"(?:^|(?<=...))(?:{endings})$")


def _without_courtesy(said: list[str]) -> list[str]:
    start, end = 0, len(said)
    while end - start > 1 and said[end - 1] in _courtesy():
        end -= 1
    while end - start > 1 and said[start] in _courtesy():
        start += 1
    return said[start:end]


def _may_stand_at(start: int, intent: str, form: str) -> bool:
    """Whether a form within a longer message means its intent."""
    return intent not in WHOLE_ONLY and (start == 0 or intent not in LEADING_ONLY or len(form) >= LONG_WORD)


def _is_near(written: str, folded: str, spelling: int, bones: int) -> bool:
    if spelling + bones > FARTHEST:
        return False
    long_enough = (0, ONE_EDIT_FROM, TWO_EDITS_FROM)
    if spelling < TOO_FAR and len(written) >= long_enough[spelling]:
        return True
    return bones == 0 or (bones == 1 and len(folded) >= SKELETON_EDIT_FROM)


def _another_word(written: str, folded: str, form: str, bones: str) -> bool:
    """Whether a short word near a form is more likely a word of its own (devi, not dabi; khola, not call)."""
    if len(folded) < FIRST_LETTER_FREE_FROM and folded[:1] != bones[:1]:
        return True
    return len(written) < LETTERS_FREE_FROM and len(written) == len(form) and sorted(written) != sorted(form)


def _distances(word: str, forms: Sequence[str]) -> dict[int, int]:
    """Index -> edits (a swap of neighbours is one) of the forms that are near a word."""
    found = process.extract(word, forms, scorer=DamerauLevenshtein.distance, score_cutoff=TOO_FAR - 1, limit=None)
    return {index: distance for _, distance, index in found}


@dataclass(frozen=True, slots=True)
class Choices:
    """The words of a few options, as they may be texted in place of a number; yes and no in all their forms.

    >>> choices = Choices.of({"1": ["नेपाली", "yes"], "2": ["English", "no"]})
    >>> choices.find("nepalii"), choices.find("hunxa"), choices.find("hoina"), choices.find("bholi")
    ('1', '1', '2', None)
    """

    lexicon: Lexicon
    agreed: str | None
    refused: str | None

    @classmethod
    def of(cls, words: Mapping[str, Iterable[str]]) -> Choices:
        """Raises `keywords:malformed` for a word of two options, and for one without letters."""
        rows, answers = [], {}
        for option, forms in words.items():
            for form in forms:
                answer = yes_or_no(form)
                if answer is None:
                    rows.append((option, form))
                else:
                    answers[answer] = option
        lexicon = Lexicon({}, frozenset(), frozenset(), (), (), ()).with_forms(rows)
        return cls(lexicon, answers.get(True), answers.get(False))

    def find(self, text: str) -> str | None:
        """The option that a message names."""
        answer = yes_or_no(text)
        option = self.lexicon.match(text).intent if answer is None else None
        return option or (None if answer is None else self.agreed if answer else self.refused)


def number_word(text: str) -> str | None:
    """The digit that a message spells.

    >>> number_word("dui"), number_word("तीन"), number_word("Four"), number_word("ho")
    ('2', '3', '4', None)
    """
    return _number_words().get(skeleton(text))


@cache
def _number_words() -> Mapping[str, str]:
    return {skeleton(word): str(digit) for code in LANGUAGES for digit, word in enumerate(language_of(code).numbers[:10])}


def _own_words(code: str) -> Iterator[tuple[str, str]]:
    own = language_of(code)
    for intent, forms in {"yes": own.yes, "no": own.no, "stop": own.stop, "start": own.start}.items():
        yield from ((intent, form) for form in forms)


def _read_rows(tsv: str, where: str) -> list[tuple[str, str]]:
    """The (intent, form) pairs of a list. Raises an ExceptionGroup of `keywords:malformed`, one for each faulty line, with its place."""
    rows: list[tuple[str, str]] = []
    faults: list[GatewayError] = []
    claimed = {skeleton(form): intent for code in LANGUAGES for intent, form in _own_words(code)}
    for number, line in enumerate(tsv.splitlines(), start=1):
        if (line == HEADING and number == 1) or not line.strip() or line.startswith("#"):
            continue
        intent, tab, form = line.partition("\t")
        column, fault = 1, ""
        if not tab:
            column, fault = len(line) + 1, "A line is an intent, a tab and a form."
        elif not INTENT.fullmatch(intent):
            fault = f"{intent!r} is no intent: small letters a-z, digits and _."
        elif "\t" in form or not (folded := skeleton(form)):
            column, fault = len(intent) + 2, "A line is an intent, a tab and a form, and a form needs letters."
        elif (known := claimed.setdefault(folded, intent)) != intent:
            column, fault = len(intent) + 2, f"{form!r} is claimed by {known} and by {intent}: leave it to one."
        if fault:
            faults.append(GatewayError("keywords:malformed", where=f"{where}:{number}:{column}", fault=fault))
        else:
            rows.append((intent, form))
    if faults:
        raise ExceptionGroup("the keywords are faulty", faults)
    return rows


def amount_beside(text: str) -> int | Literal["unclear"] | None:
    """The amount in a message, in paisa; `unclear` where something stands in its place that is none, or two of them; None without.

    >>> amount_beside("yogdan ५०.५"), amount_beside("yogdan -5"), amount_beside("yogdan")
    (5050, 'unclear', None)
    """
    _, paisa, seen = _take_amount(text)
    return paisa if paisa is not None else "unclear" if seen else None


def pairs_beside(text: str) -> str | None:
    """What a collector reports for many, as `number:paisa number:paisa`: membership numbers, each with the amount behind it.

    They may stand in lines, with commas or without, in any script. `?` stands for an amount that is missing or none. None where the
    numbers in the text are no such pairs. `read_pairs` takes it apart.

    >>> pairs_beside("yogdan 1042 300, 1055 200"), pairs_beside("किस्ता १०४२=३००\\n१०५५ रु १,०००"), pairs_beside("yogdan 500")
    ('1042:30000 1055:20000', '1042:30000 1055:100000', None)
    """
    said = [part.strip(".,!?।()") for part in BETWEEN_PAIRS.split(fold_digits(text))]
    numbers = [part for part in said if any(char in "0123456789" for char in part)]
    if len(numbers) < 2 or not all(map(MEMBERSHIP.fullmatch, numbers[::2])):
        return None
    amounts = [*map(money.parse, numbers[1::2]), None][: len(numbers[::2])]
    return " ".join(f"{number}:{amount or UNCLEAR}" for number, amount in zip(numbers[::2], amounts, strict=True))


def read_pairs(pairs: str) -> list[tuple[str, int | None]]:
    """The membership numbers and amounts in paisa of what `pairs_beside` found.

    >>> read_pairs("1042:30000 1055:?")
    [('1042', 30000), ('1055', None)]
    """
    read = (pair.partition(":") for pair in pairs.split())
    return [(number, None if amount == UNCLEAR else int(amount)) for number, _, amount in read]


def _whole_rupees(paisa: int | None) -> int | None:
    rupees, rest = divmod(paisa or 0, money.PAISA_PER_RUPEE)
    return rupees if rupees and not rest else None


def _take_amount(text: str) -> tuple[str, int | None, bool]:
    """The message without its amounts, the amount in paisa where there is exactly one ("yogdan rs 1,000", "योगदान५००"), and whether
    anything stood there.

    What only looks like a number (-5, 1e3) is no amount, and neither are two of them.
    """
    kept: list[str] = []
    amounts: list[int | None] = []
    for chunk in fold_digits(text).split():
        beside = AMOUNT_BESIDE_WORD.fullmatch(chunk)
        if beside is None or SIX_FOR_CHHA.search(chunk):
            kept.append(chunk)
            continue
        kept.append(beside[1] or "")
        amounts.append(money.parse(beside[2].rstrip(".,!?।")))
    worded = " ".join(word for word in kept if skeleton(word) not in CURRENCY)
    return worded, amounts[0] if len(amounts) == 1 else None, bool(amounts)


def script_of(text: str) -> Literal["devanagari", "romanised"] | None:
    """The script in which a message is written; None where nothing in it tells.

    >>> script_of("dabi"), script_of("dabi ५००"), script_of("1")
    ('romanised', 'devanagari', None)
    """
    if any("\u0900" <= char <= "\u097f" for char in text):
        return "devanagari"
    return "romanised" if any(char.isascii() and char.isalpha() for char in text) else None


@cache
def _consent_words() -> Mapping[str, Literal["stop", "start"]]:
    owns = [language_of(code) for code in LANGUAGES]
    stops: dict[str, Literal["stop", "start"]] = {skeleton(form): "stop" for own in owns for form in own.stop}
    starts: dict[str, Literal["stop", "start"]] = {skeleton(form): "start" for own in owns for form in own.start}
    return stops | starts


def consent_word(text: str) -> Literal["stop", "start"] | None:
    """STOP or START, in any script and however decorated, if the message is nothing else."""
    word = _consent_words().get(skeleton(text))
    return None if word == "stop" and ASPIRATED.search(text) else word


@cache
def _answers() -> Mapping[str, bool]:
    owns = [language_of(code) for code in LANGUAGES]
    return {skeleton(form): True for own in owns for form in own.yes} | {skeleton(form): False for own in owns for form in own.no}


def yes_or_no(text: str) -> bool | None:
    """Yes or no in any language, if the message is nothing else but courtesy.

    >>> yes_or_no("Hunxa!"), yes_or_no("होइन नि दिदी"), yes_or_no("bholi")
    (True, False, None)
    """
    said = words(text)
    return _answers().get(" ".join(said), _answers().get(" ".join(_without_courtesy(said))))
