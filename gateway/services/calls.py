"""Calls as wholes: which one is ringing, what is left to do when one is over, and where a caller may go on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from gateway.core.statuses import CALL
from gateway.engine.session import FlowSession
from gateway.engine.unfinished import Unfinished, unfinished
from gateway.errors import GatewayError
from gateway.store import calls, channels, deliveries, flow_sessions, phones, recordings, tasks

if TYPE_CHECKING:
    from gateway.engine.interpreter import Caller
    from gateway.providers.base import StatusReport
    from gateway.services.context import Gateway
    from gateway.store.database import Connection
    from gateway.store.flow_sessions import SessionRow

log = structlog.get_logger(__name__)

OVER = max(CALL.values())
TEXT_IDLE = timedelta(minutes=30)  # a conversation by SMS that rested longer is over; the next text begins anew
TEXT_KEPT = timedelta(days=1)  # and is kept for so long, so that a late answer is told that it is late
CALL_IDLE = timedelta(hours=3)  # a call of which nobody reported the end; longer than any talk with a person that was put through
GO_ON_WITHIN = timedelta(days=1)
UNHEARD = "write_down_name"  # the task for a name that was spoken before she hung up
MOST_AT_ONCE = 200  # calls that one sweep ends


def reported(gateway: Gateway, report: StatusReport | None) -> None:
    """A provider's word about a call; when it is over, so is its conversation. A word that we do not know changes nothing."""
    if report is None:
        return
    now = gateway.clock()
    with gateway.database.write() as db:
        calls.report(db, calls.CallReport(report.provider, report.external_id, report.status, report.seconds), now)
        if CALL[report.status] == OVER:
            row = flow_sessions.load(db, gateway.seal, report.provider, report.external_id)
            if row is not None:
                leave_unheard(gateway, db, row, now)
            if row is not None and row.open:
                _hung_up(gateway, db, row)
                flow_sessions.close_named(db, report.provider, report.external_id, now)


def reported_by_caller(gateway: Gateway, report: StatusReport | None) -> None:
    """The same of a call that she made: if its end is the first that we hear of it, what comes later finds it over."""
    if report is not None and CALL[report.status] == OVER:
        with gateway.database.write() as db:
            channel = next(iter(channels.of_provider(db, report.provider)), None)
            if channel is not None:
                calls.begin(db, calls.CallRow(report.provider, report.external_id, channel.id, None, "in", "queued", gateway.clock()))
    reported(gateway, report)


def language_of(gateway: Gateway, provider: str, external_id: str) -> str:
    """In which language a call is held; the installation's, whatever fails: this is asked when something went wrong."""
    try:
        with gateway.database.read() as db:
            row = flow_sessions.load(db, gateway.seal, provider, external_id)
        language = FlowSession.from_json(row.state).language if row is not None else ""
    except Exception:
        log.exception("language_not_found")
        language = ""
    return language if language in gateway.catalogue.languages else gateway.settings.language


def end_idle(gateway: Gateway) -> None:
    """End the conversations that nobody ends: texts that were not answered, calls whose end was never reported."""
    now = gateway.clock()
    with gateway.database.read() as db:
        left = flow_sessions.idle(db, gateway.seal, "voice", now - CALL_IDLE, MOST_AT_ONCE)
    with gateway.database.write() as db:
        flow_sessions.close_idle(db, "sms", now - TEXT_KEPT)
        for row in left:
            if flow_sessions.close(db, row.id, row.version, row.updated_at):
                _hung_up(gateway, db, row)
                leave_unheard(gateway, db, row, now)


def leave_unheard(gateway: Gateway, db: Connection, row: SessionRow, now: datetime) -> None:
    """A task for each recording of a call that is over and that led to nothing: she said her name and hung up."""
    channel = channels.get(db, row.channel_id)
    if channel is None:
        return
    for recording_id in recordings.unheard(db, row.id):
        task = tasks.NewTask(gateway.new_id(), channel.organisation_id, UNHEARD, row.phone_id, row.member_id, row.id, recording_id)
        tasks.open_task(db, task, now)


def _hung_up(gateway: Gateway, db: Connection, row: SessionRow) -> None:
    """Keep that a call broke off in the middle of something, for the next one from the same phone."""
    if row.phone_id is not None and unfinished(gateway.catalogue, FlowSession.from_json(row.state)) is not None:
        phones.note_broken_off(db, row.phone_id, row.id)


def left_unfinished(gateway: Gateway, db: Connection, session_id: str, caller: Caller, now: datetime) -> Unfinished | None:
    """Where this caller may go on. Never on behalf of another: on a shared phone only with a PIN, which tells who it was."""
    row = flow_sessions.get(db, gateway.seal, session_id)
    channel = channels.get(db, row.channel_id) if row is not None else None
    if channel is None or channel.organisation_id != caller.organisation_id:
        return None  # what she began with another organisation is that one's
    if row is None or now - row.updated_at > GO_ON_WITHIN or not gateway.catalogue.defaults.resume:
        return None
    left = unfinished(gateway.catalogue, FlowSession.from_json(row.state))
    if left is None:
        return None
    if caller.sharing:
        hers = left.proved and left.member_id in {member.id for member in caller.sharing}
    else:
        hers = left.member_id == (caller.member.id if caller.member else None)
    return left if hers else None


def ringing(gateway: Gateway, e164: str) -> tuple[int, str]:
    """The delivery whose call to this phone nobody has picked up yet, and that call's id, for the simulator's phone.

    GatewayError `call:not-ringing` where there is none.
    """
    with gateway.database.read() as db:
        row = phones.find(db, gateway.seal, e164)
        found = deliveries.ringing(db, row.id) if row else None
    if found is None:
        raise GatewayError("call:not-ringing")
    return found
