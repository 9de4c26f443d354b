"""Calls as wholes: which one is ringing, and what is left to do when one is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.statuses import CALL
from gateway.errors import GatewayError
from gateway.store import calls, deliveries, flow_sessions, phones

if TYPE_CHECKING:
    from gateway.providers.base import StatusReport
    from gateway.services.context import Gateway

OVER = max(CALL.values())


def reported(gateway: Gateway, report: StatusReport | None) -> None:
    """A provider's word about a call; when it is over, so is its conversation. A word that we do not know changes nothing."""
    if report is None:
        return
    now = gateway.clock()
    with gateway.database.write() as db:
        calls.report(db, calls.CallReport(report.provider, report.external_id, report.status, report.seconds), now)
        if CALL[report.status] == OVER:
            flow_sessions.close_named(db, report.provider, report.external_id, now)


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
