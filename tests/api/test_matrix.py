"""Every route, every role, own records and others': the one table `matrix.tsv` says what is answered."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from fakes.api_requests import PARTS, request

from gateway.core.roles import Permission
from gateway.services import tokens
from gateway.web import api as web_api
from gateway.web.api.routes import Anybody
from gateway.web.app import create_api

TABLE = list(csv.DictReader((Path(__file__).parent / "matrix.tsv").open(encoding="utf-8"), delimiter="\t"))
ROLES = ("admin", "organiser", "collector", "reader")
EVERY = pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['method']} {row['path']}")


@pytest.fixture(autouse=True)
def _as_fast_as_it_can(monkeypatch):
    monkeypatch.setattr(tokens, "MOST_A_SECOND", 1_000_000)


def answered(twins, row, role: str, whose: str) -> tuple[int, str]:
    """The status of a route's answer to a role, about `own` or `other` records of the organisation or about `theirs`."""
    world = twins.theirs if whose == "theirs" else twins.ours
    asked = request(row["method"], row["path"], world, "other" if whose == "other group" else "own")
    response = twins.api.request(asked.method, asked.path, asked.body, by=role, **asked.more)
    return response.status_code, response.get_data().decode(errors="replace")


def test_the_table_has_every_route_and_no_other(twins):
    served = {
        (method, rule.rule.removeprefix(web_api.PREFIX).replace("<", "{").replace(">", "}"))
        for rule in create_api(twins.api.gateway).url_map.iter_rules()
        if rule.rule.startswith("/api")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    public = {("GET", path) for path in web_api.PUBLIC}
    assert {(row["method"], row["path"]) for row in TABLE} == served - public
    assert public <= served


def test_every_route_says_who_may_take_it():
    for route in web_api.all_routes():
        assert isinstance(route.permission, (Permission, Anybody)), route.path
        assert route.summary, f"{route.method} {route.path} has no sentence"


@EVERY
def test_each_role_gets_what_the_table_says(twins, row):
    expected = {role: int(row[role]) for role in ROLES}
    got = {}
    for role in ROLES:
        twins.restore()
        got[role] = answered(twins, row, role, "own")
    assert {role: status for role, (status, _) in got.items()} == expected, got


@EVERY
def test_what_is_anothers_is_as_if_it_were_not_there(twins, row):
    """An admin with an id of another organisation; a collector with one of another group. Nothing has an effect."""
    has_id = any(f"{{{part}}}" in row["path"] for part in PARTS) or row["path"] in {"/claims", "/contributions"}
    twins.restore()
    for whose, role in (("theirs", "admin"), ("other group", "collector")):
        if row[whose] == "-":
            assert not has_id or row["method"] == "GET", f"{row['path']} has an id"
            continue
        status, text = answered(twins, row, role, whose)
        assert status == int(row[whose]), (whose, text)
        assert not [mark for mark in twins.theirs.marks if mark in text]


@EVERY
def test_without_a_token_nothing_is_answered(twins, row):
    asked = request(row["method"], row["path"], twins.ours)
    response = twins.api.client.open(f"/api/v1{asked.path}", method=asked.method, json=asked.body, base_url="https://gateway.example")
    assert response.status_code == 401


@EVERY
def test_nothing_of_the_others_is_in_any_answer(twins, row):
    """Both organisations have the same people; whoever asks for ours finds nothing by which theirs are known."""
    twins.restore()
    for role in ROLES:
        _, text = answered(twins, row, role, "own")
        assert not [mark for mark in twins.theirs.all_marks() if mark in text], role
