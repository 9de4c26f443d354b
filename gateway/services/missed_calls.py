"""She rings and hangs up, or is rejected, and is called back: it costs her nothing.

What we owe is a row of `call_backs`, and each try a voice row of `deliveries` that the workers send like a reply. Nobody can prove whose
number a ring shows, so what it may cost is capped, and nobody is called who could not be rung for any other reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from gateway.core import call_backs as rules
from gateway.core import consent, phone
from gateway.core.calendar import NEPAL
from gateway.core.events import CallAnswered, CallRejected
from gateway.core.jobs import CallBack, Job, SendReply
from gateway.errors import GatewayError
from gateway.providers.base import AnswerContext, Inbound
from gateway.providers.faults import SendFault
from gateway.services import callers
from gateway.services.access import Permission
from gateway.services.installation import ORGANISATION
from gateway.store import arrivals, call_backs, calls, channels, deliveries, phones, receipts, tasks
from gateway.store.call_backs import NewCallBack, Try
from gateway.store.database import AlreadyReceived
from gateway.store.tasks import NewTask

if TYPE_CHECKING:
    from gateway.core.call_backs import Caps
    from gateway.engine.interpreter import Caller
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.call_backs import Before, Tried
    from gateway.store.channels import Channel
    from gateway.store.database import Connection

log = structlog.get_logger(__name__)

# What becomes of a ring: she is called back now or in the morning; she is being called back already; or not, and why.
BECAME = ("called", "morning", "repeated", "late", "withheld", "ours", "barred", "stopped", "cap-number", "cap-prefix", "cap-day")
OWED = frozenset({"called", "morning"})

# Of flows/phrases.yaml.
IN_THE_MORNING, CALLED_IN_VAIN, BY_A_PERSON = "call_back_morning", "call_back_missed", "call_back_by_person"
PREFIX_LATELY = timedelta(hours=1)
ENDS = {"delivered": "answered", "read": "answered", "suppressed": "dropped"}
AT_ONCE = 200  # tries that one sweep looks at


def came(gateway: Gateway, provider: str, external_id: str, sender: str | None, recipient: str, at: datetime) -> None:  # noqa: PLR0913, PLR0917
    """A phone reports that `sender` (E.164; None: withheld) rang our number `recipient` at `at` and was not answered.

    `external_id` is the ring's name at the provider: a repeat changes nothing. At a number whose rings are not called back it is logged.
    """
    inbound = Inbound(provider, external_id, 0, "voice", sender, recipient, CallAnswered())
    with gateway.database.read() as db:
        channel = callers.channel_of(gateway, db, inbound)
    if channel is None or not channel.missed_calls:
        log.info("missed_call_ignored", provider=provider)
        return
    _take(gateway, inbound, channel, at, "")


def calls_back(gateway: Gateway, provider: str, recipient: str) -> bool:
    """Whether this number of ours rejects who rings and calls back; known without the database, so that no fault of it answers her."""
    if gateway.ways is None:
        return gateway.settings.missed_calls
    ours = gateway.ways.channels.values()
    return any(entry.missed_calls for entry in ours if (entry.provider, entry.number) == (provider, recipient))


def rejection(gateway: Gateway, provider: str) -> str:
    """The document that rejects a ring unanswered."""
    context = AnswerContext(next_step=0, public_base_url=gateway.settings.public_base_url)
    return gateway.providers[provider].render_call((CallRejected(),), None, context)


def rang(gateway: Gateway, inbound: Inbound, channel: Channel) -> str:
    """Answer the first request of a call at a channel whose rings are called back: the document that rejects it unanswered."""
    answer = rejection(gateway, inbound.provider)
    _take(gateway, inbound, channel, gateway.clock(), answer)
    return answer


def try_out(gateway: Gateway, e164: str) -> str:
    """Ring the first of our own numbers that calls back, from this one, and hang up: what became of it, of `BECAME`.

    GatewayError `call:no-missed-calls` where none does.
    """
    with gateway.database.read() as db:
        ours = [channel for channel in channels.of_organisation(db, ORGANISATION) if channel.missed_calls]
    if not ours:
        raise GatewayError("call:no-missed-calls")
    channel, external_id = ours[0], f"terminal-{gateway.new_id()}"
    inbound = Inbound(channel.provider, external_id, 0, "voice", e164, channel.address, CallAnswered())
    return _take(gateway, inbound, channel, gateway.clock(), "")


def _take(gateway: Gateway, inbound: Inbound, channel: Channel, at: datetime, answer: str) -> str:
    """Write down a ring, and what we owe for it, in one transaction with its receipt; what became of it."""
    now, jobs = gateway.clock(), list[Job]()
    try:
        with gateway.database.write() as db:
            receipts.insert(db, gateway.seal, receipts.Receipt(inbound.provider, inbound.external_id, inbound.step, answer, now))
            phone_id, barred = None, _barred(gateway, db, channel, inbound.sender)
            if barred is not None or inbound.sender is None:
                became = barred or "withheld"
            else:
                phone_id = phones.find_or_create(db, gateway.seal, inbound.sender, now)
                became, jobs = _ask(gateway, db, Asking(channel, phone_id, inbound.sender), min(at, now))
            calls.begin(db, calls.CallRow(inbound.provider, inbound.external_id, channel.id, phone_id, "in", "no-answer", now))
            call_backs.count(db, channel.id, _day(now), became)
    except AlreadyReceived:
        return "repeated"
    if became not in OWED and became != "repeated":
        log.info("missed_call_not_called_back", channel=channel.id, why=became)
    gateway.enqueue(jobs)
    return became


# --- whom we call back, and whom not -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asking:
    """Who wants to be called, and which of our numbers she rang or wrote to."""

    channel: Channel
    phone_id: int
    e164: str


def would(gateway: Gateway, channel_id: str, phone_id: int) -> str:
    """What would become of a ring now, of `BECAME`, without owing anything; `off` where the organisation calls nobody back."""
    with gateway.database.read() as db:
        asking = _asking(gateway, db, channel_id, phone_id)
        if asking is None:
            return "off"
        now = gateway.clock()
        return _barred(gateway, db, asking.channel, asking.e164) or _verdict(gateway, db, asking, now, now)[0]


def ask(gateway: Gateway, db: Connection, channel_id: str, phone_id: int) -> list[Job]:
    """Owe a call to who asked for one by text, as if she had rung; part of the transaction of her text."""
    asking, now = _asking(gateway, db, channel_id, phone_id), gateway.clock()
    if asking is None or _barred(gateway, db, asking.channel, asking.e164):
        return []
    became, jobs = _ask(gateway, db, asking, now, told=True)
    call_backs.count(db, channel_id, _day(now), became)
    if became not in OWED and became != "repeated":
        _hand_over(gateway, db, asking)  # she was told that we call, and another ring reached a cap before hers
    return jobs


def _asking(gateway: Gateway, db: Connection, channel_id: str, phone_id: int) -> Asking | None:
    """Who asks by text; None where none of the organisation's numbers calls back."""
    channel = channels.get(db, channel_id)
    e164 = phones.open_many(db, gateway.seal, [phone_id]).get(phone_id)
    if channel is None or e164 is None or not any(ours.missed_calls for ours in channels.of_organisation(db, channel.organisation_id)):
        return None
    return Asking(channel, phone_id, e164)


