"""A phone in the terminal: the same conversation as over the wire, with what is said as text and seconds instead of TwiML.

It takes the place of the installation's provider, so that everything else, the database above all, is the real thing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from gateway import bootstrap
from gateway.audio.catalogue import ClipCatalogue, open_clips
from gateway.core import phone
from gateway.core.events import CallTransferred, Fact, KeysAwaited, PromptSpoken, RecordingAwaited, TransferAwaited, Wait
from gateway.errors import GatewayError
from gateway.providers.base import AnswerContext, Inbound, Providers

if TYPE_CHECKING:
    from gateway.core.events import Input, Medium
    from gateway.providers.base import Provider
    from gateway.services.context import Gateway


@dataclass(frozen=True, slots=True)
class Heard:
    """What the phone got: lines to read with the seconds that they take, and how the other side waits (`over`: it hung up)."""

    lines: tuple[tuple[str, float], ...]
    waits_for: str  # key | keys | speech | transfer | over
    step: int


@dataclass(frozen=True, slots=True)
class TerminalPhone:
    """The half of a provider that answers, with a wire of its own: texts as they are, calls as JSON that `read` turns into `Heard`."""

    name: str

    def render_message(self, text: str) -> str:
        return text

    def render_call(self, facts: Sequence[Fact], wait: Wait | None, context: AnswerContext) -> str:
        said = [[fact.language, list(fact.clips), fact.text] for fact in facts if isinstance(fact, PromptSpoken)]
        said += [["", [], f"[the call is put through to {phone.mask(fact.number)}]"] for fact in facts if isinstance(fact, CallTransferred)]
        return json.dumps([said, _name(wait), context.next_step])


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


def read(answer: str, clips: ClipCatalogue) -> Heard:
    """What a `TerminalPhone` rendered, with the clips' real seconds."""
    said, waits_for, step = json.loads(answer)
    lines = ((text, clips.prompt_seconds(language, spoken)) for language, spoken, text in said if text)
    return Heard(tuple(lines), waits_for, step)


def open_gateway() -> tuple[Gateway, ClipCatalogue]:
    """The installation that the environment describes, with a terminal in place of its provider."""
    gateway = bootstrap.from_environment(os.environ)
    terminal = TerminalPhone(gateway.providers.main.name)  # answering is all that is asked of it here; workers have the real one
    return replace(gateway, providers=Providers({terminal.name: cast("Provider", terminal)})), open_clips(gateway.settings.audio_dir)


def e164(number: str) -> str:
    """The number as we keep it, or GatewayError `phone:invalid`."""
    parsed = phone.parse(number)
    if parsed is None:
        raise GatewayError("phone:invalid", value=number)
    return parsed


@dataclass(frozen=True, slots=True)
class Line:
    """The line from one phone to this installation, over which events come as the provider would report them."""

    gateway: Gateway
    medium: Medium
    sender: str
    external_id: str

    def inbound(self, event: Input, step: int = 0) -> Inbound:
        """An event as the provider would report it."""
        settings = self.gateway.settings
        return Inbound(self.gateway.providers.main.name, self.external_id, step, self.medium, self.sender, settings.number, event)


def keys_of(text: str) -> Iterator[str]:
    """The keys of `--keys 2,4826`: what is pressed at each wait; an empty place is silence."""
    return iter(text.split(",") if text else ())
