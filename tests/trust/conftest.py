"""A whole installation, as for calls: the sample members, phones over HTTP, a clock that stands."""

from __future__ import annotations

from calls.conftest import here, installation_of, on_sqlite, sample_file
from embedded.conftest import start

from gateway.store.database import Connection

__all__ = ["here", "installation_of", "on_sqlite", "sample_file", "start"]

LET_IT_BE_CHANGED = {
    "sqlite": [f"DROP TRIGGER IF EXISTS audit_never_{what}" for what in ("changed", "moved", "deleted", "replaced")],
    "postgresql": ["ALTER TABLE audit DISABLE TRIGGER USER"],
}


def let_it_be_changed(db: Connection) -> None:
    """Open the audit log as whoever owns the database can: the triggers that refuse a change are hers to drop."""
    for statement in LET_IT_BE_CHANGED[db.dialect.name]:
        db.exec_driver_sql(statement)
