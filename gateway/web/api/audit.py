"""The audit log: who saw and did what."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import Field

from gateway.core.roles import Permission
from gateway.services import audit
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import MOST_IN_A_PAGE, Given, Query

routes = Routes("audit")


class Row(Given):
    number: int
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    at: datetime


class Rows(Given):
    items: list[Row]
    next: int | None


class Behind(Query):
    after: int = Field(default=0, ge=0, le=2**53)
    limit: int = Field(default=50, ge=1, le=MOST_IN_A_PAGE)


class Head(Given):
    head: str = Field(description="number and hash of the last row; keep it elsewhere")


class Against(Query):
    head: str | None = Field(default=None, pattern=r"^[0-9]{1,18}:[0-9a-f]{64}$", description="one that was kept")


class Verdict(Given):
    rows: int
    head: str
    row: int | None
    fault: str | None


@routes.get("/audit", Permission.SEE_AUDIT)
def list_(call: Call, query: Behind) -> Rows:
    """List who saw and did what in the organisation, the oldest first."""
    found = audit.page(call.gateway, call.actor, query.after, query.limit)
    rows = [
        Row(
            number=row.number,
            actor=row.entry.actor,
            action=row.entry.action,
            subject=row.entry.subject,
            detail=json.loads(row.entry.detail),
            at=row.at,
        )
        for row in found
    ]
    return Rows(items=rows, next=rows[-1].number if len(rows) == query.limit else None)


@routes.get("/audit/head", Permission.SEE_AUDIT)
def head(call: Call) -> Head:
    """Tell where the log ends."""
    return Head(head=audit.head(call.gateway))


@routes.get("/audit/verify", Permission.SEE_AUDIT)
def verify(call: Call, query: Against) -> Verdict:
    """Check that no row was changed, taken out, put in or cut off."""
    return Verdict.model_validate(audit.verify(call.gateway, query.head))
