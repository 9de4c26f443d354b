"""Whole conversations over Sparrow SMS, whose request is her text and whose answer is ours: no signature, no id, 160 characters."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest
from calls.conftest import BASE_URL, Installation
from structlog.testing import capture_logs

from gateway.core import sms
from gateway.engine.interpreter import Sprint
from gateway.services.context import Gateway
from gateway.services.receive.settle import settle
from gateway.services.receive.turns import Turn
from gateway.store.database import Database

SITA, LOCAL = "+9779720000001", "9720000001"
SECRET = "nobody-guesses-this-path-of-ours"
THEIRS, PROXY = "203.0.113.10", "127.0.0.1"
FILE = """
providers:
  sparrow:
    kind: sparrow
    token: not-needed-here
    inbound: {{path: {secret}, addresses: [203.0.113.8/29], proxies: [127.0.0.1, "::1"]{more}}}
channels:
  short: {{provider: sparrow, number: "31001", carries: [sms]}}
"""


class Sparrow:
    """Asks the gateway as Sparrow does; `who` is the address that the gateway sees."""

    def __init__(self, here: Installation) -> None:
        self.here = here

    def asks(self, text: str, *, who: str = THEIRS, secret: str = SECRET, number: str = LOCAL, **more: object):
        query = {"from": number, "to": "31001", "text": text, "keyword": (text.split() or [""])[0]}
        path = f"/sparrow/sms/{secret}?{urlencode(query)}"
        return self.here.client.get(path, base_url=BASE_URL, environ_overrides={"REMOTE_ADDR": who}, **more)

    def says(self, text: str, number: str = LOCAL) -> str:
        answer = self.asks(text, number=number)
        assert (answer.status_code, answer.mimetype) == (200, "text/plain")
        assert answer.headers["Cache-Control"] == "no-store"
        said = answer.get_data(as_text=True)
        assert len(said) <= 160
        assert sms.segments(said).count == 1
        return said


@pytest.fixture
def sparrow_of(installation_of: Callable[..., Installation], tmp_path: Path) -> Callable[..., Sparrow]:
    def build(database_url: str, more: str = "") -> Sparrow:
        file = tmp_path / "ways.yaml"
        file.write_text(FILE.format(secret=SECRET, more=more), encoding="utf-8")
        return Sparrow(installation_of(database_url, GATEWAY_CHANNELS=str(file)))

    return build


@pytest.fixture
def sparrow(sparrow_of: Callable[..., Sparrow], database_url: str) -> Sparrow:
    return sparrow_of(database_url)


@pytest.fixture
def on_sqlite(sparrow_of: Callable[..., Sparrow], sqlite_url: str) -> Sparrow:
    return sparrow_of(sqlite_url)


def count(sparrow: Sparrow, table: str) -> int:
    return sparrow.here.rows(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608  # names of this file


def test_she_texts_dabi_and_reads_her_claim_in_the_answer(sparrow: Sparrow):
    assert "5,000" in sparrow.says("dabi")
    assert "५,०००" in sparrow.says("दाबी")
    assert sparrow.here.rows("SELECT direction, channel_id FROM messages ORDER BY id")[:2] == [("in", "short"), ("out", "short")]


def test_their_repeat_gets_the_same_answer_and_nothing_happens_twice(sparrow: Sparrow):
    first = sparrow.says("yogdan 500")
    sparrow.here.clock.move(seconds=5)
    assert sparrow.says("yogdan 500") == first
    assert sparrow.says("1") != first
    noted = sparrow.says("1")
    assert count(sparrow, "contributions WHERE noted_by = 'sms'") == 1
    assert count(sparrow, "messages WHERE direction = 'in'") == 2
    sparrow.here.clock.move(seconds=19)
    assert sparrow.says("1") == noted


def test_who_texts_the_same_a_minute_later_means_it(sparrow: Sparrow):
    for _ in range(3):
        sparrow.says("dabi")
        sparrow.says("dabi")
        sparrow.here.clock.move(seconds=60)
    assert count(sparrow, "messages WHERE direction = 'in'") == 3
    assert count(sparrow, "receipts") == 3


def test_who_answers_two_questions_with_the_same_key_is_asked_the_second_until_she_surely_means_it(sparrow: Sparrow):
    """Their repeat of the 1 that asked to be registered must not be her yes to what is kept of her."""
    number = "9841234599"
    sparrow.says("dabi", number)
    consent = sparrow.says("1", number)
    for _ in range(3):  # theirs or hers: nobody can tell, so she is asked again, and nothing is lost
        sparrow.here.clock.move(seconds=6)
        assert sparrow.says("1", number) == consent
    sparrow.here.clock.move(seconds=2)
    name = sparrow.says("1", number)
    assert name != consent
    assert sparrow.says("1", number) == name
    assert sparrow.says("Maya Tamang", number) not in {name, consent}


def test_two_people_with_the_same_words_are_two(sparrow: Sparrow):
    sparrow.says("dabi")
    sparrow.says("dabi", number="9720000002")
    assert count(sparrow, "messages WHERE direction = 'in'") == 2


@pytest.mark.parametrize("written", [LOCAL, f"977{LOCAL}", SITA])
def test_her_number_is_the_same_however_it_is_written(on_sqlite: Sparrow, written: str):
    first = on_sqlite.says("dabi")
    assert on_sqlite.says("dabi", number=written) == first
    assert count(on_sqlite, "phones") == count(on_sqlite, "phones WHERE id IN (SELECT phone_id FROM member_phones)")
    assert count(on_sqlite, "receipts") == 1


def test_repeats_at_the_same_moment_have_one_effect(sparrow: Sparrow):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sparrow.asks("yogdan 500"), range(8)))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert len({answer.data for answer in answers if answer.status_code == 200}) == 1
    assert (count(sparrow, "receipts"), count(sparrow, "messages WHERE direction = 'in'")) == (1, 1)


@pytest.mark.parametrize(
    ("who", "secret", "forwarded"),
    [
        ("198.51.100.7", SECRET, None),  # not their address
        ("198.51.100.7", SECRET, THEIRS),  # who is no proxy of ours names nobody
        (PROXY, SECRET, None),  # our own proxy that names nobody
        (PROXY, SECRET, "198.51.100.7"),
        (PROXY, SECRET, f"{THEIRS}, 198.51.100.7"),  # what stands before our proxy's own word was made up
        (PROXY, SECRET, "nonsense"),
        (THEIRS, "another-path-of-the-same-length!", None),
        (THEIRS, SECRET.upper(), None),
        (THEIRS, SECRET[:-1], None),
        (THEIRS, "%E0%A5%90", None),
        ("", SECRET, None),
        ("fe80::1%eth0", SECRET, THEIRS),
    ],
)
def test_a_spoofed_request_is_refused_and_changes_nothing(on_sqlite: Sparrow, who: str, secret: str, forwarded: str | None):
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = on_sqlite.asks("band", who=who, secret=secret, headers=headers)
    assert (answer.status_code, answer.data) == (403, b"")
    assert count(on_sqlite, "messages") + count(on_sqlite, "receipts") == 0


def test_who_knows_the_path_and_asks_from_elsewhere_is_named_to_whoever_sets_it_up(on_sqlite: Sparrow):
    with capture_logs() as logs:
        on_sqlite.asks("dabi", who="198.51.100.7")
        on_sqlite.asks("dabi", who=PROXY, headers={"X-Forwarded-For": "a\tb"})
        on_sqlite.asks("dabi", who="198.51.100.8", secret="another-path-of-the-same-length!")
    shown = str(logs)
    assert "from 198.51.100.7" in shown
    assert not [each for each in ("198.51.100.8", "a\tb", LOCAL, SECRET) if each in shown]


@pytest.mark.parametrize(
    ("who", "forwarded"),
    [(PROXY, THEIRS), ("::1", THEIRS), (PROXY, f"10.9.8.7, {THEIRS}"), (PROXY, f"{THEIRS}, 127.0.0.1"), (f"::ffff:{THEIRS}", None)],
)
def test_they_are_heard_through_our_proxy(on_sqlite: Sparrow, who: str, forwarded: str | None):
    assert on_sqlite.asks("dabi", who=who, headers={"X-Forwarded-For": forwarded} if forwarded else {}).status_code == 200


def test_a_post_is_heard_too_as_a_form_or_as_json(on_sqlite: Sparrow):
    fields = {"from": LOCAL, "to": "31001", "text": "dabi", "keyword": "dabi"}
    post = lambda **body: on_sqlite.here.client.post(  # noqa: E731
        f"/sparrow/sms/{SECRET}", base_url=BASE_URL, environ_overrides={"REMOTE_ADDR": THEIRS}, **body
    )
    answers = [post(data=fields), post(json=fields)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].data == answers[1].data == on_sqlite.says("dabi").encode()
    assert count(on_sqlite, "receipts") == 1


GOOD = "from=9720000001&to=31001&text=dabi"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@pytest.mark.parametrize(
    ("method", "query", "body", "status"),
    [
        ("HEAD", GOOD, None, 405),
        ("PUT", GOOD, None, 405),
        ("OPTIONS", "", None, 405),
        ("GET", "from=9720000001&to=31001", None, 400),
        ("GET", f"{GOOD}&text=b", None, 400),
        ("GET", "&".join(f"f{each}=1" for each in range(300)), None, 400),
        ("POST", "", (b"text=dabi", "text/plain"), 415),
        ("POST", "", (b"text=" + b"a" * 70_000, FORM), 413),
        ("POST", "", (b"[" * 60_000, JSON), 400),
        ("POST", "", (b"\xff", JSON), 403),
    ],
)
def test_what_is_no_text_is_refused_by_its_kind(on_sqlite: Sparrow, method: str, query: str, body: tuple[bytes, str] | None, status: int):
    data, kind = body or (None, None)
    answer = on_sqlite.here.client.open(
        f"/sparrow/sms/{SECRET}?{query}",
        method=method,
        base_url=BASE_URL,
        data=data,
        content_type=kind,
        environ_overrides={"REMOTE_ADDR": THEIRS},
    )
    assert answer.status_code == status
    assert count(on_sqlite, "receipts") == 0


def test_a_body_without_a_length_is_refused(on_sqlite: Sparrow):
    environ = {"REMOTE_ADDR": THEIRS, "CONTENT_TYPE": FORM, "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert on_sqlite.here.client.post(f"/sparrow/sms/{SECRET}?{GOOD}", base_url=BASE_URL, environ_overrides=environ).status_code == 411


def test_a_withheld_number_is_not_answered(on_sqlite: Sparrow):
    assert on_sqlite.says("dabi", number="anonymous") == ""


def test_stop_and_start_are_heeded_and_confirmed(sparrow: Sparrow):
    assert sparrow.says("band")
    assert count(sparrow, "phones WHERE stopped_at IS NOT NULL") == 1
    sparrow.here.clock.move(minutes=1)
    assert sparrow.says("START")
    assert count(sparrow, "phones WHERE stopped_at IS NOT NULL") == 0


def test_the_word_of_a_shared_short_code_is_taken_off(sparrow_of: Callable[..., Sparrow], sqlite_url: str):
    sparrow = sparrow_of(sqlite_url, ", keyword: aawaj")
    assert "5,000" in sparrow.says("AAWAJ dabi")
    sparrow.says("aawaj yogdan 500")
    sparrow.says("Aawaj 1")
    assert count(sparrow, "contributions WHERE noted_by = 'sms'") == 1


LONG = "दाबी पुग्यो। अब दुई कागज चाहिन्छ, वडाको सिफारिस र नागरिकता। शुक्रबार दिउँसो कार्यालयमा ल्याउनुहोस्।"


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer is longer than one SMS."""

    def spoken(gateway: Gateway, turn: Turn, sprint: Sprint, _answer: str, _said: str) -> str:
        return settle(gateway, turn, sprint, gateway.providers[turn.inbound.provider].render_message(LONG), LONG)

    monkeypatch.setattr("gateway.services.receive.texts.settle", spoken)


