"""One inbound event end to end: read, step, one short write, answer.

The order is what keeps the promises: a repeat gets its stored answer (I2); the person is looked up and the engine steps without any lock;
one transaction then writes receipt, conversation and rows, and fails as a whole if another worker was faster, whereupon everything is
read again; the answer leaves only after that commit (I1); jobs are enqueued last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from gateway.core import consent, phone
from gateway.core.events import ConversationEnded, MessageReceived, PromptSpoken, RecordingMade
from gateway.core.jobs import FetchRecording
from gateway.engine import interpreter
from gateway.engine.interpreter import Caller, MemberView, Opening, Setting, Sprint
from gateway.engine.session import FlowSession
from gateway.engine.steps.listening import option_of
from gateway.errors import GatewayError
from gateway.language import keywords
from gateway.providers.base import AnswerContext, Inbound
from gateway.services import actions
from gateway.services import calls as whole_calls
from gateway.services.commit import Conversation, Writing, commit
from gateway.store import arrivals, broadcasts, calls, channels, flow_sessions, members, messages, phones, receipts, recordings, tasks
from gateway.store.database import Conflict
from gateway.store.flow_sessions import SessionRow

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel
    from gateway.store.database import Connection
    from gateway.store.members import CallerRow

log = structlog.get_logger(__name__)

SURE = 0.9  # the score of a listed word in a longer text, which may then leave a question unanswered
MOST_RACES = 5  # another worker was faster that often: something is wrong, and the provider's retry is the better way
ASKED_FIRST = frozenset({"stop", "start"})  # "sms napathaunu" may mean STOP, which only its own words do at once
ANSWER = re.compile(r"[ .,।()-]*[0-9][0-9 .,।()/=-]*")  # what answers a question and means nothing by itself
MOST_REPLIES = 60  # to one phone in an hour; what comes faster is another machine, and every reply costs
MOST_CONFIRMED = MOST_REPLIES + 6  # STOP and START are confirmed a little longer: she wants to know that it worked
UNANSWERED = "check_messages"  # the task of whoever looks why a phone wrote so often
PIN_IN_A_TEXT = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")


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
    broke_off: str | None = None
    new_script: str | None = None  # in which she now writes, where that is not known of her phone yet


# --- calls -------------------------------------------------------------------------------------------------------------------------


def call(gateway: Gateway, inbound: Inbound) -> str:
    """Answer one request of a call that she made, or go on with one of ours: the provider's document, as text."""
    with gateway.database.holding():
        return _retrying(lambda: _call_once(gateway, inbound, None))


def picked_up(gateway: Gateway, inbound: Inbound, delivery_id: int) -> str:
    """Answer the first request of a call that we placed for a delivery: she picked up."""
    with gateway.database.holding():
        with gateway.database.read() as db:
            content = broadcasts.content_of_call(db, delivery_id)
        return _retrying(lambda: _call_once(gateway, inbound, content))


def hang_up(gateway: Gateway, inbound: Inbound) -> str:
    """Answer a call with which nothing is to be done: the end, and no effect."""
    context = AnswerContext(next_step=0, public_base_url=gateway.settings.public_base_url)
    return gateway.providers[inbound.provider].render_call((ConversationEnded(),), None, context)


def _call_once(gateway: Gateway, inbound: Inbound, content: broadcasts.CallContent | None) -> str:
    now = gateway.clock()
    with gateway.database.read() as db:
        known = arrivals.look_up(db, gateway.seal, _arrival(gateway, inbound))
        if known.answer is not None:
            return known.answer
        channel = known.channel or _channel(gateway, db, inbound)
        over = known.row is None and inbound.step > 0 and calls.is_over(db, inbound.provider, inbound.external_id)
    row, person = known.row, known.caller or _under_earlier_key(gateway, inbound, known.row, now)
    if channel is None or over:
        return hang_up(gateway, inbound)
    if row is not None and not row.open and isinstance(inbound.input, RecordingMade) and row.version == inbound.step:
        return _settle_recording(gateway, inbound, row, inbound.input, now)
    if row is not None and (not row.open or row.phone_id != (person.phone_id if person else None)):
        return hang_up(gateway, inbound)  # the call is over, or it is another person's
    if row is not None and row.version != inbound.step:
        return _told_last(gateway, inbound, row)
    new = person is None
    if new and inbound.sender is not None:
        person = _meet(gateway, inbound.sender, now)
    caller = _caller(gateway, channel, person, new=new, language=content.language if content else None)
    turn = Turn(inbound, now, channel, caller, row, placed_by_us=content is not None)
    if row is None and content is None and person is not None and person.broke_off is not None:
        turn = replace(turn, broke_off=person.broke_off)
    if row is not None:
        sprint = _resume(gateway, turn, FlowSession.from_json(row.state))
    elif content is not None:
        sprint = _start(gateway, turn, "broadcast", {"broadcast.message": content.phrase})
    else:
        sprint = _offer(gateway, turn) or _start(gateway, turn, gateway.catalogue.defaults.main, {})
    context = AnswerContext(next_step=sprint.session.version, public_base_url=gateway.settings.public_base_url)
    answer = gateway.providers[inbound.provider].render_call(sprint.facts, sprint.wait, context)
    return _settle(gateway, turn, sprint, answer)


