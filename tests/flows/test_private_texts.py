"""What is said and sent to a phone that others read: nothing personal before the PIN, nothing sent besides what she asked for."""

from __future__ import annotations

import random
import re

from fakes.line import Line, caller
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import PACKAGE_ROOT
from gateway.core.events import DigitsPressed, KeysAwaited, MessageReceived, PinAccepted, RecordingAwaited, RecordingMade, TransferEnded
from gateway.engine.definition import Slot
from gateway.engine.loader import load
from gateway.services.actions import SPECS

CATALOGUE = load(PACKAGE_ROOT / "flows", SPECS)
OF_OTHERS = ("private member", "shared phone")  # who may be read or heard by others
PERSONAL = ("claim.", "contribution.", "member.")
# Her number opens nothing without her PIN, and who is private is not told it.
KNOWN_TO_ALL = {("welcome", "your_number"), ("welcome", "her_number")}
# What a text before the PIN may not be about: whoever reads it would learn what she has with us.
TOPICS = re.compile(r"दाबी|किस्ता|हिसाब|सदस्य|dabi|kista|hisab|claim|instal|membership|Rs|रु", re.IGNORECASE)
FOUND = {
    "latest_claim": ["approved", {"claim.number": "CANARY", "claim.amount": 76_543_00}],
    "contribution_balance": ["some", {"contribution.total": 76_543_00, "contribution.month": "2083-07", "contribution.usual": 76_543_00}],
    "next_service": [["none"]],
    "verify_pin": [["wrong"], ["wrong"], ["ok"]],
}
SAID = re.compile(r"CANARY|76,543|७६,५४३")
KEYS = [*"0123456789", "4826", "450"]
WORDS = ["dabi", "kista", "yogdan 500", "hisab", "दाबी", "1", "2", "3", "9", "0", "4826", "माया"]


def slots(prompt):
    for pieces in (*prompt.pieces.values(), *prompt.sms.values()):
        yield from (piece.name for piece in pieces if isinstance(piece, Slot))


def test_what_is_personal_stands_in_private_flows_alone():
    for flow in CATALOGUE.flows.values():
        for name, step in flow.steps.items():
            personal = [slot for prompt in step.prompts() for slot in slots(prompt) if slot.startswith(PERSONAL)]
            assert flow.private or not personal or (flow.name, name) in KNOWN_TO_ALL, (flow.name, name, personal)


def test_the_texts_before_the_pin_say_nothing_of_what_she_has_with_us():
    flow = CATALOGUE.flows[CATALOGUE.defaults.gate]
    texts = [text for step in flow.steps.values() for prompt in step.prompts() for text in prompt.sms.values()]
    assert texts
    for text in texts:
        assert not TOPICS.search("".join(piece for piece in text if isinstance(piece, str))), text


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_she_does_nothing_is_told_before_her_pin_and_nothing_is_sent_afterwards(seed):
    chance = random.Random(seed)
    medium = chance.choice(["voice", "sms"])
    line = Line(CATALOGUE, caller(chance.choice(OF_OTHERS), chance.choice(["ne", "ne_latn", "en"])), medium, FOUND, chance.random() < 0.5)
    line.open(chance.choice(["main_menu", "claim_status", "contribution", "pin", "register"]))
    proved = False
    for _ in range(20):
        proved = proved or any(isinstance(fact, PinAccepted) for fact in line.facts)
        said = " ".join(prompt.text for prompt in line.prompts)
        assert proved or not SAID.search(said), said
        assert line.promised == []
        if line.wait is None:
            return
        line.hear(event(line.wait, medium, chance))


def event(wait, medium, chance):
    if medium == "sms":
        return MessageReceived(chance.choice(WORDS))
    if isinstance(wait, KeysAwaited):
        return DigitsPressed(chance.choice(KEYS))
    if isinstance(wait, RecordingAwaited):
        return RecordingMade("RE1", 3)
    return TransferEnded(answered=False)
