"""The ledger and its decisions, the events of claims and the audit log are only ever added to: the database itself refuses anything else.

Sealed notes may change, since a change of keys seals them anew and an erasure takes them away. What would change rows by another way is
refused as well: PostgreSQL's TRUNCATE fires no trigger of a row; and SQLite's REPLACE takes away, without a word to the triggers of
DELETE, whatever row has the key, the hidden `rowid` or a unique value of the new one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = {
    "contributions": "id, organisation_id, member_id, scheme_id, amount, month, payer, reference, reverses, receipt, noted_by, noted_at",
    "contribution_decisions": "id, contribution_id, state, by, at",
    "claim_events": "id, claim_id, state, amount, reason, by, at",
    "audit": "id, organisation_id, actor, action, subject, detail, at, hash",
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME; END $$"
        )
        for table, columns in KEPT.items():
            _refuse(table, "changed", f"BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW EXECUTE FUNCTION only_added()")
            _refuse(table, "deleted", f"BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION only_added()")
            _refuse(table, "emptied", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION only_added()")
        return
    for table, columns in KEPT.items():
        abort = f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
        there = f"BEGIN SELECT RAISE(ABORT, '{table} is only added to, and such a row is there already'); END"  # a Conflict, to services
        _refuse(table, "changed", f"BEFORE UPDATE OF {columns} ON {table} {abort}")
        _refuse(table, "moved", f"BEFORE UPDATE ON {table} WHEN NEW.rowid <> OLD.rowid {abort}")
        _refuse(table, "deleted", f"BEFORE DELETE ON {table} {abort}")
        _refuse(table, "replaced", f"BEFORE INSERT ON {table} WHEN {_is_there(table)} {there}")


def _refuse(table: str, what: str, trigger: str) -> None:
    op.execute(f"CREATE TRIGGER {table}_never_{what} {trigger}")


def _is_there(table: str) -> str:
    """Whether SQLite has a row that a new one would replace."""
    inspector = sa.inspect(op.get_bind())
    keys = [["rowid"], ["id"], *(unique["column_names"] for unique in inspector.get_unique_constraints(table))]
    same = " OR ".join("(" + " AND ".join(f"{name} = NEW.{name}" for name in key) + ")" for key in keys)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of ours
