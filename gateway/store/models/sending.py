"""Broadcasts and what we send.

A *delivery* is one message or call that we owe to one person: a row of a broadcast, or a reply that goes out by itself. It is the
truth about sending; queue entries only ring the doorbell.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from gateway.store.models.columns import BigKey, HumanText, Instant, metadata, ref, text_key

broadcasts = Table(
    "broadcasts",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    ref("channel_id", "channels.id", nullable=False),
    Column("title", HumanText, nullable=False),
    Column("medium", String(8), nullable=False),  # sms | voice
    Column("texts", JSON, nullable=False),  # sms: {language: text}
    Column("phrase", String(48)),  # voice: a phrase of flows/phrases.yaml
    Column("audience", JSON, nullable=False),  # {"trade": ..., "language": ...}; {} is everybody
    Column("state", String(16), nullable=False),  # gateway.core.statuses.BROADCAST
    Column("on_ambiguous", String(8), nullable=False),  # hold | resend
    Column("expanded_to", String(36)),  # the last member whose delivery was written; None: not begun
    Column("expanded", Boolean, nullable=False),
    Column("reason", String(48)),  # why it paused itself: a code of gateway.errors with the provider's own
    Column("life_safety_by", Text),  # who answers for sending in quiet hours, where lives depend on it
    Column("created_at", Instant, nullable=False),
    Column("approved_at", Instant),
    Column("finished_at", Instant),
    Index(None, "state"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigKey, primary_key=True),
    ref("broadcast_id", "broadcasts.id"),  # None: a reply that belongs to a conversation
    ref("channel_id", "channels.id", nullable=False),
    ref("member_id", "members.id"),
    Column("phone_id", BigKey, ForeignKey("phones.id"), nullable=False),
    Column("medium", String(8), nullable=False),
    Column("language", String(8), nullable=False),
    Column("body", HumanText),  # of a reply; a broadcast's text stands in `broadcasts.texts`
    Column("state", String(16), nullable=False),  # gateway.core.statuses.DELIVERY
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("token", String(36)),  # of the worker that claimed it
    Column("lease_until", Instant),
    Column("not_before", Instant),
    Column("by_day", Boolean, nullable=False, server_default="0"),  # of our own accord, not an answer: never goes out in quiet hours
    Column("ever_unknown", Boolean, nullable=False, server_default="0"),
    Column("external_id", String(64)),
    Column("error", String(48)),  # a code of gateway.errors, or the provider's own
    Column("seconds", Integer),  # of a call: how long she listened
    Column("price", Integer),  # paisa, as planned
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("broadcast_id", "member_id"),
    Index(None, "broadcast_id", "state", "id"),
    Index(None, "state", "lease_until"),
    Index(None, "external_id"),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("provider", String(20), nullable=False),
    Column("external_id", String(64), nullable=False),
    Column("delivery_id", BigKey),  # as the URL said; no foreign key, since a callback may be an orphan or forged in this part
    Column("status", String(32), nullable=False),
    Column("error", String(16)),
    Column("at", Instant, nullable=False),
    Index(None, "external_id"),
)
