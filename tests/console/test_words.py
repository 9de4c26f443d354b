"""The console speaks Nepali as well as it speaks English: every text of a page and every fault that can stand on one."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from flask import Flask, g
from jinja2.ext import babel_extract

from gateway.config import PACKAGE_ROOT, SETTINGS
from gateway.core.roles import Permission
from gateway.errors import CATALOGUE, GatewayError
from gateway.services.imports.columns import Unfit, one_of, whole
from gateway.services.statistics.words import VALUES
from gateway.web.console import audit, faults, words

GATEWAY = PACKAGE_ROOT / "gateway"
WEB = GATEWAY / "web"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
# Who raises what only a terminal, a log, a provider or a program of the API is ever told.
NOT_ON_PAGES = (
    *("cli/", "embedded/", "providers/", "transcripts/", "web/api/", "web/webhooks/"),
    *(
        "config.py",
        "channels.py",
        "bootstrap.py",
        "services/installation.py",
        "services/missed_calls.py",
        "services/routing.py",
        "services/sender.py",
        "services/trying_channels.py",
        "audio/placeholder.py",
        "language/keywords.py",
        "store/dumps.py",
    ),
    *("services/backup.py", "services/idempotency.py"),
)
BEFORE_ALL_PAGES = "database:not-migrated"  # there is nobody yet who could sign in
IN_FILES = {"flow", "audio"}  # what is wrong with the files of the machine, said on the page of whoever looks after them
COMMAND = re.compile(r"`gateway |gateway [a-z]+ [a-z]|--[a-z]|GATEWAY_|SECRET_KEY|consent_how|\.(?:py|yaml)\b|\bpip ")
FOR_THE_KEEPER = {"health.html", "settings.html", "settings_installation.html"}  # pages that tell who has the machine what to do there
VALUE, SLOT = re.compile(r"%\((\w+)\)s"), re.compile(r"\{(\w+)")
LATIN_DIGIT = re.compile(r"(?<![A-Za-z_\d.:/#{-])[0-9](?!-[0-9]|[A-Za-z\d]*[A-Za-z])")  # outside of codes, as those of places


def texts() -> Iterator[tuple[str, str]]:
    """Where a text stands, and the text: of a text with a singular the plural, which is all that Nepali needs."""
    for file in sorted([*(WEB / "console").glob("**/*.py"), *(WEB / "phone").glob("**/*.py")]):
        for _, found, _, _ in extract("python", io.BytesIO(file.read_bytes()), KEYWORDS):
            text = found if isinstance(found, str) else found[1]
            yield file.name, text
    for file in sorted((WEB / "templates").glob("**/*.html")):
        for line, keyword, found, _ in babel_extract(io.BytesIO(file.read_bytes()), list(KEYWORDS), (), {}):
            pieces = [found] if isinstance(found, str) else [piece for piece in found or () if piece]
            if pieces:
                yield f"{file.name}:{line}", pieces[1] if keyword == "ngettext" else pieces[0]


def told_elsewhere() -> set[str]:
    """What pages translate that stands in no template: what settings are for, the festivals that come with us."""
    settings = {setting.help for setting in SETTINGS.values()}
    with (GATEWAY / "data" / "rest_days.csv").open(encoding="utf-8", newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    return settings | {row["title"] for row in csv.DictReader(lines)}


@cache
def sources() -> Mapping[str, str]:
    """The Python of the gateway, by its path in it."""
    return {str(file.relative_to(GATEWAY)): file.read_text(encoding="utf-8") for file in GATEWAY.glob("**/*.py")}


@cache
def said() -> Counter[str]:
    """Every text in our Python, with `{}` where a value stands."""
    found: Counter[str] = Counter()
    for source in sources().values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.JoinedStr):
                found["".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)] += 1  # type: ignore[misc]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found[re.sub(r"\{[^{}]*\}", "{}", node.value)] += 1
    return found


@cache
def on_pages() -> Mapping[str, str]:
    """The sentences of the faults that somebody may raise whom a page asks. What becomes of a delivery is said by `why`, in statistics."""
    raisers = {code: [path for path, source in sources().items() if f'"{code}"' in source and path != "errors.py"] for code in CATALOGUE}
    return {
        code: fault.sentence
        for code, fault in CATALOGUE.items()
        if code not in {*VALUES["why"], BEFORE_ALL_PAGES}
        and (not raisers[code] or any(not path.startswith(NOT_ON_PAGES) for path in raisers[code]))
    }


def translated(code: str) -> Mapping[str, str]:
    return words._translations(code)


def files(code: str) -> list[Path]:
    return sorted((WEB / "translations" / code).glob("*.po"))


def entries(file: Path) -> list[tuple[str, str]]:
    return [(str(each.id), str(each.string)) for each in read_po(io.BytesIO(file.read_bytes()), abort_invalid=True) if each.id]


@pytest.fixture
def in_nepali() -> Iterator[None]:
    with Flask(__name__).app_context():
        g.language = "ne"
        yield


def test_every_text_of_a_page_is_translated():
    known = translated("ne")
    assert [f"{where}: {text}" for where, text in texts() if text not in known] == []
    assert sorted(told_elsewhere() - known.keys()) == []


def test_every_fault_that_can_stand_on_a_page_is_translated():
    known = translated("ne")
    assert [f"{code}: {sentence}" for code, sentence in on_pages().items() if sentence not in known] == []


def test_no_translation_is_of_a_text_that_is_gone():
    reasons = dict(entries(WEB / "translations" / "ne" / words.REASONS))
    used = {text for _, text in texts()} | told_elsewhere() | set(on_pages().values())
    assert [text for text in translated("ne") if text not in used and text not in reasons] == []
    parts = said()
    assert [text for text in reasons if not any(form in each for form in [re.sub(r"\{\w+\}", "{}", text)] for each in parts)] == []
    assert [text for text in translated("en") if text not in used and text not in reasons] == []


def test_translations_name_the_same_values():
    """A page names all of its values; a fault may leave out what is for the command line, and names nothing that it does not have."""
    for known in (translated("ne"), translated("en")):
        assert [text for text, other in known.items() if set(VALUE.findall(text)) != set(VALUE.findall(other))] == []
        assert [text for text, other in known.items() if not set(SLOT.findall(other)) <= set(SLOT.findall(text))] == []


def test_a_text_has_one_translation():
    for code in ("ne", "en"):
        places = Counter(text for file in files(code) for text, _ in entries(file))
        assert [text for text, times in places.items() if times > 1] == []


@pytest.mark.parametrize("file", sorted((WEB / "translations").glob("*/*.po")), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_file_of_translations_is_well_formed(file: Path):
    assert entries(file)
    assert [text for text, other in entries(file) if not other.strip()] == []


@pytest.mark.parametrize("code", ["ne", "en"])
def test_no_page_sends_an_organiser_to_the_command_line(code: str):
    known = translated(code)
    of_files = {code for code in on_pages() if code.partition(":")[0] in IN_FILES}
    shown = {code: known.get(sentence, sentence) for code, sentence in on_pages().items() if code not in of_files}
    assert {code: sentence for code, sentence in shown.items() if COMMAND.search(sentence)} == {}
    reasons = dict(entries(WEB / "translations" / "ne" / words.REASONS))
    assert [text for text in reasons if COMMAND.search(known.get(text, text))] == []
    pages = [(where, known.get(text, text)) for where, text in texts() if where.partition(":")[0] not in FOR_THE_KEEPER]
    assert [(where, text) for where, text in pages if COMMAND.search(text)] == []


def test_nepali_has_nepali_digits():
    """Outside of what somebody types into a file or a program, where it has to be as it is."""
    typed = {"reasons.po", "settings.po", "phone.po", "flows.po"}
    assert [other for file in files("ne") if file.name not in typed for _, other in entries(file) if LATIN_DIGIT.search(other)] == []


def test_every_deed_of_the_log_has_its_words():
    """What services write down: texts that they name, and permissions."""
    deeds, things = {str(permission) for permission in Permission}, set()
    for source in sources().values():
        for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
            if ast.unparse(call.func) == "access.note" and len(call.args) > 4:
                deed, subject = ast.unparse(call.args[3]), ast.unparse(call.args[4])
                deeds |= set(re.findall("^'([a-z_.]+)'$", deed))
                things |= set(re.findall("^f?'([a-z]+)[:']", subject))
    assert {"sign_in", "record_clip"} <= deeds
    assert sorted(deeds - audit.DEEDS.keys()) == []
    assert sorted(things - audit.THINGS.keys()) == []


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            GatewayError("claim:not-possible", number="104212", state="paper_missing", wanted="paid", possible="review, refused"),
            "कागज नपुगेको",
        ),
        (GatewayError("claim:incomplete", state="paper_missing", what="at most 4 papers, each named once"), "बढीमा ४ वटा कागज"),
        (GatewayError("broadcast:no-recipients", left_out="3 no phone, 1 texted STOP"), "३ फोन नभएको, १ STOP"),
        (GatewayError("broadcast:when", fault="A title has 1 to 80 characters."), "८० अक्षर"),
        (GatewayError("broadcast:past", begins="2026-11-20 08:00", now="2026-11-22 09:30"), "६ मंसिर २०८३ ०९:३०"),
        (GatewayError("sending:row", fault="Row 3: it lies before 1990."), "लहर ३: १९९० भन्दा"),
        (GatewayError("member:invalid", field="best_hour", wanted="an hour from 8 to 19"), "८ देखि १९ बजेसम्म"),
        (
            GatewayError("import:heading", reason="Nothing stands above column 2. Known are name, phone."),
            "महल २ को नाम छैन।",
        ),
        (GatewayError("contribution:month", value="2083-19"), "विक्रम संवत्"),
    ],
    ids=lambda each: each.code if isinstance(each, GatewayError) else "",
)
def test_a_sentence_within_a_sentence_is_nepali_too(in_nepali: None, error: GatewayError, shown: str):
    sentence = faults.sentence(error)
    assert shown in sentence
    assert not re.search("[a-z_]{4,}", sentence.replace("name, phone", ""))


def test_what_a_reader_of_a_cell_says_is_nepali(in_nepali: None):
    for read, cell in ((one_of(("voice", "sms")), "x"), (whole(0, 23), "x")):
        with pytest.raises(Unfit) as unfit:
            read(cell)
        assert faults.reason(str(unfit.value)) != str(unfit.value)
