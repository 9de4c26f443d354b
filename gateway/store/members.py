"""Members: who they are, and by which phones they reach us. Names go in and out through the seal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, case, delete, func, insert, select, update

from gateway.core import reference
from gateway.language import names as spellings
from gateway.store.database import Connection
from gateway.store.models import member_names, member_phones, members, phones, users
from gateway.store.rows import insert_into, values
from gateway.store.scope import Scope, sees

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


class MemberRow(NamedTuple):
    """A member as a conversation sees her: nothing of it tells who she is. `usual_instalment` is paisa.

    `name_clip` is the file of her recorded name, if there is one. `consented`: she agreed herself that her name and number are kept;
    `welcomed`: she was told her number; `collects`: she is a collector herself, the user `user_id`; `pin_code_until` stands where she has
    a code, and no PIN, until she has set one with it.
    """

    id: str
    organisation_id: str
    number: str
    language: str
    script: str | None
    state: str
    private: bool
    has_pin: bool
    usual_instalment: int | None
    trade: str | None
    place: str | None
    preferred_medium: str
    name_clip: str | None
    user_id: str | None
    consented: bool
    welcomed: bool
    collects: bool
    pin_code_until: datetime | None


class CallerRow(NamedTuple):
    """Who is calling, as far as the phone tells: nobody we know, one member, or several who share it.

    `broke_off` is the conversation of her last call where that broke off unfinished; `called_at` when the first call came from it,
    `told_at` when a broadcast last went to it.
    """

    phone_id: int
    phone_language: str | None
    phone_script: str | None
    stopped_at: datetime | None
    broke_off: str | None
    called_at: datetime | None
    told_at: datetime | None
    members: tuple[MemberRow, ...]


@dataclass(frozen=True, slots=True)
class NewMember:
    """What is known when a member is written down; `number` comes from `new_number`, `pin_hash` is sealed with the name."""

    id: str
    organisation_id: str
    number: str
    language: str
    script: str | None = None
    name: str | None = None
    state: str = "active"
    private: bool = False
    pin_hash: str | None = None
    usual_instalment: int | None = None
    trade: str | None = None
    place: str | None = None
    preferred_medium: str = "voice"
    consented_at: datetime | None = None
    consent_how: str | None = None
    consent_wording: str | None = None
    village: str | None = None
    sex: str | None = None
    birth_year: int | None = None
    household_role: str | None = None
    best_hour: int | None = None
    collector_id: str | None = None
    reminders: bool = False
    welcomed_at: datetime | None = None


SCATTER = 7919  # a prime: three draws from one seed lie far apart

_collects = (
    select(users.c.id)
    .where(users.c.id == members.c.user_id, users.c.role == "collector", users.c.state == "active")
    .correlate(members)
    .exists()
)
FOUND_OUT = {
    "has_pin": (members.c.sealed_pin.is_not(None) & members.c.pin_code_until.is_(None)).label("has_pin"),
    "consented": members.c.consented_at.is_not(None).label("consented"),
    "welcomed": members.c.welcomed_at.is_not(None).label("welcomed"),
    "collects": _collects.label("collects"),
}
_MEMBER = [FOUND_OUT[name] if name in FOUND_OUT else members.c[name] for name in MemberRow._fields]
IS_HERE = (members.c.state != "left") & (members.c.state != "erased")
# Whom a phone stands for: not who had the number before.
OF_THIS_PHONE = (member_phones.c.phone_id == phones.c.id) & member_phones.c.stale_at.is_(None)
KNOWN_BY_IT = (members.c.id == member_phones.c.member_id) & IS_HERE
_PHONE = (phones.c.id, phones.c.language, phones.c.script, phones.c.stopped_at, phones.c.broke_off, phones.c.called_at, phones.c.told_at)
CALLER_COLUMNS = [*_PHONE, *_MEMBER]
_CALLER = (
    select(*CALLER_COLUMNS)
    .select_from(phones)
    .outerjoin(member_phones, OF_THIS_PHONE)
    .outerjoin(members, KNOWN_BY_IT)
    .where(phones.c.blind_index == bindparam("blind_index"), phones.c.sealed.is_not(None))
    .order_by(members.c.created_at, members.c.id)
)
_GET = select(*_MEMBER).where(members.c.id == bindparam("member_id"))
_BY_NUMBER = select(*_MEMBER).where(members.c.organisation_id == bindparam("organisation_id"), members.c.number == bindparam("number"))
_TAKEN = select(members.c.number).where(
    members.c.organisation_id == bindparam("organisation_id"), members.c.number.in_(bindparam("numbers", expanding=True))
)
_PAGE = (
    select(*_MEMBER)
    .where(members.c.organisation_id == bindparam("organisation_id"), members.c.number > bindparam("after"))
    .order_by(members.c.number)
    .limit(bindparam("limit"))
)
SEALED = {"name": "sealed_name", "village": "sealed_village", "pin_hash": "sealed_pin"}  # field: the column in which it stands sealed
_ADD = insert(members)
_ADD_WORDS = insert(member_names)
_DROP_WORDS = delete(member_names).where(member_names.c.member_id == bindparam("member_id"))
_ATTACH = insert_into(member_phones).on_conflict_do_update(index_elements=["member_id", "phone_id"], set_={"stale_at": None})
_PHONES_OF = (
    select(member_phones.c.member_id, member_phones.c.phone_id)
    .where(member_phones.c.member_id.in_(bindparam("member_ids", expanding=True)), member_phones.c.stale_at.is_(None))
    .order_by(member_phones.c.phone_id)
)
_THIS = members.c.id == bindparam("member_id")
_SET_LANGUAGE = update(members).where(_THIS).values(language=bindparam("new_language"))
_AGREE = (
    update(members)
    .where(_THIS, members.c.consented_at.is_(None))
    .values(
        consented_at=bindparam("now"),
        consent_how=bindparam("how"),
        consent_wording=bindparam("wording"),
        state=case((members.c.sealed_name.is_not(None), "active"), else_="pending"),
        version=members.c.version + 1,
    )
)
_STATE = select(members.c.state).where(_THIS)
_CLIP = select(members.c.name_clip).where(_THIS)
_FORGET = (
    update(members)
    .where(_THIS, members.c.consented_at.is_(None))
    .values(state="left", sealed_name=None, sealed_village=None, name_clip=None, collector_id=None, version=members.c.version + 1)
)
_DROP_PHONES = delete(member_phones).where(member_phones.c.member_id == bindparam("member_id"))
_WELCOMED = update(members).where(_THIS, members.c.welcomed_at.is_(None)).values(welcomed_at=bindparam("now"))
_NAMES = select(members.c.id, members.c.sealed_name).where(members.c.id.in_(bindparam("ids", expanding=True)))

_NUMBERS = select(members.c.id, members.c.number).where(members.c.id.in_(bindparam("ids", expanding=True)))
_LOCK_PHONE = select(phones.c.id).where(phones.c.id == bindparam("phone_id")).with_for_update()
_OF_PHONE = (
    select(members.c.id)
    .join(member_phones, member_phones.c.member_id == members.c.id)
    .where(
        member_phones.c.phone_id == bindparam("phone_id"),
        member_phones.c.stale_at.is_(None),
        members.c.organisation_id == bindparam("organisation_id"),
        IS_HERE,
    )
)


def of_phone(db: Connection, phone_id: int, organisation_id: str) -> set[str]:
    """The ids of an organisation's members with this phone.

    Nobody else can ask this until the transaction ends, so that what follows from it stays true.
    """
    db.execute(_LOCK_PHONE, {"phone_id": phone_id})
    return set(db.execute(_OF_PHONE, {"phone_id": phone_id, "organisation_id": organisation_id}).scalars())


def caller(db: Connection, blind_index: bytes) -> CallerRow | None:
    """Who may be calling from the phone with this index (`Seal.index`): one statement. None: a phone that we never saw."""
    rows = db.execute(_CALLER, {"blind_index": blind_index}).all()
    return caller_of(rows) if rows else None


def caller_of(rows: Sequence[Sequence[Any]]) -> CallerRow:
    """Who may be calling, from rows of `CALLER_COLUMNS`: one for each member of the phone, at least one."""
    of_phone = len(_PHONE)
    members_of = tuple(MemberRow(*row[of_phone:]) for row in rows if row[of_phone] is not None)
    phone_id, language, script, stopped_at, broke_off, called_at, told_at = rows[0][:of_phone]
    return CallerRow(phone_id, language, script, stopped_at, broke_off, called_at, told_at, members_of)


def get(db: Connection, member_id: str) -> MemberRow | None:
    """The member of this id."""
    row = db.execute(_GET, {"member_id": member_id}).first()
    return MemberRow(*row) if row else None


def by_number(db: Connection, organisation_id: str, number: str) -> MemberRow | None:
    """The member with this membership number in an organisation."""
    row = db.execute(_BY_NUMBER, {"organisation_id": organisation_id, "number": number}).first()
    return MemberRow(*row) if row else None


def list_all(db: Connection, organisation_id: str, after: str, limit: int) -> list[MemberRow]:
    """A page of an organisation's members by number (as text), those behind the number `after`; "" for the first page."""
    return [MemberRow(*row) for row in db.execute(_PAGE, {"organisation_id": organisation_id, "after": after, "limit": limit})]


