"""Requests for later work. Services return them; the edge enqueues them after the commit.

A job is a doorbell, never the truth: it carries a row's id and nothing about a person, may ring twice or be lost, and the row decides.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SendReply:
    """Send one delivery that belongs to a conversation: before anything that is sent in bulk."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class CallBack:
    """Call whoever rang and is due, in turn with what is sent in bulk: many of them, at the pace of calls, leave room for all else."""


@dataclass(frozen=True, slots=True)
class SendBatch:
    """Go on sending a broadcast until nothing of it is due."""

    broadcast_id: str


@dataclass(frozen=True, slots=True)
class ExpandBroadcast:
    """Write the deliveries of an approved broadcast, from where the last run stopped."""

    broadcast_id: str


@dataclass(frozen=True, slots=True)
class FetchRecording:
    """Fetch a recording from the provider and keep it."""

    recording_id: str


@dataclass(frozen=True, slots=True)
class EndCall:
    """End the call of a delivery that a machine answered."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class TakeIn:
    """Go on with a file that was handed in: try it out, or take it in from where it is."""

    upload_id: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Find what fell on the floor: expired leases, unanswered doubts, broadcasts whose bell was lost, conversations that hang."""


Job = SendReply | CallBack | SendBatch | ExpandBroadcast | FetchRecording | EndCall | TakeIn | Sweep
