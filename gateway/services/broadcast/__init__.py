"""A message to many: drafted, planned, tried, approved by people, written out to one delivery for each member, sent, followed."""

from __future__ import annotations

from gateway.services.broadcast.again import GONE_OUT, again
from gateway.services.broadcast.content import in_one_sms
from gateway.services.broadcast.draft import MEDIA, Draft
from gateway.services.broadcast.expanding import expand
from gateway.services.broadcast.exporting import export
from gateway.services.broadcast.hearing import Said, hear
from gateway.services.broadcast.planning import LEFT_OUT, Dear, Part, Plan, plan
from gateway.services.broadcast.replies import Reply, replies
from gateway.services.broadcast.results import Progress, progress
from gateway.services.broadcast.running import Status, approve, cancel, change, create, latest, pause, resolve, resume, status
from gateway.services.broadcast.trying import try_out
from gateway.services.broadcast.writing import Glance, Wording, example, glance
from gateway.store.broadcasts import Broadcast

__all__ = [
    "GONE_OUT",
    "LEFT_OUT",
    "MEDIA",
    "Broadcast",
    "Dear",
    "Draft",
    "Glance",
    "Part",
    "Plan",
    "Progress",
    "Reply",
    "Said",
    "Status",
    "Wording",
    "again",
    "approve",
    "cancel",
    "change",
    "create",
    "example",
    "expand",
    "export",
    "glance",
    "hear",
    "in_one_sms",
    "latest",
    "pause",
    "plan",
    "progress",
    "replies",
    "resolve",
    "resume",
    "status",
    "try_out",
]
