"""Phones: the only place of numbers, sealed. Everything else knows a phone by its id.

STOP belongs to the phone and not to a member: who shares a phone shares its silence.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, null, select, update

from gateway.core.phone import operator
from gateway.store.database import Connection
from gateway.store.models import member_phones, members, phones
from gateway.store.rows import columns, insert_into
from gateway.store.scope import Scope, sees
from gateway.store.secrets import NAME

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


@dataclass(frozen=True, slots=True)
class PhoneRow:
    """A phone without its number. `stopped_at` None: it may be written to."""

    id: int
    language: str | None
    stopped_at: datetime | None


_FIND = select(*columns(phones, PhoneRow)).where(phones.c.blind_index == bindparam("blind_index"))
_ID = select(phones.c.id).where(phones.c.blind_index == bindparam("blind_index"), phones.c.sealed.is_not(None))
_SEAL_ANEW = (
    update(phones)
    .where(phones.c.blind_index == bindparam("old_index"))
    .values(blind_index=bindparam("new_index"), sealed=bindparam("new_sealed"), operator=bindparam("new_operator"))
)
_EARLIER = select(phones.c.id).where(func.substr(phones.c.sealed, 1, NAME) != bindparam("current", type_=phones.c.sealed.type)).limit(1)
_ADD = insert_into(phones).on_conflict_do_nothing(index_elements=["blind_index"])
_SEALED_MANY = select(phones.c.id, phones.c.sealed).where(phones.c.id.in_(bindparam("ids", expanding=True)), phones.c.sealed.is_not(None))
_STOP = update(phones).where(phones.c.id == bindparam("phone_id"), phones.c.stopped_at.is_(None)).values(stopped_at=bindparam("now"))
_ALLOW = update(phones).where(phones.c.id == bindparam("phone_id")).values(stopped_at=None)
_NOTE_BROKEN_OFF = update(phones).where(phones.c.id == bindparam("phone_id")).values(broke_off=bindparam("conversation"))
_TAKE_BROKEN_OFF = (
    update(phones).where(phones.c.id == bindparam("phone_id"), phones.c.broke_off == bindparam("conversation")).values(broke_off=None)
)
_NOTE_FIRST_CALL = (
    update(phones).where(phones.c.id == bindparam("phone_id"), phones.c.called_at.is_(None)).values(called_at=bindparam("now"))
)
_SET_LANGUAGE = update(phones).where(phones.c.id == bindparam("phone_id")).values(language=bindparam("new_language"))

_SET_SCRIPT = update(phones).where(phones.c.id == bindparam("phone_id")).values(script=bindparam("new_script"))

_OF_HER = (member_phones.c.phone_id == bindparam("of_phone")) & (member_phones.c.member_id == bindparam("of_member"))
_DISOWN = update(member_phones).where(_OF_HER, member_phones.c.stale_at.is_(None)).values(stale_at=bindparam("now"))
_RESTORE = update(member_phones).where(_OF_HER, member_phones.c.stale_at.is_not(None)).values(stale_at=null())


def find(db: Connection, seal: Seal, e164: str) -> PhoneRow | None:
    """The phone with this number, if it ever reached us."""
    for index in (seal.index(e164), *seal.earlier_indexes(e164)):
        if row := db.execute(_FIND, {"blind_index": index}).first():
            return PhoneRow(*row)
    return None


def note_first_call(db: Connection, phone_id: int, now: datetime) -> None:
    """Somebody calls from this phone."""
    db.execute(_NOTE_FIRST_CALL, {"phone_id": phone_id, "now": now})


def find_or_create(db: Connection, seal: Seal, e164: str, now: datetime) -> int:
    """The id of the phone with this number; of two that come at once, one creates it and both get the same id.

    A phone that stands there under an earlier key, or whose number was erased, is sealed (anew) by the way.
    """
    key = {"blind_index": seal.index(e164)}
    phone_id: int | None = db.execute(_ID, key).scalar()
    if phone_id is not None:
        return phone_id
    sealed = {**key, "sealed": seal.seal(e164), "operator": operator(e164)}
    anew = {f"new_{name}": sealed[column] for name, column in (("index", "blind_index"), ("sealed", "sealed"), ("operator", "operator"))}
    for index in (*seal.earlier_indexes(e164), *key.values()):
        db.execute(_SEAL_ANEW, {"old_index": index, **anew})
    db.execute(_ADD, {**sealed, "created_at": now})  # unless it is there now
    created: int = db.execute(_ID, key).scalar_one()
    return created


def open_many(db: Connection, seal: Seal, phone_ids: Collection[int]) -> dict[int, str]:
    """The numbers of many phones by id, at most some hundreds at once; those that were erased are left out."""
    return {phone_id: seal.open(sealed) for phone_id, sealed in db.execute(_SEALED_MANY, {"ids": list(phone_ids)})}


def has_stopped(db: Connection, phone_id: int) -> bool:
    """Whether this phone said that it wants no more texts."""
    return db.execute(select(phones.c.id).where(phones.c.id == phone_id, phones.c.stopped_at.is_not(None))).first() is not None


def stop(db: Connection, phone_id: int, now: datetime) -> None:
    """Write to this phone no more; a second STOP keeps the time of the first."""
    db.execute(_STOP, {"phone_id": phone_id, "now": now})


def allow(db: Connection, phone_id: int) -> None:
    """START: this phone may be written to again."""
    db.execute(_ALLOW, {"phone_id": phone_id})


def set_language(db: Connection, phone_id: int, language: str) -> None:
    """Keep the language that whoever holds this phone chose."""
    db.execute(_SET_LANGUAGE, {"phone_id": phone_id, "new_language": language})


def note_broken_off(db: Connection, phone_id: int, session_id: str) -> None:
    """Keep which conversation a call from this phone left unfinished."""
    db.execute(_NOTE_BROKEN_OFF, {"phone_id": phone_id, "conversation": session_id})


def take_broken_off(db: Connection, phone_id: int, session_id: str) -> bool:
    """Take that conversation up, or let it be: of two calls at once only one gets True."""
    return db.execute(_TAKE_BROKEN_OFF, {"phone_id": phone_id, "conversation": session_id}).rowcount == 1


def set_script(db: Connection, phone_id: int, script: str) -> None:
    """Keep the script of the last text from this phone: devanagari or romanised."""
    db.execute(_SET_SCRIPT, {"phone_id": phone_id, "new_script": script})


def disown(db: Connection, phone_id: int, member_id: str, now: datetime) -> bool:
    """Somebody else holds this phone now: it stands for the member no more. False where it did not."""
    return db.execute(_DISOWN, {"of_phone": phone_id, "of_member": member_id, "now": now}).rowcount == 1


def disowned(db: Connection, scope: Scope, phone_ids: Collection[int]) -> dict[int, list[str]]:
    """The membership numbers of those in scope who had these phones, until somebody said that they are theirs no more."""
    query = (
        select(member_phones.c.phone_id, members.c.number)
        .join(members, members.c.id == member_phones.c.member_id)
        .where(member_phones.c.phone_id.in_(phone_ids), member_phones.c.stale_at.is_not(None), sees(scope, members))
        .order_by(members.c.number)
    )
    found: dict[int, list[str]] = {}
    for phone_id, number in db.execute(query):
        found.setdefault(phone_id, []).append(number)
    return found


def restore(db: Connection, phone_id: int, member_id: str) -> bool:
    """The phone is the member's after all. False where nobody had said otherwise."""
    return db.execute(_RESTORE, {"of_phone": phone_id, "of_member": member_id}).rowcount == 1


def rest_on_earlier_key(db: Connection, seal: Seal) -> bool:
    """Whether a phone waits to be sealed with the key of today: its number is not found by today's index."""
    return db.execute(_EARLIER, {"current": seal.current_name}).first() is not None


def index_of(db: Connection, seal: Seal, e164: str) -> bytes:
    """The index under which this number stands, with whichever of our keys; today's where it stands nowhere."""
    known = (index for index in seal.earlier_indexes(e164) if db.execute(_ID, {"blind_index": index}).first())
    return next(known, seal.index(e164))
