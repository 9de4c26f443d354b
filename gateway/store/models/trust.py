"""What makes records worth trusting: who saw and did what, what came in from files, which request was answered before."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, String, Table, Text, UniqueConstraint

from gateway.store.models.columns import BigKey, Instant, metadata, ref, text_key

audit = Table(  # one chain for the installation: each row's hash covers the one before it
    "audit",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=False),  # counted by hand, so that a gap is a fault
    ref("organisation_id", "organisations.id", nullable=False),
    Column("actor", String(64), nullable=False),  # gateway.services.access.Actor.name
    Column("action", String(32), nullable=False),  # a verb of gateway.core.roles.Permission, or narrower
    Column("subject", String(80), nullable=False),  # member:ID, claim:ID, members (a list), ...
    Column("detail", Text, nullable=False),  # JSON; never a name, a number of a phone or a note
    Column("at", Instant, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),  # HMAC over the hash before and this row
    Index(None, "organisation_id", "id"),
    Index(None, "subject"),
)

imports = Table(  # a file that is being taken in; of the same file and kind there is one
    "imports",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    Column("kind", String(16), nullable=False),  # members | contributions | claims
    Column("digest", LargeBinary(32), nullable=False),  # SHA-256 of the file
    Column("state", String(12), nullable=False),  # running | finished | cancelled
    Column("row", Integer, nullable=False),  # the last row that was taken or refused
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("by", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("organisation_id", "kind", "digest"),
)

import_refusals = Table(
    "import_refusals",
    metadata,
    ref("import_id", "imports.id", nullable=False),
    Column("row", Integer, nullable=False),
    Column("column", String(40), nullable=False),
    Column("reason", Text, nullable=False),  # a sentence that repeats nothing of the cell
    PrimaryKeyConstraint("import_id", "row", "column"),
)

uploads = Table(  # files that were handed in at the console: tried out, then taken in; the file itself is below the data directory
    "uploads",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    ref("user_id", "users.id", nullable=False),  # who handed it in, and for whom it is taken in
    Column("kind", String(16), nullable=False),  # members | contributions | claims
    Column("shared_phones", Boolean, nullable=False),  # it is known that members with different names share phones of the file
    # trying | tried | taking | done | refused (the file as a whole) | cancelled
    Column("state", String(12), nullable=False, index=True),
    ref("import_id", "imports.id"),  # once it is being taken in
    Column("share", Integer, nullable=False, server_default="0"),  # how much of it was looked at, in hundredths
    Column("added", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("known", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("sealed_report", LargeBinary),  # what the trial found, as JSON: a heading that is none may be somebody's name
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

idempotency_keys = Table(  # requests of the API that were answered, so that a repeat has no second effect
    "idempotency_keys",
    metadata,
    ref("token_id", "tokens.id", nullable=False),
    Column("key", String(64), nullable=False),
    Column("sealed_request", LargeBinary, nullable=False),  # SHA-256 of method, path and body: a PIN in it could be guessed
    Column("status", Integer),  # None: it is being answered
    Column("sealed_answer", LargeBinary),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("token_id", "key"),
    Index(None, "at"),
)

sweeps = Table(  # the parts of the sweep that are due only now and then, and when each was done last
    "sweeps",
    metadata,
    Column("name", String(24), primary_key=True),
    Column("at", Instant, nullable=False),
)
