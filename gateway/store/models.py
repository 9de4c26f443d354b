"""The tables. Instants are UTC, money is paisa, phone numbers stand in `phones` alone and nowhere in clear.

A *delivery* is one message or call that we owe to one person: a row of a broadcast, or a reply that goes out by itself. It is the
truth about sending; queue entries only ring the doorbell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Instant(TypeDecorator[datetime]):
    """A point in time, always aware and always UTC; a naive one is refused because its zone would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], object] | None:
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return value.astimezone(UTC)


@lru_cache(maxsize=64)
def _as_text(value: datetime | None) -> str | None:
    """As SQLAlchemy writes it on SQLite. All rows of a request have the same instant, and to write it once costs as much as a row."""
    return None if value is None else _in_utc(value).isoformat(" ", "microseconds").removesuffix("+00:00")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class HumanText(TypeDecorator[str]):
    """Text as a person wrote it, or that repeats such text. What no database can keep, NUL and halves of characters, becomes U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value  # most answers; to look at each character costs as much as to write them
        return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives an automatic number only to INTEGER keys; PostgreSQL needs the wide one.
BigKey = BigInteger().with_variant(Integer(), "sqlite")


def _text_key(name: str = "id") -> Column[str]:
    return Column(name, String(36), primary_key=True)


def _ref(name: str, target: str, *, nullable: bool = True, index: bool = False) -> Column[str]:
    return Column(name, String(36), ForeignKey(target), nullable=nullable, index=index)


organisations = Table(
    "organisations",
    metadata,
    _text_key(),
    Column("name", HumanText, nullable=False),
)

channels = Table(
    "channels",
    metadata,
    _text_key(),
    _ref("organisation_id", "organisations.id", nullable=False),
    Column("provider", String(20), nullable=False),
    Column("address", String(32), nullable=False),  # our own number, not a person's
    Column("language", String(8), nullable=False),
    Column("messages_per_second", Integer, nullable=False),
    Column("calls_per_second", Integer, nullable=False),
    Column("segment_price", Integer, nullable=False),  # paisa for one SMS segment
    Column("minute_price", Integer, nullable=False),  # paisa for one begun minute of a call
    UniqueConstraint("provider", "address"),
)

phones = Table(
    "phones",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("blind_index", LargeBinary(32), nullable=False, unique=True),  # HMAC of the E.164 form: finds, never tells
    Column("sealed", LargeBinary, nullable=False),  # the E.164 form, encrypted
    Column("language", String(8)),  # chosen by whoever holds a phone that belongs to no member, or to several
    Column("script", String(12)),  # devanagari | romanised: as the last text from it was written
    Column("broke_off", String(36)),  # the conversation of a call from this phone that broke off unfinished; the next call may go on
    Column("stopped_at", Instant),  # STOP came from this phone; None: may be written to
    Column("created_at", Instant, nullable=False),
)

members = Table(
    "members",
    metadata,
    _text_key(),
    _ref("organisation_id", "organisations.id", nullable=False),
    Column("number", String(12), nullable=False),
    Column("name", HumanText),  # None until an organiser wrote it down from the recording
    Column("language", String(8), nullable=False),
    Column("script", String(12)),  # devanagari | romanised: in which she wants to be written to; None: as she writes
    Column("state", String(16), nullable=False),  # pending | active | left
    Column("private", Boolean, nullable=False),
    Column("pin_hash", Text),
    Column("pin_tries", Integer, nullable=False, server_default="0"),
    Column("usual_instalment", BigInteger),  # paisa
    Column("trade", String(32)),
    Column("place", HumanText),
    Column("preferred_medium", String(8), nullable=False),  # voice | sms
    Column("consented_at", Instant),
    Column("consent_wording", Text),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organisation_id", "number"),
)

member_phones = Table(
    "member_phones",
    metadata,
    _ref("member_id", "members.id", nullable=False),
    Column("phone_id", BigKey, ForeignKey("phones.id"), nullable=False),
    PrimaryKeyConstraint("member_id", "phone_id"),
    Index(None, "phone_id"),
)

contributions = Table(
    "contributions",
    metadata,
    _text_key(),
    _ref("member_id", "members.id", nullable=False),
    Column("amount", BigInteger, nullable=False),  # paisa
    Column("month", String(7), nullable=False),  # Bikram Sambat, 2083-08
    Column("state", String(16), nullable=False),  # gateway.core.statuses.CONTRIBUTION
    Column("reference", String(12), nullable=False, unique=True),
    Column("noted_by", String(16), nullable=False),  # voice | sms | console
    Column("noted_at", Instant, nullable=False),
    Index(None, "member_id", "month"),
)

claims = Table(
    "claims",
    metadata,
    _text_key(),
    _ref("member_id", "members.id", nullable=False),
    Column("number", String(12), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),  # gateway.core.statuses.CLAIM
    Column("amount", BigInteger),  # paisa, once approved
    Column("missing_paper", String(48)),  # a phrase of flows/phrases.yaml
    Column("review_until", Instant),
    Column("paid_at", Instant),
    Column("opened_at", Instant, nullable=False),
    Index(None, "member_id", "opened_at"),
)

claim_events = Table(
    "claim_events",
    metadata,
    Column("id", BigKey, primary_key=True),
    _ref("claim_id", "claims.id", nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("by", HumanText, nullable=False),
    Column("at", Instant, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    _text_key(),
    _ref("organisation_id", "organisations.id", nullable=False),
    Column("kind", String(16), nullable=False),  # meeting | training | news
    Column("phrase", String(48)),  # news: what is said, a phrase of flows/phrases.yaml
    Column("place", String(48)),  # meeting, training: a phrase of flows/phrases.yaml
    Column("starts_at", Instant),
    Column("published_at", Instant, nullable=False),
    Column("over_at", Instant),  # no longer told after this
    Index(None, "organisation_id", "kind", "starts_at"),
)

rsvps = Table(
    "rsvps",
    metadata,
    _ref("notice_id", "notices.id", nullable=False),
    _ref("member_id", "members.id", nullable=False),
    Column("answer", String(4), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("notice_id", "member_id"),
)

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

flow_sessions = Table(
    "flow_sessions",
    metadata,
    _text_key(),
    Column("provider", String(20), nullable=False),
    Column("external_id", String(64), nullable=False),  # the call's id, or that of the text which opened the conversation
    _ref("channel_id", "channels.id", nullable=False),
    Column("phone_id", BigKey, ForeignKey("phones.id")),  # None: the number was withheld
    _ref("member_id", "members.id"),
    Column("medium", String(8), nullable=False),
    Column("version", Integer, nullable=False),  # optimistic lock and, on a call, the number of the step that is awaited
    Column("state", Text, nullable=False),  # gateway.engine.session.FlowSession as JSON
    Column("open", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("provider", "external_id"),
    # For finding those that rested too long. It names nothing that changes while a conversation goes on, so no step writes it.
    Index("ix_flow_sessions_open", "created_at", sqlite_where=OPEN, postgresql_where=OPEN),
    # One open conversation by SMS for each phone and number of ours: two texts at once must not open two.
    Index("uq_flow_sessions_open_sms", "channel_id", "phone_id", unique=True, sqlite_where=OPEN_TEXT, postgresql_where=OPEN_TEXT),
)

session_events = Table(
    "session_events",
    metadata,
    Column("id", BigKey, primary_key=True),
    _ref("session_id", "flow_sessions.id", nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("kind", String(32), nullable=False),  # name of the event's class
    Column("flow", String(64)),
    Column("step", String(64)),
    Column("detail", Text),  # JSON; never a PIN, a number or a name
    Column("at", Instant, nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("provider", String(20), nullable=False),
    Column("external_id", String(64), nullable=False),
    Column("step", Integer, nullable=False),
    Column("answer", HumanText, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("provider", "external_id", "step"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", BigKey, primary_key=True),
    _ref("channel_id", "channels.id", nullable=False),
    Column("phone_id", BigKey, ForeignKey("phones.id")),
    Column("direction", String(3), nullable=False),  # in | out (the answer in the same request)
    Column("body", HumanText, nullable=False),
    Column("external_id", String(64)),
    Column("at", Instant, nullable=False),
    Index(None, "phone_id", "at"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("provider", String(20), nullable=False),
    Column("external_id", String(64), nullable=False),
    _ref("channel_id", "channels.id", nullable=False),
    Column("phone_id", BigKey, ForeignKey("phones.id")),
    Column("direction", String(3), nullable=False),  # in | out
    Column("status", String(16), nullable=False),
    Column("seconds", Integer),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    UniqueConstraint("provider", "external_id"),
)

recordings = Table(
    "recordings",
    metadata,
    _text_key(),
    _ref("session_id", "flow_sessions.id", nullable=False),
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

takes = Table(  # recordings of clips, made by phone
    "takes",
    metadata,
    Column("recording_id", String(36), ForeignKey("recordings.id"), primary_key=True),
    _ref("organisation_id", "organisations.id", nullable=False),
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

tasks = Table(
    "tasks",
    metadata,
    _text_key(),
    _ref("organisation_id", "organisations.id", nullable=False),
    Column("kind", String(24), nullable=False),  # gateway.core.statuses.TASK_KINDS
    Column("phone_id", BigKey, ForeignKey("phones.id")),
    _ref("member_id", "members.id"),
    _ref("session_id", "flow_sessions.id"),
    _ref("recording_id", "recordings.id"),
    Column("state", String(8), nullable=False),  # open | done
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant),
    Index(None, "organisation_id", "state", "created_at"),
)

broadcasts = Table(
    "broadcasts",
    metadata,
    _text_key(),
    _ref("organisation_id", "organisations.id", nullable=False),
    _ref("channel_id", "channels.id", nullable=False),
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
    _ref("broadcast_id", "broadcasts.id"),  # None: a reply that belongs to a conversation
    _ref("channel_id", "channels.id", nullable=False),
    _ref("member_id", "members.id"),
    Column("phone_id", BigKey, ForeignKey("phones.id"), nullable=False),
    Column("medium", String(8), nullable=False),
    Column("language", String(8), nullable=False),
    Column("body", HumanText),  # of a reply; a broadcast's text stands in `broadcasts.texts`
    Column("state", String(16), nullable=False),  # gateway.core.statuses.DELIVERY
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("token", String(36)),  # of the worker that claimed it
    Column("lease_until", Instant),
    Column("not_before", Instant),
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