@pytest.mark.usefixtures("talkative")
def test_what_does_not_fit_follows_as_a_text_of_its_own(sparrow: Sparrow):
    first = sparrow.says("dabi")
    assert first == "दाबी पुग्यो। अब दुई कागज चाहिन्छ, वडाको सिफारिस र नागरिकता।"
    assert sparrow.says("dabi") == first
    owed = sparrow.here.rows("SELECT sealed_body, channel_id, state FROM deliveries")
    assert owed == [("शुक्रबार दिउँसो कार्यालयमा ल्याउनुहोस्।", "short", "queued")]


@pytest.mark.usefixtures("talkative")
def test_where_no_answer_goes_back_the_words_follow_by_themselves(sparrow_of: Callable[..., Sparrow], database_url: str):
    sparrow = sparrow_of(database_url, ", answer: none")
    assert sparrow.says("dabi") == ""
    assert sparrow.here.rows("SELECT sealed_body FROM deliveries") == [(LONG,)]


def test_no_number_word_or_secret_is_logged(on_sqlite: Sparrow, caplog, capsys, monkeypatch):
    caplog.set_level(logging.DEBUG)
    on_sqlite.says("dabi")
    on_sqlite.asks("dabi", who="198.51.100.7")
    on_sqlite.asks("dabi", secret="wrong")
    shown = "".join(capsys.readouterr())

    def broken(*_: object) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr(Database, "holding", broken)
    answer = on_sqlite.asks("dabi")
    assert (answer.status_code, answer.data) == (503, b"")
    shown += caplog.text  # here Flask would have written the path
    assert not [each for each in (LOCAL, "text=", SECRET) if each in shown]
