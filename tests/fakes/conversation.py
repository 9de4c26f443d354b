"""A small organisation of flows to play conversations in, and their facts as lines that people can read.

Every event is played twice, on the sprint's own session and on that session written as JSON and read again; both must come out alike.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.core.events import (
    AnswerGiven,
    AnswerMissed,
    BroadcastAnswered,
    CallTransferred,
    ConversationEnded,
    DigitsPressed,
    Fact,
    Input,
    KeysAwaited,
    LanguageChosen,
    Medium,
    MessageReceived,
    PinAccepted,
    PromptSpoken,
    RecordingAwaited,
    RecordingKept,
    RecordingMade,
    SilenceHeard,
    StepEntered,
    TextPromised,
    TransferEnded,
    Wait,
)
from gateway.engine import interpreter, loader
from gateway.engine.definition import ActionSpec, Catalogue
from gateway.engine.interpreter import ActionCall, ActionResult, Caller, MemberView, Opening, Setting, Sprint
from gateway.engine.session import FlowSession

NOW = datetime(2026, 11, 21, 4, 15, tzinfo=UTC)  # 5 Mangsir 2083, ten in the morning in Nepal
PERSON = "+97714000000"

DEFAULTS = """\
main: main_menu
strangers: register
gate: pin
give_up: give_up
languages: [ne, en]
keys: {0: person, 8: repeat, 9: main_menu}
on_silence:
  - {ne: "केही सुनिएन।", en: "We heard nothing."}
  - {ne: "बिस्तारै।", en: "No hurry."}
on_wrong:
  - {ne: "त्यहाँ केही छैन।", en: "Nothing is on that key."}
  - {ne: "फेरि सुन्नुहोस्।", en: "Listen again."}
sms_help: {ne: "बुझिएन।", en: "We did not understand."}
"""

PHRASES = """\
phrases:
  organisation: {ne: "हाम्रो संस्था", en: "our organisation"}
  hospital_bill: {ne: "अस्पतालको बिल", en: "the hospital bill"}
