"""What a step sees and may do while the conversation runs from one wait to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from gateway.core.events import (
    AnswerGiven,
    BroadcastAnswered,
    Fact,
    KeysAwaited,
    LanguageChosen,
    Medium,
    PhoneDisowned,
    PinAccepted,
    PromptSpoken,
    RecordingKept,
    SurveyAnswered,
    Wait,
)
from gateway.engine import wording
from gateway.engine.definition import ANSWERED, DELIVERY, LEFT_BY, MEANT, Catalogue, Flow, Prompt, Step
from gateway.engine.session import FlowSession, Frame
from gateway.language import speech


@dataclass(frozen=True, slots=True)
class MemberView:
    """What a conversation may know of a member. `usual_instalment` is paisa.

    `consented`: she agreed herself that her name and number are kept; `welcomed`: she was told her number; `collects`: she is a collector,
    the user `user_id`.
    `invited`: an organiser told her a code with which she may set a PIN; `name_clip` is her recorded name, a clip by its full name.
    """

    id: str
    number: str
    language: str
    private: bool
    has_pin: bool
    usual_instalment: int | None
    state: str
    trade: str | None
    consented: bool = True
    welcomed: bool = True
    collects: bool = False
    user_id: str | None = None
    invited: bool = False
    name_clip: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who may be calling. One member has the phone: `member`. Several share it: `sharing`. A stranger: neither.

    `elsewhere`: the phone is not hers, and `member` has proved in this call that she is calling from it; others will read it.
    `channel_id` is our number that she called. `new` is True in the first call from this phone; `romanised` where she is written to in
    Latin letters.
    """

    phone_id: int | None
    organisation_id: str
    member: MemberView | None
    sharing: tuple[MemberView, ...]
    language: str
    new: bool
    romanised: bool = False
    channel_id: str = ""
    elsewhere: bool = False

    def meant(self, values: Mapping[str, object]) -> tuple[MemberView, ...]:
        """Whom the caller may be: whom she named herself on a shared phone (`whose`), else everybody whose phone it is."""
        if self.member is not None:
            return (self.member,)
        picked = tuple(member for member in self.sharing if member.id == values.get(MEANT))
        return picked or self.sharing


