"""Everything that rests on the installation's key: the one list of such columns, and how they are sealed anew with another key.

A row is changed only where it is still as it was read, so that this may run beside everything else: whoever was faster has sealed with
the key of today anyway, or is found by the next look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.exceptions import InvalidTag
from sqlalchemy import Column, Table, bindparam, delete, func, insert, or_, select, tuple_, update

from gateway.language import names
from gateway.store.database import Connection
from gateway.store.models import (
    claim_events,
    claims,
    contribution_decisions,
    contributions,
    deliveries,
    flow_sessions,
    idempotency_keys,
    member_names,
    members,
    messages,
    phones,
    receipts,
    survey_answers,
    tasks,
    testimonies,
    uploads,
    users,
)
from gateway.store.secrets import NAME

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

Key = tuple[Any, ...]

SEALED: Mapping[Table, tuple[str, ...]] = {
    phones: ("sealed",),  # with `blind_index`, which follows from it
    members: ("sealed_name", "sealed_village", "sealed_pin"),  # with the words in `member_names`, which follow from the name
    users: ("sealed_name", "sealed_sign_in", "sealed_password", "sealed_totp"),  # with `sign_in_index`, which follows from one of them
    contributions: ("sealed_note",),
    contribution_decisions: ("sealed_note",),
    claims: ("sealed_note",),
    claim_events: ("sealed_note",),
    tasks: ("sealed_note",),
    flow_sessions: ("state",),
    messages: ("sealed_body",),
    deliveries: ("sealed_body",),
    survey_answers: ("sealed_value",),
    testimonies: ("sealed_words",),
    receipts: ("sealed_answer",),
    idempotency_keys: ("sealed_request", "sealed_answer"),
    uploads: ("sealed_report",),
}

TABLES = tuple(table.name for table in SEALED)

# What follows from something sealed, by the same key, and is written together with it.
INDEXES = ("phones.blind_index", "member_names.word", "users.sign_in_index")

# Of these, which stands beside which, in the same row.
_INDEX_OF: Mapping[str, Mapping[str, Column[bytes]]] = {
    phones.name: {"sealed": phones.c.blind_index},
    users.name: {"sealed_sign_in": users.c.sign_in_index},
}

# What no key of ours is needed for; the links of the audit log keep theirs (gateway.services.keys).
DIGESTS = (
    *("tokens.digest", "imports.digest", "audit.hash", "visits.digest", "invitations.digest", "recovery_codes.digest"),
    "sign_in_tries.subject",  # with another key they are counted anew, for a day,
    "call_backs.prefix",  # and so are rings of numbers that are alike
)


class Stale(NamedTuple):
    """The key of a row, and what in it is sealed with another key than today's."""

    key: Key
    values: Mapping[str, bytes]


class Change(NamedTuple):
    """A row as it was read and as it is to be; `words` of a member's name under the key of today, None where her name stays."""

    key: Key
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    words: list[bytes] | None = None


_DROP_WORDS = delete(member_names).where(member_names.c.member_id == bindparam("of_member"))
_ADD_WORDS = insert(member_names)


def counts(db: Connection, table: str) -> dict[bytes, int]:
    """How many sealed values of a table rest on which key, by the key's name."""
    found: dict[bytes, int] = {}
    rows, columns = _of(table)
    for column in columns:
        name = func.substr(rows.c[column], 1, NAME)
        for key, number in db.execute(select(name, func.count()).where(rows.c[column].is_not(None)).group_by(name)):
            found[bytes(key)] = found.get(bytes(key), 0) + number
    return found


def stale(db: Connection, seal: Seal, table: str, after: Key | None, limit: int) -> list[Stale]:
    """Rows behind the key `after` in which something is sealed with another key than today's."""
    rows, columns = _of(table)
    key = list(rows.primary_key.columns)
    is_stale = or_(*(func.substr(rows.c[name], 1, NAME) != seal.current_name for name in columns))
    query = select(*key, *(rows.c[name] for name in columns)).where(is_stale).order_by(*key).limit(limit)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after) if len(key) > 1 else key[0] > after[0])
    found = []
    for row in db.execute(query):
        values = {name: bytes(value) for name, value in zip(columns, row[len(key) :], strict=True) if value is not None}
        found.append(Stale(tuple(row[: len(key)]), {name: value for name, value in values.items() if not seal.is_current(value)}))
    return found


def open_all(seal: Seal, values: Mapping[str, bytes]) -> dict[str, str] | None:
    """What these values say; None where one of them is sealed with a key that we do not have."""
    try:
        return {name: seal.open(value) for name, value in values.items()}
    except InvalidTag:
        return None


def anew(seal: Seal, table: str, row: Stale) -> Change | None:
    """The row sealed with the key of today, a phone and a name to sign in with their index, a member's name with its words; None where
    it cannot be opened."""
    said = open_all(seal, row.values)
    if said is None:
        return None
    values = {name: seal.seal(text) for name, text in said.items()}
    for name, index in _INDEX_OF.get(table, {}).items():
        if name in said:
            values[index.name] = seal.index(said[name])
    words = sorted(names.words(said["sealed_name"])) if table == members.name and "sealed_name" in said else None
    return Change(row.key, row.values, values, None if words is None else [seal.word(word) for word in words])


def replace(db: Connection, table: str, change: Change) -> bool:
    """Write a row that was sealed anew; False, and nothing written, where it changed meanwhile, or its phone stands there already."""
    rows, _ = _of(table)
    indexes = (column for column in _INDEX_OF.get(table, {}).values() if column.name in change.after)
    if any(db.execute(select(column).where(column == change.after[column.name])).first() for column in indexes):
        return False
    this = [column == value for column, value in zip(rows.primary_key.columns, change.key, strict=True)]
    same = [rows.c[name] == value for name, value in change.before.items()]
    if db.execute(update(rows).where(*this, *same).values(**change.after)).rowcount != 1:
        return False
    if change.words is not None:
        db.execute(_DROP_WORDS, {"of_member": change.key[0]})
        if change.words:
            db.execute(_ADD_WORDS, [{"member_id": change.key[0], "word": word} for word in change.words])
    return True


def _of(table: str) -> tuple[Table, tuple[str, ...]]:
    return next((rows, columns) for rows, columns in SEALED.items() if rows.name == table)
