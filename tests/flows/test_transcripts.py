"""Plays the conversations in `transcripts/`: what a caller does, and everything that she hears, word for word.

A file holds several conversations. Each names its `caller` (of `fakes.line.CALLERS`) and, where they differ from a call in English that
begins at the beginning, `medium`, `language`, `flow`, `values` it opens with, what actions `found`, and `office: open`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from fakes.line import Line, caller

from gateway.core.events import (
    CallTransferred,
    DigitsPressed,
    MessageReceived,
    PromptSpoken,
    RecordingMade,
    SilenceHeard,
    TextPromised,
    TransferEnded,
)

FOLDER = Path(__file__).parent / "transcripts"
KEYS = {"conversation", "caller", "medium", "language", "flow", "values", "found", "office", "script"}
DOES = {
    "presses": DigitsPressed,
    "waits": lambda _: SilenceHeard(),
    "texts": MessageReceived,
    "speaks": lambda seconds: RecordingMade("RE1", int(seconds)),
    "talks": lambda answered: TransferEnded(answered=answered == "yes"),
}


def conversations():
    return [
        pytest.param(document, id=f"{path.stem}: {document['conversation']}")
        for path in sorted(FOLDER.glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


def told(facts):
    """What reached her, as lines of a transcript."""
    for fact in facts:
        if isinstance(fact, PromptSpoken) and fact.text:
            yield {"hears": fact.text}
        elif isinstance(fact, TextPromised):
            yield {"is promised": fact.text}
        elif isinstance(fact, CallTransferred):
            yield {"is put through": "to a person"}


@pytest.mark.parametrize("conversation", conversations())
def test_a_conversation_goes_as_written(catalogue, conversation):
    assert conversation.keys() <= KEYS
    line = Line(
        catalogue,
        caller(conversation["caller"], conversation.get("language", "en")),
        conversation.get("medium", "voice"),
        conversation.get("found", {}),
        office_open=conversation.get("office") == "open",
    )
    line.open(conversation.get("flow"), conversation.get("values"))
    played = list(told(line.facts))
    for entry in conversation["script"]:
        [(verb, what)] = entry.items()
        if verb in DOES:
            assert line.wait is not None, f"the conversation was over before she could do this: {entry}"
            line.hear(DOES[verb](str(what)))
            played += [entry, *told(line.facts)]
    if line.wait is None:
        played.append({"ends": None})
    assert played == conversation["script"]


def test_every_flow_has_a_transcript(catalogue):
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(catalogue.flows)
