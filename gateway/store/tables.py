"""Records as they go into a file: pages of members, contributions and claims behind a key, with names and phones opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Label, bindparam, exists, select

from gateway.store.database import Connection
from gateway.store.models import claims, contribution_decisions, contributions, member_phones, members, phones, schemes
from gateway.store.scope import Scope, sees

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

Record = dict[str, Any]

_MEMBER = (
    *("id", "number", "sealed_name", "sealed_village", "language", "script", "trade", "place", "sex", "birth_year", "household_role"),
    *("usual_instalment", "private", "preferred_medium", "best_hour", "reminders", "state", "consented_at", "consent_how"),
    "consent_wording",
)
_PHONES = (
    select(member_phones.c.member_id, phones.c.sealed)
    .join(phones, phones.c.id == member_phones.c.phone_id)
    .where(member_phones.c.member_id.in_(bindparam("ids", expanding=True)), member_phones.c.stale_at.is_(None))
    .order_by(member_phones.c.phone_id)
)
_reversal = contributions.alias()


def _decided(state: str) -> Label[bool]:
    decision = contribution_decisions.c
    return exists().where(decision.contribution_id == contributions.c.id, decision.state == state).label(state)


def members_behind(db: Connection, seal: Seal, scope: Scope, after: str, limit: int) -> list[Record]:
    """Members by number, those who are not erased; `phones` are their numbers in E.164."""
    page = (
        select(*(members.c[name] for name in _MEMBER))
        .where(sees(scope, members), members.c.number > after, members.c.state != "erased")
        .order_by(members.c.number)
        .limit(limit)
    )
    rows: list[Record] = [dict(row) for row in db.execute(page).mappings()]
    numbers: dict[str, list[str]] = {row["id"]: [] for row in rows}
    for member_id, sealed in db.execute(_PHONES, {"ids": list(numbers)}):
        numbers[member_id].append(seal.open(sealed))
    for row in rows:
        row["phones"] = numbers[row["id"]]
        for name in ("name", "village"):
            sealed = row.pop(f"sealed_{name}")
            row[name] = seal.open(sealed) if sealed else None
    return rows


def contributions_behind(db: Connection, seal: Seal, scope: Scope, after: str, limit: int) -> list[Record]:
    """Entries of the ledger by reference; `number` is the member's, `state` as the decisions leave it."""
    page = (
        select(
            *(
                contributions.c[name]
                for name in ("reference", "amount", "month", "payer", "receipt", "reverses", "noted_at", "sealed_note")
            ),
            members.c.number,
            schemes.c.code.label("scheme"),
            _decided("confirmed"),
            _decided("questioned"),
            exists().where(_reversal.c.reverses == contributions.c.id).label("reversed"),
        )
        .join(members, members.c.id == contributions.c.member_id)
        .outerjoin(schemes, schemes.c.id == contributions.c.scheme_id)
        .where(sees(scope, contributions), contributions.c.reference > after)
        .order_by(contributions.c.reference)
        .limit(limit)
    )
    return [_with_note(seal, dict(row)) for row in db.execute(page).mappings()]


def claims_behind(db: Connection, seal: Seal, scope: Scope, after: str, limit: int) -> list[Record]:
    """Claims by number; `member_number` is the member's."""
    names = ("number", "insurer_reference", "kind", "state", "amount", "reason", "review_until", "paid_at", "opened_at", "changed_at")
    page = (
        select(*(claims.c[name] for name in names), claims.c.sealed_note, members.c.number.label("member_number"))
        .join(members, members.c.id == claims.c.member_id)
        .where(sees(scope, claims), claims.c.number > after)
        .order_by(claims.c.number)
        .limit(limit)
    )
    return [_with_note(seal, dict(row)) for row in db.execute(page).mappings()]


def _with_note(seal: Seal, row: Record) -> Record:
    sealed = row.pop("sealed_note")
    return {**row, "note": seal.open(sealed) if sealed else None}