def _under_earlier_key(gateway: Gateway, inbound: Inbound, row: SessionRow | None, now: datetime) -> CallerRow | None:
    """Who is calling where SECRET_KEY changed in the middle of her call: then her phone is not found by its index of today."""
    return _meet(gateway, inbound.sender, now) if row is not None and inbound.sender is not None else None


def _settle_recording(gateway: Gateway, inbound: Inbound, row: SessionRow, made: RecordingMade, now: datetime) -> str:
    """She spoke and hung up, and we heard of the end first: what she said is kept for somebody to hear."""
    answer, jobs = hang_up(gateway, inbound), list[FetchRecording]()
    with gateway.database.write() as db:
        receipts.insert(db, gateway.seal, receipts.Receipt(inbound.provider, inbound.external_id, inbound.step, answer, now))
        if made.seconds > 0 and interpreter.awaits_words(gateway.catalogue, row.state):
            kept = recordings.NewRecording(gateway.new_id(), row.id, inbound.provider, made.external_id, made.seconds)
            recordings.keep(db, kept, now)
            whole_calls.leave_unheard(gateway, db, row, now)
            jobs.append(FetchRecording(kept.id))
    gateway.enqueue(jobs)
    return answer


def _arrival(gateway: Gateway, inbound: Inbound) -> arrivals.Arrival:
    index = gateway.seal.index(inbound.sender) if inbound.sender else None
    return arrivals.Arrival(inbound.provider, inbound.external_id, inbound.step, inbound.recipient, index)


def _told_last(gateway: Gateway, inbound: Inbound, row: SessionRow) -> str:
    """A step that is neither awaited nor answered before: say once more what is awaited."""
    with gateway.database.read() as db:
        answer = receipts.find(db, gateway.seal, (inbound.provider, inbound.external_id, row.version - 1))
    return answer or hang_up(gateway, inbound)


# --- texts -------------------------------------------------------------------------------------------------------------------------


def message(gateway: Gateway, inbound: Inbound) -> str:
    """Answer one text: the provider's document, empty where nothing may be sent."""
    with gateway.database.holding():
        return _retrying(lambda: _message_once(gateway, inbound))


def _message_once(gateway: Gateway, inbound: Inbound) -> str:
    now = gateway.clock()
    silence = gateway.providers[inbound.provider].render_message("")
    with gateway.database.read() as db:
        stored = receipts.find(db, gateway.seal, (inbound.provider, inbound.external_id, 0))
        if stored is not None:
            return stored
        channel = _channel(gateway, db, inbound)
    if channel is None or inbound.sender is None or not isinstance(inbound.input, MessageReceived):
        return silence
    person = _meet(gateway, inbound.sender, now)
    with gateway.database.read() as db:
        row = flow_sessions.load_open_text(db, gateway.seal, channel.id, person.phone_id)
        replies = messages.count_out(db, person.phone_id, now - timedelta(hours=1))
        known_blank = not inbound.input.text.strip() and messages.had_blank(db, person.phone_id, now - timedelta(days=1))
    script = keywords.script_of(inbound.input.text) or person.phone_script
    caller = _caller(gateway, channel, person._replace(phone_script=script), new=False)
    turn = Turn(inbound, now, channel, caller, row, new_script=None if script == person.phone_script else script)
    if not phone.may_call(inbound.sender):
        return _settle_silence(gateway, turn, silence)
    if word := keywords.consent_word(inbound.input.text):
        already = (word == "stop") == (person.stopped_at is not None)
        return _settle_consent(gateway, turn, word, quietly=already or replies >= MOST_CONFIRMED)
    if replies >= MOST_REPLIES or known_blank:  # whoever sent nothing got help for it once today
        return _settle_silence(gateway, turn, silence, flagged=replies >= MOST_REPLIES)
    sprint = _text_sprint(gateway, turn, inbound.input.text)
    said = "\n".join(fact.text for fact in sprint.facts if isinstance(fact, PromptSpoken) and fact.text)
    return _settle(gateway, turn, sprint, gateway.providers[inbound.provider].render_message(said), said)