@dataclass(frozen=True, slots=True)
class ActionCall:
    """What an action is given. `member` is who is known to be speaking, on a shared phone only after her PIN.

    `values` are the answers so far and what actions found, and for this sprint alone a PIN that was just asked.
    """

    session: FlowSession
    caller: Caller
    member: MemberView | None
    flow: str
    flow_hash: str
    values: Mapping[str, object]
    now: datetime
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an action came out, what it found (JSON scalars: texts, whole numbers, booleans), and what it decided.

    `member` is who has proved herself on a phone that is not hers: the rest of the call is hers.
    """

    outcome: str
    values: Mapping[str, object] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    member: MemberView | None = None


class Action(Protocol):
    """A named action of Python. It reads and decides; the facts that it returns are written by the commit."""

    def __call__(self, call: ActionCall, /) -> ActionResult: ...


class Actions(Protocol):
    """The actions by their names, all that `load` was given."""

    def __getitem__(self, name: str, /) -> Action: ...


@dataclass(frozen=True, slots=True)
class Setting:
    """The world around a sprint: the clock, fresh ids, the actions, and whether and where a person answers.

    `studio_open`: clips can be recorded by phone.
    """

    now: datetime
    new_id: Callable[[], str]
    actions: Actions
    office_open: bool
    person_number: str
    studio_open: bool = False


@dataclass(slots=True)
class Turn:
    """The conversation while it moves. Steps read it, say and tell things through it; only the interpreter moves it."""

    catalogue: Catalogue
    caller: Caller
    setting: Setting
    session_id: str
    medium: Medium
    language: str
    version: int
    member_id: str | None
    verified: bool
    missed: int
    flow: Flow
    step_name: str
    values: dict[str, object]
    stack: list[Frame]
    secrets: dict[str, str] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    answered: bool = False

    @property
    def by_voice(self) -> bool:
        return self.medium == "voice"

    @property
    def is_stranger(self) -> bool:
        """Whether the phone is no member's."""
        return self.caller.member is None and not self.caller.sharing

    @property
    def step(self) -> Step:
        return self.flow.steps[self.step_name]

    @property
    def member(self) -> MemberView | None:
        """Who is known to be speaking."""
        if self.member_id is not None:
            for member in self.caller.sharing:
                if member.id == self.member_id:
                    return member
        return self.caller.member

    def value(self, name: str) -> object:
        """What a name of a slot or a condition stands for now; None where it has no value."""
        if name in self.values:
            return self.values[name]
        look_up = BUILT_IN.get(name)
        return look_up(self) if look_up else None

    def is_shut(self, target: str) -> bool:
        """Whether a target is a flow that is not there now."""
        flow = None if target in self.flow.steps else self.catalogue.flows.get(target)
        return flow is not None and flow.when is not None and not flow.when.holds(self.value)

    def keep(self, values: Mapping[str, object]) -> None:
        """Keep values under their names, for slots, conditions and actions."""
        self.values.update(values)

    def tell(self, fact: Fact) -> None:
        """Note what happened. A PIN that was accepted, a phone that is nobody's and a language that was chosen take effect at once."""
        self.facts.append(fact)
        if isinstance(fact, PinAccepted):
            self.member_id, self.verified = fact.member_id, True
        elif isinstance(fact, PhoneDisowned):
            self.member_id, self.caller = None, replace(self.caller, member=None, sharing=())
        elif isinstance(fact, LanguageChosen) and fact.language in self.catalogue.languages:
            self.language = fact.language
        elif isinstance(fact, (AnswerGiven, RecordingKept)):
            self.answered = True
            delivery_id = self.values.get(DELIVERY)
            if isinstance(delivery_id, int) and not self.values.get(ANSWERED):
                self.values[ANSWERED] = True
                self.facts.append(BroadcastAnswered(delivery_id))
            if self.flow.survey:
                self.facts.append(self._survey_answer(fact))

    def _survey_answer(self, given: AnswerGiven | RecordingKept) -> SurveyAnswered:
        """The answer with whose it is, as far as she said: on a phone that several share, whom she named without proof."""
        broadcast_id, meant = self.values.get("broadcast.id"), self.values.get(MEANT)
        member_id = self.member.id if self.member else meant if isinstance(meant, str) else None
        by_broadcast = broadcast_id if isinstance(broadcast_id, str) else None
        if isinstance(given, AnswerGiven):
            return SurveyAnswered(given.flow, given.step, given.name, given.value, None, member_id, by_broadcast)
        name = str(getattr(self.step, "name", self.step_name))
        return SurveyAnswered(self.flow.name, self.step_name, name, None, given.recording_id, member_id, by_broadcast)

    def say(self, prompt: Prompt) -> None:
        """Say a prompt: clips and their words on a call, the text by SMS."""
        phrases = self.catalogue.phrases
        if self.by_voice:
            clips, text = wording.speak(prompt, self.language, self.value, phrases)
            clips = self.catalogue.intoned(self.language, clips)
        else:
            clips, text = (), self.written(prompt)
        self.facts.append(PromptSpoken(prompt.name, self.language, clips, text, prompt.interruptible))

    def written(self, prompt: Prompt) -> str:
        """The prompt as a text message, on a call as well."""
        script = speech.in_script(self.language, romanised=self.caller.romanised)
        return wording.write(prompt, script, self.value, self.catalogue.phrases)

    def keys(self, most: int | None) -> KeysAwaited:
        """A wait for keys with the usual patience; more of it at the beginning of somebody's first call."""
        defaults = self.catalogue.defaults
        return KeysAwaited(most, defaults.first_call_wait if self.caller.new else defaults.first_wait, defaults.next_wait)

    def perform(self, action: str) -> ActionResult:
        """Run a named action where the conversation stands now."""
        call = ActionCall(
            session=self.snapshot(),
            caller=self.caller,
            member=self.member,
            flow=self.flow.name,
            flow_hash=self.flow.hash,
            values={**self.values, **self.secrets},
            now=self.setting.now,
            new_id=self.setting.new_id,
        )
        return self.setting.actions[action](call)

    def snapshot(self, wait: Wait | None = None) -> FlowSession:
        """The conversation as it stands, in this wait."""
        here = Frame(self.flow.name, self.flow.hash, self.step_name, self.values)
        return FlowSession(
            id=self.session_id,
            medium=self.medium,
            language=self.language,
            frames=(*self.stack, here),
            version=self.version,
            member_id=self.member_id,
            verified=self.verified,
            missed=self.missed,
            wait=wait,
            answered=self.answered,
        )


def _of_member(attribute: str) -> Callable[[Turn], object]:
    return lambda turn: getattr(turn.member, attribute, None)


# Every name of `definition.KNOWN_NAMES`, and how it is looked up. A test holds the two against each other.
BUILT_IN: Mapping[str, Callable[[Turn], object]] = {
    "call.mine": lambda turn: turn.values.get(LEFT_BY) == turn.member_id,
    "caller.known": lambda turn: turn.caller.member is not None or bool(turn.caller.sharing),
    "caller.new": lambda turn: turn.caller.new,
    "caller.proved": lambda turn: turn.verified,
    "caller.reachable": lambda turn: turn.caller.phone_id is not None,
    "caller.shared": lambda turn: bool(turn.caller.sharing) or turn.caller.elsewhere,
    "member.collects": _of_member("collects"),
    "member.consented": _of_member("consented"),
    "member.number": _of_member("number"),
    "member.pinned": _of_member("has_pin"),
    "member.private": _of_member("private"),
    "member.state": _of_member("state"),
    "member.trade": _of_member("trade"),
    "member.usual": _of_member("usual_instalment"),
    "member.welcomed": _of_member("welcomed"),
    "meant.invited": lambda turn: any(member.invited for member in turn.caller.meant(turn.values)),
    "meant.pin": lambda turn: turn.is_stranger or any(member.has_pin for member in turn.caller.meant(turn.values)),
    "medium": lambda turn: turn.medium,
    "office.open": lambda turn: turn.setting.office_open,
    "organisation.name": lambda turn: wording.phrase_of(turn.caller.organisation_id, turn.catalogue.phrases),
    "studio.open": lambda turn: turn.setting.studio_open,
}
