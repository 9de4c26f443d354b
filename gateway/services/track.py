"""What became of what we sent: the providers' reports, the questions to them where no report came, and the sweep for whatever was lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from gateway.core import consent
from gateway.core.jobs import CallBack, EndCall, ExpandBroadcast, Job, SendBatch, SendReply
from gateway.core.statuses import DELIVERY_OF_CALL
from gateway.providers.base import Found, OutboundCall, OutboundMessage, StatusReport
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import HttpSession, open_http
from gateway.services import (
    announcements,
    audit,
    calls,
    charges,
    claims,
    drop_off,
    missed_calls,
    presence,
    recordings,
    reminders,
    retention,
    rounds,
    uploads,
)
from gateway.store import broadcasts, callbacks, deliveries, phones, sweeps

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.deliveries import Doubt

log = structlog.get_logger(__name__)

ASKED_AT_ONCE = 20  # questions in flight
MOST_DOUBTS = 200  # in one sweep
MOST_REPLIES = 200  # bells in one sweep
SILENCE_OF_CALLS = 4  # times `reconcile_after`: a call rings and is listened to before it has anything to report
LARGEST_ID = 2**63 - 1
RANG = {"ringing", "answered", "completed", "busy", "no-answer"}  # words about a call by which her phone has rung
LATEST_NEWS = timedelta(days=1)  # what a provider says happened longer ago, or later than now, is not believed
MACHINE = "machine"
SWEPT = "sweep"  # of `gateway.store.sweeps`: that the clock rings
SWEPT_EVERY = timedelta(minutes=1)  # so often it is noted
DOUBT_OF_CALL_BACK = timedelta(minutes=1)  # she waits beside her phone
CALL_IS_OVER = {"completed", "busy", "no-answer", "canceled", "failed"}  # words about a call, the last also about a text
CHORES = (
    rounds.follow,
    missed_calls.follow,
    charges.collect,
    claims.overdue,
    reminders.daily,
    announcements.follow_up,
    drop_off.count_finished,
    retention.sweep,
    uploads.forget,
    presence.look,
    audit.tell_head,
)  # the last tells of what the others did


def report(gateway: Gateway, delivery_id: int | None, said: StatusReport | None) -> None:
    """Keep a provider's word about a delivery, and move the delivery forward if that is news.

    `delivery_id` is what the URL said, None where it could say nothing: then the provider's own id finds the row, now or as soon as
    the row knows it. A provider is believed about what went over its own channels, and about nothing else.
    """
    if said is None:
        return
    now = gateway.clock()
    told = _told(said, now)
    named = delivery_id if delivery_id is not None and delivery_id <= LARGEST_ID else None
    with gateway.database.write() as db:
        callbacks.keep(db, callbacks.NewCallback(said.provider, said.external_id, named, told.status, said.error or told.error), now)
        found = deliveries.told_of(db, said.provider, named, said.external_id)
        if found is None:
            return
        row, phone_id = found
        deliveries.advance(db, row, told, now)
        if said.fault is SendFault.OPTED_OUT:
            phones.stop(db, phone_id, now)
    if told.answered_by == MACHINE and told.status == "sent":
        gateway.enqueue([EndCall(row)])
    if told.status in {"undelivered", "failed"} or told.seconds is not None or told.answered_by == MACHINE:
        rounds.follow_one(gateway, row)  # perhaps it did not reach her
    if said.status in CALL_IS_OVER or told.answered_by == MACHINE:
        missed_calls.follow_one(gateway, row, machine=told.answered_by == MACHINE)


def _told(said: StatusReport, now: datetime) -> deliveries.Report:
    status = DELIVERY_OF_CALL.get(said.status, said.status)
    how_it_ended = said.status if status == "undelivered" and said.status != status else None  # of a call
    error = f"{said.fault.value} {said.error}" if said.fault else said.error or how_it_ended
    rang = None
    if said.status in RANG:
        at = said.at if said.at and now - LATEST_NEWS < said.at < now else now
        rang = at - timedelta(seconds=said.seconds or 0)
    return deliveries.Report(status, said.external_id, error, said.seconds, rang, said.answered_by)


def end_call(gateway: Gateway, delivery_id: int) -> None:
    """End the call of a delivery: a machine answered it, on which nothing is left."""
    with gateway.database.read() as db:
        call = deliveries.under_way(db, delivery_id)
    if call is None or call[0] not in gateway.providers.by_name:
        return

    async def end(provider: str, external_id: str) -> None:
        async with open_http(1) as http:
            await gateway.providers[provider].end_call(http, external_id)

    try:
        asyncio.run(end(*call))
    except SendError as error:  # it is over by itself, or will be soon
        log.info("call_not_ended", fault=error.fault.value)


def sweep(gateway: Gateway) -> list[Job]:
    """Find what fell on the floor, and return the bells to ring for it."""
    now = gateway.clock()
    with gateway.database.write() as db:
        sweeps.my_turn(db, SWEPT, now, SWEPT_EVERY)
        deliveries.expire_leases(db, now)
        broadcasts.suppress_cancelled(db, now)
    calls.end_idle(gateway)
    reconcile(gateway)
    for chore in CHORES:
        try:
            chore(gateway)
        except Exception:
            log.exception("chore_failed", chore=chore.__module__)  # what is due to be sent does not wait for it
    with gateway.database.write() as db:
        broadcasts.finish(db, now)
    with gateway.database.read() as db:
        jobs: list[Job] = [SendReply(row) for row in deliveries.replies_due(db, now, MOST_REPLIES)]
        jobs += [CallBack()] if deliveries.is_call_back_due(db, now) else []
        jobs += [ExpandBroadcast(row) for row in broadcasts.unexpanded(db)]
        jobs += [SendBatch(row) for row in broadcasts.with_due(db, now, by_night=consent.quiet(now))]
    return jobs + recordings.due(gateway) + uploads.due(gateway)


def reconcile(gateway: Gateway) -> None:
    """Ask the provider about rows that may or may not have gone out, once callbacks have had their time to tell."""
    now = gateway.clock()
    patience = timedelta(seconds=gateway.settings.reconcile_after)
    with gateway.database.read() as db:
        doubts = deliveries.unknown(db, gateway.seal, now - patience, now - min(patience, DOUBT_OF_CALL_BACK), MOST_DOUBTS)
        doubts += deliveries.silent_calls(db, gateway.seal, now - SILENCE_OF_CALLS * patience, MOST_DOUBTS)
    if not doubts:
        return
    answers = asyncio.run(_ask_about(gateway, doubts))
    with gateway.database.write() as db:
        for doubt, found in answers:
            known = found and deliveries.with_external_id(db, doubt.provider, found.external_id)
            if found and known in {None, doubt.id}:
                told = deliveries.Report(found.status, found.external_id, seconds=found.seconds, answered_by=found.answered_by)
                deliveries.advance(db, doubt.id, told, now)
            else:  # nothing, or the answer is about another delivery of the same words
                deliveries.leave_unresolved(db, doubt, now)


async def _ask_about(gateway: Gateway, doubts: list[Doubt]) -> list[tuple[Doubt, Found | None]]:
    """The answers that were to be had; after the first fault of a provider, the rest for it waits for the next sweep."""
    answers: list[tuple[Doubt, Found | None]] = []
    waiting, away = iter(doubts), set[str]()

    async def ask_one_by_one(http: HttpSession) -> None:
        for doubt in waiting:
            try:
                if doubt.provider not in away:
                    answers.append((doubt, await _ask(gateway, http, doubt)))
            except SendError:
                away.add(doubt.provider)

    async with open_http(ASKED_AT_ONCE) as http, asyncio.TaskGroup() as group:
        for _ in range(ASKED_AT_ONCE):
            group.create_task(ask_one_by_one(http))
    return answers


async def _ask(gateway: Gateway, http: HttpSession, doubt: Doubt) -> Found | None:
    provider = gateway.providers.by_name.get(doubt.provider)
    if provider is None:  # channels.yaml names it no more: nobody is left who could tell
        return None
    recipient = gateway.seal.open(doubt.sealed)
    since = (doubt.since - timedelta(hours=1)).date().isoformat()  # it went out some time before it became doubtful
    if doubt.medium == "voice":
        found = await provider.find_call(http, OutboundCall(doubt.id, doubt.sender, recipient, doubt.external_id), since)
    else:
        found = await provider.find_message(http, OutboundMessage(doubt.id, doubt.sender, recipient, doubt.body or ""), since)
    return found and replace(found, status=DELIVERY_OF_CALL.get(found.status, found.status))
