"""What a flow is once its file has been read: typed, frozen, and with every text already cut at its slots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from gateway.core.events import Input, Wait
from gateway.engine.document import Node
from gateway.engine.expressions import Condition
from gateway.errors import GatewayError
from gateway.language.keywords import Lexicon
from gateway.language.speech import in_script, vocabulary

if TYPE_CHECKING:
    from gateway.engine.turn import Turn

Texts = Mapping[str, str]  # language -> text
Audience = Literal["anyone", "member", "stranger"]

SILENT = "/silence/"  # what the names of silent clips begin with
REPEAT = "repeat"  # a target: the same question again

# What every flow may name in a slot or a condition, whoever calls. `gateway.engine.turn.BUILT_IN` looks them up.
KNOWN_NAMES = frozenset(
    {
        "call.mine",
        "caller.known",
        "caller.new",
        "caller.proved",
        "caller.reachable",
        "caller.shared",
        "member.collects",
        "member.consented",
        "member.number",
        "member.pinned",
        "member.private",
        "member.state",
        "member.trade",
        "member.usual",
        "member.welcomed",
        "meant.invited",
        "meant.pin",
        "medium",
        "office.open",
        "organisation.name",
        "studio.open",
    }
)

# What the offer to go on with a call that broke off knows of that call: who was speaking, and whether she had given her PIN.
LEFT_BY, LEFT_PROVED = "call.member", "call.proved"

# Whom of those who share a phone the caller said she is, before she has proved it; what a `whose` step says of each of them.
MEANT, NAMED, ITS_KEY = "whose.member", "whose.name", "whose.key"

# The delivery of a broadcast by which this conversation came about, and whether it was told already that she answered it.
DELIVERY, ANSWERED = "broadcast.delivery", "broadcast.answered"

# What a conversation may be opened with: the number in a text ("yogdan 500"), the intent that we are not sure of, what a broadcast says
# and to whom, a call that broke off.
OPENING_NAMES = frozenset(
    {
        "texted.number",
        "texted.amount",
        "texted.pairs",
        "doubt.intent",
        "broadcast.id",
        "broadcast.about",
        "broadcast.names",
        "broadcast.message",
        "broadcast.saying",
        "broadcast.flow",
        "broadcast.missed",
        DELIVERY,
        LEFT_PROVED,
    }
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a text that is filled when it is said: `{claim.amount:money}`."""

    name: str
    format: str