"""


def _flow(name: str, head: str, steps: str) -> str:
    return f"flow: {name}\ntitle: {{ne: {name}, en: {name}}}\n{head}steps:\n{steps}"


def _says(step: str, words: str) -> str:
    return f'  {step}: {{end: {{ne: "{words}", en: "{words}"}}}}\n'


FLOWS = {
    "main_menu": _flow(
        "main_menu",
        "start: options\n",
        '  options: {menu: {prompt: {ne: "एक", en: "One."}, keys: {1: money, 2: give_up}}}\n',
    ),
    "register": _flow("register", "for: stranger\nstart: hello\n", _says("hello", "Welcome.")),
    "give_up": _flow("give_up", "start: bye\n", _says("bye", "We will call you.")),
    "person": _flow("person", "start: there\n", _says("there", "A person.")),
    "money": _flow("money", "for: member\nprivate: yes\nstart: secret\n", _says("secret", "Private.")),
    "pin": _flow(
        "pin",
        "start: ask\n",
        '  ask: {ask: {prompt: {ne: "गोप्य?", en: "PIN?"}, kind: pin, name: pin, length: 4}, next: check}\n'
        "  check: {do: verify_pin, next: {ok: back, wrong: ask, locked: give_up}}\n"
        "  back: {end: {}}\n",
    ),
}

SPECS = {
    spec.name: spec
    for spec in (
        ActionSpec("latest_claim", frozenset({"none", "paid"}), frozenset({"claim.amount", "claim.paid_on", "claim.paper"})),
        ActionSpec("verify_pin", frozenset({"ok", "wrong", "locked"}), frozenset()),
        ActionSpec("choose_nepali", frozenset({"done"}), frozenset()),
    )
}

SITA = MemberView("sita", "1001", "en", private=False, has_pin=False, usual_instalment=30_000, state="active", trade="sewing")
MAYA = replace(SITA, id="maya", number="1002", private=True, has_pin=True)
GITA = replace(SITA, id="gita", number="1003", has_pin=True)

CALLERS = {
    "member": Caller(1, "org", SITA, (), "en", new=False),
    "private": Caller(2, "org", MAYA, (), "en", new=False),
    "shared": Caller(3, "org", None, (SITA, GITA), "en", new=False),
    "named": Caller(3, "org", None, (replace(SITA, name_clip="/names/s1"), replace(GITA, name_clip="/names/g2")), "en", new=False),
    "stranger": Caller(4, "org", None, (), "en", new=True),
}


def latest_claim(call: ActionCall) -> ActionResult:
    if call.member is not None and call.member.number == "1001":
        return ActionResult("paid", {"claim.amount": 500_000, "claim.paid_on": "2026-11-21", "claim.paper": "hospital_bill"})
    return ActionResult("none")


def verify_pin(call: ActionCall) -> ActionResult:
    pins = {"4826": "maya", "0123": "gita"}
    pin = call.values.get("pin")
    member = pins.get(pin) if isinstance(pin, str) else None
    return ActionResult("ok", facts=(PinAccepted(member),)) if member else ActionResult("wrong")


def choose_nepali(_call: ActionCall) -> ActionResult:
    return ActionResult("done", facts=(LanguageChosen("ne"),))


ACTIONS = {"latest_claim": latest_claim, "verify_pin": verify_pin, "choose_nepali": choose_nepali}


def write_flows(folder: Path, flows: Mapping[str, str]) -> Path:
    """A folder `flows` with the defaults, the phrases, the flows of this module and others."""
    target = folder / "flows"
    target.mkdir()
    for name, text in {"defaults": DEFAULTS, "phrases": PHRASES, **FLOWS, **flows}.items():
        (target / f"{name}.yaml").write_text(text, encoding="utf-8")
    return target


def load_flows(folder: Path, **flows: str) -> Catalogue:
    return loader.load(write_flows(folder, flows), SPECS)


def load_story(folder: Path, steps: Mapping[str, object], **head: object) -> Catalogue:
    """The catalogue with one more flow, `story`, that starts at the first of these steps."""
    story = {"flow": "story", "title": {"ne": "कथा", "en": "story"}, "start": next(iter(steps)), **head, "steps": steps}
    return load_flows(folder, story=json.dumps(story, ensure_ascii=False))  # JSON is YAML, and has no anchors


@dataclass(frozen=True)
class Conversation:
    """A conversation that can be played event by event."""

    catalogue: Catalogue
    caller: Caller = CALLERS["member"]
    person_number: str = PERSON

    @property
    def setting(self) -> Setting:
        """A clock that stands, and ids that count from 1 in each sprint."""
        counter = itertools.count(1)
        return Setting(NOW, lambda: f"id-{next(counter)}", ACTIONS, office_open=True, person_number=self.person_number)

    def start(self, flow: str = "story", medium: Medium = "voice", then: tuple[str, ...] = (), **values: object) -> Sprint:
        opening = Opening("session", medium, {name.replace("__", "."): value for name, value in values.items()}, then)
        return interpreter.start(self.catalogue, flow, opening, self.caller, self.setting)

    def resume(self, sprint: Sprint, event: Input) -> Sprint:
        """Go on from a sprint, once in memory and once through JSON: the same sprint."""
        direct = interpreter.resume(self.catalogue, sprint.session, event, self.caller, self.setting)
        read_again = FlowSession.from_json(sprint.session.to_json())
        assert read_again == sprint.session
        assert interpreter.resume(self.catalogue, read_again, event, self.caller, self.setting) == direct
        return direct

    def play(self, events: Iterable[str], flow: str = "story", medium: Medium = "voice") -> list[str]:
        """The lines of a whole conversation: `> press 1` for what she does, then what comes of it."""
        sprint = self.start(flow, medium)
        lines = lines_of(sprint)
        for event in events:
            assert sprint.wait is not None, f"the conversation was over before {event!r}"
            sprint = self.resume(sprint, event_of(event))
            lines += [f"> {event}", *lines_of(sprint)]
        return lines


def event_of(words: str) -> Input:
    """`press 12`, `silence`, `text yes`, `record 5` (seconds), `transfer answered`."""
    verb, _, rest = words.partition(" ")
    if verb == "press":
        return DigitsPressed(rest)
    if verb == "text":
        return MessageReceived(rest)
    if verb == "record":
        return RecordingMade("RE1", int(rest))
    if verb == "transfer":
        return TransferEnded(rest == "answered")
    assert words == "silence", words
    return SilenceHeard()


def lines_of(sprint: Sprint) -> list[str]:
    lines = [line for fact in sprint.facts if (line := line_of(fact))]
    return lines if sprint.wait is None else [*lines, wait_of(sprint.wait)]


def line_of(fact: Fact) -> str:
    """A fact as a line; steps that were entered go without saying."""
    if isinstance(fact, PromptSpoken):
        clips = f" [{' '.join(fact.clips)}]" if fact.clips else ""
        return f"says{'' if fact.interruptible else ' to the end'}: {fact.text}{clips}"
    return LINES[type(fact)].format(fact=fact)


LINES: Mapping[type[Fact], str] = {
    StepEntered: "",
    AnswerGiven: "answer: {fact.name} = {fact.value}",
    AnswerMissed: "missed: {fact.reason}",
    BroadcastAnswered: "answers broadcast {fact.delivery_id}",
    TextPromised: "will text: {fact.text}",
    RecordingKept: "keeps recording {fact.recording_id} of {fact.seconds} seconds",
    CallTransferred: "puts through to {fact.number}",
    PinAccepted: "knows her as {fact.member_id}",
    LanguageChosen: "speaks {fact.language}",
    ConversationEnded: "over",
}


def wait_of(wait: Wait) -> str:
    match wait:
        case KeysAwaited(most=None):
            return "waits for keys"
        case KeysAwaited():
            return f"waits for {wait.most} key{'s' if wait.most != 1 else ''}"
        case RecordingAwaited():
            return f"records at most {wait.longest} seconds"
        case _:
            return "waits for the transfer"
