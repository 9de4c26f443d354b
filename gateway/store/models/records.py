"""Contributions, claims, notices and tasks. Money is paisa. The tables of entries, decisions and events are only ever added to."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

from gateway.store.models.columns import BigKey, HumanText, Instant, metadata, ref, text_key

schemes = Table(  # what members pay into
    "schemes",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    Column("code", String(24), nullable=False),
    Column("title", JSON, nullable=False),  # {language: text}
    Column("schedule", String(8), nullable=False),  # weekly | monthly | seasonal
    Column("seasons", JSON, nullable=False),  # seasonal: the Bikram Sambat months in which it is due, [1, 8]; else []
    Column("last_month", String(7)),  # the last month that is due, of a scheme that was closed
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organisation_id", "code"),
)

scheme_rates = Table(  # a rate holds from its month until the next one
    "scheme_rates",
    metadata,
    ref("scheme_id", "schemes.id", nullable=False),
    Column("from_month", String(7), nullable=False),  # Bikram Sambat, 2083-08
    Column("amount", BigInteger),  # a fixed instalment in paisa; None: a share of `base`
    Column("base", BigInteger),  # paisa a month, for example the basic minimum wage
    Column("member_share", Integer),  # hundredths of a percent of `base`: 1100 is 11 %
    Column("government_share", Integer),  # the same, awaited until it is matched
    Column("source", HumanText, nullable=False),  # where the rate was published
    PrimaryKeyConstraint("scheme_id", "from_month"),
)

enrolments = Table(
    "enrolments",
    metadata,
    text_key(),
    ref("member_id", "members.id", nullable=False),
    ref("scheme_id", "schemes.id", nullable=False),
    Column("from_month", String(7), nullable=False),
    Column("until_month", String(7)),  # the last month; None: she goes on
    Column("schedule", String(8)),  # her own, where it is another than the scheme's
    Column("instalment", BigInteger),  # paisa of one due date, where she agreed on another than the scheme's
    UniqueConstraint("member_id", "scheme_id", "from_month"),
)

skips = Table(  # months in which nothing is due from her: no work, a birth, a flood
    "skips",
    metadata,
    ref("enrolment_id", "enrolments.id", nullable=False),
    Column("month", String(7), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("enrolment_id", "month"),
)

reminders = Table(  # who was reminded of open instalments: at most once a month
    "reminders",
    metadata,
    ref("member_id", "members.id", nullable=False),
    Column("month", String(7), nullable=False),  # Bikram Sambat
    Column("delivery_id", BigKey, nullable=False),  # no foreign key: the text is kept a shorter time
    PrimaryKeyConstraint("member_id", "month"),
)

contributions = Table(  # the ledger: entries are added, never changed
    "contributions",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    ref("member_id", "members.id", nullable=False),
    ref("scheme_id", "schemes.id"),
    Column("amount", BigInteger, nullable=False),  # paisa; less than 0 in an entry that reverses another
    Column("month", String(7), nullable=False),  # Bikram Sambat, 2083-08
    Column("payer", String(12), nullable=False, server_default="member"),  # member | government
    Column("reference", String(12), nullable=False),
    Column("reverses", String(36), ForeignKey("contributions.id"), unique=True),  # the entry that this one takes back
    Column("receipt", String(40)),  # the number of a paper receipt, or of a row of an imported file
    Column("noted_by", String(64), nullable=False),  # voice | sms, or who: gateway.services.access.Actor.name
    Column("sealed_note", LargeBinary),
    Column("noted_at", Instant, nullable=False),
    UniqueConstraint("organisation_id", "reference"),
    UniqueConstraint("organisation_id", "receipt"),
    Index(None, "member_id", "month"),
    Index(None, "organisation_id", "noted_at"),
)

contribution_decisions = Table(  # an organiser's word on an entry; with none it is noted
    "contribution_decisions",
    metadata,
    Column("id", BigKey, primary_key=True),
    ref("contribution_id", "contributions.id", nullable=False),
    Column("state", String(12), nullable=False),  # questioned | confirmed
    Column("by", String(64), nullable=False),
    Column("sealed_note", LargeBinary),
    Column("at", Instant, nullable=False),
    UniqueConstraint("contribution_id", "state"),
)

claims = Table(
    "claims",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    ref("member_id", "members.id", nullable=False),
    Column("number", String(12), nullable=False),
    Column("kind", String(16), nullable=False),  # gateway.core.claims.KINDS
    Column("state", String(16), nullable=False),  # gateway.core.claims.STATES
    Column("amount", BigInteger),  # paisa, once approved
    Column("reason", String(48)),  # why it was not approved: a phrase of flows/phrases.yaml
    Column("review_until", Instant),
    Column("paid_at", Instant),
    Column("insurer_reference", String(40)),  # under which the insurer knows it
    Column("sealed_note", LargeBinary),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("heard_at", Instant),  # when she was last told where it stands
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("organisation_id", "number"),
    UniqueConstraint("organisation_id", "insurer_reference"),
    Index(None, "member_id", "opened_at"),
    Index(None, "organisation_id", "state", "changed_at"),
)

claim_events = Table(
    "claim_events",
    metadata,
    Column("id", BigKey, primary_key=True),
    ref("claim_id", "claims.id", nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("amount", BigInteger),
    Column("reason", String(48)),
    Column("by", String(64), nullable=False),
    Column("sealed_note", LargeBinary),
    Column("at", Instant, nullable=False),
)

claim_papers = Table(  # the papers that a claim needs, ticked off as they come
    "claim_papers",
    metadata,
    ref("claim_id", "claims.id", nullable=False),
    Column("paper", String(48), nullable=False),  # a phrase of flows/phrases.yaml
    Column("position", Integer, nullable=False),
    Column("received_at", Instant),
    Column("received_by", String(64)),
    PrimaryKeyConstraint("claim_id", "paper"),
)

notices = Table(
    "notices",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    Column("kind", String(16), nullable=False),  # meeting | training | news
    Column("phrase", String(48)),  # news: what is said, a phrase of flows/phrases.yaml
    Column("place", String(48)),  # meeting, training: a phrase of flows/phrases.yaml; or
    ref("place_saying_id", "sayings.id"),  # words of the organisation's own
    ref("saying_id", "sayings.id"),  # what else is said of it, or the news itself
    Column("starts_at", Instant),
    Column("published_at", Instant, nullable=False),
    Column("over_at", Instant),  # no longer told after this; None: a meeting from its beginning on, news never
    Column("moved_at", Instant),  # when its day or place was last changed: who had said yes before is told of it
    Column("cancelled_at", Instant),  # it does not take place
    Column("version", Integer, nullable=False, server_default="1"),
    Index(None, "organisation_id", "kind", "starts_at"),
)

rsvps = Table(
    "rsvps",
    metadata,
    ref("notice_id", "notices.id", nullable=False),
    ref("member_id", "members.id", nullable=False),
    Column("answer", String(4), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("notice_id", "member_id"),
)

attendances = Table(  # who came
    "attendances",
    metadata,
    ref("notice_id", "notices.id", nullable=False),
    ref("member_id", "members.id", nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("notice_id", "member_id"),
)

OPEN_TASK = text("state = 'open'")

tasks = Table(
    "tasks",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    Column("kind", String(24), nullable=False),  # gateway.core.statuses.TASK_KINDS
    Column("phone_id", BigKey, ForeignKey("phones.id")),
    ref("member_id", "members.id"),
    ref("session_id", "flow_sessions.id", index=True),
    ref("recording_id", "recordings.id", index=True),
    ref("claim_id", "claims.id"),
    ref("contribution_id", "contributions.id"),
    Column("state", String(8), nullable=False),  # open | done
    Column("created_at", Instant, nullable=False),
    Column("again_at", Instant),  # she was not reached: to be tried again from then on
    Column("tries", Integer, nullable=False, server_default="0"),  # that did not reach her
    Column("sealed_note", LargeBinary),  # what whoever tried wrote down for the next one
    Column("done_at", Instant),
    Column("done_by", String(64)),
    Index(None, "organisation_id", "state", "created_at"),
    # About one claim or contribution there is at most one open task of a kind, however often it is looked at.
    Index("uq_tasks_open_claim", "claim_id", "kind", unique=True, sqlite_where=OPEN_TASK, postgresql_where=OPEN_TASK),
    Index("uq_tasks_open_contribution", "contribution_id", "kind", unique=True, sqlite_where=OPEN_TASK, postgresql_where=OPEN_TASK),
)
