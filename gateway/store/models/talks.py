"""Calls and texts: conversations, what was said in them, what was recorded."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.models.columns import BigKey, HumanText, Instant, metadata, ref, text_key

flow_versions = Table(
    "flow_versions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("flow", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

# Written out, since a database uses an index over some rows only for a query that says the very same of them.
OPEN = text("open")
OPEN_TEXT = text("open AND medium = 'sms'")
UNCOUNTED = text("NOT open AND NOT counted")

flow_sessions = Table(
    "flow_sessions",
    metadata,
    text_key(),
    Column("provider", String(20), nullable=False),
    Column("external_id", String(64), nullable=False),  # the call's id, or that of the text which opened the conversation
    ref("channel_id", "channels.id", nullable=False),
    Column("phone_id", BigKey, ForeignKey("phones.id")),  # None: the number was withheld
    ref("member_id", "members.id"),
    Column("medium", String(8), nullable=False),
    Column("version", Integer, nullable=False),  # optimistic lock and, on a call, the number of the step that is awaited
    Column("state", LargeBinary, nullable=False),  # gateway.engine.session.FlowSession as JSON, sealed: it may hold a name
    Column("open", Boolean, nullable=False),
    Column("counted", Boolean, nullable=False, server_default="0"),  # whether its steps stand in step_counts
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("provider", "external_id"),
    Index("ix_flow_sessions_uncounted", "created_at", sqlite_where=UNCOUNTED, postgresql_where=UNCOUNTED),
    # For finding those that rested too long. It names nothing that changes while a conversation goes on, so no step writes it.
    Index("ix_flow_sessions_open", "created_at", sqlite_where=OPEN, postgresql_where=OPEN),
    # One open conversation by SMS for each phone and number of ours: two texts at once must not open two.
    Index("uq_flow_sessions_open_sms", "channel_id", "phone_id", unique=True, sqlite_where=OPEN_TEXT, postgresql_where=OPEN_TEXT),
)

session_events = Table(
    "session_events",
    metadata,
    Column("id", BigKey, primary_key=True),
    ref("session_id", "flow_sessions.id", nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("kind", String(32), nullable=False),  # name of the event's class
    Column("flow", String(64)),
    Column("step", String(64)),
    Column("detail", Text),  # JSON; never a PIN, a number or a name
    Column("at", Instant, nullable=False),
)

# What became of callers at each step of a flow, a day at a time: counts, of nobody. A row without a step is of the whole flow, and counts
# conversations; the others count how often a step was reached.
step_counts = Table(
    "step_counts",
    metadata,
    ref("organisation_id", "organisations.id", nullable=False),
    Column("day", String(10), nullable=False),  # in Nepal, as 2026-11-22
    Column("flow", String(64), nullable=False),
    Column("step", String(64), nullable=False),
    Column("medium", String(8), nullable=False),
    Column("reached", Integer, nullable=False),
    Column("silent", Integer, nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("hung_up", Integer, nullable=False),
    Column("gave_up", Integer, nullable=False),
    PrimaryKeyConstraint("organisation_id", "day", "flow", "step", "medium"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("provider", String(20), nullable=False),
    Column("external_id", String(64), nullable=False),
    Column("step", Integer, nullable=False),
    Column("sealed_answer", LargeBinary, nullable=False),  # it may read a number or a name back
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("provider", "external_id", "step"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", BigKey, primary_key=True),
    ref("channel_id", "channels.id", nullable=False),
    Column("phone_id", BigKey, ForeignKey("phones.id")),
    Column("direction", String(3), nullable=False),  # in | out (the answer in the same request)
    Column("sealed_body", LargeBinary),  # None: it had no words, or they are kept no longer
    Column("external_id", String(64)),
    Column("delivery_id", BigKey, ForeignKey("deliveries.id"), index=True),  # in: what it answers, where that was of a broadcast
    Column("at", Instant, nullable=False),
    Index(None, "phone_id", "at"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("provider", String(20), nullable=False),
    Column("external_id", String(64), nullable=False),
    ref("channel_id", "channels.id", nullable=False),
    Column("phone_id", BigKey, ForeignKey("phones.id")),
    Column("direction", String(3), nullable=False),  # in | out
    Column("status", String(16), nullable=False),
    Column("seconds", Integer),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    UniqueConstraint("provider", "external_id"),
    Index(None, "phone_id", "started_at"),  # a member's page tells who called when
)

recordings = Table(
    "recordings",
    metadata,
    text_key(),
    ref("session_id", "flow_sessions.id", nullable=False, index=True),
    Column("provider", String(20), nullable=False),
    Column("external_id", String(64), nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # pending | kept | lost
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("file", Text),  # below the data directory, once kept
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("provider", "external_id"),
    Index(None, "state", "created_at"),
)

takes = Table(  # recordings of clips
    "takes",
    metadata,
    text_key(),
    Column("recording_id", String(36), ForeignKey("recordings.id"), unique=True),  # by phone: the same as `id`
    Column("made_by", String(80)),  # in the console: `user:ID`
    ref("organisation_id", "organisations.id", nullable=False),
    Column("language", String(8), nullable=False),
    Column("clip", String(200), nullable=False),
    Column("text", HumanText, nullable=False),  # what was to be read
    Column("state", String(16), nullable=False),  # made | waiting | approved | rejected | replaced
    Column("sound", String(16), nullable=False),  # pending | ready | silent
    Column("created_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Index(None, "state", "created_at"),
)

studio_tries = Table(  # of the studio's secret number, each written before it is looked at
    "studio_tries",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("at", Instant, nullable=False),
    Index(None, "at"),
)