def _text_sprint(gateway: Gateway, turn: Turn, text: str) -> Sprint:
    """Go on with the conversation, unless there is none or the text is the word that opens another flow.

    What would change something and is not plainly said is asked about first; an answer that comes too late is told so.
    """
    match = gateway.catalogue.lexicon.match(text)
    flow = gateway.catalogue.flow_of_intent(match.intent) if match.intent else None
    target = gateway.catalogue.defaults.keys.get(option_of(keywords.fold_digits(text)))
    if turn.row is None and target is not None and target in gateway.catalogue.flows:
        return _start(gateway, turn, target, {})  # 0 is a person and 9 the start wherever she is
    asked = match.intent in ASKED_FIRST  # STOP and START themselves never come here
    row, defaults = turn.row, gateway.catalogue.defaults
    late = row is not None and turn.now - row.updated_at >= whole_calls.TEXT_IDLE
    if row is not None and not late:
        clear = match.exact or match.number is not None
        surely = asked or match.score >= SURE
        elsewhere = (flow and clear) or ((flow or asked) and surely and not interpreter.awaits_words(gateway.catalogue, row.state))
        if not elsewhere or interpreter.expects(gateway.catalogue, row.state, text):
            return _resume(gateway, turn, FlowSession.from_json(row.state))
    if asked or (flow and not match.exact and gateway.catalogue.flows[flow].changes):
        return _start(gateway, turn, defaults.doubt, {"doubt.intent": match.intent})
    if late and flow is None and (ANSWER.fullmatch(keywords.fold_digits(text)) or keywords.yes_or_no(text) is not None):
        return _start(gateway, turn, defaults.late, {})
    amount = keywords.amount_beside(text)
    values: dict[str, object] = {} if match.number is None else {"texted.number": match.number}
    if amount is not None:
        values["texted.amount"] = amount
    return _start(gateway, turn, flow or defaults.help, values)


def _settle_consent(gateway: Gateway, turn: Turn, word: str, *, quietly: bool) -> str:
    """STOP and START come before any flow and any limit: recorded at once, confirmed once."""
    provider = gateway.providers[turn.inbound.provider]
    wording = gateway.catalogue.phrase("stopped" if word == "stop" else "started", turn.caller.language, romanised=turn.caller.romanised)
    answer = provider.render_message("" if quietly else wording)
    phone_id = turn.caller.phone_id
    if phone_id is None:
        raise LookupError("a text without a phone")
    with gateway.database.write() as db:
        _log_texts(gateway, db, turn, None if quietly else wording)
        receipts.insert(db, gateway.seal, receipts.Receipt(turn.inbound.provider, turn.inbound.external_id, 0, answer, turn.now))
        if word == "stop":
            phones.stop(db, phone_id, turn.now)
        else:
            phones.allow(db, phone_id)
        if turn.row is not None:
            flow_sessions.close(db, turn.row.id, turn.row.version, turn.now)
    return answer


def _settle_silence(gateway: Gateway, turn: Turn, answer: str, *, flagged: bool = False) -> str:
    """Keep a text that gets no answer; `flagged`: somebody is to look at it, once an hour."""
    phone_id, row = turn.caller.phone_id, turn.row
    with gateway.database.write() as db:
        _log_texts(gateway, db, turn, None, secret=row is not None and interpreter.awaits_secret(gateway.catalogue, row.state))
        if flagged and phone_id is not None and not tasks.count_since(db, phone_id, UNANSWERED, turn.now - timedelta(hours=1)):
            tasks.open_task(db, tasks.NewTask(gateway.new_id(), turn.channel.organisation_id, UNANSWERED, phone_id), turn.now)
        receipts.insert(db, gateway.seal, receipts.Receipt(turn.inbound.provider, turn.inbound.external_id, 0, answer, turn.now))
    return answer


def _log_texts(gateway: Gateway, db: Connection, turn: Turn, said: str | None, *, secret: bool = False) -> None:
    inbound, rows = turn.inbound, []
    if isinstance(inbound.input, MessageReceived):
        body = "****" if secret else _without_pin(turn, inbound.input.text if inbound.input.text.strip() else "")
        rows.append(messages.MessageRow(turn.channel.id, turn.caller.phone_id, "in", body, inbound.external_id, turn.now))
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


