"""What becomes of a request of a call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from gateway.core.events import RecordingMade
from gateway.core.jobs import FetchRecording
from gateway.engine import interpreter
from gateway.engine.interpreter import Opening, Sprint
from gateway.providers.base import AnswerContext, Inbound
from gateway.services import callers, missed_calls
from gateway.services import calls as whole_calls
from gateway.services.receive import told
from gateway.services.receive.settle import settle
from gateway.services.receive.turns import Turn, hang_up, resume, retrying, setting, start
from gateway.store import arrivals, calls, receipts, recordings
from gateway.store import told as told_rows

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel
    from gateway.store.database import Connection
    from gateway.store.flow_sessions import SessionRow
    from gateway.store.members import CallerRow, MemberRow
    from gateway.store.told import CallContent


def call(gateway: Gateway, inbound: Inbound) -> str:
    """Answer one request of a call that she made, or go on with one of ours: the provider's document, as text."""
    with gateway.database.holding():
        return retrying(lambda: _once(gateway, inbound, None))


@dataclass(frozen=True, slots=True)
class Placed:
    """A call of ours that she picked up: what a broadcast tells her, or (None) what her own call would, which she asked for."""

    content: CallContent | None


def picked_up(gateway: Gateway, inbound: Inbound, delivery_id: int) -> str:
    """Answer the first request of a call that we placed for a delivery: she picked up."""
    with gateway.database.holding():
        with gateway.database.read() as db:
            content = told_rows.content_of_call(db, delivery_id)
        return retrying(lambda: _once(gateway, inbound, Placed(content)))


def _once(gateway: Gateway, inbound: Inbound, placed: Placed | None) -> str:
    """A repeat gets its answer again, a call that is over its end, a step that is not awaited the last question; else the call goes on."""
    found = _look_up(gateway, inbound)
    if found.answer is not None:
        return found.answer
    row = found.row
    if found.channel is None or found.over:
        return hang_up(gateway, inbound)
    if row is None and placed is None and found.channel.missed_calls:
        return missed_calls.rang(gateway, inbound, found.channel)
    if row is not None and (answer := _not_awaited(gateway, inbound, row, found.person)) is not None:
        return answer
    turn = _turn(gateway, inbound, found, found.channel, placed)
    told_at = found.person.told_at if found.person else None
    return _answered(gateway, turn, _sprint(gateway, turn, placed, told_at))


def _not_awaited(gateway: Gateway, inbound: Inbound, row: SessionRow, person: CallerRow | None) -> str | None:
    """What is answered to a request with which her call does not go on; None where it does."""
    if _came_after_the_end(row, inbound):
        return _settle_recording(gateway, inbound, row)
    if not row.open or row.phone_id != (person.phone_id if person else None):
        return hang_up(gateway, inbound)  # the call is over, or it is another person's
    return _told_last(gateway, inbound, row) if row.version != inbound.step else None


class _Found(NamedTuple):
    """What is known of a request before anything is done with it; `over`: the end of this call was reported before its beginning."""

    answer: str | None
    row: SessionRow | None
    channel: Channel | None
    person: CallerRow | None
    guest: MemberRow | None
    over: bool


def _look_up(gateway: Gateway, inbound: Inbound) -> _Found:
    index = gateway.seal.index(inbound.sender) if inbound.sender else None
    arrival = arrivals.Arrival(inbound.provider, inbound.external_id, inbound.step, inbound.recipient, index)
    with gateway.database.read() as db:
        known = arrivals.look_up(db, gateway.seal, arrival)
        if known.answer is not None:
            return _Found(known.answer, None, None, None, None, over=False)
        channel = known.channel or callers.channel_of(gateway, db, inbound)
        over = known.row is None and inbound.step > 0 and calls.is_over(db, inbound.provider, inbound.external_id)
        person = _person(gateway, db, inbound, known, channel)
        guest = callers.guest_of(db, known.row, person, channel.organisation_id) if channel else None
    return _Found(None, known.row, channel, person, guest, over)