def _barred(gateway: Gateway, db: Connection, channel: Channel, e164: str | None) -> str | None:
    if e164 is None:
        return "withheld"
    if channels.is_ours(db, e164):
        return "ours"  # it would ring us, and be called back in its turn
    return None if phone.may_call(e164, _caps(gateway, channel).countries) else "barred"


def _verdict(gateway: Gateway, db: Connection, asking: Asking, at: datetime, due: datetime) -> tuple[str, Before | None]:
    """What becomes of her ring, if she would be called when it is `due`, and the call back that is under way already, or was left
    hanging."""
    now = gateway.clock()
    known = arrivals.who(db, gateway.seal, asking.e164, asking.channel.organisation_id)
    if known is not None and known.stopped_at is not None:
        return "stopped", None
    if at < now - rules.LATEST:
        return "late", None
    before = call_backs.latest(db, asking.channel.organisation_id, asking.phone_id)
    if before is not None and _is_the_same(before, at, now):
        return "repeated", before
    counted = call_backs.counts(db, _new(gateway, asking, at), at - PREFIX_LATELY)
    caps = _caps(gateway, asking.channel)
    for number, most, why in (
        (counted.number, caps.per_number, "cap-number"),
        (counted.prefix, caps.per_prefix, "cap-prefix"),
        (counted.channel, caps.per_day, "cap-day"),
    ):
        if number >= most:
            return why, before
    return ("morning" if consent.quiet(due) else "called"), before


