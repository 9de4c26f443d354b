"""Providers that channels.yaml describes: what is wrong with a description, what an answer means, and how texts come in."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from fakes import documented
from fakes.provider_kit import FakeTexts, Text

from gateway import channels
from gateway.errors import GatewayError
from gateway.providers.base import Accepted, OutboundMessage, Provider, WebhookRequest
from gateway.providers.described.account import Definition
from gateway.providers.described.client import composed, judged, our_id
from gateway.providers.described.flat import MOST, flat, nested, values_at
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import Asked, Reply, open_http

HERS, PATH = "+9779841234567", "a-path-that-nobody-guesses-1"
MESSAGE = OutboundMessage(7, "AAWAJ", HERS, "दाबी {to} & 100%")
OURS = "an id of ours"
SECRETS = dict.fromkeys({"KEY", *documented.VARIABLES}, PATH)

# --- an aggregator that nobody has heard of, written down with nothing but docs/providers.md -------------------------------------------

PATHAU = """
providers:
  pathau:
    kind: http
    url: https://sms.pathau.example/api/push.php
    method: GET
    body: query
    fields: {apikey: "${KEY}", mobile: "{to}", msg: "{text}", mask: "{from}"}
    answers:
      - {means: accepted, text: "^OK:(?P<id>[0-9]+)$"}
      - {means: bad_number, text: "^ERR:4$"}
      - {means: misconfigured, text: "^ERR:(1|2)$"}
      - {means: throttled, status: [503]}
    inbound:
      path: ${KEY}
      addresses: [198.51.100.7]
      fields: {from: msisdn, text: content, id: ref}
channels:
  pathau: {provider: pathau, number: "AAWAJ", carries: [sms]}
