"""The API held against its own description by schemathesis: what the description allows and what it forbids is answered as it says."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from gateway.services import tokens
from gateway.web import api as web_api

EXAMPLES = 12  # of each route and mode

# What a verb refuses although each field is well formed (an amount of a claim that is not approved) is not in any schema.
LEFT_OUT = [checks.positive_data_acceptance]


@pytest.fixture(scope="module")
def described(twins):
    """The description as the application serves it, with a token of an admin on each request."""
    twins.restore()
    found = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", twins.api.app, base_url="https://gateway.example")
    found.config.update(headers={"Authorization": f"Bearer {twins.api.secret('admin', 'main')}"})
    return found


@pytest.fixture(autouse=True)
def _as_fast_as_it_can(monkeypatch):
    monkeypatch.setattr(tokens, "MOST_A_SECOND", 1_000_000)


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("route", web_api.all_routes(), ids=lambda route: f"{route.method} {route.path}")
def test_every_answer_is_one_that_is_described(described, route, mode: GenerationMode):
    operation = described[web_api.PREFIX + route.path][route.method]

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(mode))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(excluded_checks=LEFT_OUT)

    ask()
