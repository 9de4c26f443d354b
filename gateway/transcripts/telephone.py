"""A telephone without a network: what is said comes as facts, words and clips instead of TwiML.

It takes the place of the installation's provider, so that everything else, the database above all, is the real thing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, cast

from gateway.audio.catalogue import ClipCatalogue
from gateway.core.events import CallTransferred, Fact, KeysAwaited, PromptSpoken, RecordingAwaited, TaskOpened, TransferAwaited, Wait
from gateway.providers.base import AnswerContext, Inbound, Providers
from gateway.services import receive

if TYPE_CHECKING:
    from gateway.core.events import Input, Medium
    from gateway.core.jobs import Job
    from gateway.providers.base import Provider
    from gateway.services.context import Gateway


@dataclass(frozen=True, slots=True)
class Said:
    """One prompt as the caller hears it; `prompt` is its name, `clips` those of `language` in their order."""

    prompt: str
    language: str
    clips: tuple[str, ...]
    text: str
    interruptible: bool

    def seconds(self, clips: ClipCatalogue) -> float:
        return clips.prompt_seconds(self.language, self.clips)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the phone got after something was done: prompts, whether the call is put through, tasks that were left, and the wait.

    `waits_for` is `key` (one ends the wait), `keys`, `speech`, `transfer` or `over`; `most` keys are taken at most; `step` is where an
    answer goes.
    """

    said: tuple[Said, ...]
    put_through: str
    tasks: tuple[str, ...]
    waits_for: str
    most: int | None
    waits: tuple[int, int]
    step: int

    @property
    def over(self) -> bool:
        return self.waits_for == "over"


@dataclass(frozen=True, slots=True)
class QuietProvider:
    """The half of a provider that answers, with a wire of its own: texts as they are, calls as JSON that `read` turns into `Heard`."""

    name: str

    def render_message(self, text: str) -> str:
        return text

    def rest(self, text: str) -> str:  # noqa: ARG002  # a text here may be as long as it is
        return ""

    def render_call(self, facts: Sequence[Fact], wait: Wait | None, context: AnswerContext) -> str:
        heard = Heard(
            said=tuple(
                Said(fact.prompt, fact.language, fact.clips, fact.text, fact.interruptible)
                for fact in facts
                if isinstance(fact, PromptSpoken) and fact.text
            ),
            put_through=next((fact.number for fact in facts if isinstance(fact, CallTransferred)), ""),
            tasks=tuple(fact.kind for fact in facts if isinstance(fact, TaskOpened)),
            waits_for=_name(wait),
            most=wait.most if isinstance(wait, KeysAwaited) else None,
            waits=(wait.first_wait, wait.next_wait) if isinstance(wait, KeysAwaited) else (0, 0),
            step=context.next_step,
        )
        return json.dumps(asdict(heard))


def _name(wait: Wait | None) -> str:
    match wait:
        case KeysAwaited(most=1):
            return "key"
        case KeysAwaited():
            return "keys"
        case RecordingAwaited():
            return "speech"
        case TransferAwaited():
            return "transfer"
        case None:
            return "over"


def read(answer: str) -> Heard:
    """What a `QuietProvider` rendered."""
    document = json.loads(answer)
    said = tuple(Said(**{**one, "clips": tuple(one["clips"])}) for one in document.pop("said"))
    return Heard(**{**document, "said": said, "tasks": tuple(document["tasks"]), "waits": tuple(document["waits"])})


def without_wire(gateway: Gateway, enqueue: Callable[[Iterable[Job]], object] | None = None) -> Gateway:
    """The installation with a quiet provider in place of its own; `enqueue` in place of the queues where it is given."""
    quiet = QuietProvider(gateway.providers.main.name)  # answering is all that is asked of it here; workers have the real one
    providers = Providers({quiet.name: cast("Provider", quiet)})
    return replace(gateway, providers=providers, enqueue=enqueue or gateway.enqueue)


@dataclass(frozen=True, slots=True)
class Line:
    """The line from one phone (None: its number is withheld) to an installation, over which events come as a provider reports them."""

    gateway: Gateway
    medium: Medium
    sender: str | None
    external_id: str

    def inbound(self, event: Input, step: int = 0) -> Inbound:
        """An event as the provider would report it."""
        settings = self.gateway.settings
        return Inbound(self.gateway.providers.main.name, self.external_id, step, self.medium, self.sender, settings.number, event)

    def call(self, event: Input, step: int = 0) -> Heard:
        """One request of a call."""
        return read(receive.call(self.gateway, self.inbound(event, step)))

    def picked_up(self, event: Input, delivery_id: int) -> Heard:
        """The first request of a call that we placed."""
        return read(receive.picked_up(self.gateway, self.inbound(event), delivery_id))

    def text(self, event: Input) -> str:
        """The answer to a text; empty where there is none."""
        return receive.message(self.gateway, self.inbound(event))
