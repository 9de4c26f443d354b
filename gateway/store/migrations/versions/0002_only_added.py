"""The ledger and its decisions, and the events of claims, are only ever added to: the database itself refuses anything else.

Sealed notes may change, since a change of keys seals them anew and an erasure takes them away.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = {
    "contributions": "id, organisation_id, member_id, scheme_id, amount, month, payer, reference, reverses, receipt, noted_by, noted_at",
    "contribution_decisions": "id, contribution_id, state, by, at",
    "claim_events": "id, claim_id, state, amount, reason, by, at",
}


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            "CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME; END $$"
        )
    for table, columns in KEPT.items():
        action = "EXECUTE FUNCTION only_added()" if postgresql else f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
        for name, event in (("changed", f"UPDATE OF {columns}"), ("deleted", "DELETE")):
            op.execute(f"CREATE TRIGGER {table}_never_{name} BEFORE {event} ON {table} FOR EACH ROW {action}")
