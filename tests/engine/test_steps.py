"""Each kind of step has a fixture `steps/<kind>.yaml`: small flows, what the caller does, and what comes of it, line by line.

The lines are those of `fakes.conversation`; `who`, `medium` and `person_number` may be left out.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from fakes.conversation import CALLERS, PERSON, Conversation, load_story

from gateway.engine.steps import KINDS

FIXTURES = Path(__file__).parent / "steps"


def cases():
    for path in sorted(FIXTURES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield pytest.param(case, id=f"{path.stem}: {case['case']}")


def test_every_kind_of_step_has_a_fixture_and_every_fixture_a_kind():
    assert {path.stem for path in FIXTURES.glob("*.yaml")} == set(KINDS)


@pytest.mark.parametrize("case", list(cases()))
def test_a_step_does_what_its_fixture_says(case, tmp_path):
    catalogue = load_story(tmp_path, case["steps"], **case.get("head", {}))
    conversation = Conversation(catalogue, CALLERS[case.get("who", "member")], case.get("person_number", PERSON))
    assert conversation.play(case.get("events", []), medium=case.get("medium", "voice")) == case["lines"]
