"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "callbacks",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("delivery_id", BIG_KEY, nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("error", sa.String(length=16), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callbacks")),
    )
    op.create_index(op.f("ix_callbacks_external_id"), "callbacks", ["external_id"], unique=False)
    op.create_table(
        "flow_versions",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_flow_versions")),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("two_persons_above", sa.Integer(), nullable=True),
        sa.Column("monthly_budget", sa.BigInteger(), nullable=True),
        sa.Column("gap_hours", sa.Integer(), server_default="2", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
    )
    op.create_table(
        "phones",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("blind_index", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("script", sa.String(length=12), nullable=True),
        sa.Column("operator", sa.String(length=12), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_by", sa.String(length=36), nullable=True),
        sa.Column("broke_off", sa.String(length=36), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phones")),
        sa.UniqueConstraint("blind_index", name=op.f("uq_phones_blind_index")),
    )
    op.create_table(
        "pin_tries",
        sa.Column("bucket", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "subject", name=op.f("pk_pin_tries")),
    )
    op.create_table(
        "receipts",
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "external_id", "step", name=op.f("pk_receipts")),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("bucket", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "subject", name=op.f("pk_sign_in_tries")),
    )
    op.create_index(op.f("ix_sign_in_tries_last_at"), "sign_in_tries", ["last_at"], unique=False)
    op.create_table(
        "studio_tries",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studio_tries")),
    )
    op.create_index(op.f("ix_studio_tries_at"), "studio_tries", ["at"], unique=False)
    op.create_table(
        "sweeps",
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sweeps")),
    )
    op.create_table(
        "audit",
        sa.Column("id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_audit_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_organisation_id_id"), "audit", ["organisation_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"], unique=False)
    op.create_table(
        "channels",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("messages_per_second", sa.Float(), nullable=False),
        sa.Column("calls_per_second", sa.Float(), nullable=False),
        sa.Column("segment_price", sa.Integer(), nullable=False),
        sa.Column("minute_price", sa.Integer(), nullable=False),
        sa.Column("missed_calls", sa.Boolean(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_channels_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("provider", "address", name=op.f("uq_channels_provider_address")),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_imports_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("organisation_id", "kind", "digest", name=op.f("uq_imports_organisation_id_kind_digest")),
    )
    op.create_table(
        "member_lists",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_member_lists_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_lists")),
        sa.UniqueConstraint("organisation_id", "title", name=op.f("uq_member_lists_organisation_id_title")),
    )
    op.create_table(
        "rest_days",
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_rest_days_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", "day", name=op.f("pk_rest_days")),
    )
    op.create_table(
        "sayings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_sayings_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sayings")),
        sa.UniqueConstraint("number", name=op.f("uq_sayings_number")),
    )
    op.create_index(op.f("ix_sayings_organisation_id"), "sayings", ["organisation_id"], unique=False)
    op.create_table(
        "schemes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("schedule", sa.String(length=8), nullable=False),
        sa.Column("seasons", sa.JSON(), nullable=False),
        sa.Column("last_month", sa.String(length=7), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_schemes_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schemes")),
        sa.UniqueConstraint("organisation_id", "code", name=op.f("uq_schemes_organisation_id_code")),
    )
    op.create_table(
        "step_counts",
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("medium", sa.String(length=8), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("silent", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("hung_up", sa.Integer(), nullable=False),
        sa.Column("gave_up", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_step_counts_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", "day", "flow", "step", "medium", name=op.f("pk_step_counts")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sign_in_index", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed_sign_in", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_password", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_users_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("sign_in_index", name=op.f("uq_users_sign_in_index")),
    )
    op.create_index(op.f("ix_users_organisation_id"), "users", ["organisation_id"], unique=False)
    op.create_table(
        "call_backs",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("channel_id", sa.String(length=36), nullable=False),
        sa.Column("phone_id", BIG_KEY, nullable=False),
        sa.Column("prefix", sa.LargeBinary(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("rang_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_call_backs_channel_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_call_backs_organisation_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name=op.f("fk_call_backs_phone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_backs")),
    )
    op.create_index(op.f("ix_call_backs_channel_id_day"), "call_backs", ["channel_id", "day"], unique=False)
    op.create_index(op.f("ix_call_backs_channel_id_prefix_rang_at"), "call_backs", ["channel_id", "prefix", "rang_at"], unique=False)
    op.create_index(op.f("ix_call_backs_phone_id_id"), "call_backs", ["phone_id", "id"], unique=False)
    op.create_index(
        "uq_call_backs_open",
        "call_backs",
        ["organisation_id", "phone_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "calls",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("channel_id", sa.String(length=36), nullable=False),
        sa.Column("phone_id", BIG_KEY, nullable=True),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_calls_channel_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name=op.f("fk_calls_phone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("provider", "external_id", name=op.f("uq_calls_provider_external_id")),
    )
    op.create_index(op.f("ix_calls_phone_id_started_at"), "calls", ["phone_id", "started_at"], unique=False)
    op.create_table(
        "import_refusals",
        sa.Column("import_id", sa.String(length=36), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_refusals_import_id")),
        sa.PrimaryKeyConstraint("import_id", "row", "column", name=op.f("pk_import_refusals")),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_invitations_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitations_digest")),
    )
    op.create_index(op.f("ix_invitations_user_id"), "invitations", ["user_id"], unique=False)
    op.create_table(
        "members",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_village", sa.LargeBinary(), nullable=True),
        sa.Column("name_clip", sa.String(length=36), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("script", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("sealed_pin", sa.LargeBinary(), nullable=True),
        sa.Column("pin_code_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("usual_instalment", sa.BigInteger(), nullable=True),
        sa.Column("trade", sa.String(length=32), nullable=True),
        sa.Column("place", sa.String(length=16), nullable=True),
        sa.Column("sex", sa.String(length=6), nullable=True),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("household_role", sa.String(length=16), nullable=True),
        sa.Column("preferred_medium", sa.String(length=8), nullable=False),
        sa.Column("best_hour", sa.Integer(), nullable=True),
        sa.Column("collector_id", sa.String(length=36), nullable=True),
        sa.Column("import_id", sa.String(length=36), nullable=True),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_how", sa.String(length=12), nullable=True),
        sa.Column("consent_wording", sa.Text(), nullable=True),
        sa.Column("reminders", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("welcomed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["collector_id"], ["users.id"], name=op.f("fk_members_collector_id")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_members_import_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_members_organisation_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_members_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_members_organisation_id_number")),
        sa.UniqueConstraint("user_id", name=op.f("uq_members_user_id")),
    )
    op.create_index(op.f("ix_members_collector_id"), "members", ["collector_id"], unique=False)
    op.create_index(
        "ix_members_counted",
        "members",
        ["organisation_id", "state", "trade", "place", "sex", "birth_year", "language", "household_role", "created_at"],
        unique=False,
    )
    op.create_index(op.f("ix_members_organisation_id_created_at_id"), "members", ["organisation_id", "created_at", "id"], unique=False)
    op.create_table(
        "missed_call_days",
        sa.Column("channel_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("became", sa.String(length=12), nullable=False),
        sa.Column("rings", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_missed_call_days_channel_id")),
        sa.PrimaryKeyConstraint("channel_id", "day", "became", name=op.f("pk_missed_call_days")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("phrase", sa.String(length=48), nullable=True),
        sa.Column("place", sa.String(length=48), nullable=True),
        sa.Column("place_saying_id", sa.String(length=36), nullable=True),
        sa.Column("saying_id", sa.String(length=36), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_notices_organisation_id")),
        sa.ForeignKeyConstraint(["place_saying_id"], ["sayings.id"], name=op.f("fk_notices_place_saying_id")),
        sa.ForeignKeyConstraint(["saying_id"], ["sayings.id"], name=op.f("fk_notices_saying_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_organisation_id_kind_starts_at"), "notices", ["organisation_id", "kind", "starts_at"], unique=False)
    op.create_table(
        "prices",
        sa.Column("channel_id", sa.String(length=36), nullable=False),
        sa.Column("medium", sa.String(length=8), nullable=False),
        sa.Column("operator", sa.String(length=12), nullable=False),
        sa.Column("from_day", sa.String(length=10), nullable=False),
        sa.Column("paisa", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_prices_channel_id")),
        sa.PrimaryKeyConstraint("channel_id", "medium", "operator", "from_day", name=op.f("pk_prices")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "saying_clips",
        sa.Column("saying_id", sa.String(length=36), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("clip", sa.String(length=36), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["saying_id"], ["sayings.id"], name=op.f("fk_saying_clips_saying_id")),
        sa.PrimaryKeyConstraint("saying_id", "language", name=op.f("pk_saying_clips")),
    )
    op.create_table(
        "scheme_rates",
        sa.Column("scheme_id", sa.String(length=36), nullable=False),
        sa.Column("from_month", sa.String(length=7), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("base", sa.BigInteger(), nullable=True),
        sa.Column("member_share", sa.Integer(), nullable=True),
        sa.Column("government_share", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["scheme_id"], ["schemes.id"], name=op.f("fk_scheme_rates_scheme_id")),
        sa.PrimaryKeyConstraint("scheme_id", "from_month", name=op.f("pk_scheme_rates")),
    )
    op.create_table(
        "services",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("saying_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_services_organisation_id")),
        sa.ForeignKeyConstraint(["saying_id"], ["sayings.id"], name=op.f("fk_services_saying_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint("organisation_id", "kind", "place", "number", name=op.f("uq_services_organisation_id_kind_place_number")),
    )
    op.create_index(op.f("ix_services_organisation_id"), "services", ["organisation_id"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_tokens_organisation_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    op.create_index(op.f("ix_tokens_organisation_id"), "tokens", ["organisation_id"], unique=False)
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("shared_phones", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("import_id", sa.String(length=36), nullable=True),
        sa.Column("share", sa.Integer(), server_default="0", nullable=False),
        sa.Column("added", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("known", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sealed_report", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_uploads_import_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_uploads_organisation_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_uploads_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_state"), "uploads", ["state"], unique=False)
    op.create_table(
        "visits",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_visits_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint("digest", name=op.f("uq_visits_digest")),
    )
    op.create_index(op.f("ix_visits_user_id"), "visits", ["user_id"], unique=False)
    op.create_table(
        "attendances",
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_attendances_member_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_attendances_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "member_id", name=op.f("pk_attendances")),
    )
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("channel_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("notice_id", sa.String(length=36), nullable=True),
        sa.Column("again_of", sa.String(length=36), nullable=True),
        sa.Column("medium", sa.String(length=12), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("phrase", sa.String(length=48), nullable=True),
        sa.Column("saying_id", sa.String(length=36), nullable=True),
        sa.Column("flow", sa.String(length=64), nullable=True),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("best_hour", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heads_up", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("gap_hours", sa.Integer(), nullable=True),
        sa.Column("life_safety_by", sa.Text(), nullable=True),
        sa.Column("on_ambiguous", sa.String(length=8), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=True),
        sa.Column("planned", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("expanded_to", sa.String(length=36), nullable=True),
        sa.Column("expanded", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=48), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("charges_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("charges_page", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["again_of"], ["broadcasts.id"], name=op.f("fk_broadcasts_again_of")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_broadcasts_channel_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_broadcasts_notice_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_broadcasts_organisation_id")),
        sa.ForeignKeyConstraint(["saying_id"], ["sayings.id"], name=op.f("fk_broadcasts_saying_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    op.create_index(op.f("ix_broadcasts_notice_id"), "broadcasts", ["notice_id"], unique=False)
    op.create_index(op.f("ix_broadcasts_state"), "broadcasts", ["state"], unique=False)
    op.create_table(
        "claims",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=48), nullable=True),
        sa.Column("review_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("insurer_reference", sa.String(length=40), nullable=True),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_claims_member_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_claims_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
        sa.UniqueConstraint("organisation_id", "insurer_reference", name=op.f("uq_claims_organisation_id_insurer_reference")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_claims_organisation_id_number")),
    )
    op.create_index(op.f("ix_claims_member_id_opened_at"), "claims", ["member_id", "opened_at"], unique=False)
    op.create_index(op.f("ix_claims_organisation_id_state_changed_at"), "claims", ["organisation_id", "state", "changed_at"], unique=False)
    op.create_table(
        "contributions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("scheme_id", sa.String(length=36), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("payer", sa.String(length=12), server_default="member", nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("reverses", sa.String(length=36), nullable=True),
        sa.Column("receipt", sa.String(length=40), nullable=True),
        sa.Column("noted_by", sa.String(length=64), nullable=False),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_contributions_member_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_contributions_organisation_id")),
        sa.ForeignKeyConstraint(["reverses"], ["contributions.id"], name=op.f("fk_contributions_reverses")),
        sa.ForeignKeyConstraint(["scheme_id"], ["schemes.id"], name=op.f("fk_contributions_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contributions")),
        sa.UniqueConstraint("organisation_id", "receipt", name=op.f("uq_contributions_organisation_id_receipt")),
        sa.UniqueConstraint("organisation_id", "reference", name=op.f("uq_contributions_organisation_id_reference")),
        sa.UniqueConstraint("reverses", name=op.f("uq_contributions_reverses")),
    )
    op.create_index(op.f("ix_contributions_member_id_month"), "contributions", ["member_id", "month"], unique=False)
    op.create_index(op.f("ix_contributions_organisation_id_noted_at"), "contributions", ["organisation_id", "noted_at"], unique=False)
    op.create_table(
        "enrolments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("scheme_id", sa.String(length=36), nullable=False),
        sa.Column("from_month", sa.String(length=7), nullable=False),
        sa.Column("until_month", sa.String(length=7), nullable=True),
        sa.Column("schedule", sa.String(length=8), nullable=True),
        sa.Column("instalment", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_enrolments_member_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["schemes.id"], name=op.f("fk_enrolments_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("member_id", "scheme_id", "from_month", name=op.f("uq_enrolments_member_id_scheme_id_from_month")),
    )
    op.create_table(
        "flow_sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("channel_id", sa.String(length=36), nullable=False),
        sa.Column("phone_id", BIG_KEY, nullable=True),
        sa.Column("member_id", sa.String(length=36), nullable=True),
        sa.Column("medium", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("counted", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_flow_sessions_channel_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_flow_sessions_member_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name=op.f("fk_flow_sessions_phone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_sessions")),
        sa.UniqueConstraint("provider", "external_id", name=op.f("uq_flow_sessions_provider_external_id")),
    )
    op.create_index(
        "ix_flow_sessions_open",
        "flow_sessions",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_flow_sessions_uncounted",
        "flow_sessions",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("NOT open AND NOT counted"),
        postgresql_where=sa.text("NOT open AND NOT counted"),
    )
    op.create_index(
        "uq_flow_sessions_open_sms",
        "flow_sessions",
        ["channel_id", "phone_id"],
        unique=True,
        sqlite_where=sa.text("open AND medium = 'sms'"),
        postgresql_where=sa.text("open AND medium = 'sms'"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("token_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sealed_request", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_idempotency_keys_token_id")),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_at"), "idempotency_keys", ["at"], unique=False)
    op.create_table(
        "lesson_progress",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("lesson", sa.String(length=48), nullable=False),
        sa.Column("chapters", sa.Integer(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_lesson_progress_member_id")),
        sa.PrimaryKeyConstraint("member_id", "lesson", name=op.f("pk_lesson_progress")),
    )
    op.create_table(
        "member_list_entries",
        sa.Column("list_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["member_lists.id"], name=op.f("fk_member_list_entries_list_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_list_entries_member_id")),
        sa.PrimaryKeyConstraint("list_id", "member_id", name=op.f("pk_member_list_entries")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_member_list_entries_member_id"), "member_list_entries", ["member_id"], unique=False)
    op.create_table(
        "member_names",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("word", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_names_member_id")),
        sa.PrimaryKeyConstraint("member_id", "word", name=op.f("pk_member_names")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_member_names_word"), "member_names", ["word"], unique=False)
    op.create_table(
        "member_phones",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("phone_id", BIG_KEY, nullable=False),
        sa.Column("stale_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_phones_member_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name=op.f("fk_member_phones_phone_id")),
        sa.PrimaryKeyConstraint("member_id", "phone_id", name=op.f("pk_member_phones")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_member_phones_phone_id"), "member_phones", ["phone_id"], unique=False)
    op.create_table(
        "reminders",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("delivery_id", BIG_KEY, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_reminders_member_id")),
        sa.PrimaryKeyConstraint("member_id", "month", name=op.f("pk_reminders")),
    )
    op.create_table(
        "rsvps",
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("answer", sa.String(length=4), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_rsvps_member_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_rsvps_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "member_id", name=op.f("pk_rsvps")),
    )
    op.create_table(
        "approvals",
        sa.Column("broadcast_id", sa.String(length=36), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_approvals_broadcast_id")),
        sa.PrimaryKeyConstraint("broadcast_id", "by", name=op.f("pk_approvals")),
    )
    op.create_table(
        "claim_events",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=48), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_events_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_events")),
    )
    op.create_index(op.f("ix_claim_events_claim_id"), "claim_events", ["claim_id"], unique=False)
    op.create_table(
        "claim_papers",
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.Column("paper", sa.String(length=48), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_papers_claim_id")),
        sa.PrimaryKeyConstraint("claim_id", "paper", name=op.f("pk_claim_papers")),
    )
    op.create_table(
        "contribution_decisions",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("contribution_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contribution_id"], ["contributions.id"], name=op.f("fk_contribution_decisions_contribution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution_decisions")),
        sa.UniqueConstraint("contribution_id", "state", name=op.f("uq_contribution_decisions_contribution_id_state")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("broadcast_id", sa.String(length=36), nullable=True),
        sa.Column("call_back_id", BIG_KEY, nullable=True),
        sa.Column("channel_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=True),
        sa.Column("phone_id", BIG_KEY, nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("latest", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("settled", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("medium", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_by", sa.Text(), nullable=True),
        sa.Column("counted_on", sa.String(length=10), nullable=True),
        sa.Column("token", sa.String(length=36), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_day", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("ever_unknown", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("error", sa.String(length=48), nullable=True),
        sa.Column("rang_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=8), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("price", sa.Integer(), nullable=True),
        sa.Column("charged", sa.BigInteger(), nullable=True),
        sa.Column("charged_in", sa.String(length=3), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_deliveries_broadcast_id")),
        sa.ForeignKeyConstraint(["call_back_id"], ["call_backs.id"], name=op.f("fk_deliveries_call_back_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_deliveries_channel_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_deliveries_member_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name=op.f("fk_deliveries_phone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("broadcast_id", "member_id", "round", name=op.f("uq_deliveries_broadcast_id_member_id_round")),
        sa.UniqueConstraint("call_back_id", "round", name=op.f("uq_deliveries_call_back_id_round")),
    )
    op.create_index(
        op.f("ix_deliveries_broadcast_id_state_medium_not_before_id"),
        "deliveries",
        ["broadcast_id", "state", "medium", "not_before", "id"],
        unique=False,
    )
    op.create_index(
        "ix_deliveries_counted",
        "deliveries",
        ["channel_id", "counted_on"],
        unique=False,
        sqlite_where=sa.text("counted_on IS NOT NULL"),
        postgresql_where=sa.text("counted_on IS NOT NULL"),
    )
    op.create_index(op.f("ix_deliveries_external_id"), "deliveries", ["external_id"], unique=False)
    op.create_index(op.f("ix_deliveries_phone_id_id"), "deliveries", ["phone_id", "id"], unique=False)
    op.create_index(op.f("ix_deliveries_state_lease_until"), "deliveries", ["state", "lease_until"], unique=False)
    op.create_index(
        "ix_deliveries_unannounced",
        "deliveries",
        ["broadcast_id", "state"],
        unique=False,
        sqlite_where=sa.text("round = 0 AND NOT settled"),
        postgresql_where=sa.text("round = 0 AND NOT settled"),
    )
    op.create_index(
        "ix_deliveries_undecided",
        "deliveries",
        ["broadcast_id", "id"],
        unique=False,
        sqlite_where=sa.text("latest AND NOT settled AND (state IN ('undelivered', 'failed') OR answered_by = 'machine' OR seconds < 10)"),
        postgresql_where=sa.text(
            "latest AND NOT settled AND (state IN ('undelivered', 'failed') OR answered_by = 'machine' OR seconds < 10)"
        ),
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["flow_sessions.id"], name=op.f("fk_recordings_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("provider", "external_id", name=op.f("uq_recordings_provider_external_id")),
    )
    op.create_index(op.f("ix_recordings_session_id"), "recordings", ["session_id"], unique=False)
    op.create_index(op.f("ix_recordings_state_created_at"), "recordings", ["state", "created_at"], unique=False)
    op.create_table(
        "session_events",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=True),
        sa.Column("step", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["flow_sessions.id"], name=op.f("fk_session_events_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_events")),
    )
    op.create_index(op.f("ix_session_events_session_id"), "session_events", ["session_id"], unique=False)
    op.create_table(
        "skips",
        sa.Column("enrolment_id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name=op.f("fk_skips_enrolment_id")),
        sa.PrimaryKeyConstraint("enrolment_id", "month", name=op.f("pk_skips")),
    )
    op.create_table(
        "messages",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("channel_id", sa.String(length=36), nullable=False),
        sa.Column("phone_id", BIG_KEY, nullable=True),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=True),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("delivery_id", BIG_KEY, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_messages_channel_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_messages_delivery_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name=op.f("fk_messages_phone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_delivery_id"), "messages", ["delivery_id"], unique=False)
    op.create_index(op.f("ix_messages_phone_id_at"), "messages", ["phone_id", "at"], unique=False)
    op.create_table(
        "survey_answers",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=True),
        sa.Column("broadcast_id", sa.String(length=36), nullable=True),
        sa.Column("conversation", sa.String(length=36), nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sealed_value", sa.LargeBinary(), nullable=True),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_survey_answers_broadcast_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_survey_answers_member_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_survey_answers_organisation_id")),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_survey_answers_recording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answers")),
        sa.UniqueConstraint("conversation", "flow", "step", name=op.f("uq_survey_answers_conversation_flow_step")),
    )
    op.create_index(op.f("ix_survey_answers_member_id"), "survey_answers", ["member_id"], unique=False)
    op.create_table(
        "takes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("made_by", sa.String(length=80), nullable=True),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("clip", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sound", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_takes_organisation_id")),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_takes_recording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takes")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_takes_recording_id")),
    )
    op.create_index(op.f("ix_takes_state_created_at"), "takes", ["state", "created_at"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("phone_id", BIG_KEY, nullable=True),
        sa.Column("member_id", sa.String(length=36), nullable=True),
        sa.Column("session_id", sa.String(length=36), nullable=True),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("contribution_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_tasks_claim_id")),
        sa.ForeignKeyConstraint(["contribution_id"], ["contributions.id"], name=op.f("fk_tasks_contribution_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_tasks_member_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_tasks_organisation_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name=op.f("fk_tasks_phone_id")),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_tasks_recording_id")),
        sa.ForeignKeyConstraint(["session_id"], ["flow_sessions.id"], name=op.f("fk_tasks_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_organisation_id_state_created_at"), "tasks", ["organisation_id", "state", "created_at"], unique=False)
    op.create_index(op.f("ix_tasks_recording_id"), "tasks", ["recording_id"], unique=False)
    op.create_index(op.f("ix_tasks_session_id"), "tasks", ["session_id"], unique=False)
    op.create_index(
        "uq_tasks_open_claim",
        "tasks",
        ["claim_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_tasks_open_contribution",
        "tasks",
        ["contribution_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "testimonies",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("consent", sa.String(length=8), nullable=False),
        sa.Column("consent_wording", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_testimonies_member_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_testimonies_organisation_id")),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_testimonies_recording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_testimonies")),
    )
    op.create_index(op.f("ix_testimonies_member_id"), "testimonies", ["member_id"], unique=False)
    op.create_index(op.f("ix_testimonies_organisation_id"), "testimonies", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_testimonies_recording_id"), "testimonies", ["recording_id"], unique=False)
