"""PINs and their tries. A try is counted before it is looked at, and the statement that counts it decides whether it may be.

Who tries is counted in several buckets at once: `own` and `foreign` by member (from phones that are hers, from all others: a stranger
uses up the second and never the first), `phone` by phone, `channel` by our number that was rung.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import Integer, String, and_, bindparam, case, cast, delete, null, or_, select, update

from gateway.store.database import Connection
from gateway.store.models import Instant, member_phones, members, pin_tries
from gateway.store.rows import insert_into
from gateway.store.scope import Scope, sees

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

Whose = Literal["own", "foreign"]

QUICK = 5  # tries before she has to wait
PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12), timedelta(days=1))  # one try after each
MOST = QUICK + len(PAUSES)  # until an organiser unlocks


class Window(NamedTuple):
    """At most so many tries in such a time, counted from the first of them."""

    most: int
    length: timedelta


OF_PHONE = Window(10, timedelta(days=1))
OF_CHANNEL = Window(600, timedelta(hours=1))


class Stored(NamedTuple):
    """What a PIN is held against: the hash (None: she has none), and until when it is a code's and no PIN's."""

    hash: str | None
    code_until: datetime | None


class Person(NamedTuple):
    """What must be known of a member to judge a PIN that she wants, or to find her by her number."""

    id: str
    number: str
    birth_year: int | None


_tries, _until = pin_tries.c.tries, pin_tries.c.blocked_until
_now = bindparam("now", type_=Instant)
_THIS = (pin_tries.c.bucket == bindparam("bucket_of")) & (pin_tries.c.subject == bindparam("subject_of"))

_ROW = insert_into(pin_tries).values(bucket=bindparam("bucket"), subject=bindparam("subject"), tries=1, last_at=_now)
_COUNT_FOR_MEMBER = (
    _ROW.values(blocked_until=null())
    .on_conflict_do_update(
        index_elements=["bucket", "subject"],
        set_={
            "tries": _tries + 1,
            "blocked_until": case(
                *((_tries + 1 == QUICK + place, bindparam(f"pause_{place}", type_=Instant)) for place in range(len(PAUSES))), else_=null()
            ),
            "last_at": _now,
        },
        where=and_(_tries < MOST, or_(_until.is_(None), _until <= _now)),
    )
    .returning(_tries)
)
_COUNT_IN_WINDOW = (
    _ROW.values(blocked_until=bindparam("ends", type_=Instant))
    .on_conflict_do_update(
        index_elements=["bucket", "subject"],
        set_={
            "tries": case((_until <= _now, 1), else_=_tries + 1),
            "blocked_until": case((_until <= _now, bindparam("ends", type_=Instant)), else_=_until),
            "last_at": _now,
        },
        where=or_(_until <= _now, _tries < bindparam("most", type_=Integer)),
    )
    .returning(_tries)
)
_TAKE_BACK_OF_MEMBER = update(pin_tries).where(_THIS, _tries > 0).values(tries=_tries - 1, blocked_until=null())
_TAKE_BACK_OF_WINDOW = update(pin_tries).where(_THIS, _tries > 0).values(tries=_tries - 1)
_CLEAR = delete(pin_tries).where(_THIS)
_CLEAR_PHONES = delete(pin_tries).where(
    pin_tries.c.bucket == "phone",
    pin_tries.c.subject.in_(
        select(cast(member_phones.c.phone_id, String)).where(
            member_phones.c.member_id == bindparam("member_id"), member_phones.c.stale_at.is_(None)
        )
    ),
)
_OWN = select(member_phones.c.member_id).where(
    member_phones.c.phone_id == bindparam("phone_id"),
    member_phones.c.stale_at.is_(None),
    member_phones.c.member_id.in_(bindparam("member_ids", expanding=True)),
)
_THIS_MEMBER = members.c.id == bindparam("member_id")
_STORED = select(members.c.sealed_pin, members.c.pin_code_until).where(_THIS_MEMBER)
_IS_HERE = members.c.state.not_in(("left", "erased"))
_PERSON = select(members.c.id, members.c.number, members.c.birth_year)
_BY_NUMBER = _PERSON.where(members.c.organisation_id == bindparam("organisation_id"), members.c.number == bindparam("number"), _IS_HERE)
_BY_ID = _PERSON.where(_THIS_MEMBER, _IS_HERE)
_SET = update(members).values(sealed_pin=bindparam("new_pin"), pin_code_until=bindparam("new_until", type_=Instant))
_SET_HERS = _SET.where(_THIS_MEMBER, _IS_HERE)


# --- counting ----------------------------------------------------------------------------------------------------------------------


def count_for_member(db: Connection, whose: Whose, member_id: str, now: datetime) -> bool:
    """Count one try at a member's PIN. False, and nothing counted, where there may be none now: however many come at once."""
    pauses = {f"pause_{place}": now + pause for place, pause in enumerate(PAUSES)}
    return db.execute(_COUNT_FOR_MEMBER, {"bucket": whose, "subject": member_id, "now": now, **pauses}).first() is not None