def _is_the_same(before: Before, at: datetime, now: datetime) -> bool:
    """Whether a ring is one of those that we answer, or answered, with that call back."""
    if before.ended_at is None:
        return before.state == "queued" or now - before.touched_at < rules.WINDOW  # else nobody tells us what became of it
    if before.outcome == "answered":
        return at < before.ended_at + rules.AFTER
    return at < max(before.ended_at, before.rang_at + rules.WINDOW)  # a phone may tell of it when we have tried already


def _ask(gateway: Gateway, db: Connection, asking: Asking, at: datetime, *, told: bool = False) -> tuple[str, list[Job]]:
    """Owe her a call, unless we do already. `told`: she knows when it comes."""
    now = gateway.clock()
    due = now if told else max(now, at + rules.BREATH)
    call_backs.wait_to_count(db, asking.channel.id, _day(now))
    became, before = _verdict(gateway, db, asking, at, due)
    if became == "repeated" and before is not None:
        again = at >= before.rang_at + rules.WINDOW and not consent.quiet(now)
        return became, [CallBack()] if again and call_backs.hasten(db, before.delivery_id, now) else []
    if became not in OWED:
        return became, []
    if before is not None and before.ended_at is None:
        call_backs.end(db, before.id, "unclear", now)
    call_back_id = call_backs.begin(db, _new(gateway, asking, at))
    if call_back_id is None:
        return "repeated", []  # two rings at once
    opens = consent.opens_at(due)
    _owe(gateway, db, asking, Place(call_back_id, 1, opens))
    if told or became == "called":
        return became, [CallBack()] if opens <= now else []
    # A phone that was offline may tell in the middle of the night who rang by day.
    return became, _write(gateway, db, asking, IN_THE_MORNING) if now - at < rules.WINDOW else []


@dataclass(frozen=True, slots=True)
class Place:
    """Which try of a call back, and when at the earliest."""

    call_back_id: int
    round: int
    due: datetime


def _owe(gateway: Gateway, db: Connection, asking: Asking, place: Place) -> None:
    language = _caller(gateway, db, asking).language
    made = Try(place.call_back_id, place.round, asking.channel.id, asking.phone_id, language, place.due)
    call_backs.owe(db, made, gateway.clock())


def _new(gateway: Gateway, asking: Asking, at: datetime) -> NewCallBack:
    prefix, channel = gateway.seal.index(rules.prefix(asking.e164)), asking.channel
    return NewCallBack(channel.organisation_id, channel.id, asking.phone_id, prefix, _day(at), at)


def _caps(gateway: Gateway, channel: Channel) -> Caps:
    entry = gateway.ways.channels.get(channel.id) if gateway.ways else None
    return entry.calls_back.caps if entry else rules.Caps()


def _day(at: datetime) -> str:
    return at.astimezone(NEPAL).date().isoformat()


# --- what comes after a try --------------------------------------------------------------------------------------------------------


def follow(gateway: Gateway) -> None:
    """Decide what comes after each try that is over, tell who waits over night, and give up who waited a day."""
    now = gateway.clock()
    with gateway.database.write() as db:
        call_backs.expire(db, now - rules.LATEST, now)
    with gateway.database.read() as db:
        over = call_backs.over(db, AT_ONCE)
        late = call_backs.waiting(db, now, AT_ONCE) if consent.quiet(now) else []
    for tried in over:
        _decide(gateway, tried)
    for waits in late:
        _let_wait(gateway, waits, now)


def follow_one(gateway: Gateway, delivery_id: int, *, machine: bool) -> None:
    """The same for one delivery, of which the end was reported, or that a `machine` picked up; nothing where it is no call back."""
    if machine:
        with gateway.database.write() as db:
            call_backs.reopen(db, delivery_id)
    with gateway.database.read() as db:
        over = call_backs.over(db, 1, delivery_id)
    for tried in over:
        _decide(gateway, tried)