def new_number(db: Connection, organisation_id: str, seed: int) -> str:
    """A free membership number, as short as the organisation's size allows, its last digit checking the others.

    It is drawn from `seed` (any large random number) and not counted up, so that one number does not tell the next. Between this and
    `add` somebody else may take it: that transaction ends in Conflict.
    """
    for digits in range(4, 11):
        first, size = 10 ** (digits - 1), 9 * 10 ** (digits - 1)
        numbers = [reference.with_check_digit(first + (seed + step * SCATTER) % size) for step in range(3)]
        taken = set(db.execute(_TAKEN, {"organisation_id": organisation_id, "numbers": numbers}).scalars())
        for number in numbers:
            if number not in taken:
                return number
    raise LookupError("no membership number is free")


def add(db: Connection, seal: Seal, member: NewMember, now: datetime) -> None:
    """Write a new member down."""
    add_many(db, seal, [member], now)


def add_many(db: Connection, seal: Seal, new: Sequence[NewMember], now: datetime) -> None:
    """Write many new members down, at least one, with the words by which they are found."""
    rows, words = [], []
    for member in new:
        row = values(member)
        for field, column in SEALED.items():
            text = row.pop(field)
            row[column] = seal.seal(text) if text else None
        rows.append({**row, "created_at": now})
        words += _words_of(seal, member.id, member.name)
    db.execute(_ADD, rows)
    if words:
        db.execute(_ADD_WORDS, words)