def count_for_phone(db: Connection, phone_id: int, now: datetime) -> bool:
    """Count one try from a phone, whoever is meant."""
    return _count_in_window(db, "phone", str(phone_id), OF_PHONE, now)


def count_for_channel(db: Connection, channel_id: str, now: datetime) -> bool:
    """Count one try on one of our numbers, whoever makes it."""
    return _count_in_window(db, "channel", channel_id, OF_CHANNEL, now)


def _count_in_window(db: Connection, bucket: str, subject: str, window: Window, now: datetime) -> bool:
    values = {"bucket": bucket, "subject": subject, "now": now, "ends": now + window.length, "most": window.most}
    return db.execute(_COUNT_IN_WINDOW, values).first() is not None


def take_back_of_member(db: Connection, whose: Whose, member_id: str) -> None:
    """Take one counted try back: it was meant for another member of the same phone."""
    db.execute(_TAKE_BACK_OF_MEMBER, {"bucket_of": whose, "subject_of": member_id})


def take_back_of_place(db: Connection, phone_id: int, channel_id: str) -> None:
    """Take one try from a phone and on a channel back: it was right, and a phone that serves many may have many of these."""
    db.execute(_TAKE_BACK_OF_WINDOW, {"bucket_of": "phone", "subject_of": str(phone_id)})
    db.execute(_TAKE_BACK_OF_WINDOW, {"bucket_of": "channel", "subject_of": channel_id})


def clear(db: Connection, whose: Whose, member_id: str) -> None:
    """Her PIN was right: the count of tries from there begins anew."""
    db.execute(_CLEAR, {"bucket_of": whose, "subject_of": member_id})


def unlock(db: Connection, member_id: str) -> None:
    """Forget all tries at her PIN, and those from the phones that are hers."""
    clear(db, "own", member_id)
    clear(db, "foreign", member_id)
    db.execute(_CLEAR_PHONES, {"member_id": member_id})


# --- what is held against it ---------------------------------------------------------------------------------------------------------


def own(db: Connection, phone_id: int, member_ids: Collection[str]) -> set[str]:
    """Which of these members the phone belongs to."""
    return set(db.execute(_OWN, {"phone_id": phone_id, "member_ids": list(member_ids)}).scalars())


def stored(db: Connection, seal: Seal, member_id: str) -> Stored:
    """The hash of her PIN or of her code."""
    row = db.execute(_STORED, {"member_id": member_id}).first()
    return Stored(seal.open(row[0]) if row and row[0] else None, row[1] if row else None)


def by_number(db: Connection, organisation_id: str, number: str) -> Person | None:
    """The member whom a caller names by her membership number."""
    row = db.execute(_BY_NUMBER, {"organisation_id": organisation_id, "number": number}).first()
    return Person(*row) if row else None


def hers(db: Connection, member_id: str) -> Person | None:
    """The member herself, in her own conversation."""
    row = db.execute(_BY_ID, {"member_id": member_id}).first()
    return Person(*row) if row else None


def person(db: Connection, scope: Scope, *, member_id: str = "", number: str = "") -> Person | None:
    """The member of this id or number, if she is in scope."""
    wanted = members.c.id == member_id if member_id else members.c.number == number
    row = db.execute(_PERSON.where(wanted, sees(scope, members), _IS_HERE)).first()
    return Person(*row) if row else None


def set_for(db: Connection, seal: Seal, scope: Scope, member_id: str, new: Stored) -> bool:
    """Give a member a PIN, or a code to set one with; her tries begin anew. False where she is not in scope."""
    values = {"new_pin": seal.seal(new.hash) if new.hash else None, "new_until": new.code_until}
    written = db.execute(_SET.where(members.c.id == member_id, sees(scope, members), _IS_HERE), values).rowcount == 1
    if written:
        unlock(db, member_id)
    return written


def set_hers(db: Connection, seal: Seal, member_id: str, new_hash: str) -> None:
    """Write the PIN that a member chose for herself; the code with which she did is used up."""
    db.execute(_SET_HERS, {"member_id": member_id, "new_pin": seal.seal(new_hash), "new_until": None})
    unlock(db, member_id)
