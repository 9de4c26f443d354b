"""One event and where it belongs, and the step of the engine that it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.core import consent
from gateway.core.events import ConversationEnded
from gateway.engine import interpreter
from gateway.engine.interpreter import Caller, Opening, Setting, Sprint
from gateway.engine.session import FlowSession
from gateway.errors import GatewayError
from gateway.providers.base import AnswerContext, Inbound
from gateway.services import actions
from gateway.store.database import Conflict
from gateway.store.flow_sessions import SessionRow

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel

MOST_RACES = 5  # another worker was faster that often: something is wrong, and the provider's retry is the better way


@dataclass(frozen=True, slots=True)
class Turn:
    """One event and where it belongs. `row` is the conversation that it continues, None where one begins.

    `broke_off` is the conversation of an earlier call from this phone that broke off: this call takes it up, or lets it be.
    """

    inbound: Inbound
    now: datetime
    channel: Channel
    caller: Caller
    row: SessionRow | None
    placed_by_us: bool = False
    of_a_broadcast: bool = False  # and not because she asked for it
    broke_off: str | None = None
    new_script: str | None = None  # in which she now writes, where that is not known of her phone yet
    delivery_id: int | None = None  # the broadcast by text that her text answers


def retrying(attempt: Callable[[], str]) -> str:
    """The answer of an attempt that begins anew wherever another worker was faster."""
    for _ in range(MOST_RACES):
        try:
            return attempt()
        except Conflict:
            continue
    raise GatewayError("receive:busy")


def start(gateway: Gateway, turn: Turn, flow: str, values: Mapping[str, object], then: tuple[str, ...] = ()) -> Sprint:
    """Begin a conversation with a flow; the flows `then` follow it."""
    opening = Opening(gateway.new_id(), turn.inbound.medium, values, then)
    return interpreter.start(gateway.catalogue, flow, opening, turn.caller, setting(gateway, turn.now))


def resume(gateway: Gateway, turn: Turn, row: SessionRow) -> Sprint:
    """Go on with a conversation."""
    flow_session = FlowSession.from_json(row.state)
    return interpreter.resume(gateway.catalogue, flow_session, turn.inbound.input, turn.caller, setting(gateway, turn.now))


def setting(gateway: Gateway, now: datetime) -> Setting:
    """The world around a step."""
    return Setting(
        now=now,
        new_id=gateway.new_id,
        actions=actions.Bound(gateway),
        office_open=bool(gateway.settings.person_number) and consent.office_open(now),
        person_number=gateway.settings.person_number,
        studio_open=bool(gateway.settings.studio_pin),
    )


def hang_up(gateway: Gateway, inbound: Inbound) -> str:
    """Answer a call with which nothing is to be done: the end, and no effect."""
    context = AnswerContext(next_step=0, public_base_url=gateway.settings.public_base_url)
    return gateway.providers[inbound.provider].render_call((ConversationEnded(),), None, context)
