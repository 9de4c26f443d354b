"""Members as organisers see them: with names and phones, within their scope. Conversations use `gateway.store.members`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, bindparam, delete, false, func, literal, select, tuple_, update

from gateway.store import phones as phone_rows
from gateway.store.database import Connection
from gateway.store.members import FOUND_OUT, IS_HERE, SEALED, keep_words
from gateway.store.models import member_names, member_phones, members, phones
from gateway.store.scope import Scope, sees

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

MOST_FOUND = 50


@dataclass(frozen=True, slots=True)
class Person:
    """What an organiser sees of a member. `phones` are E.164, `usual_instalment` is paisa, `best_hour` an hour in Nepal.

    `has_voice`: her recorded name can be played; `user_id`: she works for the organisation herself; `collector_id`: the user whose group
    she belongs to. `version` goes into a change, so that of two people at once the second is told.
    """

    id: str
    number: str
    name: str | None
    village: str | None
    language: str
    script: str | None
    state: str
    private: bool
    has_pin: bool
    has_voice: bool
    usual_instalment: int | None
    trade: str | None
    place: str | None
    sex: str | None
    birth_year: int | None
    household_role: str | None
    preferred_medium: str
    best_hour: int | None
    collector_id: str | None
    user_id: str | None
    phones: tuple[str, ...]
    consented_at: datetime | None
    consent_how: str | None
    consent_wording: str | None
    reminders: bool
    welcomed_at: datetime | None
    version: int
    created_at: datetime


_COMPUTED = {**FOUND_OUT, "has_voice": members.c.name_clip.is_not(None).label("has_voice")}
_FIELDS = [field.name for field in fields(Person) if field.name != "phones"]
_PEOPLE = select(*(_COMPUTED[name] if name in _COMPUTED else members.c[SEALED.get(name, name)].label(name) for name in _FIELDS))
_PHONES = (
    select(member_phones.c.member_id, phones.c.sealed)
    .join(phones, phones.c.id == member_phones.c.phone_id)
    .where(member_phones.c.member_id.in_(bindparam("ids", expanding=True)), member_phones.c.stale_at.is_(None))
    .order_by(member_phones.c.phone_id)
)
_WITH_PHONE = (
    select(member_phones.c.member_id)
    .join(phones, phones.c.id == member_phones.c.phone_id)
    .where(phones.c.blind_index == bindparam("blind_index"), member_phones.c.stale_at.is_(None))
)
_WITH_WORDS = (
    select(member_names.c.member_id)
    .where(member_names.c.word.in_(bindparam("words", expanding=True)))
    .group_by(member_names.c.member_id)
    .having(func.count() == bindparam("count"))
)
_DROP_PHONE = delete(member_phones).where(
    member_phones.c.member_id == bindparam("member_id"),
    member_phones.c.phone_id.in_(select(phones.c.id).where(phones.c.blind_index == bindparam("blind_index"))),
)
_other = member_phones.alias()
_SHARED = (
    select(_other.c.member_id)
    .join(members, members.c.id == _other.c.member_id)
    .where(_other.c.phone_id == member_phones.c.phone_id, _other.c.member_id != member_phones.c.member_id)
    .where(_other.c.stale_at.is_(None), IS_HERE)
)
_WRITABLE = (
    select(phones.c.id, phones.c.script)
    .join(member_phones, member_phones.c.phone_id == phones.c.id)
    .where(member_phones.c.member_id == bindparam("of_member"), member_phones.c.stale_at.is_(None), phones.c.stopped_at.is_(None))
    .where(~_SHARED.exists())
    .order_by(phones.c.id)
    .limit(1)
)
# What a page may be limited to.
FILTERS = {name: members.c[name] for name in ("state", "trade", "place", "language", "sex", "collector_id")}


def get(db: Connection, seal: Seal, scope: Scope, member_id: str) -> Person | None:
    """The member of this id."""
    return next(iter(_read(db, seal, _PEOPLE.where(members.c.id == member_id, sees(scope, members)))), None)


def with_number(db: Connection, seal: Seal, scope: Scope, number: str) -> Person | None:
    """The member with this membership number."""
    return next(iter(_read(db, seal, _PEOPLE.where(members.c.number == number, sees(scope, members)))), None)


def with_phone(db: Connection, seal: Seal, scope: Scope, e164: str) -> list[Person]:
    """The members who have this phone, those who left too, by number."""
    hers = _WITH_PHONE.params(blind_index=phone_rows.index_of(db, seal, e164))
    return _read(db, seal, _PEOPLE.where(members.c.id.in_(hers), sees(scope, members)).order_by(members.c.number))


def with_words(db: Connection, seal: Seal, scope: Scope, words: Collection[str]) -> list[Person]:
    """The first `MOST_FOUND` members whose names have all of these words (skeletons, at least one), by number."""
    wanted = {seal.word(word) for word in words}
    hers = _WITH_WORDS.params(words=list(wanted), count=len(wanted))
    found = _PEOPLE.where(members.c.id.in_(hers), sees(scope, members)).order_by(members.c.number).limit(MOST_FOUND)
    return _read(db, seal, found)


def page(db: Connection, seal: Seal, scope: Scope, keyset: tuple[str, int], filters: Mapping[str, str]) -> list[Person]:
    """Of the members behind a number ("" for the first page) so many, by number (as text).

    `filters` are of `FILTERS` (KeyError for others); a place takes everybody in it, `3-27` the wards of that district too.
    """
    after, limit = keyset
    wanted = _PEOPLE.where(sees(scope, members), members.c.number > after, *_limited(filters))
    return _read(db, seal, wanted.order_by(members.c.number).limit(limit))


def newest(db: Connection, seal: Seal, scope: Scope, keyset: tuple[str, int], filters: Mapping[str, str]) -> list[Person]:
    """The same, who came last first, behind the member with the id in `keyset`."""
    after, limit = keyset
    wanted = _PEOPLE.where(sees(scope, members), *_limited(filters))
    if after:
        place = members.alias("place")
        came = select(place.c.created_at).where(place.c.id == after).scalar_subquery()
        wanted = wanted.where(tuple_(members.c.created_at, members.c.id) < tuple_(came, literal(after)))
    return _read(db, seal, wanted.order_by(members.c.created_at.desc(), members.c.id.desc()).limit(limit))


def _limited(filters: Mapping[str, str]) -> Iterator[ColumnElement[bool]]:
    for name, value in filters.items():
        column = FILTERS[name]
        inside = column.startswith(f"{value}-", autoescape=True) if name == "place" else false()
        yield (column == value) | inside


def _read(db: Connection, seal: Seal, wanted: Select[Any]) -> list[Person]:
    rows: Sequence[Row[Any]] = db.execute(wanted).all()
    numbers: dict[str, list[str]] = {row.id: [] for row in rows}
    if rows:
        for member_id, sealed in db.execute(_PHONES, {"ids": list(numbers)}):
            numbers[member_id].append(seal.open(sealed))
    return [Person(**_opened(seal, row), phones=tuple(numbers[row.id])) for row in rows]


def _opened(seal: Seal, row: Row[Any]) -> dict[str, Any]:
    found = dict(zip(_FIELDS, row, strict=True))
    for name in ("name", "village"):
        found[name] = seal.open(found[name]) if found[name] else None
    return found


@dataclass(frozen=True, slots=True)
class Change:
    """New values of columns (`name` and `village` in clear) for the member who still has this version."""

    member_id: str
    version: int
    values: Mapping[str, object]


def change(db: Connection, seal: Seal, scope: Scope, wanted: Change) -> bool:
    """Change a member; False where somebody else did since `version`, or she is out of scope. Her version goes up by one."""
    row = {
        SEALED.get(name, name): seal.seal(str(value)) if name in SEALED and value is not None else value
        for name, value in wanted.values.items()
    }
    hers = (members.c.id == wanted.member_id) & (members.c.version == wanted.version) & sees(scope, members)
    if db.execute(update(members).where(hers).values(**row, version=members.c.version + 1)).rowcount == 0:
        return False
    if "name" in wanted.values:
        name = wanted.values["name"]
        keep_words(db, seal, wanted.member_id, None if name is None else str(name))
    return True


def drop_phone(db: Connection, seal: Seal, member_id: str, e164: str) -> bool:
    """Let this phone be hers no more; False where it was not."""
    return db.execute(_DROP_PHONE, {"member_id": member_id, "blind_index": phone_rows.index_of(db, seal, e164)}).rowcount > 0


def set_voice(db: Connection, scope: Scope, member_id: str, clip: str) -> str | None:
    """Let this be her recorded name; the one before it, if there was one."""
    hers = (members.c.id == member_id) & sees(scope, members)
    before: str | None = db.execute(select(members.c.name_clip).where(hers)).scalar()
    db.execute(update(members).where(hers).values(name_clip=clip))
    return before


def is_known(db: Connection, seal: Seal, organisation_id: str, e164: str) -> bool:
    """Whether a member of the organisation has this phone."""
    hers = _WITH_PHONE.params(blind_index=phone_rows.index_of(db, seal, e164))
    found = select(members.c.id).where(members.c.id.in_(hers), members.c.organisation_id == organisation_id, IS_HERE)
    return db.execute(found.limit(1)).first() is not None


class Writable(NamedTuple):
    """A phone on which a member may be written to: `script` is that of the last text from it."""

    phone_id: int
    script: str | None


def writable(db: Connection, member_id: str) -> Writable | None:
    """The first of her phones that is hers alone and from which STOP did not come."""
    row = db.execute(_WRITABLE, {"of_member": member_id}).first()
    return Writable(*row) if row else None


def phone_id(db: Connection, seal: Seal, e164: str, now: datetime) -> int:
    """The id of the phone with this number, which nobody else may look at or give away until the transaction ends."""
    found = phone_rows.find_or_create(db, seal, e164, now)
    db.execute(select(phones.c.id).where(phones.c.id == found).with_for_update())
    return found
