"""Broadcasts and what we send.

A *delivery* is one message or call that we owe to one person: a row of a broadcast, or a reply that goes out by itself. It is the
truth about sending; queue entries only ring the doorbell.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
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

HEARD_AFTER = 10  # seconds: who hung up earlier heard our name, and hardly what it was about
# Tries that may not have reached her, and after which it is not decided what comes. Letter for letter the condition of an index, so that
# what waits for a decision is found among millions that do not; `gateway.store.deliveries.MISSED` is the whole condition.
UNDECIDED = f"latest AND NOT settled AND (state IN ('undelivered', 'failed') OR answered_by = 'machine' OR seconds < {HEARD_AFTER})"
COUNTED = "counted_on IS NOT NULL"
CALLING_BACK = "ended_at IS NULL"
UNANNOUNCED = "round = 0 AND NOT settled"  # texts before calls that wait for them

broadcasts = Table(
    "broadcasts",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    ref("channel_id", "channels.id", nullable=False),
    Column("title", HumanText, nullable=False),
    Column("purpose", String(12), nullable=False),  # message | notice | reminder (of a notice, the day before)
    ref("notice_id", "notices.id", index=True),  # notice, reminder: about which
    ref("again_of", "broadcasts.id"),  # for those whom that one did not reach
    # what is said: texts, or by voice one of the three below, or both
    Column("medium", String(12), nullable=False),  # sms | voice | preferred: each by her own wish, and by the other where that fails
    Column("texts", JSON, nullable=False),  # {language: text with slots}
    Column("phrase", String(48)),  # a phrase of flows/phrases.yaml
    ref("saying_id", "sayings.id"),  # words of the organisation's own, recorded
    Column("flow", String(64)),  # a flow, so that she can answer
    # to whom and when
    Column("audience", JSON, nullable=False),  # gateway.core.audience.Audience; {} is everybody
    Column("starts_at", Instant),  # not before; None: as soon as it is approved
    Column("best_hour", Boolean, nullable=False),  # each in her own best hour, where we know one
    Column("expires_at", Instant),  # pointless from then on
    Column("heads_up", Boolean, nullable=False),  # a text some minutes before the call
    Column("tries", Integer, nullable=False),  # calls to one person at most, at different hours
    Column("gap_hours", Integer),  # None: the organisation's
    Column("life_safety_by", Text),  # who answers for sending in quiet hours, where lives depend on it
    Column("on_ambiguous", String(8), nullable=False),  # hold | resend
    Column("budget", BigInteger),  # paisa that it may cost; None: no limit of its own
    Column("planned", JSON),  # what its plan said when it was approved: {"recipients", "price", "ends"}
    # where it is
    Column("state", String(16), nullable=False),  # gateway.core.statuses.BROADCAST
    Column("expanded_to", String(36)),  # the last member whose delivery was written; None: not begun
    Column("expanded", Boolean, nullable=False),
    Column("reason", String(48)),  # why it paused itself: a code of gateway.errors with the provider's own
    Column("created_by", String(64), nullable=False),  # gateway.services.access.Actor.name
    Column("created_at", Instant, nullable=False),
    Column("approved_at", Instant),
    Column("finished_at", Instant),
    Column("charges_at", Instant),  # when the provider's list was last read to its end for what it charged
    Column("charges_page", Text),  # where reading it goes on; None: not begun, or at its end
    Index(None, "state"),
)

approvals = Table(  # who agreed that a broadcast goes out
    "approvals",
    metadata,
    ref("broadcast_id", "broadcasts.id", nullable=False),
    Column("by", String(64), nullable=False),  # gateway.services.access.Actor.name
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("broadcast_id", "by"),
)

call_backs = Table(  # who rang and hung up is called back, by a delivery for each try
    "call_backs",
    metadata,
    Column("id", BigKey, primary_key=True),
    ref("organisation_id", "organisations.id", nullable=False),
    ref("channel_id", "channels.id", nullable=False),  # which she rang
    Column("phone_id", BigKey, ForeignKey("phones.id"), nullable=False),
    Column("prefix", LargeBinary(32), nullable=False),  # keyed index of what her number begins with: counts, never tells
    Column("day", String(10), nullable=False),  # of the ring, ISO, in Nepal
    Column("rang_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", String(12)),  # answered | missed | failed | dropped | unclear
    # Two rings at once are called back once.
    Index(
        "uq_call_backs_open",
        "organisation_id",
        "phone_id",
        unique=True,
        sqlite_where=text(CALLING_BACK),
        postgresql_where=text(CALLING_BACK),
    ),
    Index(None, "phone_id", "id"),
    Index(None, "channel_id", "day"),
    Index(None, "channel_id", "prefix", "rang_at"),
)

missed_call_days = Table(  # what became of the rings at a channel on a day of Nepal
    "missed_call_days",
    metadata,
    ref("channel_id", "channels.id", nullable=False),
    Column("day", String(10), nullable=False),
    Column("became", String(12), nullable=False),  # gateway.services.missed_calls.BECAME
    Column("rings", Integer, nullable=False),
    PrimaryKeyConstraint("channel_id", "day", "became"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigKey, primary_key=True),
    ref("broadcast_id", "broadcasts.id"),  # None: a reply that belongs to a conversation, or a call back
    Column("call_back_id", BigKey, ForeignKey("call_backs.id")),
    ref("channel_id", "channels.id", nullable=False),
    ref("member_id", "members.id"),
    Column("phone_id", BigKey, ForeignKey("phones.id"), nullable=False),
    # Of a broadcast to one person there is a row for each try: what became of one stays, and the next is a row of its own.
    Column("round", Integer, nullable=False, server_default="1"),  # 0: the text before the call
    Column("latest", Boolean, nullable=False, server_default="1"),  # of her rounds: what a broadcast is counted by
    Column("settled", Boolean, nullable=False, server_default="0"),  # it failed, and what comes after it was decided
    Column("medium", String(8), nullable=False),
    Column("language", String(8), nullable=False),  # with its script: ne, ne_latn
    Column("sealed_body", LargeBinary),  # of a reply; a broadcast's text stands in `broadcasts.texts`
    Column("state", String(16), nullable=False),  # gateway.core.statuses.DELIVERY
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("refused_by", Text),  # the channels that definitely refused it, one after the other, with spaces in between
    Column("counted_on", String(10)),  # the day of Nepal on which it was claimed over a channel that may only send so much a day
    Column("token", String(36)),  # of the worker that claimed it
    Column("lease_until", Instant),
    Column("not_before", Instant),
    Column("by_day", Boolean, nullable=False, server_default="0"),  # of our own accord, not an answer: never goes out in quiet hours
    Column("ever_unknown", Boolean, nullable=False, server_default="0"),
    Column("external_id", String(64)),
    Column("error", String(48)),  # a code of gateway.errors, or the provider's own
    Column("rang_at", Instant),  # of a call: when it began to ring, by which the next try is timed
    Column("answered_by", String(8)),  # of a call: human | machine, where the provider told
    Column("seconds", Integer),  # of a call: how long she listened
    Column("answered_at", Instant),  # when she pressed a key, or wrote back
    Column("price", Integer),  # paisa, as planned
    Column("charged", BigInteger),  # what the provider reports, in millionths of `charged_in`
    Column("charged_in", String(3)),  # ISO 4217
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("broadcast_id", "member_id", "round"),
    UniqueConstraint("call_back_id", "round"),
    # What is due of a broadcast by one medium is one range of this, however many rows wait for a later hour.
    Index(None, "broadcast_id", "state", "medium", "not_before", "id"),
    Index(None, "state", "lease_until"),
    Index(None, "external_id"),
    Index("ix_deliveries_undecided", "broadcast_id", "id", sqlite_where=text(UNDECIDED), postgresql_where=text(UNDECIDED)),
    Index("ix_deliveries_unannounced", "broadcast_id", "state", sqlite_where=text(UNANNOUNCED), postgresql_where=text(UNANNOUNCED)),
    Index(None, "phone_id", "id"),  # what a phone was told last
    Index("ix_deliveries_counted", "channel_id", "counted_on", sqlite_where=text(COUNTED), postgresql_where=text(COUNTED)),
)

prices = Table(  # of a channel, from a day until the next one
    "prices",
    metadata,
    ref("channel_id", "channels.id", nullable=False),
    Column("medium", String(8), nullable=False),
    Column("operator", String(12), nullable=False),  # gateway.core.phone.operator; "" for all others
    Column("from_day", String(10), nullable=False),  # ISO, in Nepal
    Column("paisa", Integer, nullable=False),  # of a segment, or of a begun minute
    Column("source", HumanText, nullable=False),  # where it was published
    PrimaryKeyConstraint("channel_id", "medium", "operator", "from_day"),
)

rest_days = Table(  # festivals: no broadcast goes out on them
    "rest_days",
    metadata,
    ref("organisation_id", "organisations.id", nullable=False),
    Column("day", String(10), nullable=False),  # ISO, in Nepal
    Column("title", HumanText, nullable=False),
    PrimaryKeyConstraint("organisation_id", "day"),
)

member_lists = Table(  # members whom an organiser named one by one, or by a file
    "member_lists",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    Column("title", HumanText, nullable=False),
    Column("by", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organisation_id", "title"),
)

member_list_entries = Table(
    "member_list_entries",
    metadata,
    ref("list_id", "member_lists.id", nullable=False),
    ref("member_id", "members.id", nullable=False, index=True),
    PrimaryKeyConstraint("list_id", "member_id"),
    sqlite_with_rowid=False,
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
