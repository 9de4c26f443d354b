"""The text of every flow file that was ever in use: a conversation goes on in the version in which it began."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from gateway.store.database import Connection
from gateway.store.models import flow_versions
from gateway.store.rows import columns, insert_into


@dataclass(frozen=True, slots=True)
class FlowVersion:
    """One version of a flow: its hash, its name, and the YAML."""

    hash: str
    flow: str
    source: str


_REMEMBER = insert_into(flow_versions).on_conflict_do_nothing(index_elements=["hash"])
_OF_FLOW = (
    select(*columns(flow_versions, FlowVersion), flow_versions.c.seen_at)
    .where(flow_versions.c.flow == bindparam("name"))
    .order_by(flow_versions.c.seen_at.desc(), flow_versions.c.hash)
)
_GET = select(*columns(flow_versions, FlowVersion)).where(flow_versions.c.hash == bindparam("hash"))


def remember(db: Connection, versions: Iterable[tuple[str, str, str]], now: datetime) -> None:
    """Keep each `(hash, flow, source)` that is not known yet."""
    rows = [{"hash": digest, "flow": flow, "source": source, "seen_at": now} for digest, flow, source in versions]
    if rows:
        db.execute(_REMEMBER, rows)


def get(db: Connection, digest: str) -> FlowVersion | None:
    """The version with this hash."""
    row = db.execute(_GET, {"hash": digest}).first()
    return FlowVersion(*row) if row else None


def of_flow(db: Connection, flow: str) -> list[tuple[FlowVersion, datetime]]:
    """Every version of a flow and when it came, the newest first."""
    return [(FlowVersion(*version), seen_at) for *version, seen_at in db.execute(_OF_FLOW, {"name": flow})]
