"""The one write transaction of an event: receipt, conversation, rows. It fails as a whole where another worker was faster."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.core.events import MessageReceived
from gateway.core.jobs import Job, SendReply
from gateway.engine import interpreter
from gateway.engine.interpreter import Sprint
from gateway.language import keywords
from gateway.services.commit import Conversation, Writing, commit
from gateway.services.receive.turns import Turn
from gateway.store import calls, deliveries, flow_sessions, messages, phones, receipts, tasks
from gateway.store.database import Conflict
from gateway.store.flow_sessions import SessionRow

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

UNANSWERED = "check_messages"  # the task of whoever looks why a phone wrote so often
PIN_IN_A_TEXT = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")


def settle(gateway: Gateway, turn: Turn, sprint: Sprint, answer: str, said: str | None = None) -> str:
    """The one write transaction of an event: receipt, conversation, rows. Raises when another worker was faster."""
    inbound, row, now = turn.inbound, turn.row, turn.now
    continues = row is not None and sprint.session.id == row.id
    conversation = Conversation(
        session_id=sprint.session.id,
        provider=inbound.provider,
        channel_id=turn.channel.id,
        organisation_id=turn.channel.organisation_id,
        phone_id=turn.caller.phone_id,
        medium=inbound.medium,
        members=tuple(view.id for view in ((turn.caller.member,) if turn.caller.member else turn.caller.sharing)),
    )
    with gateway.database.write() as db:
        receipts.insert(db, gateway.seal, receipts.Receipt(inbound.provider, inbound.external_id, inbound.step, answer, now))
        if inbound.medium == "sms":
            _log_texts(
                gateway, db, turn, said, secret=continues and row is not None and interpreter.awaits_secret(gateway.catalogue, row.state)
            )
        if row is not None and not continues:
            flow_sessions.close(db, row.id, row.version, now)
        if continues and row is not None:
            if not flow_sessions.advance(db, gateway.seal, _session_row(turn, sprint), row.version):
                raise Conflict
        else:
            flow_sessions.insert(db, gateway.seal, _session_row(turn, sprint))
            if inbound.medium == "voice" and not calls.begin(db, _call_row(turn)):
                flow_sessions.close_named(db, inbound.provider, inbound.external_id, now)  # its end was reported before its beginning
            if turn.caller.new and turn.caller.phone_id is not None and not turn.of_a_broadcast:
                phones.note_first_call(db, turn.caller.phone_id, now)
            if turn.broke_off and turn.caller.phone_id and not phones.take_broken_off(db, turn.caller.phone_id, turn.broke_off):
                raise Conflict  # another call from this phone took it up meanwhile
        jobs = commit(Writing(gateway, db, conversation, sprint, now))
        jobs += _owe_rest(gateway, db, turn, said or "", sprint.session.member_id)
    gateway.enqueue(jobs)
    return answer


def settle_consent(gateway: Gateway, turn: Turn, word: str, *, quietly: bool) -> str:
    """STOP and START come before any flow and any limit: recorded at once, confirmed once."""
    provider = gateway.providers[turn.inbound.provider]
    wording = gateway.catalogue.phrase("stopped" if word == "stop" else "started", turn.caller.language, romanised=turn.caller.romanised)
    said = "" if quietly else wording
    answer = provider.render_message(said)
    phone_id = turn.caller.phone_id
    if phone_id is None:
        raise LookupError("a text without a phone")
    with gateway.database.write() as db:
        _log_texts(gateway, db, turn, said)
        receipts.insert(db, gateway.seal, receipts.Receipt(turn.inbound.provider, turn.inbound.external_id, 0, answer, turn.now))
        if word == "stop":
            phones.stop(db, phone_id, turn.now)
        else:
            phones.allow(db, phone_id)
        if turn.row is not None:
            flow_sessions.close(db, turn.row.id, turn.row.version, turn.now)
        jobs = _owe_rest(gateway, db, turn, said, None)
    gateway.enqueue(jobs)
    return answer


def settle_silence(gateway: Gateway, turn: Turn, answer: str, *, flagged: bool = False) -> str:
    """Keep a text that gets no answer; `flagged`: somebody is to look at it, once an hour."""
    phone_id, row = turn.caller.phone_id, turn.row
    with gateway.database.write() as db:
        _log_texts(gateway, db, turn, None, secret=row is not None and interpreter.awaits_secret(gateway.catalogue, row.state))
        if flagged and phone_id is not None and not tasks.count_since(db, phone_id, UNANSWERED, turn.now - timedelta(hours=1)):
            tasks.open_task(db, tasks.NewTask(gateway.new_id(), turn.channel.organisation_id, UNANSWERED, phone_id), turn.now)
        receipts.insert(db, gateway.seal, receipts.Receipt(turn.inbound.provider, turn.inbound.external_id, 0, answer, turn.now))
    return answer


def _owe_rest(gateway: Gateway, db: Connection, turn: Turn, said: str, member_id: str | None) -> list[Job]:
    """What of our words does not fit into the answer to her text follows it as a text of its own."""
    rest = gateway.providers[turn.inbound.provider].rest(said) if turn.inbound.medium == "sms" else ""
    if not rest or turn.caller.phone_id is None:
        return []
    reply = deliveries.NewReply(turn.channel.id, turn.caller.phone_id, member_id, turn.caller.language, rest)
    if isinstance(turn.inbound.input, MessageReceived) and keywords.consent_word(turn.inbound.input.text) == "stop":
        reply = replace(reply, round=deliveries.CONFIRMS_STOP)
    return [SendReply(deliveries.owe_reply(db, gateway.seal, reply, turn.now))]


def _log_texts(gateway: Gateway, db: Connection, turn: Turn, said: str | None, *, secret: bool = False) -> None:
    inbound, rows = turn.inbound, []
    if isinstance(inbound.input, MessageReceived):
        body = "****" if secret else _without_pin(turn, inbound.input.text if inbound.input.text.strip() else "")
        row = messages.MessageRow(turn.channel.id, turn.caller.phone_id, "in", body, inbound.external_id, turn.now, turn.delivery_id)
        rows.append(row)
    if said:
        rows.append(messages.MessageRow(turn.channel.id, turn.caller.phone_id, "out", said, None, turn.now))
    messages.log(db, gateway.seal, rows)
    if turn.new_script and turn.caller.phone_id is not None:
        phones.set_script(db, turn.caller.phone_id, turn.new_script)


def _without_pin(turn: Turn, text: str) -> str:
    """The text as it may be kept: whoever has a PIN may have sent it beside a word ("dabi 4826")."""
    who = (turn.caller.member, *turn.caller.sharing)
    if not any(member is not None and member.has_pin for member in who):
        return text
    places = [found.span() for found in PIN_IN_A_TEXT.finditer(keywords.fold_digits(text))]
    for start, end in reversed(places):
        text = text[:start] + "****" + text[end:]
    return text


def _session_row(turn: Turn, sprint: Sprint) -> SessionRow:
    flow_session, inbound = sprint.session, turn.inbound
    continues = turn.row is not None and turn.row.id == flow_session.id
    return SessionRow(
        id=flow_session.id,
        provider=inbound.provider,
        external_id=turn.row.external_id if continues and turn.row else inbound.external_id,
        channel_id=turn.channel.id,
        phone_id=turn.caller.phone_id,
        member_id=flow_session.member_id,
        medium=inbound.medium,
        version=flow_session.version,
        state=flow_session.to_json(),
        open=sprint.wait is not None,
        updated_at=turn.now,
    )


def _call_row(turn: Turn) -> calls.CallRow:
    inbound = turn.inbound
    direction = "out" if turn.placed_by_us else "in"
    return calls.CallRow(inbound.provider, inbound.external_id, turn.channel.id, turn.caller.phone_id, direction, "answered", turn.now)