# --- what both share ---------------------------------------------------------------------------------------------------------------


def _retrying(attempt: Callable[[], str]) -> str:
    for _ in range(MOST_RACES):
        try:
            return attempt()
        except Conflict:
            continue
    raise GatewayError("receive:busy")


def _channel(gateway: Gateway, db: Connection, inbound: Inbound) -> Channel | None:
    """Our own number that was rung or texted. An installation that names none takes whatever its provider forwards."""
    if gateway.settings.number:
        channel = channels.by_address(db, inbound.provider, inbound.recipient)
    else:
        channel = next(iter(channels.of_provider(db, inbound.provider)), None)
    if channel is None:
        log.error("not_our_number", provider=inbound.provider)
    elif not channel.address and inbound.recipient:
        with gateway.database.write() as writing:
            channels.adopt(writing, channel.id, inbound.recipient)  # what we send later comes from this number
    return channel


def _person(gateway: Gateway, db: Connection, sender: str | None) -> CallerRow | None:
    return members.caller(db, gateway.seal.index(sender)) if sender else None


def _meet(gateway: Gateway, sender: str, now: datetime) -> CallerRow:
    """The phone that wrote or rang, made known to us on its first contact."""
    with gateway.database.read() as db:
        person = _person(gateway, db, sender)
    if person is not None:
        return person
    with gateway.database.write() as db:
        phones.find_or_create(db, gateway.seal, sender, now)
    with gateway.database.read() as db:
        person = _person(gateway, db, sender)
    if person is None:
        raise LookupError("a phone vanished")
    return person


def _caller(gateway: Gateway, channel: Channel, person: CallerRow | None, *, new: bool, language: str | None = None) -> Caller:
    """Who may be calling. She is written to in the script that she chose, else in that of her last text."""
    views = tuple(
        MemberView(
            id=row.id,
            number=row.number,
            language=row.language,
            private=row.private,
            has_pin=row.has_pin,
            usual_instalment=row.usual_instalment,
            state=row.state,
            trade=row.trade,
        )
        for row in (person.members if person else ())
    )
    only = views[0] if len(views) == 1 else None
    spoken = language or (only.language if only else None) or (person.phone_language if person else None)
    known = gateway.catalogue.languages
    chosen = person.members[0].script if person and only else None
    return Caller(
        phone_id=person.phone_id if person else None,
        organisation_id=channel.organisation_id,
        member=only,
        sharing=() if only else views,
        language=spoken if spoken in known else channel.language,
        new=new,
        romanised=(chosen or (person.phone_script if person else None)) == "romanised",
    )


def _setting(gateway: Gateway, now: datetime) -> Setting:
    return Setting(
        now=now,
        new_id=gateway.new_id,
        actions=actions.Bound(gateway),
        office_open=bool(gateway.settings.person_number) and consent.office_open(now),
        person_number=gateway.settings.person_number,
        studio_open=bool(gateway.settings.studio_pin),
    )


def _start(gateway: Gateway, turn: Turn, flow: str, values: Mapping[str, object]) -> Sprint:
    opening = Opening(gateway.new_id(), turn.inbound.medium, values)
    return interpreter.start(gateway.catalogue, flow, opening, turn.caller, _setting(gateway, turn.now))


def _offer(gateway: Gateway, turn: Turn) -> Sprint | None:
    """The question whether to go on where her last call broke off, if there is something to go on with."""
    if turn.broke_off is None:
        return None
    with gateway.database.read() as db:
        left = whole_calls.left_unfinished(gateway, db, turn.broke_off, turn.caller, turn.now)
    if left is None:
        return None
    opening = Opening(gateway.new_id(), turn.inbound.medium)
    return interpreter.offer_to_go_on(gateway.catalogue, left, opening, turn.caller, _setting(gateway, turn.now))


def _resume(gateway: Gateway, turn: Turn, flow_session: FlowSession) -> Sprint:
    return interpreter.resume(gateway.catalogue, flow_session, turn.inbound.input, turn.caller, _setting(gateway, turn.now))


def _settle(gateway: Gateway, turn: Turn, sprint: Sprint, answer: str, said: str | None = None) -> str:
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
            if inbound.medium == "voice":
                calls.begin(db, _call_row(turn))
            if turn.broke_off and turn.caller.phone_id and not phones.take_broken_off(db, turn.caller.phone_id, turn.broke_off):
                raise Conflict  # another call from this phone took it up meanwhile
        jobs = commit(Writing(gateway, db, conversation, sprint, now))
    gateway.enqueue(jobs)
    return answer


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