"""


class FakePathau(FakeTexts):
    """A GET with four fields, and a line of plain text for an answer."""

    async def read(self, request: web.BaseRequest) -> Text | web.Response:
        given = request.rel_url.query
        if (request.method, request.path, given.get("apikey")) != ("GET", "/api/push.php", PATH):
            return self.refusal("1")
        return Text(given["mobile"], given["msg"], given["mask"])

    def accepted(self, _taken: Text) -> web.Response:
        return web.Response(text="OK:77812")

    def refusal(self, code: str) -> web.Response:
        return web.Response(text=f"ERR:{code}", status=503 if code == "9" else 200)


def send(provider: Provider, message: OutboundMessage = MESSAGE) -> Accepted | SendError:
    async def main() -> Accepted:
        async with open_http(1) as http:
            return await provider.send_message(http, message)

    try:
        return asyncio.run(main())
    except SendError as error:
        return error


def test_a_new_aggregator_is_written_down_and_sends():
    with FakePathau() as fake:
        provider = documented.provider(PATHAU, "pathau", fake.url, SECRETS)
        assert send(provider) == Accepted("77812")
        assert fake.ledger == [Text("9841234567", MESSAGE.body, "AAWAJ")]
    for code, fault in {
        "4": SendFault.BAD_NUMBER,
        "2": SendFault.MISCONFIGURED,
        "7": SendFault.AMBIGUOUS,
        "9": SendFault.THROTTLED,
    }.items():
        with FakePathau(numbers={"9841234567": code}) as fake:
            refused = send(documented.provider(PATHAU, "pathau", fake.url, SECRETS))
            assert isinstance(refused, SendError)
            assert refused.fault is fault, code


def test_a_new_aggregator_is_heard():
    provider = documented.provider(PATHAU, "pathau", "http://127.0.0.1:1", SECRETS)
    form = [("msisdn", "9841234567"), ("content", "dabi"), ("ref", "x-1"), ("keyword", "dabi")]
    inbound = provider.parse_message(provider.verify(WebhookRequest(f"/pathau/sms/{PATH}?msisdn=9", {}, form, "198.51.100.7")))
    assert (inbound.provider, inbound.external_id, inbound.sender, inbound.input.text) == ("pathau", "x-1", HERS, "dabi")
    assert inbound.repeats_within == 0  # its texts have ids


# --- what is wrong with a description --------------------------------------------------------------------------------------------------


def faults(text: str) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        documented.provider(text, "pathau", "https://sms.pathau.example", SECRETS)
    return [str(each).removeprefix("channels.yaml:") for each in caught.value.exceptions]


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("https://sms", "http://sms", "5:10: providers.pathau.url: this must begin with https://"),
        ("push.php", "push.php?x={to}", "5:10: providers.pathau.url: write https://, the host and a path"),
        ("example/", "example:99999/", "5:10: providers.pathau.url: write https://"),
        ("https://sms", "https://me:pw@sms", "5:10: providers.pathau.url: write https://"),
        (
            '"{to}"',
            '"{too}"',
            "8:40: providers.pathau.fields.mobile: there is no such placeholder, only {to}, {text}, {from}, {id}, {alphabet}. [",
        ),
        ('"{to}"', '"{to"', "8:40: providers.pathau.fields.mobile: a brace stands alone here"),
        ('"{text}"', '"hello"', "4:5: providers.pathau: no field holds {text}"),
        ("method: GET", "method: FETCH", "6:13: providers.pathau.method: input should be 'POST' or 'GET'"),
        ("body: query", "body: form", "4:5: providers.pathau: a GET carries its fields in the query"),
        ("[0-9]+)$", "[0-9]+$", "10:33: providers.pathau.answers.1.text: this is no regular expression"),
        ("means: bad_number", "means: wrong", "11:17: providers.pathau.answers.2.means: input should be 'accepted', "),
        ("status: [503]", "status: [5031]", "13:37: providers.pathau.answers.4.status.1: input should be less than"),
        (", status: [503]", "", "13:9: providers.pathau.answers.4: say by which `status`, `where` or `text`"),
        ('text: "^OK:(?P<id>[0-9]+)$"', "status: [200]", "10:9: providers.pathau.answers.1: an accepted text is known by"),
        ("accepted", "refused", "4:5: providers.pathau: none of the `answers` means `accepted`"),
        ("198.51.100.7", "198.51.100.700", "16:19: providers.pathau.inbound.addresses.1: this must be an address as 203.0.113.10"),
        ("path: ${KEY}", "path: short", "15:13: providers.pathau.inbound.path: this must be 24 to 128 letters"),
        ("text: content", "words: content", "17:37: providers.pathau.inbound.fields.words: input should be 'from', 'to',"),
        ("    fields: {apikey", "    headers: {Host: x}\n    fields: {apikey", "8:21: providers.pathau.headers.Host"),
        ("kind: http", "kind: http\n    colour: red", "5:13: providers.pathau.colour: there is no such key here"),
    ],
)
def test_each_fault_is_named_with_its_place(was: str, becomes: str, said: str):
    assert was in PATHAU
    (fault, *others) = faults(PATHAU.replace(was, becomes))
    assert fault.startswith(said), (fault, others)
    assert PATH not in fault


HAMRO = documented.example("hamro")


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("body: json", "body: [json]", "body: input should be 'form', 'json' or 'query'"),
        ("    body: json\n", "    body: json\n    boddy: json\n", "boddy: there is no such key here (did you mean 'body'?)"),
        ('fields: {sender: "{from}", ', "fields: {sender: {from}, ", "fields.sender: this must be a text; one that begins"),
        ('fields: {sender: "{from}"', 'fields: {"se nder": "{from}"', "fields.se nder: a field's name is"),
        ("X-Api-Key", '"X Api"', "headers.X Api: a header's name is letters, digits and -"),
        ('"${HAMRO_KEY}", Id', '"{text}", Id', "headers.X-Api-Key: a header is one line of ASCII"),
        ("numbers: international", "country: Nepal", "country: this must be a country's two letters"),
        ("numbers: international", "country: ZZ", "country: this must be a country's two letters"),
        ("numbers: international", "numbers: internatonal", "numbers: input should be 'local', 'international' or 'e164' (did"),
        ("unquoted: [unicode]", "unquoted: [content]", "the field content is `unquoted`, and so a number"),
        ("unquoted: [unicode]", "unquoted: [uncode]", "`unquoted` names uncode, which is none of the"),
        ("unquoted: [unicode]", "unquoted: unicode", "unquoted: this must be a list, as [one, two]"),
        ('plain: "false"', 'plain: "no"', "the field unicode is `unquoted`, and so a number"),
        ('{plain: "false", unicode: "true"}', '{plain: "false"}', "alphabet.unicode: it is missing"),
        (', unicode: "{alphabet}"}', ', unicode: "1"}', "{alphabet} in a field and `alphabet`"),
        ("status: [202]", "status: 202", "answers.1.status: this must be a list, as [one, two]"),
        ("status: [202]", "status: [OK]", "answers.1.status.1: this must be a whole number"),
        ("means: accepted, status", "means: acepted, status", "answers.1.means: input should be 'accepted', 'throttled'"),
        ('"queued|sent"', '"(?!queued)"', "answers.1.where.messages.0.state: this is no regular expression"),
        ('"queued|sent"', '"[a"', "answers.1.where.messages.0.state: this is no regular expression"),
        ("where: {error.code: E30}", "where: {error..code: E30}", "answers.4.where.error..code: a path is names"),
        ("where: {error.code: E30}", "where: [error]", "answers.4.where: this must hold keys and their values"),
        ("      answer: none\n", "      each: results.*\n", "inbound: where many texts come in one request"),
        ("addresses: [198.51.100.0/24]\n      fields", "addresses: []\n      fields", "inbound.addresses: name at least one"),
        ("addresses: [198.51.100.0/24]\n      fields", "addresses: [sms.example]\n      fields", "inbound.addresses.1: this"),
        ("fields: {id: message.id}", "fields: {id: a, ours: b}", "reports: `fields` must name either"),
        ("means: delivered,", "means: read,", "reports.states.1.means: input should be 'accepted', 'sent'"),
        ("means: delivered, where: {type: delivered}", "means: delivered", "reports.states.1.where: it is missing"),
    ],
)  # fmt: skip
def test_each_fault_says_what_must_stand_there_and_brings_no_others(was: str, becomes: str, said: str):
    assert was in HAMRO
    with pytest.raises(ExceptionGroup) as caught:
        documented.provider(HAMRO.replace(was, becomes, 1), "hamro", "https://h.example", SECRETS)
    (fault,) = map(str, caught.value.exceptions)
    place, _, sentence = fault.partition(": providers.hamro")
    assert re.fullmatch(r"channels\.yaml:[0-9]+:[0-9]+", place)
    assert sentence.lstrip(".: ").startswith(said)
    assert PATH not in fault


@pytest.mark.parametrize("host", ["a..b", "a_b.example", "-a.example", "x" * 64 + ".example", "é.example", ".", "[::1", "a b"])
def test_a_host_that_is_none_is_a_fault(host: str):
    given = {"url": f"https://{host}/", "fields": {"to": "{to}", "text": "{text}"}, "answers": [{"means": "accepted", "text": "ok"}]}
    with pytest.raises(ValueError, match="write https://, the host and a path"):
        Definition.model_validate(given)


def test_reports_by_our_id_need_a_field_that_gives_it():
    text = documented.example("kannel").replace("?ours={id}&", "?ours=7&")
    with pytest.raises(ExceptionGroup) as caught:
        documented.provider(text, "kannel", "https://h.example", SECRETS)
    assert "`reports` know our texts by `ours`, which no field gives them: write {id} into one" in str(caught.value.exceptions[0])


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(SECRETS, "KEY")
    assert [fault.partition(" The")[0].partition(":")[0] for fault in faults(PATHAU)] == ["8", "15"]


def test_a_field_inside_the_text_of_another_is_a_fault():
    given = {"url": "https://h.example/", "body": "json", "fields": {"a": "{to}", "a.b": "{text}"}}
    with pytest.raises(ValueError, match=r"the field a\.b lies inside another one"):
        Definition.model_validate({**given, "answers": [{"means": "accepted", "text": "ok"}]})


@pytest.mark.parametrize("block", documented.BLOCK.findall(documented.PAGE.read_text(encoding="utf-8")))
def test_every_example_of_the_page_can_be_used(block: str, tmp_path: Path):
    file = tmp_path / "channels.yaml"
    file.write_text(block, encoding="utf-8")
    for name in channels.load(file).providers:
        assert documented.provider(block, name, "https://h.example", SECRETS).name == name


# --- what an answer means --------------------------------------------------------------------------------------------------------------

Judge = Callable[..., SendFault | str]


def judge(answers: list[dict[str, object]], status: int, body: str, **more: object) -> SendFault | str:
    fields = {"to": "{to}", "text": "{text}"}
    definition = Definition.model_validate({"url": "https://h.example/", "fields": fields, "answers": answers, **more})
    try:
        accepted = judged(definition, MESSAGE, Reply(status, {}, body.encode())).external_id
    except SendError as error:
        return error.fault
    return OURS if accepted == our_id(definition, MESSAGE) else accepted


OK = {"means": "accepted", "where": {"ok": "true"}}


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, '{"ok": true}', OURS),
        (202, '{"ok": true}', OURS),
        (200, '{"ok": "true"}', OURS),
        (200, '{"ok": "true enough"}', SendFault.AMBIGUOUS),
        (200, '{"ok": {"true": 1}}', SendFault.AMBIGUOUS),
        (200, "[" * 50_000, SendFault.AMBIGUOUS),
        (200, "", SendFault.AMBIGUOUS),
        (302, '{"ok": true}', SendFault.MISCONFIGURED),
        (400, '{"ok": true}', SendFault.REFUSED),
        (500, '{"ok": true}', SendFault.AMBIGUOUS),
        (500, '{"bad": 1}', SendFault.AMBIGUOUS),
        (408, '{"bad": 1}', SendFault.AMBIGUOUS),
        (429, '{"bad": 1}', SendFault.THROTTLED),
        (422, '{"bad": 1}', SendFault.BAD_NUMBER),
        (422, "{}", SendFault.REFUSED),
        (401, "{}", SendFault.MISCONFIGURED),
    ],
)
def test_an_answer_is_what_it_says_and_where_it_says_nothing_its_status(status: int, body: str, meaning: SendFault | str):
    assert judge([OK, {"means": "bad_number", "where": {"bad": "1"}}], status, body) == meaning


def test_an_id_that_is_not_where_it_should_be_leaves_it_open():
    answers = [{**OK, "id": "data.0.id"}]
    assert judge(answers, 200, '{"ok": true, "data": [{"id": 2673160}]}') == "2673160"
    for odd in ('{"ok": true}', '{"ok": true, "data": [{"id": "a b"}]}', f'{{"ok": true, "data": [{{"id": "{"9" * 65}"}}]}}'):
        assert judge(answers, 200, odd) is SendFault.AMBIGUOUS


@pytest.mark.parametrize("echoed", ["9841234567", "secret-token", "x" * 400, "E" * 20])
def test_a_code_that_is_none_is_not_passed_on(echoed: str):
    given = {"url": "https://h.example/", "fields": {"to": "{to}", "text": "{text}"}, "answers": [OK], "code": "code"}
    with pytest.raises(SendError) as caught:
        judged(Definition.model_validate(given), MESSAGE, Reply(400, {}, f'{{"code": "{echoed}"}}'.encode()))
    assert str(caught.value) == "send:refused 400"


def test_what_stands_before_the_first_brace_of_an_answer_does_not_count():
    assert judge([{**OK, "id": "id"}], 200, '\ufeff\n {"ok": true, "id": "x1"}') == "x1"


@pytest.mark.parametrize(
    "body", ['{"ok": NaN}', '{"ok": 1e999}', '{"ok": true', "\xff\xfe", '{"ok": ' + "9" * 5000 + "}", '{"a":' * 30_000]
)
def test_an_answer_that_is_no_good_json_leaves_it_open(body: str):
    assert judge([OK], 200, body) is SendFault.AMBIGUOUS


def test_a_pattern_that_takes_too_long_fits_nothing():
    began = time.monotonic()
    assert judge([{"means": "accepted", "text": ".*a.*b.*c.*d.*e.*f"}], 200, "abcde" * 10_000) is SendFault.AMBIGUOUS
    assert time.monotonic() - began < 2


# --- how a request is written ----------------------------------------------------------------------------------------------------------


def written(recipient: str = HERS, words: str = "dabi", **more: object) -> Asked:
    given = {"url": "https://h.example/", "fields": {"to": "{to}", "text": "{text}"}, "answers": [OK], **more}
    return composed(Definition.model_validate(given), OutboundMessage(7, "AAWAJ", recipient, words))


def test_what_depends_on_the_letters_is_written_by_them():
    fields = {"to": "{to}", "text": "{text}", "flag.unicode": "{alphabet}", "priority": "5", "flag.on": "null"}
    more = {"fields": fields, "alphabet": {"plain": "false", "unicode": "true"}, "body": "json", "unquoted": ["flag.unicode", "priority"]}
    plain, other = json.loads(written(**more).body or b""), json.loads(written(words="दाबी", **more).body or b"")
    assert plain == {"to": "9841234567", "text": "dabi", "flag": {"unicode": False, "on": "null"}, "priority": 5}
    assert other["flag"]["unicode"] is True


def test_what_never_changes_of_a_query_stays_there():
    more = {"url": "https://h.example/send?key=k&x=1", "method": "GET", "body": "query"}
    assert written(**more).path == "/send?key=k&x=1&to=9841234567&text=dabi"
    assert written(url="https://h.example/send?key=k").path == "/send?key=k"
    assert written(url="https://h.example").path == "/"


@pytest.mark.parametrize(
    ("country", "recipient", "number"),
    [
        ("NP", HERS, "9841234567"),
        ("BD", "+8801712345678", "1712345678"),
        ("IN", "+919812345678", "9812345678"),
        ("NP", "+919812345678", None),  # written without its country it would be somebody else's in Nepal
        ("IN", HERS, None),
        ("BD", "+88029898989", None),
        ("NP", "+97714112233", None),
    ],
)
def test_a_local_number_is_one_of_their_country_or_does_not_leave(country: str, recipient: str, number: str | None):
    if number is None:
        with pytest.raises(SendError) as caught:
            written(recipient, country=country)
        assert (caught.value.fault, caught.value.provider_code) == (SendFault.REFUSED, "no-mobile-there")
    else:
        assert f"to={number}&".encode() in (written(recipient, country=country).body or b"")


@pytest.mark.parametrize("evil", ["a\r\nX-Evil: 1", "&to=9800000000", '","to":"9800000000', "{from}{to}", "\0", "#?/%00"])
def test_words_stay_in_their_field(evil: str):
    wanted = {"to": "9841234567", "text": evil}
    form, document = written(words=evil), written(words=evil, body="json")
    query = written(words=evil, body="query", method="GET").path.partition("?")[2]
    assert dict(parse_qsl((form.body or b"").decode(), keep_blank_values=True)) == dict(parse_qsl(query)) == wanted
    assert json.loads(document.body or b"") == wanted
    assert evil not in str({**form.headers, **document.headers})


# --- paths -----------------------------------------------------------------------------------------------------------------------------


def test_a_document_and_its_paths():
    assert flat('{"a": [1, {"b": null}], "c": {"d": "x"}, "e": 1.5}') == {"a.0": "1", "a.1.b": "null", "c.d": "x", "e": "1.5"}
    assert flat("<html>") == flat("") == flat('"text"') == {}
    assert len(flat("[" + "1," * 5 * MOST + "1]")) < MOST
    assert values_at({"a.0.x": "1", "a.1.x": "2", "a.x": "3", "a.0.y.x": "4"}, "a.*.x") == ["1", "2"]
    assert nested({"a.b.0": "1", "a.b.1": "2", "a.c": "3"}) == {"a": {"b": ["1", "2"], "c": "3"}}


# --- texts that come in ----------------------------------------------------------------------------------------------------------------


def test_without_texts_in_nothing_is_heard():
    provider = documented.provider(documented.example("doit"), "doit", "https://h.example", SECRETS)
    request = WebhookRequest(f"/doit/sms/{PATH}", {}, [("from", "9841234567"), ("text", "dabi")], "127.0.0.1")
    for call in (lambda: provider.verify(request), lambda: provider.parse_message({})):
        with pytest.raises(GatewayError) as caught:
            call()
        assert caught.value.code == "webhook:forged"


def test_a_text_without_an_id_is_known_by_who_said_what_to_whom():
    provider = documented.provider(documented.example("sparrow"), "sparrow", "https://h.example", SECRETS)
    parse = lambda **said: provider.parse_message({"from": "9841234567", "to": "31001", "text": "dabi", **said})  # noqa: E731
    first = parse()
    assert (first.repeats_within, first.step, first.recipient) == (20, 0, "31001")
    assert re.fullmatch("[0-9a-f]{32}", first.external_id)
    assert parse(**{"from": HERS}) == first
    others = {parse(text="Dabi").external_id, parse(to="31002").external_id, parse(**{"from": "9841234568"}).external_id}
    assert first.external_id not in others
    assert len(others) == 3


def test_a_text_whose_id_is_left_empty_is_known_likewise():
    provider = documented.provider(PATHAU, "pathau", "http://127.0.0.1:1", SECRETS)
    said = [provider.parse_message({"msisdn": "9841234567", "content": words, "ref": ""}) for words in ("dabi", "dabi", "menu")]
    assert [each.repeats_within for each in said] == [20] * 3
    assert said[0].external_id == said[1].external_id != said[2].external_id


@pytest.mark.parametrize("number", ["anonymous", "", "31001", "9841", "x" * 500])
def test_a_sender_that_is_no_phone_is_withheld(number: str):
    provider = documented.provider(documented.example("sparrow"), "sparrow", "https://h.example", SECRETS)
    assert provider.parse_message({"from": number, "to": "31001", "text": "dabi"}).sender is None


def test_a_text_is_kept_as_it_can_be():
    provider = documented.provider(documented.example("sparrow"), "sparrow", "https://h.example", SECRETS)
    said = provider.parse_message({"from": HERS, "to": "31001", "text": "a\0" + "न" * 5000}).input.text
    assert (len(said), said[:2]) == (1600, "a\ufffd")


def test_our_id_is_the_same_each_time_and_nobody_elses():
    def named(words: str = "dabi", recipient: str = HERS, row: int = 7, account: str = "one") -> str:
        fields = {"to": "{to}", "text": "{text}", "id": "{id}", "token": account}
        asked = composed(
            Definition.model_validate({"url": "https://h.example/", "fields": fields, "answers": [OK]}),
            OutboundMessage(row, "A", recipient, words),
        )
        return dict(parse_qsl((asked.body or b"").decode()))["id"]

    others = {named(words="menu"), named(recipient="+9779841234568"), named(row=8), named(account="two")}
    assert named() == named()
    assert named() not in others
    assert len(others) == 4
    assert re.fullmatch("[0-9a-f]{8}7", named())
