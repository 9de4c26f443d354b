"""Calls, hers and ours. Their status only moves forward, however a provider repeats or reorders its reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, update

from gateway.core.statuses import CALL
from gateway.store.database import Connection
from gateway.store.models import calls
from gateway.store.prepared import Prepared
from gateway.store.rows import insert_into


class CallRow(NamedTuple):
    """A call that began. `direction` is `in` or `out`; `phone_id` None where the number was withheld."""

    provider: str
    external_id: str
    channel_id: str
    phone_id: int | None
    direction: str
    status: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class CallReport:
    """A provider's word about a call: a status of `gateway.core.statuses.CALL`, and how long it lasted where that is told."""

    provider: str
    external_id: str
    status: str
    seconds: int | None = None


_FINAL_RANK = max(CALL.values())
_BEGIN = Prepared(insert_into(calls).on_conflict_do_nothing(index_elements=["provider", "external_id"]))
_REPORT = (
    update(calls)
    .where(
        calls.c.provider == bindparam("of_provider"),
        calls.c.external_id == bindparam("of_call"),
        calls.c.status.in_(bindparam("earlier", expanding=True)),
    )
    .values(
        status=bindparam("new_status"),
        seconds=func.coalesce(bindparam("new_seconds", type_=calls.c.seconds.type), calls.c.seconds),
        ended_at=bindparam("ended"),
    )
)

_STATUS = select(calls.c.status).where(calls.c.provider == bindparam("of_provider"), calls.c.external_id == bindparam("of_call"))


def is_over(db: Connection, provider: str, external_id: str) -> bool:
    """Whether the end of a call was reported."""
    status = db.execute(_STATUS, {"of_provider": provider, "of_call": external_id}).scalar()
    return status is not None and CALL[status] == _FINAL_RANK


def begin(db: Connection, call: CallRow) -> bool:
    """Write down that a call began; False, and nothing changed, where it is known already."""
    return _BEGIN.write(db, call._asdict()) == 1


def report(db: Connection, report: CallReport, now: datetime) -> bool:
    """Take a provider's report; False where it tells nothing new, or no such call is known."""
    rank = CALL[report.status]
    changed = db.execute(
        _REPORT,
        {
            "of_provider": report.provider,
            "of_call": report.external_id,
            "earlier": [status for status, earlier in CALL.items() if earlier < rank],
            "new_status": report.status,
            "new_seconds": report.seconds,
            "ended": now if rank == _FINAL_RANK else None,
        },
    )
    return changed.rowcount == 1
