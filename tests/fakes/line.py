"""A telephone line into the shipped flows: the real engine, with actions that answer what a test tells them to."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gateway.core.events import (
    CallTransferred,
    Fact,
    Input,
    LanguageChosen,
    Medium,
    PinAccepted,
    PromptSpoken,
    TextPromised,
    Wait,
)
from gateway.engine import interpreter
from gateway.engine.definition import Catalogue
from gateway.engine.interpreter import ActionCall, ActionResult, Caller, MemberView, Opening, Setting, Sprint
from gateway.language.speech import plain_language
from gateway.services.actions import SPECS

Answers = Mapping[str, list[object]]  # action -> its outcome, then the values that it finds where there are any

SITA = MemberView("sita", "1042", "ne", private=False, has_pin=True, usual_instalment=30000, state="active", trade="sewing")
RAMA = replace(SITA, id="rama", number="1043")
CALLERS = {
    "member": ((SITA,), False),
    "member without usual instalment": ((replace(SITA, usual_instalment=None),), False),
    "private member": ((replace(SITA, private=True),), False),
    "shared phone": ((SITA, RAMA), False),
    "stranger": ((), False),
    "first call": ((), True),
}

# What actions find where a test says nothing else.
USUAL: Answers = {
    "latest_claim": ["approved", {"claim.number": "1042", "claim.amount": 500000}],
    "another_claim": ["review", {"claim.number": "1043", "claim.days": 3}],
    "claim_news": ["none"],
    "contribution_balance": [
        "some",
        {"contribution.total": 120000, "contribution.month": "2083-07", "contribution.this_month": "2083-08", "contribution.usual": 30000},
    ],
    "texted_amount": ["none"],
    "usual_amount": ["done", {"amount": 30000}],
    "note_contribution": ["noted", {"contribution.reference": "481526379", "contribution.amount": 30000}],
    "note_contribution_again": ["noted", {"contribution.reference": "481526387", "contribution.amount": 30000}],
    "next_notice": [
        "found",
        {
            "notice.id": "n1",
            "notice.kind_phrase": "meeting_word",
            "notice.date": "2026-11-26T08:00+05:45",
            "notice.place": "ward_office",
        },
    ],
    "rights_news": ["found", {"news.phrase": "news_c177"}],
    "call_back": ["no"],
    "verify_pin": ["ok"],
    "verify_pin_code": ["ok"],
    "take_new_pin": ["taken"],
    "set_new_pin": ["set"],
}


def caller(kind: str, language: str) -> Caller:
    """One of `CALLERS`; `ne_latn` for one who is written to in Latin letters."""
    members, new = CALLERS[kind]
    only = members[0] if len(members) == 1 else None
    plain = plain_language(language)
    return Caller(7, "org", only, () if only else members, plain, new, romanised=plain != language)


@dataclass
class Line:
    """A call or a conversation by SMS. `found` overrides what actions find; an action may be given several answers, for each time."""

    catalogue: Catalogue
    who: Caller
    medium: Medium = "voice"
    found: Answers = field(default_factory=dict)
    office_open: bool = False
    sprint: Sprint | None = None
    asked: list[str] = field(default_factory=list)

    def open(self, flow: str | None = None, values: Mapping[str, object] | None = None) -> Sprint:
        opening = Opening("s1", self.medium, values or {})
        flow = flow or self.catalogue.defaults.main
        self.sprint = interpreter.start(self.catalogue, flow, opening, self.who, self._setting())
        return self.sprint

    def hear(self, event: Input) -> Sprint:
        assert self.sprint is not None
        self.sprint = interpreter.resume(self.catalogue, self.sprint.session, event, self.who, self._setting())
        return self.sprint

    @property
    def facts(self) -> tuple[Fact, ...]:
        assert self.sprint is not None
        return self.sprint.facts

    @property
    def prompts(self) -> list[PromptSpoken]:
        return [fact for fact in self.facts if isinstance(fact, PromptSpoken)]

    @property
    def message(self) -> str:
        """What one SMS of this answer says."""
        return "\n".join(prompt.text for prompt in self.prompts if prompt.text)

    @property
    def promised(self) -> list[str]:
        return [fact.text for fact in self.facts if isinstance(fact, TextPromised)]

    @property
    def transferred(self) -> bool:
        return any(isinstance(fact, CallTransferred) for fact in self.facts)

    @property
    def wait(self) -> Wait | None:
        assert self.sprint is not None
        return self.sprint.wait

    def _setting(self) -> Setting:
        ids = (f"id{number}" for number in itertools.count(1))
        actions = {name: self._action(name) for name in SPECS}
        return Setting(datetime(2026, 11, 21, 6, tzinfo=UTC), lambda: next(ids), actions, self.office_open, "+97714000000")

    def _action(self, name: str):
        def perform(call: ActionCall) -> ActionResult:
            times = self.asked.count(name)
            self.asked.append(name)
            plain = "done" if "done" in SPECS[name].outcomes else min(SPECS[name].outcomes)
            answer = {**USUAL, **self.found}.get(name, [plain])
            if isinstance(answer[0], list):
                answer = answer[min(times, len(answer) - 1)]
            outcome, values = answer[0], answer[1] if len(answer) > 1 else {}
            elsewhere = name == "verify_pin" and outcome == "ok" and not call.caller.meant({})
            return ActionResult(str(outcome), values, _facts(name, outcome, call), SITA if elsewhere else None)

        return perform


def _facts(name: str, outcome: object, call: ActionCall) -> tuple[Fact, ...]:
    if name == "verify_pin" and outcome == "ok":
        return (PinAccepted((*call.caller.meant({}), SITA)[0].id),)
    if name.startswith("choose_"):
        return (LanguageChosen({"choose_nepali": "ne", "choose_maithili": "mai"}.get(name, "en")),)
    return ()