def keep_words(db: Connection, seal: Seal, member_id: str, name: str | None) -> None:
    """Let her be found by the words of this name and no other."""
    db.execute(_DROP_WORDS, {"member_id": member_id})
    if words := _words_of(seal, member_id, name):
        db.execute(_ADD_WORDS, words)


def _words_of(seal: Seal, member_id: str, name: str | None) -> list[dict[str, object]]:
    return [{"member_id": member_id, "word": seal.word(word)} for word in sorted(spellings.words(name or ""))]


def names(db: Connection, seal: Seal, member_ids: Collection[str]) -> dict[str, str | None]:
    """The names of many members, at most some hundreds at once; None where nobody wrote it down yet."""
    return {member_id: seal.open(name) if name else None for member_id, name in db.execute(_NAMES, {"ids": list(member_ids)})}


def numbers(db: Connection, member_ids: Collection[str]) -> dict[str, str]:
    """The membership numbers of these members."""
    return {row.id: row.number for row in db.execute(_NUMBERS, {"ids": list(member_ids)})}


def count_active(db: Connection, scope: Scope) -> int:
    """How many members in scope are members in full."""
    return db.execute(select(func.count()).select_from(members).where(sees(scope, members), members.c.state == "active")).scalar_one()


class Brief(NamedTuple):
    """As much of a member as stands beside a task: her name None where nobody wrote it down yet."""

    id: str
    number: str
    name: str | None
    language: str
    state: str


def briefly(db: Connection, seal: Seal, member_ids: Collection[str]) -> dict[str, Brief]:
    """These members, at most some hundreds at once."""
    wanted = select(members.c.id, members.c.number, members.c.sealed_name, members.c.language, members.c.state)
    found: dict[str, Brief] = {}
    for member_id, number, name, language, state in db.execute(wanted.where(members.c.id.in_(member_ids))):
        found[member_id] = Brief(member_id, number, seal.open(name) if name else None, language, state)
    return found


def attach_phone(db: Connection, member_id: str, phone_id: int) -> None:
    """Let this member be reached by this phone, and known by it, also where it was said to be hers no longer; others may share it."""
    db.execute(_ATTACH, {"member_id": member_id, "phone_id": phone_id})


def phones_of(db: Connection, member_ids: Collection[str]) -> dict[str, list[int]]:
    """The ids of the phones of many members."""
    found: dict[str, list[int]] = {member_id: [] for member_id in member_ids}
    for member_id, phone_id in db.execute(_PHONES_OF, {"member_ids": list(member_ids)}):
        found[member_id].append(phone_id)
    return found


def set_language(db: Connection, member_id: str, language: str) -> None:
    """Keep the language that she chose."""
    db.execute(_SET_LANGUAGE, {"member_id": member_id, "new_language": language})


@dataclass(frozen=True, slots=True)
class Consent:
    """That a member agrees, how (`gateway.core.people.CONSENT_HOW`), and to which wording."""

    member_id: str
    how: str
    wording: str


def agree(db: Connection, consent: Consent, now: datetime) -> bool:
    """Keep the consent of somebody who was brought; True where that makes her a member in full, since her name stands already."""
    values = {"member_id": consent.member_id, "how": consent.how, "wording": consent.wording, "now": now}
    if db.execute(_AGREE, values).rowcount == 0:
        return False
    return db.execute(_STATE, {"member_id": consent.member_id}).scalar() == "active"


def forget(db: Connection, member_id: str) -> str | None:
    """Keep nothing of somebody who was brought and does not agree: no name, no phone. What stays is that a number was given away.

    Her recorded name, if there is one: its file is the caller's to delete.
    """
    clip: str | None = db.execute(_CLIP, {"member_id": member_id}).scalar()
    if db.execute(_FORGET, {"member_id": member_id}).rowcount == 0:
        return None
    db.execute(_DROP_WORDS, {"member_id": member_id})
    db.execute(_DROP_PHONES, {"member_id": member_id})
    return clip


def welcomed(db: Connection, member_id: str, now: datetime) -> None:
    """She was told her number."""
    db.execute(_WELCOMED, {"member_id": member_id, "now": now})