@dataclass(frozen=True, slots=True)
class Fragment:
    """Words between slots, and the clip that speaks them; clip "" where there is nothing to speak but punctuation."""

    text: str
    clip: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is said at one place, in every language: `pieces` by voice, `sms` as text.

    `name` is the stem of its clips: `claim_status/paid`, `main_menu/options.more`, `defaults/silence1`. A prompt that is never spoken
    has no pieces.
    """

    name: str
    pieces: Mapping[str, tuple[Fragment | Slot, ...]]
    sms: Mapping[str, tuple[str | Slot, ...]]
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What a flow file may know of an action: how it may come out, and the names that it provides to slots and conditions.

    `of_member` actions are about a member's own affairs: only a flow `for: member` may do them.
    """

    name: str
    outcomes: frozenset[str]
    provides: frozenset[str]
    of_member: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A move into another flow, and back when that ends."""

    flow: str


# What a step makes of the conversation: a target (a step, a flow, `repeat`), a call, a place to wait, or None: this flow is over.
Move = str | Call | Wait | None


@dataclass(frozen=True, slots=True)
class Way:
    """A way on from a step. `label` says when it is taken: a key, an outcome, a condition; "" where it is the only one."""

    label: str
    target: str


class Step(ABC):
    """One kind of step. `kind` is its key in the file, its fixture's name and its heading in the docs.

    `listens` is True where no caller can pass without doing something; every loop must hold such a step.
    """

    __slots__ = ()

    kind: ClassVar[str]
    listens: ClassVar[bool] = False

    @abstractmethod
    def enter(self, turn: Turn) -> Move:
        """The conversation reaches the step."""

    def answer(self, turn: Turn, event: Input) -> Move:  # noqa: ARG002 - the kinds that wait look at it
        """Something happened while the step was waiting. A kind that never waits is passed again."""
        return self.enter(turn)

    def prompts(self) -> Iterator[Prompt]:
        """Everything that the step may say."""
        return iter(())

    def ways(self) -> Iterator[Way]:
        """Every way on from here, in the order of the file."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Flow:
    """One conversation. `changes` says that it does something at once, so that a doubtful word for it is asked about, `survey` that its
    answers are kept. `hash` names this version of it; `source` is the file's text, from which the version can be read again.

    Where `when` does not hold the flow is not there: a key that leads to it is a wrong key.
    """

    name: str
    title: Texts
    keywords: tuple[str, ...]
    intents: tuple[str, ...]
    audience: Audience
    private: bool
    when: Condition | None
    changes: bool
    survey: bool
    start: str
    steps: Mapping[str, Step]
    hash: str
    source: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is counted of a lesson, which runs as the flow of its name: `lessons/NAME.yaml`."""

    name: str
    title: Texts
    chapters: int


@dataclass(frozen=True, slots=True)
class Defaults:
    """`flows/defaults.yaml`: what every flow shares. `main`, `strangers`, `gate`, `give_up`, `help`, `doubt`, `late`, `resume` are flows;
    waits are seconds.

    Without `resume` (an empty text) nobody is asked whether to go on with a call that broke off.
    `languages` are those that callers are offered; `drafts` are still being written, and no caller hears them.
    """

    main: str
    strangers: str
    gate: str
    give_up: str
    help: str
    doubt: str
    late: str
    resume: str
    languages: tuple[str, ...]
    keys: Mapping[str, str]
    drafts: tuple[str, ...]
    retries: int
    first_wait: int
    first_call_wait: int
    next_wait: int
    on_silence: tuple[Prompt, ...]
    on_wrong: tuple[Prompt, ...]
    sms_help: Prompt
    sms_rest: Prompt


@dataclass(frozen=True, slots=True)
class Translation:
    """`flows/translations/LANGUAGE.yaml`: the texts of a language that do not stand in the flow files, by the names of their prompts."""

    language: str
    phrases: Mapping[str, Node]
    prompts: Mapping[str, Node]

    def wording(self, prompt: str, kind: str) -> Node | None:
        """The text of a prompt: `say` by voice, `sms` as a message where the flow has another wording for it."""
        node = self.prompts.get(prompt)
        if node is None or isinstance(node.value, str):
            return node if kind == "say" else None
        return node.value.get(kind) if isinstance(node.value, dict) else None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All flows, ready to run. `older` holds versions that conversations began with before a flow was changed, by hash; `lexicon` the
    words that open flows by SMS; `middles` the (language, clip) that are recorded for the middle of a phrase too; `warnings` what is odd
    in the files and harms nobody; `lessons` are in the order in which they are offered."""

    flows: Mapping[str, Flow]
    defaults: Defaults
    phrases: Mapping[str, Texts]
    older: Mapping[str, Flow]
    lexicon: Lexicon
    translations: Mapping[str, Translation] = field(default_factory=dict)
    lessons: Mapping[str, Lesson] = field(default_factory=dict)
    middles: AbstractSet[tuple[str, str]] = frozenset()
    warnings: tuple[GatewayError, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        return self.defaults.languages

    def keeping(self, older: Mapping[str, Flow]) -> Catalogue:
        """The same catalogue with other older versions."""
        return replace(self, older=older)

    def intoned(self, language: str, clips: Sequence[str]) -> tuple[str, ...]:
        """The clips of a prompt, each but those at an end (of the prompt, before a breath) as it sounds in the middle of a phrase."""
        following = (*clips[1:], SILENT)
        return tuple(
            f"{clip}.mid" if (language, clip) in self.middles and not after.startswith(SILENT) else clip
            for clip, after in zip(clips, following, strict=False)  # of nothing there is no end either
        )

    def flow_of_intent(self, intent: str) -> str | None:
        """The flow that a word of this intent opens; a flow with keywords and no intent is its own."""
        for flow in self.flows.values():
            if intent in flow.intents or (intent == flow.name and not flow.intents):
                return flow.name
        return None

    def version(self, name: str, pinned: str) -> Flow | None:
        """The flow as it was when a conversation entered it, or None where that version is not kept."""
        flow = self.flows.get(name)
        return flow if flow is not None and flow.hash == pinned else self.older.get(pinned)

    def phrase(self, name: str, language: str, *, romanised: bool) -> str:
        """A phrase as it is written, in the script that she reads."""
        texts = self.phrases[name]
        return texts.get(in_script(language, romanised=romanised)) or texts[language]

    def prompts(self) -> Iterator[Prompt]:
        """Every prompt of the defaults and the flows, once."""
        shared = (*self.defaults.on_silence, *self.defaults.on_wrong, self.defaults.sms_help)
        named = {prompt.name: prompt for prompt in shared}
        for flow in self.flows.values():
            named.update((prompt.name, prompt) for step in flow.steps.values() for prompt in step.prompts())
        yield from named.values()

    def missing_texts(self, language: str) -> list[str]:
        """The prompts and phrases that a draft has no text for yet, by name."""
        prompts = [prompt for prompt in self.prompts() if language not in (prompt.pieces or prompt.sms) or language not in prompt.sms]
        return [f"phrases: {name}" for name, texts in self.phrases.items() if language not in texts] + [prompt.name for prompt in prompts]

    def clips(self, *, drafts: bool = False) -> Iterator[tuple[str, str, str]]:
        """Every clip that must exist, once: its language, its name below the language's folder, the words it speaks.

        With `drafts` those of the languages as well that callers are not offered yet.
        """
        wanted: dict[tuple[str, str], str] = {}
        languages = (*self.languages, *(self.defaults.drafts if drafts else ()))
        for language in languages:
            for name, texts in self.phrases.items():
                if language in texts:
                    wanted[language, f"phrase/{name}"] = texts[language]
            for clip, word in vocabulary(language).items():
                wanted[language, clip] = word
        for prompt in self.prompts():
            for language in languages:
                for piece in prompt.pieces.get(language, ()):
                    if isinstance(piece, Fragment) and piece.clip:
                        wanted.setdefault((language, piece.clip), piece.text.strip())
        for (language, clip), text in wanted.items():
            yield language, clip, text
