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
schemathesis.serializer.alias(["audio/wav"], "application/octet-stream")

# What a verb refuses although each field is well formed (an amount of a claim that is not approved) is not in any schema.
# That no route answers without a token is in test_matrix.py; for this check schemathesis takes our token for one that it made up.
LEFT_OUT = [checks.positive_data_acceptance, checks.ignored_auth]


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


def asked() -> list[object]:
    """Every route with what it takes and, where there is anything to get wrong, with what it does not."""
    return [
        pytest.param(route, mode, id=f"{route.method} {route.path} {mode.value}")
        for route in web_api.all_routes()
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or route.body or route.query or route.once or "{" in route.path
    ]


@pytest.mark.parametrize(("route", "mode"), asked())
def test_every_answer_is_one_that_is_described(described, route, mode: GenerationMode):
    operation = described[web_api.PREFIX + route.path][route.method]

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(mode))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(excluded_checks=LEFT_OUT)

    ask()
