"""What every request of the API goes through, whatever it is about."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.services import access, tokens, users
from gateway.web.api import shapes
from gateway.web.api.problems import Problem

NEW = {"label": "a spreadsheet", "role": "reader"}


def code_of(answer: tuple[int, Any]) -> tuple[int, str]:
    status, problem = answer
    Problem.model_validate(problem)
    return status, problem["code"]


WITHOUT = ["", "Bearer", "Bearer ", "Bearer aawaj_wrong", "Basic YWRtaW46YWRtaW4=", "aawaj_", "Bearer \xe9\xff"]
QUERIES = ["after=a&after=b", "limit=0", "limit=201", "limit=x", "limit=1e3", "organisation_id=others", "after=%00"]


@pytest.mark.parametrize("authorization", WITHOUT)
def test_without_a_token_that_holds_nothing_is_told(on_sqlite, authorization: str):
    response = on_sqlite.client.get("/api/v1/tokens", headers={"Authorization": authorization}, base_url="https://gateway.example")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json["code"] == "request:unauthorised"
    assert response.mimetype == "application/problem+json"


def test_a_token_is_shown_once_and_kept_as_a_digest(api):
    status, made = api.ask("POST", "/tokens", NEW)
    assert (status, made["secret"][:6], len(made["secret"])) == (201, "aawaj_", 49)
    assert api.ask("GET", "/tokens")[1]["items"][-1]["label"] == "a spreadsheet"
    with api.gateway.database.read() as db:
        assert made["secret"] not in str(db.exec_driver_sql("SELECT * FROM tokens").all())
    assert tokens.visit(api.gateway, made["secret"]).actor.role == "reader"


def test_a_token_ends_when_it_is_revoked_or_over(api):
    made = tokens.create(api.gateway, access.terminal("main"), tokens.NewToken("short", "admin", days=1))
    assert api.ask("DELETE", f"/tokens/{api.ask('POST', '/tokens', NEW)[1]['id']}") == (204, "")
    assert [token["revoked_at"] is not None for token in api.ask("GET", "/tokens")[1]["items"]] == [False, False, True]
    assert tokens.visit(api.gateway, made.secret)
    api.clock.move(days=1)
    assert tokens.visit(api.gateway, made.secret) is None


def test_another_organisations_token_cannot_be_revoked(on_sqlite):
    made = on_sqlite.ask("POST", "/tokens", NEW, of="others")[1]
    assert code_of(on_sqlite.ask("DELETE", f"/tokens/{made['id']}")) == (404, "token:unknown")
    assert tokens.visit(on_sqlite.gateway, made["secret"])


def test_a_users_token_follows_her_role_and_ends_with_her(api):
    made = tokens.create(api.gateway, access.terminal("main"), tokens.NewToken("hers", user_id="collector-main"))
    found = tokens.visit(api.gateway, made.secret).actor
    assert (found.name, found.scope.collector_id) == ("user:collector-main", "collector-main")
    with api.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE users SET role = 'reader' WHERE id = 'collector-main'")
    assert tokens.visit(api.gateway, made.secret).actor.role == "reader"
    with api.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE users SET state = 'disabled' WHERE id = 'collector-main'")
    assert tokens.visit(api.gateway, made.secret) is None


def test_what_a_disabled_admin_opened_ends_with_her_and_nothing_else(api):
    """Her own token, what she made for programs and for others, and what was made with those; enabled again, she makes new ones."""
    gateway, terminal = api.gateway, access.terminal("main")
    her = users.add(gateway, terminal, "राधा", "admin")
    hers = tokens.create(gateway, terminal, tokens.NewToken("hers", user_id=her.id))
    made = tokens.create(gateway, tokens.visit(gateway, hers.secret).actor, tokens.NewToken("a program", "admin"))
    for_another = tokens.create(gateway, tokens.visit(gateway, hers.secret).actor, tokens.NewToken("x", user_id="collector-main"))
    with_it = tokens.create(gateway, tokens.visit(gateway, made.secret).actor, tokens.NewToken("another", "reader"))
    others = tokens.create(gateway, terminal, tokens.NewToken("not hers", "admin"))

    def opens() -> list[bool]:
        return [tokens.visit(gateway, each.secret) is not None for each in (hers, made, for_another, with_it, others)]

    users.set_role(gateway, terminal, her.id, "organiser")
    assert opens() == [True, False, False, False, True]
    users.disable(gateway, terminal, her.id)
    users.enable(gateway, terminal, her.id)
    assert opens() == [False, False, False, False, True]
    with gateway.database.read() as db:
        told = [json.loads(detail) for detail in db.exec_driver_sql("SELECT detail FROM audit ORDER BY id").scalars()]
    ended = [detail["tokens_ended"] for detail in told if detail.get("tokens_ended")]
    assert ended == [sorted(each.id for each in (made, for_another, with_it)), [hers.id]]


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ({"label": "a", "role": "collector"}, "request:invalid"),  # she would have no group, and see everybody
        ({"label": "a"}, "token:role"),
        ({"label": "a", "user_id": "collector-others"}, "user:unknown"),
        ({"label": "a", "user_id": "collector-main", "role": "admin"}, "token:role"),
        ({"label": "  ", "role": "admin"}, "request:invalid"),
        ({"label": "a", "role": "admin", "organisation_id": "others"}, "request:invalid"),
        ({"label": 7, "role": "admin"}, "request:invalid"),
        ({"label": "a\u0000b", "role": "admin"}, "request:invalid"),
    ],
)
def test_a_token_that_would_open_too_much_is_not_made(on_sqlite, new: dict[str, object], code: str):
    status, problem = on_sqlite.ask("POST", "/tokens", new)
    assert problem["code"] == code
    assert status == (404 if code == "user:unknown" else 422)


def test_who_may_not_is_told_so(on_sqlite):
    for role in ("organiser", "collector", "reader"):
        assert code_of(on_sqlite.ask("GET", "/tokens", by=role)) == (403, "access:denied")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"data": b"{", "content_type": "application/json"}, (400, "request:malformed")),
        ({"data": b"[" * 20_000, "content_type": "application/json"}, (400, "request:malformed")),
        ({"data": b'{"label": "\xff"}', "content_type": "application/json"}, (400, "request:malformed")),
        ({"data": b'{"label": "\\ud800"}', "content_type": "application/json"}, (400, "request:malformed")),
        ({"data": b'{"label": "a", "role": "reader", "label": "b"}', "content_type": "application/json"}, (400, "request:malformed")),
        ({"data": b"", "content_type": "application/json"}, (411, "request:no-length")),
        ({"data": b"label=a&role=admin", "content_type": "application/x-www-form-urlencoded"}, (415, "request:not-json")),
        ({"data": b'{"label": "a"}', "content_type": "text/plain"}, (415, "request:not-json")),
        ({"data": b" " * 65_537, "content_type": "application/json"}, (413, "request:too-large")),
        ({"data": b"{}", "headers": {"Transfer-Encoding": "chunked"}, "content_type": "application/json"}, (411, "request:no-length")),
        ({"data": b"[1]", "content_type": "application/json"}, (422, "request:invalid")),
        ({"body": NEW, "key": "short"}, (400, "request:no-key")),
        ({"body": NEW, "key": "nine char"}, (400, "request:no-key")),
        ({"body": NEW, "query_string": "role=admin"}, (422, "request:invalid")),
    ],
)
def test_a_body_that_is_not_as_it_must_be_is_refused(on_sqlite, more: dict[str, Any], expected: tuple[int, str]):
    assert code_of(on_sqlite.ask("POST", "/tokens", **more)) == expected


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_is_not_as_it_must_be_is_refused(on_sqlite, query: str):
    status, problem = on_sqlite.ask("GET", f"/tokens?{query}")
    assert (status, problem["code"].partition(":")[0]) in {(400, "request"), (422, "request")}


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/tokens/", "/tokens/a%00b", "/tokens/a%2Fb", "/tokens/" + "a" * 65, "/../tokens"])
def test_what_is_not_there_has_the_same_shape(on_sqlite, path: str):
    status, problem = on_sqlite.ask("DELETE", path)
    assert status in {404, 405}
    Problem.model_validate(problem)


def test_head_and_options_tell_no_more(on_sqlite):
    head = on_sqlite.request("HEAD", "/tokens")
    assert (head.status_code, head.data) == (200, b"")
    assert on_sqlite.client.head("/api/v1/tokens", base_url="https://gateway.example").status_code == 401
    options = on_sqlite.client.options("/api/v1/tokens", base_url="https://gateway.example", headers={"Origin": "https://evil.example"})
    assert (options.status_code, options.data) == (200, b"")
    assert not [name for name, _ in options.headers if name.startswith("Access-Control")]
    refused = on_sqlite.request("PATCH", "/tokens")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")


def test_answers_stay_with_whoever_asked(on_sqlite):
    response = on_sqlite.request("GET", "/tokens")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_a_fault_of_ours_shows_nothing_of_itself(on_sqlite, monkeypatch, capsys):
    def broken(*_: object) -> None:
        raise RuntimeError("the password is 12345")

    monkeypatch.setattr(tokens, "page", broken)
    status, problem = on_sqlite.ask("GET", "/tokens")
    assert (status, problem["code"]) == (500, "request:failed")
    assert "password" not in str(problem)
    assert "Traceback" not in str(problem)


def test_who_asks_too_often_waits(on_sqlite, monkeypatch):
    monkeypatch.setattr(tokens, "MOST_A_SECOND", 0.5)
    statuses = [on_sqlite.request("GET", "/tokens").status_code for _ in range(8)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    assert on_sqlite.request("GET", "/tokens", of="others").status_code == 200
    assert int(on_sqlite.request("GET", "/tokens").headers["Retry-After"]) > 0


def test_the_docs_need_no_token_and_load_nothing_from_elsewhere(on_sqlite):
    page = on_sqlite.client.get("/api/v1/docs", base_url="https://gateway.example")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "<script" not in text
    assert " style=" not in text
    assert 'src="http' not in text
    assert "DELETE /tokens/{token_id}" in text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_each_shape_in_the_description_is_there_under_its_own_name(on_sqlite):
    """Two shapes of one name would both be called by their modules, and nothing would point to them."""
    text = on_sqlite.client.get("/api/v1/openapi.json", base_url="https://gateway.example").get_data(as_text=True)
    known = json.loads(text)["components"]["schemas"]
    assert not [name for name in known if "__" in name]
    assert set(re.findall(r"#/components/schemas/([^\"]+)", text)) <= set(known)


@pytest.mark.parametrize("shape", [shapes.Asked, shapes.Query, shapes.Given])
def test_what_the_log_says_of_a_faulty_record_repeats_no_value(shape):
    with pytest.raises(ValidationError) as raised:
        shape.model_validate({"name": "सीता तामाङ"})
    assert "सीता" not in str(raised.value)