def _person(gateway: Gateway, db: Connection, inbound: Inbound, known: arrivals.Known, channel: Channel | None) -> CallerRow | None:
    """Whose phone it is; asked once more where our number was found by other means, or the phone may be sealed with an earlier key."""
    if channel is None or not inbound.sender:
        return known.caller
    if known.channel is None or (known.caller is None and gateway.seal.earlier_indexes(inbound.sender)):
        return arrivals.who(db, gateway.seal, inbound.sender, channel.organisation_id)
    return known.caller


def _turn(gateway: Gateway, inbound: Inbound, found: _Found, channel: Channel, placed: Placed | None) -> Turn:
    now, person = gateway.clock(), found.person
    new = person is None or person.called_at is None
    if person is None and inbound.sender is not None:
        person = callers.meet(gateway, inbound.sender, channel.organisation_id, now)
    caller = callers.caller_of(gateway, channel, person, new=new, guest=found.guest)
    content = placed.content if placed else None
    if content is not None and content.language in gateway.catalogue.languages:
        caller = replace(caller, language=content.language)
    begins = found.row is None and content is None
    broke_off = person.broke_off if begins and person is not None else None
    return Turn(
        inbound, now, channel, caller, found.row, placed_by_us=placed is not None, of_a_broadcast=content is not None, broke_off=broke_off
    )


def _sprint(gateway: Gateway, turn: Turn, placed: Placed | None, told_at: datetime | None) -> Sprint:
    if turn.row is not None:
        return resume(gateway, turn, turn.row)
    if placed is not None and placed.content is not None:
        return told.by_call(gateway, turn, placed.content)
    offer = _offer(gateway, turn) or told.offered(gateway, turn, told_at)
    return offer or start(gateway, turn, gateway.catalogue.defaults.main, {})


def _offer(gateway: Gateway, turn: Turn) -> Sprint | None:
    """The question whether to go on where her last call broke off, if there is something to go on with."""
    if turn.broke_off is None:
        return None
    with gateway.database.read() as db:
        left = whole_calls.left_unfinished(gateway, db, turn.broke_off, turn.caller, turn.now)
    if left is None:
        return None
    opening = Opening(gateway.new_id(), turn.inbound.medium)
    return interpreter.offer_to_go_on(gateway.catalogue, left, opening, turn.caller, setting(gateway, turn.now))


def _answered(gateway: Gateway, turn: Turn, sprint: Sprint) -> str:
    context = AnswerContext(sprint.session.version, gateway.settings.public_base_url, turn.channel.address)
    answer = gateway.providers[turn.inbound.provider].render_call(sprint.facts, sprint.wait, context)
    return settle(gateway, turn, sprint, answer)


def _told_last(gateway: Gateway, inbound: Inbound, row: SessionRow) -> str:
    """A step that is neither awaited nor answered before: say once more what is awaited."""
    with gateway.database.read() as db:
        answer = receipts.find(db, gateway.seal, (inbound.provider, inbound.external_id, row.version - 1))
    return answer or hang_up(gateway, inbound)


def _came_after_the_end(row: SessionRow, inbound: Inbound) -> bool:
    """Whether she spoke and hung up, and we heard of the end first."""
    return not row.open and isinstance(inbound.input, RecordingMade) and row.version == inbound.step


def _settle_recording(gateway: Gateway, inbound: Inbound, row: SessionRow) -> str:
    """What she said before she hung up is kept for somebody to hear."""
    answer, made, now = hang_up(gateway, inbound), inbound.input, gateway.clock()
    jobs = list[FetchRecording]()
    with gateway.database.write() as db:
        receipts.insert(db, gateway.seal, receipts.Receipt(inbound.provider, inbound.external_id, inbound.step, answer, now))
        if isinstance(made, RecordingMade) and made.seconds > 0 and interpreter.awaits_words(gateway.catalogue, row.state):
            jobs.append(FetchRecording(_keep(gateway, db, row, made, now)))
    gateway.enqueue(jobs)
    return answer


def _keep(gateway: Gateway, db: Connection, row: SessionRow, made: RecordingMade, now: datetime) -> str:
    kept = recordings.NewRecording(gateway.new_id(), row.id, row.provider, made.external_id, made.seconds)
    recordings.keep(db, kept, now)
    whole_calls.leave_unheard(gateway, db, row, now)
    return kept.id
