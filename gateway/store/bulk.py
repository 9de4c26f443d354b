"""Members, contributions and claims by the hundred: what is known of those in a batch of rows, and the rows that go in for them.

A batch is read and written in one transaction; what tells who somebody is comes in sealed and goes out sealed.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from gateway.core import reference
from gateway.store.database import Conflict, Connection
from gateway.store.models import claims, contributions, member_names, member_phones, members, phones
from gateway.store.prepared import Prepared
from gateway.store.rows import insert_into

FEWEST_DIGITS, MOST_DIGITS = 4, 10  # of a number without its check digit
SPREAD = 8  # numbers of which one is drawn: enough that none tells the next, and near enough to lie on a few pages of the index
SQLITE_CACHE = 48 * 1024  # KiB; indexes of HMACs are written all over
SQLITE_CHECKPOINT = 4_000  # pages


class KnownMember(NamedTuple):
    """A member as a file is compared with her."""

    id: str
    number: str
    sealed_name: bytes | None
    sealed_village: bytes | None
    language: str
    script: str | None
    state: str
    private: bool
    usual_instalment: int | None
    trade: str | None
    place: str | None
    sex: str | None
    birth_year: int | None
    household_role: str | None
    preferred_medium: str
    best_hour: int | None
    reminders: bool
    consented_at: datetime | None
    consent_how: str | None
    consent_wording: str | None
    version: int


CHANGED = tuple(name for name in KnownMember._fields if name not in {"id", "number", "version"})
NEW = ("id", "organisation_id", "number", *CHANGED, "import_id", "created_at")

NUMBERED = {"members": members.c.number, "contributions": contributions.c.reference, "claims": claims.c.number}

_KNOWN = [members.c[name] for name in KnownMember._fields]
_NOT_ERASED = members.c.state != "erased"
_OF_PHONES = (
    select(phones.c.blind_index, phones.c.id, *_KNOWN)
    .select_from(phones)
    .outerjoin(member_phones, (member_phones.c.phone_id == phones.c.id) & member_phones.c.stale_at.is_(None))
    .outerjoin(
        members,
        (members.c.id == member_phones.c.member_id) & (members.c.organisation_id == bindparam("organisation_id")) & _NOT_ERASED,
    )
    .where(phones.c.blind_index.in_(bindparam("indexes", expanding=True)))
    .order_by(members.c.created_at, members.c.id)
)
_OF_NUMBERS = select(*_KNOWN).where(
    members.c.organisation_id == bindparam("organisation_id"), members.c.number.in_(bindparam("numbers", expanding=True)), _NOT_ERASED
)
_THEIR_PHONES = (
    select(member_phones.c.member_id, phones.c.blind_index)
    .join(phones, phones.c.id == member_phones.c.phone_id)
    .where(member_phones.c.member_id.in_(bindparam("member_ids", expanding=True)))
)
_PHONE_IDS = select(phones.c.blind_index, phones.c.id).where(phones.c.blind_index.in_(bindparam("indexes", expanding=True)))
_ADD_PHONES = Prepared(insert_into(phones).on_conflict_do_nothing(index_elements=["blind_index"]))
_ADD = Prepared(insert(members))
_CHANGE = Prepared(
    update(members)
    .where(members.c.id == bindparam("member_id"), members.c.version == bindparam("version_read"))
    .values({**{name: bindparam(f"new_{name}") for name in CHANGED}, "version": members.c.version + 1})
)
_ATTACH = Prepared(insert_into(member_phones).on_conflict_do_nothing(index_elements=["member_id", "phone_id"]))
_ADD_WORDS = Prepared(insert_into(member_names).on_conflict_do_nothing(index_elements=["member_id", "word"]))
_DROP_WORDS = delete(member_names).where(member_names.c.member_id.in_(bindparam("member_ids", expanding=True)))


def make_room(db: Connection) -> None:
    """Let SQLite keep more of its indexes in memory on this connection, and write them back less often."""
    if db.dialect.name == "sqlite":
        db.exec_driver_sql(f"PRAGMA cache_size = -{SQLITE_CACHE}")
        db.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {SQLITE_CHECKPOINT}")


class NewPhone(NamedTuple):
    """A phone that may not be there yet: its number, sealed, and whose it is (`gateway.core.phone.operator`)."""

    sealed: bytes
    operator: str


class Wanted(NamedTuple):
    """Numbers that are wanted: for rows of which table, how many, drawn from which seed, of how many digits at least."""

    table: str
    many: int
    seed: int
    digits: int = FEWEST_DIGITS


def free_numbers(db: Connection, organisation_id: str, wanted: Wanted, besides: Collection[str] = ()) -> tuple[list[str], int]:
    """Numbers that no row of the organisation has, none of `besides`, and how many digits they took.

    They are as short as the organisation's size allows, and drawn and not counted up, so that one number does not tell the next.
    """
    draw = random.Random(wanted.seed)  # noqa: S311  # scattered, not secret
    column = NUMBERED[wanted.table]
    for digits in range(max(wanted.digits, FEWEST_DIGITS), MOST_DIGITS + 1):
        first, last, spread = 10 ** (digits - 1), 10**digits, SPREAD * (wanted.many + 8)
        begin = draw.randrange(first, max(last - spread, first + 1))
        drawn = draw.sample(range(begin, min(begin + spread, last)), wanted.many + wanted.many // 4 + 8)
        numbers = {reference.with_check_digit(number) for number in drawn}
        taken = select(column).where(column.table.c.organisation_id == organisation_id, column.in_(numbers))
        free = sorted(numbers.difference(db.execute(taken).scalars(), besides))
        if len(free) >= wanted.many:
            return draw.sample(free, wanted.many), digits
    raise LookupError("no number is free")


def of_phones(db: Connection, organisation_id: str, indexes: Collection[bytes]) -> tuple[dict[bytes, int], dict[bytes, list[KnownMember]]]:
    """The ids of those phones that are known, and the organisation's members who have them."""
    ids: dict[bytes, int] = {}
    found: dict[bytes, list[KnownMember]] = {}
    for index, phone_id, *member in db.execute(_OF_PHONES, {"organisation_id": organisation_id, "indexes": list(indexes)}):
        ids[index] = phone_id
        if member[0] is not None:
            found.setdefault(index, []).append(KnownMember(*member))
    return ids, found


