"""Whatever stands in a field, an address or a query: it is data, and never a statement, a path or a fault of ours."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fakes.api_requests import CODES, PARTS, request

from gateway.services import tokens
from gateway.web import api as web_api

ROUTES = web_api.all_routes()
HOSTILE = [
    "' OR 1=1--",
    "'; DROP TABLE members; --",
    '" OR ""="',
    "1) UNION SELECT secret FROM tokens--",
    "../../etc/passwd",
    "{0.__class__} %(x)s ${jndi:ldap://x} {{7*7}}",
    "<script>alert(1)</script>",
    "\N{RIGHT-TO-LEFT OVERRIDE}सीता\N{ZERO WIDTH JOINER}😀",
    "x" * 10_000,
    "\0",
]


@pytest.fixture(autouse=True)
def _as_fast_as_it_can(monkeypatch):
    monkeypatch.setattr(tokens, "MOST_A_SECOND", 1_000_000)


def whole(twins) -> bool:
    """Whether both organisations are there, with all their members."""
    with twins.api.gateway.database.read() as db:
        found = (
            db.exec_driver_sql("SELECT count(*) FROM organisations").scalar(),
            db.exec_driver_sql("SELECT count(*) FROM members").scalar(),
        )
    return found[0] == 2 and found[1] >= 6


@pytest.mark.parametrize("route", [route for route in ROUTES if route.body], ids=lambda route: f"{route.method} {route.path}")
def test_a_hostile_value_in_any_field_of_a_body_is_data(twins, route):
    twins.restore()
    for field in route.body.model_fields:
        for value in (*HOSTILE, HOSTILE[:1], {HOSTILE[0]: HOSTILE[0]}, -1, 10**30, 1.5, True):
            asked = request(route.method, route.path, twins.ours)
            status, answer = twins.api.ask(asked.method, asked.path, {**asked.body, field: value})
            assert status < 500, (field, value, answer)
            assert not [mark for mark in twins.theirs.all_marks() if mark in str(answer)]
    assert whole(twins)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.query], ids=lambda route: f"{route.method} {route.path}")
def test_a_hostile_value_in_any_query_is_data(twins, route):
    twins.restore()
    for field in route.query.model_fields:
        for text in HOSTILE[:-2]:
            asked = request(route.method, route.path, twins.ours)
            status, answer = twins.api.ask(asked.method, f"{asked.path}?{field}={quote(text)}", **{**asked.more, "query_string": None})
            assert status in {200, 400, 422}, (field, text, answer)
    assert whole(twins)


@pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route.path], ids=lambda route: f"{route.method} {route.path}")
def test_a_hostile_value_in_an_address_finds_nothing(twins, route):
    twins.restore()
    for text in ("' OR 1=1--", "%27%20OR%201=1--", "..%2f..%2fetc", "a%00b", "%F0%9F%98%80", "*", "_", "%25"):
        asked = request(route.method, route.path, twins.ours)
        own = next((value for part, value in twins.ours.ids.items() if part.endswith(".own") and value in asked.path.split("/")), None)
        code = next((CODES[part] for part in CODES if f"{{{part}}}" in route.path), "")
        whole_path = asked.path.split("/")
        place = len(whole_path) - 1 - whole_path[::-1].index(own or code)
        path = "/".join([*whole_path[:place], text, *whole_path[place + 1 :]])
        status, answer = twins.api.ask(asked.method, path, asked.body, **asked.more)
        assert status in {404, 405, 422}, (path, answer)
    assert whole(twins)


def test_words_that_are_searched_for_are_words(twins):
    twins.restore()
    for words in ("' OR 1=1--", "%", "_", "*", "Sita%"):
        status, answer = twins.api.ask("POST", "/members/search", {"words": words})
        assert status == 200
        assert len(answer["items"]) <= 2
    assert twins.api.ask("POST", "/members/search", {"words": twins.theirs.ids["phone.own"]})[1]["items"] == []
    assert twins.api.ask("POST", "/members/search", {"words": twins.theirs.ids["number.own"]})[1]["items"] == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_nothing_of_a_person_stands_in_an_address(route):
    """Addresses are in logs of proxies: they hold ids, codes and states. The words of `/places/search` are names of places."""
    parts = {part.strip("{}") for part in route.path.split("/") if part.startswith("{")}
    assert parts <= {*PARTS, *CODES}
    asked = set(route.query.model_fields) if route.query else set()
    if route.path != "/places/search":
        assert not asked & {"words", "name", "phone", "number", "village", "note", "receipt", "reference", "pin"}
