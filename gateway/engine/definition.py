"""What a flow is once its file has been read: typed, frozen, and with every text already cut at its slots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from gateway.core.events import Input, Wait
from gateway.language.keywords import Lexicon
from gateway.language.speech import in_script, vocabulary

if TYPE_CHECKING:
    from gateway.engine.turn import Turn

Texts = Mapping[str, str]  # language -> text
Audience = Literal["anyone", "member", "stranger"]

SILENT = "silence/"  # what the names of silent clips begin with
REPEAT = "repeat"  # a target: the same question again

# What every flow may name in a slot or a condition, whoever calls. `gateway.engine.turn.BUILT_IN` looks them up.
KNOWN_NAMES = frozenset(
    {
        "caller.known",
        "caller.new",
        "caller.shared",
        "member.name",
        "member.number",
        "member.private",
        "member.state",
        "member.trade",
        "member.usual",
        "medium",
        "office.open",
    }
)

# What a conversation may be opened with: the number in a text ("yogdan 500"), the intent that we are not sure of, the text of a
# broadcast.
OPENING_NAMES = frozenset({"texted.number", "doubt.intent", "broadcast.message"})


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
    """What a flow file may know of an action: how it may come out, and the names that it provides to slots and conditions."""

    name: str
    outcomes: frozenset[str]
    provides: frozenset[str]


@dataclass(frozen=True, slots=True)
class Call:
    """A move into another flow, and back when that ends."""

    flow: str


# What a step makes of the conversation: a target (a step, a flow, `repeat`), a call, a place to wait, or None: this flow is over.
Move = str | Call | Wait | None


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


@dataclass(frozen=True, slots=True)
class Flow:
    """One conversation. `changes` says that it does something at once, so that a doubtful word for it is asked about. `hash` names
    this version of it; `source` is the file's text, from which the version can be read again."""

    name: str
    title: Texts
    keywords: tuple[str, ...]
    intents: tuple[str, ...]
    audience: Audience
    private: bool
    changes: bool
    start: str
    steps: Mapping[str, Step]
    hash: str
    source: str


@dataclass(frozen=True, slots=True)
class Defaults:
    """`flows/defaults.yaml`: what every flow shares. `main`, `strangers`, `gate`, `give_up`, `help`, `doubt` and `late` are flows; waits
    are seconds."""

    main: str
    strangers: str
    gate: str
    give_up: str
    help: str
    doubt: str
    late: str
    languages: tuple[str, ...]
    keys: Mapping[str, str]
    retries: int
    first_wait: int
    next_wait: int
    on_silence: tuple[Prompt, ...]
    on_wrong: tuple[Prompt, ...]
    sms_help: Prompt
    sms_rest: Prompt


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All flows, ready to run. `older` holds versions that conversations began with before a flow was changed, by hash; `lexicon` the
    words that open flows by SMS; `middles` the (language, clip) that are recorded for the middle of a phrase too."""

    flows: Mapping[str, Flow]
    defaults: Defaults
    phrases: Mapping[str, Texts]
    older: Mapping[str, Flow]
    lexicon: Lexicon
    middles: AbstractSet[tuple[str, str]] = frozenset()

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
            for clip, after in zip(clips, following, strict=True)
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

    def clips(self) -> Iterator[tuple[str, str, str]]:
        """Every clip that must exist, once: its language, its name below the language's folder, the words it speaks."""
        wanted: dict[tuple[str, str], str] = {}
        for language in self.languages:
            for name, texts in self.phrases.items():
                wanted[language, f"phrase/{name}"] = texts[language]
            for clip, word in vocabulary(language).items():
                wanted[language, clip] = word
        for prompt in self.prompts():
            for language, pieces in prompt.pieces.items():
                for piece in pieces:
                    if isinstance(piece, Fragment) and piece.clip:
                        wanted.setdefault((language, piece.clip), piece.text.strip())
        for (language, clip), text in wanted.items():
            yield language, clip, text
