"""What there is to listen to and to tell: an organisation's own words, lessons, services near her, surveys and testimonies."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Float,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from gateway.store.models.columns import BigKey, HumanText, Instant, metadata, ref, text_key

sayings = Table(  # words of an organisation's own, recorded: a message, a place, a piece of news, the name of a service
    "sayings",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False, index=True),
    Column("number", Integer, nullable=False, unique=True),  # by which it is recorded in the studio by phone
    Column("texts", JSON, nullable=False),  # {language: what is said}
    Column("created_by", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)

saying_clips = Table(
    "saying_clips",
    metadata,
    ref("saying_id", "sayings.id", nullable=False),
    Column("language", String(8), nullable=False),
    Column("clip", String(36), nullable=False),  # a WAV file below the data directory, under a name that nobody can guess
    Column("seconds", Float, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("saying_id", "language"),
)

lesson_progress = Table(  # how far a member came in a lesson of flows/lessons
    "lesson_progress",
    metadata,
    ref("member_id", "members.id", nullable=False),
    Column("lesson", String(48), nullable=False),
    Column("chapters", Integer, nullable=False),  # heard to the end, from the first on
    Column("right", Integer, nullable=False),  # answers of the last check
    Column("begun_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("completed_at", Instant),  # all chapters heard and the check done
    PrimaryKeyConstraint("member_id", "lesson"),
)

services = Table(  # the directory of services near her
    "services",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False, index=True),
    Column("kind", String(24), nullable=False),  # health_post | day_care | legal_aid | social_security | ...: a phrase
    Column("place", String(16), nullable=False),  # gateway.core.places: for whom it is near
    Column("number", String(20), nullable=False),  # to call: E.164, or what is dialled in Nepal alone: 1098, 16600122222
    Column("names", JSON, nullable=False),  # {language: text}
    ref("saying_id", "sayings.id"),  # its name, recorded; without it the kind is said
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organisation_id", "kind", "place", "number"),
)

survey_answers = Table(  # what was answered in flows that say `survey: true`
    "survey_answers",
    metadata,
    Column("id", BigKey, primary_key=True),
    ref("organisation_id", "organisations.id", nullable=False),
    ref("member_id", "members.id", index=True),
    ref("broadcast_id", "broadcasts.id"),
    Column("conversation", String(36), nullable=False),  # id of the session, which it outlives
    Column("flow", String(64), nullable=False),
    Column("step", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("sealed_value", LargeBinary),  # None: a recording
    ref("recording_id", "recordings.id"),
    Column("at", Instant, nullable=False),
    UniqueConstraint("conversation", "flow", "step"),
)

testimonies = Table(  # what members said for others to hear, and how far they agreed to that
    "testimonies",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False, index=True),
    ref("member_id", "members.id", nullable=False, index=True),
    ref("recording_id", "recordings.id", nullable=False, index=True),
    Column("consent", String(8), nullable=False),  # named | unnamed
    Column("consent_wording", HumanText, nullable=False),  # the prompt she agreed to and its version
    Column("language", String(8), nullable=False),
    Column("sealed_words", LargeBinary),  # written down by an organiser
    Column("state", String(12), nullable=False),  # waiting | kept | withdrawn
    Column("created_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", String(64)),
)
