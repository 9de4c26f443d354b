"""However a call goes, it never ends in silence."""

from __future__ import annotations

import random

from fakes.line import CALLERS, Line, caller
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import PACKAGE_ROOT
from gateway.core.events import DigitsPressed, KeysAwaited, PromptSpoken, RecordingAwaited, RecordingMade, SilenceHeard, TransferEnded
from gateway.engine.loader import load
from gateway.services.actions import SPECS

CATALOGUE = load(PACKAGE_ROOT / "flows", SPECS)
KEYS = [*"0123456789", "#", "*", "4826", "450"]
FOUND = {
    "latest_claim": ["none", "received", "paper_missing", "review", "approved", "paid", "refused"],
    "another_claim": ["received", "paper_missing", "review", "approved", "paid", "refused"],
    "claim_news": ["none", "hidden", "told"],
    "contribution_balance": ["some", "none"],
    "note_contribution": ["noted", "already"],
    "next_notice": ["found", "none"],
    "rights_news": ["found", "none"],
    "next_service": ["found", "none"],
    "verify_pin": ["ok", "wrong", "locked", "none"],
    "register_member": ["done", "already"],
}


def event(wait, chance):
    if chance.random() < 0.25:
        return TransferEnded(answered=False) if not isinstance(wait, (KeysAwaited, RecordingAwaited)) else SilenceHeard()
    if isinstance(wait, KeysAwaited):
        return DigitsPressed(chance.choice(KEYS))
    if isinstance(wait, RecordingAwaited):
        return RecordingMade("RE1", chance.randrange(3), chance.choice(["", "1", "0", "8"]))
    return TransferEnded(answered=True)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_no_call_ends_in_silence(seed):
    chance = random.Random(seed)
    found = {action: [chance.choice(outcomes)] for action, outcomes in FOUND.items()}
    line = Line(CATALOGUE, caller(chance.choice(sorted(CALLERS)), chance.choice(["ne", "en"])), "voice", found, chance.random() < 0.5)
    line.open()
    for _ in range(25):
        assert any(isinstance(fact, PromptSpoken) for fact in line.facts), (line.facts, seed)
        if line.wait is None:
            return
        line.hear(event(line.wait, chance))


def test_nothing_but_silence_ends_every_call_kindly():
    for kind in CALLERS:
        line = Line(CATALOGUE, caller(kind, "ne"))
        line.open()
        for _ in range(3):
            line.hear(SilenceHeard())
        assert line.wait is None
        assert "फोन गर्छौँ" in line.prompts[-1].text
        assert line.asked[-1] == "open_call_back"
