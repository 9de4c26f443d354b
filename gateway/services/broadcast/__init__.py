"""A message to many: drafted, planned, approved by a person, written out to one delivery for each phone, sent, followed."""

from __future__ import annotations

from gateway.services.broadcast.content import costly_characters, in_one_sms
from gateway.services.broadcast.draft import Draft
from gateway.services.broadcast.expanding import expand
from gateway.services.broadcast.planning import LEFT_OUT, Part, Plan, plan
from gateway.services.broadcast.replies import Reply, replies
from gateway.services.broadcast.running import Status, approve, cancel, create, latest, pause, resolve, resume, status

__all__ = [
    "LEFT_OUT",
    "Draft",
    "Part",
    "Plan",
    "Reply",
    "Status",
    "approve",
    "cancel",
    "costly_characters",
    "create",
    "expand",
    "in_one_sms",
    "latest",
    "pause",
    "plan",
    "replies",
    "resolve",
    "resume",
    "status",
]
