"""What becomes of a text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.core import phone
from gateway.core.events import MessageReceived, PromptSpoken
from gateway.engine import interpreter
from gateway.engine.interpreter import Sprint
from gateway.engine.steps.listening import option_of
from gateway.language import keywords
from gateway.providers.base import Inbound
from gateway.services import callers
from gateway.services import calls as whole_calls
from gateway.services.receive import told
from gateway.services.receive.repeats import told_apart
from gateway.services.receive.settle import settle, settle_consent, settle_silence
from gateway.services.receive.turns import Turn, resume, retrying, start
from gateway.store import channels, flow_sessions, messages, receipts

if TYPE_CHECKING:
    from gateway.language.keywords import Match
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel
    from gateway.store.flow_sessions import SessionRow
    from gateway.store.told import CallContent

REPLY = "broadcast_reply"  # the flow that thanks who answers a broadcast in her own words
SURE = 0.9  # the score of a listed word in a longer text, which may then leave a question unanswered
ASKED_FIRST = frozenset({"stop", "start"})  # "sms napathaunu" may mean STOP, which only its own words do at once
ANSWER = re.compile(r"[ .,।()-]*[0-9][0-9 .,।()/=-]*")  # what answers a question and means nothing by itself
MOST_REPLIES = 60  # to one phone in an hour; what comes faster is another machine, and every reply costs
MOST_ALIKE = 10  # to the very same words one after the other: a machine that answers our answers, and a SIM has not many texts a day
MOST_CONFIRMED = MOST_REPLIES + 6  # STOP and START are confirmed a little longer: she wants to know that it worked


def message(gateway: Gateway, inbound: Inbound) -> str:
    """Answer one text: the provider's document, empty where nothing may be sent."""
    with gateway.database.holding():
        return retrying(lambda: _once(gateway, inbound))


def _once(gateway: Gateway, inbound: Inbound) -> str:
    """A repeat gets its answer again; STOP and START come before every limit and flow; who wrote too much gets none; then the flows."""
    silence = gateway.providers[inbound.provider].render_message("")
    with gateway.database.read() as db:
        if inbound.repeats_within:
            inbound = told_apart(db, inbound, gateway.clock())
        stored = receipts.find(db, gateway.seal, (inbound.provider, inbound.external_id, 0))
        if stored is not None:
            return stored
        channel = callers.channel_of(gateway, db, inbound)
        from_us = inbound.sender is not None and channels.is_ours(db, inbound.sender)
    if channel is None or inbound.sender is None or not isinstance(inbound.input, MessageReceived):
        return silence
    text = inbound.input.text
    turn, stopped = _turn(gateway, inbound, channel, inbound.sender, text)
    if from_us or not phone.may_call(inbound.sender):  # our own numbers would answer each other without end
        return settle_silence(gateway, turn, silence)
    replies, blank = _lately(gateway, turn, text)
    if word := keywords.consent_word(text):
        already = (word == "stop") == stopped
        return settle_consent(gateway, turn, word, quietly=already or replies >= MOST_CONFIRMED)
    machine = replies >= MOST_REPLIES or (replies >= MOST_ALIKE and _is_echo(gateway, turn, text))
    if machine or blank:  # whoever sent nothing got help for it once today
        return settle_silence(gateway, turn, silence, flagged=machine)
    match = gateway.catalogue.lexicon.match(text)
    content = _answered(gateway, turn, match, text)
    if content is not None:
        turn = replace(turn, delivery_id=content.delivery_id)
    sprint = (content and told.into_flow(gateway, turn, content, plain=_is_an_answer(text))) or _sprint(gateway, turn, match, content)
    said = "\n".join(fact.text for fact in sprint.facts if isinstance(fact, PromptSpoken) and fact.text)
    return settle(gateway, turn, sprint, gateway.providers[inbound.provider].render_message(said), said)


def _turn(gateway: Gateway, inbound: Inbound, channel: Channel, sender: str, text: str) -> tuple[Turn, bool]:
    """Where the text belongs, and whether STOP came from this phone."""
    now = gateway.clock()
    person = callers.meet(gateway, sender, channel.organisation_id, now)
    with gateway.database.read() as db:
        row = flow_sessions.load_open_text(db, gateway.seal, channel.id, person.phone_id)
    script = keywords.script_of(text) or person.phone_script
    caller = callers.caller_of(gateway, channel, person._replace(phone_script=script), new=False)
    new_script = None if script == person.phone_script else script
    return Turn(inbound, now, channel, caller, row, new_script=new_script), person.stopped_at is not None