def _decide(gateway: Gateway, tried: Tried) -> None:
    now, jobs = gateway.clock(), list[Job]()
    with gateway.database.write() as db:
        if not call_backs.settle(db, tried.id):
            return  # another worker was faster
        her, outcome = _who_was(gateway, db, tried), _outcome(tried)
        at = rules.again(tried.round, tried.rang_at, busy=tried.error == "busy") if outcome is None else None
        if her is None or outcome is not None:
            call_backs.end(db, tried.call_back_id, outcome or "dropped", now)
            jobs = _hand_over(gateway, db, her) if her is not None and _is_for_a_person(tried, outcome) else []
        elif at is not None:
            due = consent.opens_at(max(at, now))
            _owe(gateway, db, her, Place(tried.call_back_id, tried.round + 1, due))
            jobs = _write(gateway, db, her, IN_THE_MORNING) if consent.quiet(max(at, now)) else []
        else:
            call_backs.end(db, tried.call_back_id, "missed", now)
            jobs = _write(gateway, db, her, CALLED_IN_VAIN)
    gateway.enqueue(jobs)


def _who_was(gateway: Gateway, db: Connection, tried: Tried) -> Asking | None:
    """Who was called; None where she has stopped us meanwhile, or her number was erased."""
    channel = channels.get(db, tried.channel_id)
    if channel is None or tried.sealed is None or tried.stopped:
        return None
    return Asking(channel, tried.phone_id, gateway.seal.open(tried.sealed))


def _outcome(tried: Tried) -> str | None:
    """How the call back ended with this try; None where nobody picked up."""
    error = tried.error or ""
    if tried.answered_by == "machine":
        return None
    if tried.state in {"undelivered", "failed"}:
        return "failed" if error.startswith("send:") else None  # so it would be once more: a wrong number, or nobody takes the call
    return ENDS.get(tried.state, "unclear")


def _is_for_a_person(tried: Tried, outcome: str | None) -> bool:
    """Whether the gateway gives up, and neither she nor her number is the reason: no way of ours took the call, or none for a day."""
    error = tried.error or ""
    return error == call_backs.TOO_LATE or (outcome in {"failed", "unclear"} and not error.startswith(SendFault.BAD_NUMBER.value))


def _hand_over(gateway: Gateway, db: Connection, her: Asking) -> list[Job]:
    """Let a person call her, and tell her so; once, however often she rings until that is done."""
    organisation_id, now = her.channel.organisation_id, gateway.clock()
    if tasks.is_call_back_open(db, organisation_id, her.phone_id):
        return []
    member = _caller(gateway, db, her).member
    task = NewTask(gateway.new_id(), organisation_id, "call_back", her.phone_id, member.id if member else None)
    tasks.open_task(db, task, now)
    return _write(gateway, db, her, BY_A_PERSON)


def _let_wait(gateway: Gateway, tried: Tried, now: datetime) -> None:
    """It became night before she could be called."""
    jobs = list[Job]()
    with gateway.database.write() as db:
        her = _who_was(gateway, db, tried)
        if her is not None and call_backs.put_off(db, tried.id, consent.opens_at(now)):
            jobs = _write(gateway, db, her, IN_THE_MORNING)
    gateway.enqueue(jobs)


# --- what she is told by text ------------------------------------------------------------------------------------------------------


def _write(gateway: Gateway, db: Connection, asking: Asking, phrase: str) -> list[Job]:
    """Owe her a text, where her phone takes any. What answers her ring goes out at night as well."""
    if phone.operator(asking.e164) == phone.LINE:
        return []
    known, now = _caller(gateway, db, asking), gateway.clock()
    words = gateway.catalogue.phrase(phrase, known.language, romanised=known.romanised)
    opens = consent.opens_at(now) if phrase != IN_THE_MORNING and consent.quiet(now) else None
    reply = deliveries.NewReply(asking.channel.id, asking.phone_id, None, known.language, words, opens, by_day=opens is not None)
    owed = deliveries.owe_reply(db, gateway.seal, reply, now)
    return [] if opens else [SendReply(owed)]


def _caller(gateway: Gateway, db: Connection, asking: Asking) -> Caller:
    """Who she may be: in which language and script she is spoken to."""
    person = arrivals.who(db, gateway.seal, asking.e164, asking.channel.organisation_id)
    return callers.caller_of(gateway, asking.channel, person, new=False)


# --- for who looks after the installation ------------------------------------------------------------------------------------------


def rings_today(gateway: Gateway, actor: Actor) -> dict[tuple[str, str], int]:
    """How many rings there were today, by channel of the actor's organisation and what became of them (`BECAME`)."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        ours = [channel.id for channel in channels.of_organisation(db, actor.organisation_id)]
        return call_backs.rings_on(db, ours, _day(gateway.clock()))
