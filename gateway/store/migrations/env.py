"""Runs the migrations on the connection and in the transaction that `gateway.store.database.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from gateway.store.models import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
