"""What becomes of a row when it could not be sent: pure rules, one for each way in which sending goes wrong."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from gateway.providers.faults import SendError, SendFault
from gateway.store.claiming import Claimed, Outcome

TRIES = 3  # of a row that cannot be put together
LONGEST_DELAY = 600  # seconds between two tries
THROTTLED_DELAY = 1.0  # seconds, where the provider names none
LONGEST_WAIT = 60  # seconds for a provider to which it was too much, where another may be asked


def put_back(row: Claimed, not_before: datetime | None = None) -> Outcome:
    """Nothing was tried: somebody else may take it, or nobody `not_before`."""
    return Outcome(row.id, "queued", not_before=not_before, unspent=1)


def suppressed(row: Claimed, error: str) -> Outcome:
    """Something came between after the row was written, such as her STOP."""
    return Outcome(row.id, "suppressed", error=error)


def poisoned(row: Claimed, now: datetime) -> Outcome:
    """The row could not be put together: it fails alone, after some tries."""
    if row.attempt >= TRIES:
        return Outcome(row.id, "failed", error="send:internal")
    return _later(row, "send:internal", now)


def unclear(row: Claimed, error: str) -> Outcome:
    """It may or may not have been taken."""
    return Outcome(row.id, "unknown", error=error, doubt=True)


def refused(row: Claimed, error: SendError, now: datetime, *, further: bool = False, away: bool = False) -> Outcome:
    """What the provider's refusal means for the row; the error keeps the provider's own code. `further`: its route has
    another channel, which did not refuse it; `away`: this one is left alone for a while."""
    code, for_good = str(error)[:48], error.fault in {SendFault.REFUSED, SendFault.MISCONFIGURED}
    if further and (for_good or (away and error.fault in {SendFault.UNREACHABLE, SendFault.THROTTLED})):
        return Outcome(row.id, "queued", error=code, unspent=int(error.fault is not SendFault.UNREACHABLE), refused=for_good)
    match error.fault:
        case SendFault.AMBIGUOUS:
            return unclear(row, code)
        case SendFault.THROTTLED:
            wait = timedelta(seconds=min(error.retry_after or THROTTLED_DELAY, LONGEST_WAIT if further else math.inf))
            return Outcome(row.id, "queued", error=code, not_before=now + wait, unspent=1)
        case SendFault.UNREACHABLE | SendFault.MISCONFIGURED:
            return _later(row, code, now)
        case SendFault.OPTED_OUT:
            return Outcome(row.id, "suppressed", error=code)
        case SendFault.BAD_NUMBER | SendFault.REFUSED:
            return Outcome(row.id, "failed", error=code)


def _later(row: Claimed, error: str, now: datetime) -> Outcome:
    """Not sent, and to be tried again after 2 s, 4 s, 8 s ...

    >>> from datetime import UTC
    >>> row = Claimed(1, 1, b"", False, "sms", "ne", None, 3, "main")
    >>> _later(row, "send:unreachable", datetime(2026, 11, 21, tzinfo=UTC)).not_before
    datetime.datetime(2026, 11, 21, 0, 0, 8, tzinfo=datetime.timezone.utc)
    """
    delay = min(2.0 ** min(row.attempt, 16), LONGEST_DELAY)
    return Outcome(row.id, "queued", error=error, not_before=now + timedelta(seconds=delay))
