"""What every provider offers.

A provider's folder has three modules of the same shape: `webhook` (verify and parse, pure), `render` (facts to the wire, pure) and
`client` (the network). Adding one touches no service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from gateway.core.events import Fact, Input, Medium, Wait
from gateway.errors import GatewayError
from gateway.providers.faults import SendError, SendFault

if TYPE_CHECKING:
    from gateway.providers.http import HttpSession


class Headers(Protocol):
    """Header fields, found whatever the case of their names."""

    def get(self, name: str, default: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request as it came over the wire. `path` is the raw path with its raw query, exactly as the provider signed it; `address` that
    of whoever is at the other end of the connection, a proxy of ours perhaps; `body` what came instead of a form."""

    path: str
    headers: Headers
    form: Sequence[tuple[str, str]]
    address: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Inbound:
    """Something that a person did, as a provider reported it.

    `external_id` is the call's or message's id at the provider; `step` the number of the step that an action URL carried (0 for the
    first request of a call and for a message). `sender` is E.164, or None where the number is withheld or cannot be a phone.

    A provider that gives its texts no ids makes `external_id` of 32 hexadecimal digits that stand for what was said by whom to whom;
    then what comes again within `repeats_within` seconds is its own repeat, and what comes later the person's.
    """

    provider: str
    external_id: str
    step: int
    medium: Medium
    sender: str | None
    recipient: str
    input: Input
    repeats_within: int = 0


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A provider's word about something we sent, or about a call. `status` is one of `gateway.core.statuses`.

    `fault` is what its `error` means, where that is one of ours; `at` when it happened, as the provider says; `seconds` how long a call
    lasted from when it was answered, `answered_by` a `human` or a `machine`. None is what it does not tell.
    """

    provider: str
    external_id: str
    status: str
    error: str | None = None
    seconds: int | None = None
    fault: SendFault | None = None
    at: datetime | None = None
    answered_by: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What a renderer needs besides the facts: where the next step goes, where clips are, and the number of ours that a call is on, which a
    call that is put through shows."""

    next_step: int
    public_base_url: str
    our_number: str = ""


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One text to one person; `delivery_id` goes into the status callback's URL."""

    delivery_id: int
    sender: str
    recipient: str
    body: str


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """One call to one person; when she picks up, the provider asks the URL of this delivery what to say. `external_id` is its id at the
    provider, where that took it and is asked what became of it."""

    delivery_id: int
    sender: str
    recipient: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it. `status` is `accepted`, unless the provider already knows more."""

    external_id: str
    status: str = "accepted"


@dataclass(frozen=True, slots=True)
class Found:
    """What the provider knows of something sent earlier: for resolving doubts. `seconds` and `answered_by` are as in `StatusReport`."""

    external_id: str
    status: str
    body: str = ""
    seconds: int | None = None
    answered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Billed:
    """Texts or calls from one of our numbers, of some days (UTC, the last one included), of which we ask what they cost."""

    medium: Medium
    sender: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Charge:
    """What one text or call cost: `amount` in millionths of `currency` (ISO 4217)."""

    external_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Charges:
    """A page of what the provider charged; what it has not priced yet is left out. `page` is where its list goes on, None at its end."""

    charges: Sequence[Charge] = ()
    page: str | None = None


class Provider(Protocol):
    """The shape of a provider; see `gateway.providers.twilio`."""

    @property
    def name(self) -> str: ...

    def verify(self, request: WebhookRequest) -> dict[str, str]:
        """Return the form, each field once, or raise GatewayError `webhook:*`."""

    def parse_call(self, form: Mapping[str, str], step: int) -> Inbound: ...

    def parse_message(self, form: Mapping[str, str]) -> Inbound: ...

    def parse_status(self, kind: Medium, form: Mapping[str, str]) -> StatusReport | None: ...

    def render_call(self, facts: Sequence[Fact], wait: Wait | None, context: AnswerContext) -> str: ...

    def render_message(self, text: str) -> str:
        """The answer to a text; "" answers nothing."""

    def rest(self, text: str) -> str:
        """What of a text does not fit into `render_message`, and is sent by itself after it; mostly nothing."""

    def refusal(self, language: str) -> str:
        """The answer to a call that we cannot serve: a recorded apology, then the end. It needs neither database nor flow."""

    async def send_message(self, http: HttpSession, message: OutboundMessage) -> Accepted: ...

    async def place_call(self, http: HttpSession, call: OutboundCall) -> Accepted: ...

    async def find_message(self, http: HttpSession, message: OutboundMessage, since: str) -> Found | None:
        """Ask the provider for a text to this person with this body, sent on or after the day `since` (ISO date)."""

    async def find_call(self, http: HttpSession, call: OutboundCall, since: str) -> Found | None: ...

    async def end_call(self, http: HttpSession, external_id: str) -> None:
        """End a call of ours that is under way; SendError where it is over already. A provider that cannot do it does nothing."""

    async def charges(self, http: HttpSession, billed: Billed, page: str | None) -> Charges:
        """A page of the provider's list, from its beginning (None) or where the page before said; empty where it does not tell."""

    async def fetch_recording(self, http: HttpSession, external_id: str) -> bytes:
        """The recording as WAV bytes, or SendError."""


class TextsOnly:
    """What a provider without calls says to everything about calls, and one that cannot be asked to every question."""

    def rest(self, text: str) -> str:  # noqa: ARG002
        return ""

    def parse_call(self, form: Mapping[str, str], step: int) -> Inbound:  # noqa: ARG002
        raise GatewayError("webhook:malformed", field="call")

    def render_call(self, facts: Sequence[Fact], wait: Wait | None, context: AnswerContext) -> str:  # noqa: ARG002
        raise GatewayError("webhook:malformed", field="call")

    def refusal(self, language: str) -> str:  # noqa: ARG002
        return ""

    async def place_call(self, http: HttpSession, call: OutboundCall) -> Accepted:  # noqa: ARG002
        raise SendError(SendFault.REFUSED, provider_code="no-calls")

    async def find_message(self, http: HttpSession, message: OutboundMessage, since: str) -> Found | None:  # noqa: ARG002
        return None

    async def find_call(self, http: HttpSession, call: OutboundCall, since: str) -> Found | None:  # noqa: ARG002
        return None

    async def end_call(self, http: HttpSession, external_id: str) -> None:
        """There is none."""

    async def charges(self, http: HttpSession, billed: Billed, page: str | None) -> Charges:  # noqa: ARG002
        return Charges()

    async def fetch_recording(self, http: HttpSession, external_id: str) -> bytes:  # noqa: ARG002
        raise SendError(SendFault.REFUSED, provider_code="no-recording")


@dataclass(frozen=True, slots=True)
class Providers:
    """The providers of this installation by name."""

    by_name: Mapping[str, Provider] = field(default_factory=dict)

    @property
    def main(self) -> Provider:
        """The one over which calls and texts come: the first that was named."""
        return next(iter(self.by_name.values()))

    def __getitem__(self, name: str) -> Provider:
        return self.by_name[name]