def _lately(gateway: Gateway, turn: Turn, text: str) -> tuple[int, bool]:
    """How many answers the phone got within an hour, and whether this is one more text of today without any words."""
    phone_id = turn.caller.phone_id
    if phone_id is None:
        raise LookupError("a text without a phone")
    with gateway.database.read() as db:
        replies = messages.count_out(db, phone_id, turn.now - timedelta(hours=1))
        return replies, not text.strip() and messages.had_blank(db, phone_id, turn.now - timedelta(days=1))


def _is_echo(gateway: Gateway, turn: Turn, text: str) -> bool:
    """Whether the phone has sent these words and nothing else for a while, and they answer no question."""
    if turn.caller.phone_id is None or _is_an_answer(text):
        return False
    with gateway.database.read() as db:
        lately = messages.written_by(db, gateway.seal, [turn.caller.phone_id], turn.now - timedelta(hours=1), MOST_ALIKE)
    return len(lately) == MOST_ALIKE and all(words == text for _, _, words in lately)


# --- what is meant -----------------------------------------------------------------------------------------------------------------


def _answered(gateway: Gateway, turn: Turn, match: Match, text: str) -> CallContent | None:
    """The broadcast that her text answers: no word of ours, and not said in a conversation that goes on, nor after a later one."""
    if match.intent in ASKED_FIRST or (match.exact and _flow_of(gateway, match)) or _everywhere(gateway, turn, text):
        return None
    if turn.row is not None and not _is_late(turn, turn.row):
        return None
    content = told.lately_texted(gateway, turn)
    return None if content is None or (turn.row is not None and turn.row.updated_at > content.at) else content


def _is_late(turn: Turn, row: SessionRow) -> bool:
    return turn.now - row.updated_at >= whole_calls.TEXT_IDLE


def _flow_of(gateway: Gateway, match: Match) -> str | None:
    return gateway.catalogue.flow_of_intent(match.intent) if match.intent else None


def _everywhere(gateway: Gateway, turn: Turn, text: str) -> str | None:
    """0 is a person and 9 the start wherever she is, unless a conversation asks something."""
    flow = gateway.catalogue.defaults.keys.get(option_of(keywords.fold_digits(text)))
    return flow if turn.row is None and flow in gateway.catalogue.flows else None


def _sprint(gateway: Gateway, turn: Turn, match: Match, content: CallContent | None) -> Sprint:
    """Go on with the conversation, unless there is none or the text is the word that opens another flow.

    What would change something and is not plainly said is asked about first; an answer that comes too late is told so. Who wrote her own
    words to a broadcast (`content`) is thanked once.
    """
    text = turn.inbound.input.text if isinstance(turn.inbound.input, MessageReceived) else ""
    flow, defaults, row = _flow_of(gateway, match), gateway.catalogue.defaults, turn.row
    late = row is not None and _is_late(turn, row)
    if everywhere := _everywhere(gateway, turn, text):
        return start(gateway, turn, everywhere, {})
    if row is not None and not late and _answers(gateway, row, text, match, opens=flow is not None):
        return resume(gateway, turn, row)
    if _is_doubtful(gateway, match, flow):
        return start(gateway, turn, defaults.doubt, {"doubt.intent": match.intent})
    if flow is None and content is not None and not content.answered and REPLY in gateway.catalogue.flows:
        return start(gateway, turn, REPLY, told.of_reply(content))
    if late and flow is None and _is_an_answer(text):
        return start(gateway, turn, defaults.late, {})
    return start(gateway, turn, flow or defaults.help, _amounts(text, match))


def _answers(gateway: Gateway, row: SessionRow, text: str, match: Match, *, opens: bool) -> bool:
    """Whether the text answers what the conversation asks: it is expected there, or it is no word that plainly leads elsewhere."""
    if interpreter.expects(gateway.catalogue, row.state, text):
        return True
    clear = match.exact or match.number is not None
    if opens and clear:
        return False
    asked = match.intent in ASKED_FIRST  # STOP and START themselves never come here
    surely = asked or match.score >= SURE
    return not ((opens or asked) and surely and not interpreter.awaits_words(gateway.catalogue, row.state))


def _is_doubtful(gateway: Gateway, match: Match, flow: str | None) -> bool:
    """Whether the text may ask for a change, and does not say so plainly."""
    return match.intent in ASKED_FIRST or (flow is not None and not match.exact and gateway.catalogue.flows[flow].changes)


def _is_an_answer(text: str) -> bool:
    return ANSWER.fullmatch(keywords.fold_digits(text)) is not None or keywords.yes_or_no(text) is not None


def _amounts(text: str, match: Match) -> dict[str, object]:
    """What stood beside the word: `texted.number`, `texted.amount`, and of a collector `texted.pairs`."""
    found = {"number": match.number, "amount": keywords.amount_beside(text), "pairs": keywords.pairs_beside(text)}
    return {f"texted.{name}": value for name, value in found.items() if value is not None}
