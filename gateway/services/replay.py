"""Conversations that were had, as they can be heard again: what we answered, and what she did in between.

An answer stands in the receipts for a week. Of keys only those are kept that chose from a menu; a PIN and an amount never are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import access
from gateway.store import channels, flow_sessions, phones, receipts

if TYPE_CHECKING:
    from gateway.engine.definition import Catalogue
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.flow_sessions import LogRow

SILENCE, WRONG, HIDDEN = "silence", "wrong", "hidden"


class Exchange(NamedTuple):
    """One answer of ours. `did` is what she did before it: a key, `silence`, `wrong` (a key that leads nowhere), `hidden` (what is not
    kept of her: a PIN, an amount, her voice), or "" at the beginning. `answer` is the provider's document."""

    at: datetime
    did: str
    answer: str


class Conversation(NamedTuple):
    """A call: when it began and its exchanges; none where they are kept no longer."""

    began_at: datetime
    exchanges: Sequence[Exchange]


def state_of(gateway: Gateway, provider: str, external_id: str) -> str | None:
    """Where a call stands, as JSON; None where it is over or not known."""
    with gateway.database.read() as db:
        row = flow_sessions.load(db, gateway.seal, provider, external_id)
    return row.state if row is not None and row.open else None


def calls_of(gateway: Gateway, e164: str, most: int) -> list[tuple[str, datetime]]:
    """The last calls of a phone, the latest first: the id of the conversation, and when it began."""
    with gateway.database.read() as db:
        phone = phones.find(db, gateway.seal, e164)
        return flow_sessions.calls_of(db, phone.id, most) if phone else []


def of(gateway: Gateway, actor: Actor | None, session_id: str) -> Conversation:
    """The conversation with this id. GatewayError `conversation:unknown`.

    `actor` None is whoever has the phone of a simulated installation on her own machine; the look of anybody else is written down.
    """
    if actor is not None:
        actor.require(Permission.SEE_CLAIMS)
    with gateway.database.read() as db:
        row = flow_sessions.get(db, gateway.seal, session_id)
        channel = channels.get(db, row.channel_id) if row else None
        if row is None or channel is None or row.medium != "voice" or (actor and channel.organisation_id != actor.organisation_id):
            raise GatewayError("conversation:unknown")
        answers = receipts.of_call(db, gateway.seal, row.provider, row.external_id)
        events = flow_sessions.events(db, session_id)
    if actor is not None:
        with gateway.database.write() as db:
            access.note(gateway, db, actor, "conversation.replayed", f"member:{row.member_id}" if row.member_id else f"session:{row.id}")
    happened = {version: list(rows) for version, rows in groupby(events, lambda event: event.version)}
    began = answers[0].at if answers else events[0].at if events else row.updated_at
    exchanges = [
        # The answer to step n is that of version n + 1.
        Exchange(answer.at, _did(gateway.catalogue, happened, answer.step + 1) if answer.step else "", answer.answer)
        for answer in answers
    ]
    return Conversation(began, exchanges)


def _did(catalogue: Catalogue, happened: dict[int, list[LogRow]], version: int) -> str:
    """What she did, as far as the log tells."""
    events = happened.get(version, [])
    for event in events:
        detail = json.loads(event.detail or "{}")
        if event.kind == "AnswerMissed":
            return SILENCE if detail.get("reason") == SILENCE else WRONG
        if event.kind == "AnswerGiven" and "key" in detail:
            return str(detail["key"])
    return _key_to(catalogue, happened, version) or HIDDEN


def _key_to(catalogue: Catalogue, happened: dict[int, list[LogRow]], version: int) -> str:
    """The one key that leads from where the call waited to where it went on, by the flows as they are now; "" where that is not sure."""
    before = [event for earlier in sorted(happened) if earlier < version for event in happened[earlier] if event.kind == "StepEntered"]
    after = [event for event in happened.get(version, ()) if event.kind == "StepEntered"]
    flow = catalogue.flows.get(before[-1].flow or "") if before else None
    step = flow.steps.get(before[-1].step or "") if flow else None
    if step is None or not after or flow is None:
        return ""
    went = after[0].step if after[0].flow == flow.name else after[0].flow
    keys = {way.label for way in step.ways() if way.target == went and way.label in set("0123456789")}
    return keys.pop() if len(keys) == 1 else ""
