"""The schema for editors: it is the committed file, takes every flow that we ship, and refuses what `gateway check` refuses."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from gateway.cli import main
from gateway.config import PACKAGE_ROOT
from gateway.engine.loader import NO_FLOWS
from gateway.engine.schema import flow_schema
from gateway.engine.steps import KINDS

FLOWS = [path for path in sorted((PACKAGE_ROOT / "flows").glob("*.yaml")) if path.stem not in NO_FLOWS | {"defaults", "phrases"}]
VALIDATOR = jsonschema.Draft202012Validator(flow_schema())


def problems(document):
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def with_text_keys(value):
    """As an editor sees YAML: numbers are numbers, but every key is a text."""
    if isinstance(value, dict):
        return {str(key): with_text_keys(inner) for key, inner in value.items()}
    return [with_text_keys(inner) for inner in value] if isinstance(value, list) else value


def test_the_committed_schema_is_the_one_that_is_printed():
    printed = CliRunner().invoke(main, ["flows", "schema"]).output
    assert (PACKAGE_ROOT / "docs" / "flow.schema.json").read_text(encoding="utf-8") == printed
    jsonschema.Draft202012Validator.check_schema(json.loads(printed))


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_every_flow_that_we_ship_is_valid(path: Path):
    text = path.read_text(encoding="utf-8")
    assert problems(yaml.load(text, yaml.BaseLoader)) == []  # noqa: S506 - builds texts, lists and mappings alone
    assert problems(with_text_keys(yaml.safe_load(text))) == []


def test_every_kind_of_step_is_in_it():
    assert set(flow_schema()["$defs"]) == {"prompt", *KINDS}


def test_what_a_step_cannot_have_is_refused():
    says = {"say": {"ne": "क", "en": "a"}, "next": "there"}
    flow = {"flow": "story", "title": {"ne": "क", "en": "a"}, "start": "here"}
    assert problems({**flow, "steps": {"here": says}}) == []
    wrong = [
        {**says, "nxt": "there"},
        {"say": "a"},
        {"menu": {"prompt": {}, "keys": {"10": "there"}}},
        {"ask": {"prompt": {}, "name": "a", "kind": "numbr"}, "next": "there"},
        {"branch": [{"when": "a"}]},
        {**says, "retries": 3},
        {"end": {}, "say": {}},
    ]
    for step in wrong:
        assert problems({**flow, "steps": {"here": step}}), step


def test_required_and_optional_keys_are_told_apart():
    ask = flow_schema()["$defs"]["ask"]
    assert ask["required"] == ["next", "ask"] or sorted(ask["required"]) == ["ask", "next"]
    assert sorted(ask["properties"]["ask"]["required"]) == ["kind", "name", "prompt"]
    assert {"choices", "length", "confirm_sms", "min"} <= ask["properties"]["ask"]["properties"].keys()
    assert flow_schema()["$defs"]["say"]["required"] in (["say", "next"], ["next", "say"])
