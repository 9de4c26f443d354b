"""A request that comes twice has one effect, whatever breaks in between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.services import idempotency, tokens
from gateway.services import keys as services_keys
from gateway.services.access import terminal
from gateway.store import idempotency as keys
from gateway.store.secrets import Seal
from gateway.web.api import tokens as noun

NEW = {"label": "a spreadsheet", "role": "reader"}
KEY = "the-same-key"


class Killed(BaseException):
    """The process ends here."""


def made(api) -> list[str]:
    """The labels of the tokens that were made by requests."""
    return [token["label"] for token in api.ask("GET", "/tokens")[1]["items"] if token["label"] != "of the tests"]


def test_a_repeat_gets_the_stored_answer_and_has_no_effect(api):
    first = api.request("POST", "/tokens", NEW, key=KEY)
    again = api.request("POST", "/tokens", NEW, key=KEY)
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert made(api) == ["a spreadsheet"]


def test_another_request_with_the_same_key_is_refused(api):
    api.ask("POST", "/tokens", NEW, key=KEY)
    status, problem = api.ask("POST", "/tokens", {**NEW, "label": "another"}, key=KEY)
    assert (status, problem["code"]) == (422, "request:key-used")
    assert made(api) == ["a spreadsheet"]


def test_each_token_has_keys_of_its_own(api):
    answers = {api.ask("POST", "/tokens", NEW, key=KEY, of=of)[1]["id"] for of in ("main", "others")}
    assert len(answers) == 2


def test_a_refused_request_leaves_its_key_free(api):
    assert api.ask("POST", "/tokens", {"label": "a", "user_id": "nobody"}, key=KEY)[0] == 404
    assert api.ask("POST", "/tokens", NEW, key=KEY)[0] == 201


def test_a_key_is_kept_for_a_day(api):
    api.ask("POST", "/tokens", NEW, key=KEY)
    api.clock.move(hours=23)
    assert api.request("POST", "/tokens", NEW, key=KEY).headers["Idempotency-Replayed"]
    api.clock.move(hours=2)
    assert "Idempotency-Replayed" not in api.request("POST", "/tokens", NEW, key=KEY).headers
    assert made(api) == ["a spreadsheet"] * 2


def test_what_is_kept_of_request_and_answer_tells_nothing(api):
    secret = api.ask("POST", "/tokens", NEW, key=KEY)[1]["secret"]
    with api.gateway.database.read() as db:
        kept = bytes(str(db.exec_driver_sql("SELECT * FROM idempotency_keys").all()), "utf-8")
    assert secret.encode() not in kept
    assert b"spreadsheet" not in kept


OLD, NEW_KEY = "the secret key of the tests, long enough", "another secret key, which is as long as that"


@pytest.mark.parametrize("sealed_anew", [True, False])
def test_a_repeat_is_known_as_one_when_the_secret_key_is_another(api, sealed_anew: bool):
    """Sealed anew it gets its answer; else nobody can tell whether it is the same request, and nothing is done twice."""
    of = (tokens.create(api.gateway, terminal("main"), tokens.NewToken("a program", "admin")).id, KEY)
    stored = idempotency.once(api.gateway, of, b"request", lambda: idempotency.Answer(201, "{}"))
    both = replace(api.gateway, seal=Seal(NEW_KEY, OLD))
    assert idempotency.once(both, of, b"request", pytest.fail) == stored._replace(repeated=True)
    if sealed_anew:
        list(services_keys.rotate(both))
    alone = replace(api.gateway, seal=Seal(NEW_KEY))
    if sealed_anew:
        assert idempotency.once(alone, of, b"request", pytest.fail) == stored._replace(repeated=True)
    else:
        with pytest.raises(GatewayError, match="request:done"):
            idempotency.once(alone, of, b"request", pytest.fail)
    with pytest.raises(GatewayError, match="request:key-used" if sealed_anew else "request:done"):
        idempotency.once(alone, of, b"another", pytest.fail)


def test_twenty_at_once_have_one_effect(api):
    api.secret("admin", "main")

    def ask(_: int) -> tuple[int, Any]:
        response = api.app.test_client().post(
            "/api/v1/tokens",
            json=NEW,
            headers={"Authorization": f"Bearer {api.secret('admin', 'main')}", "Idempotency-Key": KEY},
            base_url="https://gateway.example",
        )
        return response.status_code, response.json.get("id")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))
    assert made(api) == ["a spreadsheet"]
    assert {status for status, _ in answers} <= {201, 409}
    assert len({token for status, token in answers if status == 201}) == 1


@pytest.mark.parametrize("where", ["before the effect", "after the effect", "before the commit"])
def test_a_process_that_ends_within_leaves_no_half(api, monkeypatch, where: str):
    """The repeat is told to wait while the first may still be at work, and then does it: once."""
    api.secret("admin", "main")
    with monkeypatch.context() as broken:
        create = noun.tokens.create

        def killed(*given: object) -> object:
            if where == "after the effect":
                create(*given)
            raise Killed

        if where == "before the commit":
            broken.setattr(idempotency.idempotency, "answer", lambda *_: (_ for _ in ()).throw(Killed()))
        else:
            broken.setattr(noun.tokens, "create", killed)
        with pytest.raises(Killed):
            api.request("POST", "/tokens", NEW, key=KEY)
    assert made(api) == []
    status, problem = api.ask("POST", "/tokens", NEW, key=KEY)
    assert (status, problem["code"], problem["retryable"]) == (409, "request:in-progress", True)
    api.clock.move(seconds=keys.GIVEN_UP.total_seconds() + 1)
    assert api.ask("POST", "/tokens", NEW, key=KEY)[0] == 201
    assert made(api) == ["a spreadsheet"]


def test_a_process_that_ends_between_commit_and_answer_has_answered(api, monkeypatch):
    """The effect stands with its answer: the repeat gets it."""
    with monkeypatch.context() as broken:
        done = idempotency._done

        def killed(*given: object) -> object:
            done(*given)
            raise Killed

        broken.setattr(idempotency, "_done", killed)
        with pytest.raises(Killed):
            api.request("POST", "/tokens", NEW, key=KEY)
    again = api.request("POST", "/tokens", NEW, key=KEY)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert made(api) == ["a spreadsheet"]


def test_who_was_taken_over_has_no_effect_any_more(api, monkeypatch):
    """A first attempt that was only slow must not stand beside the one that took over."""
    api.secret("admin", "main")
    create = noun.tokens.create

    def slow(*given: object) -> object:
        monkeypatch.undo()
        result = create(*given)
        with api.gateway.database.write() as db:  # what somebody else did meanwhile
            db.exec_driver_sql("UPDATE idempotency_keys SET at = '2026-11-21 05:00:00.000000'")
        return result

    monkeypatch.setattr(noun.tokens, "create", slow)
    assert api.ask("POST", "/tokens", NEW, key=KEY)[1]["code"] == "request:in-progress"
    assert made(api) == []