def of_numbers(db: Connection, organisation_id: str, numbers: Collection[str]) -> dict[str, KnownMember]:
    """The members with these membership numbers."""
    rows = db.execute(_OF_NUMBERS, {"organisation_id": organisation_id, "numbers": list(numbers)})
    return {row.number: KnownMember(*row) for row in rows}


def phones_of(db: Connection, member_ids: Collection[str]) -> dict[str, set[bytes]]:
    """The indexes of the phones of these members, those too that are somebody else's now."""
    found: dict[str, set[bytes]] = {}
    for member_id, index in db.execute(_THEIR_PHONES, {"member_ids": list(member_ids)}):
        found.setdefault(member_id, set()).add(index)
    return found


def add_phones(db: Connection, new: Mapping[bytes, NewPhone], now: datetime) -> dict[bytes, int]:
    """Write phones down, each by its index, unless they are there; their ids."""
    if not new:
        return {}
    _ADD_PHONES.write_all(db, [{"blind_index": index, **phone._asdict(), "created_at": now} for index, phone in new.items()])
    found = db.execute(_PHONE_IDS, {"indexes": list(new)})
    return {row.blind_index: row.id for row in found}


def add_members(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new members down: rows of `NEW`."""
    if rows:
        _ADD.write_all(db, rows)


def change_members(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what changed of members: rows of `CHANGED`, with `id` and the `version` that was read. Conflict where another was faster."""
    if rows:
        written = [
            {"member_id": row["id"], "version_read": row["version"], **{f"new_{name}": row[name] for name in CHANGED}} for row in rows
        ]
        if _CHANGE.write_all(db, written) != len(written):
            raise Conflict


def attach(db: Connection, pairs: Collection[tuple[str, int]]) -> None:
    """Let members be reached by phones: pairs of their ids."""
    if pairs:
        _ATTACH.write_all(db, [{"member_id": member_id, "phone_id": phone_id} for member_id, phone_id in pairs])


def keep_words(db: Connection, words: Sequence[tuple[str, bytes]], renamed: Collection[str]) -> None:
    """Let members be found by the words of their names; those who are `renamed` by no earlier ones."""
    if renamed:
        db.execute(_DROP_WORDS, {"member_ids": list(renamed)})
    if words:
        _ADD_WORDS.write_all(db, [{"member_id": member_id, "word": word} for member_id, word in words])
