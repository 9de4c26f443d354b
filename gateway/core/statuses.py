"""The states of things, and the one rule about them: they only move forward.

Providers repeat and reorder their reports; `advance` makes that harmless.

>>> advance(DELIVERY, "delivered", "sent")
'delivered'
>>> advance(DELIVERY, "sending", "accepted")
'accepted'
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gateway.core.roles import Permission

Ranks = Mapping[str, int]

# One message or call that we owe to one person. `unknown` lies between: the provider may or may not have taken it, and any word from
# the provider settles it. Equal ranks are final and never replace each other.
DELIVERY: Ranks = {
    "queued": 0,
    "sending": 1,
    "unknown": 2,
    "accepted": 3,
    "sent": 4,
    "delivered": 5,
    "undelivered": 5,
    "failed": 5,
    "suppressed": 5,
    "read": 6,
}

# Of a call, ours or hers. `answered` is a call in progress.
CALL: Ranks = {
    "queued": 0,
    "ringing": 1,
    "answered": 2,
    "completed": 3,
    "busy": 3,
    "no-answer": 3,
    "canceled": 3,
    "failed": 3,
}

# What becomes of a delivery when its call ends.
DELIVERY_OF_CALL: Mapping[str, str] = {
    "queued": "accepted",
    "ringing": "accepted",
    "answered": "sent",
    "completed": "delivered",
    "busy": "undelivered",
    "no-answer": "undelivered",
    "canceled": "undelivered",
    "failed": "failed",
}

CONTRIBUTION: Ranks = {"noted": 0, "questioned": 1, "confirmed": 2, "reversed": 3}
BROADCAST: Ranks = {"draft": 0, "approved": 1, "sending": 2, "paused": 2, "finished": 3, "cancelled": 3}

ONE_CALL_BACK = timedelta(hours=1)  # for so long whoever asks again is called back once

# What a person may have to do, and which permission it takes.
TASK_KINDS: Mapping[str, Permission] = {
    "call_back": Permission.DO_TASKS,
    "check_messages": Permission.DO_TASKS,
    "check_phone": Permission.CHANGE_MEMBERS,
    "write_down_name": Permission.CHANGE_MEMBERS,
    "check_contribution": Permission.CHECK_CONTRIBUTIONS,
    "claim_appeal": Permission.MOVE_CLAIMS,
    "claim_overdue": Permission.MOVE_CLAIMS,
}


def advance(ranks: Ranks, old: str, new: str) -> str:
    """The state after a report of `new`: `new` where that is a step forward, else `old`."""
    return new if ranks[new] > ranks[old] else old
