"""What a broadcast told a phone, as a conversation begins with it: a call of ours, her own call after she missed it, her answer by text."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.core.events import MessageReceived, PromptSpoken
from gateway.engine import interpreter
from gateway.engine.definition import DELIVERY
from gateway.engine.interpreter import Sprint
from gateway.language.speech import plain_language
from gateway.services import callers, notice_words, sayings
from gateway.services.receive.turns import Turn, setting, start
from gateway.store import audience
from gateway.store import told as told_rows

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.told import CallContent

CALL = "broadcast"  # the flow that says who calls and what for
MISSED = "missed_call"  # that which offers it to who calls us
MOST_NAMES = 3  # of those who share a phone: it takes a second each
MISSED_WITHIN = timedelta(days=2)
TEXTED_WITHIN = timedelta(days=3)


def by_call(gateway: Gateway, turn: Turn, content: CallContent) -> Sprint:
    """She picked up: who calls, for whom, and what there is to hear."""
    return start(gateway, turn, CALL, _values(gateway, turn, content), then=_then(gateway, content))


def offered(gateway: Gateway, turn: Turn, told_at: datetime | None) -> Sprint | None:
    """The question whether she wants to hear what she missed; None where she missed nothing lately, by `phones.told_at`."""
    content = _missed(gateway, turn) if told_at is not None and told_at > turn.now - MISSED_WITHIN else None
    if content is None or MISSED not in gateway.catalogue.flows:
        return None
    values = _values(gateway, turn, content) | {"broadcast.missed": True}
    return start(gateway, turn, MISSED, values, then=(CALL, *_then(gateway, content)))


def _missed(gateway: Gateway, turn: Turn) -> CallContent | None:
    of = _of(turn, MISSED_WITHIN)
    with gateway.database.read() as db:
        return told_rows.missed_call(db, of, turn.now) if of else None


def lately_texted(gateway: Gateway, turn: Turn) -> CallContent | None:
    """What the phone was told by text within the last days, and may be answering now."""
    of = _of(turn, TEXTED_WITHIN)
    with gateway.database.read() as db:
        return told_rows.last_texted(db, of) if of else None


def _of(turn: Turn, within: timedelta) -> told_rows.Of | None:
    phone_id = turn.caller.phone_id
    return told_rows.Of(phone_id, turn.channel.organisation_id, turn.now - within) if phone_id is not None else None


def into_flow(gateway: Gateway, turn: Turn, content: CallContent, *, plain: bool) -> Sprint | None:
    """Her text as the answer to what the broadcast's flow asks first; None where it asks something else, or nothing.

    She has read the question already, so that only what follows her answer is said. `plain`: the text is a number, yes or no, which
    answers every question. Nothing is answered that asks who she is.
    """
    flow = _flow(gateway, content)
    if flow is None:
        return None
    begun = start(gateway, turn, flow, _values(gateway, turn, content))
    catalogue, state = gateway.catalogue, begun.session.to_json()
    asks = begun.wait is not None and not interpreter.awaits_secret(catalogue, state)
    if not asks or not isinstance(turn.inbound.input, MessageReceived):
        return None
    text = turn.inbound.input.text
    if not (plain or interpreter.expects(catalogue, state, text) or interpreter.awaits_words(catalogue, state)):
        return None
    answered = interpreter.resume(catalogue, begun.session, turn.inbound.input, turn.caller, setting(gateway, turn.now))
    before = (fact for fact in begun.facts if not isinstance(fact, PromptSpoken))
    return replace(answered, facts=(*before, *answered.facts))


def of_reply(content: CallContent) -> dict[str, object]:
    """The values by which an answer is known to be one to this broadcast."""
    return {"broadcast.id": content.broadcast_id, DELIVERY: content.delivery_id}


def _values(gateway: Gateway, turn: Turn, content: CallContent) -> dict[str, object]:
    saying = sayings.value(gateway, content.saying_id, plain_language(content.language)) if content.saying_id else None
    values = {
        "broadcast.about": "a_reminder" if content.purpose == "reminder" else "a_message",
        "broadcast.names": _names(gateway, turn, content),
        "broadcast.message": content.phrase,
        "broadcast.saying": saying,
        "broadcast.flow": _flow(gateway, content),
        "notice.id": content.notice_id,
    }
    return of_reply(content) | {name: value for name, value in values.items() if value is not None}


def _names(gateway: Gateway, turn: Turn, content: CallContent) -> str | None:
    """The clips of the names of those whom it is for, where several share the phone and a person may be listening."""
    if not turn.caller.sharing or turn.inbound.medium != "voice" or content.machine:
        return None
    with gateway.database.read() as db:
        told = audience.sharing(db, content.delivery_id)
    clips = [clip for each in told if not each.private and (clip := callers.name_clip(gateway, each.name_clip))]
    return " ".join(clips[:MOST_NAMES]) or None


def _then(gateway: Gateway, content: CallContent) -> tuple[str, ...]:
    flow = _flow(gateway, content)
    return (flow,) if flow else ()


def _flow(gateway: Gateway, content: CallContent) -> str | None:
    """The flow in which she can answer, if the broadcast has one that is still there."""
    flow = content.flow or (notice_words.FLOW if content.notice_id else None)
    return flow if flow in gateway.catalogue.flows else None
