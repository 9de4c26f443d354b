"""Tries to sign in: each is counted before it is looked at, and the statement that counts it decides whether it may be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, delete, null, or_, select, update

from gateway.store.database import Connection
from gateway.store.models import Instant, sign_in_tries
from gateway.store.rows import insert_into


class Bucket(NamedTuple):
    """So many tries at once; after each further one a longer wait, the last of `waits` again and again. `forgotten`: after so long
    without a try the count begins anew."""

    quick: int
    waits: tuple[timedelta, ...]
    forgotten: timedelta


def _minutes(*minutes: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=each) for each in minutes)


# No wait is so long that somebody who knows a name shuts its owner out for a day.
OF_SOMEBODY = Bucket(5, _minutes(1, 5, 15, 30, 60), timedelta(days=1))
BUCKETS: Mapping[str, Bucket] = {
    "name": OF_SOMEBODY,  # the name that was typed, whether it is anybody's or not
    "again": OF_SOMEBODY,  # of a user who is signed in: her password, once more
    "code": OF_SOMEBODY,  # of a user: the code of her second step
    "address": Bucket(50, _minutes(1, 5), timedelta(hours=1)),  # from where: a whole office may sit behind one
}

_tries, _until, _last = sign_in_tries.c.tries, sign_in_tries.c.blocked_until, sign_in_tries.c.last_at
_now, _forgotten = bindparam("now", type_=Instant), bindparam("forgotten", type_=Instant)
_THIS = (sign_in_tries.c.bucket == bindparam("bucket_of")) & (sign_in_tries.c.subject == bindparam("subject_of"))
_UNTIL = select(_until).where(_THIS)
_TAKE_BACK = update(sign_in_tries).where(_THIS, _tries > 0).values(tries=_tries - 1, blocked_until=null())
_CLEAR = delete(sign_in_tries).where(_THIS)


def _counting(bucket: Bucket) -> Any:  # noqa: ANN401  # SQLAlchemy's own type of it has no public name
    places = range(len(bucket.waits))
    waits = [(_tries + 1 >= bucket.quick + place, bindparam(f"wait_{place}", type_=Instant)) for place in reversed(places)]
    anew = _last <= _forgotten
    return (
        insert_into(sign_in_tries)
        .values(bucket=bindparam("bucket"), subject=bindparam("subject"), tries=1, blocked_until=null(), last_at=_now)
        .on_conflict_do_update(
            index_elements=["bucket", "subject"],
            set_={
                "tries": case((anew, 1), else_=_tries + 1),
                "blocked_until": case((anew, null()), *waits, else_=null()),
                "last_at": _now,
            },
            where=or_(_until.is_(None), _until <= _now, anew),
        )
        .returning(_tries)
    )


_COUNT = {name: _counting(bucket) for name, bucket in BUCKETS.items()}


def count(db: Connection, bucket: str, subject: bytes, now: datetime) -> datetime | None:
    """Count one try, however many come at once; where there may be none now: when the next one may be, and nothing is counted."""
    kind = BUCKETS[bucket]
    waits = {f"wait_{place}": now + wait for place, wait in enumerate(kind.waits)}
    values = {"bucket": bucket, "subject": subject, "now": now, "forgotten": now - kind.forgotten, **waits}
    if db.execute(_COUNT[bucket], values).first() is not None:
        return None
    until: datetime = db.execute(_UNTIL, {"bucket_of": bucket, "subject_of": subject}).scalar_one()
    return until


def take_back(db: Connection, bucket: str, subject: bytes) -> None:
    """This one was right: only those that are wrong count."""
    db.execute(_TAKE_BACK, {"bucket_of": bucket, "subject_of": subject})


def clear(db: Connection, bucket: str, subject: bytes) -> None:
    """The count begins anew."""
    db.execute(_CLEAR, {"bucket_of": bucket, "subject_of": subject})
